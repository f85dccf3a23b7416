//! Pages: the templates with what is put into them.

use super::art::{self, Look, Texts};
use super::palette::{COLOURS, Colour, custom_properties};
use super::tablet::{End, MARK, mark};
use super::words::{LANGUAGES, Language};
use super::{icons, tablet};
use askama::Template;
use values::time::Zone;

/// What every page knows: in which language and theme, and where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The language.
    pub language: Language,
    /// `light` or `dark`; none follows the system.
    pub theme: Option<&'static str>,
    /// Its path, to which the choice of language and theme leads back.
    pub path: String,
    /// Where the clock stands by which it tells the time.
    pub zone: Zone,
}

// What templates call.
impl Page {
    pub(super) fn say(&self, name: &str) -> String {
        self.language.say(name)
    }

    pub(super) fn say_count(&self, name: &str, what: &str, count: usize) -> String {
        self.language.say_count(name, what, count)
    }

    pub(super) fn languages(&self) -> &'static [Language] {
        &LANGUAGES
    }

    pub(super) fn mark(&self) -> String {
        mark(32)
    }

    pub(super) fn icon(&self, name: &str) -> String {
        icons::icon(name, 22)
    }

    pub(super) fn small_icon(&self, name: &str) -> String {
        icons::icon(name, 14)
    }

    pub(super) fn end(&self, name: &str) -> String {
        let end = match name {
            "done" => End::Done,
            "unknown" => End::Unknown,
            "not-done" => End::NotDone,
            _ => End::Empty,
        };
        end.figure(108)
    }

    fn shade(&self, colour: &Colour) -> String {
        format!("var(--{})", colour.name)
    }

    /// An amount: what is seen, and what is said.
    pub(super) fn money(&self, minor: i64, currency: &str, decimals: u8) -> String {
        let written = self.language.money(minor, currency, decimals);
        let minus = if written.minus { "\u{2212}" } else { "" };
        format!(
            "<span class=\"amount\"><span aria-hidden=\"true\">{minus}<span class=\"sign\">{}</span>{}\
             <span class=\"part\">{}</span></span><span class=\"unseen\">{minus}{}</span></span>",
            written.sign, written.whole, written.part, written.said
        )
    }

    pub(crate) fn plain_money(&self, minor: i64, currency: &str, decimals: u8) -> String {
        let written = self.language.money(minor, currency, decimals);
        format!("{}{}{}", written.sign, written.whole, written.part)
    }

    fn pay(&self, minor: i64, currency: &str, decimals: u8) -> String {
        self.language.say_text("button-pay", "amount", &self.plain_money(minor, currency, decimals))
    }

    fn limit(&self, minor: i64, currency: &str, decimals: u8) -> String {
        self.language.say_text("field-error", "amount", &self.plain_money(minor, currency, decimals))
    }

    fn party(&self, party: &Party) -> String {
        let name = match party.kind {
            PartyKind::Platform => "party-platform",
            PartyKind::Telephone => "party-telephone",
            PartyKind::Acquirer => "party-acquirer",
            PartyKind::Network => "party-network",
            PartyKind::Gateway => "party-gateway",
            PartyKind::Issuer => "party-issuer",
            PartyKind::Desk | PartyKind::BankDesk => "party-desk",
        };
        self.language.say_text(name, "bank", &party.name)
    }

    fn screen(&self, screen: &Screen) -> String {
        let name = match screen.kind {
            ScreenKind::Phone => "screen-phone",
            ScreenKind::Terminal => "screen-terminal",
        };
        self.language.say_text(name, "name", &screen.name)
    }

    fn screen_does(&self, screen: &Screen) -> String {
        self.say(match screen.kind {
            ScreenKind::Phone => "screen-phone-does",
            ScreenKind::Terminal => "screen-terminal-does",
        })
    }

    fn sees(&self, party: &Party) -> String {
        self.say(match party.kind {
            PartyKind::Platform | PartyKind::Gateway => "sees-both",
            PartyKind::Telephone => "sees-texts",
            PartyKind::Acquirer | PartyKind::Network => "sees-token",
            PartyKind::Issuer => "sees-both",
            PartyKind::BankDesk => "sees-card",
            PartyKind::Desk => "sees-nothing",
        })
    }
}

/// What a party is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartyKind {
    /// The token service and its door for phones.
    Platform,
    /// The telephone network.
    Telephone,
    /// The shops' side.
    Acquirer,
    /// Between acquirers and issuers.
    Network,
    /// The hop where a token becomes a card number.
    Gateway,
    /// A bank.
    Issuer,
    /// Where the people of the network work.
    Desk,
    /// Where the people of a bank work.
    BankDesk,
}

/// A party of the city and where it listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Party {
    /// What it is.
    pub kind: PartyKind,
    /// Its name, of which there may be several of a kind.
    pub name: String,
    /// Host and port.
    pub address: String,
}

/// Whose screen is shown on the start page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScreenKind {
    /// A customer's.
    Phone,
    /// A shop's.
    Terminal,
}

/// A party's own screen, which the start page shows in a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Screen {
    /// Whose it is.
    pub kind: ScreenKind,
    /// Its name, of which there may be several of a kind.
    pub name: String,
    /// Where it is, `http://127.0.0.1:8084`.
    pub origin: String,
}

impl Screen {
    /// Its port, as people of one machine name it.
    fn address(&self) -> String {
        self.origin.rsplit_once(':').map_or_else(|| self.origin.clone(), |(_, port)| format!(":{port}"))
    }
}

/// A card shown.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The drawing.
    pub art: String,
    /// What stands under it.
    pub caption: String,
}

/// A card to be shown: bank by short name, its name, product, last four, caption.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardShown {
    /// The bank's short name, which decides on the design.
    pub bank: String,
    /// The bank's name.
    pub bank_name: String,
    /// The product.
    pub product: String,
    /// The last four digits.
    pub last_four: String,
    /// What stands under it.
    pub caption: String,
}

#[derive(Template)]
#[template(path = "start.html")]
struct Start<'a> {
    page: &'a Page,
    parties: &'a [Party],
    screens: &'a [Screen],
    console: Option<&'a str>,
    begins: bool,
    commands: &'a [String],
    cards: Vec<Shown>,
}

/// What the start page of a city tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Welcome {
    /// Who runs here, and where.
    pub parties: Vec<Party>,
    /// The screens that are shown side by side.
    pub screens: Vec<Screen>,
    /// Where the operators' console is.
    pub console: Option<String>,
    /// What to try in a shell.
    pub commands: Vec<String>,
    /// Cards to try it with.
    pub cards: Vec<CardShown>,
}

impl Welcome {
    /// The same with its screens under the name of this machine in place of its number.
    pub fn by_name(&self) -> Welcome {
        let named = |screen: &Screen| Screen {
            origin: screen.origin.replace("//127.0.0.1:", "//localhost:"),
            ..screen.clone()
        };
        Welcome { screens: self.screens.iter().map(named).collect(), ..self.clone() }
    }
}

/// The page that a running city shows first: its parties' screens, what to try, cards to try it with. `begins` says
/// whether a payment can be begun from here.
pub fn start(page: &Page, welcome: &Welcome, begins: bool) -> String {
    let Welcome { parties, screens, console, commands, cards } = welcome;
    let draw = |(place, card): (usize, &CardShown)| {
        let label = page.language.say_text("card-named", "bank", &card.bank_name);
        let texts = Texts {
            bank: &card.bank_name,
            product: &card.product,
            last_four: &card.last_four,
            label: &label,
        };
        let art = art::lying(&art::design_of(&card.bank), Look::Active, &texts, place);
        Shown { art, caption: card.caption.clone() }
    };
    let cards = cards.iter().enumerate().map(draw).collect();
    made(Start { page, parties, screens, console: console.as_deref(), begins, commands, cards })
}

#[derive(Template)]
#[template(path = "lost_phone.html")]
struct LostPhone<'a> {
    page: &'a Page,
}

/// The page on which somebody without the phone stops its cards.
pub fn lost_phone(page: &Page) -> String {
    made(LostPhone { page })
}

#[derive(Template)]
#[template(path = "lost_phone_done.html")]
struct LostPhoneDone<'a> {
    page: &'a Page,
    stopped: Option<String>,
}

/// How stopping all cards ended: how many were stopped, or that it was refused.
pub fn lost_phone_done(page: &Page, stopped: Option<usize>) -> String {
    let stopped = stopped.map(|count| page.say_count("lost-done", "count", count));
    made(LostPhoneDone { page, stopped })
}

#[derive(Template)]
#[template(path = "styleguide.html")]
struct Styleguide<'a> {
    page: &'a Page,
    colours: &'static [Colour],
    icons: Vec<&'static str>,
    cards: Vec<Shown>,
}

/// Everything that screens are made of.
pub fn styleguide(page: &Page) -> String {
    let banks = ["boc", "harbour", "lantern", "meadow", "other"];
    let product = page.say("art-product");
    let (checking, paused) = (page.say("art-checking"), page.say("art-paused"));
    let mut cards = Vec::new();
    for (place, bank) in banks.iter().enumerate() {
        let design = art::design_of(bank);
        let look = match place {
            3 => Look::Checking(&checking),
            4 => Look::Paused(&paused),
            _ => Look::Active,
        };
        let texts = Texts { bank: "Sample Bank", product: &product, last_four: "2041", label: "Sample Bank" };
        let art = art::lying(&design, look, &texts, place);
        cards.push(Shown { art, caption: page.say("art-lying") });
        if place == 0 {
            let art = art::held_up(&design, look, &texts, 100);
            cards.push(Shown {
                art: format!("<div class=\"held\">{art}</div>"),
                caption: page.say("art-held"),
            });
        }
    }
    made(Styleguide { page, colours: COLOURS, icons: icons::names().collect(), cards })
}

#[derive(Template)]
#[template(path = "refused.html")]
struct Refused<'a> {
    page: &'a Page,
}

/// What a page of another site gets to see.
pub fn refused(page: &Page) -> String {
    made(Refused { page })
}

pub(super) fn made(template: impl Template) -> String {
    template.render().expect("templates write into a string, which does not fail")
}

/// The style sheet of all pages.
pub fn style_sheet() -> String {
    let parts = [
        include_str!("../../templates/style.css"),
        include_str!("../../templates/reference/reference.css"),
        include_str!("../../templates/terminal/terminal.css"),
        include_str!("../../templates/console/console.css"),
    ];
    custom_properties() + &parts.concat()
}

/// The mark as a picture of its own, for the tab of a browser.
pub fn mark_picture() -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"-12 0 64 64\"><path fill=\"#DDAA45\" \
         fill-rule=\"evenodd\" d=\"{}\"/></svg>",
        tablet::Tablet::path(&MARK)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(language: Language) -> Page {
        Page { language, theme: Some("dark"), path: "/x\"><script>".to_owned(), zone: Zone::Utc }
    }

    fn all(language: Language) -> Vec<String> {
        let page = page(language);
        let party = Party { kind: PartyKind::Issuer, name: "<b>".into(), address: "127.0.0.1:1".into() };
        let card = CardShown {
            bank: "boc".into(),
            bank_name: "<i>".into(),
            product: "Debit".into(),
            last_four: "0016".into(),
            caption: "&".into(),
        };
        let screen = |kind| Screen { kind, name: "<b>".into(), origin: "http://127.0.0.1:1".into() };
        let welcome = Welcome {
            parties: vec![party],
            screens: vec![screen(ScreenKind::Phone), screen(ScreenKind::Terminal)],
            console: Some("http://localhost:2/".into()),
            commands: vec!["paiza up".to_owned()],
            cards: vec![card],
        };
        vec![
            start(&page, &welcome, true),
            lost_phone(&page),
            lost_phone_done(&page, Some(2)),
            lost_phone_done(&page, None),
            refused(&page),
            styleguide(&page),
        ]
    }

    #[test]
    fn pages_keep_the_policy_of_content() {
        for language in LANGUAGES {
            for html in all(language) {
                // The start page shows screens of this machine, which its policy names one by one.
                let shown = html.replace("http://127.0.0.1:1", "").replace("http://localhost:2", "");
                for never in ["<script", " style=", "<style", "http://", "https://", "<b>", "<i>"] {
                    assert!(!shown.contains(never), "{never} in {html}");
                }
                assert_eq!(html.matches("<h1").count(), 1);
                assert_eq!(html.matches("<main").count(), 1);
                assert!(html.contains(&format!("<html lang=\"{}\" data-theme=\"dark\">", language.tag())));
                // The style guide shows every design at once; what people use stays small.
                assert!(
                    html.len() < if html.contains("swatch") { 120_000 } else { 60_000 },
                    "{}",
                    html.len()
                );
            }
        }
    }

    /// What no catalogue has is shown by its name, with a dash in it.
    #[test]
    fn nothing_is_left_without_words() {
        for language in LANGUAGES {
            for html in all(language) {
                for name in ["start-", "lost-done", "lost-failed", "guide-", "party-", "sees-", "money-"] {
                    let bare = html.match_indices(name).any(|(at, _)| html[..at].ends_with('>'));
                    assert!(!bare, "{name} in {html}");
                }
            }
        }
    }
}

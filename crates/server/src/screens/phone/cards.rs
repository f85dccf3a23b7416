//! Home, adding a card, one card.

use super::{RowView, mini, tabs};
use crate::screens::art::{self, Look, Texts};
use crate::screens::pages::{Page, made};
use askama::Template;

/// A card as the phone's pages show it.
#[derive(Clone, Debug, Default)]
pub struct CardView {
    /// Its token's name at the platform, which also names its page.
    pub token: String,
    /// Its bank's short name, which decides on the picture.
    pub design: String,
    /// The bank, or what its owner calls it.
    pub name: String,
    /// The bank.
    pub bank: String,
    /// The product.
    pub product: String,
    /// The last four digits of the card.
    pub last_four: String,
    /// The last four digits of the number shops see.
    pub token_last_four: String,
    /// `active`, `verifying`, `paused` (by its owner here), `stopped` (by somebody else).
    pub state: &'static str,
    /// Whether it is the one that is tapped first.
    pub first: bool,
}

impl CardView {
    fn draw(&self, page: &Page, place: usize, held_up: bool) -> String {
        let word = match self.state {
            "active" => None,
            "verifying" => Some(page.say("art-checking")),
            "paused" => Some(page.say("card-paused")),
            _ => Some(page.say("card-stopped")),
        };
        let look = match (&word, self.state) {
            (None, _) => Look::Active,
            (Some(word), "verifying") => Look::Checking(word),
            (Some(word), _) => Look::Paused(word),
        };
        let label = page.language.say_text("card-label", "bank", &self.bank) + " " + &self.last_four;
        let texts =
            Texts { bank: &self.bank, product: &self.product, last_four: &self.last_four, label: &label };
        let design = art::design_of(&self.design);
        if held_up {
            art::held_up(&design, look, &texts, place)
        } else {
            art::lying(&design, look, &texts, place)
        }
    }

    pub(super) fn lying(&self, page: &Page) -> String {
        self.draw(page, 0, false)
    }

    /// The card held up to pay.
    pub fn held_up(&self, page: &Page) -> String {
        self.draw(page, 0, true)
    }

    /// The card in a row.
    pub fn mini(&self, place: usize) -> String {
        mini::mini(&art::design_of(&self.design), self.state != "active", place)
    }
}

/// A card in a template.
pub(super) struct Drawn<'a> {
    pub(super) href: String,
    pub(super) art: String,
    pub(super) mini: String,
    pub(super) name: &'a str,
    pub(super) product: &'a str,
    pub(super) last_four: &'a str,
    pub(super) token_last_four: &'a str,
    pub(super) state: &'static str,
    pub(super) first: bool,
}

impl<'a> Drawn<'a> {
    fn new(page: &Page, card: &'a CardView, place: usize, whole: bool) -> Drawn<'a> {
        Drawn {
            href: format!("/cards/{}", card.token),
            art: if whole { card.lying(page) } else { String::new() },
            mini: if whole { String::new() } else { card.mini(place) },
            name: &card.name,
            product: &card.product,
            last_four: &card.last_four,
            token_last_four: &card.token_last_four,
            state: card.state,
            first: card.first,
        }
    }
}

// What templates call.
impl Page {
    fn card_chip(&self, card: &Drawn<'_>) -> String {
        self.state_chip(card.state)
    }

    fn state_chip(&self, state: &str) -> String {
        let (class, icon, word) = match state {
            "active" => ("ok", "check", "card-active"),
            "verifying" => ("wait", "hourglass", "art-checking"),
            "paused" => ("", "pause", "card-paused"),
            _ => ("warn", "alert", "card-stopped"),
        };
        format!("<span class=\"chip {class}\">{}{}</span>", self.small_icon(icon), self.say(word))
    }
}

/// What the first page shows.
#[derive(Clone, Debug, Default)]
pub struct HomeView {
    /// In their order; the one tapped first leads.
    pub cards: Vec<CardView>,
    /// Texts that nobody looked at.
    pub unread: usize,
    /// Payments of which nobody knows yet how they ended.
    pub pending: Vec<RowView>,
    /// Whom it paid or was paid by last.
    pub known: Vec<KnownView>,
    /// The last payments.
    pub recent: Vec<RowView>,
    /// The bank account, where the phone can pay from one.
    pub account: Option<AccountAtHome>,
}

/// A person or a shop on the first page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KnownView {
    /// The name.
    pub name: String,
    /// The address by which a person can be paid again; a shop has none.
    pub address: Option<String>,
}

/// The bank account on the first page.
#[derive(Clone, Debug, Default)]
pub struct AccountAtHome {
    /// Its bank and the end of its number, or a word for it.
    pub first: String,
    /// Its address, or what can be done with it.
    pub second: String,
    /// Whether it was set up.
    pub pays: bool,
    /// Where its balance is asked for, which needs a PIN.
    pub balance: Option<&'static str>,
    /// How many merchants ask for money, if any.
    pub asked: Option<String>,
}

#[derive(Template)]
#[template(path = "phone/home.html")]
struct Home<'a> {
    page: &'a Page,
    cards: Vec<Drawn<'a>>,
    front: Option<Drawn<'a>>,
    behind: Vec<String>,
    pending: Option<&'a RowView>,
    more_pending: usize,
    known: &'a [KnownView],
    recent: &'a [RowView],
    account: Option<&'a AccountAtHome>,
    pays: bool,
    tabs: String,
}

/// The first page: what is pending, the cards, the four things to do, the account, whom it knows, what was paid last.
pub fn home(page: &Page, view: &HomeView) -> String {
    let front = view.cards.iter().find(|card| card.first).or(view.cards.first());
    let others = view.cards.iter().filter(|card| front.is_none_or(|front| front.token != card.token));
    // Two edges say that there are more; the list below says which.
    let mut behind: Vec<String> = others
        .take(2)
        .enumerate()
        .map(|(place, card)| mini::edge(&art::design_of(&card.design), card.state != "active", 90 + place))
        .collect();
    behind.reverse();
    made(Home {
        page,
        cards: view
            .cards
            .iter()
            .enumerate()
            .map(|(place, card)| Drawn::new(page, card, place, false))
            .collect(),
        front: front.map(|card| Drawn::new(page, card, 0, true)),
        behind,
        pending: view.pending.first(),
        more_pending: view.pending.len().saturating_sub(1),
        known: &view.known,
        recent: &view.recent,
        account: view.account.as_ref(),
        pays: view.account.as_ref().is_some_and(|account| account.pays),
        tabs: tabs(page, "home", view.unread),
    })
}

/// What the form for a new card shows: what was typed, and what is wrong with it. The security code is never shown again.
#[derive(Clone, Default)]
pub struct AddView {
    /// The card number as typed.
    pub number: String,
    /// The last month as typed.
    pub expiry: String,
    /// The number the bank knows, if another than this phone's.
    pub bank_phone: String,
    /// The card as far as it is recognised.
    pub preview: Option<CardView>,
    /// A sentence about the number.
    pub wrong_number: Option<String>,
    /// A sentence about its bank.
    pub wrong_bank: Option<String>,
    /// A sentence about the last month.
    pub wrong_expiry: Option<String>,
    /// A sentence about the security code.
    pub wrong_code: Option<String>,
    /// A sentence about everything.
    pub trouble: Option<String>,
}

#[derive(Template)]
#[template(path = "phone/add.html")]
struct Add<'a> {
    page: &'a Page,
    art: String,
    number: &'a str,
    expiry: &'a str,
    bank_phone: &'a str,
    bank_phone_open: bool,
    wrong_number: Option<&'a str>,
    wrong_bank: Option<&'a str>,
    wrong_expiry: Option<&'a str>,
    wrong_code: Option<&'a str>,
    trouble: Option<&'a str>,
}

/// The form for a new card.
pub fn add(page: &Page, view: &AddView) -> String {
    made(Add {
        page,
        art: art_preview(page, view.preview.as_ref()),
        number: &view.number,
        expiry: &view.expiry,
        bank_phone: &view.bank_phone,
        bank_phone_open: !view.bank_phone.is_empty(),
        wrong_number: view.wrong_number.as_deref(),
        wrong_bank: view.wrong_bank.as_deref(),
        wrong_expiry: view.wrong_expiry.as_deref(),
        wrong_code: view.wrong_code.as_deref(),
        trouble: view.trouble.as_deref(),
    })
}

/// The card that is being typed, as far as it is recognised.
pub fn art_preview(page: &Page, card: Option<&CardView>) -> String {
    let word = page.say("add-not-yet");
    let (design, bank, product, last_four) = card.map_or(("", "", "", ""), |card| {
        (card.design.as_str(), card.bank.as_str(), card.product.as_str(), card.last_four.as_str())
    });
    let look = if card.is_some() { Look::Checking(&word) } else { Look::Paused(&word) };
    let texts = Texts { bank, product, last_four, label: &word };
    art::lying(&art::design_of(design), look, &texts, 0)
}

/// What proving oneself to the bank shows.
#[derive(Clone, Debug, Default)]
pub struct VerifyView {
    /// The card that is added.
    pub card: CardView,
    /// The ways the bank offers: what to name, where the code goes.
    pub ways: Vec<(String, String)>,
    /// Where a code was sent, once one was.
    pub sent_to: Option<String>,
    /// Tries left for it.
    pub tries_left: u8,
    /// The bank's message, as a phone shows it on top.
    pub arrived: Option<(String, String)>,
    /// Why the last try did not do.
    pub trouble: Option<String>,
}

#[derive(Template)]
#[template(path = "phone/verify.html")]
struct Verify<'a> {
    page: &'a Page,
    mini: String,
    bank: &'a str,
    product: &'a str,
    last_four: &'a str,
    ways: &'a [(String, String)],
    sent_to: Option<&'a str>,
    tries_left: usize,
    arrived: Option<&'a (String, String)>,
    trouble: Option<&'a str>,
}

/// The bank wants proof: choose one of its ways, then type the code.
pub fn verify(page: &Page, view: &VerifyView) -> String {
    made(Verify {
        page,
        mini: view.card.mini(0),
        bank: &view.card.bank,
        product: &view.card.product,
        last_four: &view.card.last_four,
        ways: &view.ways,
        sent_to: view.sent_to.as_deref(),
        tries_left: usize::from(view.tries_left),
        arrived: view.arrived.as_ref(),
        trouble: view.trouble.as_deref(),
    })
}

#[derive(Template)]
#[template(path = "phone/added.html")]
struct Added<'a> {
    page: &'a Page,
    card: Drawn<'a>,
}

/// The card is on the phone.
pub fn added(page: &Page, card: &CardView) -> String {
    made(Added { page, card: Drawn::new(page, card, 0, true) })
}

#[derive(Template)]
#[template(path = "phone/not_added.html")]
struct NotAdded<'a> {
    page: &'a Page,
    reason: String,
    next: String,
    again: bool,
    code: &'a str,
}

/// The card was not added: `code` is the stable code, for which there is a sentence, or a common one.
pub fn not_added(page: &Page, bank: &str, code: &str) -> String {
    let (reason, next, again) = match code {
        "card_data_wrong" => ("no-card-data", "no-card-data-next", true),
        "card_restricted" => ("no-card-restricted", "no-ask-bank", false),
        "card_expired" => ("no-card-expired", "no-ask-bank", false),
        "too_many_attempts" | "too_many_card_attempts" => ("no-too-many", "no-tomorrow", false),
        "too_many_tokens" => ("no-too-many-tokens", "no-ask-bank", false),
        "too_many_cards" => ("no-full", "no-full-next", false),
        "card_already_here" => ("no-here", "no-here-next", false),
        "card_not_supported" => ("no-not-supported", "no-ask-bank", false),
        "code_void" => ("no-code-void", "no-code-void-next", true),
        "enrolment_expired" => ("no-too-slow", "no-code-void-next", true),
        _ => ("no-bank-says", "no-ask-bank", false),
    };
    made(NotAdded {
        page,
        reason: page.language.say_text(reason, "bank", bank),
        next: page.say(next),
        again,
        code,
    })
}

/// What the page of one card shows.
#[derive(Clone, Debug, Default)]
pub struct DetailView {
    /// The card.
    pub card: CardView,
    /// What its owner calls it; may be empty.
    pub nickname: String,
    /// Single-use keys left.
    pub keys_left: u16,
    /// Whether it can move up in the order.
    pub can_move_up: bool,
    /// The last month of the card behind it, if known.
    pub valid_until: Option<String>,
    /// Payments made with it on this phone.
    pub paid: Vec<RowView>,
    /// A sentence about what was just done or could not be.
    pub note: Option<String>,
}

#[derive(Template)]
#[template(path = "phone/card.html")]
struct Detail<'a> {
    page: &'a Page,
    card: Drawn<'a>,
    token: &'a str,
    nickname: &'a str,
    keys_left: usize,
    can_move_up: bool,
    valid_until: Option<&'a str>,
    paid: &'a [RowView],
    note: Option<&'a str>,
}

/// One card: what it is called, when it is used, what was paid with it here, and how to stop it.
pub fn card(page: &Page, view: &DetailView) -> String {
    made(Detail {
        page,
        card: Drawn::new(page, &view.card, 0, true),
        token: &view.card.token,
        nickname: &view.nickname,
        keys_left: usize::from(view.keys_left),
        can_move_up: view.can_move_up,
        valid_until: view.valid_until.as_deref(),
        paid: &view.paid,
        note: view.note.as_deref(),
    })
}

#[derive(Template)]
#[template(path = "phone/remove.html")]
struct Remove<'a> {
    page: &'a Page,
    card: Drawn<'a>,
    token: &'a str,
}

/// Asks once more before a card is removed.
pub fn remove(page: &Page, card: &CardView) -> String {
    made(Remove { page, card: Drawn::new(page, card, 0, false), token: &card.token })
}

//! The terminal's screens: the amount, the card, how it ended, the slip, earlier payments, the batch.

use super::pages::{Page, made};
use super::tablet::{End, MARK, code_panel};
use crate::picture::Drawing;
use askama::Template;

/// What every screen of a terminal shows of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shop {
    /// The merchant's name.
    pub name: String,
    /// The terminal's name.
    pub terminal: String,
    /// Code of its currency.
    pub currency: String,
    /// Digits after the point of its currency.
    pub decimals: u8,
    /// The turn in which the page is made.
    pub turn: u64,
    /// The last thing that had happened then.
    pub last: u64,
    /// Whether the cashier wants no sounds.
    pub silent: bool,
}

// What templates call.
impl Shop {
    fn lights(&self, on: u8) -> String {
        let light =
            |place: u8| format!("<span class=\"light{}\"></span>", if place < on { " on" } else { "" });
        let lights: String = (0..4).map(light).collect();
        format!("<div class=\"lights\" aria-hidden=\"true\">{lights}</div>")
    }

    fn money(&self, page: &Page, minor: &u64) -> String {
        amount(page, *minor, &self.currency, self.decimals)
    }

    fn charge(&self, page: &Page, minor: &u64) -> String {
        let amount = page.plain_money(signed(*minor), &self.currency, self.decimals);
        page.language.say_text("till-charge", "amount", &amount)
    }

    fn figure(&self, end: &str) -> String {
        let end = match end {
            "done" => End::Done,
            "unknown" => End::Unknown,
            _ => End::NotDone,
        };
        end.figure(168)
    }

    /// A tablet under the arcs of a reader. It says nothing: a sentence stands below.
    fn hold_here(&self) -> String {
        let arcs: String = [("", 24), (" second", 42), (" third", 60), (" fourth", 78)]
            .into_iter()
            .map(|(class, radius)| {
                let (left, right, top) = (90 - radius, 90 + radius, 92 - radius / 3);
                let bow = radius * 11 / 10;
                format!("<path class=\"arc{class}\" d=\"M{left} {top}A{bow} {bow} 0 0 1 {right} {top}\"/>")
            })
            .collect();
        format!(
            "<svg class=\"hold\" width=\"180\" height=\"210\" viewBox=\"0 0 180 210\" aria-hidden=\"true\">{arcs}\
             <path class=\"tablet\" transform=\"translate(58 106) scale(1.6)\" fill-rule=\"evenodd\" d=\"{}\"/></svg>",
            MARK.path()
        )
    }
}

/// An amount as a page shows and says it. What is beyond the amounts there are is shown as the greatest.
pub fn amount(page: &Page, minor: u64, currency: &str, decimals: u8) -> String {
    page.money(signed(minor), currency, decimals)
}

fn signed(minor: u64) -> i64 {
    i64::try_from(minor).unwrap_or(i64::MAX)
}

#[derive(Template)]
#[template(path = "terminal/keypad.html")]
struct Keypad<'a> {
    page: &'a Page,
    shop: &'a Shop,
    typed: u64,
}

/// The amount as far as it is typed, in minor units.
pub fn keypad(page: &Page, shop: &Shop, typed: u64) -> String {
    made(Keypad { page, shop, typed })
}

/// An order that is being carried out.
pub struct Busy<'a> {
    /// The sentence above the amount.
    pub title: &'a str,
    /// The amount in minor units with its currency and decimals; none for a batch.
    pub amount: Option<(u64, &'a str, u8)>,
    /// How many of the four lights are on.
    pub lights: u8,
    /// Whether a card is wanted.
    pub by_card: bool,
    /// What to do now.
    pub instruct: &'a str,
}

#[derive(Template)]
#[template(path = "terminal/busy.html")]
struct BusyPage<'a> {
    page: &'a Page,
    shop: &'a Shop,
    title: &'a str,
    amount: Option<String>,
    lights: u8,
    by_card: bool,
    instruct: &'a str,
}

/// The screen while an order is carried out.
pub fn busy(page: &Page, shop: &Shop, shown: &Busy<'_>) -> String {
    let amount = shown.amount.map(|(minor, currency, decimals)| amount(page, minor, currency, decimals));
    let Busy { title, lights, by_card, instruct, .. } = *shown;
    made(BusyPage { page, shop, title, amount, lights, by_card, instruct })
}

/// A code for a phone to scan.
pub struct Code<'a> {
    /// The amount in minor units with its currency and decimals; none if the customer says it.
    pub amount: Option<(u64, &'a str, u8)>,
    /// The code.
    pub drawing: &'a Drawing,
    /// What it says, for those who cannot scan it.
    pub text: &'a str,
}

#[derive(Template)]
#[template(path = "terminal/code.html")]
struct CodePage<'a> {
    page: &'a Page,
    shop: &'a Shop,
    amount: Option<String>,
    panel: String,
    text: &'a str,
}

/// The screen while a code is shown.
pub fn code(page: &Page, shop: &Shop, shown: &Code<'_>) -> String {
    let amount = shown.amount.map(|(minor, currency, decimals)| amount(page, minor, currency, decimals));
    let panel = code_panel(shown.drawing, &page.say("till-code-label"));
    made(CodePage { page, shop, amount, panel, text: shown.text })
}

#[derive(Template)]
#[template(path = "terminal/scan.html")]
struct Scan<'a> {
    page: &'a Page,
    shop: &'a Shop,
    typed: u64,
    wrong: Option<String>,
}

/// Where a customer's code is scanned; `wrong` names why the last try did not do.
pub fn scan(page: &Page, shop: &Shop, typed: u64, wrong: Option<&str>) -> String {
    made(Scan { page, shop, typed, wrong: wrong.map(|name| page.say(name)) })
}

/// How an order ended.
pub struct Outcome<'a> {
    /// `done`, `not-done` or `unknown`.
    pub end: &'static str,
    /// The word for it.
    pub title: &'a str,
    /// The amount in minor units with its currency and decimals.
    pub amount: Option<(u64, &'a str, u8)>,
    /// What it means, and what to do next.
    pub lines: &'a [String],
    /// Whether there is a slip.
    pub receipt: bool,
    /// Whether the same can be tried again.
    pub again: bool,
}

#[derive(Template)]
#[template(path = "terminal/ended.html")]
struct OutcomePage<'a> {
    page: &'a Page,
    shop: &'a Shop,
    end: &'static str,
    title: &'a str,
    amount: Option<String>,
    struck: bool,
    lights: u8,
    lines: &'a [String],
    receipt: bool,
    again: bool,
}

/// The screen after an order.
pub fn ended(page: &Page, shop: &Shop, shown: &Outcome<'_>) -> String {
    let amount = shown.amount.map(|(minor, currency, decimals)| amount(page, minor, currency, decimals));
    let Outcome { end, title, lines, receipt, again, .. } = *shown;
    let lights = if end == "done" { 4 } else { 0 };
    let struck = end == "not-done";
    made(OutcomePage { page, shop, end, title, amount, struck, lights, lines, receipt, again })
}

#[derive(Template)]
#[template(path = "terminal/receipt.html")]
struct Receipt<'a> {
    page: &'a Page,
    shop: &'a Shop,
    lines: &'a [String],
    back: &'a str,
}

/// The slip of the last payment.
pub fn receipt(page: &Page, shop: &Shop, lines: &[String]) -> String {
    made(Receipt { page, shop, lines, back: "/" })
}

/// An earlier payment in a list.
pub struct Row {
    /// Its batch.
    pub batch: u32,
    /// Its trace number, six digits.
    pub trace: String,
    /// What it is, in the page's language.
    pub kind: String,
    /// When it was made, as the shop's clock stood.
    pub time: String,
    /// The last four digits of what was read.
    pub last_four: String,
    /// The amount, as [`amount`] made it.
    pub money: String,
    /// Whether no money stayed moved.
    pub struck: bool,
    /// Its state, as [`chip`] made it.
    pub chip: String,
}

impl Row {
    /// The path of its page.
    fn path(&self) -> String {
        format!("/payments/{}/{}", self.batch, self.trace)
    }
}

/// A state: kind of chip, icon and word. The word is escaped here.
pub fn chip(kind: &str, icon: &str, word: &str) -> String {
    let word: String = word
        .chars()
        .map(|c| match c {
            '<' => "&lt;".to_owned(),
            '>' => "&gt;".to_owned(),
            '&' => "&amp;".to_owned(),
            '"' => "&quot;".to_owned(),
            other => other.to_string(),
        })
        .collect();
    format!("<span class=\"chip {kind}\">{}{word}</span>", super::icons::icon(icon, 14))
}

#[derive(Template)]
#[template(path = "terminal/payments.html")]
struct Payments<'a> {
    page: &'a Page,
    shop: &'a Shop,
    rows: &'a [Row],
    next: Option<&'a str>,
}

/// Earlier payments, newest first; `next` is the cursor of the older ones.
pub fn payments(page: &Page, shop: &Shop, rows: &[Row], next: Option<&str>) -> String {
    made(Payments { page, shop, rows, next })
}

/// One earlier payment, and what can be done about it.
pub struct Detail<'a> {
    /// The payment.
    pub row: &'a Row,
    /// A copy of its slip.
    pub lines: &'a [String],
    /// Its amount as it is typed.
    pub decimal: &'a str,
    /// Why what was typed is no amount for it.
    pub wrong: Option<&'a str>,
    /// Whether it can be completed.
    pub can_complete: bool,
    /// Whether it can be refunded.
    pub can_refund: bool,
    /// Whether it can be voided.
    pub can_void: bool,
}

#[derive(Template)]
#[template(path = "terminal/payment.html")]
struct Payment<'a> {
    page: &'a Page,
    shop: &'a Shop,
    row: &'a Row,
    lines: &'a [String],
    decimal: &'a str,
    wrong: Option<&'a str>,
    can_complete: bool,
    can_refund: bool,
    can_void: bool,
}

/// One earlier payment.
pub fn payment(page: &Page, shop: &Shop, shown: &Detail<'_>) -> String {
    let Detail { row, lines, decimal, wrong, can_complete, can_refund, can_void } = *shown;
    made(Payment { page, shop, row, lines, decimal, wrong, can_complete, can_refund, can_void })
}

#[derive(Template)]
#[template(path = "terminal/batch.html")]
struct Batch<'a> {
    page: &'a Page,
    shop: &'a Shop,
    title: String,
    sales_count: String,
    sales: String,
    refunds_count: String,
    refunds: String,
}

/// The open batch: its number, and count and sum of sales and of refunds.
pub fn batch(page: &Page, shop: &Shop, number: u32, sales: (u32, u64), refunds: (u32, u64)) -> String {
    let count = |name: &str, count: u32| page.language.say_count(name, "count", count as usize);
    let money = |minor| amount(page, minor, &shop.currency, shop.decimals);
    made(Batch {
        page,
        shop,
        title: page.language.say_text("till-batch-open", "number", &format!("{number:06}")),
        sales_count: count("till-sales", sales.0),
        sales: money(sales.1),
        refunds_count: count("till-refunds", refunds.0),
        refunds: money(refunds.1),
    })
}

#[derive(Template)]
#[template(path = "terminal/settings.html")]
struct Settings<'a> {
    page: &'a Page,
    shop: &'a Shop,
}

/// Sound, language and theme.
pub fn settings(page: &Page, shop: &Shop) -> String {
    made(Settings { page, shop })
}

/// The script of all screens of a terminal.
pub const SCRIPT: &str = include_str!("../../templates/terminal/terminal.js");

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screens::words::{LANGUAGES, Language};

    const HOSTILE: &str = "<b>\"'&";

    fn all(language: Language) -> Vec<String> {
        let page =
            Page { language, theme: Some("dark"), path: "/".to_owned(), zone: values::time::Zone::Utc };
        let shop = Shop {
            name: HOSTILE.to_owned(),
            terminal: HOSTILE.to_owned(),
            currency: "CNY".to_owned(),
            decimals: 2,
            turn: 1,
            last: 2,
            silent: true,
        };
        let row = Row {
            batch: 1,
            trace: "000001".to_owned(),
            kind: HOSTILE.to_owned(),
            time: HOSTILE.to_owned(),
            last_four: "0016".to_owned(),
            money: amount(&page, u64::MAX, "KWD", 3),
            struck: true,
            chip: chip("ok", "check", HOSTILE),
        };
        let drawing = crate::picture::draw(&"0".repeat(200)).unwrap();
        let lines = [HOSTILE.to_owned()];
        let outcome = |end| Outcome {
            end,
            title: HOSTILE,
            amount: Some((999_999_999, "INR", 2)),
            lines: &lines,
            receipt: true,
            again: end == "not-done",
        };
        let busy_with = Busy {
            title: HOSTILE,
            amount: Some((450, "JPY", 0)),
            lights: 1,
            by_card: true,
            instruct: HOSTILE,
        };
        let detail = Detail {
            row: &row,
            lines: &lines,
            decimal: HOSTILE,
            wrong: Some(HOSTILE),
            can_complete: true,
            can_refund: true,
            can_void: true,
        };
        vec![
            keypad(&page, &shop, 0),
            keypad(&page, &shop, 1250),
            code(&page, &shop, &Code { amount: None, drawing: &drawing, text: HOSTILE }),
            code(&page, &shop, &Code { amount: Some((1250, "CNY", 2)), drawing: &drawing, text: HOSTILE }),
            scan(&page, &shop, 1250, None),
            scan(&page, &shop, 1250, Some("till-code-none")),
            busy(&page, &shop, &busy_with),
            ended(&page, &shop, &outcome("done")),
            ended(&page, &shop, &outcome("not-done")),
            ended(&page, &shop, &outcome("unknown")),
            receipt(&page, &shop, &lines),
            payments(&page, &shop, &[], None),
            payments(&page, &shop, std::slice::from_ref(&row), Some("1-1")),
            payment(&page, &shop, &detail),
            batch(&page, &shop, 7, (3, 4500), (0, 0)),
            settings(&page, &shop),
        ]
    }

    #[test]
    fn screens_keep_the_policy_of_content() {
        for language in LANGUAGES {
            for html in all(language) {
                for never in ["<b>", " style=", "<style", "http://", "https://", "onclick", "till-", "money-"]
                {
                    let shown = html.replace("class=\"till-nav\"", "");
                    assert!(!shown.contains(never), "{never} in {html}");
                }
                assert_eq!(html.matches("<script").count(), 1, "our own alone");
                assert_eq!(html.matches("<h1").count(), 1);
                assert_eq!(html.matches("<main").count(), 1);
                assert!(html.len() < 20_000, "{}", html.len());
            }
        }
    }
}

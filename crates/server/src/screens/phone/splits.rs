//! Bills that several people share.

use super::Sum;
use crate::screens::pages::{Page, made};
use askama::Template;

/// A bill that was shared, as in the list.
#[derive(Clone, Debug, Default)]
pub struct SplitRow {
    /// Its name.
    pub id: String,
    /// What for.
    pub note: String,
    /// How many shares are paid, in a sentence.
    pub stands: String,
    /// The whole.
    pub total: Sum,
}

#[derive(Template)]
#[template(path = "phone/upi/splits.html")]
struct Splits<'a> {
    page: &'a Page,
    rows: &'a [SplitRow],
}

/// The bills that were shared.
pub fn upi_splits(page: &Page, rows: &[SplitRow]) -> String {
    made(Splits { page, rows })
}

/// What is typed to share a bill.
#[derive(Clone, Debug, Default)]
pub struct NewSplitView {
    /// What for.
    pub note: String,
    /// The whole.
    pub total: String,
    /// A name in each line, with an amount if it is not an equal part.
    pub people: String,
    /// Whether its owner bears a part.
    pub with_me: bool,
    /// Why it did not do.
    pub wrong: Option<String>,
}

#[derive(Template)]
#[template(path = "phone/upi/split_new.html")]
struct NewSplit<'a> {
    page: &'a Page,
    view: &'a NewSplitView,
}

/// Asks for what, how much, and with whom.
pub fn upi_split_new(page: &Page, view: &NewSplitView) -> String {
    made(NewSplit { page, view })
}

/// A share.
#[derive(Clone, Debug, Default)]
pub struct ShareView {
    /// Whose.
    pub who: String,
    /// How much.
    pub amount: Sum,
    /// `own`, `paid`, `part` (of it was given back), `refunded` (all of it was) or `open`.
    pub state: &'static str,
    /// Where its code or its payment is.
    pub href: String,
}

#[derive(Template)]
#[template(path = "phone/upi/split.html")]
struct Split<'a> {
    page: &'a Page,
    row: &'a SplitRow,
    shares: &'a [ShareView],
}

/// A bill that was shared: who has paid.
pub fn upi_split(page: &Page, row: &SplitRow, shares: &[ShareView]) -> String {
    made(Split { page, row, shares })
}

#[derive(Template)]
#[template(path = "phone/upi/share.html")]
struct Share<'a> {
    page: &'a Page,
    row: &'a SplitRow,
    share: &'a ShareView,
    panel: &'a str,
    text: &'a str,
}

/// The code of a share: the drawing, and what it says.
pub fn upi_share(page: &Page, row: &SplitRow, share: &ShareView, (panel, text): (&str, &str)) -> String {
    made(Share { page, row, share, panel, text })
}

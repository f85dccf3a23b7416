//! Paying by tap: held near the reader, then how it ended.

use super::{CardView, Sum};
use crate::screens::pages::{Page, made};
use askama::Template;

/// A card that can be chosen.
#[derive(Clone, Debug)]
pub struct Choice {
    /// Its token's name.
    pub token: String,
    /// Its bank, or what its owner calls it.
    pub name: String,
    /// The last four digits.
    pub last_four: String,
    /// Its picture.
    pub mini: String,
    /// Whether it is the one held up.
    pub chosen: bool,
}

impl Choice {
    /// Of a card.
    pub fn of(card: &CardView, place: usize, chosen: bool) -> Choice {
        let (token, name, last_four) = (card.token.clone(), card.name.clone(), card.last_four.clone());
        Choice { token, name, last_four, mini: card.mini(place), chosen }
    }
}

/// The phone is held near a reader.
#[derive(Clone, Debug)]
pub struct ReadyView {
    /// The card, held up.
    pub art: String,
    /// Seconds for which the passcode still counts.
    pub seconds: u64,
    /// The same, to read: `0:47`.
    pub time: String,
    /// The cards that can be held up, this one among them.
    pub others: Vec<Choice>,
}

/// A code is on the screen.
#[derive(Clone, Debug)]
pub struct CodeView {
    /// The code, drawn.
    pub panel: String,
    /// What it says, for those who cannot scan it.
    pub text: String,
    /// Seconds for which it is good.
    pub seconds: u64,
    /// The same, to read: `0:47`.
    pub time: String,
    /// The bank.
    pub bank: String,
    /// The last four digits of the card.
    pub last_four: String,
    /// The card's picture.
    pub mini: String,
}

/// A tap that was made, or could not be.
#[derive(Clone, Debug, Default)]
pub struct EndView {
    /// The amount, if the reader said one.
    pub amount: Option<Sum>,
    /// Where.
    pub merchant: String,
    /// When.
    pub when: String,
    /// The card's token.
    pub token: String,
    /// The bank.
    pub bank: String,
    /// What the shop saw.
    pub token_last_four: String,
    /// The card's picture.
    pub mini: String,
    /// Why not, as a sentence.
    pub reason: String,
    /// The answer code, for those who ask the bank.
    pub code: String,
    /// Its page in the history.
    pub receipt: String,
    /// Whether it was by code, and is tried again so.
    pub by_code: bool,
    /// The card to try next.
    pub next: Option<Choice>,
}

/// Where a tap stands.
#[derive(Clone, Debug)]
pub enum TapState {
    /// Held near the reader.
    Ready(Box<ReadyView>),
    /// A code is on the screen.
    Code(Box<CodeView>),
    /// The reader has the answer; nobody said yet how it ended.
    Sent(Box<EndView>),
    /// Nobody said it in time.
    Unknown(Box<EndView>),
    /// Paid.
    Paid(Box<EndView>),
    /// Not paid, and why.
    NotPaid(Box<EndView>),
}

impl TapState {
    /// Whether it goes on by itself.
    pub fn waits(&self) -> bool {
        matches!(self, TapState::Ready(_) | TapState::Code(_) | TapState::Sent(_))
    }

    /// The class of the page's ground.
    pub fn ground(&self) -> &'static str {
        match self {
            TapState::Paid(_) => " ok-field",
            _ => "",
        }
    }

    /// The sentence for the title.
    pub fn title(&self, page: &Page) -> String {
        page.say(match self {
            TapState::Ready(_) => "tap-hold",
            TapState::Code(_) => "mycode-title",
            TapState::Sent(_) => "tap-checking",
            TapState::Unknown(_) => "tap-unknown",
            TapState::Paid(_) => "tap-paid",
            TapState::NotPaid(_) => "tap-not-paid",
        })
    }
}

#[derive(Template)]
#[template(path = "phone/tap_state.html")]
struct Inside<'a> {
    page: &'a Page,
    state: &'a TapState,
}

/// The part of the page that changes while the phone is held near the reader.
pub fn tap_inside(page: &Page, state: &TapState) -> String {
    made(Inside { page, state })
}

#[derive(Template)]
#[template(path = "phone/tap.html")]
struct Tap<'a> {
    page: &'a Page,
    title: String,
    ground: &'static str,
    waiting: bool,
    seen: u64,
    inside: String,
}

/// The page of a tap. `seen` counts its changes, so that the script asks for the next one.
pub fn tap(page: &Page, state: &TapState, seen: u64) -> String {
    made(Tap {
        page,
        title: state.title(page),
        ground: state.ground(),
        waiting: state.waits(),
        seen,
        inside: tap_inside(page, state),
    })
}

//! Disputes on the phone's screens: what may be claimed of a payment, and a dispute as it goes on.

use super::{StepView, Sum};
use crate::screens::pages::{Page, made};
use askama::Template;

/// What a claim is made with.
#[derive(Clone, Debug, Default)]
pub struct ClaimView {
    /// The path of the page.
    pub path: String,
    /// Back to the payment.
    pub back: String,
    /// Who was paid.
    pub name: String,
    /// How much was paid.
    pub paid: Sum,
    /// What happens with a claim.
    pub lead: String,
    /// Reasons that fit, by name.
    pub reasons: Vec<String>,
    /// The amount as typed.
    pub typed: String,
    /// The reason as chosen.
    pub chosen: String,
    /// What is wrong with what was typed.
    pub wrong: Option<String>,
}

/// A dispute as it stands.
#[derive(Clone, Debug, Default)]
pub struct DisputeView {
    /// The path of the page.
    pub path: String,
    /// Back to the payment.
    pub back: String,
    /// Who was paid.
    pub name: String,
    /// What is claimed.
    pub claimed: Sum,
    /// The reason, by name.
    pub reason: String,
    /// How it stands, in a sentence.
    pub said: String,
    /// What was told of it, the oldest first.
    pub steps: Vec<StepView>,
    /// By when somebody has to say something.
    pub due: Option<String>,
    /// Whom to ask.
    pub ask: String,
    /// The number under which the network keeps it.
    pub number: Option<String>,
    /// Whether the payer may go on.
    pub escalates: bool,
    /// Whether the payer may give it up.
    pub withdraws: bool,
    /// Whether it is over.
    pub over: bool,
    /// Whether it is claimed of this person, who was paid.
    pub received: bool,
}

#[derive(Template)]
#[template(path = "phone/upi/claim.html")]
struct Claim<'a> {
    page: &'a Page,
    view: &'a ClaimView,
}

/// What went wrong, and how much is claimed.
pub fn upi_claim(page: &Page, view: &ClaimView) -> String {
    made(Claim { page, view })
}

#[derive(Template)]
#[template(path = "phone/upi/dispute.html")]
struct Dispute<'a> {
    page: &'a Page,
    view: &'a DisputeView,
}

/// A dispute: its timeline, the next deadline, whom to ask, what its payer may do.
pub fn upi_dispute(page: &Page, view: &DisputeView) -> String {
    made(Dispute { page, view })
}

// What these templates call.
impl Page {
    /// A reason in words.
    fn dispute_reason(&self, reason: &str) -> String {
        self.say(&format!("dispute-reason-{}", reason.replace('_', "-")))
    }
}

//! How a request of the cashier ended, and the slip of paper for it.

use super::records::{Entry, EntryKind, EntryState};
use acquiring::{ApprovalCode, Reference};
use iso8583::{ResponseCode, Stan};
use terminal::configuration::{Configuration, Merchant};
use values::Money;
use values::time::{Civil, Zone};

/// What the cashier may believe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It stands.
    Approved,
    /// The acquirer or the issuer said no.
    Declined,
    /// It ended between card and terminal; the acquirer was not asked.
    CardFailed,
    /// Nothing came back. It is being undone, or repeated if it cannot be undone.
    Unanswered,
    /// The acquirer cannot be reached; it was asked nothing.
    Unreached,
    /// The acquirer had approved, but the answer or the card failed afterwards; it is being undone.
    Undone,
}

impl Verdict {
    /// The stable code.
    pub fn code(self) -> &'static str {
        match self {
            Verdict::Approved => "approved",
            Verdict::Declined => "declined",
            Verdict::CardFailed => "card_failed",
            Verdict::Unanswered => "unanswered",
            Verdict::Unreached => "unreached",
            Verdict::Undone => "undone",
        }
    }
}

/// How a request of the cashier ended.
#[derive(Clone, Debug)]
pub struct Ended {
    /// What was asked.
    pub kind: EntryKind,
    /// How much.
    pub amount: Money,
    /// What the cashier may believe.
    pub verdict: Verdict,
    /// Why, as a stable code: the terminal's own reason, or `host_declined`, `host_silent`.
    pub reason: &'static str,
    /// Why, in a sentence.
    pub sentence: String,
    /// The terminal's trace number.
    pub trace: Stan,
    /// The acquirer's name for it, by which it is completed, voided or refunded.
    pub reference: Option<Reference>,
    /// What was answered (DE 39).
    pub response_code: Option<ResponseCode>,
    /// The issuer's approval code (DE 38).
    pub approval_code: Option<ApprovalCode>,
    /// How the customer was verified, as a stable code; nothing if no card was read.
    pub verification: Option<&'static str>,
    /// Where the journal has it; nothing if the acquirer was not asked.
    pub state: Option<EntryState>,
    /// The slip, in lines of at most 32 characters; nothing if there is nothing to print.
    pub receipt: Vec<String>,
}

impl Ended {
    /// How a request without a card ended, from the journal.
    pub(super) fn of(entry: &Entry, merchant: &Merchant, terminal: &str, zone: Zone, unsent: bool) -> Ended {
        let (verdict, reason) = match entry.state {
            EntryState::Approved | EntryState::Completed | EntryState::Voided => {
                (Verdict::Approved, "approved_online")
            }
            EntryState::Declined if unsent => (Verdict::Unreached, "host_silent"),
            EntryState::Declined => (Verdict::Declined, "host_declined"),
            EntryState::Sent | EntryState::Reversing | EntryState::Reversed | EntryState::Disputed => {
                (Verdict::Unanswered, "host_silent")
            }
        };
        Ended {
            kind: entry.kind,
            amount: entry.money(),
            verdict,
            reason,
            sentence: sentence(verdict, entry.response_code, entry.kind.is_reversible()),
            trace: entry.trace,
            reference: entry.reference,
            response_code: entry.response_code,
            approval_code: entry.approval_code,
            verification: None,
            state: Some(entry.state),
            receipt: slip(entry, merchant, terminal, entry.at.civil(zone), verdict),
        }
    }
}

pub(super) fn sentence(verdict: Verdict, code: Option<ResponseCode>, reversible: bool) -> String {
    match (verdict, code) {
        (Verdict::Approved, _) => "Approved.".to_owned(),
        (Verdict::Declined, Some(code)) => format!("Declined: {} ({code}).", code.meaning()),
        (Verdict::Declined | Verdict::CardFailed, _) => "Not approved.".to_owned(),
        (Verdict::Unreached, _) => "The acquirer cannot be reached. Nothing was booked.".to_owned(),
        (Verdict::Unanswered, _) if reversible => {
            "The acquirer did not answer. Nothing is paid; a reversal sees to that.".to_owned()
        }
        (Verdict::Unanswered, _) => {
            "The acquirer did not answer. It is asked again until it does.".to_owned()
        }
        (Verdict::Undone, _) => "Approved, but it could not be finished: it is taken back.".to_owned(),
    }
}

/// What is added below the terminal's own receipt.
pub(super) fn footer(trace: Stan, reference: Option<Reference>) -> Vec<String> {
    let mut lines = vec![pair("TRACE", &trace.to_string())];
    if let Some(reference) = reference {
        lines.push(pair("REFERENCE", reference.as_str()));
    }
    lines
}

/// A copy of the slip of an entry, as the journal has it now.
pub fn copy_of_slip(entry: &Entry, configuration: &Configuration, zone: Zone) -> Vec<String> {
    let stands = matches!(entry.state, EntryState::Approved | EntryState::Completed | EntryState::Voided);
    let verdict = if stands { Verdict::Approved } else { Verdict::Declined };
    let mut lines =
        slip(entry, &configuration.merchant, &configuration.device.id, entry.at.civil(zone), verdict);
    if entry.state == EntryState::Voided {
        lines.push("VOIDED".to_owned());
    }
    lines.push("COPY".to_owned());
    lines
}

fn slip(entry: &Entry, merchant: &Merchant, terminal: &str, at: Civil, verdict: Verdict) -> Vec<String> {
    let mut lines = vec![
        merchant.name.chars().filter(|c| !c.is_control()).take(32).collect(),
        pair("MERCHANT", &merchant.id),
        pair("TERMINAL", terminal),
        format!(
            "{:04}-{:02}-{:02} {:02}:{:02}:{:02}",
            at.year, at.month, at.day, at.hour, at.minute, at.second
        ),
        entry.kind.word().to_owned(),
        pair("AMOUNT", &entry.money().to_string()),
    ];
    // A code that nobody paid has no card.
    if entry.token.is_some() || entry.reference.is_some() || !is_code(entry) {
        let how = if is_code(entry) { " CODE" } else { "" };
        lines.push(pair("CARD", &format!("**** {}{how}", entry.last_four)));
    }
    if let Some(original) = entry.original {
        lines.push(pair("OF", original.as_str()));
    }
    if let Some(code) = entry.approval_code {
        lines.push(pair("APPROVAL", code.as_str()));
    }
    if let Some(code) = entry.response_code {
        lines.push(pair("RESPONSE", &code.to_string()));
    }
    lines.extend(footer(entry.trace, entry.reference));
    lines.push(if verdict == Verdict::Approved { "APPROVED" } else { "NOT APPROVED" }.to_owned());
    lines
}

/// Whether it was paid by a code, scanned here or shown here.
fn is_code(entry: &Entry) -> bool {
    entry.entry_mode.starts_with("03") || entry.entry_mode.starts_with("04")
}

fn pair(name: &str, value: &str) -> String {
    format!("{name:<12}{value}")
}

//! The switch: it routes by handle and branch, orders debit before credit, keeps the one truth of each payment while it
//! lives, and ends every payment by its deadlines. It holds no money and opens no credential.
//!
//! Read `records`, then `payments` (a payment pushed through `upi::machines::switch`), `send` (what it sends on its way), `relay`
//! (requests about accounts and addresses, passed on and answered), `refunds`, `mandates`, `health` (a slow bank does not hurt others), `positions`
//! (who owes whom), `complaints` (the back office), `disputes` (what is claimed of a payment that has ended).

mod complaints;
pub mod disputes;
mod health;
mod mandates;
mod payments;
mod positions;
pub mod records;
mod refunds;
mod relay;
mod send;

use super::directory::UpiDirectory;
use crate::defences::Defences;
use std::time::Duration;
use upi::mail::{Desk, Identity, Party, is_certain};
use upi::messages::Message;
use values::Records;

pub use disputes::records::{UpiDispute, UpiDisputeStep};
pub use health::{MOST_WAITING, SILENCES};
pub use records::{About, BankHealth, Exchange, MandateOrder, Position, Side, UpiPayment, UpiStep};

/// When the end of a payment is told again to who could not take it.
const CONFIRMED_AGAIN: Duration = Duration::from_secs(60);

/// The switch as somebody who takes messages.
#[derive(Clone)]
pub struct Switch {
    identity: Identity,
    directory: &'static UpiDirectory,
    defences: Defences,
    disputes: upi::defences::Defences,
}

impl Switch {
    /// The switch of this directory.
    pub fn new(directory: &'static UpiDirectory) -> Switch {
        let disputes = upi::defences::Defences::ALL;
        Switch { identity: directory.switch.identity(), directory, defences: Defences::ALL, disputes }
    }

    /// The same with these checks. In a product there is but one set of them.
    #[must_use]
    pub fn defended(self, defences: Defences) -> Switch {
        Switch { defences, ..self }
    }

    /// The same that judges acts of disputes with these checks. In a product there is but one set of them.
    #[must_use]
    pub fn judging_by(self, disputes: upi::defences::Defences) -> Switch {
        Switch { disputes, ..self }
    }
}

impl Party for Switch {
    const TAKE: &'static str = "upi_switch.take";
    const WAKE: &'static str = "upi_switch.wake";
    const REFUSED: &'static str = "upi_switch.refused";

    fn identity(&self) -> &Identity {
        &self.identity
    }

    fn take<W: Records>(&self, desk: &mut Desk<'_, W>, message: &Message) -> Result<(), &'static str> {
        if message.response.is_some() {
            return self.answered(desk, message);
        }
        let is_act = message.name == "ReqComplaint" && message.transaction.kind.as_deref() == Some("DISPUTE");
        // Banks ask for nothing but what their people do in disputes.
        if !self.directory.is_psp(&message.head.organisation) && !is_act {
            return Err("U17");
        }
        match (message.name.as_str(), message.transaction.kind.as_deref()) {
            ("ReqPay", Some("PAY" | "COLLECT")) => payments::begin(self, desk, message),
            ("ReqPay", Some("REFUND")) => refunds::begin(self, desk, message),
            ("ReqChkTxn", _) => payments::status(self, desk, message),
            ("ReqComplaint", Some("COMPLAINT")) => disputes::raised(self, desk, message),
            ("ReqComplaint", Some("DISPUTE")) => disputes::acted(self, desk, message),
            ("ReqMandate", _) => mandates::begin(self, desk, message),
            ("ReqListKeys", _) => relay::keys(self, desk, message),
            ("ReqListAccPvd", _) => relay::banks(self, desk, message),
            ("ReqListAccount" | "ReqOtp" | "ReqRegMob" | "ReqSetCre" | "ReqBalEnq" | "ReqValAdd", _) => {
                relay::pass_on(self, desk, message)
            }
            _ => Err("U10"),
        }
    }

    fn wake<W: Records>(&self, desk: &mut Desk<'_, W>, what: &str) {
        match what.split_once(' ') {
            Some(("exchange", message)) => relay::timed_out(desk, message),
            Some(("dispute", payment)) => disputes::timed_out(self, desk, payment),
            Some(("dispute-news", payment)) => disputes::told_again(desk, payment),
            Some(("confirm", payment)) => send::confirmed_again(desk, payment),
            Some(("mandate", order)) => mandates::timed_out(desk, order),
            Some(("mandate-confirm", order)) => mandates::confirmed_again(desk, order),
            _ => payments::timed_out(desk, what),
        }
    }

    fn refused<W: Records>(&self, desk: &mut Desk<'_, W>, message: &str, code: &str) {
        let Some(exchange) = desk.records.find::<Exchange>(&message.to_owned()) else {
            return desk.records.note("upi_switch.not_taken", message, code);
        };
        match exchange.about.clone() {
            // What is not known is left to the deadline.
            About::Step { .. } if !is_certain(code) => {
                desk.records.note("upi_switch.not_taken", message, code)
            }
            About::Step { payment, sent } => payments::refused(desk, &payment, sent, message, code),
            About::Relay { .. } => relay::refused(desk, exchange, code),
            About::Dispute { payment, .. } => disputes::refused(desk, &payment, (message, code)),
            // It came too late for its receiver, who was away: it is told again, by a message of the time.
            About::Confirmation { payment } if !is_certain(code) => {
                desk.wake_at(&format!("confirm {payment}"), desk.now.after(CONFIRMED_AGAIN));
            }
            About::Mandate { order, sent: Some(sent) } if is_certain(code) => {
                mandates::refused(desk, &order, sent, message, code);
            }
            About::Mandate { order, sent: None } if !is_certain(code) => {
                desk.wake_at(&format!("mandate-confirm {order}"), desk.now.after(CONFIRMED_AGAIN));
            }
            About::Confirmation { .. } | About::Mandate { .. } => {
                desk.records.note("upi_switch.not_taken", message, code);
            }
        }
    }
}

impl Switch {
    fn answered<W: Records>(&self, desk: &mut Desk<'_, W>, message: &Message) -> Result<(), &'static str> {
        let to = message.response.as_ref().map(|response| response.to.as_str().to_owned()).ok_or("U07")?;
        let exchange = desk.records.find::<Exchange>(&to).ok_or("U04")?;
        // An answer counts from whom was asked, and of the kind that was asked for.
        if exchange.asked != message.head.organisation {
            return Err("U17");
        }
        if message.name != exchange.api.replacen("Req", "Resp", 1) {
            return Err("U10");
        }
        match exchange.about.clone() {
            About::Step { payment, sent } => payments::answered(desk, &payment, sent, message),
            About::Relay { .. } => relay::answered(desk, exchange, message),
            About::Dispute { payment, sent } => disputes::answered(self, desk, &payment, sent, message),
            About::Mandate { order, sent: Some(sent) } => {
                mandates::answered(self, desk, &order, sent, message)
            }
            About::Confirmation { .. } | About::Mandate { sent: None, .. } => Ok(()),
        }
    }
}

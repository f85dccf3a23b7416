//! What the people of a bank do in a dispute: the payee's accept or defend, the payer's go on or give it up.

use super::super::Bank;
use super::records::{UpiDisputeAct, UpiDisputeCase};
use upi::disputes::words::word_of;
use upi::disputes::{Act, Illegal, Side};
use upi::ids::TransactionId;
use upi::mail::{Desk, Party};
use upi::messages::Transaction;
use upi::xml::Element;
use values::{Currency, Money, Operation, Records, Timestamp};

/// An act of a bank's people, said to the network.
pub struct ActOnDispute {
    /// The bank.
    pub bank: Bank,
    /// The payment.
    pub payment: String,
    /// For which side; a bank may have both.
    pub side: Side,
    /// What.
    pub act: Act,
    /// The network's code of the reason, such as 111; at most ten letters or digits, and none if empty.
    pub code: String,
    /// Fresh randomness.
    pub entropy: [u8; 32],
}

/// Why it was not said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeskRefusal {
    /// This bank knows no such dispute.
    #[error("this bank knows no such dispute")]
    NotFound,
    /// The code is none.
    #[error("a reason's code is one to ten letters or digits")]
    CodeInvalid,
    /// It cannot be done as the dispute stands.
    #[error(transparent)]
    Illegal(Illegal),
}

impl Operation for ActOnDispute {
    type Answer = UpiDisputeAct;
    type Refusal = DeskRefusal;
    const NAME: &'static str = "upi_bank.act_on_dispute";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<UpiDisputeAct, DeskRefusal> {
        let key = (self.payment.clone(), self.side);
        let case = records.find::<UpiDisputeCase>(&key).ok_or(DeskRefusal::NotFound)?;
        let is_code = self.code.len() <= 10 && self.code.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if !is_code {
            return Err(DeskRefusal::CodeInvalid);
        }
        let when = (now, case.due_at);
        let step = case.state.advance(self.act, self.side, when, self.bank.mandates);
        step.map_err(DeskRefusal::Illegal)?;
        let mut desk = Desk::new(self.bank.identity(), records, now, self.entropy);
        let mut transaction = Transaction::new(desk.new_transaction(), "DISPUTE", now);
        transaction.original = TransactionId::parse(&case.payment);
        transaction.merchant_reference = Some(case.number.clone());
        transaction.note = Some(word_of(self.act));
        let mut message = desk.message("ReqComplaint", transaction);
        let amount = Money::new(case.paise, Currency::INR).unwrap_or(Money::zero(Currency::INR));
        let complaint = Element::new("Complaint").with("reqAdjAmount", &amount.to_decimal());
        let complaint =
            if self.code.is_empty() { complaint } else { complaint.with("reqAdjCode", &self.code) };
        message.rest = vec![complaint];
        let act = UpiDisputeAct {
            message: message.head.message.as_str().to_owned(),
            payment: case.payment,
            side: self.side,
            act: self.act,
            outcome: None,
            at: now,
        };
        desk.records.put(act.clone());
        desk.post(&crate::upi::directory::UpiDirectory::sandbox().switch.organisation, &message);
        Ok(act)
    }
}

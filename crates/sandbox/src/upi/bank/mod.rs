//! A bank in account payment: it keeps accounts and their books, checks PINs inside its security boundary, and debits
//! or credits each transaction once.
//!
//! Read `records` (what it keeps), `boundary` (the only place in which a PIN is in clear), `registration` (which accounts
//! a mobile number has, one-time passwords, setting a PIN), `legs` (debit, credit, reversal, status, what the back office asks), `refunds`, `mandates`, `purses`,
//! `disputes`, `books`, `texts`.

mod books;
mod boundary;
pub mod disputes;
mod legs;
mod mandates;
mod purses;
pub mod records;
mod refunds;
mod registration;
mod texts;

use super::directory::{UpiBank, UpiDirectory};
use crate::defences::Defences;
use boundary::Boundary;
use std::sync::Arc;
use upi::mail::{Desk, Identity, Party, response};
use upi::messages::{Account, Message};
use values::Records;

pub use books::{
    BookCycle, OpenAccounts, compensation_account, compensation_movement, dispute_account, dispute_movement,
    movements, reserve_account, settlement_account,
};
pub use disputes::records::{UpiDisputeAct, UpiDisputeCase};
pub use records::{
    AccountName, MobileAccounts, OneTimePassword, PurseState, Spending, UpiAccount, UpiLeg, UpiMandate,
    UpiMandateDebit, UpiMandateOrder, UpiMandateTry, UpiPurse, UsedCredential,
};
pub use texts::{TOPIC_TEXT, Text, open_text};

/// A bank as somebody who takes messages. Clones share its boundary.
#[derive(Clone)]
pub struct Bank {
    bank: &'static UpiBank,
    identity: Identity,
    boundary: Arc<Boundary>,
    defences: Defences,
    mandates: upi::defences::Defences,
}

impl Bank {
    /// A bank of the directory.
    pub fn new(bank: &'static UpiBank) -> Bank {
        Bank {
            bank,
            identity: bank.identity(),
            boundary: Arc::new(Boundary::new(bank)),
            defences: Defences::ALL,
            mandates: upi::defences::Defences::ALL,
        }
    }

    /// The same that judges debits under mandates with these checks. In a product there is but one set of them.
    #[must_use]
    pub fn judging_by(self, mandates: upi::defences::Defences) -> Bank {
        Bank { mandates, ..self }
    }

    /// The same with these checks. In a product there is but one set of them.
    #[must_use]
    pub fn defended(self, defences: Defences) -> Bank {
        Bank { defences, ..self }
    }

    /// Its entry in the directory.
    pub fn entry(&self) -> &'static UpiBank {
        self.bank
    }

    /// The account that a message names, by its number or by the name this bank gave it.
    fn account<W: Records>(&self, desk: &mut Desk<'_, W>, named: Option<&Account>) -> Option<UpiAccount> {
        let Some(Account::Number { ifsc, number, .. }) = named else { return None };
        let name = desk.records.find::<AccountName>(&number.as_str().to_owned())?;
        let account = desk.records.find::<UpiAccount>(&name.number)?;
        (account.ifsc == ifsc.as_str()).then_some(account)
    }
}

impl Party for Bank {
    const TAKE: &'static str = "upi_bank.take";
    const WAKE: &'static str = "upi_bank.wake";
    const REFUSED: &'static str = "upi_bank.refused";

    fn identity(&self) -> &Identity {
        &self.identity
    }

    fn take<W: Records>(&self, desk: &mut Desk<'_, W>, message: &Message) -> Result<(), &'static str> {
        let switch = &UpiDirectory::sandbox().switch.organisation;
        if message.head.organisation != *switch {
            return Err("U17");
        }
        let answer = match (message.name.as_str(), message.transaction.kind.as_deref()) {
            ("ReqPay", Some("DEBIT")) => legs::debit(self, desk, message)?,
            ("ReqPay", Some("CREDIT")) => legs::credit(self, desk, message)?,
            ("ReqPay", Some("REVERSAL")) => legs::reverse(self, desk, message)?,
            ("ReqChkTxn", _) => legs::status(desk, message)?,
            ("RespComplaint", _) => return disputes::answered(desk, message),
            ("ReqComplaint", Some("DISPUTE")) => disputes::told(self, desk, message)?,
            ("ReqComplaint", _) if message.transaction.subtype.as_deref() == Some("REMITTER") => {
                disputes::debit_stands(self, desk, message)?
            }
            ("ReqComplaint", _) => legs::adjudicate(desk, message)?,
            ("ReqListAccount", _) => registration::list(self, desk, message),
            ("ReqOtp", _) => registration::send_password(self, desk, message),
            ("ReqRegMob", _) => registration::set_pin(self, desk, message),
            ("ReqSetCre", _) => registration::change_pin(self, desk, message),
            ("ReqBalEnq", _) => registration::balance(self, desk, message),
            ("ReqValAdd", _) => self.validate(desk, message),
            ("ReqMandate", Some("CREATE" | "PAUSE" | "UNPAUSE" | "REVOKE")) => {
                mandates::order(self, desk, message)?
            }
            _ => return Err("U10"),
        };
        desk.post(switch, &answer);
        Ok(())
    }

    fn wake<W: Records>(&self, desk: &mut Desk<'_, W>, what: &str) {
        if let Some(("mandate", number)) = what.split_once(' ') {
            mandates::expired(desk, number);
        }
    }

    /// An answer that the switch does not take came too late for it; it asks again if it wants to know.
    fn refused<W: Records>(&self, desk: &mut Desk<'_, W>, message: &str, code: &str) {
        if !disputes::refused(desk, message, code) {
            desk.records.note("upi_bank.answer_not_taken", message, code);
        }
    }
}

impl Bank {
    /// Whose an account is that an address names by number and branch.
    fn validate<W: Records>(&self, desk: &mut Desk<'_, W>, message: &Message) -> Message {
        let asked = message.payees.first().map(|payee| payee.address.name().to_owned());
        let name = asked.and_then(|name| desk.records.find::<AccountName>(&name));
        let found = name.and_then(|name| desk.records.find::<UpiAccount>(&name.number));
        let outcome = if found.is_some() { Ok(()) } else { Err("XI") };
        let mut told = response(&message.head.message, outcome);
        if let Some(account) = found {
            let text = |name: &str, value: &str| (name.to_owned(), value.to_owned());
            told.more = vec![
                text("maskName", &account.holder),
                text("code", "0000"),
                text("type", "PERSON"),
                text("IFSC", &account.ifsc),
                text("accType", &account.kind),
            ];
        }
        desk.answer(message, told)
    }
}

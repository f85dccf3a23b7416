//! A phone's mandates: made, asked for, approved, changed, debited.

use super::{UpiPhone, UpiPhoneError};
use crate::upi::app::mandates::{
    MandateChange, MandateDecision, NewDebit, NewMandate, NewMandateRequest, ShownMandate,
};
use psp::mandates::records::MandateDebit;
use psp::records::LinkedAccount;
use std::time::Duration;
use upi::credential::{self, Secret};
use upi::mandate::{State, Terms};
use values::{Money, SecretBytes};

const MANDATES: &str = "/v1/upi/mandates";

impl UpiPhone {
    /// The mandates of the phone's number, on either side, the newest first.
    pub fn mandates(&self) -> Result<Vec<ShownMandate>, UpiPhoneError> {
        self.look(MANDATES)
    }

    /// A mandate, by the transaction that made it.
    pub fn mandate(&self, id: &str) -> Result<ShownMandate, UpiPhoneError> {
        self.look(&format!("{MANDATES}/{id}"))
    }

    /// An order for a mandate, with the PIN sealed for its terms and nothing else.
    pub fn mandate_order(
        &self,
        account: &LinkedAccount,
        (terms, payee_name): (&Terms, Option<&str>),
        pin: &SecretBytes,
    ) -> Result<NewMandate, UpiPhoneError> {
        let transaction = self.transaction();
        let bank = self.bank_key(&account.ifsc)?;
        let pin = credential::seal(Secret::Pin, pin.expose(), &terms.purpose(&transaction), &bank);
        Ok(NewMandate {
            transaction,
            account: account.reference.clone(),
            payee_name: payee_name.map(str::to_owned),
            terms: terms.clone(),
            pin,
        })
    }

    /// Sends it; the mandate as it stands then.
    pub fn make_mandate(&self, order: &NewMandate) -> Result<ShownMandate, UpiPhoneError> {
        self.post(MANDATES, order)
    }

    /// Asks somebody for a mandate, as a merchant. Payee and category are the merchant's own, whatever the terms say.
    pub fn request_mandate(
        &self,
        payer: &str,
        terms: &Terms,
        minutes: u32,
    ) -> Result<ShownMandate, UpiPhoneError> {
        let new = NewMandateRequest { payer: payer.to_owned(), terms: terms.clone(), minutes };
        self.post(&format!("{MANDATES}/requests"), &new)
    }

    /// Approves a mandate that a merchant asks for.
    pub fn approve_mandate(
        &self,
        shown: &ShownMandate,
        account: &LinkedAccount,
        pin: &SecretBytes,
    ) -> Result<ShownMandate, UpiPhoneError> {
        let bank = self.bank_key(&account.ifsc)?;
        let purpose = shown.mandate.terms.purpose(&shown.mandate.id);
        let pin = Some(credential::seal(Secret::Pin, pin.expose(), &purpose, &bank));
        let decision = MandateDecision { account: account.reference.clone(), pin };
        self.post(&format!("{MANDATES}/{}/decision", shown.mandate.id), &decision)
    }

    /// Does not.
    pub fn decline_mandate(&self, id: &str) -> Result<ShownMandate, UpiPhoneError> {
        let decision = MandateDecision { account: String::new(), pin: None };
        self.post(&format!("{MANDATES}/{id}/decision"), &decision)
    }

    /// Lets a mandate rest.
    pub fn pause_mandate(&self, id: &str) -> Result<ShownMandate, UpiPhoneError> {
        self.post(&format!("{MANDATES}/{id}/changes"), &MandateChange::Pause)
    }

    /// Lets it go on, with the PIN of the account that it debits, and waits for the bank's word.
    pub fn unpause_mandate(
        &self,
        shown: &ShownMandate,
        pin: &SecretBytes,
    ) -> Result<ShownMandate, UpiPhoneError> {
        let mine = self.mine()?;
        let account = mine.accounts.iter().find(|account| account.reference == shown.mandate.account);
        let account = account.ok_or(UpiPhoneError::Typed("the account of this mandate is not linked"))?;
        let (transaction, bank) = (self.transaction(), self.bank_key(&account.ifsc)?);
        let purpose = shown.mandate.terms.purpose(&transaction);
        let pin = credential::seal(Secret::Pin, pin.expose(), &purpose, &bank);
        let change = MandateChange::Unpause { transaction, pin };
        let id = &shown.mandate.id;
        let _: ShownMandate = self.post(&format!("{MANDATES}/{id}/changes"), &change)?;
        self.until(|| {
            let shown = self.mandate(id)?;
            match shown.mandate.refused.clone() {
                Some(code) => {
                    let said = super::advice_of(&code).say(upi::codes::Language::English);
                    Err(UpiPhoneError::Declined { said, code })
                }
                None => Ok((shown.mandate.state != State::Paused).then_some(shown)),
            }
        })
    }

    /// Ends a mandate.
    pub fn revoke_mandate(&self, id: &str) -> Result<ShownMandate, UpiPhoneError> {
        self.post(&format!("{MANDATES}/{id}/changes"), &MandateChange::Revoke)
    }

    /// Presents the next debit under a mandate, as its payee; the mandate's amount if none is named.
    pub fn present_debit(&self, id: &str, amount: Option<Money>) -> Result<MandateDebit, UpiPhoneError> {
        let new = NewDebit { amount: amount.map(Money::to_decimal) };
        self.post(&format!("{MANDATES}/{id}/debits"), &new)
    }

    /// Looks at a mandate until it is made or not, or for as long as the person looks at the screen.
    pub fn see_mandate(&self, id: &str, patience: Duration) -> Result<ShownMandate, UpiPhoneError> {
        let waits = |shown: &ShownMandate| shown.mandate.state == State::Making;
        super::see(patience, || self.mandate(id), waits)
    }
}

//! Bills that several people share, on the phone's side.

use super::{UpiPhone, UpiPhoneError};
use crate::upi::app::{NewSharer, NewSplit, SplitShown};
use psp::splits::Split;
use values::Money;

impl UpiPhone {
    /// Shares a bill: names, each with an amount if it is not an equal part; and whether its splitter bears one.
    pub fn split_bill(
        &self,
        note: &str,
        total: Money,
        people: &[(String, Option<Money>)],
        with_splitter: bool,
    ) -> Result<SplitShown, UpiPhoneError> {
        let sharer = |(who, amount): &(String, Option<Money>)| NewSharer {
            who: who.clone(),
            amount: amount.map(Money::to_decimal),
        };
        let new = NewSplit {
            id: format!("split_{}", hex::encode(crypto::random::bytes::<16>())),
            note: note.to_owned(),
            total: total.to_decimal(),
            people: people.iter().map(sharer).collect(),
            with_splitter,
        };
        self.post("/v1/upi/splits", &new)
    }

    /// A bill that was shared, as it stands.
    pub fn split(&self, id: &str) -> Result<SplitShown, UpiPhoneError> {
        self.look(&format!("/v1/upi/splits/{id}"))
    }

    /// The bills that were shared, the newest first.
    pub fn splits(&self) -> Result<Vec<Split>, UpiPhoneError> {
        self.get("/v1/upi/splits")
    }
}

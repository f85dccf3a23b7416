//! What the customer looks back on: taps, and messages that came in.

use crate::keys::Counter;
use serde::{Deserialize, Serialize};
use values::id::kinds;
use values::{Id, Operation, Record, Records, Timestamp};

/// How a tap ended, as far as the phone knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TapOutcome {
    /// The counter was used; whether the terminal heard the answer is not known.
    Presented,
    /// Paid.
    Approved,
    /// Refused by the terminal, the network or the issuer.
    Declined,
    /// Paid, then taken back.
    Reversed,
}

/// What was between phone and shop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaidBy {
    /// The phone was held against a reader.
    #[default]
    Tap,
    /// The shop scanned a code on the phone's screen.
    ShownCode,
    /// The phone scanned the shop's code.
    ScannedCode,
}

/// One tap, or one payment by code. Written in the same step that uses its key, so no tap is missing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TapRecord {
    /// With which card.
    pub token: Id<kinds::Token>,
    /// The counter value, which names the tap.
    pub atc: u16,
    /// In minor units of `currency`.
    pub amount_minor: u64,
    /// ISO 4217 numeric code as the terminal named it.
    pub currency: u16,
    /// Where, if known.
    pub merchant: Option<String>,
    /// When.
    pub at: Timestamp,
    /// How it ended.
    pub outcome: TapOutcome,
    /// By tap, or by which code. What older records do not say was a tap.
    #[serde(default)]
    pub paid_by: PaidBy,
    /// The reference on the shop's receipt (DE 37), if the platform told it.
    #[serde(default)]
    pub reference: Option<String>,
    /// How messages about the payment name it (DE 90, 42 digits), if the platform told it.
    #[serde(default)]
    pub original: Option<String>,
}

impl Record for TapRecord {
    type Key = (Id<kinds::Token>, u16);
    const TABLE: &'static str = "taps";
    fn key(&self) -> (Id<kinds::Token>, u16) {
        (self.token, self.atc)
    }
}

/// There is no tap of this card and counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there was no such tap")]
pub struct UnknownTap;

/// Writes down how a tap ended, as the platform tells it later.
#[derive(Clone, Debug)]
pub struct RecordTap {
    /// With which card.
    pub token: Id<kinds::Token>,
    /// Which tap.
    pub atc: u16,
    /// How it ended.
    pub outcome: TapOutcome,
    /// Where, if the platform knows.
    pub merchant: Option<String>,
    /// How much, in minor units of a currency by its ISO 4217 numeric code, if the platform knows: whoever shows a code
    /// does not.
    pub amount: Option<(u64, u16)>,
    /// The reference on the shop's receipt (DE 37), if the platform knows.
    pub reference: Option<String>,
    /// How messages about the payment name it (DE 90), if the platform knows.
    pub original: Option<String>,
}

impl Operation for RecordTap {
    type Answer = ();
    type Refusal = UnknownTap;
    const NAME: &'static str = "wallet.record_tap";

    fn apply<W: Records>(&self, records: &mut W, _: Timestamp) -> Result<(), UnknownTap> {
        let mut tap = records.find::<TapRecord>(&(self.token, self.atc)).ok_or(UnknownTap)?;
        tap.outcome = self.outcome;
        if let Some((amount_minor, currency)) = self.amount {
            (tap.amount_minor, tap.currency) = (amount_minor, currency);
        }
        for (known, told) in [
            (&mut tap.merchant, &self.merchant),
            (&mut tap.reference, &self.reference),
            (&mut tap.original, &self.original),
        ] {
            if told.is_some() {
                known.clone_from(told);
            }
        }
        records.put(tap);
        if let Some(mut counter) = records.find::<Counter>(&self.token) {
            counter.last_online = counter.last_online.max(self.atc);
            records.put(counter);
        }
        Ok(())
    }
}

/// A text message in the phone's inbox.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InboxMessage {
    /// Its name in the telephone network.
    pub id: Id<kinds::Message>,
    /// Who sent it.
    pub sender: String,
    /// What it says; may hold a one-time password, so it is not printed.
    pub text: String,
    /// When it came.
    pub at: Timestamp,
}

impl std::fmt::Debug for InboxMessage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "InboxMessage({} from {}, ****)", self.id, self.sender)
    }
}

impl Record for InboxMessage {
    type Key = Id<kinds::Message>;
    const TABLE: &'static str = "inbox";
    fn key(&self) -> Id<kinds::Message> {
        self.id
    }
}

/// Takes in a message; answers whether it is new.
#[derive(Clone, Debug)]
pub struct ReceiveText {
    /// The message.
    pub message: InboxMessage,
}

/// The message is longer than any text message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the message is too long")]
pub struct TooLong;

/// Characters a message may have: ten parts of 153.
const TEXT_MOST: usize = 1530;

impl Operation for ReceiveText {
    type Answer = bool;
    type Refusal = TooLong;
    const NAME: &'static str = "wallet.receive_text";

    fn apply<W: Records>(&self, records: &mut W, _: Timestamp) -> Result<bool, TooLong> {
        if self.message.text.chars().count() > TEXT_MOST || self.message.sender.chars().count() > 40 {
            return Err(TooLong);
        }
        if records.find::<InboxMessage>(&self.message.id).is_some() {
            return Ok(false);
        }
        records.put(self.message.clone());
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{self, Memory, NOON};

    #[test]
    fn how_a_tap_ended_is_written_down_when_it_is_known() {
        let mut memory = Memory::with_card();
        let token = testing::token();
        let ticket = memory.unlock(NOON).ticket();
        let verification = crate::keys::Verification::Ticket(ticket);
        let tap = crate::keys::UseKey {
            token,
            amount_minor: 1250,
            currency: 156,
            verification,
            merchant: None,
            paid_by: PaidBy::Tap,
            defences: crate::defences::Defences::ALL,
        };
        memory.run(&tap, NOON).unwrap();
        let told = |atc| RecordTap {
            reference: None,
            original: None,
            amount: None,
            token,
            atc,
            outcome: TapOutcome::Approved,
            merchant: Some("茶馆".to_owned()),
        };
        assert_eq!(memory.run(&told(2), NOON), Err(UnknownTap));
        memory.run(&told(1), NOON).unwrap();
        let tap = memory.find::<TapRecord>(&(token, 1)).unwrap();
        assert_eq!((tap.outcome, tap.merchant.as_deref()), (TapOutcome::Approved, Some("茶馆")));
        assert_eq!(memory.counter().last_online, 1);
    }

    #[test]
    fn a_text_comes_in_once() {
        let mut memory = Memory::with_phone();
        let message = InboxMessage {
            id: Id::from_u128(5),
            sender: "95566".to_owned(),
            text: "code 123456".to_owned(),
            at: NOON,
        };
        assert_eq!(format!("{message:?}"), "InboxMessage(msg_00000000000000000000000005 from 95566, ****)");
        let receive = ReceiveText { message: message.clone() };
        assert_eq!((memory.run(&receive, NOON), memory.run(&receive, NOON)), (Ok(true), Ok(false)));
        let long = InboxMessage { text: "字".repeat(TEXT_MOST + 1), ..message };
        assert_eq!(memory.run(&ReceiveText { message: long }, NOON), Err(TooLong));
    }
}

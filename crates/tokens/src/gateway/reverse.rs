//! Reversals: a message whose answer never came, or came and was of no use, is undone.

use super::admit::Admitted;
use super::settle::give_back;
use crate::digest::Digest16;
use crate::ops::topics;
use crate::records::{Forestalled, Outcome, Passage, TokenState};
use crate::refusal::Refusal;
use crate::vault::Purpose;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use values::{Operation, Outbound, Records, Timestamp, TokenNumber};

/// How long a reversal that came before its message is remembered.
const REMEMBERED: Duration = Duration::from_secs(7 * 86_400);

/// Undoes a message. Repeating it is harmless. It never touches the counter.
#[derive(Clone, Copy, Debug)]
pub struct Reverse {
    /// The name of the message to undo (from DE90 of the reversal).
    pub original: Digest16,
    /// DE2 of the reversal.
    pub number: TokenNumber,
}

/// What a reversal led to.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reversal {
    /// Undone here, now or before; pass it on, the issuer undoes it too.
    PassOn(Admitted),
    /// Nothing was ever passed on; answer that it is done.
    NothingToUndo,
    /// The message has not come. If it comes, it will be refused; answer that it is done.
    Remembered,
}

impl Operation for Reverse {
    type Answer = Reversal;
    type Refusal = Refusal;
    const NAME: &'static str = "tokens.reverse";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<Reversal, Refusal> {
        let found = records.find::<Passage>(&self.original).filter(|found| found.number == self.number);
        let Some(mut passage) = found else {
            records.find::<TokenState>(&self.number).ok_or(Refusal::TokenUnknown)?;
            let name = self.original.to_string();
            records.put(Forestalled { message: self.original, at: now });
            records.send(Outbound {
                topic: topics::FORESTALLED_EXPIRES.to_owned(),
                key: name.clone(),
                due: now.after(REMEMBERED),
                body: name.into_bytes(),
            });
            return Ok(Reversal::Remembered);
        };
        match passage.outcome {
            Outcome::Refused => return Ok(Reversal::NothingToUndo),
            Outcome::Reversed | Outcome::Voided => {}
            // What was declined took nothing any more, but the sender may not know: the issuer hears of it.
            Outcome::Pending | Outcome::Approved | Outcome::Unknown | Outcome::Declined => {
                if passage.outcome != Outcome::Declined {
                    give_back(records, &mut passage);
                }
                passage.outcome = Outcome::Reversed;
                records.put(passage);
            }
        }
        let evidence = Admitted::take(records, self.original, self.number, Purpose::Reversal)?;
        records.note("reversal_passed_on", &self.original.to_string(), "");
        Ok(Reversal::PassOn(evidence))
    }
}

//! Moving the vault under a new key-encryption key, entry by entry, while payments go on.

use crate::ops::Done;
use crate::records::VaultEntry;
use crate::refusal::Refusal;
use values::{Operation, Records, Timestamp};

/// Replaces an entry by the same card number under a newer key (`vault::rewrap`, outside the writer).
///
/// Refuses `stale` if the entry was changed since it was read, for example by new plastic.
#[derive(Clone)]
pub struct Rewrap {
    /// The entry as it was read.
    pub old: VaultEntry,
    /// The same under the new key.
    pub new: VaultEntry,
}

impl Operation for Rewrap {
    type Answer = Done;
    type Refusal = Refusal;
    const NAME: &'static str = "tokens.rewrap";

    fn apply<W: Records>(&self, records: &mut W, _now: Timestamp) -> Result<Done, Refusal> {
        let entry: VaultEntry = records.find(&self.old.number).ok_or(Refusal::TokenUnknown)?;
        let newer = self.new.envelope.generation() > entry.envelope.generation();
        if entry.envelope != self.old.envelope || self.new.number != entry.number || !newer {
            return Err(Refusal::Stale);
        }
        records.put(VaultEntry { envelope: self.new.envelope.clone(), ..entry });
        Ok(Done)
    }
}

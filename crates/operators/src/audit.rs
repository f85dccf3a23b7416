//! The log of what operators did: one line for each act, none ever changed, each bound to the one before by hash.
//!
//! A line is written in the commit of the act it tells of, so that neither is there without the other. The store chains
//! its facts as well; this chain is the log's own, so that it can be checked from its table alone, and the head says how
//! many lines there are. Who rolls back files as a whole, head and all, is found by comparing the head with one that was
//! written down elsewhere.

use crate::operator::{Operator, OperatorId};
use crate::proposal::ProposalId;
use crypto::hash::sha256_chain;
use serde::{Deserialize, Serialize};
use values::{Operation, Record, Records, Residency, Timestamp};

/// Where somebody acted, and in which request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Occasion {
    /// The door, the way, and the session by its mark, such as `console POST /proposals session 3f9a`.
    pub place: String,
    /// The request by its id, as the answer's header says it too.
    pub request: String,
}

/// What a line says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// Who; nobody where somebody was not let in.
    pub who: Option<OperatorId>,
    /// Who, by name.
    pub name: String,
    /// What was done, by its stable word: `login`, `view`, `propose` ...
    pub act: &'static str,
    /// On what.
    pub subject: String,
    /// How it ended: `ok`, or the code of a no.
    pub result: String,
    /// Which proposal it belongs to.
    pub proposal: Option<ProposalId>,
}

/// One line of the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// Counted from 1, without a gap.
    pub number: u64,
    /// When.
    pub at: Timestamp,
    /// Who; nobody where somebody was not let in.
    pub who: Option<OperatorId>,
    /// Who, by the name of that moment.
    pub name: String,
    /// What.
    pub act: String,
    /// On what.
    pub subject: String,
    /// How it ended.
    pub result: String,
    /// Where.
    pub place: String,
    /// In which request.
    pub request: String,
    /// Which proposal it belongs to.
    pub proposal: Option<ProposalId>,
    /// SHA-256 over the link before and all of the above, hexadecimal.
    pub chain: String,
}

impl Record for AuditEntry {
    type Key = u64;
    const TABLE: &'static str = "audit_entries";
    fn key(&self) -> u64 {
        self.number
    }
}

/// The one key of a record of which there is only one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Only;

/// The end of the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditHead {
    /// How many lines there are.
    pub number: u64,
    /// The last one's link; zeros before the first.
    pub chain: String,
}

impl Record for AuditHead {
    type Key = Only;
    const TABLE: &'static str = "audit_head";
    const RESIDENCY: Residency = Residency::Memory;
    fn key(&self) -> Only {
        Only
    }
}

impl AuditHead {
    /// Before the first line.
    fn start() -> AuditHead {
        AuditHead { number: 0, chain: hex::encode([0; 32]) }
    }
}

impl AuditEntry {
    /// Everything but the link, each part with its length before it, so that no part can lend bytes to another.
    fn content(&self) -> Vec<u8> {
        let who = self.who.map(|who| who.to_string()).unwrap_or_default();
        let proposal = self.proposal.map(|proposal| proposal.to_string()).unwrap_or_default();
        let mut bytes = self.number.to_be_bytes().to_vec();
        bytes.extend(self.at.millis().to_be_bytes());
        for part in
            [&who, &self.name, &self.act, &self.subject, &self.result, &self.place, &self.request, &proposal]
        {
            bytes.extend((part.len() as u64).to_be_bytes());
            bytes.extend(part.as_bytes());
        }
        bytes
    }

    /// The link this line should have after that one.
    fn link(&self, before: &[u8; 32]) -> [u8; 32] {
        sha256_chain(before, &self.content())
    }
}

fn bytes_of(chain: &str) -> [u8; 32] {
    let mut bytes = [0; 32];
    // What is no link fits no line: found when the chain is checked.
    let _ = hex::decode_to_slice(chain, &mut bytes);
    bytes
}

/// Writes a line.
pub(crate) fn append<W: Records>(records: &mut W, now: Timestamp, said: Said, occasion: &Occasion) {
    let head = records.find::<AuditHead>(&Only).unwrap_or_else(AuditHead::start);
    let mut entry = AuditEntry {
        number: head.number + 1,
        at: now,
        who: said.who,
        name: said.name,
        act: said.act.to_owned(),
        subject: said.subject,
        result: said.result,
        place: occasion.place.clone(),
        request: occasion.request.clone(),
        proposal: said.proposal,
        chain: String::new(),
    };
    entry.chain = hex::encode(entry.link(&bytes_of(&head.chain)));
    records.put(AuditHead { number: entry.number, chain: entry.chain.clone() });
    records.put(entry);
}

/// Writes a line about something that changes no other record here: a page that was looked at, a no.
#[derive(Clone, Debug)]
pub struct Note {
    /// What it says; the name is filled in.
    pub said: Said,
    /// Where.
    pub occasion: Occasion,
}

impl Operation for Note {
    type Answer = ();
    type Refusal = ();
    const NAME: &'static str = "operators.note";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<(), ()> {
        let mut said = self.said.clone();
        if let Some(operator) = said.who.and_then(|who| records.find::<Operator>(&who)) {
            said.name = operator.name;
        }
        append(records, now, said, &self.occasion);
        Ok(())
    }
}

/// Where the log is not what was written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {number}: {what}")]
pub struct Broken {
    /// The first line that is not right.
    pub number: u64,
    /// What is wrong with it.
    pub what: &'static str,
}

/// Checks the whole log: `entries` in the order of their numbers, `head` as it is kept. Answers how many lines there are.
pub fn check(entries: &[AuditEntry], head: Option<&AuditHead>) -> Result<u64, Broken> {
    let mut last = AuditHead::start();
    for entry in entries {
        let broken = |what| Broken { number: last.number + 1, what };
        if entry.number != last.number + 1 {
            return Err(broken("it is missing, or stands there twice"));
        }
        if entry.chain != hex::encode(entry.link(&bytes_of(&last.chain))) {
            return Err(broken("it is not the one that was written"));
        }
        last = AuditHead { number: entry.number, chain: entry.chain.clone() };
    }
    let kept = head.cloned().unwrap_or_else(AuditHead::start);
    if kept != last {
        let what = "the log does not end where its head says";
        return Err(Broken { number: last.number.min(kept.number) + 1, what });
    }
    Ok(last.number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Memory, NOON};

    fn log() -> (Vec<AuditEntry>, AuditHead) {
        let mut memory = Memory::default();
        for subject in ["one", "two", "three", "four", "five"] {
            let said = Said { act: "view", subject: subject.to_owned(), ..Said::default() };
            memory.run(&Note { said, occasion: Occasion::default() }, NOON).unwrap();
        }
        (memory.all(), memory.find(&Only).unwrap())
    }

    #[test]
    fn an_untouched_log_is_whole() {
        let (entries, head) = log();
        assert_eq!(check(&entries, Some(&head)), Ok(5));
        assert_eq!(check(&[], None), Ok(0));
    }

    #[test]
    fn what_is_flipped_dropped_inserted_swapped_or_truncated_is_found() {
        let (entries, head) = log();
        let found = |change: &dyn Fn(&mut Vec<AuditEntry>)| {
            let mut other = entries.clone();
            change(&mut other);
            check(&other, Some(&head)).map_err(|broken| broken.number)
        };
        let flips: [fn(&mut AuditEntry); 9] = [
            |entry| entry.at = Timestamp::from_millis(entry.at.millis() + 1),
            |entry| entry.who = Some(values::Id::from_u128(1)),
            |entry| entry.name.push('x'),
            |entry| entry.act.push('x'),
            |entry| entry.subject.clear(),
            |entry| entry.result.push('x'),
            |entry| entry.place.push('x'),
            |entry| entry.request.push('x'),
            |entry| entry.proposal = Some(values::Id::from_u128(1)),
        ];
        for flip in flips {
            assert_eq!(found(&|log| flip(&mut log[2])), Err(3));
        }
        // Bytes that move from one part to the next are another line.
        assert_eq!(
            found(&|log| {
                let moved = log[2].act.pop().unwrap();
                log[2].subject.insert(0, moved)
            }),
            Err(3)
        );
        assert_eq!(found(&|log| drop(log.remove(2))), Err(3));
        assert_eq!(found(&|log| log.insert(2, log[2].clone())), Err(4));
        assert_eq!(found(&|log| log.swap(1, 3)), Err(2));
        assert_eq!(found(&|log| log.truncate(3)), Err(4));
        assert_eq!(found(&|log| log.clear()), Err(1));
        // Renumbered after a line was dropped, it is no longer the one that was written.
        assert_eq!(
            found(&|log| {
                log.remove(2);
                for (place, entry) in log.iter_mut().enumerate() {
                    entry.number = place as u64 + 1
                }
            }),
            Err(3)
        );
        // The last line gone together with the head's count, but not its link.
        let mut short = head.clone();
        short.number = 4;
        assert!(check(&entries[..4], Some(&short)).is_err());
        assert!(check(&entries, None).is_err());
    }
}

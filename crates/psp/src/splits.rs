//! A bill that several people share: each share is a link that its payer begins from, because people do not ask people for money.
//! Who has paid is known from the payments that came, by the reference that the link carries through the network.
//!
//! Invariant: shares sum to the whole, to the paisa.

use crate::binding::customer_of;
use crate::defences::Defence;
use crate::party::Psp;
use crate::payments::is_note;
use crate::records::{DeviceId, OwnAddress};
use crate::refusal::Refusal;
use serde::{Deserialize, Serialize};
use upi::link::{Link, LinkMaker};
use upi::mail::Desk;
use values::{Currency, Money, Operation, Record, Records, Timestamp};

/// So many people share at most.
pub const PEOPLE_MOST: usize = 20;
/// The longest name of one of them, characters.
const NAME_MOST: usize = 40;

/// A bill that is shared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Split {
    /// Its name here.
    pub id: String,
    /// Whose it is, 12 digits.
    pub mobile: String,
    /// The address that shares are paid to.
    pub address: String,
    /// Who is paid, as payers read it.
    pub name: String,
    /// What for.
    pub note: String,
    /// Paise of all shares together.
    pub paise: u64,
    /// The shares, in the order in which the people were named.
    pub shares: Vec<Share>,
    /// When it was made.
    pub at: Timestamp,
}

impl Record for Split {
    type Key = String;
    const TABLE: &'static str = "psp_splits";
    fn key(&self) -> String {
        self.id.clone()
    }
}

/// What one of them pays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    /// Who, as the splitter wrote it; empty for the splitter.
    pub who: String,
    /// Paise.
    pub paise: u64,
    /// What the link carries, so that the payment is known when it comes; nothing for the splitter's own share.
    pub reference: Option<String>,
    /// The payment that came, by its transaction.
    pub paid: Option<String>,
    /// When it came.
    pub paid_at: Option<Timestamp>,
}

/// Which split a reference belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SplitReference {
    /// The reference.
    pub reference: String,
    /// The split.
    pub split: String,
}

impl Record for SplitReference {
    type Key = String;
    const TABLE: &'static str = "psp_split_references";
    fn key(&self) -> String {
        self.reference.clone()
    }
}

/// Somebody who shares: a name, and an amount if it is not an equal part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sharer {
    /// The name.
    pub who: String,
    /// Paise, if they were said.
    pub paise: Option<u64>,
}

/// Shares a bill.
pub struct SplitBill {
    /// The phone of who paid it.
    pub device: DeviceId,
    /// A fresh name.
    pub id: String,
    /// What for.
    pub note: String,
    /// The whole, rupees.
    pub total: Money,
    /// Who shares, beside the splitter.
    pub people: Vec<Sharer>,
    /// Whether the splitter bears an equal part.
    pub with_splitter: bool,
    /// Fresh randomness.
    pub entropy: [u8; 32],
}

impl Operation for SplitBill {
    type Answer = Split;
    type Refusal = Refusal;
    const NAME: &'static str = "psp.split_bill";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<Split, Refusal> {
        let customer = customer_of(records, self.device)?;
        if let Some(known) = records.find::<Split>(&self.id) {
            return if known.mobile == customer.mobile { Ok(known) } else { Err(Refusal::NotFound) };
        }
        let address = customer.addresses.first().cloned().ok_or(Refusal::AddressMissing)?;
        let is_name =
            |who: &str| (1..=NAME_MOST).contains(&who.chars().count()) && !who.chars().any(char::is_control);
        if !is_note(&self.note) {
            return Err(Refusal::NoteInvalid);
        }
        let count = self.people.len();
        if !(1..=PEOPLE_MOST).contains(&count) || !self.people.iter().all(|one| is_name(&one.who)) {
            return Err(Refusal::SharesInvalid);
        }
        if self.total.is_zero() || self.total.currency() != Currency::INR {
            return Err(Refusal::AmountInvalid);
        }
        let parts = divided(self.total.minor(), &self.people, self.with_splitter)?;
        let mut shares = Vec::with_capacity(parts.len());
        for (place, (who, paise)) in parts.into_iter().enumerate() {
            let reference = (!who.is_empty()).then(|| self.reference(place));
            if let Some(reference) = &reference {
                let (reference, split) = (reference.clone(), self.id.clone());
                records.put(SplitReference { reference, split });
            }
            shares.push(Share { who, paise, reference, paid: None, paid_at: None });
        }
        let name = customer.accounts.first().map(|account| account.holder.clone()).unwrap_or_default();
        let split = Split {
            id: self.id.clone(),
            mobile: customer.mobile,
            address,
            name,
            note: self.note.clone(),
            paise: self.total.minor(),
            shares,
            at: now,
        };
        // What cannot be said in a link is no share.
        for share in &split.shares {
            if share.reference.is_some() && split.link(share).is_none() {
                return Err(Refusal::AmountInvalid);
            }
        }
        records.put(split.clone());
        Ok(split)
    }
}

impl SplitBill {
    fn reference(&self, place: usize) -> String {
        let drawn = crypto::hash::sha256_pieces(&[b"share", &self.entropy, &(place as u64).to_be_bytes()]);
        let hexadecimal: String = drawn[..12].iter().map(|byte| format!("{byte:02X}")).collect();
        format!("SPLIT{hexadecimal}")
    }
}

/// Who bears how much: first who named an amount, then the others in equal parts, of which the first ones are a paisa more where it
/// does not come out even. The splitter comes last, without a name.
fn divided(total: u64, people: &[Sharer], with_splitter: bool) -> Result<Vec<(String, u64)>, Refusal> {
    let mut said = people.iter().filter_map(|one| one.paise);
    let said = said.try_fold(0u64, |sum, paise| sum.checked_add(paise).filter(|_| paise > 0));
    let left = said.and_then(|said| total.checked_sub(said)).ok_or(Refusal::SharesInvalid)?;
    let equal = people.iter().filter(|one| one.paise.is_none()).count() + usize::from(with_splitter);
    let equal = u64::try_from(equal).map_err(|_| Refusal::SharesInvalid)?;
    if (equal == 0 && left > 0) || (equal > 0 && left < equal) {
        return Err(Refusal::SharesInvalid);
    }
    let part = left.checked_div(equal).unwrap_or(0);
    let more = left - part * equal;
    let mut given = 0;
    let mut next = || {
        given += 1;
        part + u64::from(given <= more)
    };
    let mut parts: Vec<(String, u64)> =
        people.iter().map(|one| (one.who.clone(), one.paise.unwrap_or_else(&mut next))).collect();
    if with_splitter {
        parts.push((String::new(), next()));
    }
    Ok(parts)
}

impl Split {
    /// The link by which a share is paid; nothing for the splitter's own.
    pub fn link(&self, share: &Share) -> Option<Link> {
        let amount = Money::new(share.paise, Currency::INR).ok()?;
        let maker = LinkMaker::pay().with("pa", &self.address).with("pn", &self.name);
        let maker = maker.with("tr", share.reference.as_ref()?).with("tn", &self.note);
        maker.with("am", &amount.to_decimal()).with("cu", "INR").finish().ok()
    }
}

/// Money came under a reference: the share that it belongs to is paid, if it is all of it.
pub(crate) fn paid<W: Records>(
    psp: &Psp,
    desk: &mut Desk<'_, W>,
    own: &OwnAddress,
    reference: &str,
    (transaction, paise): (&str, u64),
) {
    let Some(known) = desk.records.find::<SplitReference>(&reference.to_owned()) else { return };
    let Some(mut split) = desk.records.find::<Split>(&known.split) else { return };
    let now = desk.now;
    let is_own = split.mobile == own.mobile;
    let mut shares = split.shares.iter_mut();
    let share = shares.find(|share| share.reference.as_deref() == Some(reference));
    let fits = |share: &Share| is_own && share.paise == paise;
    let Some(share) = share.filter(|share| fits(share) || !psp.stands(Defence::ShareAmount)) else {
        return desk.records.note("psp.share_not_matched", transaction, reference);
    };
    // Paid a second time it is a payment like any other, in the history.
    if share.paid.is_none() {
        share.paid = Some(transaction.to_owned());
        share.paid_at = Some(now);
        desk.records.put(split);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn people(amounts: &[Option<u64>]) -> Vec<Sharer> {
        amounts.iter().map(|paise| Sharer { who: "x".to_owned(), paise: *paise }).collect()
    }

    /// One line for each: the whole, what was said, whether the splitter bears a part, the shares.
    #[test]
    fn shares_sum_to_the_whole() {
        let parts = |total, amounts: &[Option<u64>], with| {
            let parts = divided(total, &people(amounts), with);
            parts.map(|parts| parts.into_iter().map(|(_, paise)| paise).collect::<Vec<_>>())
        };
        for (total, amounts, with, shares) in [
            (10_000, &[None, None][..], true, &[3_334, 3_333, 3_333][..]),
            (10_001, &[None, None], true, &[3_334, 3_334, 3_333]),
            (3, &[None, None], true, &[1, 1, 1]),
            (10_000, &[Some(2_500), None], true, &[2_500, 3_750, 3_750]),
            (10_000, &[Some(2_500), Some(7_500)], false, &[2_500, 7_500]),
            (10_000, &[Some(9_999), None], false, &[9_999, 1]),
        ] {
            let got = parts(total, amounts, with).unwrap();
            assert_eq!(got, shares);
            assert_eq!(got.iter().sum::<u64>(), total);
        }
        for (total, amounts, with) in [
            (2, &[None, None][..], true),
            (10_000, &[Some(2_500)], false),
            (10_000, &[Some(10_001)], true),
            (10_000, &[Some(10_000), None], false),
            (10_000, &[Some(0), None], true),
            (u64::MAX, &[Some(u64::MAX), Some(1)], false),
        ] {
            assert_eq!(parts(total, amounts, with), Err(Refusal::SharesInvalid), "{total} {amounts:?}");
        }
    }
}

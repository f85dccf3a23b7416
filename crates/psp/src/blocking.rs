//! Addresses that a customer wants nothing to do with. What they ask for is refused before the customer sees it (code TM), and the
//! customer does not pay them by mistake. What enough customers report is spam for all of them (code S0).
//!
//! A few who agree among themselves could silence anybody that way, so a report is taken only from who had to do with the address: was
//! asked for money by it, was paid by it, or paid it and claims that back. It weighs less after ten days and nothing after thirty.

use crate::binding::customer_of;
use crate::defences::{Defence, Defences};
use crate::disputes::Dispute;
use crate::records::{CollectRequest, Customer, DeviceId, Direction, Payment, PaymentState};
use crate::refusal::Refusal;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use upi::address::Address;
use upi::disputes::State;
use values::{Operation, Record, Records, Timestamp};

/// What reports weigh together that make an address spam for all: those of three customers within ten days, of six within thirty.
pub const SPAM_FROM: u32 = 6;
/// What a report weighs until then, after it was made.
const WEIGHTS: [(Duration, u32); 2] = [(Duration::from_secs(10 * 86_400), 2), (REPORTS_COUNT_FOR, 1)];
/// How long a report counts.
const REPORTS_COUNT_FOR: Duration = Duration::from_secs(30 * 86_400);

/// An address that a customer blocked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockedAddress {
    /// The customer, 12 digits.
    pub mobile: String,
    /// The address, lower case.
    pub address: String,
    /// Whether the customer reported it too.
    pub reported: bool,
    /// When it was blocked.
    pub at: Timestamp,
}

impl Record for BlockedAddress {
    type Key = (String, String);
    const TABLE: &'static str = "psp_blocked";
    fn key(&self) -> Self::Key {
        (self.mobile.clone(), self.address.clone())
    }
}

/// Who reported an address, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportedAddress {
    /// The address, lower case.
    pub address: String,
    /// The customers, each once, with the time of the report.
    pub by: Vec<(String, Timestamp)>,
}

impl Record for ReportedAddress {
    type Key = String;
    const TABLE: &'static str = "psp_reported";
    fn key(&self) -> String {
        self.address.clone()
    }
}

/// What a customer had to do with an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Dealing {
    /// A request for money that came from it, by its transaction.
    Request(String),
    /// A payment from it that succeeded, or one to it that the customer claims back.
    Payment(String, Direction),
}

/// Blocks an address, and reports it if that is wished. Said again it is the same block; a report is never taken back by it.
pub struct Block {
    /// The phone that asks.
    pub device: DeviceId,
    /// The address.
    pub address: String,
    /// Whether it is reported too.
    pub report: bool,
    /// What the customer had to do with it, if it is reported.
    pub dealing: Option<Dealing>,
    /// Which checks stand.
    pub defences: Defences,
}

impl Operation for Block {
    type Answer = ();
    type Refusal = Refusal;
    const NAME: &'static str = "psp.block";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<(), Refusal> {
        let customer = customer_of(records, self.device)?;
        let address = lower(&self.address)?;
        if customer.addresses.contains(&address) {
            return Err(Refusal::AddressInvalid);
        }
        let known = records.find::<BlockedAddress>(&(customer.mobile.clone(), address.clone()));
        let reported = self.report || known.as_ref().is_some_and(|known| known.reported);
        let at = known.map_or(now, |known| known.at);
        if self.report {
            let dealt = self
                .dealing
                .as_ref()
                .is_some_and(|dealing| has_dealt(records, &customer.mobile, &address, dealing));
            if !dealt && self.defences.stands(Defence::ReportDealings) {
                return Err(Refusal::NothingToReport);
            }
            report(records, &customer, &address, now);
        }
        records.put(BlockedAddress { mobile: customer.mobile, address, reported, at });
        Ok(())
    }
}

/// Ends a block. A report of the address ends with it.
pub struct Unblock {
    /// The phone that asks.
    pub device: DeviceId,
    /// The address.
    pub address: String,
}

impl Operation for Unblock {
    type Answer = ();
    type Refusal = Refusal;
    const NAME: &'static str = "psp.unblock";

    fn apply<W: Records>(&self, records: &mut W, _: Timestamp) -> Result<(), Refusal> {
        let customer = customer_of(records, self.device)?;
        let key = (customer.mobile.clone(), lower(&self.address)?);
        records.find::<BlockedAddress>(&key).ok_or(Refusal::NotFound)?;
        if let Some(mut reported) = records.find::<ReportedAddress>(&key.1) {
            reported.by.retain(|(mobile, _)| *mobile != customer.mobile);
            records.put(reported);
        }
        records.remove::<BlockedAddress>(&key);
        Ok(())
    }
}

fn lower(address: &str) -> Result<String, Refusal> {
    Address::parse(address).map(|address| address.to_lower()).map_err(|_| Refusal::AddressInvalid)
}

/// Whether the customer's own records say so.
fn has_dealt<W: Records>(records: &mut W, mobile: &str, address: &str, dealing: &Dealing) -> bool {
    match dealing {
        Dealing::Request(id) => records
            .find::<CollectRequest>(&(mobile.to_owned(), id.clone()))
            .is_some_and(|request| request.payee == address),
        Dealing::Payment(id, direction) => {
            let key = (mobile.to_owned(), id.clone(), *direction);
            let payment = records.find::<Payment>(&key);
            let was_paid = payment
                .is_some_and(|payment| payment.other == address && payment.state == PaymentState::Success);
            was_paid && (*direction == Direction::Received || is_disputed(records, mobile, id))
        }
    }
}

/// Whether the customer claims a payment back, and has not lost the claim: whoever pays a rupee has had to do with an address by nobody's will
/// but their own, and says nothing of it by that.
fn is_disputed<W: Records>(records: &mut W, mobile: &str, payment: &str) -> bool {
    let dispute = records.find::<Dispute>(&(mobile.to_owned(), payment.to_owned()));
    dispute.is_some_and(|dispute| {
        dispute.refused.is_none() && !matches!(dispute.state(), Some(State::Closed(_)))
    })
}

/// A claim came to nothing: a report that could rest on it ends with it. The block stays.
pub(crate) fn claim_lost<W: Records>(records: &mut W, mobile: &str, address: &str) {
    if let Some(mut reported) = records.find::<ReportedAddress>(&address.to_owned())
        && reported.by.iter().any(|(by, _)| by == mobile)
    {
        reported.by.retain(|(by, _)| by != mobile);
        records.put(reported);
    }
}

fn report<W: Records>(records: &mut W, customer: &Customer, address: &str, now: Timestamp) {
    let known = records.find::<ReportedAddress>(&address.to_owned());
    let mut by = known.map(|known| known.by).unwrap_or_default();
    by.retain(|(mobile, at)| *mobile != customer.mobile && now.since(*at) < REPORTS_COUNT_FOR);
    by.push((customer.mobile.clone(), now));
    records.put(ReportedAddress { address: address.to_owned(), by });
}

/// Whether a customer blocked this address.
pub(crate) fn is_blocked<W: Records>(records: &mut W, mobile: &str, address: &str) -> bool {
    let key = (mobile.to_owned(), address.to_ascii_lowercase());
    records.find::<BlockedAddress>(&key).is_some()
}

/// The code with which a request for money is refused that a customer is not to see.
pub(crate) fn refusal_of<W: Records>(
    records: &mut W,
    mobile: &str,
    asker: &str,
    now: Timestamp,
) -> Option<&'static str> {
    if is_blocked(records, mobile, asker) {
        return Some("TM");
    }
    let reported = records.find::<ReportedAddress>(&asker.to_owned())?;
    let weight = |at: Timestamp| {
        let age = now.since(at);
        WEIGHTS.iter().find(|(until, _)| age < *until).map_or(0, |(_, weight)| *weight)
    };
    let weighs: u32 = reported.by.iter().map(|(_, at)| weight(*at)).sum();
    (weighs >= SPAM_FROM).then_some("S0")
}

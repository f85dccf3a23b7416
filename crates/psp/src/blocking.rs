//! Addresses that a customer wants nothing to do with. What they ask for is refused before the customer sees it (code TM), and the
//! customer does not pay them by mistake. What enough customers report is spam for all of them (code S0).

use crate::binding::customer_of;
use crate::records::{Customer, DeviceId};
use crate::refusal::Refusal;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use upi::address::Address;
use values::{Operation, Record, Records, Timestamp};

/// So many customers who report an address, within `REPORTS_COUNT_FOR`, make it spam for all.
pub const REPORTS_MOST: usize = 3;
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

/// Blocks an address, and reports it if that is wished. Said again it is the same block; a report is never taken back by it.
pub struct Block {
    /// The phone that asks.
    pub device: DeviceId,
    /// The address.
    pub address: String,
    /// Whether it is reported too.
    pub report: bool,
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
    let counting = reported.by.iter().filter(|(_, at)| now.since(*at) < REPORTS_COUNT_FOR).count();
    (counting >= REPORTS_MOST).then_some("S0")
}

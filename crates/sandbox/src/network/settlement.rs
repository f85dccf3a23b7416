//! Settlement: days, what counted on them, and what each institution owes or is owed.
//!
//! A payment counts on the day its request came (DE 15 on the way to the issuer), once it is approved. Cut-over
//! opens the next day; the old one is closed when nothing of it is in flight any more, and then stays as it
//! is. A reversal of a counted payment counts on the day it comes.

use crate::digest::Digest;
use crate::directory::Directory;
use serde::{Deserialize, Serialize};
use values::time::Zone;
use values::{Currency, Operation, Record, Records, Residency, Timestamp};

/// Whether an institution's line is signed on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Participant {
    /// Institution code.
    pub code: String,
    /// Signed on or off.
    pub signed_on: bool,
    /// Since when.
    pub since: Timestamp,
}

impl Record for Participant {
    type Key = String;
    const TABLE: &'static str = "participants";
    const RESIDENCY: Residency = Residency::Memory;
    fn key(&self) -> String {
        self.code.clone()
    }
}

/// Signs an institution on or off.
#[derive(Clone, Debug)]
pub struct SignOn {
    /// Institution code.
    pub code: String,
    /// On or off.
    pub on: bool,
}

impl Operation for SignOn {
    type Answer = ();
    type Refusal = std::convert::Infallible;
    const NAME: &'static str = "network.sign_on";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<(), Self::Refusal> {
        let known = records.find::<Participant>(&self.code).is_some_and(|known| known.signed_on == self.on);
        if !known {
            records.put(Participant { code: self.code.clone(), signed_on: self.on, since: now });
        }
        Ok(())
    }
}

/// How far a settlement day has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DayState {
    /// New requests belong to it.
    Open,
    /// Cut over; what is in flight still belongs to it.
    Closing,
    /// Its positions are final.
    Closed,
    /// Everybody has been handed their file of it.
    Delivered,
}

impl DayState {
    /// Whether its positions change no more.
    pub fn is_final(self) -> bool {
        matches!(self, DayState::Closed | DayState::Delivered)
    }
}

/// One settlement day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettlementDay {
    /// `YYYYMMDD`.
    pub date: u32,
    /// How far it has come.
    pub state: DayState,
    /// Requests of it that have neither an answer nor a time-out.
    pub in_flight: u32,
    /// When the next day began; not known for days cut over before it was kept.
    pub cut_at: Option<Timestamp>,
}

impl Record for SettlementDay {
    type Key = u32;
    const TABLE: &'static str = "settlement_days";
    const RESIDENCY: Residency = Residency::Memory;
    fn key(&self) -> u32 {
        self.date
    }
}

/// Which day is open: a single record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenDay {
    /// Always `network`.
    pub name: String,
    /// `YYYYMMDD`.
    pub date: u32,
}

impl Record for OpenDay {
    type Key = String;
    const TABLE: &'static str = "open_day";
    const RESIDENCY: Residency = Residency::Memory;
    fn key(&self) -> String {
        self.name.clone()
    }
}

/// What one institution owes (debit) and is owed (credit) on one day, minor units. Gross, both sides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettlementPosition {
    /// `YYYYMMDD`.
    pub date: u32,
    /// The currency.
    pub currency: Currency,
    /// Institution code.
    pub institution: String,
    /// How many movements it owes.
    pub debit_count: u32,
    /// What it owes, minor units.
    pub debit: u64,
    /// How many movements it is owed.
    pub credit_count: u32,
    /// What it is owed, minor units.
    pub credit: u64,
}

impl Record for SettlementPosition {
    type Key = (u32, Currency, String);
    const TABLE: &'static str = "settlement_positions";
    const RESIDENCY: Residency = Residency::Memory;
    fn key(&self) -> Self::Key {
        (self.date, self.currency, self.institution.clone())
    }
}

impl SettlementPosition {
    /// What it receives (above zero) or pays (below), minor units.
    pub fn net(&self) -> i128 {
        i128::from(self.credit) - i128::from(self.debit)
    }
}

/// Whether a movement is a payment or its reversal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Leg {
    /// The payment or refund itself.
    Payment,
    /// Its reversal.
    Reversal,
}

/// A movement that counted: one line in the file of each of the two institutions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settled {
    /// The day it counts on, `YYYYMMDD`.
    pub date: u32,
    /// The payment, [`Digest::of_message`].
    pub message: Digest,
    /// Payment or reversal.
    pub leg: Leg,
    /// The institution that pays.
    pub debtor: String,
    /// The institution that receives.
    pub creditor: String,
    /// The currency.
    pub currency: Currency,
    /// How much, minor units.
    pub amount: u64,
    /// DE 37 of the payment.
    pub reference: String,
}

impl Record for Settled {
    type Key = (u32, Digest, Leg);
    const TABLE: &'static str = "settled";
    fn key(&self) -> Self::Key {
        (self.date, self.message, self.leg)
    }
}

/// Counts a movement in the positions of both institutions.
pub(super) fn count(records: &mut impl Records, movement: Settled) {
    let mut change = |institution: &str, owes: bool| {
        let key = (movement.date, movement.currency, institution.to_owned());
        let mut position = records.find::<SettlementPosition>(&key).unwrap_or(SettlementPosition {
            date: movement.date,
            currency: movement.currency,
            institution: institution.to_owned(),
            debit_count: 0,
            debit: 0,
            credit_count: 0,
            credit: 0,
        });
        // Amounts have twelve digits on the wire: these sums last for a million days of a million payments.
        if owes {
            position.debit_count += 1;
            position.debit = position.debit.saturating_add(movement.amount);
        } else {
            position.credit_count += 1;
            position.credit = position.credit.saturating_add(movement.amount);
        }
        records.put(position);
    };
    change(&movement.debtor, true);
    change(&movement.creditor, false);
    records.put(movement);
}

/// The open day; before the first cut-over it is today in Shanghai.
pub fn open_day(records: &mut impl Records, now: Timestamp) -> u32 {
    if let Some(open) = records.find::<OpenDay>(&NETWORK.to_owned()) {
        return open.date;
    }
    today(now)
}

/// The date in Shanghai, `YYYYMMDD`.
fn today(now: Timestamp) -> u32 {
    let today = now.civil(Zone::Shanghai);
    u32::from(today.year.unsigned_abs()) * 10_000 + u32::from(today.month) * 100 + u32::from(today.day)
}

/// The open day, if one was opened.
pub fn known_open_day(records: &mut impl Records) -> Option<u32> {
    records.find::<OpenDay>(&NETWORK.to_owned()).map(|open| open.date)
}

const NETWORK: &str = "network";

/// Adds one request in flight to the open day and returns the day.
pub(super) fn enter(records: &mut impl Records, now: Timestamp) -> u32 {
    let date = open_day(records, now);
    let day = day(records, date);
    if records.find::<OpenDay>(&NETWORK.to_owned()).is_none() {
        records.put(OpenDay { name: NETWORK.to_owned(), date });
    }
    records.put(SettlementDay { in_flight: day.in_flight + 1, ..day });
    date
}

/// Takes one request in flight off its day.
pub(super) fn leave(records: &mut impl Records, date: u32) {
    let day = day(records, date);
    records.put(SettlementDay { in_flight: day.in_flight.saturating_sub(1), ..day });
}

fn day(records: &mut impl Records, date: u32) -> SettlementDay {
    let fresh = SettlementDay { date, state: DayState::Open, in_flight: 0, cut_at: None };
    records.find::<SettlementDay>(&date).unwrap_or(fresh)
}

/// Why a day is not changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The new day is not later than the open one, or no date.
    #[error("the next settlement day must be later")]
    NotLater,
    /// The day is still open.
    #[error("the settlement day is open: cut over first")]
    Open,
    /// Requests of the day have neither an answer nor a time-out.
    #[error("requests of the day are in flight")]
    InFlight,
}

impl Refusal {
    /// The stable code.
    pub fn code(self) -> &'static str {
        match self {
            Refusal::NotLater => "not_later",
            Refusal::Open => "day_open",
            Refusal::InFlight => "in_flight",
        }
    }
}

/// Opens the next settlement day: requests from now on belong to it.
#[derive(Clone, Debug)]
pub struct CutOver {
    /// The next day, `YYYYMMDD`.
    pub next: u32,
}

impl Operation for CutOver {
    /// The day that was open.
    type Answer = u32;
    type Refusal = Refusal;
    const NAME: &'static str = "network.cut_over";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<u32, Refusal> {
        let before = open_day(records, now);
        let (month, day_of_month) = (self.next / 100 % 100, self.next % 100);
        let is_date =
            (1..=12).contains(&month) && (1..=31).contains(&day_of_month) && self.next < 1_0000_0000;
        if self.next <= before || !is_date {
            return Err(Refusal::NotLater);
        }
        let closing = day(records, before);
        records.put(SettlementDay { state: DayState::Closing, cut_at: Some(now), ..closing });
        let fresh = day(records, self.next);
        records.put(fresh);
        records.put(OpenDay { name: NETWORK.to_owned(), date: self.next });
        Ok(before)
    }
}

/// Has the open day go on to today because nothing was asked on it: it leaves no day to be closed.
#[derive(Clone, Copy, Debug)]
pub struct PassOver;

impl Operation for PassOver {
    type Answer = ();
    type Refusal = Refusal;
    const NAME: &'static str = "network.pass_over";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<(), Refusal> {
        let (before, next) = (open_day(records, now), today(now));
        if next <= before {
            return Err(Refusal::NotLater);
        }
        if day(records, before).in_flight > 0 {
            return Err(Refusal::InFlight);
        }
        if records.find::<Acquirers>(&before).is_some() {
            return Err(Refusal::Open);
        }
        if records.find::<SettlementDay>(&before).is_some() {
            records.remove::<SettlementDay>(&before);
        }
        records.put(OpenDay { name: NETWORK.to_owned(), date: next });
        Ok(())
    }
}

/// Fixes the positions of a day that was cut over.
#[derive(Clone, Debug)]
pub struct CloseDay {
    /// The day, `YYYYMMDD`.
    pub date: u32,
}

impl Operation for CloseDay {
    /// The net positions in the network's currency by institution; they sum to zero.
    type Answer = Vec<(String, i64)>;
    type Refusal = Refusal;
    const NAME: &'static str = "network.close_day";

    fn apply<W: Records>(&self, records: &mut W, _: Timestamp) -> Result<Self::Answer, Refusal> {
        let day = records.find::<SettlementDay>(&self.date).ok_or(Refusal::Open)?;
        match day.state {
            DayState::Open => return Err(Refusal::Open),
            DayState::Closing if day.in_flight > 0 => return Err(Refusal::InFlight),
            DayState::Closing => records.put(SettlementDay { state: DayState::Closed, ..day }),
            DayState::Closed | DayState::Delivered => {}
        }
        let directory = Directory::sandbox();
        let issuers = directory.institutions.iter().map(|bank| bank.code.clone());
        let acquirers = records.find::<Acquirers>(&self.date).map(|known| known.codes).unwrap_or_default();
        let mut codes: Vec<String> = issuers.chain(acquirers).collect();
        codes.sort();
        codes.dedup();
        let net = |code: String| {
            let key = (self.date, directory.network.currency(), code.clone());
            let position = records.find::<SettlementPosition>(&key)?;
            Some((code, i64::try_from(position.net()).unwrap_or(i64::MAX)))
        };
        Ok(codes.into_iter().filter_map(net).collect())
    }
}

/// Notes that every institution was handed its file of a closed day.
#[derive(Clone, Debug)]
pub struct DeliverDay {
    /// The day, `YYYYMMDD`.
    pub date: u32,
}

impl Operation for DeliverDay {
    type Answer = ();
    type Refusal = Refusal;
    const NAME: &'static str = "network.deliver_day";

    fn apply<W: Records>(&self, records: &mut W, _: Timestamp) -> Result<(), Refusal> {
        let day = records.find::<SettlementDay>(&self.date).ok_or(Refusal::Open)?;
        match day.state {
            DayState::Open => Err(Refusal::Open),
            DayState::Closing => Err(Refusal::InFlight),
            DayState::Closed => {
                records.put(SettlementDay { state: DayState::Delivered, ..day });
                Ok(())
            }
            DayState::Delivered => Ok(()),
        }
    }
}

/// The acquirers that had a movement on a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acquirers {
    /// `YYYYMMDD`.
    pub date: u32,
    /// Institution codes.
    pub codes: Vec<String>,
}

impl Record for Acquirers {
    type Key = u32;
    const TABLE: &'static str = "settlement_acquirers";
    const RESIDENCY: Residency = Residency::Memory;
    fn key(&self) -> u32 {
        self.date
    }
}

/// Remembers that an acquirer had a movement on a day.
pub(super) fn know_acquirer(records: &mut impl Records, date: u32, code: &str) {
    let mut known = records.find::<Acquirers>(&date).unwrap_or(Acquirers { date, codes: Vec::new() });
    if !known.codes.iter().any(|other| other == code) {
        known.codes.push(code.to_owned());
        records.put(known);
    }
}

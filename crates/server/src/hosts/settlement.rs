//! Settlement as hosts live it: the network closes a day and writes each institution its file; each institution
//! checks its file against its own records, which the network has never seen.

use super::issuer::Issuer;
use super::network::Network;
use acquiring::records::PaymentState;
use acquiring::{Institution, Merchant, Payment, Reference, network_line};
use iso8583::OriginalData;
use platform::acquirer::Acquirer;
use sandbox::Digest;
use sandbox::directory::Directory;
use sandbox::issuer::{Authorisation, settled};
use sandbox::network::{
    self, Acquirers, CloseDay, CutOver, DayState, DeliverDay, Difference, FileFault, Leg, Movement, PassOver,
    Settled, SettlementDay, check_file, read_file, settlement_file,
};
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};
use store::{Outcome, Store, StoreError, Value};
use values::time::{Civil, Zone};
use values::{Records, Timestamp};

/// Between two looks whether the requests of a day have ended.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// Why a day was not settled.
#[derive(Debug, thiserror::Error)]
pub enum SettlementError {
    /// Somebody's records.
    #[error("{0}")]
    Store(#[from] StoreError),
    /// The network does not close the day.
    #[error("{0}")]
    Refused(#[from] network::settlement::Refusal),
    /// A file that cannot be trusted.
    #[error("the settlement file: {0}")]
    File(#[from] FileFault),
    /// A row that no record stands behind: the operator should run `paiza verify`.
    #[error("a table and its records disagree")]
    Disagree,
}

/// A day the network has closed.
#[derive(Clone, Debug)]
pub struct ClosedDay {
    /// `YYYYMMDD`.
    pub date: u32,
    /// When the next day began.
    pub cut_at: Timestamp,
    /// The file of each institution, by code.
    pub files: Vec<(String, String)>,
}

/// Closes the open day: cuts over to the next one, waits so long for what is in flight, and fixes the positions.
///
/// A day that an earlier call cut over and could not close is finished instead, and no other is cut over: calling again
/// goes on where the first call ended.
pub fn close_day(network: &Network, patience: Duration) -> Result<ClosedDay, SettlementError> {
    let store = network.store();
    let now = store.clock().now();
    let date = match days(store, DayState::Closing)?.first() {
        Some(left) => *left,
        None => {
            let open = store.read(move |records| network::open_day(records, now))?;
            let next = day_after(open).ok_or(network::settlement::Refusal::NotLater)?;
            done(store.call(CutOver { next })?)?
        }
    };
    let until = Instant::now() + patience;
    loop {
        match store.call(CloseDay { date })? {
            Outcome::Refused(network::settlement::Refusal::InFlight) if Instant::now() < until => {
                std::thread::sleep(LOOK_AGAIN);
            }
            outcome => break drop(done(outcome)?),
        }
    }
    // A day that is closed but whose reversals still travel would show differences that vanish by themselves.
    while reversals_travel(store)? && Instant::now() < until {
        std::thread::sleep(LOOK_AGAIN);
    }
    closed_day(network, date)
}

/// When the date of the open day is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Evening {
    /// Midnight in Shanghai.
    pub at: Timestamp,
    /// Whether anything was asked or counted on that day: only then there is something to end.
    pub used: bool,
}

/// When the date of the open day is over. Nothing while no day was opened: the first request opens one.
pub fn evening(network: &Network) -> Result<Option<Evening>, SettlementError> {
    let store = network.store();
    let Some(open) = store.read(|records| network::known_open_day(records))? else { return Ok(None) };
    let asked =
        "SELECT 1 FROM switched WHERE date = $1 UNION ALL SELECT 1 FROM settled WHERE date = $1 LIMIT 1";
    let used = !store.rows(asked, &[Value::Integer(open.into())])?.rows.is_empty();
    let noon = day_after(open).and_then(noon_of);
    let half_a_day = 12 * 3_600_000;
    Ok(noon.map(|noon| Evening { at: Timestamp::from_millis(noon.millis() - half_a_day), used }))
}

/// Has an open day on which nothing was asked go on to the date of now. Answers whether the day is to be cut over instead.
/// While reversals travel it stays open: closed without them it would show differences that vanish by themselves.
pub fn at_evening(network: &Network, evening: Evening) -> Result<bool, SettlementError> {
    let store = network.store();
    if evening.used {
        return Ok(!reversals_travel(store)?);
    }
    match store.call(PassOver)? {
        Outcome::Done(()) | Outcome::Repeated(()) => Ok(false),
        // Something was asked since it was looked at.
        Outcome::Refused(_) | Outcome::Mismatch => Ok(true),
    }
}

/// A day whose positions are final, with its files made anew; they are the same each time.
pub fn closed_day(network: &Network, date: u32) -> Result<ClosedDay, SettlementError> {
    let store = network.store();
    let known = store.read(move |records| records.find::<SettlementDay>(&date))?;
    let cut_at = known.and_then(|day| day.cut_at).unwrap_or_else(|| store.clock().now());
    Ok(ClosedDay { date, cut_at, files: files(store, date)? })
}

/// Days that are closed, and whose files somebody may not have got.
pub fn undelivered(network: &Network) -> Result<Vec<u32>, SettlementError> {
    days(network.store(), DayState::Closed)
}

/// Notes that every institution has its file of a day.
pub fn delivered(network: &Network, date: u32) -> Result<(), SettlementError> {
    done(network.store().call(DeliverDay { date })?)
}

/// The days of a state, earliest first.
fn days(store: &Store, state: DayState) -> Result<Vec<u32>, SettlementError> {
    let word = if state == DayState::Closing { "closing" } else { "closed" };
    let asked = "SELECT date FROM settlement_days WHERE state = $1 ORDER BY date";
    let rows = store.rows(asked, &[Value::Text(word.to_owned())])?;
    let date = |row: &Vec<Value>| match &row[..] {
        [Value::Integer(date)] => u32::try_from(*date).ok(),
        _ => None,
    };
    rows.rows.iter().map(date).collect::<Option<_>>().ok_or(SettlementError::Disagree)
}

fn done<A, R>(outcome: Outcome<A, R>) -> Result<A, SettlementError>
where
    SettlementError: From<R>,
{
    match outcome {
        Outcome::Done(answer) | Outcome::Repeated(answer) => Ok(answer),
        Outcome::Refused(refusal) => Err(refusal.into()),
        Outcome::Mismatch => Err(SettlementError::Disagree),
    }
}

fn reversals_travel(store: &Store) -> Result<bool, StoreError> {
    let topic = Value::Text(network::TOPIC_REVERSAL.to_owned());
    Ok(!store.rows("SELECT key FROM outbox WHERE topic = $1 LIMIT 1", &[topic])?.rows.is_empty())
}

/// The files of a closed day: one for each member, also for one without movements, and for each other acquirer that had
/// some.
pub fn files(store: &Store, date: u32) -> Result<Vec<(String, String)>, SettlementError> {
    let asked = "SELECT DISTINCT message FROM settled WHERE date = $1";
    let messages = digests(store, asked, date)?;
    let (settled, acquirers) = store.read(move |records| {
        let legs = messages.iter().flat_map(|message| [(*message, Leg::Payment), (*message, Leg::Reversal)]);
        let settled: Vec<Settled> =
            legs.filter_map(|(message, leg)| records.find(&(date, message, leg))).collect();
        (settled, records.find::<Acquirers>(&date).map(|known| known.codes).unwrap_or_default())
    })?;
    let directory = Directory::sandbox();
    let issuers = directory.institutions.iter().map(|bank| bank.code.clone());
    let members = directory.acquirers.iter().map(|acquirer| acquirer.code.clone());
    let institutions: BTreeSet<String> = issuers.chain(members).chain(acquirers).collect();
    let file = |code: &str| {
        settlement_file(date, directory.network.currency(), code, &directory.network.code, &settled)
    };
    Ok(institutions.into_iter().map(|code| (code.clone(), file(&code))).collect())
}

/// The names of messages a question about one day finds.
fn digests(store: &Store, asked: &str, day: u32) -> Result<Vec<Digest>, SettlementError> {
    let rows = store.rows(asked, &[Value::Integer(day.into())])?;
    let digest = |row: &Vec<Value>| {
        let [Value::Text(text)] = &row[..] else { return None };
        let mut bytes = [0; 16];
        hex::decode_to_slice(text, &mut bytes).ok()?;
        Some(Digest(bytes))
    };
    rows.rows.iter().map(digest).collect::<Option<_>>().ok_or(SettlementError::Disagree)
}

/// What an issuer finds in its file of a day: payments of which its own records say otherwise.
pub fn check_as_issuer(issuer: &Issuer, date: u32, file: &str) -> Result<Vec<Difference>, SettlementError> {
    let day = (date % 10_000) as u16;
    let asked = "SELECT \"key\" FROM authorisations WHERE settled_on = $1 OR reversed_on = $1";
    let keys = digests(issuer.store(), asked, day.into())?;
    let known = issuer.store().read(move |records| {
        keys.iter().map(|key| records.find::<Authorisation>(key)).collect::<Option<Vec<_>>>()
    })?;
    let movements = settled::movements(&known.ok_or(SettlementError::Disagree)?, day);
    Ok(check_file(file, &movements)?)
}

/// What an acquirer finds in its file of a day.
///
/// A payment that stands as approved is in the file of the settlement date that its answer named (DE 15), and in no
/// other. Of the rest the acquirer was told no date, so it compares sums: what it should have of a payment, less what
/// earlier files gave it, is what this file must say. `cut_at` is when the network cut over: what was accepted shortly
/// before, or later, may be in the next file. What nobody knows yet (not answered, or being reversed) is taken as the
/// file has it.
pub fn check_as_acquirer(
    acquirer: &Acquirer,
    file: &str,
    earlier: &[String],
    ClosedOn { date, cut_at }: ClosedOn,
) -> Result<Vec<Difference>, SettlementError> {
    let day = (date % 10_000) as u16;
    let lines = read_file(file)?;
    let mut before: BTreeMap<Digest, i64> = BTreeMap::new();
    for file in earlier {
        for line in read_file(file)? {
            *before.entry(line.message).or_default() += line.net;
        }
    }
    let mut said: BTreeMap<Digest, i64> = BTreeMap::new();
    for line in &lines {
        *said.entry(line.message).or_default() += line.net;
    }
    let safely = Timestamp::from_millis(cut_at.millis() - millis(acquirer.institution().answer_within));
    let named = lines.iter().filter_map(|line| Reference::parse(line.reference.as_bytes()).ok());
    let references = named.chain(accepted(acquirer.store(), safely, day)?).collect();
    let mut own = Vec::new();
    for (payment, merchant) in payments(acquirer.store(), references)? {
        let message = name_of(&payment, &merchant, acquirer.institution());
        let said = said.get(&message).copied();
        let before = before.get(&message).copied().unwrap_or(0);
        let dated = payment.settled_on.filter(|_| is_cleared(&payment));
        let net = match (due(&payment), dated) {
            (Some(due), Some(date)) if date == day => due - before,
            (Some(_), Some(_)) => 0,
            (Some(due), None) => due - before,
            (None, _) => said.unwrap_or(0),
        };
        if said.is_some() || dated == Some(day) || (dated.is_none() && payment.accepted_at < safely) {
            own.push(Movement { message, net });
        }
    }
    Ok(check_file(file, &own)?)
}

/// The name that network and issuer know a payment by: what its messages say of themselves.
pub fn name_of(payment: &Payment, merchant: &Merchant, institution: &Institution) -> Digest {
    let message = network_line::request(payment, merchant, institution, None);
    Digest::of_message(&OriginalData::of(&message))
}

/// Which day an acquirer checks.
#[derive(Clone, Copy, Debug)]
pub struct ClosedOn {
    /// `YYYYMMDD`.
    pub date: u32,
    /// When the next day began.
    pub cut_at: Timestamp,
}

impl ClosedDay {
    /// The day as an acquirer checks it.
    pub fn on(&self) -> ClosedOn {
        ClosedOn { date: self.date, cut_at: self.cut_at }
    }
}

/// Whether it stands and moves money: then it belongs to one day, and nothing takes it from there.
fn is_cleared(payment: &Payment) -> bool {
    matches!(payment.state, PaymentState::Approved | PaymentState::Completed)
}

/// What the acquirer should have of a payment in all; nothing while nobody knows.
pub fn due(payment: &Payment) -> Option<i64> {
    // Amounts on the wire have twelve digits.
    let amount = i64::try_from(payment.amount).unwrap_or(i64::MAX);
    match payment.state {
        PaymentState::Pending | PaymentState::Advised | PaymentState::ReversalPending => None,
        PaymentState::Declined | PaymentState::Reversed => Some(0),
        PaymentState::Approved | PaymentState::Completed => Some(match payment.kind {
            acquiring::records::PaymentKind::Sale | acquiring::records::PaymentKind::Completion => amount,
            acquiring::records::PaymentKind::Refund => -amount,
            acquiring::records::PaymentKind::PreAuthorisation => 0,
        }),
    }
}

/// A payment is settled within days: what is older was checked with its own file.
const LOOK_BACK: Duration = Duration::from_secs(7 * 24 * 3600);

/// What was accepted before this, or names this day.
fn accepted(store: &Store, until: Timestamp, day: u16) -> Result<Vec<Reference>, SettlementError> {
    let asked =
        "SELECT reference FROM payments WHERE accepted_at >= $1 AND (accepted_at < $2 OR settled_on = $3)";
    let since = until.millis() - millis(LOOK_BACK);
    let bounds = [since, until.millis(), i64::from(day)].map(Value::Integer);
    let rows = store.rows(asked, &bounds)?;
    let reference = |row: &Vec<Value>| match &row[..] {
        [Value::Text(text)] => Reference::parse(text.as_bytes()).ok(),
        _ => None,
    };
    rows.rows.iter().map(reference).collect::<Option<_>>().ok_or(SettlementError::Disagree)
}

fn payments(
    store: &Store,
    references: BTreeSet<Reference>,
) -> Result<Vec<(Payment, Merchant)>, SettlementError> {
    Ok(store.read(move |records| {
        let mut found = Vec::new();
        for reference in references {
            // A reference the acquirer does not know stays a difference: the file names a payment not its own.
            if let Some(payment) = records.find::<Payment>(&reference)
                && let Some(merchant) = records.find::<Merchant>(&payment.merchant)
            {
                found.push((payment, merchant));
            }
        }
        found
    })?)
}

fn millis(wait: Duration) -> i64 {
    i64::try_from(wait.as_millis()).unwrap_or(i64::MAX)
}

fn noon_of(date: u32) -> Option<Timestamp> {
    let noon = Civil {
        year: i16::try_from(date / 10_000).ok()?,
        month: (date / 100 % 100) as u8,
        day: (date % 100) as u8,
        hour: 12,
        minute: 0,
        second: 0,
    };
    Timestamp::from_civil(noon, Zone::Shanghai)
}

/// The day after `YYYYMMDD`; nothing if that is no day.
fn day_after(date: u32) -> Option<u32> {
    let next = noon_of(date)?.after(Duration::from_secs(24 * 3600));
    let next = next.civil(Zone::Shanghai);
    Some(u32::from(next.year.unsigned_abs()) * 10_000 + u32::from(next.month) * 100 + u32::from(next.day))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_after_knows_the_calendar() {
        for (date, after) in [
            (20_261_122, 20_261_123),
            (20_261_231, 20_270_101),
            (20_240_228, 20_240_229),
            (20_260_228, 20_260_301),
        ] {
            assert_eq!(day_after(date), Some(after));
        }
        assert_eq!(day_after(20_261_399), None);
    }
}

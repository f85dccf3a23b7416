//! By when each side says something: dated data. The window of a chargeback and the time of a complaint are the network's; how
//! long the steps above take is not public, so ours are configuration with their own source.

use super::ladder::State;
use std::time::Duration;
use values::Timestamp;
use values::time::{Civil, Zone};

const DAY: Duration = Duration::from_secs(86_400);

/// How long a state lasts at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    /// The state.
    pub state: State,
    /// Whole days after the one in which it began, in India; it ends with the last of them.
    pub days: u32,
    /// Since when, yyyy-mm-dd.
    pub since: &'static str,
    /// Where that is written.
    pub source: &'static str,
}

const OURS: &str = "ours: no published number";

/// Every clock; of two for one state the one that began last counts.
pub const CLOCKS: &[Clock] = &[
    Clock {
        state: State::Complaint,
        days: 3,
        since: "2021-01-01",
        source: "provider's documentation of UDIR: unanswered it becomes a chargeback after T+3",
    },
    Clock { state: State::Chargeback, days: 10, since: "2021-01-01", source: OURS },
    Clock { state: State::Representment, days: 10, since: "2021-01-01", source: OURS },
    Clock { state: State::PreArbitration, days: 10, since: "2021-01-01", source: OURS },
    Clock { state: State::PreArbitrationDeclined, days: 10, since: "2021-01-01", source: OURS },
    Clock { state: State::Arbitration, days: 10, since: "2021-01-01", source: OURS },
    Clock { state: State::ArbitrationContinued, days: 30, since: "2021-01-01", source: OURS },
];

/// Days after a payment in which a chargeback may be raised (network circular: 45 for all kinds).
pub const WINDOW_DAYS: u32 = 45;

/// The first moment after so many whole days, in India.
fn end_of_day(at: Timestamp, days: u32) -> Timestamp {
    let start = Civil { hour: 0, minute: 0, second: 0, ..at.civil(Zone::Kolkata) };
    Timestamp::from_civil(start, Zone::Kolkata).unwrap_or(at).after(DAY * (days + 1))
}

/// Whether a payment may still be disputed.
pub fn may_still_raise(paid_at: Timestamp, now: Timestamp) -> bool {
    now < end_of_day(paid_at, WINDOW_DAYS)
}

/// Until when somebody has to say something in a state that began at `entered`, of a payment of `paid_at`.
pub fn due(state: State, entered: Timestamp, paid_at: Timestamp) -> Option<Timestamp> {
    // A payer who was answered may go on as long as a chargeback may be raised, and three days at least.
    if state == State::Answered {
        return Some(end_of_day(paid_at, WINDOW_DAYS).max(end_of_day(entered, 3)));
    }
    let today = day(entered);
    let clock = CLOCKS.iter().rev().find(|clock| clock.state == state && clock.since <= today.as_str())?;
    Some(end_of_day(entered, clock.days))
}

fn day(at: Timestamp) -> String {
    let Civil { year, month, day, .. } = at.civil(Zone::Kolkata);
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        crate::time::parse(text).unwrap()
    }

    #[test]
    fn clocks_end_with_a_day_in_india() {
        let paid = at("2026-11-01T10:00:00+05:30");
        for (state, entered, expected) in [
            (State::Complaint, "2026-11-30T00:00:00+05:30", Some("2026-12-04T00:00:00+05:30")),
            (State::Complaint, "2026-11-30T23:59:59+05:30", Some("2026-12-04T00:00:00+05:30")),
            (State::Answered, "2026-11-30T10:00:00+05:30", Some("2026-12-17T00:00:00+05:30")),
            (State::Answered, "2026-12-16T10:00:00+05:30", Some("2026-12-20T00:00:00+05:30")),
            (State::Chargeback, "2026-12-04T00:00:00+05:30", Some("2026-12-15T00:00:00+05:30")),
            (State::ArbitrationContinued, "2026-12-04T00:00:00+05:30", Some("2027-01-04T00:00:00+05:30")),
            (State::WithBooks, "2026-12-04T00:00:00+05:30", None),
        ] {
            assert_eq!(due(state, at(entered), paid), expected.map(at), "{state} {entered}");
        }
    }

    #[test]
    fn a_payment_is_disputed_for_forty_five_days() {
        let paid = at("2026-11-01T10:00:00+05:30");
        assert!(may_still_raise(paid, at("2026-12-16T23:59:59+05:30")));
        assert!(!may_still_raise(paid, at("2026-12-17T00:00:00+05:30")));
    }
}

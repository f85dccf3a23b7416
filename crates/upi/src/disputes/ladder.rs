//! Where a dispute stands, and which act of which side leads where. Every other act is refused.

use crate::defences::{Defence, Defences};
use serde::{Deserialize, Serialize};
use values::Timestamp;

/// Who acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The payer's: the person through the provider, or the payer's bank.
    Payer,
    /// The payee's bank.
    Payee,
    /// The network's back office.
    Network,
}

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// The payee's side gives the claim back.
    Accept,
    /// The payee's side shows that the claim is wrong.
    Defend,
    /// The payer's side goes one step up.
    Escalate,
    /// The payer's side gives the claim up.
    Withdraw,
    /// The network decides for the payer.
    RuleForPayer,
    /// The network decides for the payee.
    RuleForPayee,
    /// Whoever had to say something did not, in time.
    ClockRan,
    /// The payee's bank says that the credit stands (TCC).
    CreditConfirmed,
    /// The payee's bank says that there is no credit (RET).
    CreditReturned,
    /// The payer's bank says that nothing of the debit stands (DRC).
    DebitReversed,
    /// The payee's bank booked what it gives back.
    Collected,
    /// The payer's bank booked it to the payer.
    Paid,
}

/// Every act.
pub const ACTS: [Act; 12] = [
    Act::Accept,
    Act::Defend,
    Act::Escalate,
    Act::Withdraw,
    Act::RuleForPayer,
    Act::RuleForPayee,
    Act::ClockRan,
    Act::CreditConfirmed,
    Act::CreditReturned,
    Act::DebitReversed,
    Act::Collected,
    Act::Paid,
];

/// Why a dispute ended as it did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ground {
    /// The payee's side accepted.
    Accepted,
    /// The payee's side said nothing in time, which counts as accepted.
    DeemedAccepted,
    /// The network decided.
    Verdict,
    /// The books of the payee's bank hold no credit.
    CreditReturned,
    /// The books of the payee's bank hold the credit.
    CreditConfirmed,
    /// The books of the payer's bank hold nothing of the debit any more.
    DebitReversed,
    /// The payer's side gave it up.
    Withdrawn,
    /// The payer's side did not go on in time.
    NotPursued,
    /// The network did not decide in time: what the payee showed last stands.
    NotProven,
}

/// Where a dispute stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// A bank looks into its books (PBRB with a reason that books answer).
    WithBooks,
    /// The complaint lies with the payee's side (PBRB).
    Complaint,
    /// The payee's side answered it; the payer may go on (PR2C).
    Answered,
    /// A chargeback (B, FC, WC).
    Chargeback,
    /// Re-presented (R, FR, WR).
    Representment,
    /// Pre-arbitration (P, FP).
    PreArbitration,
    /// Declined by the payee's side (PR, FPR).
    PreArbitrationDeclined,
    /// Arbitration (AR, FAR).
    Arbitration,
    /// Continued by the payee's side: the network decides (ACC).
    ArbitrationContinued,
    /// It ended for the payer; the payee's bank is told to give the money back.
    Collecting(Ground),
    /// The payee's bank gave it back; the payer's bank is told to book it.
    Paying(Ground),
    /// The payer has the money.
    PaidBack(Ground),
    /// The payee keeps it.
    Closed(Ground),
    /// No bank said what its books hold, however often it was asked: the network's people find out.
    NotAnswered,
    /// The payee's bank does not give the money back, however often it was told to: the network's people see to it.
    NotCollected(Ground),
    /// The payer's bank does not book the money, however often it was told to: the network's people see to it.
    NotPaid(Ground),
}

/// Every state; of those with a ground one.
pub const STATES: [State; 16] = [
    State::WithBooks,
    State::Complaint,
    State::Answered,
    State::Chargeback,
    State::Representment,
    State::PreArbitration,
    State::PreArbitrationDeclined,
    State::Arbitration,
    State::ArbitrationContinued,
    State::Collecting(Ground::Accepted),
    State::Paying(Ground::Accepted),
    State::PaidBack(Ground::Accepted),
    State::Closed(Ground::NotPursued),
    State::NotAnswered,
    State::NotCollected(Ground::Accepted),
    State::NotPaid(Ground::Accepted),
];

/// Why an act is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Illegal {
    /// Not possible where the dispute stands.
    #[error("this cannot be done where the dispute stands")]
    NotNow,
    /// Another side has the word.
    #[error("another side has the word")]
    NotYours,
    /// The clock has run.
    #[error("the time for it is over")]
    TooLate,
}

impl State {
    /// Takes one act of one side at a moment, `due` being until when somebody had to say something.
    pub fn advance(
        self,
        act: Act,
        by: Side,
        (now, due): (Timestamp, Option<Timestamp>),
        defences: Defences,
    ) -> Result<State, Illegal> {
        let has_run = due.is_some_and(|due| due <= now);
        if act == Act::ClockRan {
            return if has_run { self.silence().ok_or(Illegal::NotNow) } else { Err(Illegal::NotNow) };
        }
        let next = self.next(act).ok_or(Illegal::NotNow)?;
        if self.allowed_to(act) != by && defences.stands(Defence::DisputeSide) {
            return Err(Illegal::NotYours);
        }
        if has_run && self.has_clock() && defences.stands(Defence::DisputeClock) {
            return Err(Illegal::TooLate);
        }
        Ok(next)
    }

    /// Where an act leads; nothing where it is not one of this state's.
    fn next(self, act: Act) -> Option<State> {
        use State::*;
        Some(match (self, act) {
            (WithBooks | NotAnswered, Act::CreditConfirmed) => Closed(Ground::CreditConfirmed),
            (WithBooks | NotAnswered, Act::DebitReversed) => Closed(Ground::DebitReversed),
            // The bank never booked the credit, so that it has the money and nobody is debited.
            (WithBooks | NotAnswered, Act::CreditReturned) => Paying(Ground::CreditReturned),
            (NotAnswered, Act::RuleForPayer) => Collecting(Ground::Verdict),
            (NotAnswered | NotCollected(_), Act::RuleForPayee) => Closed(Ground::Verdict),
            // The network takes it from the bank in a cycle, whatever the bank's books say.
            (NotCollected(ground), Act::RuleForPayer) => Paying(ground),
            // The payer's bank has it since the cycle, and gave it to the payer in another way.
            (NotPaid(ground), Act::RuleForPayer) => PaidBack(ground),
            (Complaint | Chargeback | PreArbitration | Arbitration, Act::Accept) => {
                Collecting(Ground::Accepted)
            }
            (Complaint, Act::Defend) => Answered,
            (Chargeback, Act::Defend) => Representment,
            (PreArbitration, Act::Defend) => PreArbitrationDeclined,
            (Arbitration, Act::Defend) => ArbitrationContinued,
            (Answered, Act::Escalate) => Chargeback,
            (Representment, Act::Escalate) => PreArbitration,
            (PreArbitrationDeclined, Act::Escalate) => Arbitration,
            (ArbitrationContinued, Act::RuleForPayer) => Collecting(Ground::Verdict),
            (ArbitrationContinued, Act::RuleForPayee) => Closed(Ground::Verdict),
            (open, Act::Withdraw) if open.is_on_ladder() => Closed(Ground::Withdrawn),
            (Collecting(ground) | NotCollected(ground), Act::Collected) => Paying(ground),
            (Paying(ground) | NotPaid(ground), Act::Paid) => PaidBack(ground),
            _ => return None,
        })
    }

    /// Where silence leads.
    fn silence(self) -> Option<State> {
        Some(match self {
            State::Complaint => State::Chargeback,
            State::Chargeback | State::PreArbitration | State::Arbitration => {
                State::Collecting(Ground::DeemedAccepted)
            }
            State::Answered | State::Representment | State::PreArbitrationDeclined => {
                State::Closed(Ground::NotPursued)
            }
            State::ArbitrationContinued => State::Closed(Ground::NotProven),
            // Nothing is decided by a bank that does not do what it is told: somebody has to look.
            State::WithBooks => State::NotAnswered,
            State::Collecting(ground) => State::NotCollected(ground),
            State::Paying(ground) => State::NotPaid(ground),
            _ => return None,
        })
    }

    /// Whose an act is.
    fn allowed_to(self, act: Act) -> Side {
        match act {
            Act::Accept | Act::Defend | Act::CreditConfirmed | Act::CreditReturned | Act::Collected => {
                Side::Payee
            }
            Act::Escalate | Act::Withdraw | Act::DebitReversed | Act::Paid => Side::Payer,
            Act::RuleForPayer | Act::RuleForPayee | Act::ClockRan => Side::Network,
        }
    }

    /// Who is to say something next; nobody once it has ended.
    pub fn waits_for(self) -> Option<Side> {
        match self {
            State::WithBooks
            | State::Complaint
            | State::Chargeback
            | State::PreArbitration
            | State::Arbitration => Some(Side::Payee),
            State::Answered | State::Representment | State::PreArbitrationDeclined => Some(Side::Payer),
            State::ArbitrationContinued | State::NotAnswered | State::NotCollected(_) | State::NotPaid(_) => {
                Some(Side::Network)
            }
            State::Collecting(_) => Some(Side::Payee),
            State::Paying(_) => Some(Side::Payer),
            State::PaidBack(_) | State::Closed(_) => None,
        }
    }

    /// Whether it is argued about: not with the books, not decided.
    pub fn is_on_ladder(self) -> bool {
        !matches!(self, State::WithBooks | State::NotAnswered) && !self.is_decided()
    }

    /// Whether somebody's clock runs in it.
    fn has_clock(self) -> bool {
        self.is_on_ladder()
    }

    /// Whether it is known who has the money in the end.
    pub fn is_decided(self) -> bool {
        matches!(self, State::Closed(_)) || self.is_for_payer()
    }

    /// Whether the payer gets the money, or has it.
    pub fn is_for_payer(self) -> bool {
        use State::*;
        matches!(self, Collecting(_) | NotCollected(_) | Paying(_) | NotPaid(_) | PaidBack(_))
    }

    /// Whether a bank is told to do something, or asked what its books hold, until it answers.
    pub fn is_repeated(self) -> bool {
        matches!(self, State::WithBooks | State::Collecting(_) | State::Paying(_))
    }

    /// Whether the network's people have to see to it, because a bank does not do its part.
    pub fn is_stuck(self) -> bool {
        matches!(self, State::NotAnswered | State::NotCollected(_) | State::NotPaid(_))
    }

    /// Whether nothing comes after it.
    pub fn has_ended(self) -> bool {
        matches!(self, State::PaidBack(_) | State::Closed(_))
    }

    /// What a side may do now.
    pub fn choices(self, side: Side) -> Vec<Act> {
        let chosen =
            [Act::Accept, Act::Defend, Act::Escalate, Act::Withdraw, Act::RuleForPayer, Act::RuleForPayee];
        let may = |act: &Act| self.allowed_to(*act) == side && self.next(*act).is_some();
        chosen.into_iter().filter(may).collect()
    }

    /// How far a dispute is: what is told later never lies before what was told earlier.
    pub fn rank(self) -> u8 {
        match self {
            State::WithBooks | State::Complaint => 0,
            State::Answered => 1,
            State::Chargeback => 2,
            State::Representment => 3,
            State::PreArbitration => 4,
            State::PreArbitrationDeclined => 5,
            State::Arbitration => 6,
            State::ArbitrationContinued => 7,
            State::NotAnswered => 8,
            State::Collecting(_) => 9,
            State::NotCollected(_) => 10,
            State::Paying(_) => 11,
            State::NotPaid(_) => 12,
            State::PaidBack(_) | State::Closed(_) => 13,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIDES: [Side; 3] = [Side::Payer, Side::Payee, Side::Network];

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    /// One line for each legal pair: state, act, who, what follows. All that stand in no line are refused.
    const LEGAL: &str = "
        with_books                Payee   CreditConfirmed  closed credit_confirmed
        with_books                Payee   CreditReturned   paying credit_returned
        with_books                Payer   DebitReversed    closed debit_reversed
        complaint                 Payee   Accept           collecting accepted
        complaint                 Payee   Defend           answered
        complaint                 Payer   Withdraw         closed withdrawn
        answered                  Payer   Escalate         chargeback
        answered                  Payer   Withdraw         closed withdrawn
        chargeback                Payee   Accept           collecting accepted
        chargeback                Payee   Defend           representment
        chargeback                Payer   Withdraw         closed withdrawn
        representment             Payer   Escalate         pre_arbitration
        representment             Payer   Withdraw         closed withdrawn
        pre_arbitration           Payee   Accept           collecting accepted
        pre_arbitration           Payee   Defend           pre_arbitration_declined
        pre_arbitration           Payer   Withdraw         closed withdrawn
        pre_arbitration_declined  Payer   Escalate         arbitration
        pre_arbitration_declined  Payer   Withdraw         closed withdrawn
        arbitration               Payee   Accept           collecting accepted
        arbitration               Payee   Defend           arbitration_continued
        arbitration               Payer   Withdraw         closed withdrawn
        arbitration_continued     Network RuleForPayer     collecting verdict
        arbitration_continued     Network RuleForPayee     closed verdict
        arbitration_continued     Payer   Withdraw         closed withdrawn
        collecting accepted       Payee   Collected        paying accepted
        paying accepted           Payer   Paid             paid_back accepted
        not_answered              Payee   CreditConfirmed  closed credit_confirmed
        not_answered              Payee   CreditReturned   paying credit_returned
        not_answered              Payer   DebitReversed    closed debit_reversed
        not_answered              Network RuleForPayer     collecting verdict
        not_answered              Network RuleForPayee     closed verdict
        not_collected accepted    Payee   Collected        paying accepted
        not_collected accepted    Network RuleForPayer     paying accepted
        not_collected accepted    Network RuleForPayee     closed verdict
        not_paid accepted         Payer   Paid             paid_back accepted
        not_paid accepted         Network RuleForPayer     paid_back accepted
    ";

    fn legal(state: State, act: Act, by: Side) -> Option<String> {
        let line = |line: &&str| {
            let line: Vec<&str> = line.split_whitespace().collect();
            let word = state.to_string();
            let words: Vec<&str> = word.split(' ').collect();
            line.starts_with(&words)
                && line[words.len()..].starts_with(&[&format!("{by:?}"), &format!("{act:?}")])
        };
        let found = LEGAL.lines().find(line)?;
        let words: Vec<&str> = found.split_whitespace().collect();
        let place = words.iter().position(|word| *word == format!("{act:?}")).unwrap();
        Some(words[place + 1..].join(" "))
    }

    #[test]
    fn every_pair_of_state_and_act() {
        let mut found = 0;
        for (state, act, by) in
            STATES.iter().flat_map(|state| ACTS.iter().flat_map(|act| SIDES.map(|by| (*state, *act, by))))
        {
            let step = state.advance(act, by, (at(5), Some(at(9))), Defences::ALL);
            let expected = legal(state, act, by);
            found += usize::from(expected.is_some());
            assert_eq!(step.ok().map(|state| state.to_string()), expected, "{state} {act:?} {by:?}");
            // A test without the rule of sides would let another side do it.
            let somebody = SIDES.iter().find_map(|side| legal(state, act, *side));
            let without = Defences::ALL.danger_without(Defence::DisputeSide);
            let step = state.advance(act, by, (at(5), Some(at(9))), without);
            assert_eq!(step.ok().map(|state| state.to_string()), somebody, "{state} {act:?} {by:?}");
        }
        assert_eq!(found, LEGAL.lines().filter(|line| !line.trim().is_empty()).count());
    }

    #[test]
    fn silence_decides_and_nobody_acts_after_it() {
        for (state, expected) in [
            (State::WithBooks, Some("not_answered")),
            (State::Complaint, Some("chargeback")),
            (State::Answered, Some("closed not_pursued")),
            (State::Chargeback, Some("collecting deemed_accepted")),
            (State::Representment, Some("closed not_pursued")),
            (State::PreArbitration, Some("collecting deemed_accepted")),
            (State::PreArbitrationDeclined, Some("closed not_pursued")),
            (State::Arbitration, Some("collecting deemed_accepted")),
            (State::ArbitrationContinued, Some("closed not_proven")),
            (State::Collecting(Ground::Verdict), Some("not_collected verdict")),
            (State::Paying(Ground::Verdict), Some("not_paid verdict")),
            (State::NotAnswered, None),
            (State::NotCollected(Ground::Verdict), None),
            (State::NotPaid(Ground::Verdict), None),
            (State::PaidBack(Ground::Verdict), None),
            (State::Closed(Ground::Withdrawn), None),
        ] {
            let ran = |now, due| state.advance(Act::ClockRan, Side::Network, (at(now), due), Defences::ALL);
            assert_eq!(
                ran(9, Some(at(9))).ok().map(|state| state.to_string()).as_deref(),
                expected,
                "{state}"
            );
            assert_eq!(ran(8, Some(at(9))), Err(Illegal::NotNow), "{state} too soon");
            assert_eq!(ran(8, None), Err(Illegal::NotNow), "{state} without a clock");
            for act in state.choices(Side::Payee).into_iter().chain(state.choices(Side::Payer)) {
                let by = state.allowed_to(act);
                let late = |defences| state.advance(act, by, (at(9), Some(at(9))), defences);
                assert_eq!(late(Defences::ALL), Err(Illegal::TooLate), "{state} {act:?}");
                assert!(late(Defences::ALL.danger_without(Defence::DisputeClock)).is_ok());
            }
        }
    }

    /// Whatever is done, a dispute goes up and ends.
    #[test]
    fn it_only_goes_up() {
        for (state, act, by) in
            STATES.iter().flat_map(|state| ACTS.iter().flat_map(|act| SIDES.map(|by| (*state, *act, by))))
        {
            for now in [5, 9] {
                if let Ok(next) = state.advance(act, by, (at(now), Some(at(9))), Defences::ALL) {
                    assert!(next.rank() > state.rank(), "{state} {act:?} {next}");
                }
            }
            assert_eq!(state.has_ended(), state.waits_for().is_none());
            assert_eq!(State::parse(&state.to_string()), Some(state));
        }
    }
}

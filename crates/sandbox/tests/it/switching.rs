//! The network: duplicates, silence, late answers and reversals, in every order.

use crate::bank::{NOON, cny};
use iso8583::{Message, Mti, OriginalData};
use ledger::testing::MemoryRecords;
use sandbox::Digest;
use sandbox::defences::Defences;
use sandbox::network::{
    self, Answered, CloseDay, CutOver, Incoming, Movement, Outcome, PassOver, Settled, SettlementPosition,
    SwitchState, Switched, TOPIC_REVERSAL, TimedOut, Verdict, check_file, settlement_file,
};
use std::collections::BTreeMap;
use values::{Currency, Operation, Records, Timestamp};

const ACQUIRER: &str = "01020000";
const BOC: &str = "01040000";

pub(crate) struct Network {
    pub(crate) records: MemoryRecords,
    pub(crate) defences: Defences,
    now: Timestamp,
}

pub(crate) fn sale(stan: u64, amount: u64) -> Message {
    let mut message = Message::new(Mti::FINANCIAL);
    message.set_text(2, "6296600100000000018").set_text(3, "000000").set_amount(cny(amount));
    message.set_text(7, "1122020500").set_number(11, stan).set_text(22, "071").set_text(32, ACQUIRER);
    message.set_number(37, 632_602_000_000 + stan).set_padded(41, "PZ000001");
    message
}

fn refund(of: &Message, stan: u64, amount: u64) -> Message {
    let mut message = sale(stan, amount);
    message.mti = Mti::FINANCIAL_ADVICE;
    message.set_text(3, "200000").set_original(OriginalData::of(of));
    message
}

pub(crate) fn reversal(of: &Message) -> Message {
    let mut message = of.clone();
    message.mti = Mti::REVERSAL_ADVICE;
    message.set_original(OriginalData::of(of)).set_text(39, "98");
    message
}

pub(crate) fn answer(of: &Message, code: &str) -> Message {
    let mut answer = Message::answer_to(of, &[2, 3, 4, 7, 11, 32, 37, 41, 49]);
    answer.set_text(39, code).set_text(38, "123456");
    answer
}

impl Network {
    pub(crate) fn new() -> Network {
        Network { records: MemoryRecords::default(), defences: Defences::ALL, now: NOON }
    }

    /// A request from the acquirer: `forward`, `in progress` or the DE 39 that is answered.
    pub(crate) fn request(&mut self, message: &Message) -> String {
        match network::prepare(message) {
            Err(answer) => answer.text(39).unwrap().to_owned(),
            Ok(Incoming::Payment { mut operation, .. }) => {
                operation.defences = self.defences;
                let Ok(outcome) = operation.apply(&mut self.records, self.now);
                match outcome {
                    Outcome::Forward { .. } => "forward".to_owned(),
                    Outcome::InProgress => "in progress".to_owned(),
                    Outcome::Answer(answer) => {
                        network::own_answer(message, &answer).text(39).unwrap().to_owned()
                    }
                }
            }
            Ok(Incoming::Reversal { mut operation }) => {
                operation.original.defences = self.defences;
                let Ok(code) = operation.apply(&mut self.records, self.now);
                network::reversal_answer(message, &code).text(39).unwrap().to_owned()
            }
            Ok(Incoming::Pass { issuer }) => format!("pass to {}", issuer.id),
            Ok(Incoming::Management { answer, operation }) => {
                if let Some(operation) = operation {
                    let Ok(()) = operation.apply(&mut self.records, self.now);
                }
                answer.text(39).unwrap().to_owned()
            }
        }
    }

    pub(crate) fn answered(&mut self, message: &Message) -> Verdict {
        let answered = Answered { defences: self.defences, ..network::answered(message).unwrap() };
        let Ok(verdict) = answered.apply(&mut self.records, self.now);
        verdict
    }

    pub(crate) fn timed_out(&mut self, message: &Message) -> Option<String> {
        let name = Digest::of_message(&OriginalData::of(message));
        let Ok(answer) =
            TimedOut { message: name, defences: self.defences }.apply(&mut self.records, self.now);
        answer.map(|answer| answer.code)
    }

    fn state(&mut self, message: &Message) -> SwitchState {
        self.records.find::<Switched>(&Digest::of_message(&OriginalData::of(message))).unwrap().state
    }

    /// The net of an institution over all days; every day sums to zero and is what its movements say.
    fn net(&mut self, institution: &str) -> i128 {
        let positions = self.records.all::<SettlementPosition>();
        let settled = self.records.all::<Settled>();
        let mut days: BTreeMap<u32, i128> = BTreeMap::new();
        for position in &positions {
            *days.entry(position.date).or_default() += position.net();
            let of_day = settled.iter().filter(|line| line.date == position.date);
            let sum = |mine: fn(&Settled) -> &String| {
                of_day.clone().filter(|l| mine(l) == &position.institution).map(|l| l.amount).sum::<u64>()
            };
            assert_eq!((position.debit, position.credit), (sum(|l| &l.debtor), sum(|l| &l.creditor)));
        }
        assert!(days.values().all(|sum| *sum == 0), "each day sums to zero");
        positions.iter().filter(|p| p.institution == institution).map(SettlementPosition::net).sum()
    }

    pub(crate) fn staged(&self) -> Vec<Message> {
        let staged = self.records.sent.values().filter(|message| message.topic == TOPIC_REVERSAL);
        staged.map(|message| network::open_reversal(&message.body).unwrap()).collect()
    }
}

#[test]
fn a_payment_counts_once_it_is_approved() {
    let mut network = Network::new();
    let message = sale(1, 1_250);
    assert_eq!(network.request(&message), "forward");
    assert_eq!(network.request(&message), "in progress");
    assert_eq!(network.net(ACQUIRER), 0);
    assert_eq!(network.answered(&answer(&message, "00")), Verdict::PassOn);
    assert_eq!((network.net(ACQUIRER), network.net(BOC)), (1_250, -1_250));
    assert_eq!(network.answered(&answer(&message, "00")), Verdict::Drop);
    assert_eq!(network.request(&message), "00", "a repeat gets the stored answer");
    assert_eq!(network.net(ACQUIRER), 1_250);
    assert_eq!(network.request(&sale(1, 1_251)), "94");
    let declined = sale(2, 500);
    network.request(&declined);
    assert_eq!(network.answered(&answer(&declined, "51")), Verdict::PassOn);
    assert_eq!(network.request(&declined), "51");
    assert_eq!(network.net(ACQUIRER), 1_250);
}

#[test]
fn silence_is_answered_and_a_late_approval_is_reversed() {
    let mut network = Network::new();
    let message = sale(1, 1_250);
    network.request(&message);
    assert_eq!(network.timed_out(&message).as_deref(), Some("91"));
    assert_eq!(network.timed_out(&message), None);
    assert_eq!(network.staged().len(), 1, "the issuer may have booked it");
    let staged = &network.staged()[0];
    assert_eq!(
        (staged.mti, staged.text(39), staged.text(15)),
        (Mti::REVERSAL_ADVICE, Some("98"), Some("1122"))
    );
    assert!(staged.original().unwrap().names(&message));
    assert_eq!(network.answered(&answer(&message, "00")), Verdict::Drop);
    assert_eq!(network.staged().len(), 1);
    assert_eq!(network.staged()[0].text(39), Some("68"));
    assert_eq!((network.request(&message).as_str(), network.net(ACQUIRER)), ("91", 0));
    let other = sale(2, 1);
    network.request(&other);
    network.answered(&answer(&other, "00"));
    assert_eq!(network.timed_out(&other), None, "an answer in time stands");
}

#[test]
fn an_advice_is_repeated_until_it_is_answered() {
    let mut network = Network::new();
    let paid = sale(1, 1_250);
    network.request(&paid);
    network.answered(&answer(&paid, "00"));
    let mut advice = refund(&paid, 2, 250);
    assert_eq!(network.request(&advice), "forward");
    assert_eq!(network.timed_out(&advice).as_deref(), Some("91"));
    assert!(network.staged().is_empty(), "an advice is not taken back");
    advice.mti = advice.mti.repeat();
    assert_eq!(network.request(&advice), "forward");
    assert_eq!(network.request(&advice), "forward", "in flight, and repeated");
    assert_eq!(network.answered(&answer(&advice, "00")), Verdict::PassOn);
    assert_eq!(network.answered(&answer(&advice, "00")), Verdict::Drop);
    assert_eq!((network.request(&advice).as_str(), network.net(ACQUIRER)), ("00", 1_000));
    assert_eq!(network.request(&reversal(&paid)), "12", "a refund of it stands");
    assert_eq!(network.request(&reversal(&advice)), "00");
    assert_eq!(network.request(&reversal(&paid)), "00");
    assert_eq!(network.net(ACQUIRER), 0);
}

/// What may happen to one payment; `answer` and `late answer` are the issuer's approval before and after the
/// network gave up waiting.
const EVENTS: [&str; 6] =
    ["request", "answer", "time-out and late answer", "request again", "reversal", "reversal again"];

fn permutations(of: &[usize]) -> Vec<Vec<usize>> {
    if of.is_empty() {
        return vec![vec![]];
    }
    let mut all = Vec::new();
    for (place, first) in of.iter().enumerate() {
        let rest: Vec<usize> =
            of.iter().enumerate().filter(|(other, _)| *other != place).map(|(_, e)| *e).collect();
        all.extend(permutations(&rest).into_iter().map(|tail| [vec![*first], tail].concat()));
    }
    all
}

#[test]
fn every_order_of_six_events_ends_with_the_right_position() {
    let mut orders = 0;
    // Every subset of the six events, in every order.
    for subset in 0..1u32 << EVENTS.len() {
        let chosen: Vec<usize> = (0..EVENTS.len()).filter(|event| subset >> event & 1 == 1).collect();
        for order in permutations(&chosen) {
            orders += 1;
            check_order(&order);
        }
    }
    assert_eq!(orders, 1_957);
}

fn check_order(order: &[usize]) {
    let said: Vec<&str> = order.iter().map(|event| EVENTS[*event]).collect();
    let mut network = Network::new();
    let message = sale(1, 1_250);
    // What the issuer's books hold: it books what is forwarded, once, and obeys a staged reversal at the end.
    let (mut booked, mut passed_on, mut reversed) = (false, false, false);
    for event in order {
        match EVENTS[*event] {
            "request" | "request again" => {
                if network.request(&message) == "forward" {
                    assert!(!booked && !reversed, "forwarded once, and never after a reversal: {said:?}");
                    booked = true;
                }
            }
            "answer" if booked => passed_on |= network.answered(&answer(&message, "00")) == Verdict::PassOn,
            "answer" => assert_eq!(network.answered(&answer(&message, "00")), Verdict::Drop, "{said:?}"),
            "time-out and late answer" => {
                network.timed_out(&message);
                if booked && network.answered(&answer(&message, "00")) == Verdict::PassOn {
                    panic!("too late to pass on: {said:?}");
                }
            }
            _ => {
                assert_eq!(network.request(&reversal(&message)), "00", "{said:?}");
                reversed = true;
            }
        }
    }
    let stands = passed_on && !reversed;
    assert_eq!(network.net(ACQUIRER), if stands { 1_250 } else { 0 }, "{said:?}");
    let staged = network.staged().len();
    assert!(staged <= 1, "one reversal: {said:?}");
    // Whatever the issuer booked and the acquirer may not rely on is taken back, but what is still in flight.
    let in_flight = booked && network.state(&message) == SwitchState::InFlight;
    let left_at_issuer = booked && staged == 0;
    assert_eq!(left_at_issuer, stands || in_flight, "{said:?}");
}

#[test]
fn a_day_is_closed_when_nothing_of_it_is_in_flight() {
    let mut network = Network::new();
    let (first, second) = (sale(1, 1_250), sale(2, 500));
    network.request(&first);
    network.answered(&answer(&first, "00"));
    network.request(&second);
    let today = network::open_day(&mut network.records, NOON);
    assert_eq!(today, 20_261_122);
    let close = CloseDay { date: today };
    assert_eq!(close.apply(&mut network.records, NOON).unwrap_err().code(), "day_open");
    for wrong in [today, today - 1, 20_261_199, 0] {
        assert_eq!(
            CutOver { next: wrong }.apply(&mut network.records, NOON).unwrap_err().code(),
            "not_later"
        );
    }
    assert_eq!(CutOver { next: 20_261_123 }.apply(&mut network.records, NOON), Ok(today));
    assert_eq!(close.apply(&mut network.records, NOON).unwrap_err().code(), "in_flight");
    let third = sale(3, 70);
    network.request(&third);
    network.answered(&answer(&third, "00"));
    network.answered(&answer(&second, "00"));
    let net = close.apply(&mut network.records, NOON).unwrap();
    assert_eq!(net, [(ACQUIRER.to_owned(), 1_750), (BOC.to_owned(), -1_750)]);
    // The reversal of a closed day's payment counts on the open day.
    assert_eq!(network.request(&reversal(&first)), "00");
    assert_eq!(close.apply(&mut network.records, NOON).unwrap(), net, "a closed day stays as it is");
    assert_eq!(network.staged()[0].text(15), Some("1123"));
    assert_eq!(network.net(ACQUIRER), 1_750 - 1_250 + 70);
    let settled = network.records.all::<Settled>();
    let name = |message: &Message| Digest::of_message(&OriginalData::of(message));
    let file = settlement_file(20_261_123, Currency::CNY, BOC, "01000000", &settled);
    let own = [Movement { message: name(&first), net: 1_250 }, Movement { message: name(&third), net: -70 }];
    assert_eq!(check_file(&file, &own), Ok(vec![]));
}

#[test]
fn management_and_nonsense_are_answered() {
    let mut network = Network::new();
    for (code, expected) in [("001", "00"), ("301", "00"), ("002", "00"), ("999", "12")] {
        let mut message = Message::new(Mti::NETWORK);
        message.set_text(7, "1122020500").set_text(11, "000001").set_text(33, ACQUIRER).set_text(70, code);
        assert_eq!(network.request(&message), expected);
    }
    let participant = network.records.find::<network::Participant>(&ACQUIRER.to_owned()).unwrap();
    assert!(!participant.signed_on);
    type Edit = fn(&mut Message);
    let edits: [(Edit, &str); 6] = [
        (
            |m| {
                m.set_text(2, "6216600100000000016");
            },
            "92",
        ),
        (
            |m| {
                m.remove(2);
            },
            "92",
        ),
        (
            |m| {
                m.remove(4);
            },
            "30",
        ),
        (
            |m| {
                m.remove(11);
            },
            "30",
        ),
        (
            |m| {
                m.remove(32);
            },
            "30",
        ),
        (
            |m| {
                m.mti = Mti::SETTLEMENT;
            },
            "12",
        ),
    ];
    for (edit, expected) in edits {
        let mut message = sale(1, 1);
        edit(&mut message);
        assert_eq!(network.request(&message), expected);
    }
}

#[test]
fn a_day_goes_on_only_if_nothing_was_asked_on_it() {
    let (mut network, day) = (Network::new(), std::time::Duration::from_secs(86_400));
    let later = NOON.after(day * 30);
    let pass = |network: &mut Network, at| PassOver.apply(&mut network.records, at).map_err(|no| no.code());
    assert_eq!(
        network::known_open_day(&mut network.records),
        None,
        "no day is open before the first request"
    );
    let first = sale(1, 1_250);
    network.request(&first);
    assert_eq!(pass(&mut network, later), Err("in_flight"));
    network.answered(&answer(&first, "00"));
    assert_eq!(pass(&mut network, later), Err("day_open"), "what counted on a day is settled on it");
    CutOver { next: 20_261_123 }.apply(&mut network.records, NOON).unwrap();
    assert_eq!(pass(&mut network, NOON), Err("not_later"));
    assert_eq!(pass(&mut network, later), Ok(()));
    assert_eq!(network::known_open_day(&mut network.records), Some(20_261_222));
    let known = network.records.all::<network::SettlementDay>();
    assert_eq!(
        known.iter().map(|day| day.date).collect::<Vec<_>>(),
        [20_261_122],
        "it leaves no day to be closed"
    );
}

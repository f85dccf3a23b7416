//! The machines of a payment: tables, every order of messages at a bank, and every fate of a payment in which messages
//! are lost, doubled, late and reordered at every leg.

use std::collections::{BTreeSet, HashSet, VecDeque};
use upi::defences::{Defence, Defences};
use upi::machines::leg::{Booking, Leg, LegInput, LegState};
use upi::machines::switch::{Answer, Beginning, Input, Outgoing, STATUS_CHECKS, State, begin};

const CONTENT: [u8; 32] = [1; 32];

fn request(content: u8, decline: Option<&str>) -> LegInput {
    LegInput::Request {
        content: [content; 32],
        decision: decline.map_or(Ok(()), |code| Err(code.to_owned())),
    }
}

/// Says what a bank answers and books, message after message.
fn told(leg: Leg, inputs: &[LegInput]) -> Vec<(String, Option<Booking>)> {
    let mut state = LegState::New;
    inputs
        .iter()
        .map(|input| {
            let step = state.advance(leg, input);
            state = step.state;
            (step.code, step.booking)
        })
        .collect()
}

#[test]
fn a_leg_at_a_bank() {
    let reversal = || LegInput::Reversal { possible: true };
    let used = || LegInput::Reversal { possible: false };
    let apply = Some(Booking::Apply);
    let undo = Some(Booking::Undo);
    for (leg, inputs, expected) in [
        (
            Leg::Debit,
            vec![request(1, None), request(1, None), request(2, None)],
            vec![("00", apply), ("00", None), ("U57", None)],
        ),
        (
            Leg::Debit,
            vec![request(1, Some("Z9")), request(1, None), reversal()],
            vec![("Z9", None), ("Z9", None), ("ND", None)],
        ),
        (
            Leg::Debit,
            vec![request(1, None), reversal(), reversal(), request(1, None)],
            vec![("00", apply), ("00", undo), ("00", None), ("XB", None)],
        ),
        (
            Leg::Debit,
            vec![reversal(), request(1, None), reversal()],
            vec![("OD", None), ("XB", None), ("OD", None)],
        ),
        (Leg::Debit, vec![request(1, None), used()], vec![("00", apply), ("00", undo)]),
        (Leg::Debit, vec![request(1, None), LegInput::Return], vec![("00", apply), ("XF", None)]),
        (Leg::Credit, vec![reversal(), request(1, None)], vec![("OC", None), ("XC", None)]),
        (
            Leg::Credit,
            vec![request(1, None), used(), reversal()],
            vec![("00", apply), ("CS", None), ("CS", None)],
        ),
        (
            Leg::Credit,
            vec![request(1, None), LegInput::Confirm, reversal()],
            vec![("00", apply), ("00", None), ("CS", None)],
        ),
        (Leg::Credit, vec![LegInput::Confirm, request(1, None)], vec![("NC", None), ("00", apply)]),
        (
            Leg::Credit,
            vec![request(1, None), reversal(), LegInput::Confirm],
            vec![("00", apply), ("00", undo), ("NC", None)],
        ),
        (
            Leg::Credit,
            vec![LegInput::Status, request(1, None), LegInput::Status],
            vec![("NO", None), ("XC", None), ("NO", None)],
        ),
        (
            Leg::Credit,
            vec![request(1, None), LegInput::Return, LegInput::Return, LegInput::Status],
            vec![("00", apply), ("00", undo), ("00", None), ("21", None)],
        ),
        (Leg::Credit, vec![LegInput::Return, request(1, None)], vec![("NC", None), ("XC", None)]),
        (
            Leg::Credit,
            vec![request(1, Some("XI")), LegInput::Status, LegInput::Return],
            vec![("XI", None), ("XI", None), ("NC", None)],
        ),
    ] {
        let expected: Vec<_> =
            expected.into_iter().map(|(code, booking)| (code.to_owned(), booking)).collect();
        assert_eq!(told(leg, &inputs), expected, "{leg:?} {inputs:?}");
    }
}

/// Every order, with repetitions, of up to six messages.
#[test]
fn every_order_up_to_six_at_a_bank() {
    let inputs = [
        request(1, None),
        request(2, None),
        request(1, Some("Z9")),
        LegInput::Reversal { possible: true },
        LegInput::Reversal { possible: false },
        LegInput::Status,
        LegInput::Confirm,
        LegInput::Return,
    ];
    for leg in [Leg::Debit, Leg::Credit] {
        let mut count = 0;
        walk(leg, &LegState::New, &inputs, 6, Books::default(), &mut count);
        assert_eq!(count, (0..=6).map(|n| 8u32.pow(n)).sum::<u32>());
    }
}

/// What was booked, and whether the bank said that nothing stands or will.
#[derive(Clone, Copy, Default)]
struct Books {
    applied: u8,
    undone: u8,
    closed: bool,
}

fn walk(leg: Leg, state: &LegState, inputs: &[LegInput], depth: usize, books: Books, count: &mut u32) {
    *count += 1;
    assert!(books.applied <= 1 && books.undone <= books.applied, "booked once, undone once and only after");
    assert_eq!(state.stands(), books.applied > books.undone, "the state is what the books say");
    assert!(!(books.closed && state.stands()), "what was reversed, or said not to be there, stays so");
    if depth == 0 {
        return;
    }
    for input in inputs {
        let step = state.advance(leg, input);
        let again = step.state.advance(leg, input);
        assert_eq!((&again.state, again.booking), (&step.state, None), "a repeat books nothing");
        assert_eq!(again.code, step.code, "a repeat is answered alike: {state:?} {input:?}");
        let undone = matches!(input, LegInput::Reversal { .. } | LegInput::Return) && step.code == "00";
        let says_none = matches!(step.code.as_str(), "OD" | "OC" | "NO" | "ND" | "21")
            || (step.code == "NC" && !matches!(input, LegInput::Confirm | LegInput::Return));
        let mut books = Books { closed: books.closed || undone || says_none, ..books };
        books.applied += u8::from(step.booking == Some(Booking::Apply));
        books.undone += u8::from(step.booking == Some(Booking::Undo));
        walk(leg, &step.state, inputs, depth - 1, books, count);
    }
}

#[test]
// long: a table of one fate per line
fn a_payment_at_the_switch() {
    let yes = || Answer::Yes;
    let no = |code: &str| Answer::No(code.to_owned());
    let code = |code: &str| code.to_owned();
    let failed = |code: &str| State::Failed(code.to_owned());
    let timeouts = |n: usize| std::iter::repeat_n(Input::StatusTimedOut, n);
    let paid = [Input::Authorised(yes()), Input::Debited(yes())];
    let unknown: Vec<Input> = paid.iter().cloned().chain([Input::CreditTimedOut]).collect();
    let asked: Vec<Input> = unknown.iter().cloned().chain(timeouts(usize::from(STATUS_CHECKS))).collect();
    let then = |before: &[Input], more: Vec<Input>| before.iter().cloned().chain(more).collect::<Vec<_>>();
    for (beginning, inputs, state, told) in [
        (Beginning::Pay, then(&paid, vec![Input::Credited(yes())]), State::Success, Some("00")),
        (Beginning::Pay, vec![Input::Authorised(no("ZH"))], failed("ZH"), Some("ZH")),
        (Beginning::Pay, vec![Input::AuthorisationTimedOut], failed("U20"), Some("U20")),
        (Beginning::Collect, vec![Input::AuthorisationTimedOut], failed("U69"), Some("U69")),
        (Beginning::Collect, vec![Input::Authorised(no("ZA"))], failed("ZA"), Some("ZA")),
        (
            Beginning::Pay,
            vec![Input::Authorised(yes()), Input::Debited(no("Z9"))],
            failed("U30"),
            Some("U30"),
        ),
        (Beginning::Pay, vec![Input::Authorised(yes()), Input::DebitUnreachable], failed("U85"), Some("U85")),
        (
            Beginning::Pay,
            vec![Input::Authorised(yes()), Input::DebitTimedOut],
            State::DebitReversalSent(code("U67")),
            None,
        ),
        (
            Beginning::Pay,
            vec![Input::Authorised(yes()), Input::DebitTimedOut, Input::DebitReversalAnswered(code("OD"))],
            failed("U67"),
            Some("U67"),
        ),
        (
            Beginning::Pay,
            vec![Input::Authorised(yes()), Input::DebitTimedOut, Input::DebitReversalTimedOut],
            State::ReversalPending(code("U67")),
            Some("RR"),
        ),
        (
            Beginning::Pay,
            vec![Input::Authorised(yes()), Input::DebitTimedOut, Input::Debited(yes())],
            State::DebitReversalSent(code("U67")),
            None,
        ),
        (
            Beginning::Pay,
            then(&paid, vec![Input::Credited(no("XI"))]),
            State::DebitReversalSent(code("U31")),
            None,
        ),
        (
            Beginning::Pay,
            then(&paid, vec![Input::CreditUnreachable, Input::DebitReversalAnswered(code("00"))]),
            failed("U88"),
            Some("U88"),
        ),
        (Beginning::Pay, then(&unknown, vec![Input::StatusAnswered(yes())]), State::Success, Some("00")),
        (Beginning::Pay, then(&unknown, vec![Input::Credited(yes())]), State::Success, Some("00")),
        (
            Beginning::Pay,
            then(&unknown, vec![Input::StatusAnswered(no("NO"))]),
            State::DebitReversalSent(code("U68")),
            None,
        ),
        (Beginning::Pay, asked.clone(), State::CreditReversalSent, None),
        (
            Beginning::Pay,
            then(&asked, vec![Input::CreditReversalAnswered(code("CS"))]),
            State::Success,
            Some("00"),
        ),
        (
            Beginning::Pay,
            then(&asked, vec![Input::CreditReversalAnswered(code("OC"))]),
            State::DebitReversalSent(code("U68")),
            None,
        ),
        (
            Beginning::Pay,
            then(&asked, vec![Input::CreditReversalAnswered(code("96"))]),
            State::Deemed,
            Some("RB"),
        ),
        (
            Beginning::Pay,
            then(&asked, vec![Input::CreditReversalTimedOut, Input::Credited(yes())]),
            State::Deemed,
            Some("RB"),
        ),
        (
            Beginning::Pay,
            then(&asked, vec![Input::CreditReversalTimedOut, Input::CreditConfirmed]),
            State::Success,
            Some("00"),
        ),
        (
            Beginning::Pay,
            then(&asked, vec![Input::CreditReversalTimedOut, Input::AdjudicationDue]),
            State::Deemed,
            Some("RB"),
        ),
        (
            Beginning::Pay,
            then(&asked, vec![Input::CreditReversalTimedOut, Input::CreditReturned]),
            State::ReturnSent,
            Some("RB"),
        ),
        (
            Beginning::Pay,
            then(
                &asked,
                vec![
                    Input::CreditReversalTimedOut,
                    Input::CreditReturned,
                    Input::DebitReversalTimedOut,
                    Input::DebitReversalAnswered(code("00")),
                ],
            ),
            State::Returned,
            Some("21"),
        ),
        (Beginning::Refund, vec![Input::Debited(no("Z9"))], failed("U30"), Some("U30")),
        (Beginning::Refund, vec![Input::Debited(yes()), Input::Credited(yes())], State::Success, Some("00")),
        (
            Beginning::PayPreApproved,
            vec![Input::Authorised(no("ZH"))],
            State::DebitReversalSent(code("ZH")),
            None,
        ),
        (
            Beginning::PayPreApproved,
            vec![Input::Authorised(yes()), Input::Credited(yes())],
            State::Success,
            Some("00"),
        ),
    ] {
        let end =
            inputs.iter().fold(begin(beginning).state, |state, input| state.advance(beginning, input).state);
        assert_eq!((&end, end.code()), (&state, told), "{inputs:?}");
    }
    // The states that are final stay so, whatever comes.
    for state in [State::Success, failed("U30")] {
        for input in [
            Input::Debited(yes()),
            Input::Credited(no("XI")),
            Input::CreditReturned,
            Input::DebitTimedOut,
            Input::CreditConfirmed,
        ] {
            let step = state.advance(Beginning::Pay, &input);
            assert!(step.late && step.state == state && step.send.is_none(), "{state:?} {input:?}");
        }
    }
}

/// A message under way.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Wire {
    To(Outgoing),
    DebitSaid(String),
    CreditSaid(String),
    StatusSaid(String),
    CreditReversalSaid(String),
    DebitReversalSaid(String),
}

/// Everything there is: the switch, both banks and their books, what is under way, and how often a message may still
/// be doubled.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct World {
    switch: State,
    debit: LegState,
    credit: LegState,
    /// What was booked of debit and credit, less what was undone.
    books: [i8; 2],
    wire: Vec<Wire>,
    doubles: u8,
}

/// How a payment begins and which defences stand.
#[derive(Clone, Copy)]
struct City {
    beginning: Beginning,
    defences: Defences,
}

impl City {
    fn first(self) -> World {
        let debited = self.beginning == Beginning::PayPreApproved;
        let debit = if debited { LegState::Applied(CONTENT) } else { LegState::New };
        let step = begin(self.beginning);
        // Whoever is asked first answers by itself, below.
        let wire = step.send.filter(|sent| *sent != Outgoing::Authorise).map(Wire::To);
        World {
            switch: step.state,
            debit,
            credit: LegState::New,
            books: [i8::from(debited), 0],
            wire: wire.into_iter().collect(),
            doubles: 1,
        }
    }

    fn takes(self, mut world: World, input: &Input) -> World {
        let step = world.switch.advance_with(self.beginning, input, self.defences);
        world.switch = step.state;
        world.wire.extend(step.send.map(Wire::To));
        world.wire.sort();
        world
    }

    /// What may happen next. Anything under way may stay there for ever: that is loss.
    fn next(self, world: &World) -> Vec<World> {
        let mut worlds = Vec::new();
        for (place, message) in world.wire.iter().enumerate() {
            let mut without = world.clone();
            without.wire.remove(place);
            worlds.extend(self.delivers(&without, message));
            if world.doubles > 0 {
                let twice = World { doubles: world.doubles - 1, ..world.clone() };
                worlds.extend(self.delivers(&twice, message));
            }
        }
        let by_itself: &[Input] = match world.switch {
            State::AuthSent | State::WaitPayer => {
                &[Input::Authorised(Answer::Yes), Input::AuthorisationTimedOut]
            }
            State::DebitSent => &[Input::DebitTimedOut],
            State::CreditSent => &[Input::CreditTimedOut],
            State::Status(_) => &[Input::StatusTimedOut],
            State::CreditReversalSent => &[Input::CreditReversalTimedOut],
            State::DebitReversalSent(_) => &[Input::DebitReversalTimedOut],
            _ => &[],
        };
        worlds.extend(by_itself.iter().map(|input| self.takes(world.clone(), input)));
        if world.switch == State::Deemed {
            worlds.push(self.adjudicates(world.clone()));
        }
        worlds
    }

    fn delivers(self, world: &World, message: &Wire) -> Vec<World> {
        let said = |code: &str| if code == "00" { Answer::Yes } else { Answer::No(code.to_owned()) };
        let at_switch = |input: Input| vec![self.takes(world.clone(), &input)];
        let at_bank = |leg: Leg, inputs: &[LegInput], answer: fn(String) -> Wire| {
            // One world for each thing a bank may decide.
            inputs.iter().map(|input| self.asks(world.clone(), leg, input, Some(answer))).collect()
        };
        match message {
            Wire::DebitSaid(code) => at_switch(Input::Debited(said(code))),
            Wire::CreditSaid(code) => at_switch(Input::Credited(said(code))),
            Wire::StatusSaid(code) => at_switch(Input::StatusAnswered(said(code))),
            Wire::CreditReversalSaid(code) => at_switch(Input::CreditReversalAnswered(code.clone())),
            Wire::DebitReversalSaid(code) => at_switch(Input::DebitReversalAnswered(code.clone())),
            Wire::To(Outgoing::Authorise | Outgoing::Adjudicate) => Vec::new(),
            Wire::To(Outgoing::Debit) => {
                at_bank(Leg::Debit, &[request(1, None), request(1, Some("Z9"))], Wire::DebitSaid)
            }
            Wire::To(Outgoing::Credit) => {
                at_bank(Leg::Credit, &[request(1, None), request(1, Some("XI"))], Wire::CreditSaid)
            }
            Wire::To(Outgoing::Status) => at_bank(Leg::Credit, &[LegInput::Status], Wire::StatusSaid),
            Wire::To(Outgoing::ReverseDebit) => {
                at_bank(Leg::Debit, &[LegInput::Reversal { possible: true }], Wire::DebitReversalSaid)
            }
            Wire::To(Outgoing::ReverseCredit) => {
                let both = [LegInput::Reversal { possible: true }, LegInput::Reversal { possible: false }];
                at_bank(Leg::Credit, &both, Wire::CreditReversalSaid)
            }
        }
    }

    fn asks(self, mut world: World, leg: Leg, input: &LegInput, answer: Option<fn(String) -> Wire>) -> World {
        let (state, place) = if leg == Leg::Debit { (&mut world.debit, 0) } else { (&mut world.credit, 1) };
        let step = state.advance_with(leg, input, self.defences);
        *state = step.state;
        world.books[place] += match step.booking {
            Some(Booking::Apply) => 1,
            Some(Booking::Undo) => -1,
            None => 0,
        };
        world.wire.extend(answer.map(|answer| answer(step.code)));
        world.wire.sort();
        world
    }

    /// The back office looks at the payee's bank and says what it sees.
    fn adjudicates(self, world: World) -> World {
        if world.credit.stands() {
            // A reversal may still be under way to the bank: it comes to nothing from now on.
            let world = self.asks(world, Leg::Credit, &LegInput::Confirm, None);
            return self.takes(world, &Input::CreditConfirmed);
        }
        let world = self.asks(world, Leg::Credit, &LegInput::Return, None);
        self.takes(world, &Input::CreditReturned)
    }

    /// Every world that can come about: how many there are and how payments end, or one that must not be.
    fn explored(self) -> Result<(usize, BTreeSet<State>), Box<World>> {
        let mut seen = HashSet::from([self.first()]);
        let mut queue = VecDeque::from([self.first()]);
        let mut ends = BTreeSet::new();
        while let Some(world) = queue.pop_front() {
            if !world.is_sound() {
                return Err(Box::new(world));
            }
            if world.switch.is_final() {
                ends.insert(world.switch.clone());
            }
            for next in self.next(&world) {
                if seen.insert(next.clone()) {
                    queue.push_back(next);
                }
            }
        }
        Ok((seen.len(), ends))
    }
}

impl World {
    /// Whether the books are what the switch says, and what the banks' own records say.
    fn is_sound(&self) -> bool {
        let [debited, credited] = self.books;
        let recorded = [i8::from(self.debit.stands()), i8::from(self.credit.stands())];
        let told = match &self.switch {
            State::Success => (debited, credited) == (1, 1),
            State::Failed(_) => (debited, credited) == (0, 0),
            State::Deemed => debited == 1,
            // The money goes back, so it must not stand with the payee.
            State::DebitReversalSent(_) | State::ReversalPending(_) | State::ReturnSent => credited == 0,
            State::Returned => (debited, credited) == (0, 0),
            _ => true,
        };
        self.books == recorded && credited <= debited && told
    }
}

/// However messages are lost, doubled, late and reordered: debits and credits never stand against what the switch says, in
/// no world and not later either. Each of the defences is needed for that.
#[test]
fn every_fate_of_a_payment() {
    for beginning in [Beginning::Pay, Beginning::PayPreApproved, Beginning::Collect, Beginning::Refund] {
        let city = City { beginning, defences: Defences::ALL };
        let (worlds, ends) = city.explored().unwrap_or_else(|world| panic!("{beginning:?}: {world:#?}"));
        assert!(worlds > 1000, "{beginning:?}: {worlds} worlds");
        let failed = |code: &str| State::Failed(code.to_owned());
        let mut expected = vec![State::Success, State::Deemed, State::Returned, failed("U31"), failed("U68")];
        match beginning {
            Beginning::Pay => expected.extend([failed("U20"), failed("U30"), failed("U67")]),
            Beginning::Collect => expected.extend([failed("U69"), failed("U30"), failed("U67")]),
            Beginning::PayPreApproved => expected.push(failed("U20")),
            Beginning::Refund => expected.extend([failed("U30"), failed("U67")]),
        }
        assert_eq!(ends, BTreeSet::from_iter(expected), "{beginning:?}: every end is reached, and no other");
    }
    for defence in [Defence::LegOnce, Defence::Forestalled, Defence::CreditStands, Defence::LateAnswers] {
        let city = City { beginning: Beginning::Pay, defences: Defences::ALL.danger_without(defence) };
        assert!(city.explored().is_err(), "without {defence:?} no payment goes wrong: is it a defence?");
    }
}

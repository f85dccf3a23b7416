//! The machine without threads, over a disk that fails: nothing acknowledged is lost, nothing done twice.

use crate::city::{Add, Counter, Edit, Page, TooMuch, page, schema};
use proptest::prelude::*;
use std::collections::{BTreeMap, HashMap};
use std::sync::mpsc::{Receiver, channel};
use store::commit::Commit;
use store::simulated::{Disk, Fault};
use store::{Driver, Executor, Outcome, StoreError, verify};
use values::{Operation, Timestamp};

type Told<O> = Result<Outcome<<O as Operation>::Answer, <O as Operation>::Refusal>, StoreError>;

const NOW: Timestamp = Timestamp::from_millis(5_000);

fn ask<O: Operation>(executor: &mut Executor<Disk>, operation: O) -> Receiver<Told<O>> {
    let (tell, told) = channel();
    executor.submit(operation, move |outcome| drop(tell.send(outcome)));
    told
}

fn run(executor: &mut Executor<Disk>, now: Timestamp) -> usize {
    let mut disk = executor.driver().clone();
    executor.run_batch(&mut disk, now)
}

fn call<O: Operation>(executor: &mut Executor<Disk>, operation: O) -> Told<O> {
    let told = ask(executor, operation);
    run(executor, NOW);
    told.try_recv().expect("every caller is told")
}

fn fold(executor: &mut Executor<Disk>) {
    if let Some(work) = executor.take_fold(NOW) {
        executor.driver().folder().unwrap().fold(&work).unwrap();
        executor.folded();
    }
}

fn open(disk: &Disk) -> Executor<Disk> {
    Executor::open(disk.clone(), &schema()).unwrap()
}

fn assert_whole(disk: &Disk) {
    let report = verify(disk.clone().view().unwrap().as_mut(), &schema()).unwrap();
    assert!(report.is_ok(), "{report:?}");
}

#[test]
fn a_batch_sees_itself_and_a_refusal_disturbs_nobody() {
    let disk = Disk::new();
    let mut executor = open(&disk);
    let first = ask(&mut executor, Add::new(1, 2));
    let refused = ask(&mut executor, Add { most: 3, ..Add::new(1, 2) });
    let last = ask(&mut executor, Add::new(1, 3));
    assert!(first.try_recv().is_err(), "nothing is answered before the commit");
    assert_eq!(run(&mut executor, NOW), 3);
    assert_eq!(first.try_recv().unwrap(), Ok(Outcome::Done(2)));
    assert_eq!(refused.try_recv().unwrap(), Ok(Outcome::Refused(TooMuch)));
    assert_eq!(last.try_recv().unwrap(), Ok(Outcome::Done(5)));
    assert_eq!(disk.facts(), 2);
    assert_eq!(call(&mut executor, Edit::Read("log".into(), 1)), Ok(Outcome::Done(Some("5".into()))));
    assert_eq!(disk.facts(), 2, "what changes nothing is not written");
}

#[test]
fn a_failed_commit_stops_everything_until_reopened() {
    for (fault, counted) in [(Fault::Lost, 1), (Fault::Kept, 3)] {
        let disk = Disk::new();
        let mut executor = open(&disk);
        assert_eq!(call(&mut executor, Add::new(1, 1)), Ok(Outcome::Done(1)));
        disk.fail_append(0, fault);
        let waiting = ask(&mut executor, Add::new(1, 2).once(1, 1));
        let beside = ask(&mut executor, Edit::Read("log".into(), 1));
        run(&mut executor, NOW);
        assert_eq!(waiting.try_recv().unwrap(), Err(StoreError::Stopped));
        assert_eq!(beside.try_recv().unwrap(), Err(StoreError::Stopped), "it saw what is not durable");
        assert_eq!(call(&mut executor, Add::new(1, 1)), Err(StoreError::Stopped));
        assert!(executor.take_fold(NOW).is_none());
        let mut executor = open(&disk);
        assert_eq!(call(&mut executor, Add::new(1, 0)), Ok(Outcome::Done(counted)), "{fault:?}");
        let again = call(&mut executor, Add::new(1, 2).once(1, 1)).unwrap();
        assert_eq!(again, if fault == Fault::Kept { Outcome::Repeated(3) } else { Outcome::Done(3) });
        fold(&mut executor);
        assert_whole(&disk);
    }
}

#[test]
fn the_next_batch_is_decided_while_one_is_on_its_way() {
    let disk = Disk::new();
    let mut executor = open(&disk);
    let first = ask(&mut executor, Add::new(1, 2));
    executor.decide(NOW);
    let commit = executor.take_commit().unwrap();
    let second = ask(&mut executor, Add::new(1, 3));
    let beside = ask(&mut executor, Edit::Read("log".into(), 1));
    executor.decide(NOW);
    assert!(executor.take_commit().is_none(), "one at a time");
    assert!(executor.take_fold(NOW).is_none(), "nothing is durable");
    let (committed, done) = commit.write(&mut disk.clone());
    assert!(first.try_recv().is_err() && second.try_recv().is_err());
    executor.committed(committed);
    // What is folded now is the first batch alone, though the second changed the same records.
    let work = executor.take_fold(NOW).unwrap();
    assert_eq!((work.through, executor.head().last), (1, 1));
    executor.driver().folder().unwrap().fold(&work).unwrap();
    executor.folded();
    assert_whole(&disk);
    done.tell();
    assert_eq!(first.try_recv().unwrap(), Ok(Outcome::Done(2)));
    assert!(second.try_recv().is_err() && beside.try_recv().is_err(), "theirs is not durable");
    assert_eq!(run(&mut executor, NOW), 2);
    assert_eq!(second.try_recv().unwrap(), Ok(Outcome::Done(5)));
    assert_eq!(beside.try_recv().unwrap(), Ok(Outcome::Done(Some("5".into()))));
    fold(&mut executor);
    assert_whole(&disk);
    assert_eq!(call(&mut open(&disk), Add::new(1, 0)), Ok(Outcome::Done(5)));
}

#[test]
fn a_failed_commit_takes_what_was_decided_on_top_of_it_along() {
    let disk = Disk::new();
    let mut executor = open(&disk);
    disk.fail_append(0, Fault::Lost);
    let first = ask(&mut executor, Add::new(1, 2));
    executor.decide(NOW);
    let commit = executor.take_commit().unwrap();
    let second = ask(&mut executor, Add::new(1, 3));
    executor.decide(NOW);
    let (committed, done) = commit.write(&mut disk.clone());
    executor.committed(committed);
    done.tell();
    assert_eq!(first.try_recv().unwrap(), Err(StoreError::Stopped));
    run(&mut executor, NOW);
    assert_eq!(second.try_recv().unwrap(), Err(StoreError::Stopped), "it saw what is not there");
    assert_eq!(disk.facts(), 0);
}

#[test]
fn what_keeps_crashes_harmless_is_needed() {
    // What is acknowledged is durable; on a disk that only says so it is lost, which is seen.
    for (lies, counted) in [(false, 3), (true, 1)] {
        let disk = Disk::new();
        let mut executor = open(&disk);
        assert_eq!(call(&mut executor, Add::new(1, 1)), Ok(Outcome::Done(1)));
        assert_eq!(call(&mut executor, Add::new(1, 2)), Ok(Outcome::Done(3)), "acknowledged");
        if lies {
            disk.lose_last_append();
        }
        let mut executor = open(&disk);
        assert_eq!(call(&mut executor, Add::new(1, 0)), Ok(Outcome::Done(counted)), "lies: {lies}");
    }
    // A request whose answer was lost with the process is made again: counted once by its key, twice without one.
    for (keyed, counted) in [(true, Outcome::Repeated(2)), (false, Outcome::Done(4))] {
        let disk = Disk::new();
        let mut executor = open(&disk);
        let request = if keyed { Add::new(1, 2).once(1, 1) } else { Add::new(1, 2) };
        disk.fail_append(0, Fault::Kept);
        assert_eq!(call(&mut executor, request), Err(StoreError::Stopped), "nobody knows");
        let mut executor = open(&disk);
        assert_eq!(call(&mut executor, request), Ok(counted), "keyed: {keyed}");
    }
}

#[test]
fn callers_that_were_never_served_are_told() {
    let mut executor = open(&Disk::new());
    let told = ask(&mut executor, Add::new(1, 1));
    drop(executor);
    assert_eq!(told.try_recv().unwrap(), Err(StoreError::Stopped));
}

#[test]
fn repeats_are_found_beyond_memory_and_forgotten_with_age() {
    let disk = Disk::new();
    let schema = schema().remember_in_memory(2).remember_repeats(std::time::Duration::from_secs(60));
    for round in 0..3 {
        let mut executor = Executor::open(disk.clone(), &schema).unwrap();
        for key in 0..20u8 {
            let answer = call(&mut executor, Add::new(u64::from(key), 1).once(key, 7)).unwrap();
            assert_eq!(answer, if round == 0 { Outcome::Done(1) } else { Outcome::Repeated(1) }, "{key}");
            if key % 3 == 0 && round == 0 {
                fold(&mut executor);
            }
        }
        assert_eq!(call(&mut executor, Add::new(3, 1).once(3, 8)), Ok(Outcome::Mismatch));
        fold(&mut executor);
    }
    let mut executor = Executor::open(disk, &schema).unwrap();
    let told = ask(&mut executor, Add::new(1, 1).once(1, 7));
    run(&mut executor, Timestamp::from_millis(5_000 + 60_000));
    assert_eq!(told.try_recv().unwrap(), Ok(Outcome::Done(2)));
}

#[test]
fn a_small_cache_forgets_only_what_is_folded() {
    let disk = Disk::new();
    let mut executor = Executor::open(disk.clone(), &schema().cache(4)).unwrap();
    for number in 0..50 {
        let text = Some(format!("text {number}"));
        call(&mut executor, Edit::Write(Page { text, ..page("atlas", number) })).unwrap();
        if number % 7 == 0 {
            fold(&mut executor);
        }
    }
    call(&mut executor, Edit::Tear("atlas".into(), 7)).unwrap();
    for number in (0..50).chain(0..50) {
        let expected = match number {
            7 => Outcome::Refused(()),
            _ => Outcome::Done(Some(format!("text {number}"))),
        };
        assert_eq!(call(&mut executor, Edit::Read("atlas".into(), number)), Ok(expected));
    }
    fold(&mut executor);
    assert_whole(&disk);
}

#[derive(Clone, Debug)]
enum Step {
    Add { id: u64, by: u64, most: u64, key: Option<u8> },
    Write(u32),
    Tear(u32),
    Run,
    HandOut,
    Land,
    Fold,
    HalfFold,
    Crash(Fault),
    Fail(Fault),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        8 => (0..4u64, 1..5u64, 0..40u64, proptest::option::of(0..12u8))
            .prop_map(|(id, by, most, key)| Step::Add { id, by, most, key }),
        2 => (0..4u32).prop_map(Step::Write),
        2 => (0..4u32).prop_map(Step::Tear),
        4 => Just(Step::Run),
        3 => Just(Step::HandOut),
        3 => Just(Step::Land),
        2 => Just(Step::Fold),
        1 => Just(Step::HalfFold),
        1 => prop_oneof![Just(Fault::Lost), Just(Fault::Kept)].prop_map(Step::Crash),
        1 => prop_oneof![Just(Fault::Lost), Just(Fault::Kept)].prop_map(Step::Fail),
    ];
    proptest::collection::vec(step, 1..80)
}

/// What a very simple store would hold.
#[derive(Clone, Debug, Default, PartialEq)]
struct Model {
    counters: BTreeMap<u64, u64>,
    answers: HashMap<u8, (u64, u64)>,
    pages: BTreeMap<u32, ()>,
}

impl Model {
    fn add(&mut self, id: u64, by: u64, most: u64, key: Option<u8>) -> Outcome<u64, TooMuch> {
        if let Some((asked, answer)) = key.and_then(|key| self.answers.get(&key)) {
            return if *asked == fingerprint(id, by) {
                Outcome::Repeated(*answer)
            } else {
                Outcome::Mismatch
            };
        }
        let count = self.counters.get(&id).unwrap_or(&0) + by;
        if count > most {
            return Outcome::Refused(TooMuch);
        }
        self.counters.insert(id, count);
        if let Some(key) = key {
            self.answers.insert(key, (fingerprint(id, by), count));
        }
        Outcome::Done(count)
    }
}

fn fingerprint(id: u64, by: u64) -> u64 {
    id * 16 + by
}

type Waiting = (Receiver<Told<Add>>, Outcome<u64, TooMuch>);

/// A batch on its way to the disk, and what the world is like once it is there.
struct Out {
    commit: Commit,
    waiting: Vec<Waiting>,
    changed: bool,
    model: Model,
}

struct World {
    disk: Disk,
    executor: Executor<Disk>,
    fault: Option<Fault>,
    model: Model,
    out: Option<Out>,
    // What the model becomes when what waits is durable too.
    next: Model,
    waiting: Vec<Waiting>,
    changed: bool,
}

impl World {
    fn hand_out(&mut self) {
        self.executor.decide(NOW);
        let Some(commit) = self.executor.take_commit() else { return };
        let (waiting, changed) = (std::mem::take(&mut self.waiting), std::mem::take(&mut self.changed));
        self.out = Some(Out { commit, waiting, changed, model: self.next.clone() });
    }

    fn land(&mut self) {
        let Some(Out { commit, waiting, changed, model }) = self.out.take() else { return };
        let fault = if changed { self.fault.take() } else { None };
        let (committed, done) = commit.write(&mut self.disk);
        self.executor.committed(committed);
        done.tell();
        for (told, expected) in waiting {
            let told = told.try_recv().expect("every caller is told");
            assert_eq!(told, if fault.is_some() { Err(StoreError::Stopped) } else { Ok(expected) });
        }
        if fault != Some(Fault::Lost) {
            self.model = model;
        }
        if fault.is_some() {
            // Whoever was decided on top of it, or waits, hears the same.
            run(&mut self.executor, NOW);
            for (told, _) in self.waiting.drain(..) {
                assert_eq!(told.try_recv().unwrap(), Err(StoreError::Stopped));
            }
            self.reopen();
        }
    }

    fn run(&mut self) {
        self.land();
        self.hand_out();
        self.land();
    }

    /// The process ends; what was on its way to the disk arrives, or does not.
    fn crash(&mut self, arrives: Fault) {
        if let Some(Out { commit, model, .. }) = self.out.take()
            && arrives == Fault::Kept
            && self.fault.is_none()
        {
            drop(commit.write(&mut self.disk));
            self.model = model;
        }
        self.reopen();
    }

    fn reopen(&mut self) {
        self.executor = open(&self.disk);
        self.out = None;
        self.waiting.clear();
        self.next = self.model.clone();
        self.changed = false;
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Add { id, by, most, key } => {
                let before = self.next.clone();
                let expected = self.next.add(id, by, most, key);
                self.changed |= before != self.next;
                let mut add = Add { most, ..Add::new(id, by) };
                if let Some(key) = key {
                    add = add.once(key, fingerprint(id, by) as u8);
                }
                self.waiting.push((ask(&mut self.executor, add), expected));
            }
            Step::Write(number) => {
                self.next.pages.insert(number, ());
                self.changed = true;
                drop(ask(&mut self.executor, Edit::Write(page("atlas", number))));
            }
            Step::Tear(number) => {
                self.next.pages.remove(&number);
                self.changed = true;
                drop(ask(&mut self.executor, Edit::Tear("atlas".into(), number)));
            }
            Step::Run => self.run(),
            Step::Fold => fold(&mut self.executor),
            Step::HalfFold => drop(self.executor.take_fold(NOW)),
            Step::HandOut => self.hand_out(),
            Step::Land => self.land(),
            Step::Crash(arrives) => self.crash(arrives),
            Step::Fail(fault) if self.fault.is_none() => {
                self.fault = Some(fault);
                self.disk.fail_append(0, fault);
            }
            Step::Fail(_) => {}
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn no_script_of_crashes_loses_or_doubles(script in steps()) {
        let disk = Disk::new();
        let mut world = World {
            executor: open(&disk), disk, fault: None, model: Model::default(), out: None, next: Model::default(),
            waiting: Vec::new(), changed: false,
        };
        script.into_iter().for_each(|step| world.step(step));
        world.run();
        world.reopen();
        let (tell, told) = channel();
        world.executor.look(|records| {
            let counters = records.all::<Counter>().into_iter().map(|c| (c.id, c.count)).collect();
            let pages: Vec<Page> = records.all::<Page>().into_iter().filter(|page| page.book == "atlas").collect();
            (counters, pages.iter().map(|page| (page.number, ())).collect())
        }, move |seen| drop(tell.send(seen)));
        run(&mut world.executor, NOW);
        let seen: (BTreeMap<u64, u64>, BTreeMap<u32, ()>) = told.try_recv().unwrap().unwrap();
        prop_assert_eq!(seen, (world.model.counters.clone(), world.model.pages.clone()));
        fold(&mut world.executor);
        assert_whole(&world.disk);
    }
}

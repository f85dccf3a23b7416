//! Provider, switch and banks in one place, each with records of its own; between them only documents.

use crate::dice::Dice;
use crate::faults::{Fate, Fault, Rule, Weather, leg_of};
use ledger::testing::MemoryRecords;
use psp::Psp;
use sandbox::defences::Defences;
use sandbox::upi::bank::{Bank, OpenAccounts};
use sandbox::upi::directory::UpiDirectory;
use sandbox::upi::switch::Switch;
use std::collections::BTreeMap;
use std::time::Duration;
use upi::mail::{ALARM, Envelope, Refused, TOLERANCE_SECONDS, TOPIC, Take, Wake};
use upi::messages::{Message, Profile};
use values::{Operation, Outbound, Records, Timestamp};

/// When every town begins: 2026-11-22, 05:30 in India.
pub const NOW: Timestamp = Timestamp::from_millis(1_795_305_600_000);
/// The provider's name on the wire.
pub const PSP: &str = "700001";
/// The switch's.
pub const SWITCH: &str = "700000";
/// A courier tries again after so long, and later where nobody answers.
const AGAIN: Duration = Duration::from_secs(5);
const AGAIN_AWAY: Duration = Duration::from_secs(30);
/// How long a delivery takes.
const DELIVERY: Duration = Duration::from_millis(10);

#[derive(Clone)]
enum Role {
    Psp(Psp),
    Switch(Switch),
    Bank(Bank),
}

struct Place {
    role: Role,
    records: MemoryRecords,
    down_until: Option<Timestamp>,
}

/// The parties, what goes wrong between them, and the clock.
pub struct Town {
    /// Now.
    pub now: Timestamp,
    /// Where all randomness comes from.
    pub dice: Dice,
    /// What goes wrong by chance.
    pub weather: Weather,
    /// What goes wrong by rule, and then nothing by chance.
    pub rules: Vec<Rule>,
    /// Organisations that hear and say nothing.
    pub silent: Vec<String>,
    /// Whether each of the rules struck.
    pub struck: Vec<bool>,
    places: BTreeMap<String, Place>,
    /// What billers keep; nothing where they are closed, and hear of nothing.
    pub(crate) billers: Option<MemoryRecords>,
    /// Messages that are not tried before then, by sender and name.
    held: BTreeMap<(String, String), Timestamp>,
}

impl Town {
    /// A town in which everything follows from this seed.
    pub fn new(seed: u64) -> Town {
        Town::defended(seed, Defences::ALL)
    }

    /// The same whose switch and banks have these checks.
    pub fn defended(seed: u64, defences: Defences) -> Town {
        let directory = UpiDirectory::sandbox();
        let entry = &directory.psps[0];
        let place = |role, records| Place { role, records, down_until: None };
        let psp = Role::Psp(Psp::new(entry.identity(), &entry.handles[0], SWITCH));
        let mut places = BTreeMap::new();
        places.insert(PSP.to_owned(), place(psp, MemoryRecords::default()));
        let switch = Role::Switch(Switch::new(directory).defended(defences));
        places.insert(SWITCH.to_owned(), place(switch, MemoryRecords::default()));
        for bank in &directory.banks {
            let mut records = MemoryRecords::default();
            let Ok(()) = OpenAccounts { bank }.apply(&mut records, NOW);
            let role = Role::Bank(Bank::new(bank).defended(defences));
            places.insert(bank.organisation.clone(), place(role, records));
        }
        Town {
            now: NOW,
            dice: Dice::new(seed),
            weather: Weather::default(),
            rules: Vec::new(),
            silent: Vec::new(),
            struck: Vec::new(),
            places,
            billers: None,
            held: BTreeMap::new(),
        }
    }

    fn place(&mut self, organisation: &str) -> &mut Place {
        self.places.get_mut(organisation).expect("everybody of the directory has a place")
    }

    /// What an organisation keeps.
    pub fn records(&mut self, organisation: &str) -> &mut MemoryRecords {
        &mut self.place(organisation).records
    }

    /// What the provider keeps, to look at.
    pub(crate) fn at_provider(&self) -> &MemoryRecords {
        &self.places[PSP].records
    }

    /// The provider.
    pub fn psp(&self) -> Psp {
        match &self.places[PSP].role {
            Role::Psp(psp) => psp.clone(),
            Role::Switch(_) | Role::Bank(_) => unreachable!("the provider stands in its place"),
        }
    }

    /// Has the switch judge acts in disputes with these checks.
    pub fn judge_disputes_by(&mut self, at_switch: upi::defences::Defences) {
        for place in self.places.values_mut() {
            if let Role::Switch(switch) = place.role.clone() {
                place.role = Role::Switch(switch.judging_by(at_switch));
            }
        }
    }

    /// The switch.
    pub fn switch(&self) -> Switch {
        match &self.places[SWITCH].role {
            Role::Switch(switch) => switch.clone(),
            Role::Psp(_) | Role::Bank(_) => unreachable!("the switch stands in its place"),
        }
    }

    /// A bank, by its name on the wire.
    pub fn bank(&self, organisation: &str) -> Bank {
        match &self.places[organisation].role {
            Role::Bank(bank) => bank.clone(),
            Role::Psp(_) | Role::Switch(_) => unreachable!("a bank stands in its place"),
        }
    }

    /// Has the provider and all banks judge debits under mandates with these checks.
    pub fn judge_mandates_by(&mut self, at_psp: upi::defences::Defences, at_banks: upi::defences::Defences) {
        for place in self.places.values_mut() {
            place.role = match place.role.clone() {
                Role::Psp(psp) => Role::Psp(psp.judging_by(at_psp)),
                Role::Bank(bank) => Role::Bank(bank.judging_by(at_banks)),
                switch => switch,
            };
        }
    }

    /// The same whose provider has these checks.
    #[must_use]
    pub fn with_provider(mut self, own: psp::defences::Defences) -> Town {
        let place = self.place(PSP);
        if let Role::Psp(psp) = place.role.clone() {
            place.role = Role::Psp(psp.defended(own));
        }
        self
    }

    /// Has the provider do something.
    pub fn at_psp<O: Operation>(&mut self, operation: O) -> Result<O::Answer, O::Refusal> {
        let now = self.now;
        operation.apply(self.records(PSP), now)
    }

    /// Has an organisation take a document; the code of the Ack.
    pub fn arrive(&mut self, to: &str, document: &[u8]) -> Option<String> {
        let message = read(document);
        if self.now.millis().abs_diff(message.head.at.millis()) / 1000 > TOLERANCE_SECONDS {
            return Some("H03".to_owned());
        }
        let (now, entropy) = (self.now, self.dice.bytes());
        let document = document.to_vec();
        let Place { role, records, .. } = self.place(to);
        match role.clone() {
            Role::Psp(party) => take(Take { party, message, document, entropy }, records, now),
            Role::Switch(party) => take(Take { party, message, document, entropy }, records, now),
            Role::Bank(party) => take(Take { party, message, document, entropy }, records, now),
        }
    }

    fn refuse(&mut self, from: &str, message: &str, code: &str) {
        let (now, entropy) = (self.now, self.dice.bytes());
        let (message, code) = (message.to_owned(), code.to_owned());
        let Place { role, records, .. } = self.place(from);
        match role.clone() {
            Role::Psp(party) => take(Refused { party, message, code, entropy }, records, now),
            Role::Switch(party) => take(Refused { party, message, code, entropy }, records, now),
            Role::Bank(party) => take(Refused { party, message, code, entropy }, records, now),
        }
    }

    pub(crate) fn is_away(&self, organisation: &str) -> bool {
        let place = self.places.get(organisation);
        let is_down = place.and_then(|place| place.down_until).is_some_and(|until| self.now < until);
        is_down || self.silent.iter().any(|silent| silent == organisation)
    }

    /// The messages that an organisation has to send, whether they can leave now or not.
    fn letters(place: &Place) -> impl Iterator<Item = &Outbound> {
        let from = (TOPIC.to_owned(), String::new());
        let letters = place.records.sent.range(from..).map(|(_, outbound)| outbound);
        letters.take_while(|outbound| outbound.topic == TOPIC)
    }

    /// All messages that wait to leave, with their senders.
    pub fn waiting(&self) -> Vec<(String, Outbound)> {
        let all = self.places.iter().filter(|(from, _)| !self.is_away(from));
        all.flat_map(|(from, place)| Town::letters(place).map(|letter| (from.clone(), letter.clone())))
            .collect()
    }

    /// How many messages wait to leave.
    pub fn under_way(&self) -> usize {
        self.places.values().map(|place| Town::letters(place).count()).sum()
    }

    /// Those that may be tried now, with their senders.
    fn deliverable(&self) -> Vec<(&String, &Outbound)> {
        let may = |from: &String, letter: &Outbound| {
            let until = self.held.get(&(from.clone(), letter.key.clone()));
            until.is_none_or(|until| *until <= self.now)
        };
        let all = self.places.iter().filter(|(from, _)| !self.is_away(from));
        let all = all.flat_map(|(from, place)| Town::letters(place).map(move |letter| (from, letter)));
        all.filter(|(from, letter)| self.held.is_empty() || may(from, letter)).collect()
    }

    /// Tries to deliver one message. Whether there was one.
    pub fn deliver_one(&mut self) -> bool {
        let mut dice = self.dice.clone();
        let (from, letter, count) = {
            let all = self.deliverable();
            if all.is_empty() {
                return false;
            }
            let (from, letter) = all[dice.below(all.len() as u64) as usize];
            (from.clone(), letter.clone(), all.len())
        };
        self.dice = dice;
        let envelope = Envelope::read(&letter.body).expect("a message of our own can be read");
        if self.is_away(&envelope.to) {
            self.hold(&from, &letter.key, AGAIN_AWAY);
            return true;
        }
        self.now = self.now.after(DELIVERY);
        match self.fate(&from, &letter, &envelope, count) {
            Fate::Lost => self.hold(&from, &letter.key, AGAIN),
            Fate::Held(time) => self.hold(&from, &letter.key, time),
            Fate::Crash(time, took) => {
                if took {
                    self.arrive(&envelope.to, &envelope.document);
                }
                let until = self.now.after(time);
                self.place(&envelope.to).down_until = Some(until);
                self.hold(&from, &letter.key, AGAIN);
            }
            Fate::AckLost => {
                self.arrive(&envelope.to, &envelope.document);
                self.hold(&from, &letter.key, AGAIN);
            }
            Fate::Arrives => {
                let code = self.arrive(&envelope.to, &envelope.document);
                self.held.remove(&(from.clone(), letter.key.clone()));
                self.records(&from).cancel(TOPIC, &letter.key);
                if let Some(code) = code {
                    self.refuse(&from, &letter.key, &code);
                }
            }
        }
        true
    }

    fn hold(&mut self, from: &str, key: &str, time: Duration) {
        self.held.insert((from.to_owned(), key.to_owned()), self.now.after(time));
    }

    /// What becomes of a message: by the rule for its leg, else by the weather.
    fn fate(&mut self, from: &str, letter: &Outbound, envelope: &Envelope, waiting: usize) -> Fate {
        if self.rules.is_empty() {
            return self.weather.fate(&mut self.dice);
        }
        let leg = leg_of(&read(&envelope.document));
        let Some(place) = self.rules.iter().position(|rule| rule.leg == leg) else { return Fate::Arrives };
        let is_first = !self.held.contains_key(&(from.to_owned(), letter.key.clone()));
        self.struck.resize(self.rules.len(), false);
        self.struck[place] = true;
        match self.rules[place].fault {
            Fault::Silent => Fate::Held(Duration::from_secs(600)),
            Fault::Overtaken if waiting > 1 => Fate::Held(Duration::from_millis(1)),
            _ if !is_first => Fate::Arrives,
            Fault::Lost => Fate::Lost,
            Fault::Twice => Fate::AckLost,
            Fault::Late => Fate::Held(Duration::from_secs(60)),
            Fault::TooLate => Fate::Held(Duration::from_secs(600)),
            Fault::Overtaken => Fate::Arrives,
        }
    }

    /// Rings the alarms that are due.
    pub fn ring(&mut self) {
        let now = self.now;
        let awake: Vec<String> = self.places.keys().filter(|name| !self.is_away(name)).cloned().collect();
        for organisation in awake {
            let alarms = alarms(&self.places[&organisation].records);
            let due: Vec<String> =
                alarms.filter(|alarm| alarm.due <= now).map(|alarm| alarm.key.clone()).collect();
            for what in due {
                // Two that are woken at one moment write different messages.
                let entropy = self.dice.bytes();
                let Place { role, records, .. } = self.place(&organisation);
                records.cancel(ALARM, &what);
                match role.clone() {
                    Role::Psp(party) => take(Wake { party, what, entropy }, records, now),
                    Role::Switch(party) => take(Wake { party, what, entropy }, records, now),
                    Role::Bank(party) => take(Wake { party, what, entropy }, records, now),
                }
            }
        }
        self.tell_billers();
    }

    /// Lets time pass.
    pub fn pass(&mut self, time: Duration) {
        self.now = self.now.after(time);
        self.ring();
    }

    /// Delivers until nothing can be delivered now.
    pub fn settle(&mut self) {
        while self.deliver_one() {}
    }

    /// Lets so much time pass, delivering what can be delivered.
    pub fn settle_for(&mut self, time: Duration) {
        let until = self.now.after(time);
        while self.now < until {
            let next = if self.deliver_one() { continue } else { self.next_moment() };
            // Whoever is silent never comes to an end: its time passes all the same.
            let next = next.unwrap_or(until).max(self.now.after(Duration::from_secs(1)));
            self.now = next.min(until);
            self.ring();
        }
    }

    /// Until nothing waits and nothing is under way, time passing.
    pub fn run(&mut self) {
        for _ in 0..2_000_000 {
            if !self.step() {
                return;
            }
        }
        panic!("it never ends");
    }

    /// Delivers one message, or lets time pass until something can happen. Whether anything can.
    pub fn step(&mut self) -> bool {
        if self.deliver_one() {
            if self.dice.below(16) == 0 {
                self.ring();
            }
            return true;
        }
        match self.next_moment() {
            Some(at) => {
                self.now = self.now.max(at);
                self.ring();
                true
            }
            None => false,
        }
    }

    /// When the next thing happens by itself: an alarm, a message that was held, a party that comes back.
    fn next_moment(&self) -> Option<Timestamp> {
        let each =
            self.places.iter().filter(|(name, _)| !self.silent.contains(name)).flat_map(|(name, place)| {
                let up = place.down_until.unwrap_or(self.now).max(self.now);
                let alarms = alarms(&place.records).map(|alarm| alarm.due);
                let letters = Town::letters(place).map(|letter| {
                    let held = self.held.get(&(name.clone(), letter.key.clone()));
                    held.copied().unwrap_or(self.now)
                });
                alarms.chain(letters).map(move |at| at.max(up)).min()
            });
        let billers = self.next_for_billers().map(|at| at.max(self.now));
        each.chain(billers).min()
    }

    /// Forgets what the banks text to their customers.
    pub fn forget_texts(&mut self) {
        for place in self.places.values_mut() {
            let kept = [TOPIC, ALARM, psp::bills::TOPIC];
            place.records.sent.retain(|(topic, _), _| kept.contains(&topic.as_str()));
        }
    }
}

fn alarms(records: &MemoryRecords) -> impl Iterator<Item = &Outbound> {
    let from = (ALARM.to_owned(), String::new());
    let alarms = records.sent.range(from..).map(|(_, outbound)| outbound);
    alarms.take_while(|outbound| outbound.topic == ALARM)
}

fn take<O: Operation<Refusal = std::convert::Infallible>>(
    operation: O,
    records: &mut MemoryRecords,
    now: Timestamp,
) -> O::Answer {
    let Ok(answer) = operation.apply(records, now);
    answer
}

/// Reads a document of one of the parties.
pub fn read(document: &[u8]) -> Message {
    let document = upi::xml::read(document).expect("what the parties write is XML");
    Message::read_unsigned(&document, Profile::public())
        .unwrap_or_else(|findings| panic!("what the parties write keeps the rules: {findings:?}"))
}

/// The banks' names on the wire.
pub fn banks() -> Vec<&'static str> {
    UpiDirectory::sandbox().banks.iter().map(|bank| bank.organisation.as_str()).collect()
}

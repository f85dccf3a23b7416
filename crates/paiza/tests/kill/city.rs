//! A city of processes: platform, network, two banks, telephone network, each alone; and phones and a terminal by hand.

use crate::books;
use crate::process::{Process, eventually, pause};
use sandbox::test_cards::TestCard;
use std::collections::BTreeMap;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use store::Failpoint;

/// The banks that are there.
pub(crate) const BANKS: [&str; 2] = ["boc", "harbour"];
/// The second of them.
pub(crate) const HARBOUR: usize = 1;
/// A card of each that its issuer approves, and its holder's telephone number.
const CARDS: [(&str, &str); 2] =
    [("6216600100000000016", "+8613800000001"), ("6216610100000000014", "+8613900000001")];
/// More payments than this are not needed to reach any place.
const PAYMENTS_MOST: u32 = 12;

/// A process that a person starts for one payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Party {
    Phone,
    Terminal,
}

impl Party {
    /// What its fail points are called after.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Party::Phone => "phone",
            Party::Terminal => "pos",
        }
    }
}

/// How a sale ended.
struct Sale {
    /// The terminal's exit code; none if it was killed.
    code: Option<i32>,
    /// DE 37, if the acquirer named one.
    reference: Option<String>,
    phone_died: bool,
}

pub(crate) struct City {
    folder: tempfile::TempDir,
    ports: BTreeMap<&'static str, u16>,
    running: BTreeMap<String, Process>,
    /// How many payments were asked for.
    payments: u32,
    /// How many the terminal was told are approved.
    approved: u32,
}

impl City {
    /// Starts every party and puts a card on a phone of each bank.
    pub(crate) fn start() -> City {
        let folder = tempfile::tempdir().unwrap();
        let ports = free_ports(&[
            "http",
            "terminals",
            "gateway",
            "network",
            "verification",
            "network desk",
            "telephone",
            "boc",
            "boc asked",
            "boc desk",
            "harbour",
            "harbour asked",
            "harbour desk",
            "reader",
        ]);
        let mut city = City { folder, ports, running: BTreeMap::new(), payments: 0, approved: 0 };
        std::fs::write(city.path("paiza.toml"), city.configuration()).unwrap();
        for party in ["telephone", "boc", "harbour", "network", "platform"] {
            city.revive(party);
        }
        for (bank, (card, number)) in CARDS.into_iter().enumerate() {
            city.enrol(bank, card, number);
        }
        city
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Where the parties have their records.
    pub(crate) fn data(&self) -> PathBuf {
        self.path("city")
    }

    /// Where the developers' interface is called.
    pub(crate) fn interface(&self) -> String {
        self.at("http")
    }

    /// Without a warning, whatever it is doing.
    pub(crate) fn kill(&mut self, party: &str) {
        self.running.get_mut(party).unwrap().kill();
    }

    fn at(&self, port: &str) -> String {
        format!("127.0.0.1:{}", self.ports[port])
    }

    fn configuration(&self) -> String {
        let host = |name: &str, port: &str| format!("{name} = {{ address = '{}' }}\n", self.at(port));
        let mut text = format!("[listen]\ndesk = '127.0.0.1:0'\nhttp = '{}'\n", self.at("http"));
        text += &host("terminals", "terminals");
        text += &host("gateway", "gateway");
        text += "[network]\n";
        text += &host("acquirers", "network");
        text += &host("verification", "verification");
        text += "[issuers]\n";
        BANKS.iter().for_each(|bank| text += &host(bank, bank));
        text += &format!("[telephone]\naddress = '{}'\n", self.at("telephone"));
        text += "[test_shop]\nopen = true\n";
        // A dead issuer is not waited for as long as in the field.
        text + "[waits]\nissuer_ms = 1500\nnetwork_ms = 20000\n"
    }

    fn arguments(&self, party: &str) -> Vec<String> {
        let mut words = match party {
            "platform" => vec!["serve", "--config", "paiza.toml"],
            "network" => vec!["sandbox", "network", "--answer-within-ms", "2000"],
            "telephone" => vec!["sandbox", "telephone"],
            bank => vec!["sandbox", "issuer", "--bank", bank],
        };
        let config = self.path("paiza.toml").display().to_string();
        words.iter_mut().filter(|word| **word == "paiza.toml").for_each(|word| *word = &config);
        let mut words: Vec<String> = words.into_iter().map(str::to_owned).collect();
        let mut add = |flag: &str, value: String| words.extend([flag.to_owned(), value]);
        add("--data", self.data().display().to_string());
        match party {
            "platform" => {}
            "network" => {
                add("--listen", self.at("network"));
                add("--verification", self.at("verification"));
                add("--desk", self.at("network desk"));
                add("--gateway", self.at("gateway"));
                for bank in BANKS {
                    add("--issuer", format!("{bank}={}", self.at(&format!("{bank} asked"))));
                }
            }
            "telephone" => add("--listen", self.at("telephone")),
            bank => {
                add("--listen", self.at(bank));
                add("--verification", self.at(&format!("{bank} asked")));
                add("--desk", self.at(&format!("{bank} desk")));
                add("--telephone", self.at("telephone"));
                add("--platform", self.at("http"));
            }
        }
        words
    }

    fn arm_file(&self, party: &str) -> PathBuf {
        self.path(&format!("{party}.arm"))
    }

    /// Tells a party where to die.
    pub(crate) fn arm(&self, party: &str, place: Failpoint, pass: u32) {
        let (file, beside) = (self.arm_file(party), self.path("beside"));
        std::fs::write(&beside, format!("{}:{pass}", place.name())).unwrap();
        std::fs::rename(beside, file).unwrap();
    }

    /// Starts a party over its records, and waits until it is there.
    pub(crate) fn revive(&mut self, party: &str) {
        let arm = self.arm_file(party);
        let _ = std::fs::remove_file(&arm);
        if let Some(dead) = self.running.get(party) {
            self.keeps_quiet(&dead.said());
        }
        let mut process = Process::start(party, &self.arguments(party), Some(&arm));
        assert!(process.says("Ctrl-C ends it."), "{party} does not start: {}", process.said());
        self.running.insert(party.to_owned(), process);
    }

    /// No card number in what a party prints, not even when it dies.
    fn keeps_quiet(&self, said: &str) {
        CARDS.iter().for_each(|(card, _)| assert!(!said.contains(card), "a card number was printed"));
    }

    pub(crate) fn is_dead(&mut self, party: &str) -> bool {
        self.running.get_mut(party).unwrap().has_ended()
    }

    fn run(&self, arguments: &[&str]) -> Process {
        let words: Vec<String> = arguments.iter().map(|word| (*word).to_owned()).collect();
        Process::start(arguments[0], &words, None)
    }

    fn phone(&self, bank: usize) -> String {
        self.path(&format!("phone-{}", BANKS[bank])).display().to_string()
    }

    fn enrol(&self, bank: usize, card: &str, number: &str) {
        let test = sandbox::test_cards::of_bank(BANKS[bank])
            .find(|known| known.pan().expose() == card.as_bytes())
            .unwrap();
        self.set_up(&self.phone(bank), number);
        let mut added = self.add(&self.phone(bank), test, false);
        assert!(added.ended().success(), "{}", added.said());
    }

    /// Binds a new phone in this directory to its number.
    pub(crate) fn set_up(&self, data: &str, number: &str) {
        let (http, telephone) = (self.at("http"), self.at("telephone"));
        let new = ["phone", "new", "--data", data, "--number", number, "--platform", &http];
        let new: Vec<&str> = new.into_iter().chain(["--telephone", &telephone]).collect();
        let mut process = self.run(&new);
        assert!(process.ended().success(), "{}", process.said());
    }

    /// Starts adding a card; the phone may be told where to die.
    pub(crate) fn add(&self, data: &str, card: &TestCard, dies: bool) -> Process {
        let institution = sandbox::directory::Directory::sandbox().institution(&card.bank).unwrap();
        let cvv2 = sandbox::keys::IssuerKeys::sandbox(institution).cvv2(&card.pan(), card.expiry());
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let (pan, cvv2, expiry) = (text(card.pan().expose()), text(cvv2.expose()), card.expiry().to_yymm());
        let add = ["phone", "add", "--data", data, "--pan", &pan, "--expiry", &expiry, "--cvv2", &cvv2];
        let arm = dies.then(|| self.arm_file(Party::Phone.word()));
        Process::start("phone", &add.map(str::to_owned), arm.as_ref())
    }

    /// The cards on a phone that are active and have keys, after it was brought into step with the platform.
    pub(crate) fn usable_cards(&self, data: &str) -> usize {
        self.run(&["phone", "sync", "--data", data]).ended();
        let mut process = self.run(&["--json", "phone", "cards", "--data", data]);
        assert!(process.ended().success(), "{}", process.said());
        let rows = process.all_said();
        let rows = rows.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
        rows.filter(|row| row["state"] == "active" && row["keys_left"].as_u64() > Some(0)).count()
    }

    /// Sells something to the holder of a bank's card. Either command may be told where to die; `asked` is called when
    /// the acquirer has been asked.
    fn sell_with(&mut self, bank: usize, dies: Option<Party>, asked: impl FnOnce()) -> Sale {
        self.payments += 1;
        // A different amount each time, so that sums tell.
        let amount = format!("{}.{:02}", 1 + self.payments / 100, self.payments % 100);
        let (data, reader) = (self.path("pos").display().to_string(), self.ports["reader"]);
        let (acquirer, reader) = (self.at("terminals"), format!("vpcd:{reader}"));
        let arguments = ["--json", "pos", "sale", "--amount", &amount, "--data", &data];
        let arguments = arguments.into_iter().chain(["--acquirer", &acquirer, "--reader", &reader]);
        let words: Vec<String> = arguments.map(str::to_owned).collect();
        let arm = |party: Party| (dies == Some(party)).then(|| self.arm_file(party.word()));
        let mut terminal = Process::start("pos", &words, arm(Party::Terminal).as_ref());
        let (mut phone_may_die, mut phone_died) = (arm(Party::Phone), false);
        let mut asked = Some(asked);
        if terminal.says("present a card") {
            // A phone that died in the field is held there again.
            while !terminal.has_ended() {
                let data = self.phone(bank);
                let vpcd = self.at("reader");
                let arguments = ["phone", "present", "--data", &data, "--vpcd", &vpcd].map(str::to_owned);
                let mut phone = Process::start("phone", &arguments, phone_may_die.take().as_ref());
                while !phone.has_ended() {
                    if terminal.said().contains("Authorising")
                        && let Some(asked) = asked.take()
                    {
                        asked();
                    }
                    pause();
                }
                phone_died |= phone.ended().code().is_none();
                self.keeps_quiet(&phone.all_said());
            }
        }
        let (code, said) = (terminal.ended().code(), terminal.all_said());
        self.keeps_quiet(&said);
        self.approved += u32::from(code == Some(0));
        let rows = said.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
        let ended = rows.rev().find(|row| row["event"] == "ended");
        let reference = ended.and_then(|row| row["reference"].as_str().map(str::to_owned));
        Sale { code, reference, phone_died }
    }

    fn sell(&mut self, bank: usize) -> Sale {
        self.sell_with(bank, None, || ())
    }

    /// Takes a payment back.
    fn void(&self, reference: &str) {
        let (data, acquirer) = (self.path("pos").display().to_string(), self.at("terminals"));
        let arguments = ["pos", "void", "--reference", reference, "--data", &data, "--acquirer", &acquirer];
        self.run(&arguments).ended();
    }

    /// Pays, and takes every second payment back, until a party has died where it was told to.
    pub(crate) fn pay_until_dead(&mut self, party: &str, place: Failpoint) {
        // The payments of a bank reach that bank alone.
        let bank = BANKS.iter().position(|bank| *bank == party);
        for round in 0..PAYMENTS_MOST as usize {
            if self.is_dead(party) {
                return;
            }
            let sale = self.sell(bank.unwrap_or(round % BANKS.len()));
            if let Some(reference) = sale.reference.filter(|_| sale.code == Some(0) && round % 2 == 1) {
                self.void(&reference);
            }
        }
        // It may be about to do what it does when it has nothing else to do.
        eventually(&format!("{party} dies at {}", place.name()), || self.is_dead(party));
    }

    /// A sale in which the phone or the terminal dies at this pass of a place. False if it never got there.
    pub(crate) fn sale_with_death(&mut self, party: Party, place: Failpoint, pass: u32) -> bool {
        self.arm(party.word(), place, pass);
        let sale = self.sell_with(0, Some(party), || ());
        match party {
            Party::Terminal => sale.code.is_none(),
            Party::Phone => sale.phone_died,
        }
    }

    /// Kills a party without a warning while the terminal waits for an answer.
    pub(crate) fn kill_while_authorising(&mut self, party: &str) {
        let bank = BANKS.iter().position(|bank| *bank == party).unwrap_or(0);
        let mut process = self.running.remove(party).unwrap();
        self.sell_with(bank, None, || process.kill());
        process.kill();
        self.running.insert(party.to_owned(), process);
    }

    /// Pays at each bank until it works, so that the terminal owes nothing; waits until nothing is under way. How many
    /// payments the terminal was told are approved.
    pub(crate) fn settle_down(&mut self) -> u32 {
        for bank in 0..BANKS.len() {
            eventually("a payment is approved again", || self.sell(bank).code == Some(0));
        }
        books::quiet(&self.data(), &BANKS);
        self.approved
    }

    /// Ends every party politely.
    pub(crate) fn close(&mut self) {
        for (_, mut party) in std::mem::take(&mut self.running) {
            party.terminate();
            self.keeps_quiet(&party.said());
        }
    }

    /// Ends every party, and proves their books.
    pub(crate) fn close_and_prove(mut self) {
        self.close();
        books::whole(&self.data());
        books::whole(&self.path("pos"));
        (0..BANKS.len()).for_each(|bank| books::whole(Path::new(&self.phone(bank))));
        books::exactly_once(&self.data(), &self.path("pos"), &BANKS);
    }
}

/// Ports nobody listens on. They lie below those that a machine gives to callers, so that none of them is taken by a
/// caller while its party is dead.
fn free_ports(names: &[&'static str]) -> BTreeMap<&'static str, u16> {
    let start = 12_000 + u16::from_be_bytes(crypto::random::bytes()) % 18_000;
    let mut free = (start..).filter(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok());
    names.iter().map(|name| (*name, free.next().unwrap())).collect()
}

//! Who is let into the console: operators, by their passkeys.
//!
//! The first two are founded by who has the operators' key, which lies in a file beside the platform's records, readable by
//! its owner alone, or the link that is printed at the start. Others come by invitation. In a sandbox a printed link lets a
//! named operator in without a passkey, so that whoever is new sees how it works.
//!
//! Who came in stays until a quarter of an hour passes without a request, or twelve hours in all, or until they are
//! disabled. Every way in begins a session of its own: a word that was there before is worth nothing after it. Ten wrong
//! tries lock what they were tried with for half an hour; tries are records, so a restart forgets none.

use crate::ceremony::{Ceremonies, Made, Shown};
use crypto::hash::sha256;
use operators::login::By;
use operators::{
    AddPasskey, BeginTry, Defences, EnrolInvited, EnrolSandbox, FailTry, Found, LogIn, LogOut, NewPasskey,
    Occasion, Operator, OperatorId, OperatorPasskey, OperatorState, PassTry, ProposalId, Recover, Refusal,
    Role, Trying,
};
use passkeys::Asserted;
use std::collections::HashMap;
use std::fs;
use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use store::{Outcome, Store};
use values::secret::constant_time_eq;
use values::{Id, Operation, Records, SecretBytes, Timestamp};

/// A session ends after so long without a request (PCI DSS 4.0, 8.2.8).
pub const IDLE_MOST: Duration = Duration::from_secs(15 * 60);
/// A session ends after so long in all.
const SESSION_MOST: Duration = Duration::from_secs(12 * 60 * 60);
/// A printed link is good for so long.
const LINK_LASTS: Duration = Duration::from_secs(60 * 60);
/// For what a challenge is signed.
const LOGIN: &str = "console: login";

/// Why somebody is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// That is not the key, or the link was used or is too old.
    Wrong,
    /// Too many wrong tries; the right one opens nothing either until later.
    Locked,
    /// The passkey was not made or did not verify.
    Passkey,
    /// A no of the records.
    No(Refusal),
    /// The records do not answer.
    Down,
}

impl From<store::StoreError> for Refused {
    fn from(error: store::StoreError) -> Refused {
        tracing::warn!(%error, "the operators' records");
        Refused::Down
    }
}

/// Who a session belongs to, and what it is good for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Guest {
    /// An operator: for the console.
    Operator(OperatorId),
    /// Who has the operators' key: for founding an operator, and nothing else.
    Founder,
    /// Who has the link of an invitation (its digest stands here): for coming in with its code, and nothing else.
    Invited(OperatorId, String),
}

struct Session {
    guest: Guest,
    name: String,
    began: Timestamp,
    last: Timestamp,
    /// What was written down last as looked at.
    viewed: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Leads {
    ToFounding,
    In(OperatorId),
}

struct Link {
    digest: [u8; 32],
    until: Timestamp,
    leads: Leads,
}

#[derive(Default)]
struct State {
    links: Vec<Link>,
    sessions: HashMap<[u8; 32], Session>,
}

struct Inside {
    key: [u8; 32],
    store: Store,
    ceremonies: Ceremonies,
    defences: Defences,
    state: Mutex<State>,
}

/// What is handed to one of two operators who come back.
#[derive(Clone)]
pub struct WayBack {
    /// Whose it is.
    pub name: String,
    /// Where they come in.
    pub link: String,
    /// What the other one has to type, told by this one.
    pub code_for_other: String,
}

/// The porter of a console; clones are the same one.
#[derive(Clone)]
pub struct Porter(Arc<Inside>);

/// Runs an operation of the operators' records.
pub(super) fn run<O>(store: &Store, operation: O) -> Result<O::Answer, Refused>
where
    O: Operation,
    O::Refusal: Into<Why>,
{
    match store.call(operation)? {
        Outcome::Done(answer) | Outcome::Repeated(answer) => Ok(answer),
        Outcome::Refused(refusal) => match refusal.into() {
            Why::Refusal(refusal) => Err(Refused::No(refusal)),
            Why::Never => unreachable!("it refuses nothing"),
        },
        Outcome::Mismatch => Err(Refused::No(Refusal::Decided)),
    }
}

/// The noes of the operators' operations: some have none.
pub(super) enum Why {
    Refusal(Refusal),
    Never,
}

impl From<Refusal> for Why {
    fn from(refusal: Refusal) -> Why {
        Why::Refusal(refusal)
    }
}

impl From<()> for Why {
    fn from((): ()) -> Why {
        Why::Never
    }
}

impl Porter {
    /// A porter of a door that listens here; the file of the operators' key is made if it is not there.
    pub fn open(
        key_file: &Path,
        store: Store,
        at: SocketAddr,
        defences: Defences,
    ) -> std::io::Result<Porter> {
        let key = match fs::read(key_file) {
            Ok(text) => SecretBytes::new(text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => make_key(key_file)?,
            Err(error) => return Err(error),
        };
        let key = key.expose().trim_ascii();
        if key.len() < 32 {
            let text = "the operators' key has at least 32 characters";
            return Err(std::io::Error::new(std::io::ErrorKind::InvalidData, text));
        }
        let ceremonies = Ceremonies::at(at, passkeys::Defences::ALL);
        let inside = Inside { key: sha256(key), store, ceremonies, defences, state: Mutex::default() };
        Ok(Porter(Arc::new(inside)))
    }

    /// The passkeys of this door.
    pub(super) fn ceremonies(&self) -> &Ceremonies {
        &self.0.ceremonies
    }

    /// Where a browser finds the console: under a name, as passkeys want one.
    pub fn address(&self) -> String {
        self.0.ceremonies.origin().to_owned()
    }

    /// The operators' records.
    pub fn store(&self) -> &Store {
        &self.0.store
    }

    pub(super) fn defences(&self) -> Defences {
        self.0.defences
    }

    fn now(&self) -> Timestamp {
        self.0.store.clock().now()
    }

    /// The word of a link that leads to founding an operator, once, within the hour; none if there are two already.
    pub fn founding_link(&self) -> Result<Option<String>, store::StoreError> {
        let active = self.0.store.read(|records| operators::operator::active(records))?;
        Ok((active < operators::operator::FOUNDERS).then(|| self.link(Leads::ToFounding)))
    }

    /// Makes sure of a named operator of a sandbox; the word of a link that lets them in, once, within the hour. An earlier
    /// link of theirs is good no more.
    pub fn sandbox_link(&self, operator: OperatorId, name: &str) -> Result<String, store::StoreError> {
        let enrol = EnrolSandbox { id: operator, name: name.to_owned() };
        self.0.store.call(enrol)?;
        Ok(self.link(Leads::In(operator)))
    }

    fn link(&self, leads: Leads) -> String {
        let word = secret();
        let link = Link { digest: sha256(word.as_bytes()), until: self.now().after(LINK_LASTS), leads };
        let mut state = self.state();
        state.links.retain(|other| other.leads != leads);
        state.links.push(link);
        word
    }

    /// A challenge for a passkey that lets in.
    pub(super) fn login_challenge(&self) -> String {
        self.0.ceremonies.challenge(LOGIN, self.now())
    }

    /// A challenge for a passkey that is made in this session.
    pub(super) fn making_challenge(&self, word: &str) -> String {
        self.0.ceremonies.challenge(&making(word), self.now())
    }

    fn begin_try(&self, subject: &str) -> Result<(), Refused> {
        let begin = BeginTry { subject: subject.to_owned(), defences: self.0.defences };
        match run(&self.0.store, begin)? {
            Trying::Go => Ok(()),
            Trying::Locked(_) => Err(Refused::Locked),
        }
    }

    fn pass(&self, subject: &str) -> Result<(), Refused> {
        run(&self.0.store, PassTry { subject: subject.to_owned() })
    }

    fn fail<T>(
        &self,
        subject: &str,
        why: &'static str,
        occasion: &Occasion,
        no: Refused,
    ) -> Result<T, Refused> {
        run(&self.0.store, FailTry { subject: subject.to_owned(), why, occasion: occasion.clone() })?;
        Err(no)
    }

    /// Lets in who has the operators' key, to found an operator. `before` is the word that was there before.
    pub fn enter_by_key(&self, key: &str, before: &str, occasion: &Occasion) -> Result<String, Refused> {
        self.begin_try("key")?;
        if !constant_time_eq(&sha256(key.trim().as_bytes()), &self.0.key) {
            return self.fail("key", "wrong", occasion, Refused::Wrong);
        }
        if self.founders_are_complete()? {
            return self.fail("key", Refusal::Founded.code(), occasion, Refused::No(Refusal::Founded));
        }
        self.pass("key")?;
        Ok(self.begin(Guest::Founder, String::new(), before))
    }

    /// Makes the ways back of two operators who lost their passkeys, by who has the operators' key. For each, in order: the link
    /// that is theirs, and the code that the other needs.
    pub fn recover(&self, key: &str, names: [&str; 2], occasion: &Occasion) -> Result<[WayBack; 2], Refused> {
        self.begin_try("key")?;
        if !constant_time_eq(&sha256(key.trim().as_bytes()), &self.0.key) {
            return self.fail("key", "wrong", occasion, Refused::Wrong);
        }
        let everybody = self.0.store.read(|records| records.all::<Operator>())?;
        // By identifier or by name; a name that two have names nobody.
        let named = |name: &str| {
            let mut fits = everybody.iter().filter(|it| it.id.to_string() == name || it.name == name);
            fits.next().filter(|_| fits.next().is_none()).ok_or(Refused::No(Refusal::Unknown))
        };
        let two = [named(names[0])?, named(names[1])?];
        let (links, codes) = ([secret(), secret()], [code(), code()]);
        let half = |place: usize| {
            let link = hex::encode(sha256(links[place].as_bytes()));
            (two[place].id, link, digest_of_code(&codes[place]))
        };
        run(&self.0.store, Recover { who: [half(0), half(1)], occasion: occasion.clone() })?;
        self.pass("key")?;
        let note = |own: usize, other: usize| WayBack {
            name: two[own].name.clone(),
            link: format!("{}/enter?link={}", self.0.ceremonies.origin(), links[own]),
            code_for_other: codes[other].clone(),
        };
        Ok([note(0, 1), note(1, 0)])
    }

    fn founders_are_complete(&self) -> Result<bool, Refused> {
        let active = self.0.store.read(|records| operators::operator::active(records))?;
        Ok(active >= operators::operator::FOUNDERS)
    }

    /// Lets in who has a link, once.
    pub fn enter_by_link(&self, word: &str, before: &str, occasion: &Occasion) -> Result<String, Refused> {
        self.begin_try("link")?;
        let digest = sha256(word.as_bytes());
        match self.take_link(&digest) {
            Some(Leads::In(operator)) => {
                let by = By::Link(operator);
                let log_in = LogIn { by, subject: "link".to_owned(), occasion: occasion.clone() };
                let operator = run(&self.0.store, log_in)?;
                return Ok(self.begin(Guest::Operator(operator.id), operator.name, before));
            }
            Some(Leads::ToFounding) if !self.founders_are_complete()? => {
                self.pass("link")?;
                return Ok(self.begin(Guest::Founder, String::new(), before));
            }
            _ => {}
        }
        // The link of an invitation is used up when its holder has come in, not when it is looked at.
        let link = hex::encode(digest);
        let now = self.now();
        let asked = link.clone();
        let invited = self.0.store.read(move |records| {
            records.all::<Operator>().into_iter().find(|operator| {
                let fits = |invitation: &operators::operator::Invitation| {
                    constant_time_eq(invitation.link.as_bytes(), asked.as_bytes()) && now < invitation.until
                };
                operator.state != OperatorState::Disabled && operator.invitation.as_ref().is_some_and(fits)
            })
        })?;
        match invited {
            Some(operator) => {
                self.pass("link")?;
                Ok(self.begin(Guest::Invited(operator.id, link), operator.name, before))
            }
            None => self.fail("link", "wrong", occasion, Refused::Wrong),
        }
    }

    fn take_link(&self, digest: &[u8; 32]) -> Option<Leads> {
        let now = self.now();
        let mut state = self.state();
        let place =
            state.links.iter().position(|link| constant_time_eq(&link.digest, digest) && now < link.until)?;
        Some(state.links.swap_remove(place).leads)
    }

    /// Lets in who is verified by a passkey of an operator. `proof` is what the browser sent.
    pub fn enter_by_passkey(
        &self,
        proof: &str,
        before: &str,
        occasion: &Occasion,
    ) -> Result<String, Refused> {
        let Some(shown) = Shown::read(proof) else {
            self.begin_try("unknown")?;
            return self.fail("unknown", "passkey_unreadable", occasion, Refused::Passkey);
        };
        let credential = shown.credential().clone();
        let known = self.0.store.read(move |records| records.find::<OperatorPasskey>(&credential))?;
        // All that nobody knows are one, or whoever makes names up would fill the records with them.
        let subject = known.as_ref().map_or("unknown", |known| known.credential.as_str()).to_owned();
        self.begin_try(&subject)?;
        let Some(known) = known else {
            return self.fail("unknown", Refusal::Unknown.code(), occasion, Refused::Passkey);
        };
        let checked = self.0.ceremonies.asserted(LOGIN, (&known.public, known.counter), &shown, self.now());
        let asserted = match checked {
            Ok(asserted) => asserted,
            Err(refusal) => return self.fail(&subject, refusal.code(), occasion, Refused::Passkey),
        };
        let log_in =
            LogIn { by: By::Passkey(asserted), subject: subject.clone(), occasion: occasion.clone() };
        match run(&self.0.store, log_in) {
            Ok(operator) => Ok(self.begin(Guest::Operator(operator.id), operator.name, before)),
            Err(Refused::No(refusal)) => self.fail(&subject, refusal.code(), occasion, Refused::Passkey),
            Err(down) => Err(down),
        }
    }

    /// A challenge for the approval of this proposal and no other, in this session.
    pub(super) fn approval_challenge(&self, word: &str, proposal: ProposalId) -> String {
        self.0.ceremonies.challenge(&approving(word, proposal), self.now())
    }

    /// Evidence that an operator is there who means this proposal: `proof` is what the browser sent. Whose passkey it is, is for
    /// the approval to compare. Wrong ones count as tries to come in.
    pub(super) fn approves(
        &self,
        word: &str,
        proposal: ProposalId,
        proof: &str,
        occasion: &Occasion,
    ) -> Result<Asserted, Refused> {
        let shown = Shown::read(proof).ok_or(Refused::No(Refusal::PasskeyNeeded))?;
        let credential = shown.credential().clone();
        let known = self.0.store.read(move |records| records.find::<OperatorPasskey>(&credential))?;
        let known = known.ok_or(Refused::No(Refusal::PasskeyNeeded))?;
        let subject = known.credential.as_str();
        self.begin_try(subject)?;
        let purpose = approving(word, proposal);
        match self.0.ceremonies.asserted(&purpose, (&known.public, known.counter), &shown, self.now()) {
            Ok(asserted) => {
                self.pass(subject)?;
                Ok(asserted)
            }
            Err(no) => self.fail(subject, no.code(), occasion, Refused::No(Refusal::PasskeyNeeded)),
        }
    }

    fn made(&self, word: &str, proof: &str) -> Result<NewPasskey, Refused> {
        let made = Made::read(proof).ok_or(Refused::Passkey)?;
        let registered = self.0.ceremonies.registered(&making(word), &made, self.now());
        registered.map(NewPasskey).map_err(|refusal| {
            tracing::info!(code = refusal.code(), "a passkey was not added");
            Refused::Passkey
        })
    }

    /// Makes an operator of whoever has the operators' key; they are in from now on.
    pub fn found(&self, word: &str, name: &str, proof: &str, occasion: &Occasion) -> Result<String, Refused> {
        let Some(Guest::Founder) = self.guest(word) else { return Err(Refused::Wrong) };
        let now = self.now();
        let found = Found {
            id: Id::mint(now, crypto::random::bytes()),
            name: name.trim().to_owned(),
            passkey: self.made(word, proof)?,
            defences: self.0.defences,
            occasion: occasion.clone(),
        };
        let operator = run(&self.0.store, found)?;
        Ok(self.begin(Guest::Operator(operator.id), operator.name, word))
    }

    /// Lets an invited operator come, with the code that the approver gave them; they are in from now on.
    pub fn enrol(&self, word: &str, code: &str, proof: &str, occasion: &Occasion) -> Result<String, Refused> {
        let Some(Guest::Invited(operator, link)) = self.guest(word) else { return Err(Refused::Wrong) };
        let subject = operator.to_string();
        self.begin_try(&subject)?;
        let enrol = EnrolInvited {
            operator,
            link,
            code: digest_of_code(code),
            passkey: self.made(word, proof)?,
            defences: self.0.defences,
            occasion: occasion.clone(),
        };
        match run(&self.0.store, enrol) {
            Ok(operator) => {
                self.pass(&subject)?;
                // Who came back leaves whatever was open under their name.
                let theirs = Guest::Operator(operator.id);
                self.state().sessions.retain(|_, session| session.guest != theirs);
                Ok(self.begin(Guest::Operator(operator.id), operator.name, word))
            }
            Err(no @ Refused::No(refusal)) => self.fail(&subject, refusal.code(), occasion, no),
            Err(no) => Err(no),
        }
    }

    /// Gives the operator of this session another passkey.
    pub fn add_passkey(&self, word: &str, proof: &str, occasion: &Occasion) -> Result<(), Refused> {
        let Some(Guest::Operator(operator)) = self.guest(word) else { return Err(Refused::Wrong) };
        let passkey = self.made(word, proof)?;
        let add = AddPasskey { operator, passkey, defences: self.0.defences, occasion: occasion.clone() };
        run(&self.0.store, add)
    }

    /// Whose session has this word, if it goes on; it goes on from now.
    pub fn guest(&self, word: &str) -> Option<Guest> {
        let guest = self.session(word)?;
        let Guest::Operator(id) = guest else { return Some(guest) };
        // Who was disabled a moment ago is out.
        let found = self.0.store.read(move |records| records.find::<Operator>(&id));
        if found.is_ok_and(|found| found.is_some_and(|operator| operator.state == OperatorState::Active)) {
            return Some(guest);
        }
        self.state().sessions.remove(&sha256(word.as_bytes()));
        None
    }

    /// Whether this operator is an auditor, who changes nothing.
    pub(super) fn looks_only(&self, operator: OperatorId) -> bool {
        let found = self.0.store.read(move |records| records.find::<Operator>(&operator));
        !found.is_ok_and(|found| found.is_some_and(|operator| operator.role == Role::Operator))
    }

    fn session(&self, word: &str) -> Option<Guest> {
        let now = self.now();
        let mut state = self.state();
        state.sessions.retain(|_, session| {
            now.since(session.last) < IDLE_MOST && now.since(session.began) < SESSION_MOST
        });
        let session = state.sessions.get_mut(&sha256(word.as_bytes()))?;
        session.last = now;
        Some(session.guest.clone())
    }

    /// The name of who is in by this word.
    pub fn name(&self, word: &str) -> String {
        let state = self.state();
        state.sessions.get(&sha256(word.as_bytes())).map(|session| session.name.clone()).unwrap_or_default()
    }

    /// Whether this is another thing than what this session looked at last.
    pub(super) fn looks_at(&self, word: &str, what: &str) -> bool {
        let mut state = self.state();
        let Some(session) = state.sessions.get_mut(&sha256(word.as_bytes())) else { return true };
        let other = session.viewed != what;
        what.clone_into(&mut session.viewed);
        other
    }

    /// Ends a session.
    pub fn leave(&self, word: &str, occasion: &Occasion) -> Result<(), Refused> {
        let ended = self.state().sessions.remove(&sha256(word.as_bytes()));
        match ended.map(|session| session.guest) {
            Some(Guest::Operator(operator)) => {
                run(&self.0.store, LogOut { operator, occasion: occasion.clone() })
            }
            _ => Ok(()),
        }
    }

    /// A session of its own; the one before ends.
    fn begin(&self, guest: Guest, name: String, before: &str) -> String {
        let word = secret();
        let now = self.now();
        let mut state = self.state();
        state.sessions.remove(&sha256(before.as_bytes()));
        let session = Session { guest, name, began: now, last: now, viewed: String::new() };
        state.sessions.insert(sha256(word.as_bytes()), session);
        word
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing in here is half done between two statements, so a panic elsewhere cannot break it.
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// By what a session is known in the log: the word itself opens it and stands nowhere.
pub(super) fn mark(word: &str) -> String {
    hex::encode(&sha256(word.as_bytes())[..4])
}

/// A challenge is signed for one proposal in one session.
fn approving(word: &str, proposal: ProposalId) -> String {
    format!("console: approve {proposal} {}", hex::encode(sha256(word.as_bytes())))
}

fn making(word: &str) -> String {
    format!("console: make {}", hex::encode(sha256(word.as_bytes())))
}

/// How the code of an invitation is kept; it is typed, so case and spaces do not count.
pub(super) fn digest_of_code(code: &str) -> String {
    let typed: String = code.chars().filter(char::is_ascii_alphanumeric).collect();
    hex::encode(sha256(format!("paiza invitation\0{}", typed.to_ascii_uppercase()).as_bytes()))
}

/// The half of an invitation that is typed: 48 random bits in twelve characters.
pub(super) fn code() -> String {
    secret()[..12].to_ascii_uppercase()
}

/// 192 random bits in 48 characters.
pub(super) fn secret() -> String {
    hex::encode(crypto::random::bytes::<24>())
}

fn make_key(file: &Path) -> std::io::Result<SecretBytes> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let key = secret();
    writeln!(options.open(file)?, "{key}")?;
    Ok(SecretBytes::new(key.into_bytes()))
}

#[cfg(test)]
mod tests;

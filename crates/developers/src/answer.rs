//! A request is carried out once, and its answer is given again.
//!
//! Two ways lead to that. [`Once`] wraps one operation: its effect, the request's key and the answer are one commit.
//! What takes several steps, a payment that travels to a bank, is begun with [`Begin`] and ended with [`Finish`];
//! between the two the record holds a *plan*, by which a repeat of the request after a crash takes up the same work
//! instead of beginning another.

use crate::key::hex;
use crate::tenant::Tenant;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use values::{Operation, Record, Records, Timestamp};

/// How long an answer is remembered. After that the same key is a new request.
pub const REMEMBERED: Duration = Duration::from_secs(7 * 86_400);

/// A part of a request: where it stands, and a digest of what it said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// A JSON pointer.
    pub pointer: String,
    /// Eight bytes of SHA-256 over the value, hexadecimal: enough to tell another value, too little to find this one.
    pub digest: String,
}

impl Part {
    /// The part at `pointer` that said `value`, as its canonical text.
    pub fn new(pointer: &str, value: &[u8]) -> Part {
        let digest = crypto::hash::sha256_pieces(&[pointer.as_bytes(), &[0], value]);
        Part { pointer: pointer.to_owned(), digest: hex(&digest[..8]) }
    }
}

/// A request as it is known again: whose, what, under which key, and what it said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Digest of tenant, operation and key.
    pub name: String,
    /// Whose.
    pub tenant: Tenant,
    /// Method and path.
    pub operation: String,
    /// Every value of the body, ordered by pointer.
    pub parts: Vec<Part>,
}

impl Asked {
    /// The request of a tenant under its key.
    pub fn new(tenant: Tenant, method: &str, path: &str, key: &str, parts: Vec<Part>) -> Asked {
        let operation = format!("{method} {path}");
        let whose = tenant.to_string();
        let pieces = [whose.as_bytes(), operation.as_bytes(), key.as_bytes()];
        // Each with its length before it, so that no two requests share a name.
        let lengths = pieces.map(|piece| (piece.len() as u64).to_be_bytes());
        let all: Vec<&[u8]> =
            pieces.iter().zip(&lengths).flat_map(|(piece, length)| [&length[..], piece]).collect();
        let name = hex(&crypto::hash::sha256_pieces(&all)[..16]);
        Asked { name, tenant, operation, parts }
    }
}

/// An answer as it is sent: nothing in it is a secret, for it is remembered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rendered {
    /// HTTP status.
    pub status: u16,
    /// JSON.
    pub body: String,
}

/// A request and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// Digest of tenant, operation and key.
    pub name: String,
    /// Whose.
    pub tenant: Tenant,
    /// Method and path.
    pub operation: String,
    /// What it said.
    pub parts: Vec<Part>,
    /// When it came.
    pub at: Timestamp,
    /// Which run of the process carries it out. Another run takes it up again.
    pub run: u64,
    /// How it is carried out, chosen when it came.
    pub plan: String,
    /// The answer's status; none while it is carried out.
    pub status: Option<u16>,
    /// The answer.
    pub body: String,
}

impl Record for Answer {
    type Key = String;
    const TABLE: &'static str = "answers";
    fn key(&self) -> String {
        self.name.clone()
    }
}

/// Why a request is not carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum No<R> {
    /// The same request is being carried out.
    Running,
    /// The key was used for a request that said something else at these places.
    Differs(Vec<String>),
    /// The operation itself refuses.
    Refused(R),
}

/// An answer, and whether it was given before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// The answer.
    pub rendered: Rendered,
    /// Whether this is a repeat of it.
    pub replayed: bool,
}

/// What is remembered of a request, if it is not too long ago: its answer, or nothing while it is carried out. A request
/// that says something else under the same key is refused.
pub fn remembered<W: Records>(
    records: &mut W,
    asked: &Asked,
    now: Timestamp,
) -> Result<Option<Rendered>, No<()>> {
    match known(records, asked, now).map(|known| given(known, asked)).transpose()? {
        None => Ok(None),
        Some(Ok(rendered)) => Ok(Some(rendered)),
        Some(Err(_)) => Err(No::Running),
    }
}

/// The record of a request, if it is not too long ago.
fn known<W: Records>(records: &mut W, asked: &Asked, now: Timestamp) -> Option<Answer> {
    records.find::<Answer>(&asked.name).filter(|answer| now.since(answer.at) < REMEMBERED)
}

/// Where two requests differ: pointers to their parts, ordered.
pub fn differences(first: &[Part], second: &[Part]) -> Vec<String> {
    let lacks = |list: &[Part], part: &Part| !list.contains(part);
    let one = first.iter().filter(|part| lacks(second, part));
    let other = second.iter().filter(|part| lacks(first, part));
    let mut places: Vec<String> = one.chain(other).map(|part| part.pointer.clone()).collect();
    places.sort();
    places.dedup();
    places
}

/// The answer that was given, if one was: a repeat gets it again.
fn given<R>(known: Answer, asked: &Asked) -> Result<Result<Rendered, Answer>, No<R>> {
    if known.parts != asked.parts {
        return Err(No::Differs(differences(&known.parts, &asked.parts)));
    }
    Ok(match known.status {
        Some(status) => Ok(Rendered { status, body: known.body }),
        None => Err(known),
    })
}

/// One operation, carried out once for a request.
pub struct Once<O: Operation> {
    /// The request.
    pub asked: Asked,
    /// What it wants.
    pub inner: O,
    /// How its outcome is told.
    pub render: Render<O::Answer>,
}

/// Tells the outcome of an operation.
pub type Render<A> = Box<dyn Fn(&A) -> Rendered + Send>;

impl<O: Operation> Operation for Once<O> {
    type Answer = Said;
    type Refusal = No<O::Refusal>;
    const NAME: &'static str = O::NAME;

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<Said, Self::Refusal> {
        if let Some(known) = known(records, &self.asked, now) {
            let rendered = given(known, &self.asked)?.map_err(|_| No::Running)?;
            return Ok(Said { rendered, replayed: true });
        }
        let answer = self.inner.apply(records, now).map_err(No::Refused)?;
        let rendered = (self.render)(&answer);
        records.put(Answer {
            status: Some(rendered.status),
            body: rendered.body.clone(),
            ..begun(&self.asked, now, 0, String::new())
        });
        Ok(Said { rendered, replayed: false })
    }
}

fn begun(asked: &Asked, at: Timestamp, run: u64, plan: String) -> Answer {
    Answer {
        name: asked.name.clone(),
        tenant: asked.tenant.clone(),
        operation: asked.operation.clone(),
        parts: asked.parts.clone(),
        at,
        run,
        plan,
        status: None,
        body: String::new(),
    }
}

/// Chooses how a request of several steps is carried out, in the commit that remembers it.
pub trait Plan: Clone + Send + 'static {
    /// Why it cannot be carried out.
    type Refusal: Send + 'static;
    /// The choice as text, for this plan alone to read.
    fn choose<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<String, Self::Refusal>;
}

/// Begins a request of several steps.
#[derive(Clone, Debug)]
pub struct Begin<P> {
    /// The request.
    pub asked: Asked,
    /// This run of the process.
    pub run: u64,
    /// How it is to be carried out.
    pub plan: P,
}

/// What a request that begins meets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Began {
    /// It is carried out now, by this plan.
    Fresh(String),
    /// An earlier run of the process began it by this plan, and did not end it.
    Again(String),
    /// It was answered.
    Answered(Rendered),
}

impl<P: Plan> Operation for Begin<P> {
    type Answer = Began;
    type Refusal = No<P::Refusal>;
    const NAME: &'static str = "developers.begin";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<Began, Self::Refusal> {
        match known(records, &self.asked, now).map(|known| given(known, &self.asked)).transpose()? {
            Some(Ok(rendered)) => Ok(Began::Answered(rendered)),
            Some(Err(open)) if open.run == self.run => Err(No::Running),
            Some(Err(open)) => {
                let plan = open.plan.clone();
                records.put(Answer { run: self.run, ..open });
                Ok(Began::Again(plan))
            }
            None => {
                let plan = self.plan.choose(records, now).map_err(No::Refused)?;
                records.put(begun(&self.asked, now, self.run, plan.clone()));
                Ok(Began::Fresh(plan))
            }
        }
    }
}

/// Ends a request that was begun: with its answer, or without a trace where nothing came of it.
#[derive(Clone, Debug)]
pub struct Finish {
    /// Which request.
    pub name: String,
    /// Its answer; none lets the same key be used again.
    pub rendered: Option<Rendered>,
}

impl Operation for Finish {
    type Answer = ();
    type Refusal = ();
    const NAME: &'static str = "developers.finish";

    fn apply<W: Records>(&self, records: &mut W, _now: Timestamp) -> Result<(), ()> {
        let open: Answer = records.find(&self.name).ok_or(())?;
        match &self.rendered {
            Some(rendered) => {
                records.put(Answer { status: Some(rendered.status), body: rendered.body.clone(), ..open });
            }
            None => records.remove::<Answer>(&self.name),
        }
        Ok(())
    }
}

/// A request that was begun is left where it is: whatever became of its work, this run carries it out no more. The next
/// repeat takes it up by its plan, as after a crash.
#[derive(Clone, Debug)]
pub struct LayDown {
    /// Which request.
    pub name: String,
}

impl Operation for LayDown {
    type Answer = ();
    type Refusal = ();
    const NAME: &'static str = "developers.lay_down";

    fn apply<W: Records>(&self, records: &mut W, _now: Timestamp) -> Result<(), ()> {
        let open: Answer = records.find(&self.name).ok_or(())?;
        if open.status.is_none() {
            records.put(Answer { run: NOBODY, ..open });
        }
        Ok(())
    }
}

/// The run that no process has.
const NOBODY: u64 = u64::MAX >> 1;

/// Remembers what a request was answered whose effects were commits of their own.
#[derive(Clone, Debug)]
pub struct Remember {
    /// The request.
    pub asked: Asked,
    /// Its answer.
    pub rendered: Rendered,
}

impl Operation for Remember {
    type Answer = ();
    type Refusal = ();
    const NAME: &'static str = "developers.remember";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<(), ()> {
        records.put(Answer {
            status: Some(self.rendered.status),
            body: self.rendered.body.clone(),
            ..begun(&self.asked, now, 0, String::new())
        });
        Ok(())
    }
}

/// Forgets answers whose time is over.
#[derive(Clone, Debug)]
pub struct Forget {
    /// The names of some that may be.
    pub names: Vec<String>,
}

impl Operation for Forget {
    /// How many were.
    type Answer = u64;
    type Refusal = ();
    const NAME: &'static str = "developers.forget";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<u64, ()> {
        let mut gone = 0;
        for name in &self.names {
            let old = records.find::<Answer>(name).is_some_and(|answer| now.since(answer.at) >= REMEMBERED);
            if old {
                records.remove::<Answer>(name);
                gone += 1;
            }
        }
        Ok(gone)
    }
}

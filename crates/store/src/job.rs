//! An operation or a look on its way through the queue, its type forgotten.

use crate::error::StoreError;
use crate::table::append;
use crate::workspace::Workspace;
use std::panic::{AssertUnwindSafe, catch_unwind};
use values::{Idempotency, Operation, Timestamp};

/// What came of an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome<A, R> {
    /// It was done, now.
    Done(A),
    /// It had been done before; this is the first answer.
    Repeated(A),
    /// It refused; nothing was changed.
    Refused(R),
    /// Its idempotency key was used before with other content; nothing was changed.
    Mismatch,
}

impl<A, R> Outcome<A, R> {
    /// The answer, new or repeated.
    pub fn answer(self) -> Option<A> {
        match self {
            Outcome::Done(answer) | Outcome::Repeated(answer) => Some(answer),
            Outcome::Refused(_) | Outcome::Mismatch => None,
        }
    }

    /// The answer or the refusal; `mismatch` is the refusal for a key used with other content.
    pub fn into_result(self, mismatch: impl FnOnce() -> R) -> Result<A, R> {
        match self {
            Outcome::Done(answer) | Outcome::Repeated(answer) => Ok(answer),
            Outcome::Refused(refusal) => Err(refusal),
            Outcome::Mismatch => Err(mismatch()),
        }
    }
}

/// What a caller gets.
pub type Called<O> = Result<Outcome<<O as Operation>::Answer, <O as Operation>::Refusal>, StoreError>;

/// What running a job did to the workspace.
pub(crate) enum Applied {
    /// There may be changes to keep.
    Keep,
    /// Whatever was changed is to be undone.
    Undo,
}

pub(crate) trait Job: Send {
    fn name(&self) -> &'static str;
    fn idempotency(&self) -> Option<Idempotency>;
    /// Decides; leaves the answer's compact form in `answer`.
    fn run(&mut self, workspace: &mut Workspace<'_>, now: Timestamp, answer: &mut Vec<u8>) -> Applied;
    /// Takes the answer from the first time.
    fn repeat(&mut self, answer: &[u8]);
    fn mismatch(&mut self);
    fn fail(&mut self, wrong: StoreError);
    /// Tells the caller: what was decided if it is durable now.
    fn finish(self: Box<Self>, durable: Result<(), StoreError>);
}

/// An operation and whom to tell.
pub(crate) struct Asked<O: Operation, F: FnOnce(Called<O>) + Send> {
    operation: O,
    callback: Option<F>,
    outcome: Option<Called<O>>,
}

impl<O: Operation, F: FnOnce(Called<O>) + Send> Asked<O, F> {
    pub(crate) fn new(operation: O, callback: F) -> Asked<O, F> {
        Asked { operation, callback: Some(callback), outcome: None }
    }
}

impl<O: Operation, F: FnOnce(Called<O>) + Send> Job for Asked<O, F> {
    fn name(&self) -> &'static str {
        O::NAME
    }

    fn idempotency(&self) -> Option<Idempotency> {
        self.operation.idempotency()
    }

    fn run(&mut self, workspace: &mut Workspace<'_>, now: Timestamp, answer: &mut Vec<u8>) -> Applied {
        // The changes of an operation that panics are undone like those of one that refuses, so nothing
        // half done is seen.
        let decided = catch_unwind(AssertUnwindSafe(|| self.operation.apply(workspace, now)));
        let outcome = match (decided, workspace.failure.take()) {
            (Err(_), _) => Err(StoreError::Panicked),
            (Ok(_), Some(wrong)) => Err(wrong),
            (Ok(Ok(given)), None) => {
                append(answer, &given);
                Ok(Outcome::Done(given))
            }
            (Ok(Err(refusal)), None) => Ok(Outcome::Refused(refusal)),
        };
        let applied = if matches!(outcome, Ok(Outcome::Done(_))) { Applied::Keep } else { Applied::Undo };
        self.outcome = Some(outcome);
        applied
    }

    fn repeat(&mut self, answer: &[u8]) {
        let answer = postcard::from_bytes(answer).map(Outcome::Repeated);
        self.outcome =
            Some(answer.map_err(|_| StoreError::Damaged(format!("the kept answer of {}", O::NAME))));
    }

    fn mismatch(&mut self) {
        self.outcome = Some(Ok(Outcome::Mismatch));
    }

    fn fail(&mut self, wrong: StoreError) {
        self.outcome = Some(Err(wrong));
    }

    fn finish(mut self: Box<Self>, durable: Result<(), StoreError>) {
        let outcome = self.outcome.take().unwrap_or(Err(StoreError::Stopped));
        if let Some(callback) = self.callback.take() {
            callback(durable.and(outcome));
        }
    }
}

// A job that is dropped unheard tells its caller so: nobody waits for ever.
impl<O: Operation, F: FnOnce(Called<O>) + Send> Drop for Asked<O, F> {
    fn drop(&mut self) {
        if let Some(callback) = self.callback.take() {
            callback(Err(StoreError::Stopped));
        }
    }
}

/// A look at the records, and whom to tell.
pub(crate) struct Look<T, L, F: FnOnce(Result<T, StoreError>) + Send> {
    look: Option<L>,
    callback: Option<F>,
    seen: Option<Result<T, StoreError>>,
}

impl<T, L, F: FnOnce(Result<T, StoreError>) + Send> Look<T, L, F> {
    pub(crate) fn new(look: L, callback: F) -> Look<T, L, F> {
        Look { look: Some(look), callback: Some(callback), seen: None }
    }
}

impl<T, L, F> Job for Look<T, L, F>
where
    T: Send,
    L: FnOnce(&mut Workspace<'_>) -> T + Send,
    F: FnOnce(Result<T, StoreError>) + Send,
{
    fn name(&self) -> &'static str {
        "look"
    }

    fn idempotency(&self) -> Option<Idempotency> {
        None
    }

    fn run(&mut self, workspace: &mut Workspace<'_>, _now: Timestamp, _answer: &mut Vec<u8>) -> Applied {
        if let Some(look) = self.look.take() {
            let seen = catch_unwind(AssertUnwindSafe(|| look(workspace))).map_err(|_| StoreError::Panicked);
            self.seen = Some(workspace.failure.take().map_or(seen, Err));
        }
        Applied::Undo
    }

    fn repeat(&mut self, _answer: &[u8]) {}

    fn mismatch(&mut self) {}

    fn fail(&mut self, wrong: StoreError) {
        self.seen = Some(Err(wrong));
    }

    fn finish(mut self: Box<Self>, durable: Result<(), StoreError>) {
        let seen = self.seen.take().unwrap_or(Err(StoreError::Stopped));
        if let Some(callback) = self.callback.take() {
            callback(durable.and(seen));
        }
    }
}

impl<T, L, F: FnOnce(Result<T, StoreError>) + Send> Drop for Look<T, L, F> {
    fn drop(&mut self) {
        if let Some(callback) = self.callback.take() {
            callback(Err(StoreError::Stopped));
        }
    }
}

//! A batch on its way to the disk, and its callers on their way to hearing of it.

use crate::driver::Appender;
use crate::error::StoreError;
use crate::fact::{Batch, Link};
use crate::failpoint::{Failpoint, failpoint};
use crate::job::Job;
use crate::schema::Telling;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// So many callers are told together: few enough that the first does not wait for the last.
const TOLD_TOGETHER: usize = 64;

/// What was decided and is to be made durable, with those who wait for it. Only one is out at a time.
pub struct Commit {
    batch: Batch,
    jobs: Vec<Box<dyn Job>>,
    stopped: bool,
    telling: Telling,
}

/// What came of a commit, for the executor.
pub struct Committed {
    pub(crate) batch: Batch,
    pub(crate) link: Result<Link, StoreError>,
}

/// A batch that was committed, or was not; its callers do not know yet.
pub struct Done {
    jobs: Vec<Box<dyn Job>>,
    durable: Result<(), StoreError>,
    telling: Telling,
}

impl Commit {
    pub(crate) fn new(batch: Batch, jobs: Vec<Box<dyn Job>>, stopped: bool, telling: Telling) -> Commit {
        Commit { batch, jobs, stopped, telling }
    }

    /// Whether nobody has to wait for the disk: what was seen is durable, and nothing was changed.
    pub fn is_empty(&self) -> bool {
        self.batch.is_empty()
    }

    /// Makes the batch durable. The executor is to hear of it, then the callers.
    pub fn write(self, appender: &mut dyn Appender) -> (Committed, Done) {
        if self.stopped || self.is_empty() {
            return self.without_facts();
        }
        let link = append(&self.batch, appender);
        self.ended(link)
    }

    /// Ends an empty one, or one of a machine that has stopped.
    pub(crate) fn without_facts(self) -> (Committed, Done) {
        let link = if self.stopped { Err(StoreError::Stopped) } else { Ok(self.batch.before()) };
        self.ended(link)
    }

    fn ended(self, link: Result<Link, StoreError>) -> (Committed, Done) {
        let Commit { batch, jobs, telling, .. } = self;
        let durable = link.as_ref().map(|_| ()).map_err(StoreError::clone);
        (Committed { batch, link }, Done { jobs, durable, telling })
    }
}

fn append(batch: &Batch, appender: &mut dyn Appender) -> Result<Link, StoreError> {
    let link = batch.link();
    failpoint(Failpoint::BeforeAppend);
    if let Err(wrong) = appender.append(batch, link) {
        tracing::error!(%wrong, "the commit failed; the store stops");
        return Err(StoreError::Stopped);
    }
    failpoint(Failpoint::AfterAppend);
    Ok(link)
}

impl Done {
    /// How many callers there are.
    pub fn callers(&self) -> usize {
        self.jobs.len()
    }

    /// Tells the callers, a group of them at a time.
    pub fn tell(self) {
        failpoint(Failpoint::BeforeCallback);
        let Done { jobs, durable, telling } = self;
        let mut jobs = jobs.into_iter().peekable();
        while jobs.peek().is_some() {
            telling(&mut || {
                for job in jobs.by_ref().take(TOLD_TOGETHER) {
                    // Whoever panics when told keeps nobody else from hearing; the panic is in the log.
                    let _ = catch_unwind(AssertUnwindSafe(|| job.finish(durable.clone())));
                }
            });
        }
    }
}

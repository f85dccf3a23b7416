//! Exports: long work that a caller asks for. It is done in slices, each one commit with what it wrote and how far it came, so
//! a crash between two loses nothing and writes nothing twice; whoever asks sees how far it is, and may cancel it.
//!
//! What was written is kept in pieces beside the record, and forgotten a day after the end.

use crate::event::{Happening, tell_now};
use crate::tenant::Tenant;
use crate::webhook::Endpoint;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use values::{Id, Operation, Outbound, Record, Records, Timestamp, id::kinds};

/// Outbox topic: an export whose next slice is to be written, or whose result is to be forgotten. Key and body are its name.
pub const TOPIC: &str = "exports";
/// How long a result is kept.
pub const KEPT: Duration = Duration::from_secs(24 * 3600);
/// The most rows of one export.
pub const ROWS_MOST: u64 = 1_000_000;
/// The most exports of one tenant that are under way.
pub const UNDER_WAY_MOST: u64 = 5;
/// The kind of the event that tells of a result.
pub const SUCCEEDED: &str = "export.succeeded";
/// The kind of the event that tells that there will be none.
pub const FAILED: &str = "export.failed";
/// Why an export failed that has more rows than are written.
pub const TOO_LARGE: &str = "export_too_large";

/// What is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// Payments of a merchant.
    Payments,
    /// Its refunds.
    Refunds,
    /// Batches of terminals.
    Settlements,
    /// Events.
    Events,
}

/// How it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// An object of JSON on each line.
    JsonLines,
    /// Comma-separated values (RFC 4180), with a line of names.
    Csv,
}

/// Where an export stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExportState {
    /// Nothing was written yet.
    Waiting,
    /// Some of it was written.
    Running,
    /// All of it was written.
    Succeeded,
    /// It was given up; `failure` says why.
    Failed,
    /// The caller gave it up.
    Cancelled,
    /// It succeeded, and its result was forgotten.
    Expired,
}

impl ExportState {
    /// Whether it is still written.
    pub fn is_under_way(self) -> bool {
        matches!(self, ExportState::Waiting | ExportState::Running)
    }
}

/// An export, and how far it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Export {
    /// Its name.
    pub id: Id<kinds::Export>,
    /// Whose it is.
    pub tenant: Tenant,
    /// What is written.
    pub what: What,
    /// How.
    pub format: Format,
    /// Of which merchant, where that was said or follows from the tenant.
    pub merchant: Option<Id<kinds::Merchant>>,
    /// What came about from this moment on.
    pub since: Timestamp,
    /// And before this one.
    pub before: Timestamp,
    /// Where it stands.
    pub state: ExportState,
    /// The name of the last row that was written; the next slice begins after it.
    pub last_row: Option<String>,
    /// Rows written.
    pub row_count: u64,
    /// Rows there are, once they were counted.
    pub total: Option<u64>,
    /// Pieces written.
    pub pieces: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Why it failed.
    pub failure: Option<String>,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// When its result is forgotten.
    pub expires_at: Option<Timestamp>,
}

impl Record for Export {
    type Key = Id<kinds::Export>;
    const TABLE: &'static str = "exports";
    fn key(&self) -> Self::Key {
        self.id
    }
}

/// A piece of what was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportPiece {
    /// Of which export.
    pub export: Id<kinds::Export>,
    /// Which, from 0.
    pub number: u64,
    /// Its text.
    pub text: Vec<u8>,
}

impl Record for ExportPiece {
    type Key = (Id<kinds::Export>, u64);
    const TABLE: &'static str = "export_pieces";
    fn key(&self) -> Self::Key {
        (self.export, self.number)
    }
}

/// How many exports of a tenant are under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportCount {
    /// Whose.
    pub tenant: String,
    /// How many.
    pub under_way: u64,
}

impl Record for ExportCount {
    type Key = String;
    const TABLE: &'static str = "export_counts";
    fn key(&self) -> String {
        self.tenant.clone()
    }
}

fn count<W: Records>(records: &mut W, tenant: &Tenant) -> ExportCount {
    let tenant = tenant.to_string();
    records.find::<ExportCount>(&tenant).unwrap_or(ExportCount { tenant, under_way: 0 })
}

fn due<W: Records>(records: &mut W, id: Id<kinds::Export>, due: Timestamp) {
    let name = id.to_string();
    records.send(Outbound { topic: TOPIC.to_owned(), key: name.clone(), due, body: name.into_bytes() });
}

/// Why nothing is done with an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportRefusal {
    /// As many are under way as one tenant may have.
    TooMany,
    /// There is none of this name.
    Unknown,
    /// It has ended.
    Ended,
    /// The slice begins elsewhere than where the export stands: it was written before.
    Passed,
}

/// Begins an export.
#[derive(Clone, Debug)]
pub struct OpenExport {
    /// The export, as it is before its first slice.
    pub export: Export,
}

impl Operation for OpenExport {
    type Answer = Export;
    type Refusal = ExportRefusal;
    const NAME: &'static str = "developers.open_export";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<Export, ExportRefusal> {
        let counted = count(records, &self.export.tenant);
        if counted.under_way >= UNDER_WAY_MOST {
            return Err(ExportRefusal::TooMany);
        }
        records.put(ExportCount { under_way: counted.under_way + 1, ..counted });
        records.put(self.export.clone());
        due(records, self.export.id, now);
        Ok(self.export.clone())
    }
}

/// Writes the next slice of an export.
#[derive(Clone, Debug)]
pub struct WriteSlice {
    /// Of which.
    pub id: Id<kinds::Export>,
    /// The row that it comes after: where the export stood when it was read.
    pub after: Option<String>,
    /// What is written.
    pub text: Vec<u8>,
    /// How many rows these are.
    pub rows: u64,
    /// The last of them.
    pub last: Option<String>,
    /// How many rows there are in all.
    pub total: u64,
    /// Whether no row comes after these.
    pub done: bool,
    /// Sixteen secret bytes, from which the event of its end has its name.
    pub names: [u8; 16],
    /// Every endpoint that may want to know of its end.
    pub endpoints: Vec<Id<kinds::WebhookEndpoint>>,
}

impl Operation for WriteSlice {
    /// The number of the event that tells of the end, where this was it.
    type Answer = Option<u64>;
    type Refusal = ExportRefusal;
    const NAME: &'static str = "developers.write_slice";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<Option<u64>, ExportRefusal> {
        let export: Export = records.find(&self.id).ok_or(ExportRefusal::Unknown)?;
        if !export.state.is_under_way() {
            return Err(ExportRefusal::Ended);
        }
        if export.last_row != self.after {
            return Err(ExportRefusal::Passed);
        }
        if self.total > ROWS_MOST {
            let failed = Export { total: Some(self.total), failure: Some(TOO_LARGE.to_owned()), ..export };
            end(records, failed, ExportState::Failed, now);
            return Ok(self.tell(records, FAILED, now));
        }
        let piece = ExportPiece { export: self.id, number: export.pieces, text: self.text.clone() };
        let written = Export {
            state: ExportState::Running,
            last_row: self.last.clone().or(export.last_row),
            row_count: export.row_count + self.rows,
            total: Some(self.total),
            pieces: export.pieces + 1,
            bytes: export.bytes + self.text.len() as u64,
            ..export
        };
        records.put(piece);
        if !self.done {
            records.put(written);
            due(records, self.id, now);
            return Ok(None);
        }
        end(records, written, ExportState::Succeeded, now);
        Ok(self.tell(records, SUCCEEDED, now))
    }
}

impl WriteSlice {
    fn tell<W: Records>(&self, records: &mut W, kind: &str, now: Timestamp) -> Option<u64> {
        let export: Export = records.find(&self.id)?;
        let happening = Happening {
            first: kind.to_owned(),
            later: kind.to_owned(),
            subject: export.id.to_string(),
            tenant: export.tenant,
            state: kind.to_owned(),
            at: now,
            snapshot: None,
        };
        let endpoints: Vec<Endpoint> =
            self.endpoints.iter().filter_map(|id| records.find::<Endpoint>(id)).collect();
        tell_now(records, &happening, &self.names, endpoints.iter(), now)
    }
}

/// Ends an export: of one that did not succeed nothing is kept.
fn end<W: Records>(records: &mut W, export: Export, state: ExportState, now: Timestamp) {
    let counted = count(records, &export.tenant);
    records.put(ExportCount { under_way: counted.under_way.saturating_sub(1), ..counted });
    let mut ended = Export { state, ended_at: Some(now), ..export };
    if state == ExportState::Succeeded {
        ended.expires_at = Some(now.after(KEPT));
        due(records, ended.id, now.after(KEPT));
    } else {
        records.cancel(TOPIC, &ended.id.to_string());
        forget(records, &mut ended);
    }
    records.put(ended);
}

fn forget<W: Records>(records: &mut W, export: &mut Export) {
    for number in 0..std::mem::take(&mut export.pieces) {
        records.remove::<ExportPiece>(&(export.id, number));
    }
    export.bytes = 0;
}

/// Gives an export up.
#[derive(Clone, Copy, Debug)]
pub struct CancelExport {
    /// Which.
    pub id: Id<kinds::Export>,
}

impl Operation for CancelExport {
    type Answer = Export;
    type Refusal = ExportRefusal;
    const NAME: &'static str = "developers.cancel_export";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<Export, ExportRefusal> {
        let export: Export = records.find(&self.id).ok_or(ExportRefusal::Unknown)?;
        if !export.state.is_under_way() {
            return Err(ExportRefusal::Ended);
        }
        end(records, export, ExportState::Cancelled, now);
        records.find(&self.id).ok_or(ExportRefusal::Unknown)
    }
}

/// Forgets the result of an export whose time is over.
#[derive(Clone, Copy, Debug)]
pub struct ExpireExport {
    /// Which.
    pub id: Id<kinds::Export>,
}

impl Operation for ExpireExport {
    type Answer = ();
    type Refusal = ExportRefusal;
    const NAME: &'static str = "developers.expire_export";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<(), ExportRefusal> {
        let mut export: Export = records.find(&self.id).ok_or(ExportRefusal::Unknown)?;
        if export.state == ExportState::Succeeded && export.expires_at.is_some_and(|at| now >= at) {
            forget(records, &mut export);
            records.put(Export { state: ExportState::Expired, ..export });
        }
        Ok(())
    }
}

//! A terminal closes its batch.

use crate::operations::shared::{Undertaking, admitted};
use crate::records::{Batch, BatchState, Terminal};
use crate::refusal::Refusal;
use crate::terminal_line::SettlementRequest;
use serde::{Deserialize, Serialize};
use values::{Operation, Records, Timestamp};

/// Compares totals, captures the batch and opens the next one.
#[derive(Clone, Debug)]
pub struct CloseBatch {
    /// What the terminal counted.
    pub request: SettlementRequest,
}

/// A batch that was captured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Closed {
    /// The batch as we counted it. Where totals differ, ours hold and the terminal uploads its payments.
    pub batch: Batch,
    /// Whether the terminal counted the same.
    pub balanced: bool,
    /// The batch now open.
    pub next: u32,
}

impl Operation for CloseBatch {
    type Answer = Closed;
    type Refusal = Refusal;
    const NAME: &'static str = "acquiring.close_batch";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<Closed, Refusal> {
        let request = &self.request;
        let (terminal, merchant) =
            admitted(records, &request.terminal, &request.acceptor, Undertaking::Conclude)?;
        let mut batch: Batch = records.find(&(terminal.id, request.batch)).ok_or(Refusal::WrongBatch)?;
        if batch.state == BatchState::Captured {
            // The terminal did not hear the first answer.
            let balanced = batch.balanced.unwrap_or(false);
            return Ok(Closed { balanced, next: terminal.batch, batch });
        }
        if batch.pending_count > 0 {
            return Err(Refusal::PaymentsPending);
        }
        let balanced = batch.sales() == request.sales && batch.refunds() == request.refunds;
        batch.state = BatchState::Captured;
        batch.balanced = Some(balanced);
        batch.closed_at = Some(now);
        let next = terminal.batch % 999_999 + 1;
        records.put(batch.clone());
        records.put(Batch::open(terminal.id, next, merchant.currency, now));
        records.put(Terminal { batch: next, ..terminal });
        Ok(Closed { batch, balanced, next })
    }
}

//! The acquirer's terminal port.

use super::{read, send};
use crate::iso::{Dialect, Ends, Reply, Service};
use platform::acquirer::Acquirer;

/// Terminals speak to this.
pub struct TerminalPort {
    acquirer: Acquirer,
    dialect: Dialect,
    ends: Ends,
}

impl TerminalPort {
    /// A port that speaks `dialect`.
    pub fn new(acquirer: Acquirer, dialect: Dialect, ends: Ends) -> TerminalPort {
        TerminalPort { acquirer, dialect, ends }
    }
}

impl Service for TerminalPort {
    fn message(&self, bytes: &[u8], reply: &Reply) {
        let Some(message) = read(&self.dialect, &self.ends, bytes, reply) else { return };
        let (dialect, ends, reply) = (self.dialect.clone(), self.ends.clone(), reply.clone());
        self.acquirer.take(
            message,
            Box::new(move |answer| {
                if let Some(answer) = answer {
                    send(&dialect, &ends, answer, &reply);
                }
            }),
        );
    }
}

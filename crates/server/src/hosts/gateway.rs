//! The token gateway's network port.

use super::{read, send};
use crate::iso::{Dialect, Ends, Reply, Service};
use platform::gateway::Gateway;
use std::sync::Arc;

/// The network speaks to this.
pub struct GatewayPort {
    gateway: Gateway,
    // Every message on its way holds on to them.
    dialect: Arc<Dialect>,
    ends: Arc<Ends>,
}

impl GatewayPort {
    /// A port that speaks `dialect`.
    pub fn new(gateway: Gateway, dialect: Dialect, ends: Ends) -> GatewayPort {
        GatewayPort { gateway, dialect: Arc::new(dialect), ends: Arc::new(ends) }
    }
}

impl Service for GatewayPort {
    fn message(&self, bytes: &[u8], reply: &Reply) {
        let Some(message) = read(&self.dialect, &self.ends, bytes, reply) else { return };
        let (dialect, ends, reply) = (self.dialect.clone(), self.ends.clone(), reply.clone());
        self.gateway.take(
            message,
            Box::new(move |answer| {
                if let Some(answer) = answer {
                    send(&dialect, &ends, answer, &reply);
                }
            }),
        );
    }
}

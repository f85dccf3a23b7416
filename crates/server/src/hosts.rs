//! Hosts: parties that answer messages on a port. Each is a party's pure room, its records and its lines.

pub mod acquirer;
pub mod gateway;
pub mod issuer;
pub mod issuer_events;
pub mod network;
pub mod settlement;
pub mod telephone;

use crate::iso::{Dialect, Ends, Reply, Unreadable};
use iso8583::Message;

/// Reads a message that came in, or answers what cannot be believed. `None`: nothing is left to do.
fn read(dialect: &Dialect, ends: &Ends, bytes: &[u8], reply: &Reply) -> Option<Message> {
    match dialect.read(bytes) {
        Ok(message) => Some(message),
        Err(Unreadable::Malformed(error)) => {
            tracing::warn!(%error, from = ends.near, to = ends.far, "message passed over");
            None
        }
        Err(Unreadable::NotAuthentic(message)) => {
            tracing::warn!(from = ends.near, to = ends.far, "message without a correct MAC");
            if let Some(answer) = dialect.refuse_unauthentic(&message) {
                send(dialect, ends, answer, reply);
            }
            None
        }
    }
}

/// Sends an answer home over the line its question came by.
fn send(dialect: &Dialect, ends: &Ends, mut answer: Message, reply: &Reply) {
    match dialect.write(&mut answer) {
        Ok(bytes) => {
            ends.inward(dialect, &bytes);
            reply.send(&bytes);
        }
        Err(error) => tracing::error!(%error, "an answer of our own cannot be written"),
    }
}

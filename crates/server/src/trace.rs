//! Seeing what goes over the wires, for demonstrations and tests.
//!
//! A trace gets the bytes as they are; whoever prints them masks them. Without one, nothing is copied.

use std::sync::Arc;

/// In which language a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wire {
    /// An APDU command or response.
    Apdu,
    /// ISO 8583, profile `pos`.
    IsoPos,
    /// ISO 8583, profile `net`.
    IsoNet,
    /// A text message.
    Text,
    /// JSON over HTTP.
    Http,
}

/// One message on its way.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// Who sends it.
    pub from: &'a str,
    /// Who gets it.
    pub to: &'a str,
    /// Its language.
    pub wire: Wire,
    /// What it is about, for wires whose bytes do not say (method and path of HTTP).
    pub title: &'a str,
    /// The bytes as sent.
    pub bytes: &'a [u8],
}

/// Somebody who watches the wires.
pub trait Trace: Send + Sync + 'static {
    /// Called before the message is sent, on the sender's thread.
    fn seen(&self, message: &Seen<'_>);
}

/// A watcher, or nobody.
pub type Watch = Option<Arc<dyn Trace>>;

/// Shows a message to the watcher, if there is one.
pub fn show(watch: &Watch, from: &str, to: &str, wire: Wire, title: &str, bytes: &[u8]) {
    if let Some(trace) = watch {
        trace.seen(&Seen { from, to, wire, title, bytes });
    }
}

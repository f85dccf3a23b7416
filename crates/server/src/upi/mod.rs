//! Account payment on its wires: every party posts signed XML to every other, each call is answered at once by a signed Ack,
//! and the business answer is a post of its own, back.
//!
//! Read `office` (a party's port, and what it sends) and `mailroom` (in which order), `app` (what phones ask the provider over HTTP and JSON), `phone` (a phone), `billers` (who is
//! asked and told about bills), `tls` (one more lock on the wires between parties).

pub mod app;
pub mod billers;
pub(crate) mod mailroom;
pub mod office;
pub mod phone;
pub mod tls;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;

/// Where each organisation of account payment listens. Keys are pinned apart from it.
#[derive(Clone, Debug, Default)]
pub struct AddressBook(Arc<HashMap<String, SocketAddr>>);

impl AddressBook {
    /// A book of these organisations.
    pub fn new(entries: impl IntoIterator<Item = (String, SocketAddr)>) -> AddressBook {
        AddressBook(Arc::new(entries.into_iter().collect()))
    }

    /// Where an organisation listens.
    pub fn find(&self, organisation: &str) -> Option<SocketAddr> {
        self.0.get(organisation).copied()
    }
}

//! Use cases: load, decide, commit, deliver.
//!
//! A use case reads what came in, lets a domain room decide, has the decision made durable by `store`, and only
//! then lets anything out. It knows no socket, no HTTP and no screen: lines to other hosts are handed in as
//! [`line::HostLine`].
//!
//! Read `token_service` and its use cases `devices`, `enrolment`, `provisioning`, `lifecycle`, `disputes`; then `gateway`
//! (the hop where a token becomes a card number), `tidings` (what phones are told of it) and `acquirer`; `psp` is the provider of
//! account payment.

pub mod acquirer;
mod devices;
mod disputes;
mod enrolment;
mod error;
pub mod gateway;
pub mod issuer_line;
pub mod keys;
mod lifecycle;
pub mod line;
mod provisioning;
pub mod psp;
pub mod tidings;
mod token_service;

pub use devices::Confirmed;
pub use disputes::DisputeWish;
pub use enrolment::{CARD_DATA_CONTEXT, Cards, Progress};
pub use error::Error;
pub use lifecycle::{IssuerAction, NoticeTaken, replacement_context};
pub use provisioning::Profile;
pub use token_service::{CardRange, Texting, TokenService};

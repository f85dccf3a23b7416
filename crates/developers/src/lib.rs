//! Developers: who calls the interface, what they were answered, and what they are told.
//!
//! It knows neither HTTP nor JSON, and none of the things that are asked for: it remembers who may ask, and that a
//! request was answered before.
//!
//! Read `tenant` (whose data a key opens, and what for), `key` (secret keys, kept as digests), `answer` (a request is
//! carried out once, and its answer is given again), `change` (of one thing, as it was seen), `event` (what callers are told, read from facts), `webhook` (the
//! same, sent to them), `export` (long work, done in slices).
//!
//! Invariants: a key's text is nowhere in the records; a remembered answer becomes durable with the effect it tells
//! of, or the request it belongs to is known to have begun; what is remembered never holds a secret.

pub mod answer;
pub mod change;
pub mod event;
pub mod export;
pub mod key;
pub mod tenant;
pub mod webhook;

pub use answer::{
    Answer, Asked, Began, Begin, Finish, Forget, LayDown, No, Once, Part, Remember, Rendered, Said,
};
pub use change::{Annotate, Change, Metadata, MetadataMember, Seen, Thing, Unchanged};
pub use event::{Event, Happening, Reading, Subject, Tell};
pub use export::{Export, ExportState};
pub use key::{AddKey, ApiKey, KeyText, RevokeKey};
pub use tenant::{Scope, Tenant};
pub use webhook::{Delivery, DeliveryState, Endpoint};

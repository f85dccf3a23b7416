//! The platform's HTTP interface: three lines a handler: extract, call the platform, render.
//!
//! Every request but the lost-phone page is signed by a device key (see `http_signature`); whose request it is
//! follows from the key, never from the body.

mod door;
mod phone;
mod problem;
mod routes;

pub use door::{Certify, Door};
pub use routes::router;

//! Signatures beside a second implementation, real samples, and attacks.

mod attacks;
mod links;
mod machines;
mod messages;
mod samples;
mod support;
mod xmlsec;

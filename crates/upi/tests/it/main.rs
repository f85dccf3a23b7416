//! Signatures beside a second implementation, real samples, and attacks.

mod attacks;
mod links;
mod samples;
mod support;
mod xmlsec;

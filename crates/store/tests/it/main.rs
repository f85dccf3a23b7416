//! The store through its front door, on SQLite and on a disk that fails.

mod audit;
mod city;
mod crash;
mod ends;
mod exports;
#[cfg(feature = "failpoints")]
mod killed;
mod log;
mod outbox;
mod shell;
mod tamper;

//! Which table each record of each room lies in. The only place that knows rooms and tables together.
//!
//! Each module has `tables(schema)`, which adds its tables; a database takes those it needs:
//! `rooms::ledger::tables(rooms::issuer::tables(Schema::new()))`.

pub mod acquiring;
pub mod billers;
pub mod developers;
pub mod issuer;
pub mod ledger;
pub mod network;
pub mod operators;
pub mod telephone;
pub mod tokens;
pub mod upi;
pub mod wallet;

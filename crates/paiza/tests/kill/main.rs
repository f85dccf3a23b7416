//! Every party is a process of its own, and each is killed at every fail point while payments flow. It starts again over
//! the same records; what was stored is forwarded; and in the end every payment is in the acquirer's batch, the
//! network's clearing, the gateway's counters and the issuer's books exactly once, or in none of them.

mod books;
mod calling;
mod city;
mod counter;
mod enrolling;
mod paying;
#[allow(dead_code, reason = "the tests of account payment use more of it")]
mod process;

//! `paiza emv`: known answers, and the test certification authority.

//! The merchant's bank: payments, reversals, batches.

//! The whole room against known answers.

mod shared_vectors;

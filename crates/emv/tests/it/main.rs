//! Known answers and recorded conversations, read from the shared test data.

mod hostile;
mod shared;
mod traces;
mod vectors;

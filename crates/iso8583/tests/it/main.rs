//! The room from outside: known answers, hostile bytes, round trips.

mod hostile;
mod known_answers;
mod round_trips;

//! The acquirer from outside: messages in, operations over records in memory, messages out.

mod attacks;
mod books;
mod codes;
mod every_order;
mod hostile;
mod intents;
mod messages;
mod refusals;
mod story;

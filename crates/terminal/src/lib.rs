//! The reader: a machine that takes a card through a payment.

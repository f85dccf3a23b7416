//! The card on the phone: its keys, its counter, its answers.

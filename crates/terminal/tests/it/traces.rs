//! Recorded conversations of public terminals with a card, replayed to our terminal.

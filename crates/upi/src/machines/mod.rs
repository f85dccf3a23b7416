//! What becomes of a payment at each party: pure machines, pushed by what arrives and by what does not.
//!
//! Read `leg` (a bank's debit or credit, forestalled for ever by a reversal that comes first) and `switch` (the
//! one truth of a payment while it lives). A shell stores the state with the messages a step asks for in one commit and
//! delivers them afterwards; after a crash it calls the same functions again.
//!
//! Together they keep: no debit and no credit twice, a credit only after a positive debit, and whatever is lost,
//! doubled, late or reordered, a payment that ends as failed leaves nobody's books changed.

pub mod leg;
pub mod switch;

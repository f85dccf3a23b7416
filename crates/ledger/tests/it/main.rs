//! The ledger by its behaviour: scripts of one line per call, then properties over random scripts.
mod properties;
mod script;

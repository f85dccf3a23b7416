//! Use cases: load, decide, commit, deliver.

//! Operations executed in batches, facts, tables.

//! The command `paiza`.

fn main() {}

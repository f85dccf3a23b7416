//! The store through its front door, on SQLite and on a disk that fails.

mod city;
mod shell;

//! `paiza decode`: explains any message, masked by default.

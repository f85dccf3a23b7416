//! Host messages: ISO 8583:1987 as data.

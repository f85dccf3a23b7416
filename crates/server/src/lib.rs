//! Every door: sockets, HTTP, framing, readers.

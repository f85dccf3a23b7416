//! Every door of Paiza: sockets, framing, HTTP, readers.
//!
//! It decides nothing about money: it turns bytes into the values its inner rooms know, calls them, and
//! turns their answers into bytes again.
//!
//! Read `iso` (host connections), `vpcd` (the field between phone and reader), then `http_signature`, and `test_mode` (what
//! only a sandbox has).

mod agent;
mod alarm;
pub mod api;
pub mod ceremony;
pub mod city;
pub mod client;
pub mod console;
pub mod defences;
pub mod hosts;
mod http;
mod http_screening;
pub mod http_signature;
pub mod iso;
pub mod paper;
pub mod phone;
pub mod phone_door;
pub mod picture;
pub mod platform_http;
pub mod pos;
pub mod reader;
pub mod screens;
pub mod test_mode;
pub mod till;
pub mod trace;
pub mod upi;
pub mod vpcd;

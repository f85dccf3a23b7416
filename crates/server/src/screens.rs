//! Screens: what people see in a browser. HTML is made here and nowhere else.
//!
//! Every page works as plain HTML: links lead, forms post. There is one style sheet, from our own origin; what
//! varies from item to item is an attribute of a drawing or a class of a closed set, since the policy of
//! content allows no styles and no scripts in a page.

pub mod art;
pub mod console;
pub mod door;
pub mod flow;
pub mod guard;
pub mod icons;
pub mod live;
pub mod operators;
pub mod pages;
pub mod palette;
pub mod phone;
pub mod reference;
mod spelt;
pub mod tablet;
pub mod terminal;
pub mod test_tools;
pub mod words;

/// What asks a browser for a passkey, on the pages that have a form for it.
pub const PASSKEY_SCRIPT: &str = include_str!("../templates/passkey.js");
/// The script of pages that scan codes with a camera; their door reads what the browser cannot (`/code/read`).
pub const SCAN_SCRIPT: &str = include_str!("../templates/scan.js");

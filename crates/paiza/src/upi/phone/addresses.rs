//! `paiza upi block`, `blocked`, `unblock`, `first-address`, `remove-address`.

use super::{PhoneDir, done, failure, open};
use crate::output::{Failure, Output};
use clap::Subcommand;
use serde_json::json;

/// What is done with addresses.
#[derive(Subcommand)]
pub(crate) enum Addressed {
    /// Block an address: what it asks for is declined before it is seen
    Block {
        #[command(flatten)]
        phone: PhoneDir,
        /// The address
        address: String,
        /// Report it too, as fraud or spam
        #[arg(long)]
        report: bool,
    },
    /// End a block
    Unblock {
        #[command(flatten)]
        phone: PhoneDir,
        /// The address
        address: String,
    },
    /// The addresses that are blocked
    Blocked {
        #[command(flatten)]
        phone: PhoneDir,
    },
    /// Pay under this one of the own addresses, and show it first
    FirstAddress {
        #[command(flatten)]
        phone: PhoneDir,
        /// The address
        address: String,
    },
    /// Give one of the own addresses up; the only one cannot be
    RemoveAddress {
        #[command(flatten)]
        phone: PhoneDir,
        /// The address
        address: String,
    },
}

pub(super) fn run(what: &Addressed, output: Output) -> Result<(), Failure> {
    match what {
        Addressed::Block { phone, address, report } => {
            open(phone)?.block(address, *report).map_err(failure)?;
            done(output, &format!("{address} is blocked."))
        }
        Addressed::Unblock { phone, address } => {
            open(phone)?.unblock(address).map_err(failure)?;
            done(output, &format!("{address} is not blocked any more."))
        }
        Addressed::Blocked { phone } => {
            let blocked = open(phone)?.blocked().map_err(failure)?;
            for one in &blocked {
                let reported = if one.reported { ", reported" } else { "" };
                output.line(format!("{}{reported}", one.address));
                output.row(&json!({ "address": one.address, "reported": one.reported }));
            }
            output.summary(json!({ "blocked": blocked.len() }));
            Ok(())
        }
        Addressed::FirstAddress { phone, address } => {
            open(phone)?.first_address(address).map_err(failure)?;
            done(output, &format!("{address} is the first one now."))
        }
        Addressed::RemoveAddress { phone, address } => {
            open(phone)?.remove_address(address).map_err(failure)?;
            done(output, &format!("{address} is given up."))
        }
    }
}

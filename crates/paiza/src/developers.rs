//! For those who build on the interface: keys, events, completions and manual pages.

mod caller;
mod events;
mod keys;
mod listen;
mod manual;
mod trigger;

use clap::{Args, Subcommand};
use server::city::ports;
use std::path::PathBuf;

pub(crate) use events::run as events;
pub(crate) use keys::run as keys;
pub(crate) use listen::run as listen;
pub(crate) use manual::{completions, manual};
pub(crate) use trigger::run as trigger;

/// Where the interface is, and with which key it is called.
#[derive(Args)]
pub(crate) struct Interface {
    /// The platform
    #[arg(long = "at", value_name = "HOST:PORT", default_value_t = format!("127.0.0.1:{}", ports::PLATFORM))]
    pub(crate) at: String,
    /// Secret key; the published one of the sandbox's operator if absent
    #[arg(
        long,
        env = "PAIZA_API_KEY",
        hide_env_values = true,
        default_value = "sk_test_platform0000000000000000"
    )]
    pub(crate) key: String,
}

/// The events that are listened to are those the key may know. Each is signed as a webhook is.
///
/// Example: paiza listen --forward-to http://127.0.0.1:3000/hooks
#[derive(Args)]
pub(crate) struct Listen {
    #[command(flatten)]
    pub(crate) interface: Interface,
    /// Where each event is handed on to
    #[arg(long, value_name = "URL")]
    pub(crate) forward_to: Option<String>,
    /// Leave after so many events
    #[arg(long)]
    pub(crate) count: Option<u64>,
}

/// Phones are tapped, messages travel, books change: nothing of it is made up.
///
/// Example: paiza trigger payment.declined
#[derive(Args)]
pub(crate) struct Trigger {
    #[command(flatten)]
    pub(crate) interface: Interface,
    /// What is to happen
    #[arg(value_parser = clap::builder::PossibleValuesParser::new(trigger::EVENTS))]
    pub(crate) event: String,
}

#[derive(Subcommand)]
pub(crate) enum Events {
    /// List events, newest first
    ///
    /// Example: paiza events list --limit 5
    List {
        #[command(flatten)]
        interface: Interface,
        /// How many
        #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=100))]
        limit: u64,
    },
    /// Send an event to its webhook endpoints once more
    ///
    /// Example: paiza events resend evt_01KB0000000000000000000000
    Resend {
        #[command(flatten)]
        interface: Interface,
        /// Which event
        event: String,
    },
}

/// Example: paiza completions bash > /etc/bash_completion.d/paiza
#[derive(Args)]
pub(crate) struct Completions {
    /// For which shell
    pub(crate) shell: clap_complete::Shell,
}

/// Example: paiza man --to /usr/local/share/man/man1
#[derive(Args)]
pub(crate) struct Manual {
    /// Directory for the pages
    #[arg(long)]
    pub(crate) to: PathBuf,
}

/// The platform's desk.
#[derive(clap::Args)]
pub(crate) struct PlatformDesk {
    /// The platform's desk
    #[arg(long = "at", value_name = "HOST:PORT", default_value_t = format!("127.0.0.1:{}", ports::PLATFORM_DESK))]
    pub(crate) at: String,
}

#[derive(Subcommand)]
pub(crate) enum Keys {
    /// Make a secret key; it is shown once
    ///
    /// Example: paiza keys add --tenant mer_00000000000000000000000001 --name "Till software"
    Add {
        #[command(flatten)]
        desk: PlatformDesk,
        /// Whose data it opens: platform, issuer:NAME or a merchant's id
        #[arg(long)]
        tenant: String,
        /// What to call it
        #[arg(long, default_value = "key")]
        name: String,
        /// What it may be used for, repeated; everything its tenant may do if absent
        #[arg(long = "scope")]
        scopes: Vec<String>,
    },
    /// List the keys
    ///
    /// Example: paiza keys list
    List {
        #[command(flatten)]
        desk: PlatformDesk,
    },
    /// Let a key open nothing any more
    ///
    /// Example: paiza keys revoke --id key_01KB0000000000000000000000
    Revoke {
        #[command(flatten)]
        desk: PlatformDesk,
        /// The key's identifier
        #[arg(long)]
        id: String,
    },
}

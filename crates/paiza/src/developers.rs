//! For those who build on the interface: keys, events, completions and manual pages.

mod caller;
mod clock;
mod events;
mod exports;
mod fault;
mod keys;
mod listen;
mod logs;
mod manual;
mod samples;
mod trigger;

use clap::{Args, Subcommand};
use server::city::ports;
use std::path::PathBuf;

pub(crate) use clock::run as clock;
pub(crate) use events::run as events;
pub(crate) use exports::run as exports;
pub(crate) use fault::run as fault;
pub(crate) use keys::run as keys;
pub(crate) use listen::run as listen;
pub(crate) use logs::run as logs;
pub(crate) use manual::{completions, manual};
pub(crate) use samples::run as samples;
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
    /// Send the events of a span of time again to the webhook endpoints that did not take them
    ///
    /// Example: paiza events replay --from 2026-11-01T00:00:00Z --to 2026-11-02T00:00:00Z
    Replay {
        #[command(flatten)]
        interface: Interface,
        /// Those that happened from this moment on, in UTC
        #[arg(long)]
        from: String,
        /// And before this one
        #[arg(long)]
        to: String,
        /// To this endpoint alone
        #[arg(long, value_name = "ENDPOINT")]
        endpoint: Option<String>,
        /// Also what an endpoint took, or still may
        #[arg(long)]
        all: bool,
    },
}

#[derive(Subcommand)]
pub(crate) enum Exports {
    /// Begin an export; with a file, wait for it and write it there
    ///
    /// Example: paiza exports create payments --format csv --merchant mer_00000000000000000000000001 --from 2026-11-01T00:00:00Z --into payments.csv
    Create {
        #[command(flatten)]
        interface: Interface,
        /// What
        #[arg(value_parser = ["payments", "refunds", "settlements", "events"])]
        what: String,
        /// How it is written
        #[arg(long, default_value = "json_lines", value_parser = ["json_lines", "csv"])]
        format: String,
        /// Of which merchant; the operator says it for payments and refunds
        #[arg(long)]
        merchant: Option<String>,
        /// What came about from this moment on, in UTC
        #[arg(long)]
        from: String,
        /// And before this one; until now if absent
        #[arg(long)]
        to: Option<String>,
        /// Where the result is written
        #[arg(long, value_name = "FILE")]
        into: Option<PathBuf>,
    },
    /// Show how far an export is
    ///
    /// Example: paiza exports show exp_01KB0000000000000000000000
    Show {
        #[command(flatten)]
        interface: Interface,
        /// Which
        operation: String,
    },
    /// Give an export up
    ///
    /// Example: paiza exports cancel exp_01KB0000000000000000000000
    Cancel {
        #[command(flatten)]
        interface: Interface,
        /// Which
        operation: String,
    },
    /// Write the result of an export that succeeded
    ///
    /// Example: paiza exports get exp_01KB0000000000000000000000 --into payments.csv
    Get {
        #[command(flatten)]
        interface: Interface,
        /// Which
        operation: String,
        /// Where
        #[arg(long, value_name = "FILE")]
        into: PathBuf,
    },
}

#[derive(Subcommand)]
pub(crate) enum Logs {
    /// Show requests as they are answered: who asked what, and how it ended; never what was sent
    ///
    /// Example: paiza logs tail --count 20
    Tail {
        #[command(flatten)]
        desk: PlatformDesk,
        /// Leave after so many
        #[arg(long)]
        count: Option<u64>,
        /// Begin with the oldest that is kept, not with the next
        #[arg(long)]
        from_start: bool,
    },
}

#[derive(Subcommand)]
pub(crate) enum Samples {
    /// List the samples
    ///
    /// Example: paiza samples list
    List,
    /// Print one
    ///
    /// Example: paiza samples show take-payment --language python
    Show {
        /// Which, as the list has it
        name: String,
        /// In which language; the first that there is unless said otherwise
        #[arg(long)]
        language: Option<String>,
    },
}

#[derive(Subcommand)]
pub(crate) enum Clock {
    /// Show the time of the sandbox
    ///
    /// Example: paiza clock show
    Show {
        #[command(flatten)]
        interface: Interface,
    },
    /// Have it stand still
    ///
    /// Example: paiza clock freeze
    Freeze {
        #[command(flatten)]
        interface: Interface,
    },
    /// Have it run again, from where it stands
    ///
    /// Example: paiza clock resume
    Resume {
        #[command(flatten)]
        interface: Interface,
    },
    /// Move it forward; what falls due on the way is done at its own time, in order
    ///
    /// Example: paiza clock advance 30d
    Advance {
        #[command(flatten)]
        interface: Interface,
        /// How far: 90m, 12h, 30d, 1w or 1d12h
        by: String,
    },
    /// Move it forward to a moment; time does not go back
    ///
    /// Example: paiza clock goto 2027-01-31T09:30:00Z
    Goto {
        #[command(flatten)]
        interface: Interface,
        /// The moment, UTC: 2027-01-31, 2027-01-31T09:30:00Z, or now, which is the machine's own time
        to: String,
    },
}

#[derive(Subcommand)]
pub(crate) enum Fault {
    /// Have something go wrong on a leg, until it is removed or the sandbox ends
    ///
    /// Legs: terminal-acquirer, acquirer-network, network-gateway, gateway-issuer, platform-network, network-issuer,
    /// platform-telephone, issuer-telephone, issuer-events, webhooks, settlement-files; where each bank has one, its
    /// short name may follow.
    ///
    /// Example: paiza fault add gateway-issuer:boc latency=20s,p=0.3
    Add {
        #[command(flatten)]
        interface: Interface,
        /// Where: network-gateway, or gateway-issuer:boc
        leg: String,
        /// What: latency=20s, drop, duplicate, reorder, corrupt, answer=96 or partial; then ,p=0.3 ,on=answers ,seed=7
        what: String,
    },
    /// List the faults that are on
    ///
    /// Example: paiza fault list
    List {
        #[command(flatten)]
        interface: Interface,
    },
    /// Switch one off
    ///
    /// Example: paiza fault remove flt_01KB0000000000000000000000
    Remove {
        #[command(flatten)]
        interface: Interface,
        /// Which fault
        fault: String,
    },
    /// Switch all of them off
    ///
    /// Example: paiza fault clear
    Clear {
        #[command(flatten)]
        interface: Interface,
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

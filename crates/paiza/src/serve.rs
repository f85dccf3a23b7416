//! `paiza serve`: the platform alone. Its counterparties run elsewhere: real ones, or `paiza sandbox`.

pub(crate) mod config;
mod settings;

use crate::cli::Serve;
use crate::output::{Failure, Output};
use crate::sandbox::left_clock;
use crate::up::{failure, wait_for_the_end};
use config::Config;
use serde_json::json;
use server::city::{
    ConsoleParty, ENDING, Http, Plan, Platform, PlatformPorts, SANDBOX_PASSPHRASE, test_tools,
};
use server::console::look::Sources;
use server::console::tape::Tape;
use server::trace::{Trace, Watch};
pub(crate) use settings::run as settings;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;
use store::SystemClock;
use values::SecretBytes;

/// The passphrase itself, for where no file is at hand.
const PASSPHRASE: &str = "PAIZA_PASSPHRASE";
/// A file whose first line is the passphrase.
const PASSPHRASE_FILE: &str = "PAIZA_PASSPHRASE_FILE";

pub(crate) fn run(what: &Serve, output: Output) -> Result<(), Failure> {
    let began = Instant::now();
    let config = what.config.as_deref().map_or_else(|| Ok(Config::default()), Config::read)?;
    let data = what.data.clone().or_else(|| config.data.clone());
    let data = data.unwrap_or_else(|| PathBuf::from("paiza-data"));
    let passphrase = passphrase(&config)?;
    let public = passphrase.is_none();
    if config.sandbox && !public {
        let only = "sandbox = true is for the sandbox's own key file: leave the passphrase out, or the line";
        return Err(Failure::configuration(only));
    }
    let documented = match config.sandbox {
        true => Plan::sandbox(&data, Arc::new(SystemClock)).map_err(failure)?,
        false if !left_clock(&data)?.shown().real => {
            let moved =
                "the clock of this data directory was moved: say `sandbox = true` in the configuration";
            return Err(Failure::configuration(format!("{}: {moved}", data.display())));
        }
        false => Plan::documented(&data, Arc::new(SystemClock)),
    };
    let tape = match &what.console {
        Some(_) => Some(Tape::start(Arc::clone(&documented.clock)).map_err(Failure::configuration)?),
        None => None,
    };
    let watch: Watch = tape.clone().map(|tape| tape as Arc<dyn Trace>);
    let plan = Plan {
        watch,
        waits: config.waits(),
        egress: config.egress()?,
        passphrase: passphrase.map_or_else(|| SANDBOX_PASSPHRASE.to_vec(), |secret| secret.expose().to_vec()),
        ..documented
    };
    let ports = PlatformPorts {
        http: config::bind(config.http())?,
        terminals: config.terminals()?,
        gateway: config.gateway()?,
        desk: config.desk()?,
    };
    let peers = config.peers()?;
    let http = Http::start().map_err(failure)?;
    let mut platform = Platform::start(&plan, &http, ports, &peers).map_err(failure)?;
    if config.test_shop.open {
        platform.open_shop(&plan, peers.telephone).map_err(failure)?;
    }
    let parties = std::slice::from_ref(&platform.running);
    let test = test_tools(&plan, &platform.api, parties, None).map_err(failure)?;
    let console = match &what.console {
        Some(at) => {
            let tools = test.as_ref().map(|(_, tools)| tools.clone());
            let sources = Sources::of_platform(&platform.acquirer, platform.tokens.store());
            let sources = Sources { test: tools, ..sources };
            let socket = TcpListener::bind(at.as_str())
                .map_err(|error| Failure::configuration(format!("{at}: {error}")))?;
            Some(ConsoleParty::start(&plan, &http, socket, sources, &platform.api, tape).map_err(failure)?)
        }
        None => None,
    };
    let ready_ms = began.elapsed().as_millis() as u64;
    output.line(format!("The platform is up after {ready_ms} ms; its records are in {}.", data.display()));
    if public {
        output.line("Its key file is under the sandbox's public passphrase: test cards only.");
    }
    for (what, address) in [
        ("HTTP, phones and browsers", platform.http_at),
        ("acquirer (ISO 8583, terminals)", platform.terminals_at),
        ("token gateway (ISO 8583)", platform.gateway_at),
        ("desk (HTTP, see `paiza keys --help`)", platform.desk_at),
    ] {
        output.line(format!("  {address:<22} {what}"));
    }
    let link = console.as_ref().map_or(Ok(None), ConsoleParty::founding_link).map_err(failure)?;
    if let Some(console) = &console {
        output
            .line(format!("Operators enter the console with their passkeys at {}/enter", console.address()));
    }
    if let Some(link) = &link {
        output.line(format!("Fewer than two operators are there; one is founded here, once: {link}"));
    }
    output.line("Ctrl-C ends it.");
    output.row(&json!({
        "event": "ready", "ready_ms": ready_ms, "console_link": link, "http": platform.http_at, "terminals": platform.terminals_at,
        "gateway": platform.gateway_at, "desk": platform.desk_at,
    }));
    wait_for_the_end()?;
    output.line("Ending.");
    if let Some(console) = console {
        console.end(ENDING);
    }
    drop(test);
    platform.running.end(ENDING);
    output.summary(json!({}));
    Ok(())
}

/// What opens the key file: from the environment, or a file that the environment or the configuration names. None is
/// the sandbox's own, which everybody knows.
fn passphrase(config: &Config) -> Result<Option<SecretBytes>, Failure> {
    if let Some(text) = std::env::var_os(PASSPHRASE) {
        return secret(text.into_encoded_bytes(), PASSPHRASE).map(Some);
    }
    let named = std::env::var_os(PASSPHRASE_FILE).map(PathBuf::from);
    match named.as_deref().or(config.keys.passphrase_file.as_deref()) {
        Some(path) => read_passphrase(path).map(Some),
        None => Ok(None),
    }
}

fn read_passphrase(path: &Path) -> Result<SecretBytes, Failure> {
    let named = path.display().to_string();
    let mut bytes =
        std::fs::read(path).map_err(|error| Failure::configuration(format!("{named}: {error}")))?;
    let line = bytes.iter().position(|byte| matches!(byte, b'\r' | b'\n')).unwrap_or(bytes.len());
    bytes.truncate(line);
    secret(bytes, &named)
}

fn secret(bytes: Vec<u8>, place: &str) -> Result<SecretBytes, Failure> {
    if bytes.is_empty() {
        return Err(Failure::configuration(format!("{place}: the passphrase is empty")));
    }
    Ok(SecretBytes::new(bytes))
}

//! `paiza phone screen`: the phone switched on, with its screen in a browser.

use super::address;
use crate::cli::PhoneDir;
use crate::output::{Failure, Output};
use crate::up::wait_for_the_end;
use crypto::passphrase::Work;
use serde_json::json;
use server::city::{ENDING, Http, PhoneParty};
use server::phone::Phone;
use server::phone_door::{Settings, UpiLine};
use std::net::TcpListener;

/// Where it listens, and whom it calls.
pub(super) struct Wires<'a> {
    pub(super) listen: &'a str,
    pub(super) platform: &'a str,
    pub(super) telephone: &'a str,
    pub(super) provider: &'a str,
    pub(super) vpcd: &'a str,
}

pub(super) fn run(dir: &PhoneDir, wires: &Wires<'_>, output: Output) -> Result<(), Failure> {
    let at = address(wires.listen)?;
    let socket = TcpListener::bind(at).map_err(|error| Failure::configuration(format!("{at}: {error}")))?;
    // A phone that was set up stays with its platform.
    let platform = Phone::platform_of(&dir.data).unwrap_or_else(|| wires.platform.to_owned());
    let settings = Settings {
        directory: dir.data.clone(),
        number: String::new(),
        platform: wires.platform.to_owned(),
        telephone: address(wires.telephone)?,
        upi: Some(UpiLine { provider: address(wires.provider)?, number: String::new() }),
        reader: address(wires.vpcd)?,
        work: Work::PHONE,
        clock: super::clock_of(Some(&platform))?,
        watch: None,
        framed_by: Vec::new(),
    };
    let http = Http::start().map_err(Failure::configuration)?;
    let phone = PhoneParty::start(&http, socket, settings).map_err(Failure::configuration)?;
    let screen = phone.screen_at;
    output.line(format!("The phone is at http://{screen}/; it is held against {}.", wires.vpcd));
    output.line("Ctrl-C ends it.");
    output.row(&json!({"event": "ready", "screen": screen, "reader": wires.vpcd}));
    wait_for_the_end()?;
    output.line("Ending.");
    phone.end(ENDING);
    output.summary(json!({}));
    Ok(())
}

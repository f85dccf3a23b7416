//! `paiza up`: every party on this machine.

use crate::cli::Up;
use crate::output::{Failure, Output};
use crypto::passphrase::Work;
use serde_json::json;
use server::city::{City, CityError, ENDING, Plan, account_merchant_key, published_keys};
use server::console::tape::Tape;
use server::trace::Watch;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;
use store::SystemClock;

pub(crate) fn run(what: &Up, output: Output) -> Result<(), Failure> {
    let began = Instant::now();
    let data = &what.data.data;
    if what.fresh {
        forget(data)?;
    }
    let plan = Plan::sandbox(data, Arc::new(SystemClock)).map_err(failure)?;
    let tape = Tape::start(Arc::clone(&plan.clock)).map_err(Failure::configuration)?;
    let watch: Watch = Some(tape.clone());
    let plan = Plan { watch, ..plan };
    let mut city = City::start(&plan).map_err(failure)?;
    city.open_terminal(&plan).map_err(failure)?;
    city.open_upi(&plan).map_err(failure)?;
    city.open_phones(&plan, Work::PHONE).map_err(failure)?;
    city.open_console(&plan, Some(tape)).map_err(failure)?;
    let links = city.console_links().map_err(failure)?;
    city.welcome(TRY);
    introduce(&city, &links, began, output);
    wait_for_the_end()?;
    output.line("Ending.");
    city.end(ENDING);
    output.summary(json!({}));
    Ok(())
}

/// Removes the folders a city makes, and nothing else.
fn forget(data: &Path) -> Result<(), Failure> {
    let ours = |name: &str| {
        matches!(
            name,
            "platform"
                | "network"
                | "telephone"
                | "terminal"
                | "phone-1"
                | "phone-2"
                | "test-shop"
                | "upi-switch"
                | "billers"
        ) || name.starts_with("issuer-")
            || name.starts_with("upi-bank-")
    };
    let Ok(entries) = std::fs::read_dir(data) else { return Ok(()) };
    let clock = data.join("clock.json");
    if clock.exists() {
        std::fs::remove_file(&clock)
            .map_err(|error| Failure::configuration(format!("{}: {error}", clock.display())))?;
    }
    for entry in entries.flatten() {
        if entry.file_name().to_str().is_some_and(ours) {
            let removed = std::fs::remove_dir_all(entry.path());
            removed
                .map_err(|error| Failure::configuration(format!("{}: {error}", entry.path().display())))?;
        }
    }
    Ok(())
}

pub(crate) fn failure(error: CityError) -> Failure {
    Failure::configuration(error)
}

fn introduce(city: &City, links: &[(String, String)], began: Instant, output: Output) {
    let at = &city.addresses;
    let ready_ms = began.elapsed().as_millis() as u64;
    output.line(format!("Paiza is up after {ready_ms} ms. Everything listens on this machine alone."));
    output.line("");
    for (what, address) in [
        ("platform (HTTP, phones and browsers)", at.platform),
        ("telephone network (HTTP)", at.telephone),
        ("acquirer (ISO 8583, terminals)", at.acquirer),
        ("card network (ISO 8583)", at.network),
        ("token gateway (ISO 8583)", at.gateway),
    ] {
        output.line(format!("  {address:<22} {what}"));
    }
    if let Some(console) = at.console {
        output.line(format!("  {console:<22} operators' console (HTTP, browsers)"));
    }
    if let (Some(screen), Some(reader)) = (at.terminal, at.reader) {
        output.line(format!("  {screen:<22} a shop's terminal (HTTP, browsers)"));
        output.line(format!("  {reader:<22} its reader, while it waits for a card (vpcd)"));
    }
    for screen in &at.phones {
        output.line(format!("  {screen:<22} a phone (HTTP, browsers)"));
    }
    for (bank, address) in &at.issuers {
        output.line(format!("  {address:<22} issuer {bank} (ISO 8583)"));
    }
    for (party, address) in &at.desks {
        output.line(format!("  {address:<22} desk of {party} (HTTP, see `paiza sandbox --help`)"));
    }
    if let Some(upi) = city.upi() {
        output.line(format!("  {:<22} account payment's provider (HTTP, phones and the switch)", upi.psp_at));
        output.line(format!("  {:<22} UPI switch (signed XML)", upi.switch_at));
        for (bank, address, _) in &upi.banks {
            output.line(format!("  {address:<22} UPI bank {bank} (signed XML)"));
        }
    }
    let mut keys = published_keys();
    keys.extend(city.upi().map(|_| account_merchant_key()));
    output.line("");
    output.line(format!(
        "Reference of the developers' interface: http://{}/reference; its test keys:",
        at.platform
    ));
    for key in &keys {
        output.line(format!("  {}  {} ({})", key.text, key.name, key.tenant));
    }
    output.line("");
    output.line("Operators enter the console here, once each; what one asks for the other approves:");
    for (name, link) in links {
        output.line(format!("  {name:<6} {link}"));
    }
    output.line("");
    output.line("Try, in another shell:");
    for line in TRY {
        output.line(format!("  {line}"));
    }
    if let Some(shown) = city.test_tools().map(|tools| tools.clockwork.shown()).filter(|shown| !shown.real) {
        let how = if shown.frozen { "stands still" } else { "was moved" };
        output.line("");
        output.line(format!("The test clock {how}: it shows {} (see `paiza clock --help`).", shown.now));
    }
    output.line("");
    output.line("Ctrl-C ends it.");
    output.row(&json!({
        "event": "ready", "ready_ms": ready_ms, "platform": at.platform, "telephone": at.telephone,
        "acquirer": at.acquirer, "network": at.network, "gateway": at.gateway, "issuers": at.issuers,
        "desks": at.desks, "terminal": at.terminal, "reader": at.reader, "phones": at.phones,
        "keys": keys.iter().map(|key| (key.tenant.to_string(), &key.text)).collect::<Vec<_>>(),
        "upi": city.upi().map(|upi| json!({
            "provider": upi.psp_at, "switch": upi.switch_at,
            "banks": upi.banks.iter().map(|(bank, at, _)| (bank, at)).collect::<Vec<_>>(),
        })),
        "console": at.console, "console_link": links.first().map(|(_, link)| link),
        "console_links": links.iter().map(|(name, link)| json!({"name": name, "link": link})).collect::<Vec<_>>(),
    }));
}

/// What to try; the documentation shows the same lines and a test runs them.
pub(crate) const TRY: &[&str] = &[
    "paiza phone new --number +8613800000001 --passcode 135790",
    "paiza sandbox cards",
    "paiza phone add --pan 6216600100000000016 --expiry 3012 --cvv2 811 --passcode 135790",
    "paiza pos sale --amount 12.50 --currency CNY --reader vpcd:35963 &",
    "paiza phone present --vpcd 127.0.0.1:35963 --passcode 135790",
];

/// Returns at Ctrl-C or a request to end.
pub(crate) fn wait_for_the_end() -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(Failure::configuration)?;
    runtime
        .block_on(async {
            let mut term = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
            tokio::select! {
                ended = tokio::signal::ctrl_c() => ended,
                _ = term.recv() => Ok(()),
            }
        })
        .map_err(|error: std::io::Error| Failure::configuration(error))
}

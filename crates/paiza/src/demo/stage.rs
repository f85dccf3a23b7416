//! What every demonstration plays on: a city at free ports in a directory of its own, watched.

use crate::output::{Failure, Output};
use crate::up;
use crate::watch::Printer;
use crypto::passphrase::Work;
use serde_json::json;
use server::api::CardData;
use server::city::{City, Plan, Ports};
use server::iso::Ends;
use server::phone::{NewPhone, Phone};
use server::pos::{DemoTerminal, Pos, Settings, TerminalLine};
use server::trace::Watch;
use server::upi::phone::{NewUpiPhone, UpiPhone};
use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use store::SystemClock;

/// The passcode of the phones in demonstrations.
pub(super) const PASSCODE: &[u8] = b"135790";

/// The stage of a demonstration.
pub(super) struct Stage {
    pub(super) city: City,
    pub(super) output: Output,
    pub(super) watch: Watch,
    directory: PathBuf,
    temporary: bool,
    held: Cell<u32>,
}

impl Stage {
    /// Starts a city. Without a directory it plays in one that is removed at the end.
    pub(super) fn set(directory: Option<&Path>, output: Output) -> Result<Stage, Failure> {
        let temporary = directory.is_none();
        let directory = directory.map_or_else(
            || std::env::temp_dir().join(format!("paiza-demo-{}", hex::encode(crypto::random::bytes::<6>()))),
            Path::to_owned,
        );
        let watch: Watch = Some(Arc::new(Printer::new(output)));
        let plan = Plan {
            ports: Ports::Free,
            watch: watch.clone(),
            ..Plan::documented(&directory.join("city"), Arc::new(SystemClock))
        };
        let mut city = City::start(&plan).map_err(up::failure)?;
        city.open_upi(&plan).map_err(up::failure)?;
        Ok(Stage { city, output, watch, directory, temporary, held: Cell::new(0) })
    }

    /// Says what comes next.
    pub(super) fn say(&self, text: &str) {
        self.output.line(format!("\n--- {text}"));
        self.output.row(&json!({"event": "step", "text": text}));
    }

    /// An expectation that must hold for the demonstration to succeed.
    pub(super) fn expect(&self, what: &str, holds: bool) -> Result<(), Failure> {
        if !holds {
            return Err(Failure::business(format!("expected: {what}")));
        }
        self.held.set(self.held.get() + 1);
        self.output.line(format!("    holds: {what}"));
        self.output.row(&json!({"event": "expectation", "text": what, "holds": true}));
        Ok(())
    }

    /// How many expectations held.
    pub(super) fn held(&self) -> u32 {
        self.held.get()
    }

    /// Sets up a phone of this name and number.
    pub(super) fn phone(&self, name: &str, number: &str) -> Result<(Phone, Option<String>), Failure> {
        let new = NewPhone {
            directory: &self.directory.join(name),
            number,
            name,
            platform: &self.city.addresses.platform.to_string(),
            telephone: self.city.addresses.telephone,
            passcode: PASSCODE,
            work: Work::PHONE,
            watch: self.watch.clone(),
        };
        Phone::set_up(&new, Arc::new(SystemClock)).map_err(crate::phone::failure)
    }

    /// Binds a phone of this name to its number for account payment.
    pub(super) fn upi_phone(&self, name: &str, number: &str) -> Result<UpiPhone, Failure> {
        let parties = self.city.upi().ok_or_else(|| Failure::configuration("no account payment here"))?;
        let new = NewUpiPhone {
            directory: &self.directory.join(format!("upi-{name}")),
            number,
            provider: parties.psp_at,
            telephone: self.city.addresses.telephone,
            watch: self.watch.clone(),
        };
        UpiPhone::register(&new, Arc::new(SystemClock)).map_err(crate::upi::failure)
    }

    /// Sets up a terminal of one of the city's shops.
    pub(super) fn terminal(&self, name: &str, id: &str) -> Result<Pos, Failure> {
        let shop = DemoTerminal::named(id).ok_or_else(|| Failure::configuration("no such terminal"))?;
        let settings = Settings::new(&self.directory.join(name), shop.configuration());
        let ends = Ends { watch: self.watch.clone(), ..Ends::unwatched("terminal", "acquirer") };
        let line = TerminalLine::start(self.city.addresses.acquirer, server::city::pos(), ends);
        let line = line.map_err(Failure::configuration)?;
        Pos::open(settings, Arc::new(line), Arc::new(SystemClock)).map_err(crate::pos::failure)
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if self.temporary {
            let _ = std::fs::remove_dir_all(&self.directory);
        }
    }
}

/// What the holder of a documented test card types.
pub(super) fn test_card(number: &str) -> Result<CardData, Failure> {
    let card = sandbox::test_cards::test_cards().iter().find(|card| card.pan().expose() == number.as_bytes());
    let card = card.ok_or_else(|| Failure::configuration("not a documented test card"))?;
    let bank = sandbox::directory::Directory::sandbox().institution(&card.bank);
    let bank = bank.ok_or_else(|| Failure::configuration("not a bank of the directory"))?;
    let cvv2 = sandbox::keys::IssuerKeys::sandbox(bank).cvv2(&card.pan(), card.expiry());
    Ok(CardData {
        pan: String::from_utf8_lossy(card.pan().expose()).into_owned(),
        expiry: card.expiry().to_yymm(),
        cvv2: String::from_utf8_lossy(cvv2.expose()).into_owned(),
        phone: card.phone.clone(),
    })
}

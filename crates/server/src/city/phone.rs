//! A customer's phone with a screen of its own.

use super::CityError;
use super::party::{Http, Running, address};
use crate::phone_door::{PhoneDoor, Settings, router};
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

/// A phone that is switched on.
pub struct PhoneParty {
    /// Where its screen is.
    pub screen_at: SocketAddr,
    /// What its screen works.
    pub door: PhoneDoor,
    running: Running,
}

/// A phone of a city.
pub(super) struct CityPhone {
    /// Its folder.
    pub(super) folder: &'static str,
    /// The number that is offered when it is set up: the one that the bank of the first or of the second documented test card knows.
    pub(super) number: &'static str,
    /// That of its SIM in India, where the first or the second customer of the banks of account payment has accounts.
    pub(super) indian_number: &'static str,
}

/// Phones a city has.
pub(super) const PHONES: [CityPhone; 2] = [
    CityPhone { folder: "phone-1", number: "+8613800000001", indian_number: "+919800000001" },
    CityPhone { folder: "phone-2", number: "+8613800000002", indian_number: "+919800000002" },
];

impl PhoneParty {
    /// Switches it on, with its screen at this socket.
    pub fn start(http: &Http, screen: TcpListener, settings: Settings) -> Result<PhoneParty, CityError> {
        let screen_at = address(&screen)?;
        let failed = |error: crate::phone::PhoneError| CityError::Phone(error.to_string());
        let door = PhoneDoor::new(settings).map_err(failed)?;
        door.listens_at(screen_at);
        let mut running = Running::default();
        running.serve(http, screen, router(door.clone()))?;
        Ok(PhoneParty { screen_at, door, running })
    }

    /// Switches it off: what was asked for is answered, its records are folded.
    pub fn end(self, patience: Duration) {
        self.running.end(patience);
        if let Some(phone) = self.door.phone()
            && let Err(error) = phone.store().flush()
        {
            tracing::warn!(%error, "left unfolded; the next start folds it");
        }
    }
}

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

/// Phones a city has: each one's folder, and the number that is offered when it is set up, which is the one that the bank of
/// the first and of the second documented test card knows.
pub(super) const PHONES: [(&str, &str); 2] = [("phone-1", "+8613800000001"), ("phone-2", "+8613800000002")];

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

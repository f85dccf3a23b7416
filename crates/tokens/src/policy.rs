//! The numbers of this room, as data: tries, attempts, windows. Sources are named at each field.

use crate::defences::Defences;
use std::time::Duration;

/// What every operation of this room is decided by. Handed in with the operation, never read from a global.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Live cards a customer may have, and a device may hold, enrolments under way included.
    pub live_cards_max: usize,
    /// Attempts to add a card, per device and day.
    pub attempts_device_daily: u16,
    /// Attempts to add one card number, per day, by anybody.
    pub attempts_card_daily: u16,
    /// Wrong guesses of a phone code before it is void.
    pub code_tries: u8,
    /// How long a phone code is good.
    pub code_lifetime: Duration,
    /// Codes sent to one number within `code_send_window`.
    pub code_sends: usize,
    /// See `code_sends`.
    pub code_send_window: Duration,
    /// Codes sent to one number per day.
    pub code_sends_daily: u16,
    /// Wrong guesses of a recovery secret, per customer and day.
    pub recovery_tries_daily: u16,
    /// How long a customer has to finish an enrolment.
    pub enrolment_lifetime: Duration,
    /// Keys in one batch.
    pub keys_batch_max: u16,
    /// Keys on the phone that are not used yet.
    pub keys_outstanding_max: u16,
    /// How far above the highest counter seen a counter may lie.
    pub counter_ahead_max: u16,
    /// Days between the date in the cryptogram, the terminal's date and today.
    pub date_tolerance_days: i64,
    /// How long a code on a phone's screen pays.
    pub shown_code_life: Duration,
    /// How far a phone's clock may be from ours, and how long a shop's message may be on its way.
    pub shown_code_tolerance: Duration,
    /// How long a deleted token still takes refunds and reversals of what it paid.
    pub retention: Duration,
    /// Card numbers one operator may have opened per day.
    pub detokenisations_daily: u16,
    /// Which defences stand; all of them, except in attack tests.
    pub defences: Defences,
}

impl Policy {
    /// The limits of Paiza's own conventions.
    pub const STANDARD: Policy = Policy {
        live_cards_max: 8,
        attempts_device_daily: 5,
        attempts_card_daily: 3,
        code_tries: 3,
        code_lifetime: Duration::from_secs(3 * 60),
        code_sends: 3,
        code_send_window: Duration::from_secs(10 * 60),
        code_sends_daily: 10,
        recovery_tries_daily: 5,
        enrolment_lifetime: Duration::from_secs(15 * 60),
        keys_batch_max: 10,
        keys_outstanding_max: 20,
        counter_ahead_max: 64,
        date_tolerance_days: 1,
        shown_code_life: Duration::from_secs(60),
        shown_code_tolerance: Duration::from_secs(30),
        retention: Duration::from_secs(180 * 86_400),
        detokenisations_daily: 10,
        defences: Defences::ALL,
    };
}

impl Default for Policy {
    fn default() -> Self {
        Policy::STANDARD
    }
}

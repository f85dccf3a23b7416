//! How the last payments of tokens ended, so that a phone can show it within the second.
//!
//! The terminal learns how a payment ended; the phone that was held against it does not, so it asks here for the tap it made.
//! This is memory of the moment, of a bounded number of payments, and not a book: what it forgot, or what a restart
//! took from it, the phone shows as not known, and the bank's own message tells.

use iso8583::{Message, OriginalData, ResponseCode, Tag, field};
use std::collections::{HashMap, VecDeque};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokens::digest::Digest16;
use tokens::gateway::Presentment;
use values::{Money, TokenNumber};

use crate::gateway::Home;

/// So many payments are remembered.
const REMEMBERED: usize = 8192;

/// How a payment ended, as its phone is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaymentEnd {
    /// The bank approved.
    Approved,
    /// Somebody said no: the bank with this code, or the token service with a reason of its own.
    Declined(ResponseCode),
    /// Nobody knows yet; a reversal is on its way.
    Unknown,
    /// It was taken back.
    TakenBack,
}

/// What became of one payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tiding {
    /// How it ended.
    pub end: PaymentEnd,
    /// The token service's own reason, if it was the one who said no.
    pub refusal: Option<String>,
    /// The shop as the acquirer named it; may be empty.
    pub merchant: String,
    /// The reference on the shop's receipt; may be empty.
    pub reference: String,
    /// How messages about it name it.
    pub original: OriginalData,
    /// How much.
    pub amount: Money,
}

/// A tap: the token and the counter of its cryptogram.
type Tap = (TokenNumber, u16);

#[derive(Default)]
struct Known {
    by_tap: HashMap<Tap, (Digest16, Tiding)>,
    /// Oldest first.
    order: VecDeque<Tap>,
}

/// The last tidings, oldest forgotten first.
#[derive(Default)]
pub struct Tidings {
    known: Mutex<Known>,
    news: Condvar,
}

impl Tidings {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What became of this tap; waits for news of it for so long at most.
    pub fn of(&self, number: TokenNumber, counter: u16, patience: Duration) -> Option<Tiding> {
        let tap = (number, counter);
        let waited =
            self.news.wait_timeout_while(self.known(), patience, |known| !known.by_tap.contains_key(&tap));
        let (known, _) = waited.unwrap_or_else(PoisonError::into_inner);
        known.by_tap.get(&tap).map(|(_, tiding)| tiding.clone())
    }

    /// The same way home, with the answer written down on it.
    pub(crate) fn telling(
        self: &std::sync::Arc<Self>,
        asked: &Presentment<'_>,
        message: &Message,
        home: Home,
    ) -> Home {
        let counter = asked.chip.and_then(|chip| emv::tlv::find(chip, emv::tag::ATC).ok().flatten());
        let Some(counter) = counter.and_then(|bytes| Some(u16::from_be_bytes(bytes.try_into().ok()?))) else {
            return home;
        };
        let (tidings, name, number, amount) = (self.clone(), asked.message, asked.number, asked.amount);
        let text = |name| message.text(name).unwrap_or_default().trim().to_owned();
        let name_and_place = text(field::MERCHANT_NAME);
        let merchant: String = name_and_place.chars().take(acquiring::network_line::NAME_LENGTH).collect();
        let (merchant, reference) = (merchant.trim_end().to_owned(), text(field::REFERENCE));
        let original = OriginalData::of(message);
        Box::new(move |answer| {
            let (end, refusal) = end_of(answer.as_ref());
            tidings.tell(
                (number, counter),
                name,
                Tiding { end, refusal, merchant, reference, original, amount },
            );
            home(answer);
        })
    }

    fn tell(&self, tap: Tap, name: Digest16, tiding: Tiding) {
        let mut known = self.known();
        // A second message with the same counter is a repeat or a replay; the first one was the payment.
        let settled = known.by_tap.get(&tap).is_some_and(|(_, first)| first.end != PaymentEnd::Unknown);
        if settled {
            return;
        }
        if known.by_tap.insert(tap, (name, tiding)).is_none() {
            known.order.push_back(tap);
            if known.order.len() > REMEMBERED
                && let Some(oldest) = known.order.pop_front()
            {
                known.by_tap.remove(&oldest);
            }
        }
        drop(known);
        self.news.notify_all();
    }

    /// The message of this name was taken back.
    pub(crate) fn taken_back(&self, name: Digest16) {
        let mut known = self.known();
        if let Some((_, tiding)) = known.by_tap.values_mut().find(|(of, _)| *of == name) {
            tiding.end = PaymentEnd::TakenBack;
        }
    }
}

fn end_of(answer: Option<&Message>) -> (PaymentEnd, Option<String>) {
    let Some(answer) = answer else { return (PaymentEnd::Unknown, None) };
    match answer.response_code() {
        Some(code) if code.is_approved() => (PaymentEnd::Approved, None),
        Some(code) => {
            let private = answer.private_data().ok();
            let verdict = private.as_ref().and_then(|private| private.text(Tag::TOKEN_VERDICT));
            (PaymentEnd::Declined(code), verdict.filter(|word| *word != "OK").map(str::to_owned))
        }
        None => (PaymentEnd::Unknown, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokens::digest::Digest;
    use values::Currency;

    fn number(tail: u64) -> TokenNumber {
        let payload = format!("62966001000000{tail:04}");
        let check = values::card::luhn_check_digit(payload.as_bytes()).unwrap();
        TokenNumber::parse(format!("{payload}{}", char::from(check)).as_bytes()).unwrap()
    }

    fn tiding(end: PaymentEnd) -> Tiding {
        let amount = Money::new(1250, Currency::CNY).unwrap();
        let original = OriginalData::of(&Message::new(iso8583::Mti::FINANCIAL));
        Tiding { end, refusal: None, merchant: "SHOP".to_owned(), reference: String::new(), original, amount }
    }

    #[test]
    fn the_first_definite_end_stands_until_it_is_taken_back() {
        let tidings = Tidings::default();
        let tap = (number(1), 7);
        assert_eq!(tidings.of(tap.0, tap.1, Duration::ZERO), None);
        let name = Digest([1; 16]);
        tidings.tell(tap, name, tiding(PaymentEnd::Unknown));
        tidings.tell(tap, name, tiding(PaymentEnd::Approved));
        // A replay of the same counter does not paint over it.
        tidings.tell(tap, Digest([2; 16]), tiding(PaymentEnd::Declined(ResponseCode::DO_NOT_HONOUR)));
        assert_eq!(tidings.of(tap.0, tap.1, Duration::ZERO), Some(tiding(PaymentEnd::Approved)));
        tidings.taken_back(Digest([2; 16]));
        assert_eq!(tidings.of(tap.0, tap.1, Duration::ZERO), Some(tiding(PaymentEnd::Approved)));
        tidings.taken_back(name);
        assert_eq!(tidings.of(tap.0, tap.1, Duration::ZERO), Some(tiding(PaymentEnd::TakenBack)));
        assert_eq!(tidings.of(tap.0, 8, Duration::ZERO), None);
    }

    #[test]
    fn memory_is_bounded_and_the_oldest_goes_first() {
        let tidings = Tidings::default();
        for counter in 0..=REMEMBERED as u16 {
            tidings.tell((number(1), counter), Digest([0; 16]), tiding(PaymentEnd::Approved));
        }
        assert_eq!(tidings.of(number(1), 0, Duration::ZERO), None);
        assert!(tidings.of(number(1), 1, Duration::ZERO).is_some());
        assert_eq!(tidings.known().by_tap.len(), REMEMBERED);
    }

    #[test]
    fn who_waits_is_woken() {
        let tidings = std::sync::Arc::new(Tidings::default());
        let teller = tidings.clone();
        let waiting = std::thread::spawn(move || teller.of(number(2), 1, Duration::from_secs(60)));
        tidings.tell((number(2), 1), Digest([3; 16]), tiding(PaymentEnd::Approved));
        assert_eq!(waiting.join().unwrap(), Some(tiding(PaymentEnd::Approved)));
    }
}

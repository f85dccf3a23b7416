//! Records as pages see them.

use crate::phone::{Phone, PhoneError};
use crate::screens::pages::Page;
use crate::screens::phone::{CardView, RowView, Sum};
use ::wallet::card::{Card, CardState};
use ::wallet::history::{PaidBy, TapOutcome, TapRecord};
use values::id::kinds;
use values::time::{Civil, Zone};
use values::{Currency, Id, Timestamp};

/// A card for a page.
pub(super) fn card(card: &Card, first: Option<Id<kinds::Token>>) -> CardView {
    CardView {
        token: card.token.to_string(),
        // The reference of the picture begins with the bank's short name.
        design: card.art.split(':').next().unwrap_or_default().to_owned(),
        name: card.nickname.clone().unwrap_or_else(|| card.issuer.clone()),
        bank: card.issuer.clone(),
        product: card.label.clone(),
        last_four: card.last_four.to_string(),
        token_last_four: card.number.last_four().to_string(),
        state: match card.state {
            _ if card.suspended_here => "paused",
            CardState::Active => "active",
            CardState::Verifying => "verifying",
            CardState::Suspended | CardState::Deleted => "stopped",
        },
        first: first == Some(card.token),
    }
}

/// All cards of the phone for a page.
pub(super) fn cards(phone: &Phone) -> Result<Vec<CardView>, PhoneError> {
    let (cards, first) = phone.cards()?;
    Ok(cards.iter().map(|one| card(one, first)).collect())
}

/// An amount, in a currency that exists or not.
pub(super) fn sum(minor: u64, currency: u16) -> Sum {
    let minor = i64::try_from(minor).unwrap_or(i64::MAX);
    match Currency::from_numeric(currency) {
        Some(known) => Sum { minor, currency: known.alpha(), decimals: known.exponent() as u8 },
        None => Sum { minor, currency: "", decimals: 0 },
    }
}

/// By what something was paid: `tap •• 0016`.
pub(super) fn how(page: &Page, tap: &TapRecord, cards: &[CardView]) -> String {
    let token = tap.token.to_string();
    let card = cards.iter().find(|card| card.token == token);
    let card = card.map_or_else(String::new, |card| format!(" ••\u{a0}{}", card.last_four));
    let how = page.language.say(match tap.paid_by {
        PaidBy::Tap => "row-by-tap",
        PaidBy::ShownCode | PaidBy::ScannedCode => "row-by-code",
    });
    how + &card
}

/// A tap for a list.
pub(super) fn row(page: &Page, tap: &TapRecord, cards: &[CardView], now: Timestamp) -> RowView {
    let token = tap.token.to_string();
    RowView {
        href: format!("/history/{token}/{}", tap.atc),
        name: tap.merchant.clone().unwrap_or_else(|| page.language.say("tap-no-shop")),
        second: format!("{}, {}", time_or_day(page, tap.at, now), how(page, tap, cards)),
        amount: sum(tap.amount_minor, tap.currency),
        state: match tap.outcome {
            TapOutcome::Approved => "paid",
            TapOutcome::Declined => "not-paid",
            TapOutcome::Reversed => "back",
            TapOutcome::Presented => "checked",
        },
    }
}

/// The name of the sentence for what was between phone and shop.
pub(super) fn paid_by(paid_by: PaidBy) -> &'static str {
    match paid_by {
        PaidBy::Tap => "receipt-by-tap",
        PaidBy::ShownCode => "receipt-by-shown-code",
        PaidBy::ScannedCode => "receipt-by-scanned-code",
    }
}

/// Where clocks stand in the country of a telephone number: the phone's, until its owner chooses another.
pub(super) fn zone_of_number(number: &str) -> Zone {
    match number {
        _ if number.starts_with("+86") => Zone::Shanghai,
        _ if number.starts_with("+91") => Zone::Kolkata,
        _ => Zone::Utc,
    }
}

/// Where clocks stand where this currency is paid in, if all of them show the same.
pub(super) fn zone_of_currency(currency: u16) -> Option<Zone> {
    match Currency::from_numeric(currency)?.alpha() {
        "CNY" => Some(Zone::Shanghai),
        "INR" => Some(Zone::Kolkata),
        _ => None,
    }
}

/// `14:02`, by the phone's clock.
pub(super) fn time(page: &Page, at: Timestamp) -> String {
    let Civil { hour, minute, .. } = at.civil(page.zone);
    format!("{hour:02}:{minute:02}")
}

/// `14:02:11`, by the phone's clock.
pub(super) fn exact_time(page: &Page, at: Timestamp) -> String {
    exact_time_in(page.zone, at)
}

/// The same by the clock of a place.
pub(super) fn exact_time_in(zone: Zone, at: Timestamp) -> String {
    let Civil { hour, minute, second, .. } = at.civil(zone);
    format!("{hour:02}:{minute:02}:{second:02}")
}

/// When something was paid, for its receipt: the date and time there, and whose they are; beside them the phone's own, if they
/// differ. A place that nobody knows has the phone's.
pub(super) fn when(page: &Page, at: Timestamp, place: Option<Zone>) -> String {
    let told = |zone: Zone| {
        let Civil { year, month, day, .. } = at.civil(zone);
        let texts = [
            ("date", page.language.date(year, month, day)),
            ("time", exact_time_in(zone, at)),
            ("zone", page.language.say(zone_name(zone))),
        ];
        let texts = texts.each_ref().map(|(name, text)| (*name, text.as_str()));
        page.language.say_texts("when", &texts)
    };
    let there = place.unwrap_or(page.zone);
    if there == page.zone {
        return told(there);
    }
    page.language.say_texts("when-elsewhere", &[("there", &told(there)), ("here", &told(page.zone))])
}

/// The name of the word for the clocks of a zone.
pub(super) fn zone_name(zone: Zone) -> &'static str {
    match zone {
        Zone::Utc => "zone-utc",
        Zone::Shanghai => "zone-china",
        Zone::Kolkata => "zone-india",
    }
}

/// A day as a number that orders and equals.
pub(super) fn day_of(page: &Page, at: Timestamp) -> (i16, u8, u8) {
    let Civil { year, month, day, .. } = at.civil(page.zone);
    (year, month, day)
}

/// The time of a moment of today, and the day of any other.
pub(super) fn time_or_day(page: &Page, at: Timestamp, now: Timestamp) -> String {
    if day_of(page, at) == day_of(page, now) { time(page, at) } else { day(page, at, now) }
}

/// Today, yesterday, or the date.
pub(super) fn day(page: &Page, at: Timestamp, now: Timestamp) -> String {
    let yesterday = Timestamp::from_millis(now.millis() - 86_400_000);
    if day_of(page, at) == day_of(page, now) {
        page.language.say("today")
    } else if day_of(page, at) == day_of(page, yesterday) {
        page.language.say("yesterday")
    } else {
        date(page, at)
    }
}

/// The date as the language writes it.
pub(super) fn date(page: &Page, at: Timestamp) -> String {
    let (year, month, day) = day_of(page, at);
    page.language.date(year, month, day)
}

/// Seconds as `0:47`.
pub(super) fn minutes(seconds: u64) -> String {
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screens::words::Language;

    /// The 22nd of November 2026, 20:02:11 in India, and 22:32:11 in China.
    const AT: Timestamp = Timestamp::from_millis(1_795_357_931_000);

    fn page(zone: Zone) -> Page {
        Page { language: Language::English, theme: None, path: "/".to_owned(), zone }
    }

    #[test]
    fn a_time_is_the_phones_and_a_receipts_is_its_places_by_name() {
        let (india, china) = (page(Zone::Kolkata), page(Zone::Shanghai));
        assert_eq!((time(&india, AT), exact_time(&china, AT)), ("20:02".to_owned(), "22:32:11".to_owned()));
        let there = "22 Nov 2026, 20:02:11 (India time, UTC+5:30)";
        assert_eq!(when(&india, AT, Some(Zone::Kolkata)), there);
        assert_eq!(when(&india, AT, None), there);
        let both = when(&china, AT, Some(Zone::Kolkata));
        assert!(both.starts_with(there) && both.contains("22:32:11 (China time, UTC+8)"), "{both}");
        // Two hours later it is the next day in China alone.
        let late = AT.after(std::time::Duration::from_secs(2 * 3600));
        assert_eq!(day(&india, AT, late), "Today");
        assert_eq!(day(&china, AT, late), "Yesterday");
    }

    #[test]
    fn a_phone_and_a_currency_have_the_zone_of_their_country() {
        let zones = ["+8613900000001", "+919800000001", "+14155550100", ""].map(zone_of_number);
        assert_eq!(zones, [Zone::Shanghai, Zone::Kolkata, Zone::Utc, Zone::Utc]);
        let places = [156, 356, 840, 7].map(zone_of_currency);
        assert_eq!(places, [Some(Zone::Shanghai), Some(Zone::Kolkata), None, None]);
    }
}

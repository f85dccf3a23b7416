//! `paiza bench enrol`: cards added, from sealed card data to first keys on the phone, over the whole way of
//! HTTP, network and issuer.

use super::plant::digits;
use super::{Place, configuration, limit};
use crate::output::{Failure, Output};
use crate::phone;
use crate::up;
use crypto::passphrase::Work;
use hdrhistogram::Histogram;
use sandbox::digest::Digest;
use sandbox::issuer::card::BankCard;
use sandbox::issuer::{Condition, OpenCards, Outcome, RiskRule, SetRule};
use serde_json::json;
use server::api::CardData;
use server::city::{City, Plan, Ports};
use server::hosts::issuer::Issuer;
use server::phone::{Added, NewPhone, Phone};
use std::sync::Arc;
use std::time::{Duration, Instant};
use store::SystemClock;
use tokens::Policy;
use values::{Expiry, Pan};

/// A bank lets one device try no more cards than this.
const CARDS_PER_PHONE: usize = sandbox::issuer::enrolment::DEVICE_ATTEMPTS;

pub(super) fn run(cards: u32, phones: usize, place: &Place, output: Output) -> Result<(), Failure> {
    let count = phones.min(cards as usize).max(1);
    let all = u16::try_from(cards).unwrap_or(u16::MAX);
    // What a customer may try in a day is no part of what is measured; all else is as always.
    let policy = Policy {
        live_cards_max: cards as usize,
        attempts_device_daily: all,
        attempts_card_daily: all,
        ..Policy::STANDARD
    };
    let plan =
        Plan { ports: Ports::Free, policy, ..Plan::documented(&place.0.join("city"), Arc::new(SystemClock)) };
    let city = City::start(&plan).map_err(up::failure)?;
    let issuer = city.issuers.first().ok_or_else(|| configuration("the city", "no bank"))?;
    let typed = open_cards(issuer, cards)?;
    let mut workers: Vec<Vec<(Phone, Vec<CardData>)>> = (0..count).map(|_| Vec::new()).collect();
    let share = typed.len().div_ceil(count).clamp(1, CARDS_PER_PHONE);
    for (number, cards) in typed.chunks(share).enumerate() {
        workers[number % count].push((set_up(&city, place, number)?, cards.to_vec()));
    }

    let start = Instant::now();
    let added = std::thread::scope(|scope| {
        let adding: Vec<_> = workers.into_iter().map(|worker| scope.spawn(move || add_all(worker))).collect();
        let mut latency = Histogram::new(3).expect("three digits are allowed");
        for phone in adding {
            let waits = phone.join().expect("adding cards does not panic")?;
            waits
                .into_iter()
                .for_each(|wait| latency.record(wait.as_micros() as u64).expect("the histogram grows"));
        }
        Ok::<Histogram<u64>, Failure>(latency)
    })?;
    let rate = f64::from(cards) / start.elapsed().as_secs_f64();
    let limit = limit::posts(count, Duration::from_secs(2), place)?;
    let within = |share: f64| added.value_at_quantile(share) as f64 / 1000.0;
    let ratio = rate / limit;
    output.line(format!("{cards} cards added from {count} phones at once, each with its first keys"));
    let row = |what: &str, value: String| output.line(format!("  {what:<52}{value:>12}"));
    row("cards a second", format!("{rate:.1}"));
    row("  p50, p99 (ms)", format!("{:.1}, {:.1}", within(0.5), within(0.99)));
    row("two signed POSTs with append and sync each, a second", format!("{limit:.1}"));
    row("cards to that limit", format!("{ratio:.3}"));
    output.summary(json!({
        "cards_per_s": rate,
        "p50_ms": within(0.5),
        "p99_ms": within(0.99),
        "limit_per_s": limit,
        "ratio": ratio,
        "cards": cards,
        "phones": count,
    }));
    Ok(())
}

/// Opens cards of the bench's own at a bank, and gives what their holders type.
fn open_cards(issuer: &Issuer, cards: u32) -> Result<Vec<CardData>, Failure> {
    let failed = |error: store::StoreError| configuration("the issuer", error);
    // Many cards from few phones in a moment would look like fraud to this bank, as they should.
    for condition in [Condition::CardsPerDay, Condition::Velocity] {
        let rule = RiskRule { condition, enabled: false, threshold: 0, outcome: Outcome::Yellow };
        issuer.store().call(SetRule(rule)).map_err(failed)?;
    }
    let range = issuer.bank().ranges.first().ok_or_else(|| configuration("the bank", "no range"))?;
    let expiry = Expiry::new(49, 12).expect("a month");
    let (mut opened, mut typed) = (Vec::new(), Vec::new());
    for index in 0..u64::from(cards) {
        let pan = Pan::parse(&digits(range.pan_prefix, range.length, index));
        let pan = pan.expect("made with its check digit");
        let key = Digest(issuer.keys().card_key(&pan));
        let phone = format!("+86138{index:08}");
        let card = BankCard::new(key, pan.issuer_prefix(), pan.last_four(), expiry, range.product);
        opened.push((BankCard { phone: phone.clone(), ..card }, 1_000_000));
        typed.push(CardData {
            cvv2: String::from_utf8_lossy(issuer.keys().cvv2(&pan, expiry).expose()).into_owned(),
            pan: String::from_utf8_lossy(pan.expose()).into_owned(),
            expiry: expiry.to_yymm(),
            phone,
        });
    }
    issuer.store().call(OpenCards::new(opened)).map_err(failed)?;
    Ok(typed)
}

fn set_up(city: &City, place: &Place, number: usize) -> Result<Phone, Failure> {
    let new = NewPhone {
        directory: &place.0.join(format!("phone-{number}")),
        number: &format!("+86137{number:08}"),
        name: "bench",
        platform: &city.addresses.platform.to_string(),
        telephone: city.addresses.telephone,
        passcode: b"135790",
        work: Work::TEST,
        watch: None,
    };
    Phone::set_up(&new, Arc::new(SystemClock)).map(|(phone, _)| phone).map_err(phone::failure)
}

/// One phone after another, as one customer after another comes to a counter.
fn add_all(worker: Vec<(Phone, Vec<CardData>)>) -> Result<Vec<Duration>, Failure> {
    let mut waits = Vec::new();
    for (phone, cards) in worker {
        waits.extend(add(phone, cards)?);
    }
    Ok(waits)
}

/// Adds cards one after another, and says how long each took.
fn add(mut phone: Phone, cards: Vec<CardData>) -> Result<Vec<Duration>, Failure> {
    let one = |typed: CardData| {
        let start = Instant::now();
        match phone.add_card(&typed, None).map_err(phone::failure)? {
            Added::Active(_) => Ok(start.elapsed()),
            Added::Declined { reason } => Err(Failure::business(format!("a card was declined: {reason}"))),
        }
    };
    cards.into_iter().map(one).collect()
}

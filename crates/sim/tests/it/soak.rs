//! Many payments on a rough day; the same seed is the same day.

use sim::Weather;
use sim::soak::{Report, Soak, one_round};

fn soaked(orders: u64, seed: u64) -> Report {
    let mut soak = Soak::new(orders, seed, Weather::ROUGH);
    loop {
        match soak.round() {
            Ok(Some(report)) => return report.clone(),
            Ok(None) => {}
            Err(broken) => panic!("round {}: {}", broken.seed, broken.what),
        }
    }
}

#[test]
fn every_payment_of_a_rough_day_ends_and_all_books_agree() {
    let report = soaked(800, 1);
    let ends = &report.ends;
    assert_eq!(report.orders, 800);
    // The day was rough enough to be a test, and good enough for payments to come through.
    assert!(ends.success > 400 && ends.failed > 20, "{report:?}");
    assert!(ends.unknown > 20 && ends.refunds > 10 && report.late > 0, "{report:?}");
    assert!(ends.bills > 5 && ends.bills_back > 0 && ends.purses > 5, "{report:?}");
    assert!(ends.mandates > 5 && ends.debits > 5, "{report:?}");
}

#[test]
fn the_same_seed_is_the_same_day() {
    let (one, again, other) = (soaked(120, 7), soaked(120, 7), soaked(120, 8));
    assert_eq!(one, again);
    assert_ne!(one.digest, other.digest);
}

#[test]
fn orders_about_a_mandate_that_overtake_one_another_end_as_the_last_one_says() {
    // A day on which a pause arrived after what was said later, at banks and at payees.
    let report = one_round(400, 144_796_875_656_604, Weather::ROUGH);
    let ends = report.unwrap_or_else(|broken| panic!("{}", broken.what)).ends;
    assert!(ends.mandates > 5 && ends.mandates_apart == 0, "{ends:?}");
}

#[test]
fn a_purse_whose_opening_was_taken_back_is_closed_at_its_bank() {
    // A day on which a first load was debited, not credited, and reversed.
    let report = one_round(400, 59_417_716_633_523, Weather::ROUGH);
    assert!(report.unwrap_or_else(|broken| panic!("{}", broken.what)).ends.purses > 0);
}

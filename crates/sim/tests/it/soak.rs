//! Many payments on a rough day; the same seed is the same day.

use sim::Weather;
use sim::soak::{Report, Soak};

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

//! A day ends: files are written, and both sides find in them what their own records say.

use crate::street::{PATIENCE, Street};
use sandbox::network::{read_file, settlement_file};
use server::hosts::settlement::{ClosedDay, check_as_acquirer, check_as_issuer, close_day};
use std::time::Duration;
use values::Currency;

const ACQUIRER: &str = "01020000";
const BOC: &str = "01040000";

/// An acquirer without movements gets no file; it checks that it expected none.
fn file(day: &ClosedDay, code: &str) -> String {
    let found = day.files.iter().find(|(of, _)| of == code).map(|(_, file)| file.clone());
    found.unwrap_or_else(|| settlement_file(day.date, Currency::CNY, code, "01000000", &[]))
}

fn net(file: &str) -> i64 {
    read_file(file).unwrap().iter().map(|line| line.net).sum()
}

/// Both sides check; the net of the acquirer.
fn checked(street: &Street, day: &ClosedDay, earlier: &[&ClosedDay]) -> i64 {
    let (theirs, ours) = (file(day, BOC), file(day, ACQUIRER));
    assert_eq!(check_as_issuer(&street.issuer, day.date, &theirs).unwrap(), []);
    let earlier: Vec<String> = earlier.iter().map(|day| file(day, ACQUIRER)).collect();
    assert_eq!(check_as_acquirer(&street.acquirer, &ours, &earlier, day.cut_at).unwrap(), []);
    let sum: i64 = day.files.iter().map(|(_, file)| net(file)).sum();
    assert_eq!(sum, 0, "the positions of a day sum to zero");
    net(&ours)
}

#[test]
fn both_sides_agree_on_days_with_sales_voids_and_silence() {
    let mut street = Street::new();
    let (code, kept) = street.sale("12.50");
    assert_eq!(code, "00");
    let (_, taken_back) = street.sale("3.00");
    assert_eq!(street.void(taken_back, "3.00"), "00");
    let (code, _) = street.sale("9999.00");
    assert_ne!(code, "00", "more than the card holds");
    Street::quiet(street.acquirer.store(), "acquirer.reversal");
    street.clock.advance(Duration::from_secs(60));
    let first = close_day(&street.network, PATIENCE).unwrap();
    assert_eq!(checked(&street, &first, &[]), 1_250);

    // The next day the first sale is taken back after all, and one answer is lost.
    assert_eq!(street.void(kept, "12.50"), "00");
    street.swap.deaf.store(true, std::sync::atomic::Ordering::SeqCst);
    assert_ne!(street.sale("7.00").0, "00");
    street.swap.deaf.store(false, std::sync::atomic::Ordering::SeqCst);
    Street::quiet(street.acquirer.store(), "acquirer.reversal");
    street.clock.advance(Duration::from_secs(60));
    let second = close_day(&street.network, PATIENCE).unwrap();
    assert!(second.date > first.date);
    assert_eq!(checked(&street, &second, &[&first]), -1_250);

    let third = close_day(&street.network, PATIENCE).unwrap();
    assert_eq!(checked(&street, &third, &[&first, &second]), 0);
}

#[test]
fn each_side_finds_what_a_file_leaves_out_or_adds() {
    let mut street = Street::new();
    let (_, sale) = street.sale("12.50");
    street.clock.advance(Duration::from_secs(60));
    let day = close_day(&street.network, PATIENCE).unwrap();
    let empty = settlement_file(day.date, Currency::CNY, ACQUIRER, "01000000", &[]);
    let missing = check_as_acquirer(&street.acquirer, &empty, &[], day.cut_at).unwrap();
    assert_eq!(missing.iter().map(|found| (found.file, found.own)).collect::<Vec<_>>(), [(0, 1_250)]);
    let missing = check_as_issuer(&street.issuer, day.date, &empty).unwrap();
    assert_eq!(missing.iter().map(|found| (found.file, found.own)).collect::<Vec<_>>(), [(0, -1_250)]);
    // The same day twice: what an earlier file paid is not owed again.
    let again = [file(&day, ACQUIRER)];
    let doubled = check_as_acquirer(&street.acquirer, &again[0], &again, day.cut_at).unwrap();
    assert_eq!(doubled.iter().map(|found| (found.file, found.own)).collect::<Vec<_>>(), [(1_250, 0)]);
    // A file that was changed on its way is no file.
    let changed = file(&day, ACQUIRER).replace("1250", "9250");
    assert!(check_as_acquirer(&street.acquirer, &changed, &[], day.cut_at).is_err());
    assert_eq!(street.payment(sale).amount, 1_250);
}

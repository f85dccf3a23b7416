//! A day ends: files are written, and both sides find in them what their own records say.

use crate::small_city::SmallCity;
use crate::street::{PATIENCE, Street};
use sandbox::network::{read_file, settlement_file};
use server::hosts::settlement::{ClosedDay, check_as_acquirer, check_as_issuer, close_day};
use std::time::Duration;
use values::Currency;

const ACQUIRER: &str = "01020000";
const BOC: &str = "01040000";

/// Every member has a file, also without movements.
fn file(day: &ClosedDay, code: &str) -> String {
    day.files.iter().find(|(of, _)| of == code).map(|(_, file)| file.clone()).unwrap()
}

fn net(file: &str) -> i64 {
    read_file(file).unwrap().iter().map(|line| line.net).sum()
}

/// Both sides check; the net of the acquirer.
fn checked(street: &Street, day: &ClosedDay, earlier: &[&ClosedDay]) -> i64 {
    let (theirs, ours) = (file(day, BOC), file(day, ACQUIRER));
    assert_eq!(check_as_issuer(&street.issuer, day.date, &theirs).unwrap(), []);
    let earlier: Vec<String> = earlier.iter().map(|day| file(day, ACQUIRER)).collect();
    assert_eq!(check_as_acquirer(&street.acquirer, &ours, &earlier, day.on()).unwrap(), []);
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
    let missing = check_as_acquirer(&street.acquirer, &empty, &[], day.on()).unwrap();
    assert_eq!(missing.iter().map(|found| (found.file, found.own)).collect::<Vec<_>>(), [(0, 1_250)]);
    let missing = check_as_issuer(&street.issuer, day.date, &empty).unwrap();
    assert_eq!(missing.iter().map(|found| (found.file, found.own)).collect::<Vec<_>>(), [(0, -1_250)]);
    // The same day twice: what an earlier file paid is not owed again.
    let again = [file(&day, ACQUIRER)];
    let doubled = check_as_acquirer(&street.acquirer, &again[0], &again, day.on()).unwrap();
    assert_eq!(doubled.iter().map(|found| (found.file, found.own)).collect::<Vec<_>>(), [(1_250, 0)]);
    // A file that was changed on its way is no file.
    let changed = file(&day, ACQUIRER).replace("1250", "9250");
    assert!(check_as_acquirer(&street.acquirer, &changed, &[], day.on()).is_err());
    assert_eq!(street.payment(sale).amount, 1_250);
}

#[test]
fn an_acquirer_without_movements_checks_a_file_of_zeros() {
    let mut street = Street::new();
    let day = close_day(&street.network, PATIENCE).unwrap();
    let empty = file(&day, ACQUIRER);
    assert!(empty.contains("T|0|0|0|0|0|+0|"), "{empty}");
    assert_eq!(check_as_acquirer(&street.acquirer, &empty, &[], day.on()).unwrap(), []);
    // It finds out when the zeros are wrong, however shortly before the cut a payment came.
    let (_, sale) = street.sale("12.50");
    let next = close_day(&street.network, PATIENCE).unwrap();
    let settled_on = street.payment(sale).settled_on.unwrap();
    assert_eq!(u32::from(settled_on), next.date % 10_000, "the date in the answer is that of the file");
    let zeros = settlement_file(next.date, Currency::CNY, ACQUIRER, "01000000", &[]);
    let found = check_as_acquirer(&street.acquirer, &zeros, &[], next.on()).unwrap();
    assert_eq!(found.iter().map(|found| (found.file, found.own)).collect::<Vec<_>>(), [(0, 1_250)]);
    assert_eq!(checked(&street, &next, &[&day]), 1_250);
    // In the file of another day it has no place.
    let later = close_day(&street.network, PATIENCE).unwrap();
    let moved = file(&next, ACQUIRER);
    let found = check_as_acquirer(&street.acquirer, &moved, &[], later.on()).unwrap();
    assert_eq!(found.iter().map(|found| (found.file, found.own)).collect::<Vec<_>>(), [(1_250, 0)]);
}

#[test]
fn a_day_whose_files_cannot_be_delivered_is_finished_by_the_next_call() {
    let city = SmallCity::new();
    let at = city.desk("network");
    let cut_over = || crate::issuers::post(at, &at.to_string(), "/admin/cutover", &serde_json::json!({}));
    let folder = city.data().join("network/settlement");
    std::fs::create_dir_all(folder.parent().unwrap()).unwrap();
    std::fs::write(&folder, "in the way of a folder").unwrap();
    assert_eq!(city.tap("12.50"), server::pos::Verdict::Approved);
    let (status, problem) = cut_over();
    assert_eq!((status, &problem["code"]), (409, &serde_json::json!("not_settled")));
    std::fs::remove_file(&folder).unwrap();
    let dates = |rows: &serde_json::Value| {
        let rows = rows.as_array().unwrap().iter();
        rows.map(|row| row["date"].as_u64().unwrap()).collect::<std::collections::BTreeSet<_>>()
    };
    let (status, first) = cut_over();
    assert_eq!((status, dates(&first)), (200, [20_261_122].into()), "{first}");
    for row in first.as_array().unwrap() {
        assert_eq!(row["differences"], serde_json::json!([]));
        assert!(std::fs::exists(row["path"].as_str().unwrap()).unwrap());
    }
    assert!(first.as_array().unwrap().iter().any(|row| row["code"] == ACQUIRER && row["net"] == "12.50"));
    let (_, second) = cut_over();
    assert_eq!(dates(&second), [20_261_123].into());
    let idle = second.as_array().unwrap().iter().find(|row| row["code"] == ACQUIRER).unwrap();
    assert_eq!((&idle["side"], &idle["differences"]), (&"even".into(), &serde_json::json!([])));
}

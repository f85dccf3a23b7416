//! What is edited between tap and message is noticed.

use crate::shop::Shop;
use crate::town::{CARD, Town};

#[test]
fn an_honest_tap_is_paid() {
    let town = Town::start();
    let (phone, _) = town.phone_with("li", CARD);
    let shop = Shop::open(&town);
    let before = town.available(CARD);
    assert_eq!(shop.pay(&town, &phone, 1250).as_deref(), Some("00"), "{}", town.verdict());
    assert_eq!((town.verdict().as_str(), before - town.available(CARD)), ("OK", 1250));
    town.assert_whole();
}

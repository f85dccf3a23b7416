//! Over any sequence of calls the books sum to zero and no limit is passed.

use crate::script::{audit, id};
use ledger::testing::MemoryRecords;
use ledger::{Account, AccountKind, Order};
use proptest::prelude::*;
use values::{Currency, Money, Timestamp};

#[derive(Clone, Debug)]
enum Call {
    Transfer(u8, u8, u8, u64),
    Hold(u8, u8, u8, u64),
    Post(u8, u64),
    Release(u8),
}

fn call() -> impl Strategy<Value = Call> {
    let amount = prop_oneof![0..400u64, Just(Money::MAX_MINOR)];
    let order = (0..12u8, 0..4u8, 0..4u8, amount.clone());
    prop_oneof![
        order.clone().prop_map(|(t, d, c, a)| Call::Transfer(t, d, c, a)),
        order.prop_map(|(t, d, c, a)| Call::Hold(t, d, c, a)),
        (0..12u8, amount).prop_map(|(t, a)| Call::Post(t, a)),
        (0..12u8).prop_map(Call::Release),
    ]
}

fn account(number: u8) -> String {
    format!("A{number}")
}

proptest! {
    #[test]
    fn sums_are_zero_and_limits_hold(calls in proptest::collection::vec(call(), 0..60)) {
        let mut books = MemoryRecords::default();
        for number in 0..4u8 {
            let fresh = Account::new(id(&account(number)), Currency::CNY, AccountKind::Liability);
            // The first is the house; the others may spend 0, 100 and 200 more than they received.
            let opened = if number == 0 { fresh } else { fresh.with_overdraft(u64::from(number - 1) * 100) };
            ledger::open_account(&mut books, opened).unwrap();
        }
        for (moment, call) in calls.into_iter().enumerate() {
            let now = Timestamp::from_millis(moment as i64);
            let money = |minor| Money::new(minor, Currency::CNY).unwrap();
            let order = |t: u8, d: u8, c: u8, a| Order {
                id: id(&format!("T{t}")),
                debit: id(&account(d)),
                credit: id(&account(c)),
                amount: money(a),
                code: 0,
            };
            let before = books.dump();
            let twice = |books: &mut MemoryRecords| match call {
                Call::Transfer(t, d, c, a) => ledger::transfer(books, order(t, d, c, a), now),
                Call::Hold(t, d, c, a) => ledger::hold(books, order(t, d, c, a), now),
                Call::Post(t, a) => ledger::post(books, id(&format!("T{t}")), money(a), now),
                Call::Release(t) => ledger::release(books, id(&format!("T{t}")), now),
            };
            let first = twice(&mut books);
            let after = books.dump();
            prop_assert!(first == Ok(ledger::Applied::Done) || before == after);
            let second = twice(&mut books);
            prop_assert_eq!(&books.dump(), &after, "the second time changes nothing");
            prop_assert!(first.is_err() || second == Ok(ledger::Applied::Exists));
            audit(&books);
            for account in books.all::<Account>().iter().filter(|a| a.overdraft > 0 || a.limit != ledger::Limit::Unlimited) {
                let spent = account.debits_posted + account.debits_pending;
                prop_assert!(spent <= account.credits_posted + account.overdraft);
            }
        }
    }
}

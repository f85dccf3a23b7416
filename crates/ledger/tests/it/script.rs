//! `check` runs a script. Each line is `call  name  arguments...  expected`; names are free words, amounts
//! are yuan, the last word is `ok`, `exists`, a refusal's code, or what a question should answer.

use ledger::testing::MemoryRecords;
use ledger::{Account, AccountKind, Applied, Limit, Order, Refusal, Totals, Transfer};
use values::{Currency, Id, Money, Records, Timestamp};

/// The same word is always the same identifier.
pub(crate) fn id<K: values::id::Kind>(word: &str) -> Id<K> {
    let bytes = word.as_bytes();
    let mut bits = [0; 16];
    bits[..bytes.len()].copy_from_slice(bytes);
    Id::from_u128(u128::from_be_bytes(bits))
}

fn yuan(text: &str) -> Money {
    match text.strip_prefix('$') {
        Some(dollars) => Money::parse(dollars, Currency::USD).unwrap(),
        None => Money::parse(text, Currency::CNY).unwrap(),
    }
}

fn said(outcome: Result<Applied, Refusal>) -> String {
    match outcome {
        Ok(Applied::Done) => "ok".to_owned(),
        Ok(Applied::Exists) => "exists".to_owned(),
        Err(refusal) => refusal.code().to_owned(),
    }
}

fn run(books: &mut MemoryRecords, words: &[&str], now: Timestamp) -> String {
    let order = || Order {
        id: id(words[1]),
        debit: id(words[2]),
        credit: id(words[3]),
        amount: yuan(words[4]),
        code: 0,
    };
    match words[0] {
        "open" => {
            let base = Account::new(id(words[1]), Currency::CNY, AccountKind::Liability);
            said(ledger::open_account(
                books,
                match words[2] {
                    "house" => base,
                    "prepaid" => {
                        Account { limit: Limit::CreditsWithinDebits, kind: AccountKind::Asset, ..base }
                    }
                    overdraft => base.with_overdraft(yuan(overdraft).minor()),
                },
            ))
        }
        "limit" => said(ledger::change_limit(
            books,
            id(words[1]),
            Limit::DebitsWithinCredits,
            yuan(words[2]).minor(),
        )),
        "transfer" => said(ledger::transfer(books, order(), now)),
        "hold" => said(ledger::hold(books, order(), now)),
        "post" => said(ledger::post(books, id(words[1]), yuan(words[2]), now)),
        "release" => said(ledger::release(books, id(words[1]), now)),
        "balance" => books.find::<Account>(&id(words[1])).unwrap().balance().to_string(),
        "available" => books.find::<Account>(&id(words[1])).unwrap().available().to_string(),
        "statement" => {
            let account = books.find::<Account>(&id(words[1])).unwrap();
            let lines = ledger::statement(&account, &books.all::<Transfer>());
            lines
                .iter()
                .map(|line| format!("{:+}={}", line.change, line.balance))
                .collect::<Vec<_>>()
                .join(",")
        }
        other => panic!("no such call: {other}"),
    }
}

/// Debits equal credits, the counters are what the transfers say, and no account is past its limit.
pub(crate) fn audit(books: &MemoryRecords) {
    let (accounts, transfers) = (books.all::<Account>(), books.all::<Transfer>());
    let sum = |field: fn(&Account) -> u64| accounts.iter().map(|a| u128::from(field(a))).sum::<u128>();
    assert_eq!(sum(|a| a.debits_posted), sum(|a| a.credits_posted), "posted sums to zero");
    assert_eq!(sum(|a| a.debits_pending), sum(|a| a.credits_pending), "pending sums to zero");
    for account in &accounts {
        let mut totals = Totals::default();
        transfers.iter().for_each(|transfer| totals.add(account.id, transfer));
        assert_eq!(totals, Totals::of(account), "counters come from transfers");
    }
}

fn check(script: &str) {
    let mut books = MemoryRecords::default();
    for (number, line) in script.lines().map(str::trim).filter(|line| !line.is_empty()).enumerate() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let (expected, call) = words.split_last().unwrap();
        let before = books.dump();
        let answer = run(&mut books, call, Timestamp::from_millis(number as i64));
        assert_eq!(&answer, expected, "line {}: {line}", number + 1);
        assert!(answer == "ok" || books.dump() == before, "only `ok` changes the books: {line}");
        audit(&books);
    }
}

const OPEN: &str = "
    open      shop   house                 ok
    open      bank   house                 ok
    open      rider  0.00                  ok
    transfer  T0     bank   rider  20.00   ok
";

#[test]
fn a_hold_is_posted_once() {
    check(&format!(
        "{OPEN}
        hold       T1  rider  shop  12.50  ok
        available  rider                   750
        post       T1               10.00  ok
        post       T1               10.00  exists
        post       T1               12.50  already_posted
        release    T1                      already_posted
        balance    rider                   1000
        available  rider                   1000
        balance    shop                    1000
    "
    ));
}

#[test]
fn a_hold_is_released_once() {
    check(&format!(
        "{OPEN}
        hold       T1  rider  shop  12.50  ok
        release    T1                      ok
        release    T1                      exists
        post       T1               1.00   already_released
        available  rider                   2000
        hold       T1  rider  shop  12.50  exists
        available  rider                   2000
    "
    ));
}

#[test]
fn an_account_goes_to_its_limit_and_no_further() {
    check(&format!(
        "{OPEN}
        hold       T1  rider  shop  20.00  ok
        hold       T2  rider  shop  0.01   insufficient_funds
        transfer   T2  rider  shop  0.01   insufficient_funds
        limit      rider            5.00   ok
        limit      rider            5.00   exists
        hold       T2  rider  shop  5.01   insufficient_funds
        hold       T2  rider  shop  5.00   ok
        available  rider                   0
        post       T1               20.00  ok
        post       T2               5.00   ok
        balance    rider                   -500
        limit      rider            1.00   ok
        available  rider                   0
        transfer   T3  bank  rider  1.00   ok
        transfer   T4  rider  shop  0.01   insufficient_funds
    "
    ));
}

#[test]
fn a_prepaid_account_receives_what_it_sent() {
    check(&format!(
        "{OPEN}
        open       float  prepaid           ok
        transfer   T1  rider  float  1.00   insufficient_funds
        transfer   T1  float  rider  1.00   ok
        transfer   T2  rider  float  1.01   insufficient_funds
        transfer   T2  rider  float  1.00   ok
    "
    ));
}

#[test]
fn money_held_to_arrive_cannot_be_spent() {
    check(&format!(
        "{OPEN}
        open       friend  0.00               ok
        hold       T1  rider  friend  20.00   ok
        transfer   T2  friend shop     0.01   insufficient_funds
        post       T1                 20.00   ok
        transfer   T2  friend shop     0.01   ok
    "
    ));
}

#[test]
fn the_same_name_moves_money_once() {
    check(&format!(
        "{OPEN}
        transfer   T1  rider  shop  5.00   ok
        transfer   T1  rider  shop  5.00   exists
        transfer   T1  rider  shop  5.01   exists_different
        transfer   T1  rider  bank  5.00   exists_different
        transfer   T1  bank   shop  5.00   exists_different
        hold       T1  rider  shop  5.00   exists
        release    T1                      already_posted
        hold       T2  rider  shop  5.00   ok
        transfer   T2  rider  shop  5.00   exists_different
        post       T2               4.00   ok
        transfer   T2  rider  shop  5.00   exists_different
        balance    rider                   1100
        open       rider  0.00             exists
        open       rider  house            exists_different
    "
    ));
}

#[test]
fn what_makes_no_sense_is_refused() {
    check(&format!(
        "{OPEN}
        transfer   T1  rider  shop   0.00   zero_amount
        transfer   T1  rider  rider  1.00   same_account
        transfer   T1  rider  nobody 1.00   unknown_account
        transfer   T1  nobody rider  1.00   unknown_account
        transfer   T1  rider  shop   $1.00  currency_mismatch
        post       T1                1.00   unknown_transfer
        release    T1                       unknown_transfer
        hold       T1  rider  shop   5.00   ok
        post       T1                0.00   zero_amount
        post       T1                5.01   exceeds_hold
        post       T1                $5.00  currency_mismatch
        transfer   T2  bank   shop   92233720368547738.07  ok
        transfer   T3  bank   shop   0.01   overflow
    "
    ));
}

#[test]
fn a_statement_runs_in_order_of_posting() {
    check(&format!(
        "{OPEN}
        hold       T1  rider  shop  12.50  ok
        transfer   T2  rider  shop   1.00  ok
        hold       T3  rider  shop   2.00  ok
        post       T1               10.00  ok
        transfer   T4  shop   rider  3.00  ok
        statement  rider                   +2000=2000,-100=1900,-1000=900,+300=1200
    "
    ));
}

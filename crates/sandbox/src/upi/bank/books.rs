//! The bank's books: an account for each customer, one that settles with the network, one for what it began with.

use super::records::{AccountName, MobileAccounts, UpiAccount};
use crate::digest::Digest;
use crate::upi::directory::{TestAccount, UpiBank, UpiDirectory};
use ledger::{
    Account, AccountKind, Applied, Order, Refusal, Transfer, TransferState, hold, open_account, release,
    transfer,
};
use std::convert::Infallible;
use upi::address::Mobile;
use upi::disputes::Side;
use upi::machines::leg::Leg;
use values::{Currency, Id, Money, Operation, Records, Timestamp, id::kinds};

/// Wrong PINs that an account allows.
pub(super) const PIN_TRIES: u8 = 3;

/// What the network owes this bank, or this bank the network. Over all banks these sum to zero.
pub fn settlement_account() -> Id<kinds::Account> {
    house("settlement")
}

/// What lies at the central bank, over which cycles are settled.
pub fn reserve_account() -> Id<kinds::Account> {
    house("reserve")
}

/// What customers were given because money came back late.
pub fn compensation_account() -> Id<kinds::Account> {
    house("compensation")
}

/// What the bank paid itself in disputes because its customers had too little; it is theirs to settle with the bank.
pub fn dispute_account() -> Id<kinds::Account> {
    house("disputes")
}

fn house(purpose: &str) -> Id<kinds::Account> {
    Id::from_u128(Digest::of(&[b"upi house account", purpose.as_bytes()]).as_u128())
}

fn customer(number: &str) -> Id<kinds::Account> {
    Id::from_u128(Digest::of(&[b"upi customer account", number.as_bytes()]).as_u128())
}

/// Kinds of movement, as they stand in transfers.
mod code {
    pub(super) const OPENING: u16 = 200;
    pub(super) const DEBIT: u16 = 201;
    pub(super) const CREDIT: u16 = 202;
    pub(super) const UNDONE: u16 = 203;
    pub(super) const COMPENSATION: u16 = 204;
    pub(super) const CYCLE: u16 = 205;
    pub(super) const BLOCK: u16 = 206;
    pub(super) const DISPUTE: u16 = 207;
}

/// The name of the movement of a leg, or of its opposite.
fn movement(transaction: &str, leg: Leg, undone: bool) -> Id<kinds::Transfer> {
    let word: &[u8] = match (leg, undone) {
        (Leg::Debit, false) => b"upi debit ",
        (Leg::Credit, false) => b"upi credit ",
        (Leg::Debit, true) => b"upi debit undone ",
        (Leg::Credit, true) => b"upi credit undone ",
    };
    Id::from_u128(Digest::of(&[word, transaction.as_bytes()]).as_u128())
}

/// What the books may hold of a transaction: each leg, and whether it was taken back.
pub fn movements(transaction: &str) -> [(Leg, bool, Id<kinds::Transfer>); 4] {
    [(Leg::Debit, false), (Leg::Debit, true), (Leg::Credit, false), (Leg::Credit, true)]
        .map(|(leg, undone)| (leg, undone, movement(transaction, leg, undone)))
}

/// Books a leg, or takes it back.
pub(super) fn book<W: Records>(
    records: &mut W,
    account: &UpiAccount,
    (transaction, leg, undone): (&str, Leg, bool),
    paise: u64,
    now: Timestamp,
) -> Result<Applied, Refusal> {
    let amount = Money::new(paise, Currency::INR).map_err(|_| Refusal::Overflow)?;
    let leaves = (leg == Leg::Debit) != undone;
    let (debit, credit) =
        if leaves { (account.books, settlement_account()) } else { (settlement_account(), account.books) };
    let code = match (undone, leg) {
        (true, _) => code::UNDONE,
        (false, Leg::Debit) => code::DEBIT,
        (false, Leg::Credit) => code::CREDIT,
    };
    transfer(records, Order { id: movement(transaction, leg, undone), debit, credit, amount, code }, now)
}

/// The name of the movement by which the payer of a transaction is compensated.
pub fn compensation_movement(transaction: &str) -> Id<kinds::Transfer> {
    Id::from_u128(Digest::of(&[b"upi compensation ", transaction.as_bytes()]).as_u128())
}

/// Gives a customer what is owed for money that came back late.
pub(super) fn compensate<W: Records>(
    records: &mut W,
    account: &UpiAccount,
    transaction: &str,
    amount: Money,
    now: Timestamp,
) -> Result<Applied, Refusal> {
    let (id, debit, credit) = (compensation_movement(transaction), compensation_account(), account.books);
    transfer(records, Order { id, debit, credit, amount, code: code::COMPENSATION }, now)
}

/// The name of the movement by which a side of a dispute is booked.
pub fn dispute_movement(payment: &str, side: Side) -> Id<kinds::Transfer> {
    let word: &[u8] = if side == Side::Payee { b"upi dispute collected " } else { b"upi dispute paid " };
    Id::from_u128(Digest::of(&[word, payment.as_bytes()]).as_u128())
}

/// Takes a claim from the payee, or from the bank itself where no account is named; or gives it to the payer.
pub(super) fn dispute<W: Records>(
    records: &mut W,
    account: Option<&UpiAccount>,
    (side, payment): (Side, &str),
    paise: u64,
    now: Timestamp,
) -> Result<Applied, Refusal> {
    let amount = Money::new(paise, Currency::INR).map_err(|_| Refusal::Overflow)?;
    let other = account.map_or(dispute_account(), |account| account.books);
    let (debit, credit) = match side {
        Side::Payee => (other, settlement_account()),
        Side::Payer | Side::Network => (settlement_account(), other),
    };
    let id = dispute_movement(payment, side);
    transfer(records, Order { id, debit, credit, amount, code: code::DISPUTE }, now)
}

/// The central bank settled a cycle: what this bank paid of it, or got. The same cycle again changes nothing.
pub struct BookCycle {
    /// The cycle, by name.
    pub cycle: String,
    /// Paise that it pays.
    pub pays: u64,
    /// Paise that it gets.
    pub gets: u64,
}

impl Operation for BookCycle {
    type Answer = Applied;
    type Refusal = Refusal;
    const NAME: &'static str = "upi_bank.book_cycle";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<Applied, Refusal> {
        let (settlement, reserve) = (settlement_account(), reserve_account());
        let (debit, credit) =
            if self.pays >= self.gets { (settlement, reserve) } else { (reserve, settlement) };
        let amount =
            Money::new(self.pays.abs_diff(self.gets), Currency::INR).map_err(|_| Refusal::Overflow)?;
        if amount.is_zero() {
            return Ok(Applied::Done);
        }
        let id = Id::from_u128(Digest::of(&[b"upi cycle ", self.cycle.as_bytes()]).as_u128());
        transfer(records, Order { id, debit, credit, amount, code: code::CYCLE }, now)
    }
}

/// Whether an account or a purse has this number.
pub(super) fn is_taken<W: Records>(records: &mut W, number: &str) -> bool {
    records.find::<AccountName>(&number.to_owned()).is_some()
}

/// Gives an account its number as a name.
pub(super) fn name<W: Records>(records: &mut W, number: &str) {
    records.put(AccountName { name: number.to_owned(), number: number.to_owned() });
}

/// Opens the account of a purse in the books.
pub(super) fn open_purse<W: Records>(records: &mut W, number: &str) -> Result<Id<kinds::Account>, Refusal> {
    let books = customer(number);
    open_account(records, Account::new(books, Currency::INR, AccountKind::Liability).with_overdraft(0))?;
    Ok(books)
}

fn block_of(number: &str) -> Id<kinds::Transfer> {
    Id::from_u128(Digest::of(&[b"upi mandate block ", number.as_bytes()]).as_u128())
}

/// Sets an amount aside for the one debit of a mandate.
pub(super) fn block<W: Records>(
    records: &mut W,
    account: &UpiAccount,
    number: &str,
    paise: u64,
    now: Timestamp,
) -> Result<Applied, Refusal> {
    let amount = Money::new(paise, Currency::INR).map_err(|_| Refusal::Overflow)?;
    let (debit, credit) = (account.books, settlement_account());
    hold(records, Order { id: block_of(number), debit, credit, amount, code: code::BLOCK }, now)
}

/// Lets it go.
pub(super) fn unblock<W: Records>(records: &mut W, number: &str, now: Timestamp) -> Result<Applied, Refusal> {
    release(records, block_of(number), now)
}

/// What is set aside for a mandate now, paise.
pub(super) fn blocked<W: Records>(records: &mut W, number: &str) -> u64 {
    let held = records.find::<Transfer>(&block_of(number));
    held.filter(|held| held.state == TransferState::Held).map_or(0, |held| held.amount)
}

/// What may still leave an account, paise.
pub(super) fn available<W: Records>(records: &mut W, account: &UpiAccount) -> u64 {
    records.find::<Account>(&account.books).map_or(0, |books| books.available())
}

/// Opens the accounts that a bank has from the beginning; done again it changes nothing.
pub struct OpenAccounts {
    /// The bank.
    pub bank: &'static UpiBank,
}

impl Operation for OpenAccounts {
    type Answer = ();
    type Refusal = Infallible;
    const NAME: &'static str = "upi_bank.open_accounts";

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<(), Infallible> {
        let asset = |id| Account::new(id, Currency::INR, AccountKind::Asset);
        let known = "accounts of the embedded table can be opened";
        open_account(records, asset(settlement_account())).expect(known);
        for house in [house("opening"), reserve_account(), compensation_account(), dispute_account()] {
            open_account(records, asset(house)).expect(known);
        }
        for entry in UpiDirectory::sandbox().accounts.iter().filter(|entry| entry.bank == self.bank.id) {
            if records.find::<UpiAccount>(&entry.number).is_none() {
                open(records, self.bank, entry, now).expect(known);
            }
        }
        Ok(())
    }
}

fn open<W: Records>(
    records: &mut W,
    bank: &UpiBank,
    entry: &TestAccount,
    now: Timestamp,
) -> Result<(), Refusal> {
    let books = customer(&entry.number);
    open_account(records, Account::new(books, Currency::INR, AccountKind::Liability).with_overdraft(0))?;
    if !entry.balance().is_zero() {
        let id = Id::from_u128(Digest::of(&[b"upi opening ", entry.number.as_bytes()]).as_u128());
        let order = Order {
            id,
            debit: house("opening"),
            credit: books,
            amount: entry.balance(),
            code: code::OPENING,
        };
        transfer(records, order, now)?;
    }
    let reference = Digest::of(&[b"upi account reference ", entry.number.as_bytes()]).to_string();
    let reference = format!("{}{}", bank.ifsc, reference[..20].to_ascii_uppercase());
    let mobile = Mobile::parse(&entry.mobile).expect("the embedded table is tested").to_wire();
    for name in [&entry.number, &reference] {
        records.put(AccountName { name: name.clone(), number: entry.number.clone() });
    }
    let mut of_mobile = records
        .find::<MobileAccounts>(&mobile)
        .unwrap_or_else(|| MobileAccounts { mobile: mobile.clone(), numbers: Vec::new() });
    of_mobile.numbers.push(entry.number.clone());
    records.put(of_mobile);
    records.put(UpiAccount {
        number: entry.number.clone(),
        reference,
        ifsc: entry.ifsc().as_str().to_owned(),
        kind: entry.kind.clone(),
        holder: entry.holder.clone(),
        mobile,
        card: entry.card.clone(),
        expiry: entry.expiry.clone(),
        pin_digest: None,
        tries_left: PIN_TRIES,
        registered_at: None,
        books,
    });
    Ok(())
}

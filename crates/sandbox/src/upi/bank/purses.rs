//! Purses at their bank: small balances that phones spend without a PIN. Each has an account of its own in the books, which is the
//! mirror of what its phone believes; all of them together are the pool.

use super::records::{PurseState, Spending, UpiAccount, UpiLeg, UpiPurse};
use super::{Bank, books, legs};
use crate::defences::Defence;
use upi::address::Address;
use upi::credential::{Purpose as TypedFor, Secret};
use upi::limits::single;
use upi::machines::leg::{Leg, LegState};
use upi::mail::{Desk, response};
use upi::messages::{Message, Party};
use upi::purse::{Purpose, Shown, among};
use upi::xml::Element;
use values::{Currency, Money, Records};

/// The type of a purse's account.
const KIND: &str = "BANKWALLET";

/// Whether an account is a purse's.
pub(super) fn is_purse(account: &UpiAccount) -> bool {
    account.kind == KIND
}

/// The purpose of a payment that fills or empties a purse, or is made from one.
pub(super) fn purpose(message: &Message) -> Option<Purpose> {
    message.transaction.purpose.as_deref().and_then(Purpose::parse)
}

/// The number of the account or purse that an address names.
fn named(address: &Address) -> String {
    address.name().to_owned()
}

/// After the PIN: money is about to leave an account into a purse. A purse that is to be opened comes into being with it.
pub(super) fn fill<W: Records>(
    bank: &Bank,
    desk: &mut Desk<'_, W>,
    message: &Message,
    account: &UpiAccount,
) -> Result<(), String> {
    let (payer, payee) = message.payer.as_ref().zip(message.payees.first()).ok_or("XF")?;
    let number = named(&payee.address);
    let known = desk.records.find::<UpiPurse>(&number);
    let is_open =
        |purse: &UpiPurse| purse.state == PurseState::Open || !bank.defences.stands(Defence::PurseOpen);
    match purpose(message) {
        Some(Purpose::First) if known.is_none() => open(bank, desk, message, (payer, account, &number)),
        Some(Purpose::More)
            if known.as_ref().is_some_and(|purse| purse.account == account.number && is_open(purse)) =>
        {
            Ok(())
        }
        _ => Err("XF".to_owned()),
    }
}

fn open<W: Records>(
    bank: &Bank,
    desk: &mut Desk<'_, W>,
    message: &Message,
    (payer, account, number): (&Party, &UpiAccount, &str),
) -> Result<(), String> {
    // A purse has a number that no account has.
    let is_number = number.len() == 18 && number.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number || books::is_taken(desk.records, number) || is_purse(account) {
        return Err("XF".to_owned());
    }
    let amount = message.payees.first().and_then(|payee| payee.amount).ok_or("XF")?;
    let payee = message.payees.first().map(|payee| payee.address.to_lower()).unwrap_or_default();
    let typed_for =
        TypedFor { transaction: message.transaction.id.as_str().to_owned(), paise: amount.minor(), payee };
    let block = Secret::PurseKey.among(&payer.credentials).ok_or("XF")?;
    let entropy = desk.draw();
    let sealed_key = bank.boundary.take_purse_key(bank.bank, block, &typed_for, (number, entropy));
    let sealed_key = sealed_key.ok_or("XF")?;
    let books = books::open_purse(desk.records, number).map_err(|_| "LD")?;
    books::name(desk.records, number);
    desk.records.put(UpiAccount {
        number: number.to_owned(),
        reference: number.to_owned(),
        kind: KIND.to_owned(),
        card: String::new(),
        expiry: String::new(),
        pin_digest: None,
        tries_left: 0,
        books,
        ..account.clone()
    });
    desk.records.put(UpiPurse {
        number: number.to_owned(),
        account: account.number.clone(),
        sealed_key,
        counter: 0,
        state: PurseState::Open,
        at: desk.now,
        changed_at: desk.now,
    });
    Ok(())
}

/// Whether money may come into a purse; the bank's code if not. Only its owner's own, and what a payment from it gives back.
pub(super) fn may_take<W: Records>(
    bank: &Bank,
    desk: &mut Desk<'_, W>,
    message: &Message,
    (purse, paise): (&UpiAccount, u64),
) -> Result<(), String> {
    let known = desk.records.find::<UpiPurse>(&purse.number).ok_or("XI")?;
    let is_open = known.state == PurseState::Open;
    if !is_open && bank.defences.stands(Defence::PurseOpen) {
        return Err("XI".to_owned());
    }
    let gives_back = message.transaction.subtype.as_deref() == Some("REFUND");
    if !gives_back && !matches!(purpose(message), Some(Purpose::First | Purpose::More)) {
        return Err("XI".to_owned());
    }
    let most = single("lite_balance", desk.now).map_or(0, |limit| limit.payment_paise);
    let balance = books::available(desk.records, purse).saturating_add(paise);
    if !gives_back && balance > most && bank.defences.stands(Defence::PurseLimits) {
        return Err("PS".to_owned());
    }
    Ok(())
}

/// Whether a phone may spend from its purse without a PIN, or empty it; the bank's code if not.
pub(super) fn decide<W: Records>(
    bank: &Bank,
    desk: &mut Desk<'_, W>,
    message: &Message,
    account: &UpiAccount,
) -> Result<(), String> {
    let no = |code: &str| Err(code.to_owned());
    let (payer, payee) = message.payer.as_ref().zip(message.payees.first()).ok_or("XF")?;
    let paise = payee.amount.ok_or("XF")?.minor();
    let purse = desk.records.find::<UpiPurse>(&account.number).ok_or("XH")?;
    let purpose = purpose(message);
    let closes = purpose == Some(Purpose::Close);
    if !closes && purpose != Some(Purpose::Spend) {
        return no("XF");
    }
    if closes && !is_emptied(desk, (&purse, account), payee, paise) {
        return no("XF");
    }
    let transaction = message.transaction.id.as_str();
    // A phone that is lost shows nothing: its owner closes the purse with the PIN of the account behind it.
    if closes && Secret::Pin.among(&payer.credentials).is_some() {
        let owner = desk.records.find::<UpiAccount>(&purse.account).ok_or("XH")?;
        let payee = payee.address.to_lower();
        let typed_for = TypedFor { transaction: transaction.to_owned(), paise, payee };
        return legs::check_pin(bank, desk, &owner, &payer.credentials, &typed_for);
    }
    let of = (transaction, paise, payee.address.to_lower());
    let balance = books::available(desk.records, account);
    prove(bank, desk, purse, (payer, of), balance)?;
    if !closes {
        within_limits(bank, desk, account, paise)?;
    }
    if balance < paise { no("Z9") } else { Ok(()) }
}

/// Whether a payment empties a purse into the account behind it.
fn is_emptied<W: Records>(
    desk: &mut Desk<'_, W>,
    (purse, account): (&UpiPurse, &UpiAccount),
    payee: &Party,
    paise: u64,
) -> bool {
    let owner = desk.records.find::<UpiAccount>(&purse.account);
    // Addresses travel in lower case.
    let to = named(&payee.address);
    let is_to = |name: &String| name.eq_ignore_ascii_case(&to);
    let is_own = owner.is_some_and(|owner| [owner.number, owner.reference].iter().any(is_to));
    is_own && paise == books::available(desk.records, account)
}

/// Checks a phone's cryptogram and takes its counter.
fn prove<W: Records>(
    bank: &Bank,
    desk: &mut Desk<'_, W>,
    purse: UpiPurse,
    (payer, (transaction, paise, payee)): (&Party, (&str, u64, String)),
    balance: u64,
) -> Result<(), String> {
    let no = |code: &str| Err(code.to_owned());
    if purse.state != PurseState::Open && bank.defences.stands(Defence::PurseOpen) {
        return no("XH");
    }
    let shown: Shown = among(&payer.credentials).ok_or("XF")?;
    let of = (transaction, paise, payee.as_str());
    let is_genuine = bank.boundary.is_from_purse(bank.bank, &purse.sealed_key, &purse.number, (&shown, of));
    if !is_genuine && bank.defences.stands(Defence::PurseCryptogram) {
        return no("12");
    }
    // A counter that comes again, for something else: there are two phones with one purse.
    if shown.counter <= purse.counter && bank.defences.stands(Defence::PurseCounter) {
        let state = if is_genuine { PurseState::Suspended } else { purse.state };
        desk.records.put(UpiPurse { state, changed_at: desk.now, ..purse });
        return no("52");
    }
    let counter = purse.counter.max(shown.counter);
    desk.records.put(UpiPurse { counter, changed_at: desk.now, ..purse });
    if paise > 0 && shown.balance != balance && bank.defences.stands(Defence::PurseMirror) {
        return no("52");
    }
    Ok(())
}

fn within_limits<W: Records>(
    bank: &Bank,
    desk: &mut Desk<'_, W>,
    account: &UpiAccount,
    paise: u64,
) -> Result<(), String> {
    let Some(limit) = single("lite_payment", desk.now) else { return Err("U10".to_owned()) };
    let spending = desk.records.find::<Spending>(&account.number);
    let recent = spending.map_or(Vec::new(), |spending| spending.recent);
    let in_day = recent.iter().filter(|spent| legs::is_recent(spent, desk.now)).map(|spent| spent.paise);
    let in_day = in_day.fold(paise, u64::saturating_add);
    let is_above = paise > limit.payment_paise || limit.day_paise.is_some_and(|most| in_day > most);
    if is_above && bank.defences.stands(Defence::PurseLimits) { Err("Z8".to_owned()) } else { Ok(()) }
}

/// A leg of a purse was booked: one that is emptied is closed.
pub(super) fn booked<W: Records>(desk: &mut Desk<'_, W>, leg: &UpiLeg, message: &Message) {
    if leg.leg == Leg::Debit && purpose(message) == Some(Purpose::Close) {
        set_state(desk, &leg.account, PurseState::Closed);
    }
}

/// A debit was taken back: a purse that was closed by it is open again, and one that was opened by it is closed.
pub(super) fn unbooked<W: Records>(desk: &mut Desk<'_, W>, leg: &UpiLeg) {
    if !matches!(leg.state, LegState::Reversed(_)) {
        return;
    }
    let purse = desk.records.find::<UpiPurse>(&leg.account);
    if purse.is_some_and(|purse| purse.state == PurseState::Closed) {
        set_state(desk, &leg.account, PurseState::Open);
    }
    let named = leg.other.split_once('@').map_or("", |(number, _)| number).to_owned();
    let filled = desk.records.find::<UpiPurse>(&named).filter(|purse| purse.account == leg.account);
    if filled.is_some_and(|purse| purse.at == leg.at) {
        set_state(desk, &named, PurseState::Closed);
    }
}

fn set_state<W: Records>(desk: &mut Desk<'_, W>, number: &str, state: PurseState) {
    if let Some(purse) = desk.records.find::<UpiPurse>(&number.to_owned()) {
        desk.records.put(UpiPurse { state, changed_at: desk.now, ..purse });
    }
}

/// Says what is in a purse to its phone, which shows a cryptogram; closes an empty one if that is what is asked for.
pub(super) fn balance<W: Records>(
    bank: &Bank,
    desk: &mut Desk<'_, W>,
    message: &Message,
    account: &UpiAccount,
) -> Message {
    let outcome = told(bank, desk, message, account);
    let outcome = outcome.as_ref().copied().map_err(String::as_str);
    let mut answer = desk.answer(message, response(&message.head.message, outcome.map(|_| ())));
    answer.payer = None;
    if let (Ok(paise), Some(payer)) = (outcome, &message.payer) {
        let amount = Money::new(paise, Currency::INR).map(|money| money.to_decimal()).unwrap_or_default();
        let mut payer = Party::new(payer.address.clone());
        payer.rest = vec![Element::new("Bal").with_child(Element::new("Data").with_text(&amount))];
        answer.payer = Some(payer);
    }
    answer
}

fn told<W: Records>(
    bank: &Bank,
    desk: &mut Desk<'_, W>,
    message: &Message,
    account: &UpiAccount,
) -> Result<u64, String> {
    let payer = message.payer.as_ref().ok_or("XF")?;
    let mobile = payer.device.as_ref().and_then(|device| device.tag("MOBILE"));
    if mobile != Some(account.mobile.as_str()) {
        return Err("B1".to_owned());
    }
    let purse = desk.records.find::<UpiPurse>(&account.number).ok_or("XH")?;
    let balance = books::available(desk.records, account);
    let of = (message.transaction.id.as_str(), 0, String::new());
    prove(bank, desk, purse, (payer, of), balance)?;
    if purpose(message) == Some(Purpose::CloseEmpty) {
        if balance > 0 {
            return Err("XF".to_owned());
        }
        set_state(desk, &account.number, PurseState::Closed);
    }
    Ok(balance)
}

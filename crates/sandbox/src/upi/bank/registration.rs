//! Which accounts a mobile number has, one-time passwords, setting and changing a PIN, the balance.

use super::legs::check_pin;
use super::records::{MobileAccounts, OneTimePassword, UpiAccount};
use super::{Bank, books, purses, texts};
use crate::defences::Defence;
use std::time::Duration;
use upi::address::AccountNumber;
use upi::credential::{Purpose, Secret};
use upi::mail::{Desk, response};
use upi::messages::{ListedAccount, Message};
use upi::xml::Element;
use values::time::Zone;
use values::{Currency, Money, Records, constant_time_eq};

/// How long a one-time password is good.
const PASSWORD_LIFE: Duration = Duration::from_secs(300);
const PASSWORD_TRIES: u8 = 3;

/// The accounts of the mobile number that a provider has bound to a phone.
pub(super) fn list<W: Records>(bank: &Bank, desk: &mut Desk<'_, W>, message: &Message) -> Message {
    let mobile = message.link.as_ref().filter(|(kind, _)| kind == "MOBILE").map(|(_, number)| number.clone());
    let numbers = mobile.and_then(|mobile| desk.records.find::<MobileAccounts>(&mobile));
    let numbers = numbers.map_or(Vec::new(), |found| found.numbers);
    let accounts: Vec<UpiAccount> =
        numbers.iter().filter_map(|number| desk.records.find::<UpiAccount>(number)).collect();
    let outcome = if accounts.is_empty() { Err("XH") } else { Ok(()) };
    let mut answer = desk.answer(message, response(&message.head.message, outcome));
    answer.link = None;
    answer.accounts = accounts.iter().map(|account| listed(bank, account)).collect();
    answer
}

fn listed(bank: &Bank, account: &UpiAccount) -> ListedAccount {
    let masked = AccountNumber::parse(&account.number).map(|number| number.masked()).unwrap_or_default();
    let allowed = |kind: &str, subtype: &str, length| (kind.to_owned(), subtype.to_owned(), Some(length));
    ListedAccount {
        reference: account.reference.clone(),
        masked,
        ifsc: bank.bank.branch(),
        kind: Some(account.kind.clone()),
        name: Some(account.holder.clone()),
        has_pin: account.pin_digest.is_some(),
        credentials: vec![allowed("PIN", "MPIN", bank.bank.pin_length), allowed("OTP", "SMS", 6)],
    }
}

/// The account a message's payer has, if the phone's number is its holder's.
fn account_of<W: Records>(
    bank: &Bank,
    desk: &mut Desk<'_, W>,
    message: &Message,
) -> Result<UpiAccount, &'static str> {
    let payer = message.payer.as_ref().ok_or("XH")?;
    let account = bank.account(desk, payer.account.as_ref()).ok_or("XH")?;
    let mobile = payer.device.as_ref().and_then(|device| device.tag("MOBILE"));
    if mobile == Some(account.mobile.as_str()) { Ok(account) } else { Err("B1") }
}

fn told<W: Records>(desk: &mut Desk<'_, W>, message: &Message, outcome: Result<(), &str>) -> Message {
    let mut answer = desk.answer(message, response(&message.head.message, outcome));
    answer.payer = None;
    answer
}

/// Sends a one-time password to the holder's number; the one before is good no more.
pub(super) fn send_password<W: Records>(bank: &Bank, desk: &mut Desk<'_, W>, message: &Message) -> Message {
    let account = match account_of(bank, desk, message) {
        Ok(account) => account,
        Err(code) => return told(desk, message, Err(code)),
    };
    let drawn = desk.draw();
    let number = u64::from_be_bytes(*drawn.first_chunk().expect("32 bytes hold 8"));
    let code = format!("{:06}", number % 1_000_000);
    desk.records.put(OneTimePassword {
        account: account.number.clone(),
        digest: bank.boundary.digest(code.as_bytes(), &account.number),
        tries_left: PASSWORD_TRIES,
        ends_at: desk.now.after(PASSWORD_LIFE),
    });
    texts::tell_password(bank, desk, &account, message.head.message.as_str(), &code);
    told(desk, message, Ok(()))
}

/// Sets a PIN for who shows the account's debit card and the one-time password (FORMAT1).
pub(super) fn set_pin<W: Records>(bank: &Bank, desk: &mut Desk<'_, W>, message: &Message) -> Message {
    let outcome = account_of(bank, desk, message)
        .map_err(str::to_owned)
        .and_then(|account| set_pin_of(bank, desk, message, account));
    told(desk, message, outcome.as_ref().copied().map_err(String::as_str))
}

fn set_pin_of<W: Records>(
    bank: &Bank,
    desk: &mut Desk<'_, W>,
    message: &Message,
    account: UpiAccount,
) -> Result<(), String> {
    let registration = message.registration.as_ref().ok_or("XF")?;
    if registration.format.as_deref() != Some("FORMAT1") {
        return Err("U76".to_owned());
    }
    let detail = |name: &str| {
        registration.details.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    };
    // What is typed is a try, whatever of it is wrong: the card's digits can be guessed as the password can.
    take_password(bank, desk, message, &account, &registration.credentials)?;
    if detail("CARDDIGITS") != Some(account.card.as_str()) {
        return Err("XN".to_owned());
    }
    if detail("EXPDATE") != Some(account.expiry.as_str()) || is_past(&account.expiry, desk) {
        return Err("XL".to_owned());
    }
    let block = Secret::Pin.among(&registration.credentials).ok_or("XF")?;
    let pin = bank.boundary.new_pin(block, &of(message), &account.number, bank.defences);
    let pin = pin.map_err(|unusable| match unusable {
        super::boundary::Unusable::Policy => "RM",
        super::boundary::Unusable::Block => "XF",
    })?;
    desk.records.remove::<OneTimePassword>(&account.number);
    let registered_at = account.registered_at.or(Some(desk.now));
    desk.records.put(UpiAccount {
        pin_digest: Some(pin),
        tries_left: books::PIN_TRIES,
        registered_at,
        ..account
    });
    Ok(())
}

/// Nothing is paid: the purpose is the transaction alone.
fn of(message: &Message) -> Purpose {
    Purpose { transaction: message.transaction.id.as_str().to_owned(), paise: 0, payee: String::new() }
}

fn is_past<W>(expiry: &str, desk: &Desk<'_, W>) -> bool {
    let today = desk.now.civil(Zone::Kolkata);
    let number = |text: Option<&str>| text.and_then(|text| text.parse::<i16>().ok());
    match (number(expiry.get(..2)), number(expiry.get(2..))) {
        (Some(month), Some(year)) => (2000 + year, month) < (today.year, i16::from(today.month)),
        _ => true,
    }
}

fn take_password<W: Records>(
    bank: &Bank,
    desk: &mut Desk<'_, W>,
    message: &Message,
    account: &UpiAccount,
    credentials: &[upi::messages::Credential],
) -> Result<(), String> {
    let sent = desk.records.find::<OneTimePassword>(&account.number).ok_or("ZS")?;
    if desk.now > sent.ends_at && bank.defences.stands(Defence::PasswordLife) {
        return Err("ZS".to_owned());
    }
    if sent.tries_left == 0 && bank.defences.stands(Defence::PasswordTries) {
        return Err("ZT".to_owned());
    }
    let tries_left = sent.tries_left.saturating_sub(1);
    desk.records.put(OneTimePassword { tries_left, ..sent.clone() });
    let block = Secret::OneTimePassword.among(credentials).ok_or("XF")?;
    let typed = bank.boundary.digest_inside(block, &of(message), &account.number, bank.defences);
    if constant_time_eq(&typed.map_err(|_| "XF")?, &sent.digest) { Ok(()) } else { Err("ZR".to_owned()) }
}

/// Sets another PIN for who knows the one before.
pub(super) fn change_pin<W: Records>(bank: &Bank, desk: &mut Desk<'_, W>, message: &Message) -> Message {
    let outcome = change_pin_of(bank, desk, message);
    told(desk, message, outcome.as_ref().copied().map_err(String::as_str))
}

fn change_pin_of<W: Records>(bank: &Bank, desk: &mut Desk<'_, W>, message: &Message) -> Result<(), String> {
    let account = account_of(bank, desk, message)?;
    let payer = message.payer.as_ref().ok_or("XF")?;
    check_pin(bank, desk, &account, &payer.credentials, &of(message))?;
    let block = Secret::Pin.among(&payer.new_credentials).ok_or("XF")?;
    let pin = bank.boundary.new_pin(block, &of(message), &account.number, bank.defences);
    let pin_digest = Some(pin.map_err(|_| "RM")?);
    desk.records.put(UpiAccount { pin_digest, tries_left: books::PIN_TRIES, ..account });
    Ok(())
}

/// Says what may still leave the account, to who knows its PIN.
pub(super) fn balance<W: Records>(bank: &Bank, desk: &mut Desk<'_, W>, message: &Message) -> Message {
    let named = message.payer.as_ref().and_then(|payer| bank.account(desk, payer.account.as_ref()));
    if let Some(purse) = named.filter(purses::is_purse) {
        return purses::balance(bank, desk, message, &purse);
    }
    let outcome = account_of(bank, desk, message).map_err(str::to_owned).and_then(|account| {
        let credentials = message.payer.as_ref().map_or(&[][..], |payer| &payer.credentials);
        check_pin(bank, desk, &account, credentials, &of(message)).map(|()| account)
    });
    let mut answer = told(desk, message, outcome.as_ref().map(|_| ()).map_err(String::as_str));
    if let (Ok(account), Some(payer)) = (outcome, &message.payer) {
        let paise = books::available(desk.records, &account);
        let amount = Money::new(paise, Currency::INR).map(|money| money.to_decimal()).unwrap_or_default();
        let mut payer = upi::messages::Party::new(payer.address.clone());
        payer.rest = vec![Element::new("Bal").with_child(Element::new("Data").with_text(&amount))];
        answer.payer = Some(payer);
    }
    answer
}

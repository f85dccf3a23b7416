//! Debits and credits: one leg for each (transaction, leg), decided once, whatever comes twice, late or out of order.

use super::records::{Spending, Spent, UpiAccount, UpiLeg, UsedCredential};
use super::texts::{self, Event};
use super::{Bank, books, mandates, purses, refunds};
use crate::defences::Defence;
use crypto::hash::{sha256, sha256_pieces};
use std::time::Duration;
use upi::complaints::{PaidTo, compensation};
use upi::credential::{Purpose, Secret};
use upi::limits::{self, Measured};
use upi::machines::leg::{Booking, Leg, LegInput, LegState};
use upi::mail::{Desk, response};
use upi::messages::{Account, Message, Party, Settled};
use upi::purse;
use upi::xml::Element;
use values::{Currency, MerchantCategory, Money, Records, Timestamp, constant_time_eq};

const DAY: Duration = Duration::from_secs(86_400);
const MINUTES_OF_DAY: i64 = 24 * 60;

/// The parts of a request to debit or credit.
struct Asked<'a> {
    payer: &'a Party,
    payee: &'a Party,
    amount: Money,
}

impl<'a> Asked<'a> {
    fn of(message: &'a Message) -> Result<Asked<'a>, &'static str> {
        let (payer, payee) = (message.payer.as_ref(), message.payees.first());
        let amount = payee.and_then(|payee| payee.amount);
        match (payer, payee, amount) {
            (Some(payer), Some(payee), Some(amount)) => Ok(Asked { payer, payee, amount }),
            _ => Err("U07"),
        }
    }

    /// What is frozen at first sight.
    fn content(&self, message: &Message) -> [u8; 32] {
        let account = |party: &Party| match &party.account {
            Some(Account::Number { ifsc, number, .. }) => format!("{} {}", ifsc.as_str(), number.as_str()),
            _ => String::new(),
        };
        let text = |part: &Option<String>| part.clone().unwrap_or_default();
        let parts = [
            self.payer.address.to_lower(),
            account(self.payer),
            self.payee.address.to_lower(),
            account(self.payee),
            self.amount.minor().to_string(),
            text(&message.transaction.mode),
            text(&message.transaction.purpose),
            text(&message.transaction.mandate),
        ];
        let pieces: Vec<&[u8]> = parts.iter().flat_map(|part| [part.as_bytes(), b"\0"]).collect();
        sha256_pieces(&pieces)
    }
}

/// The leg as it is known; a new one if it is not.
fn leg_of<W: Records>(desk: &mut Desk<'_, W>, transaction: &str, leg: Leg) -> UpiLeg {
    let known = desk.records.find::<UpiLeg>(&(transaction.to_owned(), leg));
    known.unwrap_or_else(|| UpiLeg {
        transaction: transaction.to_owned(),
        leg,
        state: LegState::New,
        account: String::new(),
        paise: 0,
        other: String::new(),
        reference: String::new(),
        code: String::new(),
        measured_by: String::new(),
        category: String::new(),
        subtype: String::new(),
        original: None,
        refunded: 0,
        at: desk.now,
        changed_at: desk.now,
    })
}

/// Debits the payer, if everything allows it.
pub(super) fn debit<W: Records>(
    bank: &Bank,
    desk: &mut Desk<'_, W>,
    message: &Message,
) -> Result<Message, &'static str> {
    let asked = Asked::of(message)?;
    let known = leg_of(desk, message.transaction.id.as_str(), Leg::Debit);
    let account = bank.account(desk, asked.payer.account.as_ref());
    // Decided only the first time: a repeat costs no try of the PIN and counts against no limit.
    let is_new = known.state == LegState::New;
    let gives_back = message.transaction.subtype.as_deref() == Some("REFUND");
    let decision = match (is_new, gives_back) {
        (true, true) => refunds::decide(bank, desk, message, asked.amount.minor(), account.as_ref()),
        (true, false) => decide(bank, desk, message, &asked, account.as_ref()),
        (false, _) => Ok(()),
    };
    let input = LegInput::Request { content: asked.content(message), decision };
    let (leg, code) = enter(bank, desk, message, &asked, known, &input, account.as_ref());
    if is_new && leg.state.stands() {
        if gives_back {
            refunds::count(desk, &leg);
        } else {
            remember(desk, &leg);
            mandates::made(desk, &leg);
            purses::booked(desk, &leg, message);
        }
    }
    Ok(told(desk, message, &asked, "PAYER", &code))
}

/// Credits the payee.
pub(super) fn credit<W: Records>(
    bank: &Bank,
    desk: &mut Desk<'_, W>,
    message: &Message,
) -> Result<Message, &'static str> {
    let asked = Asked::of(message)?;
    let known = leg_of(desk, message.transaction.id.as_str(), Leg::Credit);
    let account = bank.account(desk, asked.payee.account.as_ref());
    let decision = match &account {
        None => Err("XI".to_owned()),
        Some(purse) if known.state == LegState::New && purses::is_purse(purse) => {
            purses::may_take(bank, desk, message, (purse, asked.amount.minor()))
        }
        Some(_) => Ok(()),
    };
    let input = LegInput::Request { content: asked.content(message), decision };
    let (_, code) = enter(bank, desk, message, &asked, known, &input, account.as_ref());
    Ok(told(desk, message, &asked, "PAYEE", &code))
}

/// Moves a leg, books what that asks for, tells the customer. The leg as it is now, and the code of the answer.
fn enter<W: Records>(
    bank: &Bank,
    desk: &mut Desk<'_, W>,
    message: &Message,
    asked: &Asked<'_>,
    known: UpiLeg,
    input: &LegInput,
    account: Option<&UpiAccount>,
) -> (UpiLeg, String) {
    let step = known.state.advance(known.leg, input);
    if step.state == known.state {
        return (known, step.code);
    }
    let other = if known.leg == Leg::Debit { asked.payee } else { asked.payer };
    let reference = message.transaction.reference.as_ref();
    let mut leg = UpiLeg {
        state: step.state,
        account: account.map(|account| account.number.clone()).unwrap_or_default(),
        paise: asked.amount.minor(),
        other: other.address.to_lower(),
        reference: reference.map(|reference| reference.as_str().to_owned()).unwrap_or_default(),
        code: step.code.clone(),
        measured_by: measured_by(asked, message, account, desk.now),
        category: asked.payee.category.clone().unwrap_or_default(),
        subtype: message.transaction.subtype.clone().unwrap_or_default(),
        original: message.transaction.original.as_ref().map(|original| original.as_str().to_owned()),
        changed_at: desk.now,
        ..known
    };
    if let (Some(Booking::Apply), Some(account)) = (step.booking, account) {
        let named = (leg.transaction.as_str(), leg.leg, false);
        if books::book(desk.records, account, named, leg.paise, desk.now).is_err() {
            // Funds were looked at a moment ago in the same commit, so this is a counter at its end.
            let code = if leg.leg == Leg::Debit { "LD" } else { "LC" };
            leg.state = LegState::Declined(asked.content(message), code.to_owned());
            leg.code = code.to_owned();
        } else {
            let event = if leg.leg == Leg::Debit { Event::Debit } else { Event::Credit };
            texts::tell(bank, desk, account, event, &leg);
        }
    }
    desk.records.put(leg.clone());
    let code = leg.code.clone();
    (leg, code)
}

/// The answer to a request for a leg.
fn told<W: Records>(
    desk: &mut Desk<'_, W>,
    message: &Message,
    asked: &Asked<'_>,
    side: &str,
    code: &str,
) -> Message {
    let outcome = if code == "00" { Ok(()) } else { Err(code) };
    let mut answer = response(&message.head.message, outcome);
    let party = if side == "PAYER" { asked.payer } else { asked.payee };
    let moved = if code == "00" { asked.amount } else { Money::zero(Currency::INR) };
    let approval = approval(message);
    answer.settled = vec![Settled::new(side, &party.address, moved, code, &approval)];
    answer.approval = Some(approval);
    desk.answer(message, answer)
}

/// The bank's approval: the last six digits of what the customer quotes.
fn approval(message: &Message) -> String {
    let reference = message.transaction.reference.as_ref().map_or("000000000000", |text| text.as_str());
    reference[6..].to_owned()
}

/// Whether account, limits, PIN and funds allow a debit; the bank's code if not.
fn decide<W: Records>(
    bank: &Bank,
    desk: &mut Desk<'_, W>,
    message: &Message,
    asked: &Asked<'_>,
    account: Option<&UpiAccount>,
) -> Result<(), String> {
    let code = |code: &str| Err(code.to_owned());
    let Some(account) = account else { return code("XH") };
    let mobile = asked.payer.device.as_ref().and_then(|device| device.tag("MOBILE"));
    if mobile != Some(account.mobile.as_str()) {
        return code("B1");
    }
    if asked.amount.is_zero() {
        return code("XD");
    }
    if asked.amount.minor() > bank.bank.payment_limit().minor() {
        return code("ZU");
    }
    if purses::is_purse(account) {
        return purses::decide(bank, desk, message, account);
    }
    let allowed = if message.transaction.subtype.as_deref() == Some("MANDATE") {
        Some(mandates::judge(bank, desk, message, account)?)
    } else {
        let purpose = Purpose {
            transaction: message.transaction.id.as_str().to_owned(),
            paise: asked.amount.minor(),
            payee: asked.payee.address.to_lower(),
        };
        check_pin(bank, desk, account, &asked.payer.credentials, &purpose)?;
        None
    };
    let fills = matches!(purses::purpose(message), Some(purse::Purpose::First | purse::Purpose::More));
    let mut payment = measured(asked, message, account, desk.now);
    let limit = limits::governing(&payment).key;
    let spent = desk.records.find::<Spending>(&account.number).map_or(Vec::new(), |spending| spending.recent);
    let in_day = spent.iter().filter(|spent| spent.limit == limit && is_recent(spent, desk.now));
    payment.paid_in_day = rupees(in_day.map(|spent| spent.paise).fold(0, u64::saturating_add));
    if let Err(exceeded) = limits::check(&payment) {
        // The network's own codes are the switch's to give.
        return code(match exceeded.code() {
            "FP" => "FP",
            "U10" => "B3",
            _ => "Z8",
        });
    }
    let blocked = allowed.as_ref().map_or(0, |allowed| allowed.blocked);
    if books::available(desk.records, account).saturating_add(blocked) < asked.amount.minor() {
        return code("Z9");
    }
    allowed.iter().for_each(|allowed| mandates::free(desk, allowed));
    // A purse comes into being with its first money, when nothing stands against that any more.
    if fills { purses::fill(bank, desk, message, account) } else { Ok(()) }
}

fn rupees(paise: u64) -> Money {
    Money::new(paise, Currency::INR).unwrap_or(Money::zero(Currency::INR))
}

fn measured<'a>(
    asked: &Asked<'_>,
    message: &'a Message,
    account: &UpiAccount,
    now: Timestamp,
) -> Measured<'a> {
    let category = |party: &Party| {
        let code = party.category.as_deref().and_then(|code| code.parse().ok());
        code.unwrap_or(MerchantCategory::try_from(0).expect("0000 has four digits"))
    };
    Measured {
        amount: asked.amount,
        payer: category(asked.payer),
        payee: category(asked.payee),
        verified: false,
        collect: matches!(message.transaction.subtype.as_deref(), Some("COLLECT" | "MANDATE")),
        mode: message.transaction.mode.as_deref().unwrap_or("00"),
        purpose: message.transaction.purpose.as_deref().unwrap_or("00"),
        at: now,
        paid_in_day: rupees(0),
        registered: account.registered_at.filter(|at| now.since(*at) < DAY),
    }
}

/// The network's limit that a payment is measured by.
fn measured_by(asked: &Asked<'_>, message: &Message, account: Option<&UpiAccount>, now: Timestamp) -> String {
    let key = |account| limits::governing(&measured(asked, message, account, now)).key.to_owned();
    account.map(key).unwrap_or_default()
}

/// Compares the PIN in a block with the account's. A wrong one is counted, and the tries are bounded.
pub(super) fn check_pin<W: Records>(
    bank: &Bank,
    desk: &mut Desk<'_, W>,
    account: &UpiAccount,
    credentials: &[upi::messages::Credential],
    purpose: &Purpose,
) -> Result<(), String> {
    let Some(expected) = account.pin_digest else { return Err("AM".to_owned()) };
    let bounded = bank.defences.stands(Defence::PinTries);
    if account.tries_left == 0 && bounded {
        return Err("Z6".to_owned());
    }
    let block = Secret::Pin.among(credentials).ok_or("XF")?;
    let digest = sha256(block.data.as_bytes());
    let used = desk.records.find::<UsedCredential>(&digest).is_some();
    if used && bank.defences.stands(Defence::CredentialOnce) {
        return Err("XF".to_owned());
    }
    desk.records.put(UsedCredential { digest, at: desk.now });
    let typed = bank.boundary.digest_inside(block, purpose, &account.number, bank.defences);
    let typed = typed.map_err(|_| "XF")?;
    let right = constant_time_eq(&typed, &expected);
    let tries_left = if right { books::PIN_TRIES } else { account.tries_left.saturating_sub(1) };
    if tries_left != account.tries_left {
        desk.records.put(UpiAccount { tries_left, ..account.clone() });
    }
    if right { Ok(()) } else { Err(if tries_left == 0 && bounded { "Z6" } else { "ZM" }.to_owned()) }
}

/// Whether any of a minute lies in the last 24 hours.
pub(super) fn is_recent(spent: &Spent, now: Timestamp) -> bool {
    minute_of(now) - spent.minute <= MINUTES_OF_DAY
}

fn minute_of(at: Timestamp) -> i64 {
    at.millis().div_euclid(60_000)
}

/// Counts a debit against the limits of 24 hours.
fn remember<W: Records>(desk: &mut Desk<'_, W>, leg: &UpiLeg) {
    let now = desk.now;
    let minute = minute_of(now);
    let found = desk.records.find::<Spending>(&leg.account);
    let mut spending = found.unwrap_or(Spending { account: leg.account.clone(), recent: Vec::new() });
    spending.recent.retain(|spent| is_recent(spent, now));
    match of_minute(&mut spending, &leg.measured_by, minute) {
        Some(spent) => spent.paise = spent.paise.saturating_add(leg.paise),
        None => {
            let limit = leg.measured_by.clone();
            spending.recent.push(Spent { limit, minute, paise: leg.paise });
        }
    }
    desk.records.put(spending);
}

fn of_minute<'a>(spending: &'a mut Spending, limit: &str, minute: i64) -> Option<&'a mut Spent> {
    spending.recent.iter_mut().find(|spent| spent.minute == minute && spent.limit == limit)
}

/// Takes a leg back; one that has not come is refused for ever.
pub(super) fn reverse<W: Records>(
    bank: &Bank,
    desk: &mut Desk<'_, W>,
    message: &Message,
) -> Result<Message, &'static str> {
    let original = message.transaction.original.as_ref().ok_or("U07")?;
    let leg = match message.transaction.subtype.as_deref() {
        Some("DEBIT") => Leg::Debit,
        Some("CREDIT") => Leg::Credit,
        _ => return Err("U07"),
    };
    let code = take_back(bank, desk, original.as_str(), leg);
    Ok(plain_answer(desk, message, &code))
}

/// The same by name; the code of the answer.
pub(super) fn take_back<W: Records>(
    bank: &Bank,
    desk: &mut Desk<'_, W>,
    transaction: &str,
    leg: Leg,
) -> String {
    let known = leg_of(desk, transaction, leg);
    let account = desk.records.find::<UpiAccount>(&known.account);
    // A credit that was spent meanwhile stands.
    let possible = match (&account, leg) {
        (Some(account), Leg::Credit) => books::available(desk.records, account) >= known.paise,
        _ => true,
    };
    let step = known.state.advance(leg, &LegInput::Reversal { possible });
    let mut code = step.code.clone();
    if step.state != known.state {
        let changed = UpiLeg { state: step.state, changed_at: desk.now, ..known.clone() };
        let booked = match (step.booking, &account) {
            (Some(Booking::Undo), Some(account)) => {
                let named = (known.transaction.as_str(), leg, true);
                books::book(desk.records, account, named, known.paise, desk.now).is_ok()
            }
            (Some(_), None) => false,
            _ => true,
        };
        if !booked {
            code = "96".to_owned();
        } else {
            desk.records.put(changed.clone());
            if let (Some(Booking::Undo), Some(account)) = (step.booking, &account)
                && leg == Leg::Debit
            {
                if known.original.is_some() {
                    refunds::uncount(desk, &known);
                } else {
                    forget(desk, &known);
                    mandates::unmade(desk, &changed);
                    purses::unbooked(desk, &changed);
                    compensate(desk, account, &changed);
                }
                texts::tell(bank, desk, account, Event::Reversal, &changed);
            }
        }
    }
    code
}

/// What comes back late brings its compensation along, unasked.
pub(super) fn compensate<W: Records>(desk: &mut Desk<'_, W>, account: &UpiAccount, leg: &UpiLeg) {
    let owed = compensation(leg.at, desk.now, PaidTo::of_category(&leg.category));
    if !owed.is_zero() && books::compensate(desk.records, account, &leg.transaction, owed, desk.now).is_err()
    {
        desk.records.note("upi_bank.compensation_not_booked", &leg.transaction, &owed.to_decimal());
    }
}

/// The back office asks whether a credit stands: it is confirmed for good (TCC), or there is none of it and never will be (RET).
pub(super) fn adjudicate<W: Records>(
    desk: &mut Desk<'_, W>,
    message: &Message,
) -> Result<Message, &'static str> {
    let original = message.transaction.original.as_ref().ok_or("U07")?.as_str().to_owned();
    let known = leg_of(desk, &original, Leg::Credit);
    let stands = known.state.stands();
    let step = known.state.advance(Leg::Credit, if stands { &LegInput::Confirm } else { &LegInput::Return });
    // Reason 102: done online. Reason 104: the original was not done.
    let (flag, reason) = if stands { ("TCC", "102") } else { ("RET", "104") };
    if step.state != known.state {
        desk.records.put(UpiLeg { state: step.state, changed_at: desk.now, ..known });
    }
    let mut told = response(&message.head.message, Ok(()));
    let said = Element::new("Ref").with("type", "BENEFICIARY").with("seqNum", "1");
    told.rest =
        vec![said.with("adjFlag", flag).with("adjCode", reason).with("adjTs", &upi::time::write(desk.now))];
    let mut answer = desk.answer(message, told);
    answer.rest.clone_from(&message.rest);
    Ok(answer)
}

/// What was taken back counts against no limit.
fn forget<W: Records>(desk: &mut Desk<'_, W>, leg: &UpiLeg) {
    let Some(mut spending) = desk.records.find::<Spending>(&leg.account) else { return };
    if let Some(spent) = of_minute(&mut spending, &leg.measured_by, minute_of(leg.at)) {
        spent.paise = spent.paise.saturating_sub(leg.paise);
    }
    desk.records.put(spending);
}

/// What became of a leg, from the books; one that has not come cannot come any more.
pub(super) fn status<W: Records>(desk: &mut Desk<'_, W>, message: &Message) -> Result<Message, &'static str> {
    let original = message.transaction.original.as_ref().ok_or("U07")?;
    let leg = match message.transaction.subtype.as_deref() {
        Some("DEBIT") => Leg::Debit,
        _ => Leg::Credit,
    };
    let known = leg_of(desk, original.as_str(), leg);
    let step = known.state.advance(leg, &LegInput::Status);
    if step.state != known.state {
        desk.records.put(UpiLeg { state: step.state, changed_at: desk.now, ..known });
    }
    Ok(plain_answer(desk, message, &step.code))
}

fn plain_answer<W: Records>(desk: &mut Desk<'_, W>, message: &Message, code: &str) -> Message {
    let outcome = if code == "00" { Ok(()) } else { Err(code) };
    desk.answer(message, response(&message.head.message, outcome))
}

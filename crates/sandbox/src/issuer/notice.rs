//! Text messages to customers, in each bank's own wording (`data/sms.toml`).
//!
//! A one-time password never stands in the outgoing message: its place `{code}` is filled by [`open_sms`]
//! when the message is delivered, from an envelope sealed under a key of the issuer.

use super::books;
use super::card::BankCard;
use crate::digest::Digest;
use crate::directory::{Directory, Product};
use crate::keys::{self, IssuerKeys};
use crate::test_cards::Language;
use crypto::vault::Envelope;
use serde::{Deserialize, Serialize};
use std::fmt::{self, Write};
use std::sync::LazyLock;
use values::time::Zone;
use values::{Money, Outbound, Records, SecretBytes, Timestamp};

/// The topic of text messages.
pub const TOPIC_SMS: &str = "sms";

/// A text message on its way, as postcard in the body of an [`Outbound`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Sms {
    /// The customer's number.
    pub to: String,
    /// The bank's number.
    pub from: String,
    /// What it says; `{code}` stands for a one-time password.
    pub text: String,
    /// The one-time password, sealed.
    pub code: Option<Envelope>,
}

/// A text message with nothing sealed in it any more.
pub struct OpenedSms {
    /// The customer's number.
    pub to: String,
    /// The bank's number.
    pub from: String,
    /// What it says.
    pub text: SecretBytes,
}

/// The body of a message is not one of this issuer's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadSms {
    /// Not a text message.
    #[error("not a text message")]
    Form,
    /// Its one-time password does not open.
    #[error("the one-time password does not open")]
    Sealed,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    Purchase,
    PreAuthorisation,
    GivenBack,
    Reversed,
    TakenBack,
    Password,
}

#[derive(Deserialize)]
struct Wordings {
    bank: Vec<BankWording>,
}

#[derive(Deserialize)]
struct BankWording {
    id: String,
    zh: Wording,
    en: Wording,
}

#[derive(Deserialize)]
struct Wording {
    debit: String,
    credit: String,
    purchase: String,
    pre_authorisation: String,
    given_back: String,
    reversed: String,
    taken_back: String,
    password: String,
}

impl Wording {
    fn of(bank: &str, language: Language) -> &'static Wording {
        static TABLE: LazyLock<Wordings> = LazyLock::new(|| {
            toml::from_str(include_str!("../../data/sms.toml")).expect("the embedded table is tested")
        });
        let wording = TABLE.bank.iter().find(|wording| wording.id == bank).unwrap_or(&TABLE.bank[0]);
        if language == Language::Chinese { &wording.zh } else { &wording.en }
    }

    fn event(&self, event: Event) -> &str {
        match event {
            Event::Purchase => &self.purchase,
            Event::PreAuthorisation => &self.pre_authorisation,
            Event::GivenBack => &self.given_back,
            Event::Reversed => &self.reversed,
            Event::TakenBack => &self.taken_back,
            Event::Password => &self.password,
        }
    }
}

/// Stages the message about a movement of money; customers without a phone number get none.
pub(super) fn send(
    records: &mut impl Records,
    card: &BankCard,
    event: Event,
    key: Digest,
    amount: Money,
    merchant: &str,
    now: Timestamp,
) {
    if card.phone.is_empty() {
        return;
    }
    let left = Money::new(books::available(records, card.account), amount.currency()).unwrap_or(amount);
    let text = fill(card, event, Some((amount, left)), merchant, now);
    stage(records, card, &key.to_string(), text, None, now);
}

/// Stages the message that carries a one-time password.
pub(super) fn send_password(
    records: &mut impl Records,
    card: &BankCard,
    key: Digest,
    code: Envelope,
    now: Timestamp,
) {
    let text = fill(card, Event::Password, None, "", now);
    stage(records, card, &key.to_string(), text, Some(code), now);
}

fn stage(
    records: &mut impl Records,
    card: &BankCard,
    key: &str,
    text: String,
    code: Option<Envelope>,
    now: Timestamp,
) {
    let from =
        Directory::sandbox().by_pan_prefix(card.prefix).map_or("", |(bank, _)| bank.sms_sender.as_str());
    let sms = Sms { to: card.phone.clone(), from: from.to_owned(), text, code };
    // With room for all of it: the writer adds byte by byte.
    let room = Vec::with_capacity(sms.text.len() + 128);
    let body = postcard::to_extend(&sms, room).expect("strings serialise");
    records.send(Outbound { topic: TOPIC_SMS.to_owned(), key: key.to_owned(), due: now, body });
}

/// Fills a bank's wording. One pass over it, so that a merchant's name cannot bring places of its own.
fn fill(
    card: &BankCard,
    event: Event,
    money: Option<(Money, Money)>,
    merchant: &str,
    now: Timestamp,
) -> String {
    let bank = Directory::sandbox().by_pan_prefix(card.prefix).map_or("", |(bank, _)| bank.id.as_str());
    let wording = Wording::of(bank, card.language);
    let at = now.civil(Zone::Shanghai);
    let mut text = String::with_capacity(200);
    let mut rest = wording.event(event);
    while let Some((before, after)) = rest.split_once('{') {
        text.push_str(before);
        let (place, after) = after.split_once('}').unwrap_or((after, ""));
        rest = after;
        match place {
            "tail" => append(&mut text, format_args!("{}", card.last_four)),
            "card" if card.product == Product::Debit => text.push_str(&wording.debit),
            "card" => text.push_str(&wording.credit),
            "month" => append(&mut text, format_args!("{:02}", at.month)),
            "day" => append(&mut text, format_args!("{:02}", at.day)),
            "hour" => append(&mut text, format_args!("{:02}", at.hour)),
            "minute" => append(&mut text, format_args!("{:02}", at.minute)),
            "amount" => text.push_str(&money.map(|(amount, _)| amount.to_decimal()).unwrap_or_default()),
            "balance" => text.push_str(&money.map(|(_, left)| left.to_decimal()).unwrap_or_default()),
            "merchant" => {
                text.extend(merchant.trim().chars().filter(|c| !c.is_control() && !"{}".contains(*c)))
            }
            _ => text.push_str(CODE),
        }
    }
    text.push_str(rest);
    text
}

fn append(text: &mut String, more: fmt::Arguments<'_>) {
    text.write_fmt(more).expect("a string takes everything");
}

const CODE: &str = "{code}";

/// Where a sealed one-time password belongs: it opens for no other message.
pub(super) fn code_context(message: Digest) -> Vec<u8> {
    [b"paiza:sms-code:".as_slice(), &message.0].concat()
}

/// Opens a staged message for delivery. `key` and `body` are those of the [`Outbound`].
pub fn open_sms(keys: &IssuerKeys, key: &str, body: &[u8]) -> Result<OpenedSms, BadSms> {
    let sms: Sms = postcard::from_bytes(body).map_err(|_| BadSms::Form)?;
    let Some(envelope) = &sms.code else {
        return Ok(OpenedSms { to: sms.to, from: sms.from, text: SecretBytes::new(sms.text.into_bytes()) });
    };
    let mut name = [0; 16];
    hex::decode_to_slice(key, &mut name).map_err(|_| BadSms::Form)?;
    let code = keys::open(keys.vault(), envelope, &code_context(Digest(name))).ok_or(BadSms::Sealed)?;
    let (before, after) = sms.text.split_once(CODE).ok_or(BadSms::Form)?;
    let text = [before.as_bytes(), code.expose(), after.as_bytes()].concat();
    Ok(OpenedSms { to: sms.to, from: sms.from, text: SecretBytes::new(text) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use values::{Currency, Expiry, LastFour};

    fn card(bank: &str, product: Product, language: Language) -> BankCard {
        let range =
            Directory::sandbox().institution(bank).unwrap().ranges.iter().find(|r| r.product == product);
        let (four, expiry) = (LastFour::from_ascii(b"1234").unwrap(), Expiry::new(30, 12).unwrap());
        let fresh = BankCard::new(Digest([1; 16]), range.unwrap().pan_prefix, four, expiry, product);
        BankCard { language, ..fresh }
    }

    fn said(bank: &str, product: Product, language: Language, event: Event, merchant: &str) -> String {
        let money = |minor| Money::new(minor, Currency::CNY).unwrap();
        // 2026-11-22 10:05 in Shanghai.
        let now = Timestamp::from_millis(1_795_305_600_000 + 2 * 3_600_000 + 5 * 60_000);
        fill(&card(bank, product, language), event, Some((money(1_250), money(498_750))), merchant, now)
    }

    #[test]
    fn messages_read_like_the_bank() {
        assert_eq!(
            said("boc", Product::Debit, Language::Chinese, Event::Purchase, "Corner Shop          Beijing"),
            "【中国银行】您尾号1234的借记卡账户于11月22日10时05分支出人民币12.50元,余额4987.50元。商户:Corner Shop          Beijing"
        );
        assert_eq!(
            said("harbour", Product::Credit, Language::English, Event::Purchase, "Corner Shop"),
            "Harbour Bank: CNY 12.50 spent on your credit card *1234 at Corner Shop, 22/11 10:05. Avail bal CNY 4987.50."
        );
    }

    #[test]
    fn every_wording_is_complete() {
        for bank in &Directory::sandbox().institutions {
            for language in [Language::Chinese, Language::English] {
                for event in [
                    Event::Purchase,
                    Event::PreAuthorisation,
                    Event::GivenBack,
                    Event::Reversed,
                    Event::TakenBack,
                ] {
                    for product in [Product::Debit, Product::Credit] {
                        let text = said(&bank.id, product, language, event, "Shop");
                        let whole =
                            text.contains("1234") && text.contains("12.50") && text.contains("4987.50");
                        assert!(whole && !text.contains(['{', '}']), "{text}");
                    }
                }
                let password = said(&bank.id, Product::Debit, language, Event::Password, "");
                assert_eq!(password.matches(CODE).count(), 1, "{password}");
            }
        }
    }

    #[test]
    fn a_merchant_cannot_write_between_the_lines() {
        let text = said("boc", Product::Debit, Language::Chinese, Event::Purchase, "A{code}\u{1b}[31m\nB");
        assert!(text.ends_with("商户:Acode[31mB"), "{text}");
    }
}

//! Messages of taps, made before anything is measured: cryptogram, DE 55, frame and MAC.

use super::configuration;
use super::plant::Cards;
use crate::output::Failure;
use crypto::mac::LinkKey;
use emv::cryptogram::{Inputs, Transaction, compute};
use emv::de55::Request;
use emv::objects::{
    Aid, Aip, Amount, Atc, Cid, CodeN3, CryptogramKind, CryptogramVersion, Ctq, Cvr, Date,
    IssuerApplicationData, TransactionType, Tvr, UnpredictableNumber,
};
use iso8583::{Framing, Message, Mti, Profile, Tag, field};
use std::ops::Range;
use values::time::{Civil, Zone};
use values::{Currency, Money, Timestamp};

/// What a tap costs the customer, minor units.
const AMOUNT: u64 = 100;
/// So many are sent within one second of DE 7, each with a trace number of its own.
const STANS: u64 = 20_000;

/// Frames one after another, as they go onto the wire.
#[derive(Default)]
pub(super) struct Frames {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Frames {
    pub(super) fn count(&self) -> usize {
        self.ends.len()
    }

    /// Mean size of a frame.
    pub(super) fn mean(&self) -> usize {
        self.bytes.len() / self.ends.len().max(1)
    }

    /// Some frames in one piece.
    pub(super) fn piece(&self, range: Range<usize>) -> &[u8] {
        let end = |count: usize| count.checked_sub(1).map_or(0, |last| self.ends[last]);
        &self.bytes[end(range.start)..end(range.end)]
    }

    fn append(&mut self, other: Frames) {
        let before = self.bytes.len();
        self.bytes.extend_from_slice(&other.bytes);
        self.ends.extend(other.ends.iter().map(|end| before + end));
    }
}

/// Makes the taps numbered `numbers`, on two threads.
///
/// Tap `n` is the next one of card `n * stride mod cards`, so that neighbours lie far apart in memory, and the
/// counters of one card rise in the order of the numbers.
pub(super) fn make(
    cards: &Cards,
    key: &LinkKey,
    now: Timestamp,
    numbers: Range<u64>,
) -> Result<Frames, Failure> {
    let middle = numbers.start + (numbers.end - numbers.start) / 2;
    let half = |range: Range<u64>| {
        let mut frames = Frames::default();
        range
            .into_iter()
            .try_for_each(|number| make_one(cards, key, now, number, &mut frames))
            .map(|()| frames)
    };
    std::thread::scope(|scope| {
        let second = scope.spawn(|| half(middle..numbers.end));
        let mut frames = half(numbers.start..middle)?;
        frames.append(second.join().expect("making messages does not panic")?);
        Ok(frames)
    })
}

fn make_one(
    cards: &Cards,
    key: &LinkKey,
    now: Timestamp,
    number: u64,
    frames: &mut Frames,
) -> Result<(), Failure> {
    let unwritable = |error: &dyn std::fmt::Display| configuration("a message of the bench", error);
    let (index, round) = cards.turn(number);
    let token = cards.token(index);
    let local = now.civil(Zone::Shanghai);
    let mut message = Message::new(Mti::FINANCIAL);
    message.set_text(field::ACCOUNT_NUMBER, &token.digits()).set_text(field::PROCESSING_CODE, "000000");
    let amount = Money::new(AMOUNT, Currency::CNY).map_err(|e| unwritable(&e))?;
    message.set_amount(amount);
    let sent = now.after(std::time::Duration::from_secs(number / STANS)).civil(Zone::Utc);
    message.set_number(field::TRANSMITTED, day_of(sent) * 1_000_000 + clock(sent));
    message.set_number(field::STAN, number % STANS);
    message.set_number(field::LOCAL_TIME, clock(local)).set_number(field::LOCAL_DATE, day_of(local));
    let expiry = cards.expiry().to_yymm();
    message.set_text(field::EXPIRY, &expiry).set_number(field::SETTLEMENT_DATE, day_of(local));
    message.set_number(field::MERCHANT_CATEGORY, 5411).set_number(field::ACQUIRER_COUNTRY, 156);
    message.set_text(field::ENTRY_MODE, "071").set_number(field::CARD_SEQUENCE, 1);
    message.set_text(field::CONDITION, "00").set_text(field::ACQUIRER, "01020000");
    message.set_text(field::FORWARDER, "01020000");
    message.set_text(field::TRACK_TWO, &format!("{}={expiry}20100000000", token.digits()));
    message.set_number(field::REFERENCE, number).set_padded(field::TERMINAL, "PZ000001");
    message.set_padded(field::MERCHANT, "104110054110001");
    message.set_padded(field::MERCHANT_NAME, "PAIZA BENCH             BEIJING      156");
    message.set_private(Tag::CUSTOMER_VERIFICATION, &[1]);
    message.set(field::CHIP_DATA, &chip(cards, index, round, local, number).map_err(|e| unwritable(&e))?);
    let mut bytes = Vec::with_capacity(512);
    iso8583::mac::seal(Profile::Net, &mut message, &mut bytes, |covered| key.mac(covered))
        .map_err(|e| unwritable(&e))?;
    Framing::binary2().write(None, &bytes, &mut frames.bytes).map_err(|e| unwritable(&e))?;
    frames.ends.push(frames.bytes.len());
    Ok(())
}

/// DE 55 of a tap with the customer verified by the device.
fn chip(
    cards: &Cards,
    index: u64,
    round: u64,
    local: Civil,
    number: u64,
) -> Result<Vec<u8>, emv::de55::De55Error> {
    let code = CodeN3::from_bytes([0x01, 0x56]).expect("digits");
    let transaction = Transaction {
        amount: Amount::from_minor(AMOUNT).expect("few digits"),
        other: Amount::ZERO,
        country: code,
        tvr: Tvr::from_bytes([0; 5]),
        currency: code,
        date: Date::of(local),
        kind: TransactionType::PURCHASE,
        unpredictable: UnpredictableNumber((number as u32).to_be_bytes()),
        aip: Aip::from_bytes([0, 0]),
        atc: Atc::new(round as u16 + 1),
    };
    let data = IssuerApplicationData {
        key_index: cards.range().dki,
        version: CryptogramVersion::V01,
        cvr: Cvr::at_tap(CryptogramKind::Arqc).device_verified(),
        algorithm: cards.range().algorithm_id(),
        discretionary: None,
    };
    let card_key = cards.master().derive_token_key(cards.token(index), 1);
    let cryptogram = compute(&Inputs::unionpay(transaction, &data), cards.master().algorithm(), &card_key);
    let request = Request {
        cid: Some(Cid::from_bits(0x80)),
        aid: Aid::parse(&cards.range().aid_bytes()),
        ctq: Some(Ctq::default().with(Ctq::DEVICE_VERIFIED)),
        ..Request::new(cryptogram, data.to_bytes(), transaction)
    };
    let mut bytes = Vec::with_capacity(160);
    request.write(&mut bytes)?;
    Ok(bytes)
}

fn day_of(civil: Civil) -> u64 {
    u64::from(civil.month) * 100 + u64::from(civil.day)
}

fn clock(civil: Civil) -> u64 {
    u64::from(civil.hour) * 10_000 + u64::from(civil.minute) * 100 + u64::from(civil.second)
}

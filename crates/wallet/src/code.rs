//! Paying by code: the same keys as a tap, over a camera.
//!
//! A phone shows a code with a proof in it (EMV QRCPS Consumer-Presented Mode), or scans a shop's code and makes a proof
//! over what its owner approved. Either is made in two steps, as a tap is: [`begin`] gives the operation that burns a
//! counter and its key; only with what that answered can [`Wish::Show`] become a text, or [`Wish::Pay`] a proof.
//!
//! Invariants: nothing is made without the customer's verification of this minute, not even with a key made for gates; one
//! verification makes one code; a code is made of one key and is never made again.

use crate::application::files;
use crate::card::{Card, CardState};
use crate::defences::{Defence, Defences};
use crate::history::PaidBy;
use crate::keys::{UseKey, UseRefusal, UsedKey, Verification};
use crate::unlock::Verified;
use crypto::emv_keys::Algorithm;
use crypto::p256::AgreementKey;
use emv::cryptogram::{Inputs, Transaction, compute_with_session_key};
use emv::de55::Request;
use emv::objects::{
    Aid, Amount, Atc, CodeN3, CryptogramKind, CryptogramVersion, Cvr, Date, IssuerApplicationData,
    SequenceNumber, TrackTwo, TransactionType, Tvr,
};
use emv::qr::Place;
use emv::qr::consumer::{self, Application, PROFILE, Proof};
use std::time::Duration;
use values::{Country, Money, Secret, Timestamp};

/// How long a code on the screen is good; the token service holds the phone to it.
pub const SHOWN_FOR: Duration = Duration::from_secs(60);

/// What the customer wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// To show a code, to whoever scans it within its minute.
    Show,
    /// To pay what a scanned code asked for.
    Pay(Approved),
}

/// What the customer approved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approved {
    /// How much, in the card's currency.
    pub amount: Money,
    /// To whom.
    pub place: Place,
    /// The shop's name.
    pub merchant: String,
    /// Where the shop is.
    pub country: Country,
}

/// The durable step: what must be committed before a code can be made.
pub fn begin(
    card: &Card,
    verified: &Verified,
    wish: &Wish,
    now: Timestamp,
    defences: Defences,
) -> Result<UseKey, UseRefusal> {
    if !verified.is_fresh(now) && defences.stands(Defence::OneTap) {
        return Err(UseRefusal::NotVerified);
    }
    let (amount, merchant, paid_by) = match wish {
        Wish::Show => (Money::zero(card.currency), None, PaidBy::ShownCode),
        Wish::Pay(approved) if approved.amount.currency() != card.currency => {
            return Err(UseRefusal::OtherCurrency);
        }
        Wish::Pay(approved) => (approved.amount, Some(approved.merchant.clone()), PaidBy::ScannedCode),
    };
    if card.state == CardState::Deleted {
        return Err(UseRefusal::Deleted);
    }
    Ok(UseKey {
        token: card.token,
        amount_minor: amount.minor(),
        currency: amount.currency().numeric(),
        verification: Verification::Ticket(verified.ticket()),
        merchant,
        paid_by,
        defences,
    })
}

/// One card's part in a code whose key is out of the records.
pub struct Maker<'a> {
    /// The card.
    pub card: &'a Card,
    /// The key to which device parts are sealed.
    pub device: &'a AgreementKey,
    /// The customer's verification.
    pub verified: &'a Verified,
    /// Which checks stand.
    pub defences: Defences,
}

impl Maker<'_> {
    /// The text of a code on the screen. None if the key does not open; its counter is burnt all the same.
    pub fn show(&self, used: &UsedKey, now: Timestamp) -> Option<String> {
        let (card, atc) = (self.card, Atc::new(used.slot.atc));
        let data = self.issuer_data();
        let unpredictable = consumer::birth(now);
        let inputs = Inputs::UnionPayShownCode { unpredictable, aip: PROFILE, atc, cvr: data.cvr };
        let application = Application {
            aid: Aid::parse(&card.aid)?,
            label: Some(card.label.clone()),
            track_two: TrackTwo::parse(&files::track_two(card)).ok(),
            sequence_number: SequenceNumber::new(card.sequence).ok(),
            token_requestor: files::requestor(card),
            par: card.par.as_bytes().try_into().ok(),
            last_four: hex::decode(card.last_four.to_string()).ok().and_then(|four| four.try_into().ok()),
            proof: Proof {
                cryptogram: self.cryptogram(used, &inputs)?,
                cid: CryptogramKind::Arqc.cid(),
                issuer_data: data.to_bytes(),
                atc,
                aip: PROFILE,
                unpredictable,
            },
        };
        consumer::to_text(&[application]).ok()
    }

    /// The proof for the shop that the customer approved, as DE 55 carries it. None if the key does not open; its counter
    /// is burnt all the same.
    pub fn pay(&self, used: &UsedKey, approved: &Approved, now: Timestamp) -> Option<Vec<u8>> {
        let atc = Atc::new(used.slot.atc);
        let data = self.issuer_data();
        let transaction = Transaction {
            amount: Amount::of(approved.amount).ok()?,
            other: Amount::ZERO,
            country: CodeN3::from(approved.country),
            tvr: Tvr::default(),
            currency: CodeN3::from(approved.amount.currency()),
            date: Date::of(now.civil(values::time::Zone::Shanghai)),
            kind: TransactionType::PURCHASE,
            unpredictable: approved.place.number(atc),
            aip: PROFILE,
            atc,
        };
        let cryptogram = self.cryptogram(used, &Inputs::unionpay(transaction, &data))?;
        let request = Request {
            cid: Some(CryptogramKind::Arqc.cid()),
            aid: Aid::parse(&self.card.aid),
            ..Request::new(cryptogram, data.to_bytes(), transaction)
        };
        let mut bytes = Vec::new();
        request.write(&mut bytes).ok()?;
        Some(bytes)
    }

    fn issuer_data(&self) -> IssuerApplicationData {
        IssuerApplicationData {
            key_index: self.card.key_index,
            version: CryptogramVersion::V01,
            cvr: Cvr::at_tap(CryptogramKind::Arqc).device_verified(),
            algorithm: Algorithm::from(self.card.algorithm).id(),
            discretionary: None,
        }
    }

    fn cryptogram(&self, used: &UsedKey, inputs: &Inputs) -> Option<[u8; 8]> {
        let key: Secret<16> = used.open(self.device, Some(self.verified), self.defences)?;
        Some(compute_with_session_key(inputs, self.card.algorithm.into(), &key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::Counter;
    use crate::phone::Phone;
    use crate::testing::{self, Memory, NOON};
    use emv::cryptogram::{verify, verify_shown_code};
    use values::{Currency, Records};

    fn approved() -> Approved {
        Approved {
            amount: Money::parse("36.50", Currency::CNY).unwrap(),
            place: Place::new(b"104110054110001", b"PZ000001"),
            merchant: "PAIZA NOODLES".to_owned(),
            country: Country::CHINA,
        }
    }

    fn used(
        memory: &mut Memory,
        verified: &Verified,
        wish: &Wish,
        now: Timestamp,
    ) -> Result<UsedKey, UseRefusal> {
        let begun = begin(&memory.card(), verified, wish, now, Defences::ALL)?;
        memory.run(&begun, now)
    }

    #[test]
    fn a_shown_code_proves_token_counter_and_moment() {
        let mut memory = Memory::with_card();
        let (verified, card, device) = (memory.unlock(NOON), memory.card(), testing::device_key());
        let key = used(&mut memory, &verified, &Wish::Show, NOON).unwrap();
        let maker = Maker { card: &card, device: &device, verified: &verified, defences: Defences::ALL };
        let text = maker.show(&key, NOON).unwrap();
        let [application] = &consumer::parse(&text).unwrap()[..] else { panic!() };
        let track = application.track_two.as_ref().unwrap();
        assert_eq!((track.token().unwrap(), track.expiry()), (card.number, card.expiry));
        assert_eq!(consumer::born(application.proof.unpredictable), NOON);
        assert_eq!(application.proof.atc.count(), key.slot.atc);
        // The shop puts what it likes around it; the proof is over none of it.
        let shop = Transaction {
            amount: Amount::from_minor(99).unwrap(),
            other: Amount::ZERO,
            country: Country::CHINA.into(),
            tvr: Tvr::default(),
            currency: Currency::CNY.into(),
            date: Date::of(NOON.civil(values::time::Zone::Shanghai)),
            kind: TransactionType::PURCHASE,
            unpredictable: application.proof.unpredictable,
            aip: application.proof.aip,
            atc: application.proof.atc,
        };
        let request = application.proof.to_request(shop);
        let issuer_key = testing::card_key(&card);
        assert!(verify_shown_code(request, Algorithm::TripleDes, &issuer_key).is_ok());
        assert!(verify(request, Algorithm::TripleDes, &issuer_key).is_err(), "it is no tap");
        let younger = Transaction { unpredictable: consumer::birth(NOON.after(SHOWN_FOR)), ..shop };
        let forged = Request { transaction: younger, ..request };
        assert!(verify_shown_code(forged, Algorithm::TripleDes, &issuer_key).is_err(), "it was made younger");
    }

    #[test]
    fn a_scanned_code_is_paid_to_the_shop_approved() {
        let mut memory = Memory::with_card();
        let (verified, card, device) = (memory.unlock(NOON), memory.card(), testing::device_key());
        let key = used(&mut memory, &verified, &Wish::Pay(approved()), NOON).unwrap();
        let maker = Maker { card: &card, device: &device, verified: &verified, defences: Defences::ALL };
        let request = Request::parse(&maker.pay(&key, &approved(), NOON).unwrap()).unwrap();
        let covered = request.transaction;
        assert_eq!((covered.amount.minor(), covered.currency.numeric()), (3650, 156));
        assert_eq!(covered.unpredictable, approved().place.number(covered.atc));
        let issuer_key = testing::card_key(&card);
        assert!(verify(request, Algorithm::TripleDes, &issuer_key).is_ok());
        assert!(verify_shown_code(request, Algorithm::TripleDes, &issuer_key).is_err(), "it cannot be shown");
    }

    #[test]
    fn one_verification_makes_one_code_within_its_minute() {
        let mut memory = Memory::with_card();
        let verified = memory.unlock(NOON);
        let late = NOON.after(Duration::from_secs(61));
        assert_eq!(used(&mut memory, &verified, &Wish::Show, late), Err(UseRefusal::NotVerified));
        let first = used(&mut memory, &verified, &Wish::Show, NOON).unwrap();
        assert_eq!(used(&mut memory, &verified, &Wish::Show, NOON), Err(UseRefusal::NotVerified));
        let again = memory.unlock(NOON);
        let second = used(&mut memory, &again, &Wish::Show, NOON).unwrap();
        assert_eq!(second.slot.atc, first.slot.atc + 1);
        let token = testing::token();
        assert_eq!(memory.find::<Counter>(&token).unwrap().atc, second.slot.atc);
        assert!(Phone::of(&mut memory).is_some());
    }

    #[test]
    fn another_currency_is_not_paid() {
        let mut memory = Memory::with_card();
        let verified = memory.unlock(NOON);
        let amount = Money::parse("36.50", Currency::USD).unwrap();
        let wish = Wish::Pay(Approved { amount, ..approved() });
        assert_eq!(used(&mut memory, &verified, &wish, NOON), Err(UseRefusal::OtherCurrency));
        assert_eq!(memory.find::<Counter>(&testing::token()).unwrap().atc, 0, "no key was used up");
    }
}

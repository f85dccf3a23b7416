//! Application cryptograms: what they cover, how they are made, and proof that one was checked.
//!
//! Sources: JR/T 0025.5 Annex E and 0025.12 Annex E (UnionPay versions 01 and 17), EMV 4.4 Book 2, 8.1
//! (Visa version 18), public descriptions of Visa version 10 and M/Chip versions 16 and 20.

use crate::de55::{IssuerAuthentication, Request};
use crate::dol::Values;
use crate::inline::Inline;
use crate::objects::{
    Aip, Amount, Atc, CodeN3, CryptogramVersion, Cvr, Date, Discretionary, IssuerApplicationData,
    TransactionType, Tvr, UnpredictableNumber,
};
use crate::tag;
use crypto::emv_keys::{self, Algorithm};
use crypto::mac::{self, Padding};
use crypto::tdes::Key16;
use values::constant_time_eq;

/// What card and terminal agreed on in one transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transaction {
    /// Amount (`9F02`).
    pub amount: Amount,
    /// Cashback part of it (`9F03`).
    pub other: Amount,
    /// Country of the terminal (`9F1A`).
    pub country: CodeN3,
    /// Terminal verification results (`95`).
    pub tvr: Tvr,
    /// Currency of the amounts (`5F2A`).
    pub currency: CodeN3,
    /// Date at the terminal (`9A`).
    pub date: Date,
    /// Transaction type (`9C`).
    pub kind: TransactionType,
    /// Unpredictable number of the terminal (`9F37`).
    pub unpredictable: UnpredictableNumber,
    /// Application interchange profile of the card (`82`).
    pub aip: Aip,
    /// The card's counter (`9F36`).
    pub atc: Atc,
}

impl Transaction {
    /// What the card knows at GET PROCESSING OPTIONS: the terminal's values, its own profile and counter.
    ///
    /// `None` if a value the cryptogram needs was not asked for or is not legal; an absent other amount and
    /// absent terminal results count as zero.
    pub fn from_terminal(values: Values<'_, '_>, aip: Aip, atc: Atc) -> Option<Transaction> {
        Some(Transaction {
            amount: Amount::parse(values.find(tag::AMOUNT)?).ok()?,
            other: Amount::parse(values.find(tag::AMOUNT_OTHER).unwrap_or(&[0; 6])).ok()?,
            country: CodeN3::parse(values.find(tag::TERMINAL_COUNTRY)?).ok()?,
            tvr: Tvr::parse(values.find(tag::TVR).unwrap_or(&[0; 5]))?,
            currency: CodeN3::parse(values.find(tag::CURRENCY)?).ok()?,
            date: Date::parse(values.find(tag::DATE)?).ok()?,
            kind: TransactionType::from_bits(values.array::<1>(tag::TRANSACTION_TYPE)?[0]),
            unpredictable: UnpredictableNumber(values.array(tag::UNPREDICTABLE_NUMBER)?),
            aip,
            atc,
        })
    }

    /// The ten objects that most versions cover before the card's own results: 33 bytes.
    fn objects(&self) -> MacInput {
        let mut out = MacInput::EMPTY;
        let parts: [&[u8]; 10] = [
            &self.amount.to_bytes(),
            &self.other.to_bytes(),
            &self.country.to_bytes(),
            self.tvr.as_bytes(),
            &self.currency.to_bytes(),
            &self.date.to_bytes(),
            &[self.kind.bits()],
            &self.unpredictable.0,
            self.aip.as_bytes(),
            &self.atc.to_bytes(),
        ];
        for part in parts {
            assert!(out.extend(part), "33 bytes fit");
        }
        out
    }
}

/// The bytes a cryptogram is computed over, before padding: at most 33 and a whole tag 9F10.
pub type MacInput = Inline<72>;

/// Bytes of what a terminal says before its unpredictable number: `9F02 9F03 9F1A 95 5F2A 9A 9C`.
const SAID_BY_TERMINAL: usize = 6 + 6 + 2 + 5 + 2 + 3 + 1;

/// What a cryptogram covers, by scheme and version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inputs {
    /// UnionPay version 01 (JR/T 0025.5 Annex E).
    UnionPay01 {
        /// The agreed objects.
        transaction: Transaction,
        /// Card verification results.
        cvr: Cvr,
    },
    /// UnionPay version 17 (JR/T 0025.12 Annex E).
    UnionPay17 {
        /// Amount, unpredictable number and counter are taken from here.
        transaction: Transaction,
        /// Its second byte is covered.
        cvr: Cvr,
    },
    /// UnionPay version 01 for a code on a phone's screen (EMV QRCPS Consumer-Presented Mode 1.1, 4.4): the phone knows
    /// neither amount nor shop, so whatever a terminal would have said counts as zero.
    UnionPayShownCode {
        /// The number the phone chose in place of a terminal's: when the code was born, see [`crate::qr::consumer::born`].
        unpredictable: UnpredictableNumber,
        /// Profile of codes.
        aip: Aip,
        /// The card's counter.
        atc: Atc,
        /// Card verification results.
        cvr: Cvr,
    },
    /// Visa version 10.
    Visa10 {
        /// The agreed objects.
        transaction: Transaction,
        /// Visa's card verification results, `03` and three bytes.
        cvr: [u8; 4],
    },
    /// Visa version 18: covers the whole tag `9F10`.
    Visa18 {
        /// The agreed objects.
        transaction: Transaction,
        /// Issuer application data.
        issuer_data: Inline<32>,
    },
    /// M/Chip version 16.
    MChip16 {
        /// The agreed objects.
        transaction: Transaction,
        /// Mastercard's card verification results.
        cvr: [u8; 6],
    },
    /// M/Chip version 20.
    MChip20 {
        /// The agreed objects.
        transaction: Transaction,
        /// Mastercard's card verification results.
        cvr: [u8; 6],
    },
}

impl Inputs {
    /// The inputs of a UnionPay card with these issuer application data.
    pub fn unionpay(transaction: Transaction, card: &IssuerApplicationData) -> Inputs {
        match card.version {
            CryptogramVersion::V01 => Inputs::UnionPay01 { transaction, cvr: card.cvr },
            CryptogramVersion::V17 => Inputs::UnionPay17 { transaction, cvr: card.cvr },
        }
    }

    /// The inputs of a UnionPay token whose proof was shown as a code. Only its own part of `transaction` is covered.
    pub fn unionpay_shown_code(transaction: &Transaction, card: &IssuerApplicationData) -> Inputs {
        let Transaction { unpredictable, aip, atc, .. } = *transaction;
        Inputs::UnionPayShownCode { unpredictable, aip, atc, cvr: card.cvr }
    }

    /// The card's counter.
    fn atc(&self) -> Atc {
        match self {
            Inputs::UnionPayShownCode { atc, .. } => *atc,
            Inputs::UnionPay01 { transaction, .. }
            | Inputs::UnionPay17 { transaction, .. }
            | Inputs::Visa10 { transaction, .. }
            | Inputs::Visa18 { transaction, .. }
            | Inputs::MChip16 { transaction, .. }
            | Inputs::MChip20 { transaction, .. } => transaction.atc,
        }
    }

    /// The bytes that are MACed, before padding.
    pub fn mac_input(&self) -> MacInput {
        let with = |transaction: &Transaction, card: &[u8]| {
            let mut out = transaction.objects();
            assert!(out.extend(card), "33 and at most 32 bytes fit");
            out
        };
        match self {
            Inputs::UnionPay01 { transaction, cvr } => with(transaction, cvr.as_bytes()),
            Inputs::UnionPay17 { transaction: t, cvr } => {
                let mut out = MacInput::EMPTY;
                let fits = out.extend(&t.amount.to_bytes())
                    && out.extend(&t.unpredictable.0)
                    && out.extend(&t.atc.to_bytes())
                    && out.extend(&cvr.as_bytes()[1..2]);
                assert!(fits, "13 bytes fit");
                out
            }
            Inputs::UnionPayShownCode { unpredictable, aip, atc, cvr } => {
                let mut out = MacInput::EMPTY;
                let parts: [&[u8]; 5] = [
                    &[0; SAID_BY_TERMINAL],
                    &unpredictable.0,
                    aip.as_bytes(),
                    &atc.to_bytes(),
                    cvr.as_bytes(),
                ];
                let fits = parts.into_iter().all(|part| out.extend(part));
                assert!(fits, "37 bytes fit");
                out
            }
            Inputs::Visa10 { transaction, cvr } => with(transaction, cvr),
            Inputs::Visa18 { transaction, issuer_data } => with(transaction, issuer_data),
            Inputs::MChip16 { transaction, cvr } | Inputs::MChip20 { transaction, cvr } => {
                with(transaction, cvr)
            }
        }
    }

    /// The key the MAC is made with: the session key of this scheme, or the card key where there is none.
    ///
    /// `algorithm` matters for UnionPay only; the others know triple DES alone.
    pub fn session_key(&self, algorithm: Algorithm, card_key: &Key16) -> Key16 {
        let atc = self.atc();
        match self {
            Inputs::UnionPay01 { .. } | Inputs::UnionPay17 { .. } | Inputs::UnionPayShownCode { .. } => {
                emv_keys::session_key(algorithm, card_key, atc.count())
            }
            Inputs::Visa10 { .. } => card_key.clone(),
            Inputs::Visa18 { .. } | Inputs::MChip20 { .. } => {
                emv_keys::common_session_key(card_key, (u64::from(atc.count()) << 48).to_be_bytes())
            }
            Inputs::MChip16 { transaction, .. } => {
                emv_keys::mastercard_skd(card_key, atc.count(), transaction.unpredictable.0)
            }
        }
    }
}

/// The cryptogram of a card with this key.
pub fn compute(inputs: &Inputs, algorithm: Algorithm, card_key: &Key16) -> [u8; 8] {
    compute_with_session_key(inputs, algorithm, &inputs.session_key(algorithm, card_key))
}

/// The cryptogram of a phone that holds the key of this one counter.
pub fn compute_with_session_key(inputs: &Inputs, algorithm: Algorithm, session_key: &Key16) -> [u8; 8] {
    let data = inputs.mac_input();
    match inputs {
        Inputs::UnionPay01 { .. } | Inputs::UnionPay17 { .. } | Inputs::UnionPayShownCode { .. } => {
            mac::application_cryptogram(algorithm, session_key, &data)
        }
        // Visa version 10 fills with zeros only (ISO/IEC 9797-1 padding method 1).
        Inputs::Visa10 { .. } => mac::retail_mac(session_key, &data, Padding::Zeros),
        Inputs::Visa18 { .. } | Inputs::MChip16 { .. } | Inputs::MChip20 { .. } => {
            mac::retail_mac(session_key, &data, Padding::Iso)
        }
    }
}

/// Why a cryptogram was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotGenuine {
    /// The issuer application data cannot be read.
    #[error("issuer application data: {0}")]
    IssuerData(#[from] crate::objects::IssuerDataError),
    /// The card names another cipher than the one its key is for.
    #[error("the card names another algorithm than its key's")]
    Algorithm,
    /// The cryptogram is not what the key gives.
    #[error("the cryptogram does not match")]
    Mismatch,
}

/// Something whose cryptogram was checked, with the key it was made with. Made only by [`verify`] and
/// [`verify_shown_code`].
#[derive(Clone, Debug)]
pub struct Genuine<T> {
    subject: T,
    algorithm: Algorithm,
    session_key: Key16,
}

impl<T> Genuine<T> {
    /// What was checked.
    pub fn get(&self) -> &T {
        &self.subject
    }

    /// What was checked, without the evidence.
    pub fn into_inner(self) -> T {
        self.subject
    }
}

/// Checks the UnionPay cryptogram of whatever carries DE 55, in constant time, and hands it back as genuine.
pub fn verify<T: AsRef<Request>>(
    subject: T,
    algorithm: Algorithm,
    card_key: &Key16,
) -> Result<Genuine<T>, NotGenuine> {
    verify_over(subject, algorithm, card_key, |transaction, card| Inputs::unionpay(*transaction, card))
}

/// The same for a proof that was shown as a code: it covers nothing that a terminal says.
pub fn verify_shown_code<T: AsRef<Request>>(
    subject: T,
    algorithm: Algorithm,
    card_key: &Key16,
) -> Result<Genuine<T>, NotGenuine> {
    verify_over(subject, algorithm, card_key, Inputs::unionpay_shown_code)
}

fn verify_over<T: AsRef<Request>>(
    subject: T,
    algorithm: Algorithm,
    card_key: &Key16,
    inputs: impl FnOnce(&Transaction, &IssuerApplicationData) -> Inputs,
) -> Result<Genuine<T>, NotGenuine> {
    let request = subject.as_ref();
    let card = request.unionpay()?;
    if card.algorithm != algorithm.id() {
        return Err(NotGenuine::Algorithm);
    }
    let inputs = inputs(&request.transaction, &card);
    let session_key = inputs.session_key(algorithm, card_key);
    let expected = compute_with_session_key(&inputs, algorithm, &session_key);
    if !constant_time_eq(&expected, &request.cryptogram) {
        return Err(NotGenuine::Mismatch);
    }
    Ok(Genuine { subject, algorithm, session_key })
}

/// Checks a cryptogram of any scheme over inputs put together by the caller, in constant time.
pub fn verify_inputs(
    inputs: &Inputs,
    claimed: [u8; 8],
    algorithm: Algorithm,
    card_key: &Key16,
) -> Result<(), NotGenuine> {
    let expected = compute(inputs, algorithm, card_key);
    if constant_time_eq(&expected, &claimed) { Ok(()) } else { Err(NotGenuine::Mismatch) }
}

/// The issuer's answer to a checked UnionPay cryptogram (method 1 under its session key, JR/T 0025.7 11.1.5).
pub fn answer<T: AsRef<Request>>(genuine: &Genuine<T>, response_code: [u8; 2]) -> IssuerAuthentication {
    let cryptogram = genuine.subject.as_ref().cryptogram;
    let arpc = crypto::arpc::method_1(genuine.algorithm, &genuine.session_key, cryptogram, response_code);
    IssuerAuthentication { arpc, response_code }
}

/// The MAC of issuer discretionary data under the MAC session key (JR/T 0025.12 D.5).
///
/// Counter and amounts are filled with zeros to 8 or 16 bytes, and the general padding still follows.
pub fn discretionary_mac(
    algorithm: Algorithm,
    mac_session_key: &Key16,
    atc: Atc,
    data: &Discretionary,
) -> [u8; 4] {
    let mut block = [0; 16];
    let amounts = data.amount_bytes();
    block[..2].copy_from_slice(&atc.to_bytes());
    block[2..2 + amounts.len()].copy_from_slice(&amounts);
    let length = if amounts.len() > 6 { 16 } else { 8 };
    mac::script_mac(algorithm, mac_session_key, &block[..length])
}

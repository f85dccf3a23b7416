//! A sandbox bank on records in memory, and a phone that taps its cards.

use crypto::emv_keys::Algorithm;
use emv::cryptogram::{self, Inputs, Transaction};
use emv::de55;
use emv::objects::{
    Aid, Aip, Amount, Atc, CodeN3, CryptogramKind, CryptogramVersion, Cvr, Date, IssuerApplicationData,
    TransactionType, Tvr, UnpredictableNumber,
};
use iso8583::{Message, Mti, OriginalData, Tag};
use ledger::testing::MemoryRecords;
use ledger::{Account, Totals, Transfer};
use sandbox::Digest;
use sandbox::defences::Defences;
use sandbox::directory::{Directory, Range};
use sandbox::issuer::{self, Prepared, Verification, books, verification};
use sandbox::keys::IssuerKeys;
use sandbox::test_cards::{Behaviour, TestCard, of_bank};
use values::card::luhn_check_digit;
use values::{Currency, Id, Money, Operation, Records, Timestamp, TokenNumber};

/// 2026-11-22 10:05 in Shanghai.
pub(crate) const NOON: Timestamp = Timestamp::from_millis(1_795_305_600_000 + 2 * 3_600_000 + 5 * 60_000);

pub(crate) struct Bank {
    pub(crate) keys: IssuerKeys,
    pub(crate) records: MemoryRecords,
    pub(crate) now: Timestamp,
    pub(crate) entropy: [u8; 32],
    pub(crate) defences: Defences,
}

pub(crate) fn cny(minor: u64) -> Money {
    Money::new(minor, Currency::CNY).unwrap()
}

/// The first test card of a bank that behaves so.
pub(crate) fn test_card(bank: &str, behaviour: Behaviour) -> &'static TestCard {
    of_bank(bank).find(|card| card.behaviour == behaviour).unwrap()
}

pub(crate) fn range_of(card: &TestCard) -> &'static Range {
    Directory::sandbox().by_pan_prefix(card.pan().issuer_prefix()).unwrap().1
}

/// A token from the range that stands in for the card's.
pub(crate) fn token_for(card: &TestCard) -> TokenNumber {
    let range = range_of(card);
    let pan = card.pan();
    let mut digits = range.token_prefix.to_string().into_bytes();
    digits.extend(&pan.expose()[8..range.length - 1]);
    digits.push(luhn_check_digit(&digits).unwrap());
    TokenNumber::parse(&digits).unwrap()
}

/// What a tap says, to be bent by tests before and after the cryptogram is made.
#[derive(Clone)]
pub(crate) struct Tap {
    pub(crate) amount: u64,
    pub(crate) verified: bool,
    pub(crate) atc: u16,
    pub(crate) stan: u64,
    pub(crate) kind: (Mti, &'static str),
}

impl Default for Tap {
    fn default() -> Self {
        Tap { amount: 1_250, verified: true, atc: 1, stan: 1, kind: (Mti::FINANCIAL, "000000") }
    }
}

impl Bank {
    pub(crate) fn open(id: &str) -> Bank {
        let institution = Directory::sandbox().institution(id).unwrap();
        let keys = IssuerKeys::sandbox(institution);
        let mut records = MemoryRecords::default();
        let open = issuer::OpenCards::sandbox(institution, &keys);
        assert_eq!(open.apply(&mut records, NOON), Ok(of_bank(id).count() as u32));
        assert_eq!(open.apply(&mut records, NOON), Ok(0));
        Bank { keys, records, now: NOON, entropy: [7; 32], defences: Defences::ALL }
    }

    /// The message a tap becomes on the line to the issuer.
    pub(crate) fn tap(&self, card: &TestCard, tap: &Tap) -> Message {
        let token = token_for(card);
        let mut message = self.plain(card, tap);
        message
            .set_text(22, "071")
            .set_text(23, "001")
            .set_private(Tag::TOKEN_NUMBER, token.digits().as_bytes());
        message.set_private(Tag::CUSTOMER_VERIFICATION, &[u8::from(tap.verified)]);
        message.set(55, &self.chip(card, tap));
        message
    }

    /// The same without chip and token.
    pub(crate) fn plain(&self, card: &TestCard, tap: &Tap) -> Message {
        let mut message = Message::new(tap.kind.0);
        message.set(2, card.pan().expose()).set_text(3, tap.kind.1).set_amount(cny(tap.amount));
        message.set_text(7, "1122020500").set_number(11, tap.stan).set_text(18, "5411").set_text(22, "012");
        message.set_text(32, "01020000").set_text(37, "632602000001").set_padded(41, "PZ000001");
        message.set_padded(42, "PAIZA0000000001").set_padded(43, "Corner Shop              Beijing      CN");
        message
    }

    fn chip(&self, card: &TestCard, tap: &Tap) -> Vec<u8> {
        let range = range_of(card);
        let algorithm = Algorithm::from_id(range.algorithm_id()).unwrap();
        let transaction = Transaction {
            amount: Amount::from_minor(tap.amount).unwrap(),
            other: Amount::ZERO,
            country: CodeN3::parse(&[0x01, 0x56]).unwrap(),
            tvr: Tvr::from_bytes([0; 5]),
            currency: CodeN3::parse(&[0x01, 0x56]).unwrap(),
            date: Date::parse(&[0x26, 0x11, 0x22]).unwrap(),
            kind: TransactionType::from_bits(0),
            unpredictable: UnpredictableNumber([1, 2, 3, 4]),
            aip: Aip::from_bytes([0, 0]),
            atc: Atc::new(tap.atc),
        };
        let cvr = Cvr::at_tap(CryptogramKind::Arqc);
        let data = IssuerApplicationData {
            key_index: range.dki,
            version: CryptogramVersion::V01,
            cvr: if tap.verified { cvr.device_verified() } else { cvr },
            algorithm: range.algorithm_id(),
            discretionary: None,
        };
        let card_key = self.keys.master(algorithm, range.dki).unwrap().derive_token_key(token_for(card), 1);
        let cryptogram = cryptogram::compute(&Inputs::unionpay(transaction, &data), algorithm, &card_key);
        let mut request = de55::Request::new(cryptogram, data.to_bytes(), transaction);
        request.aid = Aid::parse(&range.aid_bytes());
        let mut bytes = Vec::new();
        request.write(&mut bytes).unwrap();
        bytes
    }

    /// The reversal of a message.
    pub(crate) fn reversal(&self, of: &Message) -> Message {
        let mut reversal = Message::new(Mti::REVERSAL_ADVICE);
        reversal.copy(of, &[2, 3, 4, 32, 37, 41, 42, 49]).set_text(7, "1122020600").set_text(11, "900001");
        reversal.set_original(OriginalData::of(of)).set_text(39, "98");
        reversal
    }

    /// Sends a message and gives the answer's DE 39, or `silence`.
    pub(crate) fn send(&mut self, message: &Message) -> String {
        self.exchange(message).map_or("silence".to_owned(), |answer| answer.text(39).unwrap().to_owned())
    }

    pub(crate) fn exchange(&mut self, message: &Message) -> Option<Message> {
        let answer = match issuer::prepare(&self.keys, message, || self.entropy) {
            Err(answer) => Some(*answer),
            Ok(Prepared::Network(answer)) => Some(*answer),
            Ok(Prepared::Payment(mut payment)) => {
                payment.operation.defences = self.defences;
                let Ok(decision) = payment.operation.apply(&mut self.records, self.now);
                payment.answer(message, &decision)
            }
            Ok(Prepared::Verification(step)) => Some(self.verify(message, *step)),
            Ok(Prepared::Reversal(mut reversal)) => {
                reversal.operation.defences = self.defences;
                let Ok(outcome) = reversal.operation.apply(&mut self.records, self.now);
                Some(reversal.answer(message, outcome))
            }
        };
        self.audit();
        answer
    }

    fn verify(&mut self, message: &Message, step: Verification) -> Message {
        match step {
            Verification::Evaluate(operation) => {
                let Ok(evaluation) = operation.apply(&mut self.records, self.now);
                verification::answer_evaluation(message, &evaluation)
            }
            Verification::SendCode(operation) => {
                let Ok(sent) = operation.apply(&mut self.records, self.now);
                verification::answer_code_sent(message, sent)
            }
            Verification::CheckCode(operation) => {
                let Ok(checked) = operation.apply(&mut self.records, self.now);
                verification::answer_code_checked(message, checked)
            }
            Verification::Provisioned(operation) => {
                let Ok(linked) = operation.apply(&mut self.records, self.now);
                verification::answer_provisioned(message, linked)
            }
            Verification::Standing(operation) => {
                let Ok(noted) = operation.apply(&mut self.records, self.now);
                verification::answer_standing(message, noted)
            }
            Verification::Dispute(mut operation) => {
                operation.defences = self.defences;
                let Ok(answered) = operation.apply(&mut self.records, self.now);
                verification::answer_dispute(message, &answered)
            }
            Verification::LookAtDispute(operation) => {
                let Ok(answered) = operation.apply(&mut self.records, self.now);
                verification::answer_dispute(message, &answered)
            }
            Verification::EndDispute(operation) => {
                let Ok(answered) = operation.apply(&mut self.records, self.now);
                verification::answer_dispute(message, &answered)
            }
        }
    }

    /// Why the message was approved or declined, as the records have it.
    pub(crate) fn reason(&mut self, message: &Message) -> &'static str {
        let key = Digest::of_message(&OriginalData::of(message));
        self.records.find::<issuer::Authorisation>(&key).unwrap().reason.word()
    }

    pub(crate) fn account(&mut self, card: &TestCard) -> Account {
        let key = Digest(self.keys.card_key(&card.pan()));
        self.records.find::<Account>(&books::card_account(key)).unwrap()
    }

    pub(crate) fn available(&mut self, card: &TestCard) -> u64 {
        self.account(card).available()
    }

    pub(crate) fn settlement(&mut self) -> i64 {
        self.records.find::<Account>(&books::settlement_account()).unwrap().balance()
    }

    /// The books balance, and no card number is on the disk.
    pub(crate) fn audit(&self) {
        let (accounts, transfers) = (self.records.all::<Account>(), self.records.all::<Transfer>());
        let posted = |side: fn(&Account) -> u64| accounts.iter().map(side).sum::<u64>();
        assert_eq!(posted(|a| a.debits_posted), posted(|a| a.credits_posted));
        assert_eq!(posted(|a| a.debits_pending), posted(|a| a.credits_pending));
        for account in &accounts {
            let mut totals = Totals::default();
            transfers.iter().for_each(|transfer| totals.add(account.id, transfer));
            assert_eq!(totals, Totals::of(account));
        }
        let _: Id<values::id::kinds::Account> = books::opening_account();
    }
}

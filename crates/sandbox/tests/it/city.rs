//! Network and issuer together: one ends where the other does, and both can check the file.

use crate::bank::{Bank, NOON, Tap, test_card, token_for};
use iso8583::{Message, Mti, OriginalData};
use ledger::testing::MemoryRecords;
use sandbox::Digest;
use sandbox::defences::Defences;
use sandbox::directory::Directory;
use sandbox::issuer::{Authorisation, settled};
use sandbox::network::{
    self, CutOver, Incoming, Outcome, Settled, TOPIC_REVERSAL, check_file, settlement_file,
};
use sandbox::test_cards::{Behaviour, TestCard};
use values::{Currency, Operation};

/// The network, and the bank behind a gateway that does nothing but change the number.
struct City {
    network: MemoryRecords,
    bank: Bank,
    card: &'static TestCard,
}

impl City {
    fn open() -> City {
        let card = test_card("boc", Behaviour::Approve);
        City { network: MemoryRecords::default(), bank: Bank::open("boc"), card }
    }

    fn inward(&self, message: &Message) -> Message {
        let mut message = message.clone();
        message.set(2, self.card.pan().expose());
        message
    }

    fn outward(&self, message: &Message) -> Message {
        let mut message = message.clone();
        message.set_text(2, &token_for(self.card).digits());
        message
    }

    /// Sends a payment the whole way; the answer gets lost on the way back if `lost`.
    fn pay(&mut self, tap: &Tap, lost: bool) -> String {
        let request = self.outward(&self.bank.tap(self.card, tap));
        let Ok(Incoming::Payment { operation, .. }) = network::prepare(&request) else { panic!("a payment") };
        let Ok(Outcome::Forward { date }) = operation.apply(&mut self.network, NOON) else {
            panic!("forwarded")
        };
        let forwarded = self.inward(&network::forward(&request, date));
        let answer = self.bank.exchange(&forwarded).unwrap();
        if lost {
            let name = Digest::of_message(&OriginalData::of(&request));
            let Ok(told) =
                network::TimedOut { message: name, defences: Defences::ALL }.apply(&mut self.network, NOON);
            return told.unwrap().code;
        }
        let answered = network::answered(&self.outward(&answer)).unwrap();
        let Ok(_) = answered.apply(&mut self.network, NOON);
        answer.text(39).unwrap().to_owned()
    }

    /// Takes a payment back at the network, which answers at once.
    fn reverse(&mut self, tap: &Tap) -> String {
        let request = self.outward(&self.bank.tap(self.card, tap));
        let reversal = self.outward(&self.bank.reversal(&request));
        let Ok(Incoming::Reversal { operation }) = network::prepare(&reversal) else { panic!("a reversal") };
        let Ok(code) = operation.apply(&mut self.network, NOON);
        code
    }

    /// Delivers what is staged to the issuer, twice.
    fn deliver(&mut self) {
        let staged: Vec<_> =
            self.network.sent.values().filter(|m| m.topic == TOPIC_REVERSAL).cloned().collect();
        for message in staged {
            let mut reversal = self.inward(&network::open_reversal(&message.body).unwrap());
            assert_eq!(self.bank.send(&reversal), "00");
            reversal.mti = reversal.mti.repeat();
            assert_eq!(self.bank.send(&reversal), "00");
        }
    }

    fn check(&self, date: u32) {
        let (code, settled) = (&Directory::sandbox().institutions[0].code, self.network.all::<Settled>());
        let file = settlement_file(date, Currency::CNY, code, "01000000", &settled);
        let own = settled::movements(&self.bank.records.all::<Authorisation>(), (date % 10_000) as u16);
        assert_eq!(check_file(&file, &own), Ok(vec![]), "{file}");
    }
}

#[test]
fn the_issuer_can_check_the_file_after_silence_reversals_and_cut_over() {
    let mut city = City::open();
    let tap = |stan: u64, amount| Tap { stan, amount, atc: stan as u16, ..Tap::default() };
    assert_eq!(city.pay(&tap(1, 1_250), false), "00");
    assert_eq!(city.pay(&tap(2, 300), false), "00");
    assert_eq!(city.pay(&tap(3, 70), true), "91");
    assert_eq!(city.pay(&tap(4, 999_999), false), "51");
    let hold = Tap { kind: (Mti::AUTHORISATION, "030000"), ..tap(5, 500) };
    assert_eq!(city.pay(&hold, false), "00");
    assert_eq!(city.reverse(&tap(2, 300)), "00");
    city.deliver();
    city.check(20_261_122);
    assert_eq!(CutOver { next: 20_261_123 }.apply(&mut city.network, NOON), Ok(20_261_122));
    assert_eq!(city.reverse(&tap(1, 1_250)), "00");
    assert_eq!(city.pay(&tap(6, 40), false), "00");
    city.deliver();
    city.check(20_261_122);
    city.check(20_261_123);
    assert_eq!(city.bank.settlement(), 40);
}

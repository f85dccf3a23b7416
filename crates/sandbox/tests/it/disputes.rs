//! Disputes of payments with cards: who may raise one, of what, until when; what it does to the books; how it ends.

use crate::bank::{Bank, Tap, cny, test_card, token_for};
use iso8583::{Message, Mti, OriginalData, Tag};
use ledger::Account;
use sandbox::Digest;
use sandbox::defences::{Defence, Defences};
use sandbox::issuer::dispute::{self, CLOSED_WITHIN, CREDITED_WITHIN, RAISED_WITHIN};
use sandbox::issuer::{DisputeState, EndDispute, Ending, NoDispute, TOPIC_DISPUTE_DUE, books};
use sandbox::test_cards::{Behaviour, TestCard};
use serde_json::Value;
use std::time::Duration;
use values::{Operation, Records, TokenNumber};

/// A bank at which a card has paid 12.50.
struct Paid {
    bank: Bank,
    card: &'static TestCard,
    sale: Message,
    before: u64,
}

fn paid() -> Paid {
    let (mut bank, card) = (Bank::open("boc"), test_card("boc", Behaviour::Approve));
    let before = bank.available(card);
    let sale = bank.tap(card, &Tap::default());
    assert_eq!(bank.send(&sale), "00");
    Paid { bank, card, sale, before }
}

impl Paid {
    /// The question about the payment that a token service asks for this token.
    fn ask(&self, function: u8, token: TokenNumber) -> Message {
        let mut message = Message::new(Mti::AUTHORISATION);
        message
            .set_text(3, "330000")
            .set_text(7, "1122020700")
            .set_text(11, "000900")
            .set_text(32, "01020000");
        message.set_private(Tag::VERIFICATION_FUNCTION, &[function]);
        message.set_private(Tag::CARD_PREFIX, b"62166001");
        message.set_private(Tag::TOKEN_NUMBER, token.digits().as_bytes());
        message.set_original(OriginalData::of(&self.sale));
        message
    }

    fn claim(&self, claim: &str, minor: u64) -> Message {
        let mut message = self.ask(6, token_for(self.card));
        message.set_amount(cny(minor)).set_private(Tag::CLAIM, claim.as_bytes());
        message
    }

    /// What is answered: the reason, and the dispute.
    fn told(&mut self, message: &Message) -> (String, Value) {
        let answer = self.bank.exchange(message).unwrap();
        let private = answer.private_data().unwrap();
        let dispute =
            private.text(Tag::DISPUTE).map_or(Value::Null, |json| serde_json::from_str(json).unwrap());
        (private.text(Tag::REASON).unwrap().to_owned(), dispute)
    }

    fn raise(&mut self, claim: &str, minor: u64) -> String {
        self.told(&self.claim(claim, minor)).0
    }

    fn state(&mut self) -> Value {
        self.told(&self.ask(7, token_for(self.card))).1
    }

    fn end(&mut self, ending: Ending) -> Result<DisputeState, NoDispute> {
        let payment = Digest::of_message(&OriginalData::of(&self.sale));
        let end = EndDispute { payment, token: None, ending };
        let Ok(answered) = end.apply(&mut self.bank.records, self.bank.now);
        self.bank.audit();
        answered.map(|dispute| dispute.state)
    }

    /// Lets so much time pass, and what falls due happen.
    fn wait(&mut self, time: Duration) {
        self.bank.now = self.bank.now.after(time);
        let sent: Vec<_> = self.bank.records.sent.values().cloned().collect();
        let now = self.bank.now;
        let due = sent.iter().filter(|one| one.topic == TOPIC_DISPUTE_DUE && one.due <= now);
        for one in due {
            let Ok(()) = dispute::due(&one.body).unwrap().apply(&mut self.bank.records, self.bank.now);
        }
        self.bank.audit();
    }

    /// What the payment has cost the customer so far.
    fn cost(&mut self) -> i64 {
        self.before as i64 - self.bank.available(self.card) as i64
    }

    fn borne_by_the_bank(&mut self) -> i64 {
        self.bank.records.find::<Account>(&books::disputes_account()).map_or(0, |account| account.balance())
    }
}

const A_SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_claim_that_the_bank_upholds_gives_the_money_back_once() {
    let mut paid = paid();
    assert_eq!(paid.raise("not_received", 1_250), "dispute_noted");
    let open = paid.state();
    assert_eq!(
        (&open["state"], &open["claim"], &open["amount"]),
        (&"open".into(), &"not_received".into(), &1_250.into())
    );
    assert_eq!(paid.cost(), 1_250, "nothing is given before the bank has decided");
    // Raised again, with another claim even, it is the same dispute.
    assert_eq!(paid.told(&paid.claim("wrong_amount", 100)).1, open);
    assert_eq!(paid.end(Ending::Uphold), Ok(DisputeState::Upheld));
    assert_eq!((paid.cost(), paid.borne_by_the_bank()), (0, 1_250));
    for ending in [Ending::Uphold, Ending::Reject, Ending::Withdraw] {
        assert_eq!(paid.end(ending), Err(NoDispute::Over), "{ending:?}");
    }
    assert_eq!((paid.cost(), paid.borne_by_the_bank()), (0, 1_250));
    assert_eq!(paid.state()["state"], "upheld");
    // The shop gives nothing back of what the bank gave.
    assert_ne!(paid.bank.send(&refund(&paid, 1_250)), "00");
    assert_eq!(paid.cost(), 0);
}

/// The shop gives so much of the payment back.
fn refund(paid: &Paid, minor: u64) -> Message {
    let tap = Tap { amount: minor, stan: 2, kind: (Mti::FINANCIAL_ADVICE, "200000"), ..Tap::default() };
    let mut refund = paid.bank.plain(paid.card, &tap);
    refund.set_original(OriginalData::of(&paid.sale));
    refund
}

#[test]
fn what_the_shop_gave_back_meanwhile_is_not_given_again() {
    let mut paid = paid();
    assert_eq!(paid.raise("wrong_amount", 1_000), "dispute_noted");
    assert_eq!(paid.bank.send(&refund(&paid, 500)), "00");
    assert_eq!(paid.end(Ending::Uphold), Ok(DisputeState::Upheld));
    assert_eq!((paid.cost(), paid.borne_by_the_bank()), (0, 750));
    let mut reversed = self::paid();
    assert_eq!(reversed.raise("not_received", 1_250), "dispute_noted");
    let back = reversed.bank.reversal(&reversed.sale);
    assert_eq!(reversed.bank.send(&back), "00");
    assert_eq!(reversed.end(Ending::Uphold), Ok(DisputeState::Upheld));
    assert_eq!((reversed.cost(), reversed.borne_by_the_bank()), (0, 0));
}

#[test]
fn what_the_customer_did_not_pay_is_lent_after_ten_days_and_kept_after_ninety() {
    let mut paid = paid();
    assert_eq!(paid.raise("not_mine", 1_250), "dispute_noted");
    paid.wait(CREDITED_WITHIN - A_SECOND);
    assert_eq!(paid.cost(), 1_250);
    paid.wait(A_SECOND);
    assert_eq!((paid.cost(), paid.borne_by_the_bank()), (0, 1_250));
    assert_eq!(paid.state()["state"], "open");
    paid.wait(CLOSED_WITHIN - CREDITED_WITHIN - A_SECOND);
    assert_eq!(paid.state()["state"], "open");
    paid.wait(A_SECOND);
    assert_eq!((paid.state()["state"].clone(), paid.cost()), ("upheld".into(), 0));
}

#[test]
fn silence_of_the_bank_is_for_the_customer() {
    let mut paid = paid();
    assert_eq!(paid.raise("paid_twice", 1_250), "dispute_noted");
    paid.wait(CREDITED_WITHIN);
    assert_eq!(paid.cost(), 1_250, "only what the customer did not pay is lent");
    paid.wait(CLOSED_WITHIN - CREDITED_WITHIN);
    assert_eq!((paid.state()["state"].clone(), paid.cost()), ("upheld".into(), 0));
}

#[test]
fn what_was_lent_is_taken_back_when_the_claim_falls() {
    for ending in [Ending::Reject, Ending::Withdraw] {
        let mut paid = paid();
        assert_eq!(paid.raise("not_mine", 1_250), "dispute_noted");
        paid.wait(CREDITED_WITHIN);
        assert_eq!(paid.cost(), 0);
        match ending {
            // The customer's word comes over the wire.
            Ending::Withdraw => {
                let told = paid.told(&paid.ask(8, token_for(paid.card)));
                assert_eq!((told.0.as_str(), &told.1["state"]), ("dispute_noted", &"withdrawn".into()));
            }
            _ => assert_eq!(paid.end(ending), Ok(DisputeState::Rejected)),
        }
        assert_eq!((paid.cost(), paid.borne_by_the_bank()), (1_250, 0), "{ending:?}");
        // Nothing happens by itself any more.
        paid.wait(CLOSED_WITHIN);
        assert_eq!(paid.cost(), 1_250, "{ending:?}");
        assert_eq!(paid.raise("not_mine", 1_250), "dispute_noted", "it is told how it stands");
        assert_ne!(paid.state()["state"], "open");
    }
}

/// What is answered to a claim of a payment of 12.50 by these defences.
fn answered(defences: Defences, claim: impl FnOnce(&mut Paid) -> Message) -> String {
    let mut paid = paid();
    paid.bank.defences = defences;
    let message = claim(&mut paid);
    paid.told(&message).0
}

#[test]
fn no_claim_of_another_of_too_much_or_too_late() {
    let another = |paid: &mut Paid| {
        let token = token_for(test_card("boc", Behaviour::StepUp));
        let mut message = paid.ask(6, token);
        message.set_amount(cny(1_250)).set_private(Tag::CLAIM, b"not_mine");
        message
    };
    let late = |paid: &mut Paid| {
        paid.bank.now = paid.bank.now.after(RAISED_WITHIN + A_SECOND);
        paid.claim("not_mine", 1_250)
    };
    let above = |paid: &mut Paid| paid.claim("not_mine", 1_251);
    type Asked = fn(&mut Paid) -> Message;
    for (defence, asked, no) in [
        (Defence::IssuerDisputeOwn, another as Asked, "payment_unknown"),
        (Defence::IssuerDisputeInTime, late, "dispute_too_late"),
        (Defence::IssuerDisputeAmount, above, "dispute_amount"),
    ] {
        assert_eq!(answered(Defences::ALL, asked), no);
        assert_eq!(
            answered(Defences::ALL.danger_without(defence), asked),
            "dispute_noted",
            "without {defence:?}"
        );
    }
    let on_time = |paid: &mut Paid| {
        paid.bank.now = paid.bank.now.after(RAISED_WITHIN);
        paid.claim("not_mine", 1)
    };
    assert_eq!(answered(Defences::ALL, on_time), "dispute_noted");
    assert_eq!(answered(Defences::ALL, |paid| paid.claim("not_mine", 0)), "dispute_amount");
    let reversed = |paid: &mut Paid| {
        let back = paid.bank.reversal(&paid.sale);
        paid.bank.send(&back);
        paid.claim("not_mine", 1_250)
    };
    assert_eq!(answered(Defences::ALL, reversed), "nothing_taken");
}

#[test]
fn what_another_token_disputed_is_neither_seen_nor_ended() {
    let mut paid = paid();
    assert_eq!(paid.raise("not_received", 1_250), "dispute_noted");
    let stranger = token_for(test_card("boc", Behaviour::StepUp));
    for function in [7, 8] {
        assert_eq!(paid.told(&paid.ask(function, stranger)), ("dispute_unknown".to_owned(), Value::Null));
    }
    assert_eq!(paid.state()["state"], "open");
    // What is no claim is a broken message.
    assert_eq!(paid.bank.send(&paid.claim("because", 1_250)), "30");
}

//! People do not ask people for money (the network's circular in force 2025-10-01): whoever sends such a request is refused.

use psp::records::CollectRequest;
use sandbox::defences::{Defence, Defences};
use sim::Town;
use upi::address::{AccountNumber, Address, Ifsc};
use upi::ids::{MessageId, TransactionId};
use upi::messages::{Account, Device, Head, Message, Party, PartyKind, Profile, Transaction};
use values::{Currency, Money};

/// A provider of a swindler asks somebody for money as a person who is owed it; whether the victim is asked.
fn asked_by_a_person(defences: Defences) -> bool {
    let mut town = Town::defended(1, defences);
    town.person(1, "amber", "482913");
    town.person(2, "banyan", "573829");
    let head = Head {
        version: "2.0".to_owned(),
        at: town.now,
        organisation: "700001".to_owned(),
        message: MessageId::parse("PZA00000000000000000000000000000001").unwrap(),
    };
    let id = TransactionId::parse("PZA00000000000000000000000000000002").unwrap();
    let mut transaction = Transaction::new(id, "COLLECT", town.now);
    transaction.mode = Some("00".to_owned());
    transaction.purpose = Some("00".to_owned());
    transaction.expires_after_minutes = Some(30);
    let mut message = Message::new("ReqPay", head, transaction);
    let party = |address: &str| {
        let mut party = Party::new(Address::parse(address).unwrap());
        party.amount = Money::new(100_000, Currency::INR).ok();
        party
    };
    let mut payee = party("person2@paiza");
    payee.name = Some("Electricity Board".to_owned());
    payee.kind = Some(PartyKind::Person);
    payee.category = Some("0000".to_owned());
    payee.device = Some(Device(vec![("MOBILE".to_owned(), "919800000002".to_owned())]));
    payee.account = Some(Account::Number {
        ifsc: Ifsc::parse("BNYN0000001").unwrap(),
        number: AccountNumber::parse("20020000000027").unwrap(),
        kind: None,
    });
    message.payer = Some(party("person1@paiza"));
    message.payees = vec![payee];
    let refused = town.arrive("700000", &message.to_document(Profile::public()).to_bytes());
    town.settle();
    let is_asked = !town.records("700001").all::<CollectRequest>().is_empty();
    assert_eq!(refused.as_deref(), (!is_asked).then_some("U10"));
    is_asked
}

#[test]
fn nobody_is_asked_for_money_by_a_person() {
    assert!(!asked_by_a_person(Defences::ALL));
    assert!(asked_by_a_person(Defences::ALL.danger_without(Defence::MerchantsCollect)));
}

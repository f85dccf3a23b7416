//! What the switch sends for a payment: the question to the payee's provider, debit, credit, status check, reversals, and
//! how it ended.

use super::complaints;
use super::records::{About, Exchange, Side, UpiPayment};
use crate::upi::directory::UpiDirectory;
use upi::address::{AccountNumber, Address, Ifsc};
use upi::ids::{CustomerReference, MessageId, TransactionId};
use upi::machines::switch::{Beginning, Outgoing, State};
use upi::mail::{Desk, response};
use upi::messages::{Account, Confirmation, Device, Message, Party, PartyKind, Settled, Transaction};
use values::{Currency, Money, Records};

impl UpiPayment {
    /// Its `type` on the wire.
    fn kind(&self) -> &'static str {
        match self.beginning {
            Beginning::Collect => "COLLECT",
            Beginning::Refund => "REFUND",
            Beginning::Pay | Beginning::PayPreApproved => "PAY",
        }
    }

    /// Its `subType` on a leg.
    fn subtype(&self) -> &'static str {
        if self.mandate.is_some() { "MANDATE" } else { self.kind() }
    }

    /// The provider that is asked about it: the payee's where the account is, the payer's of a collect whether it is paid.
    fn asked(&self) -> &str {
        if self.beginning == Beginning::Collect { &self.payer.provider } else { &self.payee.provider }
    }
}

/// Sends what a step asks for.
pub(super) fn step<W: Records>(desk: &mut Desk<'_, W>, payment: &UpiPayment, outgoing: Outgoing) {
    let (to, message) = match outgoing {
        Outgoing::Authorise => {
            let mut message = about(desk, payment, "ReqAuthDetails", payment.kind(), None);
            let wait = payment.expires_at.map(|until| until.since(payment.at).as_secs() / 60);
            message.transaction.expires_after_minutes = wait.and_then(|wait| u32::try_from(wait).ok());
            (payment.asked(), message)
        }
        Outgoing::Debit => {
            let mut message = about(desk, payment, "ReqPay", "DEBIT", Some(payment.subtype()));
            if let Some(payer) = &mut message.payer {
                payer.account = account(&payment.payer);
                // Nobody's device gives money back.
                let device = Some(Device(payment.payer.device.clone()));
                payer.device = device.filter(|device| !device.0.is_empty());
                payer.credentials.clone_from(&payment.credentials);
            }
            name_original(&mut message, payment);
            (payment.payer.bank.as_str(), message)
        }
        Outgoing::Credit => {
            let mut message = about(desk, payment, "ReqPay", "CREDIT", Some(payment.subtype()));
            name_original(&mut message, payment);
            message.payees[0].account = account(&payment.payee);
            (payment.payee.bank.as_str(), message)
        }
        Outgoing::Status => {
            let mut message = about(desk, payment, "ReqChkTxn", "ChkTxn", Some("CREDIT"));
            message.payer = None;
            message.payees.clear();
            message.transaction = of_original(desk, payment, message.transaction);
            message.transaction.original_code = None;
            (payment.payee.bank.as_str(), message)
        }
        Outgoing::ReverseCredit => (payment.payee.bank.as_str(), reversal(desk, payment, "CREDIT")),
        Outgoing::ReverseDebit => (payment.payer.bank.as_str(), reversal(desk, payment, "DEBIT")),
        Outgoing::Adjudicate => {
            let mut message = about(desk, payment, "ReqComplaint", "COMPLAINT", Some("BENEFICIARY"));
            message.payer = None;
            message.payees.clear();
            message.transaction = of_original(desk, payment, message.transaction);
            message.transaction.original_reference =
                payment.reference.as_deref().and_then(CustomerReference::parse);
            message.rest = vec![complaints::question(payment)];
            (payment.payee.bank.as_str(), message)
        }
    };
    let about = About::Step { payment: payment.id.clone(), sent: outgoing };
    ask(desk, to, &message, about);
}

/// The legs of a refund name the payment that is given back.
fn name_original(message: &mut Message, payment: &UpiPayment) {
    message.transaction.original = payment.original.as_deref().and_then(TransactionId::parse);
}

/// Sends a message that is to be answered.
pub(super) fn ask<W: Records>(desk: &mut Desk<'_, W>, to: &str, message: &Message, about: About) {
    desk.records.put(Exchange {
        message: message.head.message.as_str().to_owned(),
        api: message.name.clone(),
        asked: to.to_owned(),
        about,
        at: desk.now,
    });
    desk.post(to, message);
}

fn reversal<W: Records>(desk: &mut Desk<'_, W>, payment: &UpiPayment, leg: &str) -> Message {
    let mut message = about(desk, payment, "ReqPay", "REVERSAL", Some(leg));
    message.transaction = of_original(desk, payment, message.transaction);
    message
}

/// A transaction of its own that names the payment's.
fn of_original<W: Records>(
    desk: &mut Desk<'_, W>,
    payment: &UpiPayment,
    transaction: Transaction,
) -> Transaction {
    let why = match &payment.state {
        State::DebitReversalSent(why) | State::ReversalPending(why) => why,
        _ => "U68",
    };
    Transaction {
        id: desk.new_transaction(),
        original: TransactionId::parse(&payment.id),
        original_at: Some(payment.at),
        original_code: Some(why.to_owned()),
        ..transaction
    }
}

/// A message about a payment with both its sides, without accounts.
fn about<W: Records>(
    desk: &mut Desk<'_, W>,
    payment: &UpiPayment,
    name: &str,
    kind: &str,
    subtype: Option<&str>,
) -> Message {
    let id = TransactionId::parse(&payment.id).expect("it came as one");
    let mut transaction = Transaction::new(id, kind, payment.at);
    transaction.subtype = subtype.map(str::to_owned);
    transaction.note.clone_from(&payment.note);
    transaction.mode.clone_from(&payment.mode);
    transaction.purpose.clone_from(&payment.purpose);
    transaction.merchant_reference.clone_from(&payment.merchant_reference);
    transaction.reference = payment.reference.as_deref().and_then(CustomerReference::parse);
    transaction.mandate = payment.mandate.as_ref().map(|mandate| mandate.number.clone());
    let mut message = desk.message(name, transaction);
    message.payer = party(&payment.payer, payment.paise);
    if let (Some(payer), Some(mandate)) = (&mut message.payer, &payment.mandate) {
        payer.sequence = Some(mandate.sequence.clone());
    }
    message.payees = party(&payment.payee, payment.paise).into_iter().collect();
    message
}

fn party(side: &Side, paise: u64) -> Option<Party> {
    let mut party = Party::new(Address::parse(&side.address).ok()?);
    party.name.clone_from(&side.name);
    party.kind = side.category.as_deref().map(|code| match code {
        "0000" => PartyKind::Person,
        _ => PartyKind::Entity,
    });
    party.category.clone_from(&side.category);
    party.amount = Money::new(paise, Currency::INR).ok();
    Some(party)
}

fn account(side: &Side) -> Option<Account> {
    let (ifsc, number) = (Ifsc::parse(&side.ifsc)?, AccountNumber::parse(&side.account)?);
    Some(Account::Number { ifsc, number, kind: None })
}

/// How each side of a payment came out, as it is told.
pub(super) fn settled(payment: &UpiPayment) -> Vec<Settled> {
    let amount = match payment.state {
        State::Success | State::Deemed | State::ReturnSent => Money::new(payment.paise, Currency::INR),
        _ => Ok(Money::zero(Currency::INR)),
    };
    let amount = amount.unwrap_or(Money::zero(Currency::INR));
    let code = payment.state.code().unwrap_or("01");
    let cause = payment.cause.as_deref();
    // The bank's own code stands on its own side.
    let (payer, payee) = match code {
        "U30" | "U85" => (cause.unwrap_or(code), code),
        _ => (code, cause.unwrap_or(code)),
    };
    let approval = payment.reference.as_deref().and_then(|text| text.get(6..)).unwrap_or("000000");
    let side = |name: &str, side: &Side, code: &str| {
        let settled = Settled::new(name, &Address::parse(&side.address).ok()?, amount, code, approval);
        Some(side.category.iter().fold(settled, |settled, category| settled.of_category(category)))
    };
    side("PAYER", &payment.payer, payer).into_iter().chain(side("PAYEE", &payment.payee, payee)).collect()
}

/// Tells who began a payment, and the payee's provider, how it stands.
pub(super) fn ended<W: Records>(desk: &mut Desk<'_, W>, payment: &UpiPayment) {
    let code = payment.state.code().unwrap_or("01");
    let outcome = if code == "00" { Ok(()) } else { Err(code) };
    let Some(to) = MessageId::parse(&payment.origin_message) else { return };
    let mut told = response(&to, outcome);
    if payment.state == State::Deemed {
        told.result = "DEEMED".to_owned();
    }
    told.settled = settled(payment);
    let mut answer = about(desk, payment, "RespPay", payment.kind(), None);
    answer.payer = None;
    answer.payees.clear();
    answer.response = Some(told);
    desk.post(&payment.origin, &answer);

    confirm(desk, payment);
}

/// Tells of an end again.
pub(super) fn confirmed_again<W: Records>(desk: &mut Desk<'_, W>, payment: &str) {
    if let Some(payment) = desk.records.find::<UpiPayment>(&payment.to_owned()) {
        confirm(desk, &payment);
    }
}

/// Tells whoever did not begin the payment how it ended.
fn confirm<W: Records>(desk: &mut Desk<'_, W>, payment: &UpiPayment) {
    let code = payment.state.code().unwrap_or("01");
    // Who was asked and said who, or whether, is told too.
    let other = payment.asked();
    let was_asked = payment.beginning == Beginning::Collect || !payment.payee.bank.is_empty();
    if UpiDirectory::sandbox().is_psp(other) && was_asked && payment.state.is_final() {
        let mut confirmation = about(desk, payment, "ReqTxnConfirmation", "TxnConfirmation", None);
        confirmation.payer = None;
        confirmation.payees.clear();
        let status = match payment.state {
            State::Success => "SUCCESS",
            State::Deemed => "PENDING",
            _ => "FAILURE",
        };
        confirmation.confirmation = Some(Confirmation {
            status: status.to_owned(),
            code: Some(code.to_owned()),
            kind: Some(payment.kind().to_owned()),
            note: None,
            settled: settled(payment),
        });
        let about = About::Confirmation { payment: payment.id.clone() };
        ask(desk, other, &confirmation, about);
    }
}

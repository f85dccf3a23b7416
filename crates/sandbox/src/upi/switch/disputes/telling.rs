//! What the switch says of disputes: to the payer's provider a RespComplaint for each change, to both banks and to the payee's provider a
//! ReqComplaint of the type DISPUTE with the flag of the state, which to a bank may be the order to book.

use super::super::complaints;
use super::super::records::{About, UpiPayment};
use super::super::send::ask;
use super::records::UpiDispute;
use crate::upi::directory::UpiDirectory;
use upi::address::Address;
use upi::disputes::{Reason, State};
use upi::ids::{CustomerReference, MessageId, TransactionId};
use upi::mail::{Desk, response};
use upi::messages::{Message, Party, Transaction};
use upi::xml::Element;
use values::{Currency, Money, Records};

/// Tells of a change.
pub(super) fn everybody<W: Records>(desk: &mut Desk<'_, W>, dispute: &UpiDispute) {
    if let Some(to) = MessageId::parse(&dispute.origin_message) {
        let status = if dispute.steps == 1 { "COMPLAINT" } else { "STATUSUPDATE" };
        provider(desk, dispute, &to, status);
    }
    news(desk, dispute);
}

/// Tells banks and the payee's provider how it stands.
pub(super) fn news<W: Records>(desk: &mut Desk<'_, W>, dispute: &UpiDispute) {
    payees_provider(desk, dispute);
    if dispute.state == State::WithBooks {
        return whoever_is_asked(desk, dispute);
    }
    bank(desk, dispute, "BENEFICIARY");
    bank(desk, dispute, "REMITTER");
}

/// Tells the bank again that has to book something, or to look into its books.
pub(super) fn whoever_is_asked<W: Records>(desk: &mut Desk<'_, W>, dispute: &UpiDispute) {
    match dispute.state {
        State::WithBooks | State::NotAnswered => books(desk, dispute),
        State::Collecting(_) | State::NotCollected(_) => bank(desk, dispute, "BENEFICIARY"),
        State::Paying(_) | State::NotPaid(_) => bank(desk, dispute, "REMITTER"),
        _ => {}
    }
}

/// Answers who raises a dispute that is there already.
pub(super) fn provider_again<W: Records>(desk: &mut Desk<'_, W>, dispute: &UpiDispute, message: &Message) {
    provider(desk, dispute, &message.head.message, "COMPLAINT");
}

fn provider<W: Records>(desk: &mut Desk<'_, W>, dispute: &UpiDispute, to: &MessageId, kind: &str) {
    let reason = Reason::of_code(&dispute.reason).expect("it was raised for one");
    let state = dispute.state;
    let said = Element::new("Ref")
        .with("type", "PAYER")
        .with("seqNum", "1")
        .with("adjAmt", &amount(dispute).to_decimal())
        .with("adjFlag", state.flag(reason.kind))
        .with("adjCode", reason.chargeback_code)
        .with("adjRemarks", &state.to_string())
        .with("adjTs", &upi::time::write(dispute.changed_at))
        .with("procStatus", state.status());
    let mut told = response(to, Ok(()));
    told.more = vec![("crn".to_owned(), dispute.number.clone())];
    told.rest = vec![said];
    let transaction = transaction(desk, dispute, kind, "PAYER");
    let mut message = desk.message("RespComplaint", transaction);
    message.response = Some(told);
    message.rest = vec![complaint(dispute)];
    desk.post(&dispute.origin, &message);
}

/// The provider of who was paid: what is claimed of its customer, and what becomes of it. Who was not paid has nothing to see.
fn payees_provider<W: Records>(desk: &mut Desk<'_, W>, dispute: &UpiDispute) {
    let Some(payment) = desk.records.find::<UpiPayment>(&dispute.payment) else { return };
    let provider = payment.payee.provider.as_str();
    let was_paid = payment.state == upi::machines::switch::State::Success;
    if !was_paid || !UpiDirectory::sandbox().is_psp(provider) {
        return;
    }
    let Ok(address) = Address::parse(&payment.payee.address) else { return };
    let transaction = transaction(desk, dispute, "DISPUTE", "PAYEE");
    let mut message = desk.message("ReqComplaint", transaction);
    message.payees = vec![Party::new(address)];
    message.rest = vec![complaint(dispute)];
    ask(desk, provider, &message, about(dispute));
}

fn about(dispute: &UpiDispute) -> About {
    About::Dispute { payment: dispute.payment.clone(), sent: dispute.state }
}

fn bank<W: Records>(desk: &mut Desk<'_, W>, dispute: &UpiDispute, side: &str) {
    let to = if side == "REMITTER" { &dispute.payer_bank } else { &dispute.payee_bank };
    // A payment that failed early never had a bank on this side.
    if to.is_empty() {
        return;
    }
    let transaction = transaction(desk, dispute, "DISPUTE", side);
    let mut message = desk.message("ReqComplaint", transaction);
    message.rest = vec![complaint(dispute)];
    ask(desk, to, &message, about(dispute));
}

/// A failed payment: does anything of the debit stand? A paid one: does the credit?
fn books<W: Records>(desk: &mut Desk<'_, W>, dispute: &UpiDispute) {
    let Some(payment) = desk.records.find::<UpiPayment>(&dispute.payment) else { return };
    // What has not ended is asked about by the payment itself.
    if !super::has_ended(&payment) {
        return;
    }
    let is_failed = payment.state != upi::machines::switch::State::Success;
    let (to, side) = match is_failed {
        true => (&dispute.payer_bank, "REMITTER"),
        false => (&dispute.payee_bank, "BENEFICIARY"),
    };
    let transaction = transaction(desk, dispute, "COMPLAINT", side);
    let mut message = desk.message("ReqComplaint", transaction);
    message.rest = vec![complaints::question(&payment)];
    ask(desk, to, &message, about(dispute));
}

fn transaction<W: Records>(
    desk: &mut Desk<'_, W>,
    dispute: &UpiDispute,
    kind: &str,
    side: &str,
) -> Transaction {
    let payment = desk.records.find::<UpiPayment>(&dispute.payment);
    let reference = payment.and_then(|payment| payment.reference);
    let mut transaction = Transaction::new(desk.new_transaction(), kind, desk.now);
    transaction.subtype = Some(side.to_owned());
    transaction.original = TransactionId::parse(&dispute.payment);
    transaction.original_at = Some(dispute.paid_at);
    transaction.original_reference = reference.as_deref().and_then(CustomerReference::parse);
    transaction.merchant_reference = Some(dispute.number.clone());
    transaction.note = Some(dispute.state.to_string());
    transaction
}

fn complaint(dispute: &UpiDispute) -> Element {
    let reason = Reason::of_code(&dispute.reason).expect("it was raised for one");
    Element::new("Complaint")
        .with("reqAdjFlag", dispute.state.flag(reason.kind))
        .with("reqAdjCode", reason.chargeback_code)
        .with("reqAdjAmount", &amount(dispute).to_decimal())
        .with("orgSettRespCode", "00")
}

fn amount(dispute: &UpiDispute) -> Money {
    Money::new(dispute.paise, Currency::INR).unwrap_or(Money::zero(Currency::INR))
}

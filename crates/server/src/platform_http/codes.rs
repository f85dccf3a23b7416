//! A phone scanned a shop's code: whose it is, and paying it.

use super::door::{Door, Received};
use super::phone;
use super::problem::Trouble;
use super::routes::body;
use crate::api::phone as wire;
use acquiring::records::BillName;
use acquiring::{AcceptorId, Merchant, TerminalId};
use emv::de55::Request;
use emv::qr::merchant::Initiation;
use emv::qr::offer::Offer;
use iso8583::{Message, ResponseCode};
use platform::acquirer::{Acquirer, CodePaid};
use std::sync::mpsc;
use std::time::Duration;
use tokens::records::TokenReference;
use values::Money;

/// How much longer than the network's answer a phone waits here.
const GRACE: Duration = Duration::from_secs(5);

/// A code that may be paid, with what it names.
struct Payable {
    offer: Offer,
    acceptor: AcceptorId,
    terminal: TerminalId,
    bill: Option<BillName>,
    merchant: Merchant,
}

/// Reads a code and asks the acquirer's records about it; the error is the reason, a stable code.
fn read(acquirer: &Acquirer, text: &str) -> Result<Payable, &'static str> {
    let offer = Offer::parse(text).map_err(|error| error.code())?;
    if offer.acquirer != acquirer.institution().id.as_str() {
        return Err("code_of_another_network");
    }
    let unknown = "unknown_merchant";
    let acceptor = AcceptorId::parse(&offer.place.acceptor).map_err(|_| unknown)?;
    let terminal = TerminalId::parse(&offer.place.terminal).map_err(|_| unknown)?;
    let merchant = acquirer.shop_of(terminal, acceptor).map_err(|refusal| refusal.code())?;
    // The code says what its printer wanted it to say; the register says who is paid.
    if offer.name != merchant.name || offer.city != merchant.city || offer.category != merchant.category {
        return Err("code_name_differs");
    }
    if offer.currency != merchant.currency {
        return Err("wrong_currency");
    }
    let bill = match (offer.initiation, &offer.bill) {
        (Initiation::Static, None) => None,
        (_, Some(text)) => Some(BillName::parse(text).ok_or("bill_unknown")?),
        (Initiation::Dynamic, None) => return Err("bill_unknown"),
    };
    Ok(Payable { offer, acceptor, terminal, bill, merchant })
}

fn acquirer(door: &Door) -> Result<&Acquirer, Trouble> {
    door.codes.as_ref().ok_or_else(Trouble::not_found)
}

/// Whose code it is and what it asks for, so that the customer can approve it; or why it is not paid.
pub(super) fn look(door: &Door, received: &Received) -> Result<wire::SeenCode, Trouble> {
    received.active_device(door)?;
    let wish: wire::LookAtCode = body(received)?;
    let acquirer = acquirer(door)?;
    let looked = read(acquirer, &wish.code).and_then(|payable| {
        let Some(name) = payable.bill else { return Ok(payable) };
        let bill = acquirer.open_bill(payable.terminal, name).map_err(|refusal| refusal.code())?;
        if payable.offer.amount == Some(bill.money()) { Ok(payable) } else { Err("bill_amount") }
    });
    Ok(match looked {
        Ok(Payable { offer, merchant, .. }) => wire::SeenCode {
            reason: None,
            merchant: merchant.name,
            city: merchant.city,
            category: merchant.category.to_string(),
            country: merchant.country.numeric(),
            currency: merchant.currency.numeric(),
            amount: offer.amount.map(Money::minor),
            single: offer.initiation == Initiation::Dynamic,
        },
        Err(reason) => wire::SeenCode::refused(reason),
    })
}

/// Pays a code with the proof that the phone made, and waits for the end.
pub(super) fn pay(door: &Door, received: &Received) -> Result<wire::TapEnd, Trouble> {
    let device = received.active_device(door)?;
    let reference: TokenReference = received.id()?;
    let profile = door.service.profile(&device, reference)?;
    let wish: wire::PayCode = body(received)?;
    let acquirer = acquirer(door)?;
    let chip = hex::decode(&wish.chip).map_err(|_| Trouble::invalid("/chip"))?;
    let counter = Request::parse(&chip).map_err(|_| Trouble::invalid("/chip"))?.transaction.atc.count();
    let Payable { acceptor, terminal, bill, merchant, .. } = match read(acquirer, &wish.code) {
        Ok(payable) => payable,
        Err(reason) => return Ok(wire::TapEnd::refused(reason)),
    };
    let amount = Money::new(wish.amount, merchant.currency).map_err(|_| Trouble::invalid("/amount"))?;
    let (token, expiry) = (profile.token.number, profile.token.expiry);
    let paid = CodePaid {
        acceptor,
        terminal,
        bill,
        amount,
        token,
        expiry,
        sequence: profile.token.psn,
        counter,
        chip,
    };
    let (tell, told) = mpsc::channel();
    acquirer.pay_code(paid, Box::new(move |answer| drop(tell.send(answer))));
    let patience = acquirer.institution().answer_within + GRACE;
    let answer = match told.recv_timeout(patience) {
        Ok(Err(refusal)) => return Ok(wire::TapEnd::refused(refusal.code())),
        Ok(Ok(answer)) => answer,
        Err(_) => None,
    };
    // The gateway knows more of a no than a terminal is told.
    let tiding = door.service.tidings().of(token, counter, Duration::ZERO);
    Ok(tiding.map_or_else(|| end_of(answer.as_ref(), &merchant), phone::tap_end))
}

fn end_of(answer: Option<&Message>, merchant: &Merchant) -> wire::TapEnd {
    let end = match answer.and_then(Message::response_code) {
        Some(ResponseCode::APPROVED) => {
            wire::TapEnd { state: "approved".to_owned(), ..wire::TapEnd::default() }
        }
        Some(ResponseCode::NO_ANSWER) | None => wire::TapEnd::unknown(),
        Some(code) => wire::TapEnd {
            state: "declined".to_owned(),
            response_code: Some(code.to_string()),
            ..wire::TapEnd::default()
        },
    };
    wire::TapEnd { merchant: merchant.name.clone(), ..end }
}

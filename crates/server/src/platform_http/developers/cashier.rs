//! The cashier: brings the payments that are wanted, and for which a card is presented, to terminals of the test shop.
//!
//! What it has to do lies in the acquirer's outbox, so it is done once also when the process dies in the middle of it: a
//! terminal first tells what it owes from before, then takes a trace number, and the acquirer is told for which payment
//! the next one will be. After that there is nothing to remember: the acquirer takes the terminal's request and with it
//! the payment, or it does not.

use super::test_shop::{TestShop, test_card};
use super::{Api, terminals};
use crate::platform_http::problem::Trouble;
use crate::pos::Pos;
use crate::vpcd::ReaderEnd;
use acquiring::Merchant;
use acquiring::operations::{Expect, FailIntent, PRESENT_TOPIC};
use acquiring::records::{Intent, IntentState, PaymentKind, Terminal};
use store::{Arrival, Lanes, Outcome, StoreError};
use values::{Id, Money, Outbound, Records, id::kinds};

/// At most so many payments are under way at once, each with a card and a terminal of its own.
const AT_ONCE: usize = 8;

/// What carries presented cards to terminals. The cards are lanes: each is on one phone, which is at one reader at a time.
pub(super) fn lanes(api: &Api) -> Lanes {
    let api = api.clone();
    let deliver = move |outbound: &Outbound| deliver(&api, outbound);
    Lanes { topic: PRESENT_TOPIC, lane: card_of, width: AT_ONCE, deliver: Box::new(deliver) }
}

fn card_of(outbound: &Outbound) -> String {
    let text = String::from_utf8_lossy(&outbound.body);
    text.split('/').next().unwrap_or_default().to_owned()
}

fn deliver(api: &Api, outbound: &Outbound) -> Arrival {
    let Ok(id) = outbound.key.parse::<Id<kinds::Payment>>() else { return Arrival::Delivered };
    let Some(shop) = api.shop() else { return Arrival::Retry };
    match bring(api, shop, id) {
        Ok(()) => {
            api.0.waiting.tell(id);
            Arrival::Delivered
        }
        Err(error) => {
            tracing::info!(%error, payment = %id, "a payment could not be brought to a terminal yet");
            Arrival::Retry
        }
    }
}

/// Brings an intent to its end at a terminal, whatever that is. An error says that it has to be tried again.
fn bring(api: &Api, shop: &TestShop, id: Id<kinds::Payment>) -> Result<(), StoreError> {
    let found = api.acquirer().store().read(move |records| {
        let intent = records.find::<Intent>(&id)?;
        let merchant = records.find::<Merchant>(&intent.merchant)?;
        let terminal = intent.terminal.and_then(|terminal| records.find::<Terminal>(&terminal));
        Some((intent, merchant, terminal))
    })?;
    let Some((intent, merchant, terminal)) = found else { return Ok(()) };
    if intent.state != IntentState::Processing {
        return Ok(());
    }
    let tried = match terminal {
        Some(terminal) => take(api, shop, &intent, &merchant, &terminal),
        None => shop.with_free_lane(merchant.id, |lane| {
            let terminal = terminals::of_shop(api, &merchant, lane)?;
            take(api, shop, &intent, &merchant, &terminal)
        }),
    };
    let Err(trouble) = tried else { return Ok(()) };
    let problem = trouble.problem();
    if problem.code == Trouble::unavailable().problem().code {
        return Err(StoreError::Overloaded);
    }
    let (code, detail) = (problem.code.clone(), problem.detail.clone());
    api.acquirer().store().call(FailIntent { id, code, detail })?;
    Ok(())
}

/// Has the terminal take it. A problem says why it did not.
fn take(
    api: &Api,
    shop: &TestShop,
    intent: &Intent,
    merchant: &Merchant,
    terminal: &Terminal,
) -> Result<(), Trouble> {
    let last_four = intent.card.map(|card| card.to_string()).unwrap_or_default();
    let card =
        test_card(&last_four).ok_or_else(|| Trouble::of("card_not_presented", "There is no such card."))?;
    let amount = Money::new(intent.amount, intent.currency).map_err(|_| Trouble::internal())?;
    let take = match intent.kind {
        PaymentKind::PreAuthorisation => {
            |pos: &mut Pos, amount, reader: &mut ReaderEnd| pos.preauth(amount, reader)
        }
        _ => |pos: &mut Pos, amount, reader: &mut ReaderEnd| pos.sale(amount, reader),
    };
    shop.with_terminal(terminal, merchant, |pos| {
        let (batch, mark) = shop.mark(pos)?;
        let expect = Expect { id: intent.id, terminal: terminal.id, batch, trace: mark.next() };
        let store = api.acquirer().store();
        let stands = match store.call(expect)? {
            Outcome::Done(stands) | Outcome::Repeated(stands) => stands,
            Outcome::Refused(refusal) => return Err(refusal.into()),
            Outcome::Mismatch => return Err(Trouble::internal()),
        };
        // What an earlier run began may have come home when the terminal told what it owed.
        if stands.state != IntentState::Processing {
            return Ok(());
        }
        let tapped = shop.tap(card, pos, amount, take);
        let id = intent.id;
        let stands = store.read(move |records| records.find::<Intent>(&id))?;
        match (stands.is_some_and(|stands| stands.state == IntentState::Taken), tapped) {
            (true, _) => Ok(()),
            (false, Ok(ended)) => Err(Trouble::of("payment_refused", &ended.sentence)),
            (false, Err(trouble)) => Err(trouble),
        }
    })
}

//! Payments that are wanted by call: made in one commit, taken at a terminal by the `cashier`, waited for by those who
//! prefer to.

use super::Api;
use super::call::{Answered, Call, Reply, rendered};
use super::merchants::sees;
use super::payments::{View, seen};
use super::shape::{Field, Form, Kind, NEW_METADATA, Shape};
use super::test_shop::test_card;
use super::things::One;
use crate::platform_http::problem::Trouble;
use acquiring::operations::{CancelIntent, IntentRefusal, OpenIntent, PresentCard};
use acquiring::records::{Intent, IntentState, PaymentKind};
use developers::Tenant;
use serde::Deserialize;
use serde_json::json;
use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;
use tokio::sync::oneshot;
use values::{Id, LastFour, Operation, Records, Timestamp, id::kinds};

pub(super) static NEW_PAYMENT: Shape = Shape {
    name: "NewPayment",
    says: "What is said of a new payment.",
    fields: &[
        Field::required("amount", Kind::Money, "How much, in the merchant's currency."),
        Field::optional(
            "test_card",
            Kind::Form(&TEST_CARD),
            "The last four digits of a documented test card: a phone of the test shop that holds it is held against the \
             reader at once. Without it the payment waits for a card.",
        ),
        Field::optional(
            "terminal",
            Kind::Text { least: 1, most: 8 },
            "At which terminal; one of the merchant's own of the test shop unless said otherwise.",
        ),
        Field::optional("merchant", Kind::Id("mer"), "Who is paid. A merchant's own key need not say."),
        Field::optional(
            "kind",
            Kind::Word(&["sale", "pre_authorisation"]),
            "A sale unless said otherwise; a pre-authorisation is completed later.",
        ),
        NEW_METADATA,
    ],
};

/// The end of a documented test card's number.
static TEST_CARD: Form = Form {
    word: "four digits",
    expected: "the last four digits of one documented test card",
    schema: || json!({"type": "string", "pattern": "^[0-9]{4}$"}),
    holds: |text| test_card(text).is_some(),
};

pub(super) static PRESENTED: Shape = Shape {
    name: "PresentedCard",
    says: "Which card is held against the reader.",
    fields: &[Field::required(
        "test_card",
        Kind::Form(&TEST_CARD),
        "The last four digits of a documented test card.",
    )],
};

impl From<IntentRefusal> for Trouble {
    fn from(refusal: IntentRefusal) -> Trouble {
        match refusal {
            IntentRefusal::NoMerchant | IntentRefusal::NoIntent => Trouble::not_found(),
            IntentRefusal::NoTerminal => Trouble::not_found().at("/terminal"),
            IntentRefusal::Standing(state) => {
                let detail = match state {
                    IntentState::RequiresCard => "It waits for a card.",
                    IntentState::Processing => "A terminal is at work on it.",
                    IntentState::Taken => "A terminal has taken it.",
                    IntentState::Failed => "It has failed.",
                    IntentState::Cancelled => "It was cancelled.",
                    IntentState::Expired => "Nobody presented a card in time.",
                };
                Trouble::of("payment_not_open", detail)
            }
            IntentRefusal::Refused(refusal) => {
                Trouble::of("payment_refused", &format!("The acquirer says no: {refusal}."))
            }
        }
    }
}

/// The card that is named, if one is.
fn card_in(call: &Call) -> Option<LastFour> {
    call.text("test_card").and_then(|named| LastFour::from_ascii(named.as_bytes()).ok())
}

fn shop_is_open(call: &Call) -> Result<(), Trouble> {
    let detail = "This platform has no terminals of its own; take payments at yours.";
    call.api.shop().map(drop).ok_or_else(|| Trouble::of("terminal_not_connected", detail))
}

pub(super) fn create(call: &Call) -> Result<Reply, Trouble> {
    let merchant: Id<kinds::Merchant> = match (call.text("merchant"), call.tenant()) {
        (Some(id), _) => id.parse().map_err(|_| Trouble::not_found())?,
        (None, Tenant::Merchant(own)) => *own,
        (None, _) => return Err(Trouble::of("parameter_missing", "Say whose it is.").at("/merchant")),
    };
    if !sees(call.tenant(), merchant) {
        return Err(Trouble::not_found());
    }
    let terminal =
        call.text("terminal").map(|name| name.parse().map_err(|_| Trouble::not_found().at("/terminal")));
    let open = OpenIntent {
        id: Id::mint(call.now(), crypto::random::bytes()),
        merchant,
        kind: match call.text("kind") {
            Some("pre_authorisation") => PaymentKind::PreAuthorisation,
            _ => PaymentKind::Sale,
        },
        amount: call.money("amount")?.ok_or_else(Trouble::internal)?,
        terminal: terminal.transpose()?,
        card: card_in(call),
    };
    shop_is_open(call)?;
    carried_out(call, 201, open.id, open)
}

pub(super) fn present_card(call: &Call) -> Result<Reply, Trouble> {
    let card = card_in(call).ok_or_else(Trouble::internal)?;
    let id = call.id()?;
    shop_is_open(call)?;
    carried_out(call, 200, id, OfTenant { tenant: call.tenant().clone(), inner: PresentCard { id, card } })
}

pub(super) fn cancel(call: &Call) -> Result<Reply, Trouble> {
    let id = call.id()?;
    carried_out(call, 200, id, OfTenant { tenant: call.tenant().clone(), inner: CancelIntent { id } })
}

/// An operation on an intent that the tenant may see; on another's it is as if there were none.
struct OfTenant<O> {
    tenant: Tenant,
    inner: O,
}

trait OnIntent: Operation<Answer = Intent, Refusal = IntentRefusal> {
    fn intent(&self) -> Id<kinds::Payment>;
}

impl OnIntent for PresentCard {
    fn intent(&self) -> Id<kinds::Payment> {
        self.id
    }
}

impl OnIntent for CancelIntent {
    fn intent(&self) -> Id<kinds::Payment> {
        self.id
    }
}

impl<O: OnIntent> Operation for OfTenant<O> {
    type Answer = Intent;
    type Refusal = IntentRefusal;
    const NAME: &'static str = O::NAME;

    fn apply<W: Records>(&self, records: &mut W, now: Timestamp) -> Result<Intent, IntentRefusal> {
        let intent = records.find::<Intent>(&self.inner.intent());
        if intent.is_none_or(|intent| !sees(&self.tenant, intent.merchant)) {
            return Err(IntentRefusal::NoIntent);
        }
        self.inner.apply(records, now)
    }
}

/// Does this once, and answers with the intent as it made it; or, where the caller would rather wait, with the payment as
/// it ended.
fn carried_out(
    call: &Call,
    status: u16,
    id: Id<kinds::Payment>,
    operation: impl Operation<Answer = Intent, Refusal = IntentRefusal>,
) -> Result<Reply, Trouble> {
    let made = call.change(One::Payment(id, None), operation, status)?;
    let Some(within) = call.wait else { return Ok(made) };
    let (api, tenant) = (call.api.clone(), call.tenant().clone());
    Ok(Reply::later(async move {
        let made = made.answered().await?;
        // A repeat waits for what its first request made.
        let Named { id } = serde_json::from_str(&made.rendered.body).map_err(|_| Trouble::internal())?;
        let id = id.parse().map_err(|_| Trouble::internal())?;
        let view = ended(&api, &tenant, id, within).await?;
        let rendered = rendered(made.rendered.status, &view);
        Ok(Answered { rendered, waited: true, ..made })
    }))
}

#[derive(Deserialize)]
struct Named {
    id: String,
}

/// The payment as it stands when no terminal is at work on it any more, or when the time is up.
pub(super) async fn ended(
    api: &Api,
    tenant: &Tenant,
    id: Id<kinds::Payment>,
    within: Duration,
) -> Result<View, Trouble> {
    // Listening first, so that an end between the look and the wait is heard.
    let ending = api.0.waiting.listen(id);
    let view = seen(api, tenant, id).await?;
    if !view.is_under_way() {
        return Ok(view);
    }
    tokio::select! {
        _ = ending => {}
        () = api.alarm().after(within) => {}
    }
    seen(api, tenant, id).await
}

/// Who waits for the end of which payment.
#[derive(Default)]
pub(super) struct Waiting(Mutex<HashMap<Id<kinds::Payment>, Vec<oneshot::Sender<()>>>>);

impl Waiting {
    fn listen(&self, id: Id<kinds::Payment>) -> oneshot::Receiver<()> {
        let (tell, told) = oneshot::channel();
        let mut waiting = self.0.lock().expect("no holder of this lock panics");
        // Whoever gave up is forgotten when somebody else comes, so the list is as long as those who wait.
        waiting.retain(|_, tells| {
            tells.retain(|tell| !tell.is_closed());
            !tells.is_empty()
        });
        waiting.entry(id).or_default().push(tell);
        told
    }

    /// The terminal is done with this payment.
    pub(super) fn tell(&self, id: Id<kinds::Payment>) {
        let heard = self.0.lock().expect("no holder of this lock panics").remove(&id);
        for tell in heard.into_iter().flatten() {
            // Whoever waited may have gone.
            let _ = tell.send(());
        }
    }
}

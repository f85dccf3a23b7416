//! Things as a fact left them, told as they would be retrieved: what events carry to endpoints that want more than their names.
//!
//! What the fact says is told, and of what lies beside it (metadata, the state of a batch) how it stands when it is told. No
//! view holds a card number, a PIN or a secret, so none is sent.

use super::teller::changed;
use super::{Api, merchants, payments, settlements, terminals, tokens, upi_payments};
use ::tokens::records::{Device, Token};
use acquiring::records::{Batch, Intent, Terminal};
use acquiring::{Merchant, Payment};
use psp::merchants::{MerchantCode, MerchantPayment};
use serde::Serialize;
use store::StoreError;
use values::Timestamp;

/// The thing of a record that changed, as JSON; nothing where callers are not told of such.
pub(super) fn of(api: &Api, table: u16, record: &[u8], at: Timestamp) -> Result<Option<String>, StoreError> {
    let acquirer = api.acquirer().store();
    if let Some(payment) = changed::<Payment>(table, record) {
        return acquirer.read(move |records| Some(text(&payments::view(records, &payment))));
    }
    if let Some(intent) = changed::<Intent>(table, record) {
        return acquirer.read(move |records| Some(text(&payments::view_of_intent(records, &intent))));
    }
    if let Some(merchant) = changed::<Merchant>(table, record) {
        return acquirer.read(move |records| Some(text(&merchants::view(records, &merchant))));
    }
    if let Some(terminal) = changed::<Terminal>(table, record) {
        return acquirer.read(move |records| Some(text(&terminals::view(records, &terminal))));
    }
    if let Some(batch) = changed::<Batch>(table, record) {
        return Ok(Some(text(&settlements::view(&batch))));
    }
    if let Some(token) = changed::<Token>(table, record) {
        return Ok(Some(text(&tokens::view(&token))));
    }
    if let Some(device) = changed::<Device>(table, record) {
        return Ok(Some(text(&tokens::device_view(&device))));
    }
    let Some(line) = api.account_payments() else { return Ok(None) };
    if let Some(noted) = changed::<MerchantPayment>(table, record) {
        let told = line.service.store().read(move |records| upi_payments::told(records, &noted))?;
        return Ok(told.map(|view| text(&view)));
    }
    Ok(changed::<MerchantCode>(table, record).map(|code| text(&upi_payments::code_view(&code, &line, at))))
}

fn text(view: &impl Serialize) -> String {
    serde_json::to_string(view).expect("the interface's types are JSON")
}

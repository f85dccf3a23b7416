//! What a customer may know and end: what is held, who looked at it, and leaving.

use super::door::{Door, Received};
use super::phone::device_view;
use super::problem::Trouble;
use super::routes::{customer, token_state};
use crate::api::privacy as wire;
use operators::Act;
use std::sync::{Arc, OnceLock};
use store::rooms::operators::questions::AUDIT_OF_SUBJECT;
use store::{Store, StoreError, Value};
use tokens::records::{DeviceId, Token};

/// So many looks are told of, for each thing that was looked at.
const LOOKS_MOST: i64 = 200;

/// The log of the operators, once a console is open. Clones are the same.
#[derive(Clone, Default)]
pub struct AccessLog(Arc<OnceLock<Store>>);

impl AccessLog {
    /// Tells where the log is kept; the first one told stays.
    pub fn tell(&self, operators: Store) {
        let _ = self.0.set(operators);
    }

    /// Who looked at any of these, newest first; nothing where no operator can look.
    fn of(&self, subjects: &[String]) -> Result<Option<Vec<wire::Access>>, StoreError> {
        let Some(store) = self.0.get() else { return Ok(None) };
        let mut found = Vec::new();
        for subject in subjects {
            let parameters = [Value::Text(subject.clone()), Value::Integer(LOOKS_MOST)];
            let rows = store.rows(AUDIT_OF_SUBJECT, &parameters)?;
            found.extend(rows.rows.iter().filter_map(|row| access(row)));
        }
        found.sort_by_key(|(number, _)| std::cmp::Reverse(*number));
        Ok(Some(found.into_iter().map(|(_, access)| access).collect()))
    }
}

/// A line of the log, with its number.
fn access(row: &[Value]) -> Option<(i64, wire::Access)> {
    let [Value::Integer(number), Value::Integer(at), texts @ ..] = row else { return None };
    let text = |place: usize| match texts.get(place) {
        Some(Value::Text(text)) => text.clone(),
        _ => String::new(),
    };
    let access = wire::Access { at: *at, who: text(0), act: text(1), subject: text(2), result: text(3) };
    Some((*number, access))
}

/// Everything that is held of the customer whose phone asks.
pub(super) fn held(door: &Door, received: &Received) -> Result<wire::HeldOfCustomer, Trouble> {
    let (customer, tokens) = door.service.held_of(customer(door, received)?)?;
    let devices = door.service.devices_of(customer.id)?;
    let of_tokens =
        tokens.iter().flat_map(|token| subjects(&TOKEN_ACTS, "token", &token.reference.to_string()));
    let of_devices =
        devices.iter().flat_map(|device| subjects(&[Act::LoseDevice], "device", &device.id.to_string()));
    let subjects: Vec<String> = of_tokens.chain(of_devices).collect();
    let accesses = door.accesses.of(&subjects).map_err(platform::Error::from)?;
    Ok(wire::HeldOfCustomer {
        customer: customer.id.to_string(),
        phone_number: customer.phone.as_str().to_owned(),
        since: customer.created.millis(),
        recovery_code: customer.recovery.is_some(),
        devices: devices.iter().map(device_view).collect(),
        cards: tokens.iter().map(|token| held_card(door, token)).collect(),
        accesses_known: accesses.is_some(),
        accesses: accesses.unwrap_or_default(),
    })
}

/// What operators may do to a token.
const TOKEN_ACTS: [Act; 3] = [Act::SuspendToken, Act::ResumeToken, Act::DeleteToken];

/// How the log names a thing: where it was looked at, and where one of these acts was about it.
fn subjects(acts: &[Act], kind: &str, name: &str) -> Vec<String> {
    let words = acts.iter().map(|act| act.word());
    [kind].into_iter().chain(words).map(|word| format!("{word} {name}")).collect()
}

fn held_card(door: &Door, token: &Token) -> wire::HeldCard {
    let retention = door.service.policy().retention;
    wire::HeldCard {
        token: token.reference.to_string(),
        device: token.device.to_string(),
        issuer: door.service.issuer_name(token.programme).unwrap_or_default(),
        card_last_four: token.last_four.to_string(),
        nickname: token.nickname.as_ref().map(ToString::to_string),
        state: token_state(token).to_owned(),
        since: token.created.millis(),
        kept_until: (!token.standing.is_live()).then(|| token.changed.after(retention).millis()),
    }
}

/// The customer leaves with the phone that asks.
pub(super) fn forget(door: &Door, received: &Received) -> Result<wire::ForgottenDevice, Trouble> {
    let device = received.active_device(door)?;
    let named: DeviceId = received.id()?;
    if named != device.id {
        return Err(Trouble::not_found());
    }
    let forgotten = door.service.forget_device(device.id, customer(door, received)?)?;
    Ok(wire::ForgottenDevice { cards: forgotten.tokens, customer: forgotten.customer })
}

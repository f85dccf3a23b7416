//! The one way in which a token changes its standing, and an enrolment ends: record, hot state, lists and
//! notices together, so that they cannot disagree.

use crate::notice::TokenNotice;
use crate::ops::topics;
use crate::records::{
    Customer, Device, Enrolment, EnrolmentState, Life, PanRecord, Standing, Suspender, Token, TokenState,
};
use crate::refusal::Refusal;
use values::{Outbound, Records, Timestamp};

/// Gives a token a new standing in somebody's name. What stops paying loses its keys at once; what stops living leaves
/// the lists; the issuer is told.
pub(crate) fn set_standing<W: Records>(
    records: &mut W,
    mut token: Token,
    standing: Standing,
    by: Suspender,
    now: Timestamp,
) {
    if token.standing == standing {
        return;
    }
    let was_live = token.standing.is_live();
    token.standing = standing;
    if let Some(mut state) = records.find::<TokenState>(&token.number) {
        state.standing = standing;
        if standing.usable().is_err() {
            let mut window = state.window();
            window.revoke();
            state.set_window(window);
        }
        records.put(state);
    }
    if was_live && !standing.is_live() {
        leave_lists(records, &token);
    }
    let notice = TokenNotice { token: token.reference, version: token.version + 1, standing, by };
    records.send(notice.outbound(now));
    touch(records, token, now);
}

/// Writes a changed token back and leaves word for its device.
pub(crate) fn touch<W: Records>(records: &mut W, mut token: Token, now: Timestamp) {
    token.version += 1;
    token.changed = now;
    let name = token.reference.to_string();
    records.send(Outbound {
        topic: topics::TOKEN_CHANGED.to_owned(),
        key: name.clone(),
        due: now,
        body: name.into_bytes(),
    });
    records.put(token);
}

fn leave_lists<W: Records>(records: &mut W, token: &Token) {
    if let Some(mut customer) = records.find::<Customer>(&token.customer) {
        customer.forget_token(token.reference);
        records.put(customer);
    }
    if let Some(mut device) = records.find::<Device>(&token.device) {
        device.tokens.retain(|kept| *kept != token.reference);
        records.put(device);
    }
    if let Some(mut pan) = records.find::<PanRecord>(&token.pan) {
        pan.holdings.retain(|holding| holding.token != Some(token.reference));
        records.put(pan);
    }
    let enrolment = records.find::<Enrolment>(&token.enrolment).filter(Enrolment::is_open);
    if let Some(mut enrolment) = enrolment {
        records.cancel(topics::ENROLMENT_EXPIRES, &enrolment.id.to_string());
        enrolment.state = EnrolmentState::Abandoned;
        records.put(enrolment);
    }
}

/// Ends an enrolment badly and frees its slot; a token that was waiting for proof is deleted.
pub(crate) fn end_enrolment<W: Records>(
    records: &mut W,
    mut enrolment: Enrolment,
    state: EnrolmentState,
    reason: Option<Refusal>,
    now: Timestamp,
) {
    records.cancel(topics::ENROLMENT_EXPIRES, &enrolment.id.to_string());
    enrolment.state = state;
    enrolment.reason = reason;
    free_slot(records, &enrolment);
    let token = enrolment.token.and_then(|token| records.find::<Token>(&token));
    records.put(enrolment);
    if let Some(token) = token {
        let standing = Standing { life: Life::Deleted, ..token.standing };
        set_standing(records, token, standing, Suspender::Platform, now);
    }
}

/// Takes an enrolment off the lists of things under way.
pub(crate) fn free_slot<W: Records>(records: &mut W, enrolment: &Enrolment) {
    if let Some(mut customer) = records.find::<Customer>(&enrolment.customer) {
        customer.pending.retain(|kept| *kept != enrolment.id);
        records.put(customer);
    }
    if let Some(mut device) = records.find::<Device>(&enrolment.device) {
        device.pending.retain(|kept| *kept != enrolment.id);
        records.put(device);
    }
    if let Some(mut pan) = records.find::<PanRecord>(&enrolment.pan) {
        pan.holdings.retain(|holding| holding.enrolment != enrolment.id || holding.token.is_some());
        records.put(pan);
    }
}

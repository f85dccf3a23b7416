//! The contact path (EMV 4.4 Book 3, 10).

use crate::online::HostAnswer;
use crate::outcome::{Halt, Reason};
use crate::sheet::Sheet;
use crate::transaction::Turn;
use emv::apdu::StatusWord;
use emv::objects::CryptogramKind;

/// Issuer script commands still to be sent.
#[derive(Clone, Debug)]
pub(crate) struct Scripts;

/// The card is gone after the host was asked: nothing can be completed.
pub(crate) fn without_card(host: Option<&HostAnswer>) -> Halt {
    Halt::declined(match host {
        Some(answer) if answer.approves() => Reason::CardRefusedAfterHost,
        Some(_) => Reason::HostDeclined,
        None => Reason::HostSilent,
    })
}
fn no() -> Turn {
    Err(Halt::end(Reason::NoApplication))
}
pub(crate) fn after_options(_: &mut Sheet, _: &[u8], _: StatusWord) -> Turn {
    no()
}
pub(crate) fn after_records(_: &mut Sheet) -> Turn {
    no()
}
pub(crate) fn after_internal_authenticate(_: &mut Sheet, _: &[u8], _: StatusWord) -> Turn {
    no()
}
pub(crate) fn after_first_cryptogram(_: &mut Sheet, _: CryptogramKind, _: &[u8], _: StatusWord) -> Turn {
    no()
}
pub(crate) fn after_external_authenticate(_: &mut Sheet, _: StatusWord) -> Turn {
    no()
}
pub(crate) fn after_script(_: &mut Sheet, _: Scripts, _: StatusWord) -> Turn {
    no()
}
pub(crate) fn after_second_cryptogram(_: &mut Sheet, _: CryptogramKind, _: &[u8], _: StatusWord) -> Turn {
    no()
}
pub(crate) fn after_host(_: &mut Sheet) -> Turn {
    no()
}
pub(crate) fn after_silence(_: &mut Sheet) -> Turn {
    no()
}

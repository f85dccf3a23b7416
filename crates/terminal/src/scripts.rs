//! Issuer scripts (EMV 4.4 Book 3, 10.10): commands the issuer sends to its card through the terminal.

use crate::contact;
use crate::outcome::Halt;
use crate::sheet::Sheet;
use crate::transaction::{Next, Stage, Turn};
use emv::apdu::StatusWord;
use emv::objects::{Tsi, Tvr};
use emv::tag;
use emv::tlv::{self, Tag};
use std::collections::VecDeque;

/// Most bytes of all scripts together (EMV 4.4 Book 3, 10.10: a terminal takes at least 128).
const SCRIPTS_LONGEST: usize = 512;

/// When a script is sent.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Moment {
    /// Template 71.
    BeforeFinal,
    /// Template 72, and how the transaction will end.
    AfterFinal(Halt),
}

/// Commands still to be sent; the first one is on its way.
#[derive(Clone, Debug)]
pub(crate) struct Scripts {
    left: VecDeque<Vec<u8>>,
    moment: Moment,
}

/// Sends the scripts of this moment, if there are any, and then goes on.
pub(crate) fn begin(sheet: &mut Sheet, moment: Moment) -> Turn {
    let template = match moment {
        Moment::BeforeFinal => tag::ISSUER_SCRIPT_1,
        Moment::AfterFinal(_) => tag::ISSUER_SCRIPT_2,
    };
    let bytes = sheet.host.as_ref().map_or(&[][..], |host| &host.scripts);
    match commands(bytes, template) {
        Some(left) => next(sheet, Scripts { left, moment }),
        None => {
            fail(sheet, moment);
            next(sheet, Scripts { left: VecDeque::new(), moment })
        }
    }
}

/// The commands 86 of all templates of this kind; `None` if the bytes are not scripts.
fn commands(bytes: &[u8], template: Tag) -> Option<VecDeque<Vec<u8>>> {
    if bytes.len() > SCRIPTS_LONGEST {
        return None;
    }
    let mut found = VecDeque::new();
    for object in tlv::objects(bytes) {
        let object = object.ok()?;
        if object.tag != template {
            continue;
        }
        for inner in object.children() {
            let inner = inner.ok()?;
            if inner.tag == tag::ISSUER_SCRIPT_COMMAND {
                found.push_back(emv::apdu::Command::parse(inner.value).ok().map(|_| inner.value.to_vec())?);
            }
        }
    }
    Some(found)
}

fn next(sheet: &mut Sheet, scripts: Scripts) -> Turn {
    if let Some(command) = scripts.left.front().cloned() {
        sheet.tsi = sheet.tsi.with(Tsi::SCRIPT_PERFORMED);
        return Ok(Next::Send(Stage::Script(scripts), command));
    }
    match scripts.moment {
        Moment::BeforeFinal => contact::after_scripts_before(sheet),
        Moment::AfterFinal(halt) => Ok(Next::Stop(halt)),
    }
}

fn fail(sheet: &mut Sheet, moment: Moment) {
    sheet.tvr = sheet.tvr.with(match moment {
        Moment::BeforeFinal => Tvr::SCRIPT_FAILED_BEFORE,
        Moment::AfterFinal(_) => Tvr::SCRIPT_FAILED_AFTER,
    });
}

/// The answer to a script command: 90, 62 and 63 let the script go on.
pub(crate) fn after_command(sheet: &mut Sheet, mut scripts: Scripts, status: StatusWord) -> Turn {
    scripts.left.pop_front();
    if !matches!(status.0 >> 8, 0x90 | 0x62 | 0x63) {
        fail(sheet, scripts.moment);
        scripts.left.clear();
    }
    next(sheet, scripts)
}

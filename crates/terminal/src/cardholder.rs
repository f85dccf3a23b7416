//! Cardholder verification over contacts (EMV 4.4 Book 3, 10.5). Without a PIN pad what remains is a
//! signature, nothing at all, or a plain no; a PIN goes to the host where the terminal has a pad.

use crate::contact::profile;
use crate::outcome::{Cvm, Halt, Reason};
use crate::sale::SaleKind;
use crate::sheet::Sheet;
use emv::objects::{Aip, Tsi, Tvr};
use emv::tag;

/// One rule of the list: method and condition.
type Rule = [u8; 2];

/// Go on with the next rule if this method fails.
const GO_ON: u8 = 0x40;

/// What became of one rule.
enum Tried {
    /// Verified, with this result byte of 9F34.
    Done(Cvm, u8),
    /// The method failed.
    Failed,
}

/// Runs the card's list; the result stands in 9F34 and the verification results.
pub(crate) fn verify(sheet: &mut Sheet) -> Result<(), Halt> {
    if !profile(sheet).has(Aip::CARDHOLDER_VERIFICATION) {
        sheet.set(tag::CVM_RESULTS, &[0x3F, 0x00, 0x00]);
        return Ok(());
    }
    let Some(list) = sheet.card.get(tag::CVM_LIST).map(<[u8]>::to_vec) else {
        sheet.tvr = sheet.tvr.with(Tvr::ICC_DATA_MISSING);
        sheet.set(tag::CVM_RESULTS, &[0x3F, 0x00, 0x00]);
        return Ok(());
    };
    let (amounts, rules) = list.split_first_chunk::<8>().ok_or(Halt::end(Reason::InvalidObject))?;
    let (rules, rest) = rules.as_chunks::<2>();
    if !rest.is_empty() || rules.is_empty() {
        return Err(Halt::end(Reason::InvalidObject));
    }
    sheet.tsi = sheet.tsi.with(Tsi::CVM_PERFORMED);
    let mut last = [0x3F, 0x00];
    for rule in rules.iter().filter(|rule| applies(sheet, amounts, **rule)).copied().collect::<Vec<_>>() {
        last = rule;
        match attempt(sheet, rule) {
            Tried::Done(cvm, result) => {
                sheet.cvm = cvm;
                sheet.set(tag::CVM_RESULTS, &[rule[0], rule[1], result]);
                return Ok(());
            }
            Tried::Failed if rule[0] & GO_ON != 0 => {}
            Tried::Failed => break,
        }
    }
    sheet.cvm = Cvm::Failed;
    sheet.tvr = sheet.tvr.with(Tvr::CVM_FAILED);
    sheet.set(tag::CVM_RESULTS, &[last[0], last[1], 0x01]);
    Ok(())
}

/// Condition codes (EMV 4.4 Book 3, Annex C3). Amounts of the list are in the application currency; in any
/// other, a condition on them is not met.
fn applies(sheet: &Sheet, amounts: &[u8; 8], [method, condition]: Rule) -> bool {
    let [x, y] = [0, 4].map(|at| {
        let four = amounts[at..at + 4].try_into().expect("eight bytes have two fours");
        u64::from(u32::from_be_bytes(four))
    });
    let amount = sheet.sale.amount.minor();
    let own_currency = sheet.card.get(tag::APPLICATION_CURRENCY) == sheet.value(tag::CURRENCY);
    match condition {
        0x00 => true,
        0x02 => sheet.sale.kind != SaleKind::Cash,
        0x03 => supports(sheet, method),
        0x04 => sheet.sale.kind == SaleKind::Cash,
        0x06 => own_currency && amount < x,
        0x07 => own_currency && amount > x,
        0x08 => own_currency && amount < y,
        0x09 => own_currency && amount > y,
        _ => false,
    }
}

/// Terminal capabilities 9F33, byte 2.
fn supports(sheet: &Sheet, method: u8) -> bool {
    let needed = match method & 0x3F {
        0x02 => 0x40,
        0x1E => 0x20,
        0x1F => 0x08,
        _ => return false,
    };
    sheet.configuration.device.capabilities[1] & needed != 0
}

fn attempt(sheet: &mut Sheet, [method, _]: Rule) -> Tried {
    let supported = supports(sheet, method);
    match method & 0x3F {
        0x02 if supported => {
            sheet.tvr = sheet.tvr.with(Tvr::ONLINE_PIN_ENTERED);
            Tried::Done(Cvm::OnlinePin, 0x00)
        }
        0x1E if supported => Tried::Done(Cvm::Signature, 0x00),
        0x1F if supported => Tried::Done(Cvm::None, 0x02),
        0x01..=0x05 => {
            sheet.tvr = sheet.tvr.with(Tvr::PIN_PAD_MISSING);
            Tried::Failed
        }
        0x00 | 0x1E | 0x1F => Tried::Failed,
        _ => {
            sheet.tvr = sheet.tvr.with(Tvr::CVM_UNKNOWN);
            Tried::Failed
        }
    }
}

//! The settlement file: one per institution and day, which it can check against its own records.
//!
//! Lines end with a line feed; fields are separated by `|`; amounts are minor units.
//!
//! ```text
//! H|PAIZA-SETTLEMENT|1|date YYYYMMDD|currency n3|institution|network
//! D|message 32 hex|P or R|D or C|amount|reference|counterparty      sorted by message, then P before R
//! T|lines|debit lines|debit sum|credit lines|credit sum|net with sign|SHA-256 of all before this field
//! ```
//!
//! `message` is the left half of SHA-256 over `message`, second digit of the message type, DE 11, DE 7 and DE 32
//! filled to 11 digits with zeros on the left. P is a payment or refund, R its reversal; D is owed by the
//! institution, C to it. The digest covers every byte up to and with the last `|`.

use super::settlement::{Leg, Settled};
use crate::digest::Digest;
use crypto::hash::sha256;
use std::collections::BTreeMap;
use std::fmt::Write;
use values::Currency;

const NAME: &str = "PAIZA-SETTLEMENT";

/// What an institution's own records say of one payment on one day: received above zero, paid below.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Movement {
    /// The payment.
    pub message: Digest,
    /// Minor units.
    pub net: i64,
}

/// One line of a file about one payment, as its receiver reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The payment.
    pub message: Digest,
    /// Received above zero, paid below; minor units.
    pub net: i64,
    /// DE 37 of the payment.
    pub reference: String,
}

/// Why a file is not a settlement file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct FileFault {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong.
    pub what: &'static str,
}

/// A payment on which file and own records differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The payment.
    pub message: Digest,
    /// What the file says, minor units with sign; 0 if it is not there.
    pub file: i64,
    /// What the own records say.
    pub own: i64,
}

/// Writes the file of one institution from the movements of a day; those of other institutions, days and
/// currencies are left out.
pub fn settlement_file(
    date: u32,
    currency: Currency,
    institution: &str,
    network: &str,
    settled: &[Settled],
) -> String {
    let mut file = format!("H|{NAME}|1|{date:08}|{:03}|{institution}|{network}\n", currency.numeric());
    let mut mine: Vec<&Settled> = settled
        .iter()
        .filter(|line| line.date == date && line.currency == currency)
        .filter(|line| line.debtor == institution || line.creditor == institution)
        .collect();
    mine.sort_by_key(|line| (line.message, line.leg));
    let (mut debits, mut credits) = ((0u32, 0i128), (0u32, 0i128));
    for line in &mine {
        let owed = line.debtor == institution;
        let sums = if owed { &mut debits } else { &mut credits };
        *sums = (sums.0 + 1, sums.1 + i128::from(line.amount));
        let leg = if line.leg == Leg::Payment { 'P' } else { 'R' };
        let (side, other) = if owed { ('D', &line.creditor) } else { ('C', &line.debtor) };
        let _ = writeln!(file, "D|{}|{leg}|{side}|{}|{}|{other}", line.message, line.amount, line.reference);
    }
    let net = credits.1 - debits.1;
    let _ = write!(file, "T|{}|{}|{}|{}|{}|{net:+}|", mine.len(), debits.0, debits.1, credits.0, credits.1);
    let digest = hex::encode(sha256(file.as_bytes()));
    file.push_str(&digest);
    file.push('\n');
    file
}

/// Checks a file's form, totals and digest, then compares it with an institution's own movements of that day.
///
/// A payment that was reversed on the same day nets to zero on both sides and is no difference.
pub fn check_file(file: &str, own: &[Movement]) -> Result<Vec<Difference>, FileFault> {
    let mut nets: BTreeMap<Digest, (i64, i64)> = BTreeMap::new();
    for line in read_file(file)? {
        let entry = nets.entry(line.message).or_default();
        entry.0 = entry.0.saturating_add(line.net);
    }
    for movement in own {
        let entry = nets.entry(movement.message).or_default();
        entry.1 = entry.1.saturating_add(movement.net);
    }
    let different = nets.into_iter().filter(|(_, (file, own))| file != own);
    Ok(different.map(|(message, (file, own))| Difference { message, file, own }).collect())
}

/// The lines of a file whose form, totals and digest are sound.
pub fn read_file(file: &str) -> Result<Vec<Line>, FileFault> {
    let fault = |line, what| FileFault { line, what };
    let lines: Vec<&str> =
        file.strip_suffix('\n').ok_or(fault(1, "no line feed at the end"))?.split('\n').collect();
    let (Some((header, body)), count) = (lines.split_first(), lines.len()) else {
        return Err(fault(1, "empty"));
    };
    if !header.starts_with(&format!("H|{NAME}|1|")) || header.split('|').count() != 7 {
        return Err(fault(1, "not the header of a settlement file"));
    }
    let (trailer, details) = body.split_last().ok_or(fault(2, "no trailer"))?;
    let mut read = Vec::with_capacity(details.len());
    let (mut debits, mut credits) = ((0u32, 0i128), (0u32, 0i128));
    for (detail, number) in details.iter().zip(2..) {
        let line = read_detail(detail).ok_or(fault(number, "not a detail line"))?;
        let sums = if line.net < 0 { &mut debits } else { &mut credits };
        *sums = (sums.0 + 1, sums.1 + i128::from(line.net.abs()));
        read.push(line);
    }
    let net = credits.1 - debits.1;
    let totals =
        format!("T|{}|{}|{}|{}|{}|{net:+}|", details.len(), debits.0, debits.1, credits.0, credits.1);
    let digest = trailer.strip_prefix(&totals).ok_or(fault(count, "totals do not match the lines"))?;
    let covered = file.len() - 1 - digest.len();
    if hex::encode(sha256(&file.as_bytes()[..covered])) != digest {
        return Err(fault(count, "the digest does not match"));
    }
    Ok(read)
}

fn read_detail(line: &str) -> Option<Line> {
    let fields: Vec<&str> = line.split('|').collect();
    let ["D", message, "P" | "R", side, amount, reference, _] = fields[..] else { return None };
    let mut name = [0; 16];
    hex::decode_to_slice(message, &mut name).ok()?;
    let amount: i64 = amount.parse().ok().filter(|amount| *amount > 0)?;
    let net = match side {
        "D" => -amount,
        "C" => amount,
        _ => return None,
    };
    Some(Line { message: Digest(name), net, reference: reference.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settled(name: u8, leg: Leg, amount: u64) -> Settled {
        let (issuer, acquirer) = ("01040000".to_owned(), "01020000".to_owned());
        let (debtor, creditor) = if leg == Leg::Payment { (issuer, acquirer) } else { (acquirer, issuer) };
        Settled {
            date: 20_261_122,
            message: Digest([name; 16]),
            leg,
            debtor,
            creditor,
            currency: Currency::CNY,
            amount,
            reference: format!("63260200000{name}"),
        }
    }

    fn sample() -> String {
        let lines =
            [settled(2, Leg::Payment, 500), settled(1, Leg::Payment, 1_250), settled(2, Leg::Reversal, 500)];
        settlement_file(20_261_122, Currency::CNY, "01040000", "01000000", &lines)
    }

    #[test]
    fn the_file_reads_as_documented() {
        let file = sample();
        let lines: Vec<&str> = file.lines().collect();
        assert_eq!(lines[0], "H|PAIZA-SETTLEMENT|1|20261122|156|01040000|01000000");
        assert_eq!(lines[1], format!("D|{}|P|D|1250|632602000001|01020000", "01".repeat(16)));
        assert_eq!(lines[3], format!("D|{}|R|C|500|632602000002|01020000", "02".repeat(16)));
        assert!(lines[4].starts_with("T|3|2|1750|1|500|-1250|"));
    }

    #[test]
    fn both_sides_can_check_it() {
        let own = |name: u8, net| Movement { message: Digest([name; 16]), net };
        assert_eq!(check_file(&sample(), &[own(1, -1_250)]), Ok(vec![]));
        assert_eq!(check_file(&sample(), &[own(1, -1_250), own(2, -500), own(2, 500)]), Ok(vec![]));
        let missing = Difference { message: Digest([1; 16]), file: -1_250, own: 0 };
        assert_eq!(check_file(&sample(), &[]), Ok(vec![missing]));
        let unknown = Difference { message: Digest([3; 16]), file: 0, own: -1 };
        assert_eq!(check_file(&sample(), &[own(1, -1_250), own(3, -1)]), Ok(vec![unknown]));
        let lines = [settled(1, Leg::Payment, 1_250)];
        let acquirers = settlement_file(20_261_122, Currency::CNY, "01020000", "01000000", &lines);
        assert_eq!(check_file(&acquirers, &[own(1, 1_250)]), Ok(vec![]));
        let empty = settlement_file(20_261_123, Currency::CNY, "01020000", "01000000", &lines);
        assert_eq!(check_file(&empty, &[]), Ok(vec![]));
    }

    #[test]
    fn any_changed_byte_is_found() {
        let file = sample().into_bytes();
        for place in 0..file.len() {
            let mut changed = file.clone();
            changed[place] ^= 1;
            if let Ok(text) = String::from_utf8(changed) {
                assert!(check_file(&text, &[]).is_err(), "byte {place}");
            }
        }
        for end in 0..file.len() {
            assert!(check_file(str::from_utf8(&file[..end]).unwrap(), &[]).is_err());
        }
    }
}

//! Before and during selection: may this amount be tapped, and with which application (EMV Contactless
//! Book A, 5; Book B, 3.3; JR/T 0025.12, 6.2 and 6.4; over contacts EMV 4.4 Book 1, 12).

use crate::card_data::template;
use crate::configuration::{Configuration, ContactlessLimits};
use crate::defences::Defence;
use crate::outcome::{Ending, Halt, Reason};
use crate::sale::{Interface, Sale};
use emv::objects::Ttq;
use emv::tag;
use emv::tlv::{self, Tag};
use values::Timestamp;
use values::time::Zone;

/// The largest amount of format n12.
const AMOUNT_MAX: u64 = 999_999_999_999;

/// An application of the terminal that may be used for this sale.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Prepared {
    /// Place in the configuration.
    pub(crate) application: usize,
    /// Qualifiers 9F66 for this sale; zero over contacts.
    pub(crate) qualifiers: Ttq,
}

/// An application that both sides know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    /// The card's identifier.
    pub(crate) aid: Vec<u8>,
    /// The card's label, unchecked text.
    pub(crate) label: Vec<u8>,
    /// 1 is first, 15 last; 0 (none) comes after all.
    pub(crate) priority: u8,
    /// The terminal's side of it.
    pub(crate) prepared: Prepared,
}

/// One entry of a payment directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) aid: Vec<u8>,
    pub(crate) label: Vec<u8>,
    pub(crate) priority: u8,
    pub(crate) kernel: Option<u8>,
}

/// Which applications this sale may use, before any card is asked.
pub(crate) fn prepare(
    configuration: &Configuration,
    interface: Interface,
    sale: &Sale,
) -> Result<Vec<Prepared>, Halt> {
    if configuration.check().is_err() {
        return Err(Halt::end(Reason::Misconfigured));
    }
    if Timestamp::from_civil(sale.at, Zone::Utc).is_none() {
        return Err(Halt::end(Reason::InvalidSale));
    }
    // Limits are numbers of the terminal's own currency; in another they would mean something else.
    if sale.amount.currency() != configuration.currency && configuration.defences.stands(Defence::Currency) {
        return Err(Halt::end(Reason::CurrencyNotAccepted));
    }
    if sale.amount.minor() > AMOUNT_MAX {
        return Err(Halt::end(Reason::AmountTooLarge));
    }
    if sale.attempt > configuration.bounds.attempts {
        return Err(Halt::end(Reason::TooManyAttempts));
    }
    let applications = configuration.applications.iter().enumerate();
    if interface == Interface::Contact {
        let over_contacts = applications.filter(|(_, line)| line.contact.is_some());
        let prepared =
            over_contacts.map(|(place, _)| Prepared { application: place, qualifiers: Ttq::default() });
        return nonempty(prepared.collect(), Halt::end(Reason::NoApplication));
    }
    let mut refusal = Halt::end(Reason::NoApplication);
    let mut prepared = Vec::new();
    for (place, line) in applications {
        let Some(limits) = line.contactless.as_ref().filter(|_| line.kernel.identifier().is_some()) else {
            continue;
        };
        match qualifiers(limits, sale, configuration) {
            Ok(qualifiers) => prepared.push(Prepared { application: place, qualifiers }),
            Err(Reason::AboveContactlessLimit) => {
                refusal = Halt { ending: Ending::TryAnotherInterface, reason: Reason::AboveContactlessLimit };
            }
            Err(reason) => refusal = Halt::end(reason),
        }
    }
    nonempty(prepared, refusal)
}

fn nonempty(prepared: Vec<Prepared>, refusal: Halt) -> Result<Vec<Prepared>, Halt> {
    if prepared.is_empty() { Err(refusal) } else { Ok(prepared) }
}

/// JR/T 0025.12, 6.2.2: the per-transaction bits of the qualifiers, or why contactless is not offered.
fn qualifiers(limits: &ContactlessLimits, sale: &Sale, c: &Configuration) -> Result<Ttq, Reason> {
    let amount = sale.amount.minor();
    // Stripe mode is never offered, whatever the configuration says; the rest of byte 2 is per transaction.
    let mut ttq = Ttq::from_bytes(limits.qualifiers)
        .without(Ttq::MAGSTRIPE_MODE)
        .without(Ttq::ONLINE_CRYPTOGRAM_REQUIRED)
        .without(Ttq::CVM_REQUIRED);
    if !c.device.online {
        ttq = ttq.with(Ttq::OFFLINE_ONLY);
    }
    if amount == 0 {
        if ttq.has(Ttq::OFFLINE_ONLY) {
            return Err(Reason::AmountZero);
        }
        ttq = ttq.with(Ttq::ONLINE_CRYPTOGRAM_REQUIRED);
    }
    if amount >= limits.transaction_limit {
        return Err(Reason::AboveContactlessLimit);
    }
    if amount >= limits.cvm_limit {
        ttq = ttq.with(Ttq::CVM_REQUIRED);
    }
    let one_unit = 10u64.checked_pow(u32::from(c.currency_exponent)).unwrap_or(u64::MAX);
    if amount > limits.floor_limit || (limits.status_check && amount == one_unit) {
        ttq = ttq.with(Ttq::ONLINE_CRYPTOGRAM_REQUIRED);
    }
    Ok(ttq)
}

/// The entries of the contactless directory (answer to SELECT PPSE).
pub(crate) fn contactless_directory(data: &[u8]) -> Result<Vec<Entry>, Reason> {
    let fci = template(data, tag::FCI)?;
    tlv::check(fci).map_err(|_| Reason::MalformedData)?;
    let inside = |bytes, tag| tlv::find(bytes, tag).map_err(|_| Reason::MalformedData);
    let Some(proprietary) = inside(fci, tag::FCI_PROPRIETARY)? else {
        return Ok(Vec::new());
    };
    match inside(proprietary, tag::ISSUER_DISCRETIONARY)? {
        Some(discretionary) => entries(discretionary),
        None => Ok(Vec::new()),
    }
}

/// The directory file of a contact card (answer to SELECT PSE): its short file identifier.
pub(crate) fn contact_directory(data: &[u8]) -> Result<u8, Reason> {
    let fci = template(data, tag::FCI)?;
    tlv::check(fci).map_err(|_| Reason::MalformedData)?;
    match tlv::find_deep(fci, tag::SFI).map_err(|_| Reason::MalformedData)? {
        Some([sfi @ 1..=10]) => Ok(*sfi),
        Some(_) => Err(Reason::InvalidObject),
        None => Err(Reason::MissingObject),
    }
}

/// The application templates 61 among these objects. Entries without a legal identifier are passed over.
pub(crate) fn entries(bytes: &[u8]) -> Result<Vec<Entry>, Reason> {
    let mut found = Vec::new();
    for object in tlv::objects(bytes) {
        let object = object.map_err(|_| Reason::MalformedData)?;
        if object.tag != tag::DIRECTORY_ENTRY {
            continue;
        }
        let value = |tag| tlv::find(object.value, tag).map_err(|_| Reason::MalformedData);
        let Some(aid) = value(tag::AID_DIRECTORY)?.filter(|aid| (5..=16).contains(&aid.len())) else {
            continue;
        };
        found.push(Entry {
            aid: aid.to_vec(),
            label: value(tag::APPLICATION_LABEL)?.unwrap_or_default().to_vec(),
            priority: value(tag::PRIORITY)?.and_then(|p| p.first()).map_or(0, |p| p & 0x0F),
            kernel: value(tag::KERNEL_IDENTIFIER)?.and_then(|k| k.first()).map(|k| k & 0x3F),
        });
    }
    Ok(found)
}

/// The applications both sides know, best first. Each of the card's identifiers is taken once, and no
/// more of them than the configuration bears with.
pub(crate) fn candidates(c: &Configuration, prepared: &[Prepared], entries: &[Entry]) -> Vec<Candidate> {
    let mut list: Vec<Candidate> = Vec::new();
    for entry in entries {
        let known = list.iter().any(|candidate| candidate.aid == entry.aid);
        if known || list.len() >= usize::from(c.bounds.candidates) {
            continue;
        }
        if let Some(prepared) = counterpart(c, prepared, entry) {
            list.push(Candidate {
                aid: entry.aid.clone(),
                label: entry.label.clone(),
                priority: entry.priority,
                prepared: prepared.clone(),
            });
        }
    }
    list.sort_by_key(|candidate| if candidate.priority == 0 { 16 } else { candidate.priority });
    list
}

/// The terminal's application for a card's entry: the longest identifier that matches.
fn counterpart<'p>(c: &Configuration, prepared: &'p [Prepared], entry: &Entry) -> Option<&'p Prepared> {
    let fits = |line: &&Prepared| {
        let application = &c.applications[line.application];
        let name = entry.aid == application.aid
            || (application.partial_match && entry.aid.starts_with(&application.aid));
        // A kernel named by the card has to be the one its identifier has here.
        let kernel = entry.kernel.is_none_or(|k| k == 0 || Some(k) == application.kernel.identifier());
        name && (kernel || !c.defences.stands(Defence::ApplicationName))
    };
    prepared.iter().filter(fits).max_by_key(|line| c.applications[line.application].aid.len())
}

/// Whether the answer to SELECT is the application that was selected.
pub(crate) fn is_named(fci: &[u8], candidate: &Candidate, exactly: bool) -> bool {
    let name = tlv::find(fci, tag::DF_NAME).ok().flatten();
    name.is_some_and(|name| name == candidate.aid || (!exactly && name.starts_with(&candidate.aid)))
}

/// The value of an object inside the proprietary template of an FCI.
pub(crate) fn proprietary(fci: &[u8], wanted: Tag) -> Option<&[u8]> {
    let template = tlv::find(fci, tag::FCI_PROPRIETARY).ok().flatten()?;
    tlv::find(template, wanted).ok().flatten()
}

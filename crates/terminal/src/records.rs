//! Reading the records the card points to (EMV 4.4 Book 3, 10.2; JR/T 0025.12, 7.5).

use crate::card_data::{Origin, template};
use crate::outcome::{Halt, Reason};
use crate::sale::Interface;
use crate::sheet::Sheet;
use crate::transaction::{Stage, Turn, send};
use crate::{contact, contactless};
use emv::afl::{Locator, RecordPlace};
use emv::apdu::{Command, StatusWord};
use emv::tag;
use emv::tlv;
use std::collections::VecDeque;

/// Records still to be read; the first one was asked for.
#[derive(Clone, Debug)]
pub(crate) struct Reading {
    left: VecDeque<RecordPlace>,
}

/// Begins with the card's file locator; an empty one is refused by those who need records.
pub(crate) fn begin(sheet: &mut Sheet) -> Turn {
    let locator = sheet.card.need(tag::AFL).map_err(Halt::end)?;
    let locator = Locator::parse(locator).map_err(|_| Halt::end(Reason::InvalidObject))?;
    let most = usize::from(sheet.configuration.bounds.records);
    let left: VecDeque<_> = locator.records().take(most + 1).collect();
    if left.is_empty() || left.len() > most {
        return Err(Halt::end(Reason::InvalidObject));
    }
    ask(Reading { left })
}

fn ask(reading: Reading) -> Turn {
    let place = reading.left.front().expect("asked only while records are left");
    let command = Command::read_record(place.sfi, place.record);
    send(Stage::Records(reading), &command)
}

/// The answer to READ RECORD.
pub(crate) fn after_record(sheet: &mut Sheet, mut reading: Reading, data: &[u8], status: StatusWord) -> Turn {
    if !status.is_ok() {
        return Err(Halt::end(Reason::UnexpectedStatus));
    }
    let place = reading.left.pop_front().expect("one record was asked for");
    let inside = template(data, tag::RECORD).map_err(Halt::end)?;
    tlv::check(inside).map_err(|_| Halt::end(Reason::MalformedData))?;
    let defences = sheet.configuration.defences;
    sheet.card.take(inside, Origin::Record, &defences).map_err(Halt::end)?;
    if place.authenticated {
        // A record of files 1 to 10 was found to be one template above; others are taken whole.
        let taken = sheet.card.signed_records.add_record(place.sfi, data);
        debug_assert!(taken, "the template was checked");
    }
    if !reading.left.is_empty() {
        return ask(reading);
    }
    match sheet.interface {
        Interface::Contactless => contactless::after_records(sheet),
        Interface::Contact => contact::after_records(sheet),
    }
}

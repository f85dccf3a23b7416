//! Finding the application: directory, list, SELECT, GET PROCESSING OPTIONS.

use crate::card_data::{Origin, template};
use crate::configuration::AuthenticationFailure;
use crate::defences::Defence;
use crate::entry_point::{self, Candidate, Entry};
use crate::outcome::{Ending, Halt, Reason};
use crate::sale::Interface;
use crate::sheet::Sheet;
use crate::transaction::{Next, Stage, Turn, send};
use emv::apdu::{Command, PPSE_NAME, PSE_NAME, StatusWord, processing_options_data};
use emv::dol::Dol;
use emv::tag;
use emv::tlv;

/// GET PROCESSING OPTIONS carries its values in template 83 with a two-byte length at most.
const PROCESSING_VALUES_LONGEST: usize = 252;

/// Asking a contact card for each of the terminal's applications (EMV 4.4 Book 1, 12.3.3).
#[derive(Clone, Debug, Default)]
pub(crate) struct Listing {
    /// Which of the prepared applications is being asked for.
    at: usize,
    found: Vec<Entry>,
}

/// The first command.
pub(crate) fn begin(sheet: &mut Sheet) -> Turn {
    let name = match sheet.interface {
        Interface::Contactless => PPSE_NAME,
        Interface::Contact => PSE_NAME,
    };
    send(Stage::Environment, &Command::select(name))
}

/// The answer to SELECT of the directory.
pub(crate) fn after_environment(sheet: &mut Sheet, data: &[u8], status: StatusWord) -> Turn {
    if sheet.interface == Interface::Contactless {
        if !status.is_ok() {
            return Err(Halt::end(Reason::NoApplication));
        }
        let entries = entry_point::contactless_directory(data).map_err(Halt::end)?;
        return choose(sheet, &entries);
    }
    if !status.is_ok() {
        return listing(sheet, Listing::default());
    }
    match entry_point::contact_directory(data) {
        Ok(sfi) => read_directory(sfi, 1, Vec::new()),
        Err(_) => listing(sheet, Listing::default()),
    }
}

fn read_directory(sfi: u8, record: u8, found: Vec<Entry>) -> Turn {
    send(Stage::Directory { sfi, record, found }, &Command::read_record(sfi, record))
}

/// The answer to READ RECORD of the directory file (EMV 4.4 Book 1, 12.3.2).
pub(crate) fn after_directory(
    sheet: &mut Sheet,
    (sfi, record, mut found): (u8, u8, Vec<Entry>),
    data: &[u8],
    status: StatusWord,
) -> Turn {
    if status.is_ok() {
        let inside = template(data, tag::RECORD).map_err(Halt::end)?;
        tlv::check(inside).map_err(|_| Halt::end(Reason::MalformedData))?;
        found.extend(entry_point::entries(inside).map_err(Halt::end)?);
        let enough = record >= sheet.configuration.bounds.records || record == u8::MAX;
        if !enough {
            return read_directory(sfi, record + 1, found);
        }
    }
    let candidates = entry_point::candidates(&sheet.configuration, &sheet.prepared, &found);
    // EMV 4.4 Book 1, 12.3.2, step 5: a directory without a common application leads to the list.
    if candidates.is_empty() { listing(sheet, Listing::default()) } else { choose(sheet, &found) }
}

fn listing(sheet: &mut Sheet, state: Listing) -> Turn {
    match sheet.prepared.get(state.at) {
        Some(line) => {
            let aid = sheet.configuration.applications[line.application].aid.clone();
            send(Stage::Listing(state), &Command::select(&aid))
        }
        None => choose(sheet, &state.found),
    }
}

/// The answer to SELECT of one of the terminal's applications, first or next occurrence.
pub(crate) fn after_listing(sheet: &mut Sheet, mut state: Listing, data: &[u8], status: StatusWord) -> Turn {
    let line = &sheet.prepared[state.at];
    let application = &sheet.configuration.applications[line.application];
    let mut again = false;
    if status.is_ok() {
        let fci = template(data, tag::FCI).map_err(Halt::end)?;
        tlv::check(fci).map_err(|_| Halt::end(Reason::MalformedData))?;
        let name = tlv::find(fci, tag::DF_NAME).ok().flatten().unwrap_or_default();
        // A card that gives the same name again would do so for ever: it has no further one.
        let is_new = !state.found.iter().any(|entry| entry.aid == name);
        let room = state.found.len() < usize::from(sheet.configuration.bounds.candidates);
        if is_new && room && (5..=16).contains(&name.len()) && name.starts_with(&application.aid) {
            let value = |tag| entry_point::proprietary(fci, tag).unwrap_or_default();
            state.found.push(Entry {
                aid: name.to_vec(),
                label: value(tag::APPLICATION_LABEL).to_vec(),
                priority: value(tag::PRIORITY).first().map_or(0, |p| p & 0x0F),
                kernel: None,
            });
            again = application.partial_match && name != application.aid;
        }
    }
    if again {
        let aid = application.aid.clone();
        return send(Stage::Listing(state), &Command::select_next(&aid));
    }
    state.at += 1;
    listing(sheet, state)
}

fn choose(sheet: &mut Sheet, entries: &[Entry]) -> Turn {
    let candidates = entry_point::candidates(&sheet.configuration, &sheet.prepared, entries);
    if candidates.is_empty() {
        return Err(Halt::end(Reason::NoApplication));
    }
    sheet.queue = candidates.into();
    next_application(sheet)
}

/// Selects the best application not tried yet, or ends.
pub(crate) fn next_application(sheet: &mut Sheet) -> Turn {
    let Some(candidate) = sheet.queue.pop_front() else {
        return Err(exhausted(sheet));
    };
    let aid = candidate.aid.clone();
    sheet.begin_application(candidate);
    send(Stage::Application, &Command::select(&aid))
}

fn exhausted(sheet: &Sheet) -> Halt {
    let contacts = sheet.configuration.applications.iter().any(|line| line.contact.is_some());
    let ending = match sheet.interface {
        Interface::Contactless if contacts => Ending::TryAnotherInterface,
        _ => Ending::SelectNext,
    };
    Halt { ending, reason: Reason::ApplicationsExhausted }
}

/// The answer to SELECT of the application.
pub(crate) fn after_application(sheet: &mut Sheet, data: &[u8], status: StatusWord) -> Turn {
    if !status.is_ok() {
        return next_application(sheet);
    }
    let fci = template(data, tag::FCI).map_err(Halt::end)?;
    tlv::check(fci).map_err(|_| Halt::end(Reason::MalformedData))?;
    let candidate: &Candidate = sheet.current.as_ref().expect("SELECT was sent for it");
    let exactly = sheet.interface == Interface::Contactless;
    if !entry_point::is_named(fci, candidate, exactly) && sheet.stands(Defence::ApplicationName) {
        return Err(Halt::end(Reason::ApplicationMismatch));
    }
    let defences = sheet.configuration.defences;
    sheet.card.take(fci, Origin::Selection, &defences).map_err(Halt::end)?;
    let list = sheet.card.get(tag::PDOL).unwrap_or_default().to_vec();
    let dol = Dol::parse(&list).map_err(|_| Halt::end(Reason::MalformedData))?;
    // JR/T 0025.12, 6.4: an application that does not ask for the qualifiers is none for this path.
    if sheet.interface == Interface::Contactless && !dol.asks_for(tag::TTQ) {
        return next_application(sheet);
    }
    let values = sheet.answer_list(&list, PROCESSING_VALUES_LONGEST)?;
    send(Stage::Options, &Command::get_processing_options(&processing_options_data(&values)))
}

/// What the configuration says about a failed signature; following the card only where that was chosen.
pub(crate) fn follows_card(sheet: &Sheet) -> bool {
    sheet.configuration.authentication_failure == AuthenticationFailure::FollowCard
        || !sheet.stands(Defence::AuthenticationFailure)
}

/// Sends nothing more: the wish goes to the host.
pub(crate) fn ask_host(sheet: &mut Sheet) -> Turn {
    sheet.request = Some(Box::new(sheet.build_request()?));
    Ok(Next::AskHost)
}

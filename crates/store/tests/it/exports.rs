//! Exports over the store: a slice is written once, what ended takes none, and what is too much is refused.

use developers::export::{
    CancelExport, ExpireExport, ExportPiece, ExportRefusal, FAILED, Format, KEPT, OpenExport, ROWS_MOST,
    SUCCEEDED, TOPIC, UNDER_WAY_MOST, What, WriteSlice,
};
use developers::{Event, Export, ExportState, Tenant};
use std::sync::Arc;
use std::time::Duration;
use store::{Outcome, Schema, Store, TestClock};
use values::{Id, Operation, Records, Timestamp, id::kinds};

struct Desk {
    store: Store,
    clock: Arc<TestClock>,
    _folder: tempfile::TempDir,
}

fn desk() -> Desk {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(TestClock::at(Timestamp::from_millis(1_000)));
    let schema = store::rooms::developers::tables(Schema::new());
    let store = Store::open(&folder.path().join("developers.sqlite"), schema, clock.clone()).unwrap();
    Desk { store, clock, _folder: folder }
}

fn id(number: u128) -> Id<kinds::Export> {
    Id::from_u128(number)
}

fn wanted(number: u128) -> Export {
    Export {
        id: id(number),
        tenant: Tenant::Issuer("boc".to_owned()),
        what: What::Events,
        format: Format::JsonLines,
        merchant: None,
        since: Timestamp::from_millis(0),
        before: Timestamp::from_millis(1_000),
        state: ExportState::Waiting,
        last_row: None,
        row_count: 0,
        total: None,
        pieces: 0,
        bytes: 0,
        failure: None,
        created_at: Timestamp::from_millis(1_000),
        ended_at: None,
        expires_at: None,
    }
}

fn slice(after: Option<&str>, last: &str, done: bool) -> WriteSlice {
    WriteSlice {
        id: id(1),
        after: after.map(str::to_owned),
        text: format!("{last}\n").into_bytes(),
        rows: 1,
        last: Some(last.to_owned()),
        total: 2,
        done,
        names: [7; 16],
        endpoints: Vec::new(),
    }
}

impl Desk {
    fn done<O: Operation>(&self, operation: O) -> O::Answer {
        match self.store.call(operation).unwrap() {
            Outcome::Done(answer) => answer,
            _ => panic!("it is not done"),
        }
    }

    fn refused<O: Operation<Refusal = ExportRefusal>>(&self, operation: O) -> ExportRefusal {
        match self.store.call(operation).unwrap() {
            Outcome::Refused(refusal) => refusal,
            _ => panic!("it is not refused"),
        }
    }

    fn export(&self) -> Export {
        self.store.read(|records| records.find::<Export>(&id(1))).unwrap().unwrap()
    }

    fn pieces(&self) -> usize {
        self.store.read(|records| records.all::<ExportPiece>().len()).unwrap()
    }

    fn told(&self) -> Vec<String> {
        let events = self.store.read(|records| records.all::<Event>()).unwrap();
        events.into_iter().map(|event| event.kind).collect()
    }

    fn waits(&self) -> usize {
        self.store.due(TOPIC, 100).unwrap().0.len()
    }
}

#[test]
fn a_slice_is_written_once_and_the_end_is_told_once() {
    let desk = desk();
    desk.done(OpenExport { export: wanted(1) });
    assert_eq!(desk.waits(), 1);
    assert_eq!(desk.done(slice(None, "a", false)), None);
    assert_eq!(desk.refused(slice(None, "a", false)), ExportRefusal::Passed, "a courier that comes again");
    assert!(desk.done(slice(Some("a"), "b", true)).is_some());
    assert_eq!(desk.refused(slice(Some("a"), "b", true)), ExportRefusal::Ended);
    let export = desk.export();
    assert_eq!((export.state, export.row_count, export.bytes), (ExportState::Succeeded, 2, 4));
    assert_eq!((desk.pieces(), desk.told()), (2, vec![SUCCEEDED.to_owned()]));
    assert_eq!(desk.refused(CancelExport { id: id(1) }), ExportRefusal::Ended);
    // Nothing is forgotten before its time.
    desk.done(ExpireExport { id: id(1) });
    assert_eq!(desk.export().state, ExportState::Succeeded);
    desk.clock.advance(KEPT - Duration::from_millis(1));
    assert_eq!(desk.waits(), 0);
    desk.clock.advance(Duration::from_millis(1));
    assert_eq!(desk.waits(), 1, "it is due to be forgotten");
    desk.done(ExpireExport { id: id(1) });
    assert_eq!((desk.export().state, desk.pieces()), (ExportState::Expired, 0));
}

#[test]
fn what_is_given_up_leaves_nothing() {
    let desk = desk();
    desk.done(OpenExport { export: wanted(1) });
    desk.done(slice(None, "a", false));
    let cancelled = desk.done(CancelExport { id: id(1) });
    assert_eq!((cancelled.state, cancelled.bytes), (ExportState::Cancelled, 0));
    assert_eq!((desk.pieces(), desk.waits(), desk.told().len()), (0, 0, 0));
    assert_eq!(desk.refused(slice(Some("a"), "b", true)), ExportRefusal::Ended);
    assert_eq!(desk.refused(CancelExport { id: id(2) }), ExportRefusal::Unknown);
}

#[test]
fn more_rows_than_are_written_are_a_failure_that_is_told() {
    let desk = desk();
    desk.done(OpenExport { export: wanted(1) });
    desk.done(WriteSlice { total: ROWS_MOST, ..slice(None, "a", false) });
    desk.done(WriteSlice { total: ROWS_MOST + 1, ..slice(Some("a"), "b", false) });
    let export = desk.export();
    assert_eq!((export.state, export.failure.as_deref()), (ExportState::Failed, Some("export_too_large")));
    assert_eq!((desk.pieces(), desk.waits(), desk.told()), (0, 0, vec![FAILED.to_owned()]));
}

#[test]
fn so_many_are_under_way_and_no_more() {
    let desk = desk();
    (1..=u128::from(UNDER_WAY_MOST))
        .for_each(|number| drop(desk.done(OpenExport { export: wanted(number) })));
    assert_eq!(desk.refused(OpenExport { export: wanted(9) }), ExportRefusal::TooMany);
    let other = Export { tenant: Tenant::Platform, ..wanted(10) };
    desk.done(OpenExport { export: other });
    desk.done(CancelExport { id: id(1) });
    desk.done(OpenExport { export: wanted(9) });
}

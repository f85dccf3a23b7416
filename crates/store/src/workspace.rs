//! What an operation sees while it decides.

use crate::driver::Driver;
use crate::error::StoreError;
use crate::fact::Note;
use crate::outbox::Message;
use crate::schema::Schema;
use crate::table::{AnyTable, Table};
use crate::waiting::Waiting;
use std::any::{Any, TypeId};
use values::{Outbound, Record, Records};

/// All tables of a database in memory, found by the type of their record.
pub(crate) struct Tables {
    // Apart from the tables, so that a search walks over one cache line or two.
    kinds: Vec<TypeId>,
    tables: Vec<Box<dyn AnyTable>>,
    touched: Vec<usize>,
}

impl Tables {
    pub(crate) fn new(schema: &Schema) -> Tables {
        Tables {
            kinds: schema.tables.iter().map(|table| table.kind).collect(),
            tables: schema
                .tables
                .iter()
                .map(|table| (table.make)(table.layout.clone(), schema.cache_records))
                .collect(),
            touched: Vec::new(),
        }
    }

    fn place<R: Record>(&self) -> usize {
        let kind = TypeId::of::<R>();
        let found = self.kinds.iter().position(|known| *known == kind);
        found.unwrap_or_else(|| panic!("the schema has no table {}", R::TABLE))
    }

    fn table<R: Record>(&mut self, place: usize) -> &mut Table<R> {
        let table: &mut dyn Any = self.tables[place].as_mut();
        table.downcast_mut().expect("tables stand at the place of their type")
    }

    pub(crate) fn all(&mut self) -> impl Iterator<Item = &mut Box<dyn AnyTable>> {
        self.tables.iter_mut()
    }

    pub(crate) fn by_id(&mut self, id: u16) -> Option<&mut Box<dyn AnyTable>> {
        self.tables.iter_mut().find(|table| table.layout().id == id)
    }

    /// Changed messages that wait to be folded.
    pub(crate) fn pending_messages(&mut self) -> &Waiting<Message> {
        let place = self.place::<Message>();
        self.table::<Message>(place).waiting()
    }

    pub(crate) fn untouched(&self) -> bool {
        self.touched.is_empty()
    }

    pub(crate) fn roll_back(&mut self) {
        for place in self.touched.drain(..) {
            self.tables[place].roll_back();
        }
    }

    pub(crate) fn settle(&mut self, sequence: u64, body: &mut Vec<u8>) {
        for place in self.touched.drain(..) {
            self.tables[place].settle(sequence, body);
        }
    }
}

/// The records as they are now, and the changes of the present operation.
pub struct Workspace<'a> {
    pub(crate) tables: &'a mut Tables,
    pub(crate) driver: &'a mut dyn Driver,
    pub(crate) notes: &'a mut Vec<Note>,
    pub(crate) sequence: u64,
    pub(crate) failure: Option<StoreError>,
}

impl Workspace<'_> {
    /// Shows every record of a kind to `each`, in no order. For small tables and for starting up: it walks
    /// over the whole table.
    pub fn each<R: Record>(&mut self, mut each: impl FnMut(&R)) {
        let place = self.tables.place::<R>();
        let outcome = self.tables.table::<R>(place).each(self.driver, &mut each);
        self.failure = self.failure.take().or(outcome.err());
    }

    /// Every record of a kind, ordered by key. The same warning as for [`Workspace::each`].
    pub fn all<R: Record>(&mut self) -> Vec<R> {
        let mut all = Vec::new();
        self.each::<R>(|record| all.push(record.clone()));
        all.sort_by_cached_key(Record::key);
        all
    }
}

impl Records for Workspace<'_> {
    fn find<R: Record>(&mut self, key: &R::Key) -> Option<R> {
        let place = self.tables.place::<R>();
        match self.tables.table::<R>(place).find(key, self.driver) {
            Ok(record) => record,
            Err(wrong) => {
                // The operation is undone when it returns: it decided on a record it could not see.
                self.failure = Some(wrong);
                None
            }
        }
    }

    fn put<R: Record>(&mut self, record: R) {
        let place = self.tables.place::<R>();
        if self.tables.table::<R>(place).put(record) {
            self.tables.touched.push(place);
        }
    }

    fn remove<R: Record>(&mut self, key: &R::Key) {
        let place = self.tables.place::<R>();
        if self.tables.table::<R>(place).remove(key) {
            self.tables.touched.push(place);
        }
    }

    fn send(&mut self, message: Outbound) {
        self.put(Message::new(message, self.sequence));
    }

    fn cancel(&mut self, topic: &str, key: &str) {
        let key = (topic.to_owned(), key.to_owned());
        if self.find::<Message>(&key).is_some() {
            self.remove::<Message>(&key);
        }
    }

    fn note(&mut self, kind: &'static str, subject: &str, detail: &str) {
        self.notes.push(Note {
            kind: kind.to_owned(),
            subject: subject.to_owned(),
            detail: detail.to_owned(),
        });
    }
}

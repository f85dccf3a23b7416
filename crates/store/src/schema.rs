//! What a database holds: which record lies in which table, and how the tables came about.

use crate::row::{self, Mismatched, Value};
use crate::shape;
use crate::table::{AnyTable, Table};
use std::any::TypeId;
use std::sync::Arc;
use std::time::Duration;
use values::{Record, Residency};

/// What a column holds, and which serialised form of a field it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A whole number of at most 63 bits and a sign.
    Integer,
    /// `true` and `false`, as 1 and 0.
    Boolean,
    /// A string; identifiers and plain enums are strings.
    Text,
    /// An array of bytes.
    Blob,
    /// Anything, as JSON text; a string that cannot be taken for JSON stands there without quotes.
    Json,
}

/// How a record lies in its table. Every field has a column of its name.
#[derive(Clone, Copy, Debug)]
pub struct Mapping {
    /// The columns of the key, in the order of the key's parts. The first one orders the work: its hash is
    /// the `bucket`. Empty for a record of which there is only one.
    pub key: &'static [&'static str],
    /// All columns, without `bucket`.
    pub columns: &'static [(&'static str, Kind)],
}

/// A numbered change of the tables, as SQL text. Forward only: a released one is never edited.
pub type Migration = (u32, &'static str);

/// A table and its statements, derived once from the mapping.
#[derive(Debug)]
pub struct Layout {
    /// The name of the table.
    pub name: &'static str,
    /// What facts call the table: a hash of its name.
    pub id: u16,
    /// Where the key columns stand among `columns`.
    pub key: Vec<usize>,
    /// All columns, without `bucket`.
    pub columns: &'static [(&'static str, Kind)],
    /// Adds or replaces: `bucket`, then all columns.
    pub upsert: String,
    /// Removes: `bucket`, then the key columns.
    pub delete: String,
    /// One row: `bucket`, then the key columns.
    pub select_one: String,
    /// All rows, ordered by primary key.
    pub select_all: String,
}

impl Layout {
    fn new(name: &'static str, mapping: Mapping) -> Layout {
        let place = |column: &&str| {
            let found = mapping.columns.iter().position(|(name, _)| name == column);
            found.expect("a key column is one of the columns")
        };
        let key: Vec<usize> = mapping.key.iter().map(place).collect();
        // Quoted, because words such as "limit" and "to" are columns too.
        let quoted = |names: &mut dyn Iterator<Item = &'static str>| -> Vec<String> {
            names.map(|name| format!("\"{name}\"")).collect()
        };
        let names = quoted(&mut mapping.columns.iter().map(|(name, _)| *name));
        let keys = quoted(&mut mapping.key.iter().copied());
        let list = names.join(", ");
        let holes: Vec<String> = (1..=names.len() + 1).map(|n| format!("${n}")).collect();
        let rest: Vec<String> =
            names.iter().filter(|n| !keys.contains(n)).map(|n| format!("{n} = excluded.{n}")).collect();
        let action =
            if rest.is_empty() { "NOTHING".to_owned() } else { format!("UPDATE SET {}", rest.join(", ")) };
        let numbered = keys.iter().enumerate().map(|(n, name)| format!(" AND {name} = ${}", n + 2));
        let wanted = format!("bucket = $1{}", numbered.collect::<String>());
        let primary = std::iter::once("bucket".to_owned()).chain(keys).collect::<Vec<_>>().join(", ");
        Layout {
            name,
            id: table_id(name),
            key,
            columns: mapping.columns,
            upsert: format!(
                "INSERT INTO {name} (bucket, {list}) VALUES ({}) ON CONFLICT ({primary}) DO {action}",
                holes.join(", ")
            ),
            delete: format!("DELETE FROM {name} WHERE {wanted}"),
            select_one: format!("SELECT {list} FROM {name} WHERE {wanted}"),
            select_all: format!("SELECT {list} FROM {name} ORDER BY {primary}"),
        }
    }

    /// The bucket of a row by its key columns.
    pub fn bucket(&self, key: &[Value]) -> u8 {
        let mut bytes = Vec::with_capacity(32);
        if let Some(first) = key.first() {
            first.write(&mut bytes);
        }
        let hash = hash(&bytes);
        (hash ^ hash >> 8 ^ hash >> 16 ^ hash >> 24) as u8
    }
}

/// What facts call the table of this name.
pub fn table_id(name: &str) -> u16 {
    hash(name.as_bytes()) as u16
}

// FNV-1a: these hashes are stored, so they never change with a library.
fn hash(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811C_9DC5, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

#[derive(Clone)]
pub(crate) struct Registered {
    pub(crate) kind: TypeId,
    pub(crate) layout: Arc<Layout>,
    pub(crate) make: fn(Arc<Layout>, usize) -> Box<dyn AnyTable>,
    pub(crate) check: fn(&Layout) -> Result<(), String>,
}

/// The tables of one database.
#[derive(Clone)]
pub struct Schema {
    pub(crate) tables: Vec<Registered>,
    pub(crate) migrations: Vec<(&'static str, &'static [Migration])>,
    pub(crate) forget_facts: bool,
    pub(crate) remembered_for: Duration,
    pub(crate) remembered_in_memory: usize,
    pub(crate) cache_records: usize,
    pub(crate) telling: Telling,
}

/// Runs what it is given, once; see [`Schema::telling`].
pub type Telling = fn(&mut dyn FnMut());

impl Default for Schema {
    fn default() -> Self {
        Schema::new()
    }
}

impl Schema {
    /// A database that holds only what the store keeps for itself: the outbox and the repeats.
    pub fn new() -> Schema {
        let empty = Schema {
            tables: Vec::new(),
            migrations: Vec::new(),
            forget_facts: false,
            remembered_for: Duration::from_secs(40 * 86_400),
            remembered_in_memory: 1 << 20,
            cache_records: 1 << 16,
            telling: |tell| tell(),
        };
        empty.migrations("store", crate::outbox::MIGRATIONS).table::<crate::Message>(crate::outbox::MAPPING)
    }

    /// Adds the table of a kind of record.
    ///
    /// # Panics
    /// If the table is there already or the mapping names a key column that is no column: bugs that the
    /// first test shows.
    pub fn table<R: Record>(mut self, mapping: Mapping) -> Schema {
        let layout = Layout::new(R::TABLE, mapping);
        let clash = self.tables.iter().find(|known| known.layout.id == layout.id);
        assert!(clash.is_none(), "table {} is there twice, or its name must change", layout.name);
        self.tables.push(Registered {
            kind: TypeId::of::<R>(),
            layout: Arc::new(layout),
            check: shape::check::<R>,
            make: |layout, cache| Box::new(Table::<R>::new(layout, cache)),
        });
        self
    }

    /// Adds the migrations of a room, in ascending order of their numbers.
    pub fn migrations(mut self, room: &'static str, list: &'static [Migration]) -> Schema {
        assert!(list.windows(2).all(|pair| pair[0].0 < pair[1].0), "migrations of {room} are out of order");
        assert!(self.migrations.iter().all(|(known, _)| *known != room), "{room} has its migrations already");
        self.migrations.push((room, list));
        self
    }

    /// Deletes facts, beyond recovery, once the tables hold what they say. For a phone: it keeps no history
    /// of its owner, only the hash at the end of the chain.
    pub fn forget_folded_facts(mut self) -> Schema {
        self.forget_facts = true;
        self
    }

    /// How long a repeated idempotency key is answered from the first result; 40 days unless said otherwise.
    /// After that the same key is a new operation.
    pub fn remember_repeats(mut self, time: Duration) -> Schema {
        self.remembered_for = time;
        self
    }

    /// How many of the newest idempotency keys stay in memory (about 120 bytes each; 2^20 unless said
    /// otherwise). Older ones cost a read.
    pub fn remember_in_memory(mut self, keys: usize) -> Schema {
        self.remembered_in_memory = keys;
        self
    }

    /// How many folded records of each [`Residency::Table`] table stay in memory; 65,536 unless said
    /// otherwise.
    pub fn cache(mut self, records: usize) -> Schema {
        self.cache_records = records;
        self
    }

    /// Callers of one batch are told inside `telling`, a group of them at a time: what they send meanwhile can
    /// then leave together.
    pub fn telling(mut self, telling: Telling) -> Schema {
        self.telling = telling;
        self
    }

    /// The layout of a table by its name.
    pub fn layout(&self, table: &str) -> Option<&Arc<Layout>> {
        self.tables.iter().map(|known| &known.layout).find(|layout| layout.name == table)
    }

    /// All layouts.
    pub fn layouts(&self) -> impl Iterator<Item = &Arc<Layout>> {
        self.tables.iter().map(|known| &known.layout)
    }

    /// Checks that every mapping has a column of the right kind for every field of its record. For the tests
    /// of whoever writes a mapping.
    pub fn check_shapes(&self) -> Result<(), String> {
        self.tables.iter().try_for_each(|table| (table.check)(&table.layout))
    }

    /// Checks a mapping with a sample: that it goes into a row and comes back the same, and that its key
    /// names that row. For the tests of whoever writes a mapping.
    pub fn check_sample<R: Record>(&self, sample: &R) -> Result<(), String> {
        let layout = self.layout(R::TABLE).ok_or_else(|| format!("no table {}", R::TABLE))?;
        let say = |wrong: Mismatched| wrong.to_string();
        let row = row::from_record(layout, sample).map_err(say)?;
        let key = row::key_values(layout, &sample.key()).map_err(say)?;
        if !layout.key.iter().map(|column| &row.values[*column]).eq(key.iter()) {
            return Err(format!("table {}: the key differs from the key columns", layout.name));
        }
        let back: R = row::to_record(layout, &row.values).map_err(say)?;
        let bytes = |record: &R| postcard::to_allocvec(record).map_err(|wrong| wrong.to_string());
        let compact: R = postcard::from_bytes(&bytes(sample)?).map_err(|wrong| wrong.to_string())?;
        if bytes(&back)? == bytes(sample)? && bytes(&compact)? == bytes(sample)? {
            Ok(())
        } else {
            Err(format!("table {}: the record does not come back the same", layout.name))
        }
    }
}

pub(crate) fn resident<R: Record>() -> bool {
    R::RESIDENCY == Residency::Memory
}

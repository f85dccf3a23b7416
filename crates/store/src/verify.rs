//! Whether the facts are whole and the tables are what the facts say.
//!
//! The chain shows that no fact was edited, removed or reordered after it was written, as long as the hash
//! at its end is known from elsewhere: whoever can write the file can also compute a new chain.

use crate::driver::{EachRow, Marks, View};
use crate::error::{DriverError, StoreError};
use crate::executor::apply;
use crate::fact::{Chain, Link};
use crate::schema::{Layout, Schema};
use crate::table::Rowset;
use crate::workspace::Tables;
use crypto::hash::sha256;

/// What a verification found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// How many facts were read.
    pub facts: u64,
    /// How many links of the chain were recomputed.
    pub links: u64,
    /// The end of the chain, for comparison with a copy kept elsewhere.
    pub head: Link,
    /// The digest of every table.
    pub tables: Vec<TableDigest>,
    /// The first thing that is wrong.
    pub bad: Option<Bad>,
}

impl Report {
    /// Whether all is well.
    pub fn is_ok(&self) -> bool {
        self.bad.is_none()
    }
}

/// A row that is not what it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bad {
    /// The table, or `facts`.
    pub table: String,
    /// Which row, and what is wrong with it.
    pub what: String,
}

/// The content of a table in one number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableDigest {
    /// The table.
    pub table: &'static str,
    /// How many rows it has.
    pub rows: u64,
    /// A sum of SHA-256 over the rows; their order does not matter.
    pub digest: [u8; 32],
}

struct Looking<'a>(&'a mut dyn View);

impl Rowset for Looking<'_> {
    fn rows(&mut self, layout: &Layout, each: EachRow<'_>) -> Result<(), DriverError> {
        self.0.rows(layout, each)
    }
}

/// Verifies what the view shows.
pub fn verify(view: &mut dyn View, schema: &Schema) -> Result<Report, StoreError> {
    let marks = view.refresh()?;
    let mut tables = Tables::new(schema);
    let (facts, links, mut bad) = chain(view, &marks, &mut tables)?;
    let whole = marks.anchor.last == 0 && marks.readable_from == 0;
    if bad.is_none() {
        for table in tables.all() {
            if let Err(what) = table.compare(&mut Looking(view), whole)? {
                bad = Some(Bad { table: table.layout().name.to_owned(), what });
                break;
            }
        }
    }
    Ok(Report { facts, links, head: marks.head, tables: digests(view, schema)?, bad })
}

/// Walks along the chain, and brings into `tables` what the facts say up to the fold.
fn chain(
    view: &mut dyn View,
    marks: &Marks,
    tables: &mut Tables,
) -> Result<(u64, u64, Option<Bad>), StoreError> {
    let bad = |what: String| Some(Bad { table: "facts".to_owned(), what });
    let links = view.links(marks.anchor.last)?;
    let mut ahead = links.iter().peekable();
    let mut chain = Chain::after(marks.anchor);
    let (mut facts, mut linked, mut wrong) = (0, marks.anchor.last, None);
    view.facts(marks.anchor.last, &mut |fact| {
        let expected = marks.anchor.last + facts + 1;
        facts += 1;
        if wrong.is_some() {
            return Ok(());
        }
        if fact.sequence != expected {
            wrong = bad(format!("fact {expected} is missing"));
            return Ok(());
        }
        chain.add(&fact);
        match ahead.peek() {
            None => wrong = bad(format!("fact {expected} is not covered by the chain")),
            Some(link) if link.last == expected => {
                if !chain.leads_to(**link) {
                    let which = match expected - linked {
                        1 => format!("fact {expected} is not the one that was"),
                        _ => format!("one of the facts {} to {expected} is not the one that was", linked + 1),
                    };
                    wrong = bad(format!("{which} written"));
                }
                linked = expected;
                ahead.next();
            }
            Some(_) => {}
        }
        if (marks.readable_from + 1..=marks.folded).contains(&expected) && wrong.is_none() {
            wrong = apply(&fact, expected, tables, None).err().and_then(|error| bad(error.to_string()));
            if expected.is_multiple_of(1024) {
                tables.all().for_each(|table| drop(table.take_pending(expected)));
            }
        }
        Ok(())
    })?;
    if wrong.is_none() && ahead.next().is_some() {
        wrong = bad(format!("fact {} is missing", marks.anchor.last + facts + 1));
    }
    if wrong.is_none() && marks.folded > marks.head.last {
        wrong = bad("the tables hold more than the facts".to_owned());
    }
    Ok((facts, links.len() as u64, wrong))
}

/// The digest of every table the view shows.
pub fn digests(view: &mut dyn View, schema: &Schema) -> Result<Vec<TableDigest>, StoreError> {
    let mut digests = Vec::new();
    for layout in schema.layouts() {
        let (mut rows, mut sum, mut bytes) = (0, [0u64; 4], Vec::new());
        view.rows(layout, &mut |row| {
            bytes.clear();
            row.iter().for_each(|value| value.write(&mut bytes));
            for (word, part) in sum.iter_mut().zip(sha256(&bytes).chunks_exact(8)) {
                *word = word.wrapping_add(u64::from_le_bytes(part.try_into().expect("chunks of eight")));
            }
            rows += 1;
            Ok(())
        })?;
        let mut digest = [0; 32];
        digest
            .chunks_exact_mut(8)
            .zip(sum)
            .for_each(|(part, word)| part.copy_from_slice(&word.to_le_bytes()));
        digests.push(TableDigest { table: layout.name, rows, digest });
    }
    Ok(digests)
}

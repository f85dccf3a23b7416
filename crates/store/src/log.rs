//! The log: where a batch of facts becomes durable, in one write and one synchronisation of blocks that exist.
//!
//! A synchronisation of a file that grows costs twice as much as one of blocks that were written before. So the log
//! is a few files (*segments*, `NAME.log.1` and so on) that are filled with zeros first and used again once their
//! facts are *shelved*: moved, in large transactions, to where views find them. What is shelved is never read from
//! here again; a database that was closed has no log.
//!
//! A batch is one record, at a multiple of [`BLOCK`], so that no block holds parts of two batches and what was
//! acknowledged is never written again:
//!
//! | bytes | what |
//! | --- | --- |
//! | 8 | [`MAGIC`] |
//! | 8 | length of the facts, little endian |
//! | 32 | hash of the link before |
//! | 32 | hash of the link that covers the facts |
//! | length | the facts, as the chain covers them |
//!
//! Recovery goes by the chain alone. A record counts if its hash is right and it comes after the last fact that is
//! known. What else lies in a segment is older, or a batch that was never finished: only the last one can be that,
//! since a batch is written after the one before is durable. A later record behind a gap therefore shows damage.
//! (A last batch that is damaged afterwards cannot be told from one that was never finished.)

use crate::clock::lock;
use crate::error::DriverError;
use crate::fact::{Batch, Fact, Link, read_facts};
use crypto::hash::sha256_chain;
use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// What a file system writes at a time.
const BLOCK: usize = 4096;
const MAGIC: [u8; 8] = *b"facts\0\0\x01";
const HEADER: usize = 80;
/// A new segment has so many bytes, and grows by as many as it has, at most by [`STEP`].
const FIRST: u64 = 64 << 10;
const STEP: u64 = 1 << 20;
/// A segment of so many bytes grows no further: the next batch goes into another one.
const FULL: u64 = 16 << 20;

/// The log of one database. Clones are the same: one half appends, the other shelves.
#[derive(Clone)]
pub(crate) struct Log(Arc<Shared>);

struct Shared {
    base: PathBuf,
    state: Mutex<State>,
    /// Held by whoever writes into a segment.
    writing: Mutex<()>,
}

#[derive(Default)]
struct State {
    /// Segments with facts, oldest first; the last one is written to.
    written: VecDeque<Segment>,
    /// Segments whose facts are shelved.
    free: Vec<Segment>,
    made: u32,
}

#[derive(Clone)]
struct Segment {
    file: Arc<File>,
    path: PathBuf,
    /// Bytes that were written at least once.
    size: u64,
    /// The end of what is durable.
    end: u64,
    /// The end of what is shelved.
    shelved: u64,
}

/// Facts that are durable and not shelved, as far as one segment goes.
pub(crate) struct Unshelved {
    segment: Segment,
}

impl Log {
    /// The empty log of the database at this path.
    pub(crate) fn new(base: &Path) -> Log {
        Log(Arc::new(Shared { base: base.to_owned(), state: Mutex::default(), writing: Mutex::default() }))
    }

    /// Makes a batch durable. `buffer` is for the record.
    pub(crate) fn append(&self, batch: &Batch, link: Link, buffer: &mut Vec<u8>) -> io::Result<()> {
        write_record(batch, link, buffer);
        let length = buffer.len() as u64;
        let _writing = lock(&self.0.writing);
        let mut segment = self.take_segment(length)?;
        let (at, end) = (segment.end, segment.end + length);
        if end > segment.size {
            // The record alone decides whether the batch counts; the zeros need not be there.
            let size = end.max(segment.size + segment.size.clamp(FIRST, STEP));
            buffer.resize((size - at) as usize, 0);
            segment.size = size;
        }
        segment.file.write_all_at(buffer, at)?;
        segment.file.sync_data()?;
        let mut state = lock(&self.0.state);
        if let Some(last) = state.written.back_mut() {
            (last.size, last.end) = (segment.size, end);
        }
        Ok(())
    }

    /// The segment that the next record goes into, which is the last of those written.
    fn take_segment(&self, length: u64) -> io::Result<Segment> {
        let mut state = lock(&self.0.state);
        if let Some(last) = state.written.back_mut() {
            if last.shelved == last.end {
                (last.shelved, last.end) = (0, 0);
            }
            if last.end + length <= last.size.max(FULL) || last.end == 0 {
                return Ok(last.clone());
            }
        }
        let next = match state.free.pop() {
            Some(free) => free,
            None => {
                state.made += 1;
                Segment::create(segment_path(&self.0.base, state.made))?
            }
        };
        state.written.push_back(next.clone());
        Ok(next)
    }

    /// What is to be shelved, oldest first. Report it with [`Log::shelved`].
    pub(crate) fn unshelved(&self) -> Vec<Unshelved> {
        let state = lock(&self.0.state);
        let waits = state.written.iter().filter(|segment| segment.shelved < segment.end);
        waits.map(|segment| Unshelved { segment: segment.clone() }).collect()
    }

    /// These facts are durable elsewhere: their blocks may be used again.
    pub(crate) fn shelved(&self, pieces: &[Unshelved]) {
        let mut state = lock(&self.0.state);
        for Unshelved { segment: done } in pieces {
            let found = state.written.iter_mut().find(|segment| segment.path == done.path);
            if let Some(segment) = found {
                segment.shelved = done.end;
            }
        }
        while state.written.len() > 1 && state.written[0].shelved == state.written[0].end {
            let Some(free) = state.written.pop_front() else { break };
            state.free.push(Segment { end: 0, shelved: 0, ..free });
        }
    }

    /// Overwrites what is shelved with zeros; who appends waits.
    pub(crate) fn scrub(&self) -> io::Result<()> {
        let _writing = lock(&self.0.writing);
        let mut state = lock(&self.0.state);
        let State { written, free, .. } = &mut *state;
        let last = written.back_mut().filter(|last| last.shelved == last.end);
        for segment in free.iter().chain(last.as_deref()) {
            segment.file.write_all_at(&vec![0; segment.size as usize], 0)?;
            segment.file.sync_data()?;
        }
        if let Some(last) = last {
            (last.shelved, last.end) = (0, 0);
        }
        Ok(())
    }

    /// Removes the segments, if everything is shelved.
    pub(crate) fn remove(&self) -> io::Result<()> {
        let mut state = lock(&self.0.state);
        if state.written.iter().all(|segment| segment.shelved == segment.end) {
            let State { written, free, .. } = std::mem::take(&mut *state);
            written.iter().chain(&free).try_for_each(|segment| std::fs::remove_file(&segment.path))?;
        }
        Ok(())
    }
}

impl Segment {
    fn create(path: PathBuf) -> io::Result<Segment> {
        let file = create_private(&path)?;
        file.set_len(0)?;
        // The name must last as well as what is written under it.
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            File::open(folder)?.sync_all()?;
        }
        Ok(Segment { file: Arc::new(file), path, size: 0, end: 0, shelved: 0 })
    }
}

impl Unshelved {
    /// Shows every batch, as the chain covers it, with the link it ends in.
    pub(crate) fn each(&self, each: EachBatch<'_>) -> Result<(), DriverError> {
        let Segment { file, end, shelved, .. } = &self.segment;
        let mut bytes = vec![0; (end - shelved) as usize];
        file.read_exact_at(&mut bytes, *shelved).map_err(failed)?;
        let mut at = 0;
        while at < bytes.len() {
            let record = Record::read(&bytes[at..]);
            let record = record.ok_or_else(|| failed("what was written is not there any more"))?;
            each(record.facts, record.link)?;
            at += record.size();
        }
        Ok(())
    }
}

/// A visitor of batches.
pub(crate) type EachBatch<'a> = &'a mut dyn FnMut(&[u8], Link) -> Result<(), DriverError>;

/// What a crash left in the log of the database at this path.
pub(crate) struct Left {
    segments: Vec<(PathBuf, Vec<u8>)>,
}

impl Left {
    /// Reads the segments that are there. Nobody else may have the database open.
    pub(crate) fn read(base: &Path) -> Result<Left, DriverError> {
        let mut segments = Vec::new();
        for path in segment_paths(base).map_err(failed)? {
            let bytes = std::fs::read(&path).map_err(failed)?;
            segments.push((path, bytes));
        }
        Ok(Left { segments })
    }

    /// Whether there is no log, as after an orderly end.
    pub(crate) fn is_empty(&self) -> bool {
        self.segments.is_empty()
    }

    /// Shows every batch that comes after `head`, in order.
    pub(crate) fn each_after(&self, mut head: Link, each: EachBatch<'_>) -> Result<(), DriverError> {
        for record in self.records() {
            if record.link.last <= head.last {
                continue;
            }
            if record.first != head.last + 1 {
                return Err(failed(format!("fact {} is missing", head.last + 1)));
            }
            if record.before != head.hash {
                return Err(failed(format!("fact {} does not come after the one before", record.first)));
            }
            each(record.facts, record.link)?;
            head = record.link;
        }
        Ok(())
    }

    /// All whole records, new and old, in the order of their facts.
    fn records(&self) -> Vec<Record<'_>> {
        let mut records: Vec<Record<'_>> = Vec::new();
        for (_, bytes) in &self.segments {
            let mut at = 0;
            while at < bytes.len() {
                let record = Record::read(&bytes[at..]);
                at += record.as_ref().map_or(BLOCK, Record::size);
                records.extend(record);
            }
        }
        records.sort_by_key(|record| record.first);
        records
    }

    /// Removes the segments; what they held is durable elsewhere.
    pub(crate) fn remove(self) -> Result<(), DriverError> {
        self.segments.iter().try_for_each(|(path, _)| std::fs::remove_file(path)).map_err(failed)
    }
}

struct Record<'a> {
    first: u64,
    before: [u8; 32],
    link: Link,
    facts: &'a [u8],
}

impl<'a> Record<'a> {
    /// The record at the beginning of these bytes, if a whole one is there.
    fn read(bytes: &'a [u8]) -> Option<Record<'a>> {
        let (header, rest) = bytes.split_at_checked(HEADER)?;
        let header = header.strip_prefix(&MAGIC)?;
        let (length, hashes) = header.split_at_checked(8)?;
        let length = u64::from_le_bytes(length.try_into().ok()?);
        let (before, hash) = hashes.split_at_checked(32)?;
        let (before, hash) = (before.try_into().ok()?, hash.try_into().ok()?);
        let facts = rest.get(..usize::try_from(length).ok()?)?;
        if sha256_chain(&before, facts) != hash {
            return None;
        }
        let numbers = || read_facts(facts).map(|fact| fact.map(|Fact { sequence, .. }| sequence));
        let (first, last) = (numbers().next()??, numbers().last()??);
        Some(Record { first, before, link: Link { last, hash }, facts })
    }

    /// With what fills it up to whole blocks.
    fn size(&self) -> usize {
        (HEADER + self.facts.len()).next_multiple_of(BLOCK)
    }
}

fn write_record(batch: &Batch, link: Link, out: &mut Vec<u8>) {
    out.clear();
    out.extend_from_slice(&MAGIC);
    out.extend_from_slice(&(batch.bytes().len() as u64).to_le_bytes());
    out.extend_from_slice(&batch.before().hash);
    out.extend_from_slice(&link.hash);
    out.extend_from_slice(batch.bytes());
    out.resize(out.len().next_multiple_of(BLOCK), 0);
}

/// Whether there is a log of the database at this path.
pub(crate) fn exists(base: &Path) -> Result<bool, DriverError> {
    segment_paths(base).map(|paths| !paths.is_empty()).map_err(failed)
}

/// The last fact in the log of a database that somebody may have open; none if the log is empty.
pub fn last_fact(base: &Path) -> Result<Option<u64>, DriverError> {
    Ok(Left::read(base)?.records().last().map(|record| record.link.last))
}

/// A file that only its owner may read.
pub(crate) fn create_private(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.read(true).write(true).create(true).truncate(false);
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn segment_path(base: &Path, number: u32) -> PathBuf {
    base.with_extension(format!("log.{number}"))
}

fn segment_paths(base: &Path) -> io::Result<Vec<PathBuf>> {
    let folder = base.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let stem = segment_path(base, 0).file_name().map(|name| name.to_string_lossy().into_owned());
    let stem = stem.unwrap_or_default();
    let stem = stem.trim_end_matches('0');
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let number = name.to_str().and_then(|name| name.strip_prefix(stem));
        if number.is_some_and(|number| number.parse::<u32>().is_ok()) {
            paths.push(entry.path());
        }
    }
    Ok(paths)
}

fn failed(cause: impl ToString) -> DriverError {
    DriverError::new("reading the log", cause)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use values::Timestamp;

    type Written = (usize, Link);

    /// A log with what was written into it: the length of the facts, and the link that covers them.
    struct Desk {
        folder: tempfile::TempDir,
        log: Log,
        head: Link,
        written: Vec<Written>,
        shelved: Link,
    }

    impl Desk {
        fn new() -> Desk {
            let folder = tempfile::tempdir().unwrap();
            let log = Log::new(&folder.path().join("desk.sqlite"));
            Desk { folder, log, head: Link::START, written: Vec::new(), shelved: Link::START }
        }

        fn base(&self) -> PathBuf {
            self.folder.path().join("desk.sqlite")
        }

        fn append(&mut self, bodies: &[usize]) {
            let mut batch = Batch::after(self.head);
            for size in bodies {
                batch.push(Timestamp::from_millis(7), "desk", None, &vec![self.written.len() as u8; *size]);
            }
            self.head = batch.link();
            self.log.append(&batch, self.head, &mut Vec::new()).unwrap();
            self.written.push((batch.bytes().len(), self.head));
        }

        fn shelve(&mut self) {
            let mut seen = Vec::new();
            let pieces = self.log.unshelved();
            for piece in &pieces {
                piece
                    .each(&mut |facts, link| {
                        seen.push((facts.len(), link));
                        Ok(())
                    })
                    .unwrap();
            }
            assert_eq!(seen, self.after(self.shelved), "what was appended is shelved, in order");
            self.log.shelved(&pieces);
            self.shelved = self.head;
        }

        fn after(&self, head: Link) -> Vec<Written> {
            self.written.iter().filter(|(_, link)| link.last > head.last).cloned().collect()
        }

        fn left(&self) -> Left {
            Left::read(&self.base()).unwrap()
        }
    }

    fn recovered(left: &Left, head: Link) -> Result<Vec<Written>, DriverError> {
        let mut seen = Vec::new();
        left.each_after(head, &mut |facts, link| {
            seen.push((facts.len(), link));
            Ok(())
        })?;
        Ok(seen)
    }

    /// The only segment, with its bytes changed.
    fn with(left: &Left, change: impl FnOnce(&mut Vec<u8>)) -> Left {
        let (path, mut bytes) = left.segments[0].clone();
        change(&mut bytes);
        Left { segments: vec![(path, bytes)] }
    }

    #[test]
    fn a_batch_torn_at_any_byte_is_no_batch_and_harms_none_before() {
        let mut desk = Desk::new();
        desk.append(&[10, 20]);
        desk.append(&[30]);
        let stale = desk.left().segments[0].1.clone();
        desk.shelve();
        let shelved = desk.head;
        // Over the first of the two that are shelved, then beyond them.
        for bodies in [&[40, 6000][..], &[5000], &[50]] {
            desk.append(bodies);
            let left = desk.left();
            let length = HEADER + desk.written.last().unwrap().0;
            let start = lock(&desk.log.0.state).written[0].end as usize - length.next_multiple_of(BLOCK);
            let end = start + length;
            let (whole, kept) = (desk.after(shelved), desk.after(shelved).len() - 1);
            for cut in start..=end {
                let stale = |at: usize| stale.get(at).copied().unwrap_or(0);
                let torn = with(&left, |bytes| {
                    (cut..end.next_multiple_of(BLOCK)).for_each(|at| bytes[at] = stale(at));
                });
                let is_whole = torn.segments[0].1[..end] == left.segments[0].1[..end];
                let expected = if is_whole { &whole[..] } else { &whole[..kept] };
                assert_eq!(recovered(&torn, shelved).as_deref(), Ok(expected), "{start}, {cut}");
                let cut_off = with(&left, |bytes| bytes.truncate(cut));
                let expected = if cut == end { &whole[..] } else { &whole[..kept] };
                assert_eq!(recovered(&cut_off, shelved).as_deref(), Ok(expected), "{start}, {cut}");
            }
        }
    }

    #[test]
    fn a_byte_that_changed_is_noticed_wherever_something_follows() {
        let mut desk = Desk::new();
        desk.append(&[10, 20]);
        desk.append(&[30]);
        desk.append(&[40]);
        let left = desk.left();
        for (nth, (length, _)) in desk.written.iter().enumerate() {
            for at in 0..HEADER + length {
                let flipped = with(&left, |bytes| bytes[nth * BLOCK + at] ^= 0x10);
                let found = recovered(&flipped, Link::START);
                match nth {
                    0 => assert_eq!(found.unwrap_err().cause, "fact 1 is missing", "{at}"),
                    1 => assert_eq!(found.unwrap_err().cause, "fact 3 is missing", "{at}"),
                    _ => assert_eq!(found.unwrap(), desk.written[..2], "{at}"),
                }
            }
        }
        // Facts that follow on others than the database has.
        let other = Link { last: 2, hash: [9; 32] };
        let found = recovered(&left, other).unwrap_err();
        assert_eq!(found.cause, "fact 3 does not come after the one before");
    }

    #[test]
    fn segments_follow_one_another_and_are_used_again() {
        let mut desk = Desk::new();
        let large = FULL as usize / 2 - BLOCK;
        for _ in 0..5 {
            desk.append(&[large]);
        }
        assert_eq!(desk.left().segments.len(), 3);
        assert_eq!(recovered(&desk.left(), Link::START).as_ref(), Ok(&desk.written));
        let mut without = desk.left();
        without.segments.retain(|(path, _)| !path.ends_with("desk.log.2"));
        assert_eq!(recovered(&without, Link::START).unwrap_err().cause, "fact 3 is missing");
        desk.shelve();
        for _ in 0..5 {
            desk.append(&[large]);
        }
        assert_eq!(desk.left().segments.len(), 3, "their blocks are there already");
        assert_eq!(recovered(&desk.left(), desk.shelved), Ok(desk.after(desk.shelved)));
        assert_eq!(last_fact(&desk.base()), Ok(Some(10)));
        // One that is larger than any segment.
        desk.append(&[FULL as usize + 1]);
        assert_eq!(recovered(&desk.left(), desk.shelved), Ok(desk.after(desk.shelved)));
        desk.log.remove().unwrap();
        assert!(!desk.left().is_empty(), "what is not shelved stays");
        desk.shelve();
        desk.log.scrub().unwrap();
        assert!(desk.left().segments.iter().all(|(_, bytes)| bytes.iter().all(|byte| *byte == 0)));
        desk.log.remove().unwrap();
        assert!(desk.left().is_empty());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]
        #[test]
        fn what_is_not_shelved_is_there_after_a_crash(steps in proptest::collection::vec((0..4u8, 0..40_000usize), 1..40)) {
            let mut desk = Desk::new();
            for (step, size) in steps {
                match step {
                    0 => desk.shelve(),
                    1 => desk.append(&[size, 3]),
                    _ => desk.append(&[size % 300]),
                }
                let left = desk.left();
                prop_assert_eq!(recovered(&left, desk.shelved), Ok(desk.after(desk.shelved)));
            }
        }
    }
}

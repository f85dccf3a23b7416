//! Changes that wait to be folded, in pieces: a list that grew in one piece would be copied again and again, and each
//! time into memory that the system must give first.

use std::sync::Arc;
use values::Record;

/// So many changes are a piece.
const PIECE: usize = 4096;

/// What became of a record, and by which fact.
pub(crate) struct Changed<R: Record> {
    pub(crate) sequence: u64,
    pub(crate) key: R::Key,
    pub(crate) record: Option<Arc<R>>,
}

/// Changes in the order of their facts.
pub(crate) struct Waiting<R: Record> {
    // None is empty.
    pieces: Vec<Vec<Changed<R>>>,
    count: usize,
}

impl<R: Record> Default for Waiting<R> {
    fn default() -> Self {
        Waiting { pieces: Vec::new(), count: 0 }
    }
}

impl<R: Record> Waiting<R> {
    pub(crate) fn len(&self) -> usize {
        self.count
    }

    pub(crate) fn push(&mut self, change: Changed<R>) {
        self.count += 1;
        match self.pieces.last_mut() {
            Some(last) if last.len() < PIECE => last.push(change),
            Some(_) => {
                let mut piece = Vec::with_capacity(PIECE);
                piece.push(change);
                self.pieces.push(piece);
            }
            None => self.pieces.push(vec![change]),
        }
    }

    /// Those by facts after this one.
    pub(crate) fn after(&self, sequence: u64) -> impl Iterator<Item = &Changed<R>> {
        let first = self.pieces.partition_point(|piece| is_through(piece, sequence));
        self.pieces[first..].iter().flatten().skip_while(move |change| change.sequence <= sequence)
    }

    /// Takes those by facts up to this one.
    pub(crate) fn take(&mut self, through: u64) -> Waiting<R> {
        let whole = self.pieces.partition_point(|piece| is_through(piece, through));
        let mut later = self.pieces.split_off(whole);
        if let Some(piece) = later.first_mut() {
            let rest = piece.split_off(piece.partition_point(|change| change.sequence <= through));
            let before = std::mem::replace(piece, rest);
            if !before.is_empty() {
                self.pieces.push(before);
            }
        }
        let pieces = std::mem::replace(&mut self.pieces, later);
        let taken = Waiting { count: pieces.iter().map(Vec::len).sum(), pieces };
        self.count -= taken.count;
        taken
    }

    /// Ordered by key; of one key, in the order of their facts.
    pub(crate) fn by_key(&self) -> Vec<&Changed<R>> {
        let mut changes: Vec<&Changed<R>> = Vec::with_capacity(self.count);
        changes.extend(self.pieces.iter().flatten());
        changes.sort_by(|one, other| one.key.cmp(&other.key));
        changes
    }
}

fn is_through<R: Record>(piece: &[Changed<R>], sequence: u64) -> bool {
    piece.last().is_none_or(|last| last.sequence <= sequence)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Message;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(60))]
        #[test]
        fn pieces_are_one_list(steps in proptest::collection::vec((0..3000u64, 0..9000u64), 1..12)) {
            let (mut waiting, mut plain, mut sequence) = (Waiting::<Message>::default(), Vec::new(), 0);
            for (pushed, back) in steps {
                for number in 0..pushed {
                    sequence += number % 2;
                    let key = (String::new(), (number % 5).to_string());
                    plain.push((sequence, key.clone()));
                    waiting.push(Changed { sequence, key, record: None });
                }
                let through = sequence.saturating_sub(back);
                let after: Vec<u64> = waiting.after(through).map(|change| change.sequence).collect();
                let rest = plain.split_off(plain.partition_point(|(at, _)| *at <= through));
                prop_assert_eq!(after, rest.iter().map(|(at, _)| *at).collect::<Vec<_>>());
                let taken = waiting.take(through);
                plain.sort_by(|one, other| one.1.cmp(&other.1));
                let said = taken.by_key().into_iter().map(|change| (change.sequence, change.key.clone()));
                prop_assert_eq!(said.collect::<Vec<_>>(), plain);
                prop_assert_eq!((taken.len() + waiting.len(), waiting.len()), (taken.by_key().len() + rest.len(), rest.len()));
                plain = rest;
            }
        }
    }
}

//! Application file locator, tag `94`: which records a terminal reads (EMV 4.4 Book 3, 10.2).

/// Bytes that are not a locator. It names the entry, counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("file locator entry {entry} is broken")]
pub struct BrokenLocator {
    /// Which entry.
    pub entry: usize,
}

/// One entry: a run of records of one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Short file identifier, 1 to 30.
    pub sfi: u8,
    /// First record, from 1.
    pub first: u8,
    /// Last record, not before the first.
    pub last: u8,
    /// How many records, from the first, take part in offline data authentication.
    pub authenticated: u8,
}

/// A record to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordPlace {
    /// Short file identifier, 1 to 30.
    pub sfi: u8,
    /// Record number, from 1.
    pub record: u8,
    /// Whether its content is signed by the issuer.
    pub authenticated: bool,
}

/// A checked locator: entries in the order of reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Locator<'a>(&'a [u8]);

impl<'a> Locator<'a> {
    /// Reads the value of tag `94`, at most 252 bytes.
    pub fn parse(value: &'a [u8]) -> Result<Locator<'a>, BrokenLocator> {
        let (entries, rest) = value.as_chunks::<4>();
        if !rest.is_empty() || value.len() > 252 {
            return Err(BrokenLocator { entry: entries.len() });
        }
        for (place, bytes) in entries.iter().enumerate() {
            let entry = Entry::read(*bytes);
            let run = 1 + i16::from(entry.last) - i16::from(entry.first);
            // EMV 4.4 Book 3, 10.2: these are the errors that end the transaction.
            let broken = bytes[0] & 7 != 0
                || !(1..=30).contains(&entry.sfi)
                || entry.first == 0
                || run < 1
                || i16::from(entry.authenticated) > run;
            if broken {
                return Err(BrokenLocator { entry: place });
            }
        }
        Ok(Locator(value))
    }

    /// The entries in order.
    pub fn entries(self) -> impl Iterator<Item = Entry> + 'a {
        self.0.as_chunks::<4>().0.iter().map(|bytes| Entry::read(*bytes))
    }

    /// Every record to read, in order. At most 63 entries of 255 records: the reader bounds the sum.
    pub fn records(self) -> impl Iterator<Item = RecordPlace> + 'a {
        self.entries().flat_map(|entry| {
            (entry.first..=entry.last).map(move |record| RecordPlace {
                sfi: entry.sfi,
                record,
                authenticated: record - entry.first < entry.authenticated,
            })
        })
    }
}

impl Entry {
    fn read([file, first, last, authenticated]: [u8; 4]) -> Entry {
        Entry { sfi: file >> 3, first, last, authenticated }
    }

    /// The four bytes of the wire.
    pub fn to_bytes(self) -> [u8; 4] {
        [self.sfi << 3, self.first, self.last, self.authenticated]
    }
}

/// The value of tag `94` for these entries.
pub fn write(entries: &[Entry]) -> Vec<u8> {
    entries.iter().flat_map(|entry| entry.to_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn records_come_in_the_order_of_the_locator() {
        let bytes = hex::decode("080101001001020118010200").unwrap();
        let locator = Locator::parse(&bytes).unwrap();
        let seen: Vec<_> = locator.records().map(|r| (r.sfi, r.record, r.authenticated)).collect();
        assert_eq!(seen, [(1, 1, false), (2, 1, true), (2, 2, false), (3, 1, false), (3, 2, false)]);
        assert_eq!(write(&locator.entries().collect::<Vec<_>>()), bytes);
    }

    #[test]
    fn broken_entries_are_refused() {
        for (text, entry) in [
            ("080101", 0),
            ("09010100", 0),
            ("00010100", 0),
            ("F8010100", 0),
            ("08000100", 0),
            ("08020100", 0),
            ("0801010008010102", 1),
        ] {
            assert_eq!(Locator::parse(&hex::decode(text).unwrap()), Err(BrokenLocator { entry }), "{text}");
        }
        assert!(Locator::parse(&[0x08, 1, 1, 0].repeat(64)).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_give_an_answer(bytes in proptest::collection::vec(any::<u8>(), 0..260)) {
            if let Ok(locator) = Locator::parse(&bytes) {
                prop_assert!(locator.records().count() <= 63 * 255);
            }
        }
    }
}

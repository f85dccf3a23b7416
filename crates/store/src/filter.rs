//! A filter that says which keys cannot be among those added: a Bloom filter that grows in layers.
//!
//! It costs some ten bits a key and is wrong, with "perhaps", once in some forty times.

use crate::hasher::Seed;
use std::hash::{BuildHasher, Hash};

/// Bits of the first layer; each further one has four times as many, up to [`MOST`].
const FIRST: u64 = 1 << 17;
const MOST: u64 = 1 << 26;
/// Bits per key when a layer is full.
const PER_KEY: u64 = 10;

/// Keys that were added are always found; others hardly ever.
#[derive(Default)]
pub(crate) struct Filter {
    seed: Seed,
    layers: Vec<Layer>,
}

struct Layer {
    bits: Vec<u64>,
    keys: u64,
}

impl Layer {
    fn size(&self) -> u64 {
        self.bits.len() as u64 * 64
    }

    fn places(&self, hash: u64) -> [u64; 4] {
        let (low, high) = (hash & 0xFFFF_FFFF, hash >> 32 | 1);
        // Sizes are powers of two.
        [0, 1, 2, 3].map(|n| (low + n * high) & (self.size() - 1))
    }

    fn has(&self, hash: u64) -> bool {
        self.places(hash).iter().all(|place| self.bits[(place / 64) as usize] & 1 << (place % 64) != 0)
    }

    fn set(&mut self, hash: u64) {
        for place in self.places(hash) {
            self.bits[(place / 64) as usize] |= 1 << (place % 64);
        }
        self.keys += 1;
    }
}

impl Filter {
    /// Adds a key.
    pub(crate) fn add<K: Hash + ?Sized>(&mut self, key: &K) {
        let hash = self.seed.hash_one(key);
        if self.layers.iter().any(|layer| layer.has(hash)) {
            return;
        }
        let size = self.layers.last().map_or(0, Layer::size);
        if self.layers.last().is_none_or(|layer| layer.keys * PER_KEY >= layer.size()) {
            let bits = if size == 0 { FIRST } else { (size * 4).min(MOST) };
            self.layers.push(Layer { bits: vec![0; (bits / 64) as usize], keys: 0 });
        }
        if let Some(layer) = self.layers.last_mut() {
            layer.set(hash);
        }
    }

    /// Whether the key may have been added; no means no.
    pub(crate) fn may_contain<K: Hash + ?Sized>(&self, key: &K) -> bool {
        if self.layers.is_empty() {
            return false;
        }
        let hash = self.seed.hash_one(key);
        self.layers.iter().any(|layer| layer.has(hash))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_added_is_found_and_little_else() {
        let mut filter = Filter::default();
        assert!(!filter.may_contain(&1u64));
        for key in 0u64..100_000 {
            filter.add(&key);
        }
        assert!((0u64..100_000).all(|key| filter.may_contain(&key)));
        let wrong = (100_000u64..200_000).filter(|key| filter.may_contain(key)).count();
        assert!(wrong < 5_000, "{wrong} of 100000");
        assert!(filter.layers.len() > 1);
    }
}

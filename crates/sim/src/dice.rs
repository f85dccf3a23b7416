//! Numbers that look random and follow from a seed (xorshift, Marsaglia 2003).

/// A source of them.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// What follows from a seed; near seeds give far numbers.
    pub fn new(seed: u64) -> Dice {
        let mut mixed = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
        // SplitMix64, Steele and others 2014.
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        Dice((mixed ^ (mixed >> 31)) | 1)
    }

    /// A number from 0 up to this one, without it; `most` is above zero.
    pub fn below(&mut self, most: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % most
    }

    /// Whether something happens that happens so often in a thousand times.
    pub fn happens(&mut self, per_mille: u64) -> bool {
        self.below(1000) < per_mille
    }

    /// 32 bytes.
    pub fn bytes(&mut self) -> [u8; 32] {
        let mut bytes = [0; 32];
        bytes.iter_mut().for_each(|byte| *byte = self.below(256) as u8);
        bytes
    }
}

//! DES itself (FIPS 46-3): key schedule and rounds over several blocks at once.
//!
//! Why not the library: every authorisation under triple DES costs about forty single DES operations, and the
//! library's take 0.28 us each, a tenth of a whole payment. Here S-boxes and permutation are one table, as in
//! every fast software DES since the eighties, and two blocks under one key go through the rounds side by side. The
//! library remains the oracle of the tests, and the cipher of everything that is not on that path.

use zeroize::{Zeroize, ZeroizeOnDrop};

/// The sixteen round keys of one DES key. Each is two words: six bits at the top of each byte, for the boxes
/// 1, 3, 5, 7 and for 2, 4, 6, 8.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub(crate) struct Schedule([[u32; 2]; 16]);

/// One pass of DES: which schedule, and which way.
#[derive(Clone, Copy)]
pub(crate) enum Pass<'a> {
    Encrypt(&'a Schedule),
    Decrypt(&'a Schedule),
}

impl Schedule {
    /// Expands a key; its parity bits are ignored.
    pub(crate) fn new(key: &[u8; 8]) -> Schedule {
        // Permuted choice 1 reads the key's columns from the last row up, so it is a transposition.
        let columns = transposed(u64::from_be_bytes(*key).swap_bytes()).to_be_bytes().map(u32::from);
        let [a, b, c, middle, e, f, g, _] = columns;
        let mut left = a << 20 | b << 12 | c << 4 | middle >> 4;
        let mut right = g << 20 | f << 12 | e << 4 | middle & 15;
        let mut keys = [[0; 2]; 16];
        for (round, key) in keys.iter_mut().enumerate() {
            let shift = if matches!(round, 0 | 1 | 8 | 15) { 1 } else { 2 };
            left = (left << shift | left >> (28 - shift)) & 0x0FFF_FFFF;
            right = (right << shift | right >> (28 - shift)) & 0x0FFF_FFFF;
            let piece = |at: usize, half: u32, from: u32| CHOICE[at][(half >> from & 127) as usize];
            let chosen = piece(0, left, 21) | piece(1, left, 14) | piece(2, left, 7) | piece(3, left, 0);
            let chosen = chosen | piece(4, right, 21) | piece(5, right, 14) | piece(6, right, 7);
            let chosen = chosen | piece(7, right, 0);
            *key = [(chosen >> 32) as u32, chosen as u32];
        }
        Schedule(keys)
    }
}

/// Sends blocks through the passes, each block by itself.
#[inline(always)]
pub(crate) fn cipher<const N: usize>(blocks: [[u8; 8]; N], passes: &[Pass<'_>]) -> [[u8; 8]; N] {
    let mut halves = blocks.map(|block| initial(u64::from_be_bytes(block)));
    for pass in passes {
        match pass {
            Pass::Encrypt(schedule) => schedule.0.iter().for_each(|key| round(&mut halves, key)),
            Pass::Decrypt(schedule) => schedule.0.iter().rev().for_each(|key| round(&mut halves, key)),
        }
        // The last round does not swap; the permutations between two passes cancel.
        halves = halves.map(|[left, right]| [right, left]);
    }
    halves.map(|[left, right]| final_permutation(left, right).to_be_bytes())
}

#[inline(always)]
fn round<const N: usize>(halves: &mut [[u32; 2]; N], key: &[u32; 2]) {
    for half in halves {
        let [left, right] = *half;
        // The expansion gives each box six neighbouring bits, one of them shared with either side: turned by one or
        // by five bits, every second group of six begins a byte.
        let odd = right.rotate_right(1) ^ key[0];
        let even = right.rotate_left(3) ^ key[1];
        let mut mixed = 0;
        for (at, byte) in odd.to_be_bytes().into_iter().enumerate() {
            mixed ^= BOXES[2 * at][usize::from(byte >> 2)];
        }
        for (at, byte) in even.to_be_bytes().into_iter().enumerate() {
            mixed ^= BOXES[2 * at + 1][usize::from(byte >> 2)];
        }
        *half = [right, left ^ mixed];
    }
}

/// A square of 8 x 8 bits on its side: row by row, most significant bit first.
fn transposed(mut square: u64) -> u64 {
    for (mask, distance) in
        [(0x00AA_00AA_00AA_00AA, 7), (0x0000_CCCC_0000_CCCC, 14), (0x0000_0000_F0F0_F0F0, 28)]
    {
        square = exchange(square, mask, distance);
    }
    square
}

/// Swaps the bits under the mask with those `distance` above them.
fn exchange(bits: u64, mask: u64, distance: u32) -> u64 {
    let differ = (bits ^ (bits >> distance)) & mask;
    bits ^ differ ^ (differ << distance)
}

/// The initial permutation reads the columns too, even ones into the left half and odd ones into the right.
fn initial(block: u64) -> [u32; 2] {
    let [a, b, c, d, e, f, g, h] = transposed(block.swap_bytes()).to_be_bytes();
    [u32::from_be_bytes([b, d, f, h]), u32::from_be_bytes([a, c, e, g])]
}

fn final_permutation(left: u32, right: u32) -> u64 {
    let ([b, d, f, h], [a, c, e, g]) = (left.to_be_bytes(), right.to_be_bytes());
    transposed(u64::from_be_bytes([a, b, c, d, e, f, g, h])).swap_bytes()
}

/// Permuted choice 2 for every piece of seven bits: four of the left half, four of the right.
static CHOICE: [[u64; 128]; 8] = choice();
/// Each S-box with the permutation P applied to what it gives.
static BOXES: [[u32; 64]; 8] = boxes();

const fn choice() -> [[u64; 128]; 8] {
    let mut table = [[0; 128]; 8];
    let mut out = 0;
    while out < 48 {
        // Where bit `out` of a round key stands in its two words.
        let (group, bit) = (out / 6, out % 6);
        let word = if group % 2 == 0 { 32 } else { 0 };
        let place = word + 31 - (group / 2 * 8 + bit);
        let from = CHOICE_2[out] as usize - 1;
        let (piece, within) = (from / 7, 6 - from % 7);
        let mut value = 0;
        while value < 128 {
            if value >> within & 1 == 1 {
                table[piece][value] |= 1 << place;
            }
            value += 1;
        }
        out += 1;
    }
    table
}

const fn boxes() -> [[u32; 64]; 8] {
    let mut table = [[0; 64]; 8];
    let mut at = 0;
    while at < 8 {
        let mut input = 0;
        while input < 64 {
            let row = (input >> 4 & 2) | (input & 1);
            let given = S[at][row * 16 + (input >> 1 & 15)];
            let mut out = 0;
            while out < 32 {
                let from = P[out] as usize - 1;
                if from / 4 == at && given >> (3 - from % 4) & 1 == 1 {
                    table[at][input] |= 1 << (31 - out);
                }
                out += 1;
            }
            input += 1;
        }
        at += 1;
    }
    table
}

/// FIPS 46-3, permuted choice 2: bits of the two halves together, counted from 1.
const CHOICE_2: [u8; 48] = [
    14, 17, 11, 24, 1, 5, 3, 28, 15, 6, 21, 10, 23, 19, 12, 4, 26, 8, 16, 7, 27, 20, 13, 2, 41, 52, 31, 37,
    47, 55, 30, 40, 51, 45, 33, 48, 44, 49, 39, 56, 34, 53, 46, 42, 50, 36, 29, 32,
];

/// FIPS 46-3, permutation P.
const P: [u8; 32] = [
    16, 7, 20, 21, 29, 12, 28, 17, 1, 15, 23, 26, 5, 18, 31, 10, 2, 8, 24, 14, 32, 27, 3, 9, 19, 13, 30, 6,
    22, 11, 4, 25,
];

/// FIPS 46-3, appendix 1: the S-boxes, four rows of sixteen each.
#[rustfmt::skip]
const S: [[u8; 64]; 8] = [
    [
        14, 4, 13, 1, 2, 15, 11, 8, 3, 10, 6, 12, 5, 9, 0, 7,
        0, 15, 7, 4, 14, 2, 13, 1, 10, 6, 12, 11, 9, 5, 3, 8,
        4, 1, 14, 8, 13, 6, 2, 11, 15, 12, 9, 7, 3, 10, 5, 0,
        15, 12, 8, 2, 4, 9, 1, 7, 5, 11, 3, 14, 10, 0, 6, 13,
    ],
    [
        15, 1, 8, 14, 6, 11, 3, 4, 9, 7, 2, 13, 12, 0, 5, 10,
        3, 13, 4, 7, 15, 2, 8, 14, 12, 0, 1, 10, 6, 9, 11, 5,
        0, 14, 7, 11, 10, 4, 13, 1, 5, 8, 12, 6, 9, 3, 2, 15,
        13, 8, 10, 1, 3, 15, 4, 2, 11, 6, 7, 12, 0, 5, 14, 9,
    ],
    [
        10, 0, 9, 14, 6, 3, 15, 5, 1, 13, 12, 7, 11, 4, 2, 8,
        13, 7, 0, 9, 3, 4, 6, 10, 2, 8, 5, 14, 12, 11, 15, 1,
        13, 6, 4, 9, 8, 15, 3, 0, 11, 1, 2, 12, 5, 10, 14, 7,
        1, 10, 13, 0, 6, 9, 8, 7, 4, 15, 14, 3, 11, 5, 2, 12,
    ],
    [
        7, 13, 14, 3, 0, 6, 9, 10, 1, 2, 8, 5, 11, 12, 4, 15,
        13, 8, 11, 5, 6, 15, 0, 3, 4, 7, 2, 12, 1, 10, 14, 9,
        10, 6, 9, 0, 12, 11, 7, 13, 15, 1, 3, 14, 5, 2, 8, 4,
        3, 15, 0, 6, 10, 1, 13, 8, 9, 4, 5, 11, 12, 7, 2, 14,
    ],
    [
        2, 12, 4, 1, 7, 10, 11, 6, 8, 5, 3, 15, 13, 0, 14, 9,
        14, 11, 2, 12, 4, 7, 13, 1, 5, 0, 15, 10, 3, 9, 8, 6,
        4, 2, 1, 11, 10, 13, 7, 8, 15, 9, 12, 5, 6, 3, 0, 14,
        11, 8, 12, 7, 1, 14, 2, 13, 6, 15, 0, 9, 10, 4, 5, 3,
    ],
    [
        12, 1, 10, 15, 9, 2, 6, 8, 0, 13, 3, 4, 14, 7, 5, 11,
        10, 15, 4, 2, 7, 12, 9, 5, 6, 1, 13, 14, 0, 11, 3, 8,
        9, 14, 15, 5, 2, 8, 12, 3, 7, 0, 4, 10, 1, 13, 11, 6,
        4, 3, 2, 12, 9, 5, 15, 10, 11, 14, 1, 7, 6, 0, 8, 13,
    ],
    [
        4, 11, 2, 14, 15, 0, 8, 13, 3, 12, 9, 7, 5, 10, 6, 1,
        13, 0, 11, 7, 4, 9, 1, 10, 14, 3, 5, 12, 2, 15, 8, 6,
        1, 4, 11, 13, 12, 3, 7, 14, 10, 15, 6, 8, 0, 5, 9, 2,
        6, 11, 13, 8, 1, 4, 10, 7, 9, 5, 0, 15, 14, 2, 3, 12,
    ],
    [
        13, 2, 8, 4, 6, 15, 11, 1, 10, 9, 3, 14, 5, 0, 12, 7,
        1, 15, 13, 8, 10, 3, 7, 4, 12, 5, 6, 11, 0, 14, 9, 2,
        7, 11, 4, 1, 9, 12, 14, 2, 0, 6, 10, 13, 15, 3, 5, 8,
        2, 1, 14, 7, 4, 10, 8, 13, 15, 12, 9, 0, 3, 5, 6, 11,
    ],
];

#[cfg(test)]
mod tests {
    use super::*;
    use cipher::{BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
    use proptest::prelude::*;

    // FIPS 46-3 by way of NBS 500-20: a worked example known from every textbook.
    #[test]
    fn published_example() {
        let key = Schedule::new(&0x1334_5779_9BBC_DFF1_u64.to_be_bytes());
        let plain = 0x0123_4567_89AB_CDEF_u64.to_be_bytes();
        let [secret] = super::cipher([plain], &[Pass::Encrypt(&key)]);
        assert_eq!(secret, 0x85E8_1354_0F0A_B405_u64.to_be_bytes());
        assert_eq!(super::cipher([secret], &[Pass::Decrypt(&key)]), [plain]);
    }

    proptest! {
        #[test]
        fn agrees_with_the_library(one: [u8; 8], other: [u8; 8], blocks: [[u8; 8]; 2]) {
            let (left, right) = (Schedule::new(&one), Schedule::new(&other));
            let oracles = (des::Des::new((&one).into()), des::Des::new((&other).into()));
            let mut single = blocks;
            let mut triple = blocks;
            for at in 0..2 {
                oracles.0.encrypt_block((&mut single[at]).into());
                oracles.0.encrypt_block((&mut triple[at]).into());
                oracles.1.decrypt_block((&mut triple[at]).into());
                oracles.0.encrypt_block((&mut triple[at]).into());
            }
            prop_assert_eq!(super::cipher(blocks, &[Pass::Encrypt(&left)]), single);
            let there = [Pass::Encrypt(&left), Pass::Decrypt(&right), Pass::Encrypt(&left)];
            prop_assert_eq!(super::cipher(blocks, &there), triple);
            let back = [Pass::Decrypt(&left), Pass::Encrypt(&right), Pass::Decrypt(&left)];
            prop_assert_eq!(super::cipher(triple, &back), blocks);
            prop_assert_eq!(super::cipher([blocks[0]], &there), [triple[0]]);
        }
    }
}

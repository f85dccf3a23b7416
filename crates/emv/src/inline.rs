//! Byte strings of bounded length that live on the stack, so that the hot path allocates nothing.

use std::fmt;
use std::ops::Deref;

/// Up to `N` bytes (`N` at most 255), held in place. Reads as a slice.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Inline<const N: usize> {
    length: u8,
    bytes: [u8; N],
}

impl<const N: usize> Inline<N> {
    /// No bytes at all.
    pub const EMPTY: Self = {
        assert!(N <= 255, "the length is kept in one byte");
        Inline { length: 0, bytes: [0; N] }
    };

    /// Takes a copy; `None` if it is longer than `N`.
    pub fn copy_of(bytes: &[u8]) -> Option<Self> {
        let mut inline = Self::EMPTY;
        inline.extend(bytes).then_some(inline)
    }

    /// Appends, or leaves everything as it was and answers `false` if there is no room.
    #[must_use]
    pub fn extend(&mut self, more: &[u8]) -> bool {
        let start = usize::from(self.length);
        let Some(room) = self.bytes.get_mut(start..start + more.len()) else {
            return false;
        };
        room.copy_from_slice(more);
        self.length = (start + more.len()) as u8;
        true
    }

    /// The bytes.
    pub fn as_slice(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }
}

impl<const N: usize> Default for Inline<N> {
    fn default() -> Self {
        Self::EMPTY
    }
}

impl<const N: usize> Deref for Inline<N> {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        self.as_slice()
    }
}

impl<const N: usize> AsRef<[u8]> for Inline<N> {
    fn as_ref(&self) -> &[u8] {
        self.as_slice()
    }
}

impl<const N: usize> fmt::Debug for Inline<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode_upper(self.as_slice()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_holds_what_fits_and_refuses_the_rest() {
        let mut four = Inline::<4>::copy_of(&[1, 2]).unwrap();
        assert!(four.extend(&[3, 4]) && !four.extend(&[5]));
        assert_eq!((four.as_slice(), format!("{four:?}")), (&[1, 2, 3, 4][..], "01020304".to_owned()));
        assert_eq!(Inline::<1>::copy_of(&[1, 2]), None);
    }
}

//! What must never be printed: wiped on drop, masked in `Debug`, compared in constant time.

use std::fmt;
use subtle::ConstantTimeEq;
use zeroize::Zeroize;

/// Compares two byte strings in time that depends on their lengths alone.
pub fn constant_time_eq(left: &[u8], right: &[u8]) -> bool {
    left.ct_eq(right).into()
}

/// A secret of fixed size, such as a key. It has no `==`; use [`constant_time_eq`] on what it exposes.
#[derive(Clone)]
pub struct Secret<const N: usize>([u8; N]);

impl<const N: usize> Secret<N> {
    /// Takes the bytes over; the caller wipes its own copy.
    pub const fn new(bytes: [u8; N]) -> Self {
        Secret(bytes)
    }

    /// The bytes, for a cipher. The name is long so that its uses are seen.
    pub fn expose(&self) -> &[u8; N] {
        &self.0
    }
}

impl<const N: usize> Drop for Secret<N> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl<const N: usize> fmt::Debug for Secret<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret<{N}>(****)")
    }
}

/// A secret of any length, such as a one-time password or an opened message.
#[derive(Clone, Default)]
pub struct SecretBytes(Vec<u8>);

impl SecretBytes {
    /// Takes the bytes over.
    pub fn new(bytes: Vec<u8>) -> Self {
        SecretBytes(bytes)
    }

    /// The bytes. The name is long so that its uses are seen.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for SecretBytes {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for SecretBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretBytes(****)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_shows() {
        assert_eq!(format!("{:?}", Secret::new([7u8; 16])), "Secret<16>(****)");
        assert_eq!(format!("{:?}", SecretBytes::new(b"123456".to_vec())), "SecretBytes(****)");
        assert!(constant_time_eq(b"same", b"same") && !constant_time_eq(b"same", b"sam"));
    }
}

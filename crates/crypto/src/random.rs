//! Random bytes of the operating system. For the shell alone: the rooms below take randomness as a parameter.

use aws_lc_rs::rand;

/// `N` fresh random bytes.
pub fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    fill(&mut bytes);
    bytes
}

/// Fills the slice with fresh random bytes; also what [`crate::rsa::RsaPrivate::generate`] asks for.
pub fn fill(bytes: &mut [u8]) {
    rand::fill(bytes).expect("the random source of the operating system does not fail once it is seeded");
}

#[cfg(test)]
mod tests {
    #[test]
    fn two_draws_differ() {
        assert_ne!(super::bytes::<16>(), super::bytes::<16>());
    }
}

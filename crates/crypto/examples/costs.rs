//! What one operation of the hot path costs, in nanoseconds: `cargo run --release -p crypto --example costs`.

#![expect(clippy::print_stdout, reason = "a measurement is printed")]

use crypto::emv_keys::{Algorithm, MasterKey, session_key};
use crypto::mac::{LinkKey, application_cryptogram};
use crypto::vault::{self, KeyEncryptionKey};
use crypto::{hash, jwe, p256, rsa};
use std::hint::black_box;
use std::time::Instant;
use values::Secret;

fn main() {
    let key = Secret::new([0x2B; 16]);
    for algorithm in [Algorithm::TripleDes, Algorithm::Sm4, Algorithm::Aes] {
        let master = MasterKey::new(algorithm, &key);
        let card_key = master.derive_card_key(b"6280371212742269", 1);
        let data = [0x5C; 33];
        measure(&format!("{algorithm:?}: card key"), 20_000, || {
            master.derive_card_key(black_box(b"6280371212742269"), 1)
        });
        measure(&format!("{algorithm:?}: session key and cryptogram"), 20_000, || {
            let session = session_key(algorithm, black_box(&card_key), 7);
            application_cryptogram(algorithm, &session, black_box(&data))
        });
    }
    for (name, link) in [("retail", LinkKey::retail(&key)), ("AES-CMAC", LinkKey::aes_cmac(&key))] {
        measure(&format!("link MAC of 400 bytes, {name}"), 20_000, || link.mac(black_box(&[7; 400])));
    }
    let kek = KeyEncryptionKey::new(1, &Secret::new([1; 32]));
    let entropy = Secret::new([9; 44]);
    let envelope = vault::seal(&kek, b"6280371212742269", b"card 1", &entropy).expect("a short record");
    measure("envelope: seal", 20_000, || vault::seal(&kek, b"6280371212742269", b"card 1", &entropy));
    measure("envelope: open", 20_000, || vault::open(&kek, black_box(&envelope), b"card 1"));
    let lookup = hash::HmacKey::new(&[3; 32]);
    measure("lookup hash", 20_000, || hash::lookup_hash(&lookup, black_box(b"6280371212742269")));
    let signing = p256::SigningKey::generate();
    let (public, signature) = (signing.public(), signing.sign(b"message"));
    measure("P-256: sign", 500, || signing.sign(black_box(b"message")));
    measure("P-256: verify", 500, || public.verify(black_box(b"message"), &signature));
    let agreement = p256::AgreementKey::generate();
    let message = jwe::seal(&agreement.public(), "k", b"secret", "c");
    measure("JWE: seal", 500, || jwe::seal(&agreement.public(), "k", b"secret", "c"));
    measure("JWE: open", 500, || jwe::open(&agreement, black_box(&message), "c"));
    let private = rsa::RsaPrivate::generate(1152, rsa::Exponent::Three, &mut crypto::random::fill)
        .expect("a length cards use");
    let (modulus, block) = (private.modulus(), [1; 144]);
    measure("RSA-1152: sign", 20, || private.sign_raw(black_box(&block)));
    measure("RSA-1152: recover", 100, || rsa::recover(&modulus, rsa::Exponent::Three, black_box(&block)));
    measure("RSA-1984: generate", 1, || {
        rsa::RsaPrivate::generate(1984, rsa::Exponent::Three, &mut crypto::random::fill)
    });
}

/// The best of five rounds, so that other work on the machine counts least.
fn measure<T>(name: &str, times: u32, mut operation: impl FnMut() -> T) {
    let round = || {
        let start = Instant::now();
        for _ in 0..times {
            black_box(operation());
        }
        start.elapsed().as_nanos() / u128::from(times)
    };
    let best = std::iter::repeat_with(round).take(5).min().unwrap_or(0);
    println!("{best:>9} ns  {name}");
}

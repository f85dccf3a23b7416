//! Keys on the move: key blocks of ANSI X9.143 (TR-31), the form in which banks hand keys to one another.
//!
//! A block is a header in the clear, the enciphered key and a MAC over both. Version B binds with triple DES,
//! D with AES; A and C are the older variant binding, which is read but not written.

use aes::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyInit, KeyIvInit};
use cmac::{Cmac, Mac};
use std::fmt;
use values::{SecretBytes, constant_time_eq};
use zeroize::Zeroizing;

/// Why a key block was not read or written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyBlockError {
    /// Not a key block of a known version, or its lengths do not fit.
    #[error("not a key block")]
    Form,
    /// The protection key has a length this version does not use, or the key does not fit a block.
    #[error("a key length this version does not use")]
    KeyLength,
    /// Another protection key, or a changed block.
    #[error("the key block does not verify")]
    Binding,
}

/// How key and header are bound together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// A: variant binding, withdrawn.
    VariantWithdrawn,
    /// B: triple DES, derived keys, CMAC.
    TripleDes,
    /// C: variant binding.
    Variant,
    /// D: AES, derived keys, CMAC.
    Aes,
}

impl Version {
    fn from_letter(letter: u8) -> Option<Self> {
        match letter {
            b'A' => Some(Version::VariantWithdrawn),
            b'B' => Some(Version::TripleDes),
            b'C' => Some(Version::Variant),
            b'D' => Some(Version::Aes),
            _ => None,
        }
    }

    /// The letter that opens the block.
    pub fn letter(self) -> char {
        match self {
            Version::VariantWithdrawn => 'A',
            Version::TripleDes => 'B',
            Version::Variant => 'C',
            Version::Aes => 'D',
        }
    }

    /// Bytes of the MAC and of one cipher block.
    fn sizes(self) -> (usize, usize) {
        match self {
            Version::VariantWithdrawn | Version::Variant => (4, 8),
            Version::TripleDes => (8, 8),
            Version::Aes => (16, 16),
        }
    }
}

/// What a key block says of its key, in the letters of the standard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// How the block is bound.
    pub version: Version,
    /// What the key is for: `E0` EMV cryptogram master key, `M3` retail MAC, `P0` PIN encipherment.
    pub usage: [u8; 2],
    /// `T` triple DES, `A` AES, `D` DES, `H` HMAC.
    pub algorithm: u8,
    /// What may be done: `N` anything its use allows, `C` make and check, `E` encipher, `D` decipher, `G`,
    /// `V`.
    pub mode: u8,
    /// Version of the key, `00` when not used.
    pub key_version: [u8; 2],
    /// `E` may leave under a trusted key, `N` may not, `S` as agreed.
    pub exportability: u8,
}

/// A key that was taken out of its block.
#[derive(Clone)]
pub struct Unwrapped {
    /// What the block said of it.
    pub header: Header,
    /// The key.
    pub key: SecretBytes,
}

impl fmt::Debug for Unwrapped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unwrapped").field("header", &self.header).field("key", &"****").finish()
    }
}

const HEADER: usize = 16;
/// The length stands in four digits; real blocks are far shorter.
const BLOCK_MAX: usize = 9999;

/// Checks a key block and takes its key out.
pub fn unwrap(protection_key: &[u8], block: &str) -> Result<Unwrapped, KeyBlockError> {
    let bytes = block.as_bytes();
    let (header, blocks_follow) = read_header(bytes)?;
    let clear = clear_length(bytes, blocks_follow)?;
    let body = hex::decode(&bytes[clear..]).map_err(|_| KeyBlockError::Form)?;
    let (mac_length, cipher_block) = header.version.sizes();
    let enciphered = body.len().checked_sub(mac_length).ok_or(KeyBlockError::Form)?;
    if enciphered == 0 || enciphered % cipher_block != 0 {
        return Err(KeyBlockError::Form);
    }
    let (enciphered, mac) = body.split_at(enciphered);
    let binding = Binding::derive(header.version, protection_key)?;
    let (clear, mut payload) = (&bytes[..clear], Zeroizing::new(enciphered.to_vec()));
    let verified = if let Binding::Variant { .. } = binding {
        let expected = binding.mac(clear, enciphered);
        binding.decipher(&bytes[..8], &mut payload);
        constant_time_eq(&expected[..mac_length], mac)
    } else {
        binding.decipher(mac, &mut payload);
        constant_time_eq(&binding.mac(clear, &payload), mac)
    };
    if !verified {
        return Err(KeyBlockError::Binding);
    }
    // The payload is the length of the key in bits, the key, and filler that hides its length.
    let (length, rest) = payload.split_first_chunk::<2>().ok_or(KeyBlockError::Form)?;
    let bits = usize::from(u16::from_be_bytes(*length));
    let key = rest.get(..bits / 8).filter(|key| bits % 8 == 0 && !key.is_empty());
    let key = SecretBytes::new(key.ok_or(KeyBlockError::Form)?.to_vec());
    Ok(Unwrapped { header, key })
}

/// Puts a key of up to 32 bytes into a block of version B or D, without optional blocks.
///
/// The filler is random and hides how long the key is: up to 24 bytes in B, up to 32 in D look alike.
pub fn wrap(
    protection_key: &[u8],
    header: &Header,
    key: &SecretBytes,
    filler: &[u8; 46],
) -> Result<String, KeyBlockError> {
    let (mac_length, cipher_block) = header.version.sizes();
    let hidden = match header.version {
        Version::TripleDes => 24,
        Version::Aes => 32,
        Version::Variant | Version::VariantWithdrawn => return Err(KeyBlockError::Form),
    };
    let key = key.expose();
    if key.is_empty() || key.len() > 32 {
        return Err(KeyBlockError::KeyLength);
    }
    let length = (2 + key.len().max(hidden)).next_multiple_of(cipher_block);
    let mut payload = Zeroizing::new(Vec::with_capacity(length));
    payload.extend((8 * key.len() as u16).to_be_bytes());
    payload.extend(key);
    let missing = length - payload.len();
    payload.extend(&filler[..missing]);
    let total = HEADER + 2 * (length + mac_length);
    let clear = write_header(header, total)?;
    let binding = Binding::derive(header.version, protection_key)?;
    let mac = binding.mac(clear.as_bytes(), &payload);
    binding.encipher(&mac, &mut payload);
    Ok(format!("{clear}{}{}", hex::encode_upper(&*payload), hex::encode_upper(mac)))
}

/// The sixteen characters that open a block, and how many optional blocks follow them.
fn read_header(bytes: &[u8]) -> Result<(Header, usize), KeyBlockError> {
    let head: &[u8; HEADER] = bytes.first_chunk().ok_or(KeyBlockError::Form)?;
    let version = Version::from_letter(head[0]).ok_or(KeyBlockError::Form)?;
    let total = decimal(&head[1..5]).filter(|total| *total == bytes.len() && *total <= BLOCK_MAX);
    total.filter(|_| bytes.is_ascii()).ok_or(KeyBlockError::Form)?;
    let header = Header {
        version,
        usage: [head[5], head[6]],
        algorithm: head[7],
        mode: head[8],
        key_version: [head[9], head[10]],
        exportability: head[11],
    };
    Ok((header, decimal(&head[12..14]).ok_or(KeyBlockError::Form)?))
}

fn write_header(header: &Header, total: usize) -> Result<String, KeyBlockError> {
    let Header { version, usage, algorithm, mode, key_version, exportability } = *header;
    let letters = [usage[0], usage[1], algorithm, mode, key_version[0], key_version[1], exportability];
    if !letters.iter().all(u8::is_ascii_alphanumeric) {
        return Err(KeyBlockError::Form);
    }
    let letters: String = letters.iter().map(|letter| char::from(*letter)).collect();
    Ok(format!("{}{total:04}{letters}0000", version.letter()))
}

/// Header and optional blocks together: identifier (2), length in hexadecimal (2, or 00 and a longer form),
/// data.
fn clear_length(bytes: &[u8], blocks: usize) -> Result<usize, KeyBlockError> {
    let mut clear = HEADER;
    for _ in 0..blocks {
        let length = bytes.get(clear + 2..clear + 4).and_then(hexadecimal).ok_or(KeyBlockError::Form)?;
        let length = match length {
            // The longer form: how many digits the length has, then the length.
            0 => {
                let digits = bytes.get(clear + 4..clear + 6).and_then(hexadecimal);
                let digits = digits.filter(|digits| *digits <= 4).ok_or(KeyBlockError::Form)?;
                let length = bytes.get(clear + 6..clear + 6 + digits).and_then(hexadecimal);
                length.filter(|length| *length >= 6 + digits).ok_or(KeyBlockError::Form)?
            }
            1..4 => return Err(KeyBlockError::Form),
            length => length,
        };
        clear += length;
    }
    if clear <= bytes.len() { Ok(clear) } else { Err(KeyBlockError::Form) }
}

fn decimal(text: &[u8]) -> Option<usize> {
    text.iter().try_fold(0, |sum, c| c.is_ascii_digit().then(|| sum * 10 + usize::from(c - b'0')))
}

fn hexadecimal(text: &[u8]) -> Option<usize> {
    text.iter().try_fold(0, |sum, c| Some(sum * 16 + char::from(*c).to_digit(16)? as usize))
}

const SIZES: &str = "key and block sizes were checked by `Binding::derive`";

/// Runs a piece of code with the AES of the key's length; 16, 24 and 32 bytes are all there are.
macro_rules! with_aes {
    ($key:expr, $cipher:ident => $code:block) => {
        match $key.len() {
            16 => {
                type $cipher = aes::Aes128;
                $code
            }
            24 => {
                type $cipher = aes::Aes192;
                $code
            }
            _ => {
                type $cipher = aes::Aes256;
                $code
            }
        }
    };
}

fn aes_cmac(key: &[u8], pieces: &[&[u8]]) -> [u8; 16] {
    with_aes!(key, Cipher => {
        let mut mac = <Cmac<Cipher> as KeyInit>::new_from_slice(key).expect(SIZES);
        pieces.iter().for_each(|piece| mac.update(piece));
        mac.finalize().into_bytes().into()
    })
}

fn cbc_encipher_tdes(key: &[u8; 24], iv: &[u8], data: &mut [u8]) {
    let mut mode = cbc::Encryptor::<des::TdesEde3>::new_from_slices(key, iv).expect(SIZES);
    let (blocks, _) = data.as_chunks_mut::<8>();
    blocks.iter_mut().for_each(|block| mode.encrypt_block(block.into()));
}

/// A double-length key written as a triple one, its left part repeated; a triple one as it is.
fn triple(key: &[u8]) -> Result<Zeroizing<[u8; 24]>, KeyBlockError> {
    let mut whole = Zeroizing::new([0; 24]);
    match key.len() {
        16 => {
            whole[..16].copy_from_slice(key);
            whole[16..].copy_from_slice(&key[..8]);
        }
        24 => whole.copy_from_slice(key),
        _ => return Err(KeyBlockError::KeyLength),
    }
    Ok(whole)
}

/// X9.143 5.3.2.2 and 5.3.2.3: CMACs over counter, purpose (0 encipherment, 1 MAC), a zero, algorithm and
/// bits.
fn derived(
    purpose: u8,
    algorithm: u16,
    length: usize,
    cmac: impl Fn(&[u8; 8]) -> Vec<u8>,
) -> Zeroizing<Vec<u8>> {
    let [high, low] = algorithm.to_be_bytes();
    let [bits_high, bits_low] = (8 * length as u16).to_be_bytes();
    let mut key = Zeroizing::new(Vec::with_capacity(length + 16));
    for counter in 1.. {
        if key.len() >= length {
            break;
        }
        key.extend(cmac(&[counter, 0, purpose, 0, high, low, bits_high, bits_low]));
    }
    key.truncate(length);
    key
}

/// The two keys that a protection key becomes: one enciphers, one authenticates.
enum Binding {
    Variant { encryption: Zeroizing<[u8; 24]>, mac: Zeroizing<[u8; 24]> },
    TripleDes { encryption: Zeroizing<[u8; 24]>, mac: Zeroizing<[u8; 24]> },
    Aes { encryption: Zeroizing<Vec<u8>>, mac: Zeroizing<Vec<u8>> },
}

impl Binding {
    fn derive(version: Version, protection_key: &[u8]) -> Result<Self, KeyBlockError> {
        match version {
            Version::VariantWithdrawn | Version::Variant => {
                // X9.143 5.3.2.1: the letters E and M added to every byte.
                let variant =
                    |letter| triple(protection_key).map(|key| Zeroizing::new(key.map(|byte| byte ^ letter)));
                Ok(Binding::Variant { encryption: variant(b'E')?, mac: variant(b'M')? })
            }
            Version::TripleDes => {
                let key = triple(protection_key)?;
                let cmac = |input: &[u8; 8]| {
                    let mut mac = <Cmac<des::TdesEde3> as KeyInit>::new((&*key).into());
                    mac.update(input);
                    <[u8; 8]>::from(mac.finalize().into_bytes()).to_vec()
                };
                let derive = |purpose| {
                    let key =
                        derived(purpose, u16::from(protection_key.len() == 24), protection_key.len(), cmac);
                    triple(&key)
                };
                Ok(Binding::TripleDes { encryption: derive(0)?, mac: derive(1)? })
            }
            Version::Aes => {
                let algorithm = match protection_key.len() {
                    16 => 2,
                    24 => 3,
                    32 => 4,
                    _ => return Err(KeyBlockError::KeyLength),
                };
                let cmac = |input: &[u8; 8]| aes_cmac(protection_key, &[input]).to_vec();
                let derive = |purpose| derived(purpose, algorithm, protection_key.len(), cmac);
                Ok(Binding::Aes { encryption: derive(0), mac: derive(1) })
            }
        }
    }

    /// The whole MAC over header and payload; variant binding sends only its left half.
    fn mac(&self, clear: &[u8], payload: &[u8]) -> Vec<u8> {
        match self {
            Binding::Variant { mac, .. } => {
                // Header and payload are whole blocks, so nothing is padded.
                let mut data = [clear, payload].concat();
                data.resize(data.len().next_multiple_of(8), 0);
                cbc_encipher_tdes(mac, &[0; 8], &mut data);
                data.split_off(data.len() - 8)
            }
            Binding::TripleDes { mac, .. } => {
                let mut cmac = <Cmac<des::TdesEde3> as KeyInit>::new((&**mac).into());
                cmac.update(clear);
                cmac.update(payload);
                <[u8; 8]>::from(cmac.finalize().into_bytes()).to_vec()
            }
            Binding::Aes { mac, .. } => aes_cmac(mac, &[clear, payload]).to_vec(),
        }
    }

    /// CBC; `iv` is the MAC, or the first eight characters of the header with variant binding.
    fn encipher(&self, iv: &[u8], payload: &mut [u8]) {
        match self {
            Binding::Variant { encryption, .. } | Binding::TripleDes { encryption, .. } => {
                cbc_encipher_tdes(encryption, iv, payload);
            }
            Binding::Aes { encryption, .. } => with_aes!(encryption, Cipher => {
                let mut mode = cbc::Encryptor::<Cipher>::new_from_slices(encryption, iv).expect(SIZES);
                let (blocks, _) = payload.as_chunks_mut::<16>();
                blocks.iter_mut().for_each(|block| mode.encrypt_block(block.into()));
            }),
        }
    }

    fn decipher(&self, iv: &[u8], payload: &mut [u8]) {
        match self {
            Binding::Variant { encryption, .. } | Binding::TripleDes { encryption, .. } => {
                let mode = cbc::Decryptor::<des::TdesEde3>::new_from_slices(&**encryption, iv);
                let mut mode = mode.expect(SIZES);
                let (blocks, _) = payload.as_chunks_mut::<8>();
                blocks.iter_mut().for_each(|block| mode.decrypt_block(block.into()));
            }
            Binding::Aes { encryption, .. } => with_aes!(encryption, Cipher => {
                let mut mode = cbc::Decryptor::<Cipher>::new_from_slices(encryption, iv).expect(SIZES);
                let (blocks, _) = payload.as_chunks_mut::<16>();
                blocks.iter_mut().for_each(|block| mode.decrypt_block(block.into()));
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn header(version: Version) -> Header {
        Header {
            version,
            usage: *b"E0",
            algorithm: b'T',
            mode: b'N',
            key_version: *b"00",
            exportability: b'E',
        }
    }

    fn wrapped(version: Version, protection_key: &[u8], key: &[u8]) -> Result<String, KeyBlockError> {
        wrap(protection_key, &header(version), &SecretBytes::new(key.to_vec()), &[7; 46])
    }

    #[test]
    fn keys_of_several_lengths_look_alike_and_come_back() {
        for (version, protection, length) in [
            (Version::TripleDes, &[1; 16][..], 96),
            (Version::TripleDes, &[1; 24], 96),
            (Version::Aes, &[1; 16], 144),
            (Version::Aes, &[1; 24], 144),
            (Version::Aes, &[1; 32], 144),
        ] {
            for key in [&[2; 16][..], &[3; 24]] {
                let block = wrapped(version, protection, key).unwrap();
                assert_eq!(block.len(), length, "{version:?}");
                let unwrapped = unwrap(protection, &block).unwrap();
                assert_eq!(unwrapped.key.expose(), key);
                assert_eq!(unwrapped.header, header(version));
                assert!(format!("{unwrapped:?}").contains("****"));
            }
        }
    }

    // ANSI X9.143, annex examples: one key under triple DES derivation, one under AES.
    #[test]
    fn published_blocks() {
        for (protection, block) in [
            (
                "dd7515f2bfc17f85ce48f3ca25cb21f6",
                "B0080P0TE00E000094B420079CC80BA3461F86FE26EFC4A3B8E4FA4C5F5341176EED7B727B8A248E",
            ),
            (
                "88e1ab2a2e3dd38c1fa039a536500cc8a87ab9d62dc92c01058fa79f44657de6",
                "D0112P0AE00E0000B82679114F470F540165EDFBF7E250FCEA43F810D215F8D2\
                 07E2E417C07156A27E8E31DA05F7425509593D03A457DC34",
            ),
        ] {
            let unwrapped = unwrap(&hex::decode(protection).unwrap(), block).unwrap();
            assert_eq!(hex::encode(unwrapped.key.expose()), "3f419e1cb7079442aa37474c2efbf8b8");
            assert_eq!(unwrapped.header.usage, *b"P0");
        }
    }

    #[test]
    fn wrong_lengths_are_refused() {
        assert_eq!(wrapped(Version::TripleDes, &[1; 8], &[2; 16]), Err(KeyBlockError::KeyLength));
        assert_eq!(wrapped(Version::Aes, &[1; 17], &[2; 16]), Err(KeyBlockError::KeyLength));
        assert_eq!(wrapped(Version::Aes, &[1; 16], &[2; 33]), Err(KeyBlockError::KeyLength));
        assert_eq!(wrapped(Version::Aes, &[1; 16], &[]), Err(KeyBlockError::KeyLength));
        assert_eq!(wrapped(Version::Variant, &[1; 16], &[2; 16]), Err(KeyBlockError::Form));
    }

    #[test]
    fn no_changed_or_shortened_block_gives_a_key() {
        for (version, protection) in [(Version::TripleDes, [1; 16]), (Version::Aes, [1; 16])] {
            let block = wrapped(version, &protection, &[2; 16]).unwrap();
            assert_eq!(unwrap(&[9; 16], &block).err(), Some(KeyBlockError::Binding));
            for place in 0..block.len() {
                let mut changed = block.clone().into_bytes();
                changed[place] = if changed[place] == b'1' { b'2' } else { b'1' };
                let changed = String::from_utf8(changed).unwrap();
                assert!(unwrap(&protection, &changed).is_err(), "character {place} changed");
                assert!(unwrap(&protection, &block[..place]).is_err(), "cut at {place}");
            }
        }
    }

    #[test]
    fn optional_blocks_are_stepped_over() {
        let text = |rest: &str| format!("D{:04}E0TN00E{rest}", 12 + rest.len());
        let clear = |rest: &str| {
            let text = text(rest);
            read_header(text.as_bytes()).and_then(|(_, blocks)| clear_length(text.as_bytes(), blocks))
        };
        assert_eq!(clear("0000"), Ok(16));
        assert_eq!(clear("0100KS08ABCD"), Ok(24));
        assert_eq!(clear("0200KS08ABCDPB0A123456"), Ok(34));
        assert_eq!(clear("0100KS0004000CAB"), Ok(28));
        for hostile in [
            "0100",
            "0100KS",
            "0100KS03",
            "0100KSFF",
            "0100KS00FF",
            "0100KS00040001",
            "9900",
            "XX00",
            "0100KS+8ABCD",
        ] {
            assert_eq!(clear(hostile), Err(KeyBlockError::Form), "{hostile}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_answered(text in "[ABCD][0-9]{4}[0-9A-Z]{0,120}", wild: String) {
            let _ = unwrap(&[1; 16], &text);
            let _ = unwrap(&[1; 16], &wild);
            let honest_length = format!("{}{:04}{}", &text[..1], text.len(), &text[5..]);
            let _ = unwrap(&[1; 16], &honest_length);
        }
    }
}

//! Keys as text files hold them (RFC 7468): a label and base64 between two lines.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use values::SecretBytes;

/// The first block of a text: its label, such as `PUBLIC KEY`, and its bytes. What stands around it is passed
/// over; `None` if there is no whole block, or its base64 is not strict.
pub fn read(text: &str) -> Option<(&str, SecretBytes)> {
    let (_, rest) = text.split_once("-----BEGIN ")?;
    let (label, rest) = rest.split_once("-----")?;
    let end = rest.find(&format!("-----END {label}-----"))?;
    let digits: String = rest[..end].split_ascii_whitespace().collect();
    let bytes = STANDARD.decode(digits).ok()?;
    Some((label, SecretBytes::new(bytes)))
}

/// A block with this label, lines of 64 characters.
pub fn write(label: &str, bytes: &[u8]) -> String {
    let digits = STANDARD.encode(bytes);
    let lines: Vec<&str> =
        digits.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).expect("ASCII")).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for length in [0, 1, 48, 49, 300] {
            let bytes: Vec<u8> = (0..length).map(|at| at as u8).collect();
            let text = write("PUBLIC KEY", &bytes);
            let (label, read) = read(&text).unwrap();
            assert_eq!((label, read.expose()), ("PUBLIC KEY", bytes.as_slice()));
            assert!(text.lines().all(|line| line.len() <= 64));
        }
    }

    #[test]
    fn what_is_broken_is_refused() {
        let whole = write("PRIVATE KEY", b"secret");
        assert!((0..whole.len() - 1).all(|cut| read(&whole[..cut]).is_none()));
        assert!(read(&whole.replace("END PRIVATE", "END PUBLIC")).is_none());
        assert!(read(&whole.replace("c2Vj", "c2V*")).is_none());
        assert!(read("").is_none());
    }
}

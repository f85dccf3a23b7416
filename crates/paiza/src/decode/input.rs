//! Hexadecimal text, from the command line or line by line from standard input.

use crate::cli::Bytes;
use crate::output::Failure;
use std::io::Read;

/// Which way a line of a conversation goes, if the line says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    ToCard,
    FromCard,
}

/// One message as it was typed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Line of standard input, from 1; `None` for the argument.
    pub(crate) line: Option<usize>,
    pub(crate) direction: Option<Direction>,
    pub(crate) bytes: Vec<u8>,
}

impl Entry {
    /// What an error about this message begins with.
    pub(crate) fn place(&self) -> String {
        self.line.map_or(String::new(), |line| format!("line {line}: "))
    }
}

/// Marks that recorders of conversations put before a line; the longer ones first.
const MARKS: &[(&str, Direction)] = &[
    ("C-APDU:", Direction::ToCard),
    ("R-APDU:", Direction::FromCard),
    (">>", Direction::ToCard),
    ("<<", Direction::FromCard),
    ("=>", Direction::ToCard),
    ("<=", Direction::FromCard),
    ("->", Direction::ToCard),
    ("<-", Direction::FromCard),
    ("C:", Direction::ToCard),
    ("R:", Direction::FromCard),
    (">", Direction::ToCard),
    ("<", Direction::FromCard),
];

/// Reads the argument, or all of standard input: one message a line, `#` begins a comment.
pub(crate) fn read(source: &Bytes) -> Result<Vec<Entry>, Failure> {
    if let Some(text) = source.hex.as_deref().filter(|text| *text != "-") {
        return Ok(vec![entry(None, text).map_err(Failure::usage)?]);
    }
    let mut text = Vec::new();
    std::io::stdin()
        .read_to_end(&mut text)
        .map_err(|why| Failure::usage(format!("standard input cannot be read: {why}")))?;
    // What is no UTF-8 is no hexadecimal either, and is told by its place below.
    let entries = entries(&String::from_utf8_lossy(&text)).map_err(Failure::usage)?;
    if entries.is_empty() {
        Err(Failure::usage("nothing to decode: standard input has no message"))
    } else {
        Ok(entries)
    }
}

fn entries(text: &str) -> Result<Vec<Entry>, String> {
    let lines = text
        .lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line.split('#').next().unwrap_or_default().trim()));
    let lines = lines.filter(|(_, line)| !line.is_empty());
    lines.map(|(number, line)| entry(Some(number), line)).collect()
}

fn entry(line: Option<usize>, text: &str) -> Result<Entry, String> {
    let trimmed = text.trim_start();
    let marked = MARKS.iter().find_map(|(mark, direction)| Some((trimmed.strip_prefix(mark)?, *direction)));
    let (digits, direction) = marked.map_or((text, None), |(rest, direction)| (rest, Some(direction)));
    // Places are counted in what was typed, mark included.
    let skipped = text.chars().count() - digits.chars().count();
    let place = line.map_or(String::new(), |line| format!("line {line}: "));
    let bytes = bytes(digits, skipped).map_err(|why| format!("{place}{why}"))?;
    Ok(Entry { line, direction, bytes })
}

/// Hex digits to bytes. Blanks, and colons or commas between bytes, are passed over. Errors say where, not what.
fn bytes(text: &str, skipped: usize) -> Result<Vec<u8>, String> {
    let text_after_0x = text.trim_start().strip_prefix("0x").unwrap_or(text);
    let skipped = skipped + text.chars().count() - text_after_0x.chars().count();
    let mut digits = Vec::new();
    for (index, character) in text_after_0x.chars().enumerate() {
        match character.to_digit(16) {
            Some(digit) => digits.push(digit as u8),
            None if character.is_whitespace() || matches!(character, ':' | ',') => {}
            None => return Err(format!("character {} is not a hex digit", skipped + index + 1)),
        }
    }
    match digits.len() {
        0 => Err("there are no hex digits".to_owned()),
        odd if odd % 2 == 1 => {
            Err(format!("{odd} hex digits are an odd number: half of byte {} is missing", odd / 2))
        }
        _ => Ok(digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_read_or_its_place_is_named() {
        for (text, expected) in [
            ("9F3602", Ok(vec![0x9F, 0x36, 2])),
            (" 9f 36\t02 ", Ok(vec![0x9F, 0x36, 2])),
            ("9F:36:02", Ok(vec![0x9F, 0x36, 2])),
            ("0x9F36", Ok(vec![0x9F, 0x36])),
            ("9F3", Err("3 hex digits are an odd number: half of byte 1 is missing")),
            ("9F 3G", Err("character 5 is not a hex digit")),
            ("0x9F3G", Err("character 6 is not a hex digit")),
            ("> 9X", Err("character 4 is not a hex digit")),
            ("", Err("there are no hex digits")),
            ("  ", Err("there are no hex digits")),
            ("\u{663}1", Err("character 1 is not a hex digit")),
        ] {
            assert_eq!(entry(None, text).map(|entry| entry.bytes), expected.map_err(str::to_owned), "{text}");
        }
    }

    #[test]
    fn a_script_has_lines_comments_and_marks() {
        let script = "# a tap\n\n> 00A4 # select\n<= 9000\nR-APDU: 6A82\n80CA\n";
        let read = entries(script).unwrap();
        let told: Vec<_> = read.iter().map(|entry| (entry.line.unwrap(), entry.direction)).collect();
        let (to, from) = (Some(Direction::ToCard), Some(Direction::FromCard));
        assert_eq!(told, [(3, to), (4, from), (5, from), (6, None)]);
        assert_eq!(
            entries("00A4\n9").unwrap_err(),
            "line 2: 1 hex digits are an odd number: half of byte 0 is missing"
        );
    }
}

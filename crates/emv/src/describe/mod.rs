//! Objects, commands and whole conversations in plain words.
//!
//! Card numbers, tracks, names, expiries and PIN data are masked; the functions whose names start with
//! `danger_` show them and are for one's own test cards. Certificates and signatures are cut short.
//!
//! ```
//! let lines = emv::describe::describe_tlv(&[0x9F, 0x6C, 2, 0x00, 0x80]);
//! assert_eq!(lines[0].to_string(), "9F6C card transaction qualifiers: 0080");
//! assert_eq!(lines[1].to_string(), "  byte 2 bit 8: customer verified on the device");
//! ```

mod code;
mod conversation;
mod flags;
mod issuer;
mod value;

pub use code::describe_code;
pub use conversation::Conversation;

use crate::objects::CodeN3;
use crate::tag;
use crate::tlv::{self, Tag};
use std::fmt;
use values::Currency;

/// One line of a description.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// How deep it stands; 0 is outermost.
    pub depth: usize,
    /// What it is.
    pub name: String,
    /// What it holds, masked where it must be; may be empty.
    pub value: String,
}

impl Line {
    fn new(depth: usize, name: impl Into<String>, value: impl Into<String>) -> Line {
        Line { depth, name: name.into(), value: value.into() }
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Line { depth, name, value } = self;
        match value.as_str() {
            "" => write!(f, "{:1$}{name}", "", depth * 2),
            value => write!(f, "{:1$}{name}: {value}", "", depth * 2),
        }
    }
}

/// Explains a TLV tree, masked.
pub fn describe_tlv(bytes: &[u8]) -> Vec<Line> {
    lines_of_tree(bytes, Context { clear: false, currency: currency_in(bytes) }, 0)
}

/// Explains a TLV tree with everything in clear. Only for one's own test cards.
pub fn danger_describe_tlv_clear(bytes: &[u8]) -> Vec<Line> {
    lines_of_tree(bytes, Context { clear: true, currency: currency_in(bytes) }, 0)
}

/// Explains DE 55 (or any tree) as indented lines of text, masked: what a describer of host messages wants.
pub fn describe_texts(bytes: &[u8]) -> Vec<String> {
    describe_tlv(bytes).iter().map(Line::to_string).collect()
}

/// [`describe_texts`] with everything in clear. Only for one's own test cards.
pub fn danger_describe_texts_clear(bytes: &[u8]) -> Vec<String> {
    danger_describe_tlv_clear(bytes).iter().map(Line::to_string).collect()
}

/// What helps to read a value.
#[derive(Clone, Copy)]
struct Context {
    clear: bool,
    currency: Option<Currency>,
}

/// The currency that amounts of this tree are in, if the tree says so.
fn currency_in(bytes: &[u8]) -> Option<Currency> {
    let code = |tag| tlv::find_deep(bytes, tag).ok().flatten();
    let found = code(tag::CURRENCY).or_else(|| code(tag::UNIONPAY_APPLICATION_CURRENCY));
    found.or_else(|| code(tag::APPLICATION_CURRENCY)).and_then(|value| CodeN3::parse(value).ok()?.currency())
}

/// The tree up to where it breaks, then what is wrong there.
fn lines_of_tree(bytes: &[u8], context: Context, base: usize) -> Vec<Line> {
    let mut lines = Vec::new();
    let outcome = tlv::walk(bytes, |depth, object| {
        lines.extend(lines_of_object(object.tag, object.value, context, base + depth));
    });
    if let Err(broken) = outcome {
        lines.push(Line::new(base, "broken", broken.to_string()));
    }
    lines
}

/// One object: its name and value, and its parts one level deeper. Templates show only their name.
fn lines_of_object(tag: Tag, value: &[u8], context: Context, depth: usize) -> Vec<Line> {
    let definition = tag::definition(tag);
    let name = format!("{tag} {}", definition.map_or("unknown object", |line| line.name));
    if tag.is_constructed() {
        return vec![Line::new(depth, name, "")];
    }
    let meaning = value::explain(tag, value, context);
    let mut lines = vec![Line::new(depth, name, meaning.text)];
    lines.extend(meaning.parts.into_iter().map(|(name, value)| Line::new(depth + 1, name, value)));
    if let Some(legal) = definition.map(|line| usize::from(line.shortest)..=usize::from(line.longest))
        && !legal.contains(&value.len())
    {
        let range = format!("{} bytes, legal are {} to {}", value.len(), legal.start(), legal.end());
        lines.push(Line::new(depth + 1, "illegal length", range));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(lines: &[Line]) -> String {
        lines.iter().map(|line| format!("{line}\n")).collect()
    }

    /// The answer of a tap, and what a reader of it is told.
    const TAP: &str = "774E820220009F3602000157126228000000000000118D30122010000000005F3401019F100807010103A4\
                       0000019F2608B97D3D7663F096D79F2701809F6C0200805F2A0201569F0206000000001250";

    #[test]
    fn a_tap_reads_like_prose_and_hides_the_number() {
        let bytes = hex::decode(TAP.replace(' ', "")).unwrap();
        let shown = text(&describe_tlv(&bytes));
        for line in [
            "77 response message template format 2\n",
            "  82 application interchange profile: 2000\n",
            "    byte 1 bit 6: dynamic data authentication supported\n",
            "  9F36 application transaction counter: 1\n",
            "  57 track 2 equivalent data: ****0118, expiry ****, service code 201\n",
            "  9F10 issuer application data: 07010103A4000001\n",
            "    key index: 1\n",
            "    cryptogram version: 01 (full transaction data)\n",
            "    card verification results: 03A40000\n",
            "    first cryptogram: ARQC: ask the issuer\n",
            "    PIN or device verification was performed: byte 2 bit 3\n",
            "    algorithm: 01 (triple DES)\n",
            "  9F27 cryptogram information data: 80 (ARQC: ask the issuer)\n",
            "  9F02 amount, authorised: CNY 12.50\n",
        ] {
            assert!(shown.contains(line), "{line} in\n{shown}");
        }
        let clear = text(&danger_describe_tlv_clear(&bytes));
        assert!(clear.contains("6228000000000000118") && !shown.contains("622800000000"));
    }

    #[test]
    fn broken_trees_are_explained_up_to_the_break() {
        let lines = text(&describe_tlv(&[0x9F, 0x36, 2, 0, 1, 0x57, 0x20, 0]));
        let expected = "9F36 application transaction counter: 1\n\
                        broken: not TLV at byte 6: length goes past the end\n";
        assert_eq!(lines, expected);
        assert!(
            text(&describe_tlv(&[0x9F, 0x36, 1, 0])).contains("illegal length: 1 bytes, legal are 2 to 2")
        );
    }

    #[test]
    fn a_number_is_masked_wherever_it_hides() {
        let number = b"6216623937629277878";
        let mut packed = hex::decode("6216623937629277878F").unwrap();
        for bytes in [number.to_vec(), packed.clone(), [&[1, 2], &number[..]].concat()] {
            for tag in
                [Tag::new(0xDF55), tag::PAN, tag::DISCRETIONARY, tag::APPLICATION_LABEL, tag::CARDHOLDER_NAME]
            {
                let mut object = Vec::new();
                tlv::write(&mut object, tag, &bytes);
                let shown = text(&describe_tlv(&object));
                assert!(!shown.contains("62166239") && !shown.contains("36323136"), "{shown}");
            }
        }
        packed.truncate(4);
        assert_eq!(
            text(&describe_tlv(&[&[0xDF, 0x55, 4], &packed[..]].concat())),
            "DF55 unknown object: 62166239\n"
        );
    }

    proptest! {
        #[test]
        fn any_bytes_give_an_answer(bytes in proptest::collection::vec(any::<u8>(), 0..200),
                                    index in 0..tag::DICTIONARY.len()) {
            let mut framed = Vec::new();
            tlv::write(&mut framed, tag::DICTIONARY[index].tag, &bytes);
            for bytes in [&bytes, &framed] {
                let _ = describe_texts(bytes);
                let _ = danger_describe_texts_clear(bytes);
            }
        }
    }
}

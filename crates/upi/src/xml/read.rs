//! Bytes to a tree (XML 1.0, fifth edition; Namespaces in XML 1.0).

use super::{
    Attribute, DEEPEST, Declaration, Document, Element, LONGEST, MOST_ATTRIBUTES, Node, Reason, XmlError,
};
use crate::defences::{Defence, Defences};

/// Reads a document. Total: any bytes give a tree, or the offset at which they stop being a document we take.
pub fn read(bytes: &[u8]) -> Result<Document, XmlError> {
    read_with(bytes, Defences::ALL)
}

/// The same where a test took defences away: what they refuse is then passed over, as lax readers do.
pub(crate) fn read_with(bytes: &[u8], defences: Defences) -> Result<Document, XmlError> {
    let fail = |at, reason| XmlError { at, reason };
    if bytes.len() > LONGEST {
        return Err(fail(LONGEST, Reason::TooLong));
    }
    let text = std::str::from_utf8(bytes).map_err(|broken| fail(broken.valid_up_to(), Reason::NotUtf8))?;
    if text.starts_with('\u{FEFF}') {
        return Err(fail(0, Reason::NotUtf8));
    }
    let mut reader = Reader { text, at: 0, defences };
    reader.declaration()?;
    reader.blanks();
    reader.passed_over(Defence::DocumentType, "<!DOCTYPE", "]>");
    reader.blanks();
    let root = reader.tree()?;
    reader.blanks();
    if reader.at < text.len() {
        return Err(reader.refused().unwrap_or(fail(reader.at, Reason::Outside)));
    }
    Ok(Document { root })
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    defences: Defences,
}

/// A start tag as written, before prefixes are looked up.
struct Start<'a> {
    name: (&'a str, &'a str),
    at: usize,
    pairs: Vec<Pair<'a>>,
    empty: bool,
}

/// An attribute or a declaration.
struct Pair<'a> {
    name: (&'a str, &'a str),
    value: String,
    at: usize,
}

type Read<T> = Result<T, XmlError>;

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn fail<T>(&self, reason: Reason) -> Read<T> {
        Err(XmlError { at: self.at, reason })
    }

    // Known texts of a letter or two: compared in place, not by a call.
    #[inline(always)]
    fn takes(&mut self, what: &str) -> bool {
        let there = self.rest().starts_with(what);
        if there {
            self.at += what.len();
        }
        there
    }

    fn blanks(&mut self) -> bool {
        let blank = |b: &u8| matches!(b, b' ' | b'\t' | b'\r' | b'\n');
        let count = self.rest().bytes().take_while(blank).count();
        self.at += count;
        count > 0
    }

    /// `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>`, nothing else of that kind.
    fn declaration(&mut self) -> Read<()> {
        let rest = self.rest();
        if !rest.starts_with("<?xml") || !rest[5..].starts_with([' ', '\t', '\r', '\n']) {
            return Ok(());
        }
        let Some(end) = rest.find("?>") else { return self.fail(Reason::Ended) };
        let mut words = rest[5..end].split_ascii_whitespace().map(|word| word.replace('\'', "\""));
        let mut next = words.next();
        if next.as_deref() != Some("version=\"1.0\"") {
            return self.fail(Reason::XmlDeclaration);
        }
        next = words.next();
        if next.as_deref().is_some_and(|word| word.eq_ignore_ascii_case("encoding=\"utf-8\"")) {
            next = words.next();
        }
        if next.as_deref().is_some_and(|word| matches!(word, "standalone=\"yes\"" | "standalone=\"no\"")) {
            next = words.next();
        }
        if next.is_some() {
            return self.fail(Reason::XmlDeclaration);
        }
        self.at += end + 2;
        Ok(())
    }

    /// What is refused by name where markup begins.
    fn refused(&self) -> Option<XmlError> {
        // Most markup is a tag.
        if !matches!(self.rest().as_bytes(), [b'<', b'!' | b'?', ..]) {
            return None;
        }
        const REFUSED: [(&str, Reason); 4] = [
            ("<!--", Reason::Comment),
            ("<![CDATA[", Reason::CData),
            ("<!", Reason::DocumentType),
            ("<?", Reason::Instruction),
        ];
        let found = REFUSED.iter().find(|(mark, _)| self.rest().starts_with(mark));
        found.map(|(_, reason)| XmlError { at: self.at, reason: *reason })
    }

    /// Passes over what begins here, if the defence that refuses it was taken away.
    fn passed_over(&mut self, defence: Defence, begins: &str, ends: &str) -> bool {
        if self.defences.stands(defence) || !self.rest().starts_with(begins) {
            return false;
        }
        let Some(length) = self.rest().find(ends) else { return false };
        self.at += length + ends.len();
        true
    }

    /// The root with all it contains. The elements that are open are kept in a list, not on the stack.
    fn tree(&mut self) -> Read<Element> {
        let mut open: Vec<Element> = Vec::new();
        loop {
            if let Some(refused) = self.refused() {
                return Err(refused);
            }
            let closed = if matches!(self.rest().as_bytes(), [b'<', b'/', ..]) {
                self.end_tag(&mut open)?
            } else {
                let start = self.start_tag()?;
                let empty = start.empty;
                let element = resolve(start, &open)?;
                if open.len() == DEEPEST {
                    return Err(XmlError { at: element.at, reason: Reason::TooDeep });
                }
                if empty {
                    Element { content_end: self.at - 2, ..element }
                } else {
                    open.push(element);
                    self.text_into(&mut open)?;
                    continue;
                }
            };
            match open.last_mut() {
                None => return Ok(closed),
                Some(parent) => parent.children.push(Node::Element(closed)),
            }
            self.text_into(&mut open)?;
        }
    }

    fn text_into(&mut self, open: &mut [Element]) -> Read<()> {
        let text = self.content()?;
        if let (Some(element), false) = (open.last_mut(), text.is_empty()) {
            element.children.push(Node::Text(text));
        }
        Ok(())
    }

    fn end_tag(&mut self, open: &mut Vec<Element>) -> Read<Element> {
        let at = self.at;
        self.at += 2;
        let (prefix, name) = self.name()?;
        let Some(mut element) = open.pop() else { return Err(XmlError { at, reason: Reason::Outside }) };
        if (element.prefix.as_str(), element.name.as_str()) != (prefix, name) {
            return Err(XmlError { at, reason: Reason::Unbalanced });
        }
        self.blanks();
        if !self.takes(">") {
            return self.fail(if self.rest().is_empty() { Reason::Ended } else { Reason::Tag });
        }
        element.content_end = at;
        Ok(element)
    }

    fn start_tag(&mut self) -> Read<Start<'a>> {
        let at = self.at;
        if !self.takes("<") {
            return self.fail(if self.rest().is_empty() { Reason::Ended } else { Reason::Outside });
        }
        let name = self.name()?;
        let mut pairs: Vec<Pair<'a>> = Vec::new();
        loop {
            let apart = self.blanks();
            if self.takes(">") {
                return Ok(Start { name, at, pairs, empty: false });
            }
            if self.takes("/>") {
                return Ok(Start { name, at, pairs, empty: true });
            }
            if !apart || self.rest().is_empty() {
                return self.fail(if self.rest().is_empty() { Reason::Ended } else { Reason::Tag });
            }
            if pairs.len() == MOST_ATTRIBUTES {
                return self.fail(Reason::TooManyAttributes);
            }
            let at = self.at;
            let name = self.name()?;
            if pairs.iter().any(|pair| pair.name == name) {
                return Err(XmlError { at, reason: Reason::Twice });
            }
            self.blanks();
            if !self.takes("=") {
                return self.fail(Reason::Tag);
            }
            self.blanks();
            pairs.push(Pair { name, value: self.value()?, at });
        }
    }

    /// A name with its prefix. ASCII only: no message has other names, and no two of these look alike.
    fn name(&mut self) -> Read<(&'a str, &'a str)> {
        let prefix = self.simple_name()?;
        if self.takes(":") { Ok((prefix, self.simple_name()?)) } else { Ok(("", prefix)) }
    }

    fn simple_name(&mut self) -> Read<&'a str> {
        let rest = self.rest();
        let inside = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
        let length = rest.bytes().take_while(|b| inside(*b)).count();
        let begins = rest.bytes().next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_');
        if length == 0 || !begins {
            return self.fail(if rest.is_empty() { Reason::Ended } else { Reason::Name });
        }
        self.at += length;
        Ok(&rest[..length])
    }

    /// An attribute's value: blanks become spaces, references are resolved (XML 1.0, 3.3.3).
    fn value(&mut self) -> Read<String> {
        let quote = match self.rest().bytes().next() {
            Some(quote @ (b'"' | b'\'')) => quote as char,
            Some(_) => return self.fail(Reason::Tag),
            None => return self.fail(Reason::Ended),
        };
        self.at += 1;
        // Most values are printable letters of ASCII: these are taken as they stand.
        let rest = self.rest();
        let usual = |b: &u8| matches!(b, b' '..=b'~') && !matches!(b, b'&' | b'<') && *b != quote as u8;
        let length = rest.bytes().take_while(usual).count();
        if rest.as_bytes().get(length) == Some(&(quote as u8)) {
            self.at += length + 1;
            return Ok(rest[..length].to_owned());
        }
        let mut value = String::new();
        loop {
            let rest = self.rest();
            let plain = rest.find([quote, '&', '<']).unwrap_or(rest.len());
            let piece = self.plain(plain)?;
            // XML 1.0, 2.11: a line end of two characters is one.
            value.extend(
                piece
                    .replace("\r\n", "\n")
                    .chars()
                    .map(|c| if matches!(c, '\t' | '\r' | '\n') { ' ' } else { c }),
            );
            if self.takes("&") {
                value.push(self.reference()?);
            } else if self.rest().starts_with(quote) {
                self.at += 1;
                return Ok(value);
            } else {
                return self.fail(if self.rest().is_empty() { Reason::Ended } else { Reason::Tag });
            }
        }
    }

    /// Text up to the next tag.
    fn content(&mut self) -> Read<String> {
        // Between most tags there is nothing or a plain word.
        let rest = self.rest();
        let usual = |b: &u8| matches!(b, b' '..=b'~') && !matches!(b, b'&' | b'<' | b']');
        let length = rest.bytes().take_while(usual).count();
        if rest.as_bytes().get(length) == Some(&b'<') && self.defences.stands(Defence::Comments) {
            self.at += length;
            return Ok(rest[..length].to_owned());
        }
        let mut text = String::new();
        loop {
            let rest = self.rest();
            let plain = rest.find(['<', '&']).unwrap_or(rest.len());
            let piece = self.plain(plain)?;
            if piece.contains("]]>") {
                return self.fail(Reason::Character);
            }
            text.push_str(&piece.replace("\r\n", "\n").replace('\r', "\n"));
            if self.passed_over(Defence::Comments, "<!--", "-->") {
                continue;
            }
            if !self.takes("&") {
                return if self.rest().is_empty() { self.fail(Reason::Ended) } else { Ok(text) };
            }
            text.push(self.reference()?);
        }
    }

    /// So many bytes of text without markup.
    fn plain(&mut self, length: usize) -> Read<&'a str> {
        let piece = &self.rest()[..length];
        if let Some((place, _)) = piece.char_indices().find(|(_, c)| !is_character(*c)) {
            self.at += place;
            return self.fail(Reason::Character);
        }
        self.at += length;
        Ok(piece)
    }

    /// What follows an ampersand: one of five names, or the number of a character.
    fn reference(&mut self) -> Read<char> {
        let start = XmlError { at: self.at - 1, reason: Reason::Entity };
        // The longest is a number of seven digits.
        let end = self.rest().bytes().take(12).position(|b| b == b';').ok_or(start)?;
        let name = &self.rest()[..end];
        let found = match name {
            "amp" => Some('&'),
            "lt" => Some('<'),
            "gt" => Some('>'),
            "quot" => Some('"'),
            "apos" => Some('\''),
            _ => {
                let number = name.strip_prefix('#').ok_or(start)?;
                let (digits, radix) = number.strip_prefix('x').map_or((number, 10), |digits| (digits, 16));
                let all_digits = digits.chars().all(|c| c.is_digit(radix));
                let code = u32::from_str_radix(digits, radix).ok().filter(|_| all_digits);
                let wrong = XmlError { reason: Reason::Character, ..start };
                Some(code.and_then(char::from_u32).filter(|c| is_character(*c)).ok_or(wrong)?)
            }
        };
        self.at += end + 1;
        found.ok_or(start)
    }
}

/// XML 1.0, production 2.
fn is_character(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
}

/// Looks prefixes up: in the tag's own declarations, then in those of the elements around it.
fn resolve(start: Start<'_>, open: &[Element]) -> Read<Element> {
    let mut element = Element { at: start.at, ..Element::default() };
    let (declared, attributes): (Vec<_>, Vec<_>) =
        start.pairs.into_iter().partition(|pair| pair.name.0 == "xmlns" || pair.name == ("", "xmlns"));
    for pair in declared {
        let prefix = if pair.name.0.is_empty() { "" } else { pair.name.1 };
        let fail = |reason| XmlError { at: pair.at, reason };
        if prefix.starts_with("xml") || (!prefix.is_empty() && pair.value.is_empty()) {
            return Err(fail(Reason::Prefix));
        }
        if !pair.value.is_empty() && !is_absolute(&pair.value) {
            return Err(fail(Reason::Namespace));
        }
        element.declarations.push(Declaration { prefix: prefix.to_owned(), uri: pair.value });
    }
    let lookup = |prefix: &str, at: usize| -> Read<String> {
        let own = element.declarations.iter();
        let around = open.iter().rev().flat_map(|element| &element.declarations);
        match own.chain(around).find(|declaration| declaration.prefix == prefix) {
            Some(declaration) => Ok(declaration.uri.clone()),
            None if prefix.is_empty() => Ok(String::new()),
            None => Err(XmlError { at, reason: Reason::Prefix }),
        }
    };
    let namespace = lookup(start.name.0, start.at)?;
    let mut read: Vec<Attribute> = Vec::with_capacity(attributes.len());
    for pair in attributes {
        let (prefix, name) = pair.name;
        // A name without prefix is in no namespace, whatever is declared (Namespaces, 6.2).
        let namespace = if prefix.is_empty() { String::new() } else { lookup(prefix, pair.at)? };
        if read.iter().any(|other| other.name == name && other.namespace == namespace) {
            return Err(XmlError { at: pair.at, reason: Reason::Twice });
        }
        let (prefix, name) = (prefix.to_owned(), name.to_owned());
        read.push(Attribute { prefix, name, namespace, value: pair.value, at: pair.at });
    }
    element.attributes = read;
    element.namespace = namespace;
    element.prefix = start.name.0.to_owned();
    element.name = start.name.1.to_owned();
    Ok(element)
}

/// Whether a namespace begins with a scheme. C14N refuses relative ones, which mean different things in
/// different places. Nor may one contain what would need escaping to be told apart.
fn is_absolute(uri: &str) -> bool {
    uri.split_once(':').is_some_and(|(scheme, _)| {
        scheme.bytes().next().is_some_and(|b| b.is_ascii_alphabetic())
            && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn outcome(text: &str) -> Result<(), (usize, Reason)> {
        read(text.as_bytes()).map(drop).map_err(|e| (e.at, e.reason))
    }

    #[test]
    fn what_is_read_keeps_order_and_place() {
        let text = "<?xml version='1.0' encoding=\"utf-8\"?>\n<u:A xmlns:u='urn:u' b='1' a=\"&lt;&#x41;\t\r\n.\">x<B/>&amp;y</u:A>\n";
        let root = read(text.as_bytes()).unwrap().root;
        assert_eq!((root.qualified(), root.namespace.as_str()), ("u:A".to_owned(), "urn:u"));
        let names: Vec<_> = root.attributes.iter().map(|a| (a.name.as_str(), a.value.as_str())).collect();
        assert_eq!(names, [("b", "1"), ("a", "<A  .")]);
        assert_eq!(root.children.len(), 3);
        let inner = root.child("B").unwrap();
        assert_eq!((&text[inner.at..][..4], inner.namespace.as_str()), ("<B/>", ""));
        assert_eq!(&text[root.content_end..], "</u:A>\n");
        assert_eq!(&text[inner.content_end..][..2], "/>");
        assert_eq!(root.children[2], Node::Text("&y".to_owned()));
    }

    #[test]
    fn what_is_refused_is_named_with_its_place() {
        for (text, at, reason) in [
            ("", 0, Reason::Ended),
            ("<!DOCTYPE a><a/>", 0, Reason::DocumentType),
            ("<?xml version=\"1.0\"?><!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>", 21, Reason::DocumentType),
            ("<a>&x;</a>", 3, Reason::Entity),
            ("<a>&#0;</a>", 3, Reason::Character),
            ("<a>&#+1;</a>", 3, Reason::Character),
            ("<a>&#xD800;</a>", 3, Reason::Character),
            ("<a b='&nbsp;'/>", 6, Reason::Entity),
            ("<a>12<!-- x -->3</a>", 5, Reason::Comment),
            ("<a/><!-- x -->", 4, Reason::Comment),
            ("<!-- x --><a/>", 0, Reason::Comment),
            ("<a><?php x?></a>", 3, Reason::Instruction),
            ("<?xml-stylesheet href='x'?><a/>", 0, Reason::Instruction),
            ("<a><![CDATA[x]]></a>", 3, Reason::CData),
            ("\u{FEFF}<a/>", 0, Reason::NotUtf8),
            ("<?xml version='1.1'?><a/>", 0, Reason::XmlDeclaration),
            ("<?xml version='1.0' encoding='UTF-16'?><a/>", 0, Reason::XmlDeclaration),
            ("<?xml version='1.0'", 0, Reason::Ended),
            ("<a>\u{1}</a>", 3, Reason::Character),
            ("<a>]]></a>", 6, Reason::Character),
            ("<ä/>", 1, Reason::Name),
            ("<a:b:c/>", 4, Reason::Tag),
            ("<a b=1/>", 5, Reason::Tag),
            ("<a b='1'c='2'/>", 8, Reason::Tag),
            ("<a b='<'/>", 6, Reason::Tag),
            ("<a></b>", 3, Reason::Unbalanced),
            ("<a b='1' b='2'/>", 9, Reason::Twice),
            ("<a xmlns:x='urn:u' xmlns:y='urn:u' x:b='1' y:b='2'/>", 43, Reason::Twice),
            ("<x:a/>", 0, Reason::Prefix),
            ("<a xml:id='1'/>", 3, Reason::Prefix),
            ("<a xmlns:xml='urn:x'/>", 3, Reason::Prefix),
            ("<a xmlns:x=''/>", 3, Reason::Prefix),
            ("<a xmlns='x'/>", 3, Reason::Namespace),
            ("<a/><b/>", 4, Reason::Outside),
            ("x<a/>", 0, Reason::Outside),
            ("</a>", 0, Reason::Outside),
            ("<a", 2, Reason::Ended),
            ("<a b='1", 7, Reason::Ended),
            ("<a>x", 4, Reason::Ended),
        ] {
            assert_eq!(outcome(text), Err((at, reason)), "{text}");
        }
        assert_eq!(read(b"<a>\xFF</a>").unwrap_err(), XmlError { at: 3, reason: Reason::NotUtf8 });
    }

    #[test]
    fn bounds_hold_at_their_edge() {
        let deep = |depth: usize| outcome(&("<a>".repeat(depth) + &"</a>".repeat(depth)));
        assert_eq!(deep(DEEPEST), Ok(()));
        assert_eq!(deep(DEEPEST + 1), Err((3 * DEEPEST, Reason::TooDeep)));
        let wide = |count: usize| {
            let attributes: String = (0..count).map(|n| format!(" a{n}=''")).collect();
            outcome(&format!("<a{attributes}/>"))
        };
        assert_eq!(wide(MOST_ATTRIBUTES), Ok(()));
        assert_eq!(wide(MOST_ATTRIBUTES + 1).unwrap_err().1, Reason::TooManyAttributes);
        let long = |length: usize| outcome(&format!("<a>{}</a>", "x".repeat(length - 7)));
        assert_eq!(long(LONGEST), Ok(()));
        assert_eq!(long(LONGEST + 1), Err((LONGEST, Reason::TooLong)));
    }

    proptest! {
        #[test]
        fn any_bytes_give_an_answer(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(&bytes);
        }

        #[test]
        fn any_markup_gives_an_answer(text in "(<[a-b:]{1,3}( [a-b]='[&;#a-c]{0,4}'){0,2}/?>|</[a-b]>|[a&;]|<[!?]){0,20}") {
            if let Err(error) = read(text.as_bytes()) {
                prop_assert!(error.at <= text.len());
            }
        }
    }
}

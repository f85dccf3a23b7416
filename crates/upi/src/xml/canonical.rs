//! The one writing of a tree over which signatures are made: Canonical XML 1.0, inclusive, without comments.

use super::{Attribute, Declaration, Element, Node};

/// What is canonicalised: an element with the namespaces of those around it, less one element inside it.
#[derive(Clone, Copy, Debug)]
pub struct Canonical<'a> {
    /// The element to write.
    pub element: &'a Element,
    /// The elements around it, outermost first: their declarations are written on it (C14N 1.0, 2.4).
    pub around: &'a [&'a Element],
    /// An element inside it that is left out with all it contains (XML Signature, 6.6.4).
    pub without: Option<&'a Element>,
}

/// Writes a whole document's root.
pub fn canonical(root: &Element) -> Vec<u8> {
    Canonical { element: root, around: &[], without: None }.to_bytes()
}

impl Canonical<'_> {
    /// The bytes.
    pub fn to_bytes(self) -> Vec<u8> {
        let mut out = Vec::new();
        let mut scope = Scope(Vec::new());
        for element in self.around {
            element.declarations.iter().for_each(|declaration| scope.declare(declaration));
        }
        self.element.declarations.iter().for_each(|declaration| scope.declare(declaration));
        // Of the first element every namespace in force is written, an empty one never.
        let mut apex: Vec<&Declaration> = scope.0.iter().copied().filter(|d| !d.uri.is_empty()).collect();
        apex.sort_by(|a, b| a.prefix.cmp(&b.prefix));
        write_element(self.element, &apex, &mut scope, self.without, &mut out);
        out
    }
}

/// The namespaces in force, one declaration per prefix.
struct Scope<'a>(Vec<&'a Declaration>);

impl<'a> Scope<'a> {
    fn uri(&self, prefix: &str) -> &str {
        self.0.iter().find(|declared| declared.prefix == prefix).map_or("", |declared| declared.uri.as_str())
    }

    fn declare(&mut self, declaration: &'a Declaration) {
        match self.0.iter_mut().find(|declared| declared.prefix == declaration.prefix) {
            Some(declared) => *declared = declaration,
            None => self.0.push(declaration),
        }
    }
}

fn write_element<'a>(
    element: &'a Element,
    namespaces: &[&'a Declaration],
    scope: &mut Scope<'a>,
    without: Option<&Element>,
    out: &mut Vec<u8>,
) {
    out.push(b'<');
    write_name(&element.prefix, &element.name, out);
    for declaration in namespaces {
        let (prefix, name) = if declaration.prefix.is_empty() {
            ("", "xmlns")
        } else {
            ("xmlns", declaration.prefix.as_str())
        };
        write_attribute(prefix, name, &declaration.uri, out);
    }
    let mut attributes: Vec<&Attribute> = element.attributes.iter().collect();
    attributes.sort_by(|a, b| (&a.namespace, &a.name).cmp(&(&b.namespace, &b.name)));
    for attribute in attributes {
        write_attribute(&attribute.prefix, &attribute.name, &attribute.value, out);
    }
    out.push(b'>');
    for child in &element.children {
        match child {
            Node::Text(text) => escape(text, Place::Text, out),
            Node::Element(child) if without.is_some_and(|left_out| std::ptr::eq(left_out, child)) => {}
            Node::Element(child) => {
                // Of the others what differs from the element around them.
                let mut new: Vec<&Declaration> =
                    child.declarations.iter().filter(|d| scope.uri(&d.prefix) != d.uri).collect();
                new.sort_by(|a, b| a.prefix.cmp(&b.prefix));
                let outer = (!new.is_empty()).then(|| scope.0.clone());
                new.iter().for_each(|declaration| scope.declare(declaration));
                write_element(child, &new, scope, without, out);
                if let Some(outer) = outer {
                    scope.0 = outer;
                }
            }
        }
    }
    out.extend_from_slice(b"</");
    write_name(&element.prefix, &element.name, out);
    out.push(b'>');
}

pub(super) fn write_name(prefix: &str, name: &str, out: &mut Vec<u8>) {
    if !prefix.is_empty() {
        out.extend_from_slice(prefix.as_bytes());
        out.push(b':');
    }
    out.extend_from_slice(name.as_bytes());
}

pub(super) fn write_attribute(prefix: &str, name: &str, value: &str, out: &mut Vec<u8>) {
    out.push(b' ');
    write_name(prefix, name, out);
    out.extend_from_slice(b"=\"");
    escape(value, Place::Attribute, out);
    out.push(b'"');
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Text,
    Attribute,
}

/// C14N 1.0, 2.3: what is written as a reference.
pub(super) fn escape(text: &str, place: Place, out: &mut Vec<u8>) {
    let mut from = 0;
    for (at, byte) in text.bytes().enumerate() {
        let reference: &[u8] = match (byte, place) {
            (b'&', _) => b"&amp;",
            (b'<', _) => b"&lt;",
            (b'\r', _) => b"&#xD;",
            (b'>', Place::Text) => b"&gt;",
            (b'"', Place::Attribute) => b"&quot;",
            (b'\t', Place::Attribute) => b"&#x9;",
            (b'\n', Place::Attribute) => b"&#xA;",
            _ => continue,
        };
        out.extend_from_slice(&text.as_bytes()[from..at]);
        out.extend_from_slice(reference);
        from = at + 1;
    }
    out.extend_from_slice(&text.as_bytes()[from..]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xml::read;

    fn written(text: &str) -> String {
        String::from_utf8(canonical(&read(text.as_bytes()).unwrap().root)).unwrap()
    }

    #[test]
    fn known_answers() {
        // C14N 1.0, 3.3 to 3.5, without what we refuse.
        for (text, expected) in [
            ("<a/>", "<a></a>"),
            ("<?xml version='1.0'?>\n<a   b = '1'\n/>\n", "<a b=\"1\"></a>"),
            ("<e2   ></e2>", "<e2></e2>"),
            (
                "<e5 a:attr='out' b:attr='sorted' attr2='all' attr='I&apos;m' xmlns:b='http://www.ietf.org' \
                 xmlns:a='http://www.w3.org' xmlns='http://example.org'/>",
                "<e5 xmlns=\"http://example.org\" xmlns:a=\"http://www.w3.org\" xmlns:b=\"http://www.ietf.org\" \
                 attr=\"I'm\" attr2=\"all\" b:attr=\"sorted\" a:attr=\"out\"></e5>",
            ),
            (
                "<e6 xmlns='' xmlns:a='http://www.w3.org'><e7 xmlns='http://www.ietf.org'><e8 xmlns='' \
                 xmlns:a='http://www.w3.org'><e9 xmlns='' xmlns:a='http://www.ietf.org'/></e8></e7></e6>",
                "<e6 xmlns:a=\"http://www.w3.org\"><e7 xmlns=\"http://www.ietf.org\"><e8 xmlns=\"\"><e9 \
                 xmlns:a=\"http://www.ietf.org\"></e9></e8></e7></e6>",
            ),
            ("<t>First&#x0d;&#10;Second\r\nThird</t>", "<t>First&#xD;\nSecond\nThird</t>"),
            ("<v>&#x32;&lt;&gt;&quot;</v>", "<v>2&lt;&gt;\"</v>"),
            ("<n a=' &#x20;&#13;&#xa;&#9;&lt;>&quot; '/>", "<n a=\"  &#xD;&#xA;&#x9;&lt;>&quot; \"></n>"),
            ("<d>&#169;é</d>", "<d>©é</d>"),
        ] {
            assert_eq!(written(text), expected, "{text}");
        }
    }

    #[test]
    fn it_is_its_own_canonical_form() {
        let text = "<a xmlns='urn:a' xmlns:p='urn:p'><p:b c='&amp;&#9;'>x &gt;<d xmlns=''/></p:b></a>";
        assert_eq!(written(&written(text)), written(text));
    }

    #[test]
    fn a_part_carries_the_namespaces_around_it() {
        let document = read(b"<n:a xmlns:n='urn:n' xmlns='urn:d'><b xmlns=''><c x='1'/></b></n:a>").unwrap();
        let inside = document.root.elements().next().unwrap();
        let part = inside.child("c").unwrap();
        let around = [&document.root, inside];
        let bytes = Canonical { element: part, around: &around, without: None }.to_bytes();
        assert_eq!(String::from_utf8(bytes).unwrap(), "<c xmlns:n=\"urn:n\" x=\"1\"></c>");
        let without = Canonical { element: &document.root, around: &[], without: Some(inside) }.to_bytes();
        assert_eq!(String::from_utf8(without).unwrap(), "<n:a xmlns=\"urn:d\" xmlns:n=\"urn:n\"></n:a>");
    }
}

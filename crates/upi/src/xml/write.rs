//! Trees made here, as bytes: short form of empty elements, attributes in their order.

use super::canonical::{Place, escape, write_attribute, write_name};
use super::{Document, Element, Node};

impl Document {
    /// The document with its declaration, in UTF-8.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>".to_vec();
        self.root.write(&mut out);
        out
    }
}

impl Element {
    /// Appends the element as it is written on the wire.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.push(b'<');
        write_name(&self.prefix, &self.name, out);
        for declaration in &self.declarations {
            match declaration.prefix.as_str() {
                "" => write_attribute("", "xmlns", &declaration.uri, out),
                prefix => write_attribute("xmlns", prefix, &declaration.uri, out),
            }
        }
        for attribute in &self.attributes {
            write_attribute(&attribute.prefix, &attribute.name, &attribute.value, out);
        }
        if self.children.is_empty() {
            out.extend_from_slice(b"/>");
            return;
        }
        out.push(b'>');
        for child in &self.children {
            match child {
                Node::Element(child) => child.write(out),
                Node::Text(text) => escape(text, Place::Text, out),
            }
        }
        out.extend_from_slice(b"</");
        write_name(&self.prefix, &self.name, out);
        out.push(b'>');
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xml::{canonical, read};
    use proptest::prelude::*;

    fn element() -> impl Strategy<Value = Element> {
        let text = "[ -~\\t\\n\\r\u{e9}\u{20b9}]{0,12}";
        let leaf = ("[a-z]{1,3}", prop::collection::btree_map("[a-z]{1,3}", text, 0..4)).prop_map(
            |(name, pairs)| {
                pairs
                    .into_iter()
                    .filter(|(name, _)| name != "xml")
                    .fold(Element::new(&name), |e, (n, v)| e.with(&n, &v))
            },
        );
        leaf.prop_recursive(4, 24, 4, move |inner| {
            (inner.clone(), prop::collection::vec((text, inner), 0..4)).prop_map(|(outer, children)| {
                children.into_iter().fold(
                    Element { children: Vec::new(), ..outer },
                    |outer, (text, child)| {
                        let outer = if text.is_empty() { outer } else { outer.with_text(&text) };
                        outer.with_child(child)
                    },
                )
            })
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(root in element()) {
            let read = read(&Document { root: root.clone() }.to_bytes()).unwrap();
            prop_assert_eq!(canonical(&read.root), canonical(&root));
            prop_assert_eq!(read.to_bytes(), Document { root }.to_bytes());
        }
    }
}

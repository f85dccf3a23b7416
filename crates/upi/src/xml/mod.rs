//! Documents as account payment sends them: a small, strict part of XML 1.0 with namespaces.
//!
//! Read `read` (bytes to a tree, or the offset at which they stop being such a document), `canonical` (the one
//! writing of a tree over which signatures are made), `write` (trees made here).
//!
//! What messages never need is refused before anything else is looked at: document types, entities other than
//! the five of XML itself, comments, processing instructions, CDATA, other encodings than UTF-8, names outside
//! ASCII, the prefix `xml`.

mod canonical;
mod read;
mod write;

pub use canonical::{Canonical, canonical};
pub use read::read;
pub(crate) use read::read_with;

use std::fmt;

/// The longest document that is read, in bytes.
pub const LONGEST: usize = 256 * 1024;
/// How deep elements may lie in one another.
pub const DEEPEST: usize = 32;
/// How many attributes and declarations one element may have.
pub const MOST_ATTRIBUTES: usize = 64;

/// A document that was read: its root, and the bytes it was read from are the caller's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// The one element that holds all others.
    pub root: Element,
}

/// An element, with its place in the bytes it was read from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Element {
    /// The prefix as written, empty if there is none.
    pub prefix: String,
    /// The name without prefix.
    pub name: String,
    /// The namespace the prefix stands for; empty if none.
    pub namespace: String,
    /// Namespace declarations, in order.
    pub declarations: Vec<Declaration>,
    /// Attributes, in order.
    pub attributes: Vec<Attribute>,
    /// What it contains, in order.
    pub children: Vec<Node>,
    /// Byte offset of its `<`.
    pub at: usize,
    /// Byte offset where its content ends: of `</`, or of the `/>` of an empty element.
    pub content_end: usize,
}

/// `xmlns:prefix="uri"`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declaration {
    /// Empty for the namespace of names without a prefix.
    pub prefix: String,
    /// Empty takes that namespace away again.
    pub uri: String,
}

/// An attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// The prefix as written, empty if there is none.
    pub prefix: String,
    /// The name without prefix.
    pub name: String,
    /// The namespace; empty without a prefix.
    pub namespace: String,
    /// The value, references resolved.
    pub value: String,
    /// Byte offset of its name.
    pub at: usize,
}

/// What an element contains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node {
    /// Another element.
    Element(Element),
    /// Text, references resolved.
    Text(String),
}

impl Element {
    /// An element without a namespace, to be filled.
    pub fn new(name: &str) -> Element {
        Element { name: name.to_owned(), ..Element::default() }
    }

    /// The same with one more attribute.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Element {
        self.attributes.push(Attribute {
            prefix: String::new(),
            name: name.to_owned(),
            namespace: String::new(),
            value: value.to_owned(),
            at: 0,
        });
        self
    }

    /// The same with one more element inside.
    #[must_use]
    pub fn with_child(mut self, child: Element) -> Element {
        self.children.push(Node::Element(child));
        self
    }

    /// The same with text inside.
    #[must_use]
    pub fn with_text(mut self, text: &str) -> Element {
        self.children.push(Node::Text(text.to_owned()));
        self
    }

    /// The value of an attribute without prefix.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        let found =
            self.attributes.iter().find(|attribute| attribute.name == name && attribute.prefix.is_empty());
        found.map(|attribute| attribute.value.as_str())
    }

    /// The elements inside it.
    pub fn elements(&self) -> impl Iterator<Item = &Element> {
        self.children.iter().filter_map(|node| match node {
            Node::Element(element) => Some(element),
            Node::Text(_) => None,
        })
    }

    /// The first element inside it with this name and no namespace.
    pub fn child(&self, name: &str) -> Option<&Element> {
        self.elements().find(|element| element.name == name && element.namespace.is_empty())
    }

    /// All elements inside it with this name and no namespace.
    pub fn children_named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Element> {
        self.elements().filter(move |element| element.name == name && element.namespace.is_empty())
    }

    /// Its text, if it contains nothing but text.
    pub fn text(&self) -> Option<String> {
        let pieces = self.children.iter().map(|node| match node {
            Node::Text(text) => Some(text.as_str()),
            Node::Element(_) => None,
        });
        pieces.collect()
    }

    /// The name as written, with its prefix.
    pub fn qualified(&self) -> String {
        qualified(&self.prefix, &self.name)
    }

    /// It and every element inside it, at any depth, in the order of the document.
    pub fn walk(&self) -> Vec<&Element> {
        let mut found = Vec::new();
        let mut ahead = vec![self];
        while let Some(element) = ahead.pop() {
            found.push(element);
            let from = ahead.len();
            ahead.extend(element.elements());
            ahead[from..].reverse();
        }
        found
    }
}

fn qualified(prefix: &str, name: &str) -> String {
    if prefix.is_empty() { name.to_owned() } else { format!("{prefix}:{name}") }
}

/// Why bytes are not a document, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("byte {at}: {reason}")]
pub struct XmlError {
    /// Byte offset.
    pub at: usize,
    /// What is wrong there.
    pub reason: Reason,
}

/// What can be wrong with a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// More than [`LONGEST`] bytes.
    TooLong,
    /// Elements lie deeper than [`DEEPEST`].
    TooDeep,
    /// More than [`MOST_ATTRIBUTES`] on one element.
    TooManyAttributes,
    /// A document type: `<!DOCTYPE`.
    DocumentType,
    /// A reference to an entity that is none of the five of XML.
    Entity,
    /// A comment.
    Comment,
    /// A processing instruction.
    Instruction,
    /// A CDATA section.
    CData,
    /// The bytes are not UTF-8, or begin with a byte order mark.
    NotUtf8,
    /// The declaration is not one of version 1.0 in UTF-8.
    XmlDeclaration,
    /// A character XML does not have.
    Character,
    /// Not a name of ASCII letters, digits, `_`, `-` and `.`, with at most one prefix.
    Name,
    /// What stands here does not belong to a tag.
    Tag,
    /// An end tag that does not end what was begun last.
    Unbalanced,
    /// Two attributes or declarations of one name on one element.
    Twice,
    /// A prefix that nothing declares, or one that may not be declared.
    Prefix,
    /// A namespace that is no absolute name.
    Namespace,
    /// Something stands before or after the one root.
    Outside,
    /// The document ends too early.
    Ended,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Reason::TooLong => "the document is longer than 256 KiB",
            Reason::TooDeep => "elements lie deeper than 32",
            Reason::TooManyAttributes => "an element has more than 64 attributes",
            Reason::DocumentType => "document types are refused",
            Reason::Entity => "entities are refused",
            Reason::Comment => "comments are refused",
            Reason::Instruction => "processing instructions are refused",
            Reason::CData => "CDATA sections are refused",
            Reason::NotUtf8 => "not plain UTF-8",
            Reason::XmlDeclaration => "the declaration is not one of XML 1.0 in UTF-8",
            Reason::Character => "a character that XML does not have",
            Reason::Name => "not a name",
            Reason::Tag => "this does not belong to a tag",
            Reason::Unbalanced => "the end tag ends another element",
            Reason::Twice => "the name stands twice on one element",
            Reason::Prefix => "the prefix stands for nothing",
            Reason::Namespace => "the namespace is not an absolute name",
            Reason::Outside => "something stands outside the root element",
            Reason::Ended => "the document ends too early",
        })
    }
}

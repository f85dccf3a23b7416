//! `expand[]`: in place of an identifier the object itself, as the caller would retrieve it.

use super::call::Call;
use super::shape::{Link, Shape};
use super::table::Answer;
use crate::platform_http::problem::Trouble;
use developers::Rendered;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;
use std::collections::HashMap;
use std::fmt;

/// JSON whose members stay in their order, as people read them.
#[derive(Clone)]
enum Node {
    Leaf(Value),
    List(Vec<Node>),
    Object(Vec<(String, Node)>),
}

impl Serialize for Node {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Node::Leaf(value) => value.serialize(to),
            Node::List(items) => items.serialize(to),
            Node::Object(members) => {
                let mut object = to.serialize_map(Some(members.len()))?;
                for (name, node) in members {
                    object.serialize_entry(name, node)?;
                }
                object.end()
            }
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Node, D::Error> {
        struct Reading;
        impl<'de> Visitor<'de> for Reading {
            type Value = Node;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("JSON")
            }
            fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
                Ok(Node::Leaf(value.into()))
            }
            fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
                Ok(Node::Leaf(value.into()))
            }
            fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
                Ok(Node::Leaf(value.into()))
            }
            fn visit_str<E>(self, value: &str) -> Result<Node, E> {
                Ok(Node::Leaf(value.into()))
            }
            fn visit_unit<E>(self) -> Result<Node, E> {
                Ok(Node::Leaf(Value::Null))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
                let mut list = Vec::new();
                while let Some(item) = items.next_element()? {
                    list.push(item);
                }
                Ok(Node::List(list))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Node, A::Error> {
                let mut object = Vec::new();
                while let Some(member) = members.next_entry()? {
                    object.push(member);
                }
                Ok(Node::Object(object))
            }
            fn visit_f64<E: serde::de::Error>(self, _: f64) -> Result<Node, E> {
                Err(E::custom("no answer holds a fraction"))
            }
        }
        from.deserialize_any(Reading)
    }
}

fn read(text: &str) -> Result<Node, Trouble> {
    serde_json::from_str(text).map_err(|_| Trouble::internal())
}

/// The members of an object in their order, each value as JSON with spaces; nothing of what is no object.
pub(super) fn members_in_order(json: &str) -> Vec<(String, String)> {
    let Ok(Node::Object(members)) = read(json) else { return Vec::new() };
    let text = |node: &Node| serde_json::to_string(node).unwrap_or_default();
    let spaced = |node: Node| text(&node).replace("\":", "\": ").replace(",\"", ", \"");
    members.into_iter().map(|(name, node)| (name, spaced(node))).collect()
}

/// The answer with what the call wants expanded.
pub(super) fn expanded(call: &Call, mut told: Rendered) -> Result<Rendered, Trouble> {
    let Some(paths) = call.parameter("expand[]").and_then(Value::as_array) else { return Ok(told) };
    let (shape, page) = match call.route().answer {
        Answer::One(_, shape) => (shape, false),
        Answer::Page(shape) => (shape, true),
        Answer::Stream | Answer::File => return Ok(told),
    };
    let mut node = read(&told.body)?;
    let mut found = Found { call, objects: HashMap::new() };
    for path in paths.iter().filter_map(Value::as_str) {
        let inside = if page { member(&mut node, "data") } else { Some(&mut node) };
        if let Some(inside) = inside {
            found.expand(inside, shape, path)?;
        }
    }
    told.body = serde_json::to_string(&node).map_err(|_| Trouble::internal())?;
    Ok(told)
}

fn member<'a>(node: &'a mut Node, wanted: &str) -> Option<&'a mut Node> {
    let Node::Object(members) = node else { return None };
    members.iter_mut().find(|(name, _)| name == wanted).map(|(_, node)| node)
}

/// What was looked up for this answer: each object once.
struct Found<'a> {
    call: &'a Call,
    objects: HashMap<(&'static str, String), Option<Node>>,
}

impl Found<'_> {
    /// Expands a path in an object of this shape, or in each of a list of them.
    fn expand(&mut self, node: &mut Node, shape: &'static Shape, path: &str) -> Result<(), Trouble> {
        if let Node::List(items) = node {
            return items.iter_mut().try_for_each(|item| self.expand(item, shape, path));
        }
        let (first, rest) = path.split_once('.').map_or((path, None), |(first, rest)| (first, Some(rest)));
        let field = shape.fields.iter().find(|field| field.name == first);
        let (Some(link), Some(inside)) = (field.and_then(|field| field.kind.link()), member(node, first))
        else {
            return Ok(());
        };
        self.put(inside, link)?;
        rest.map_or(Ok(()), |rest| self.expand(inside, link.shape, rest))
    }

    /// Puts the object in place of its identifier. What the caller may not see stays an identifier.
    fn put(&mut self, node: &mut Node, link: &'static Link) -> Result<(), Trouble> {
        match node {
            Node::List(items) => items.iter_mut().try_for_each(|item| self.put(item, link)),
            Node::Leaf(Value::String(name)) => {
                if let Some(object) = self.object(link, name)? {
                    *node = object;
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn object(&mut self, link: &'static Link, name: &str) -> Result<Option<Node>, Trouble> {
        if !self.call.key.scopes.contains(&link.scope) {
            let detail = format!("To expand this, a key needs the scope {}.", link.scope.name());
            return Err(Trouble::of("scope_missing", &detail).at("expand[]"));
        }
        let place = (link.shape.name, name.to_owned());
        if let Some(known) = self.objects.get(&place) {
            return Ok(known.clone());
        }
        let object = match (link.find)(self.call, name) {
            Ok(text) => Some(read(&text)?),
            Err(trouble) if trouble.problem().status == 404 => None,
            Err(trouble) => return Err(trouble),
        };
        self.objects.insert(place, object.clone());
        Ok(object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_keep_their_order() {
        let text = r#"{"z":1,"a":[{"y":null,"b":true}],"m":"x"}"#;
        assert_eq!(serde_json::to_string(&read(text).unwrap_or_else(|_| panic!())).unwrap(), text);
    }
}

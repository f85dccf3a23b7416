//! JSON as a request may carry it: no member twice, not too deep. What one reader takes for the first of two equal
//! members and another for the last is a way around a check.

use crate::platform_http::problem::Trouble;
use developers::answer::Part;
use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use std::cell::RefCell;
use std::fmt;

/// How deep objects and lists may lie in one another.
pub(super) const DEPTH_MOST: usize = 64;

#[derive(Clone, Debug, PartialEq, Eq)]
enum Breach {
    Twice(String),
    Deep,
    /// A number that no machine word holds.
    Huge(String),
}

/// Reads a body.
pub(super) fn read(body: &[u8]) -> Result<Value, Trouble> {
    let breach = RefCell::new(None);
    let mut reader = serde_json::Deserializer::from_slice(body);
    let seed = Inner { path: String::new(), depth: 0, breach: &breach };
    let read = seed.deserialize(&mut reader).and_then(|value| reader.end().map(|()| value));
    read.map_err(|error| match breach.into_inner() {
        Some(Breach::Twice(place)) => {
            Trouble::of("json_duplicate_member", "This member stands in the body twice.").at(&place)
        }
        Some(Breach::Deep) => {
            let detail = format!("Objects and lists may lie in one another at most {DEPTH_MOST} deep.");
            Trouble::of("json_too_deep", &detail)
        }
        Some(Breach::Huge(place)) => {
            Trouble::of("parameter_invalid", "This number is too large to be read.").at(&place)
        }
        // The position is safe to tell; the text at it is not.
        None => {
            let detail =
                format!("The body is no JSON from line {} column {} on.", error.line(), error.column());
            Trouble::of("json_malformed", &detail)
        }
    })
}

struct Inner<'a> {
    path: String,
    depth: usize,
    breach: &'a RefCell<Option<Breach>>,
}

impl<'de> DeserializeSeed<'de> for Inner<'_> {
    type Value = Value;
    fn deserialize<D: serde::Deserializer<'de>>(self, from: D) -> Result<Value, D::Error> {
        let (breach, path) = (self.breach, self.path.clone());
        from.deserialize_any(self).inspect_err(|error| {
            // The innermost value hears of it first.
            if breach.borrow().is_none() && error.to_string().starts_with("number out of range") {
                breach.replace(Some(Breach::Huge(path)));
            }
        })
    }
}

impl Inner<'_> {
    fn deeper<E: serde::de::Error>(&self, step: &str) -> Result<Inner<'_>, E> {
        if self.depth == DEPTH_MOST {
            self.breach.replace(Some(Breach::Deep));
            return Err(E::custom("too deep"));
        }
        Ok(Inner { path: format!("{}/{step}", self.path), depth: self.depth + 1, breach: self.breach })
    }
}

impl<'de> Visitor<'de> for Inner<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }
    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }
    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }
    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }
    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }
    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }
    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self.deeper(&list.len().to_string())?)? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        self.deeper::<A::Error>("")?;
        while let Some(name) = members.next_key::<String>()? {
            let step: String =
                name.chars().take(64).collect::<String>().replace('~', "~0").replace('/', "~1");
            let inner = self.deeper(&step)?;
            if object.contains_key(&name) {
                let place = inner.path.clone();
                self.breach.replace(Some(Breach::Twice(place)));
                return Err(A::Error::custom("twice"));
            }
            let value = members.next_value_seed(inner)?;
            object.insert(name, value);
        }
        Ok(Value::Object(object))
    }
}

/// Every value of a body with its place, ordered: by these a request is known again.
pub(super) fn parts(body: &Value) -> Vec<Part> {
    let mut parts = Vec::new();
    collect(body, String::new(), &mut parts);
    parts.sort_by(|one: &Part, other| one.pointer.cmp(&other.pointer));
    parts
}

fn collect(value: &Value, pointer: String, parts: &mut Vec<Part>) {
    match value {
        Value::Object(object) if !object.is_empty() => {
            let step = |name: &String| format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"));
            object.iter().for_each(|(name, value)| collect(value, step(name), parts));
        }
        Value::Array(list) if !list.is_empty() => {
            list.iter().enumerate().for_each(|(n, value)| collect(value, format!("{pointer}/{n}"), parts));
        }
        leaf => parts.push(Part::new(&pointer, leaf.to_string().as_bytes())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn code(body: &str) -> (String, Option<String>) {
        let trouble = read(body.as_bytes()).expect_err(body);
        (trouble.problem().code.clone(), trouble.problem().param.clone())
    }

    #[test]
    fn a_member_stands_once() {
        assert_eq!(
            read(br#"{"a": [1, {"b": "x"}], "c": null}"#).unwrap(),
            json!({"a": [1, {"b": "x"}], "c": null})
        );
        let twice = |place: &str| ("json_duplicate_member".to_owned(), Some(place.to_owned()));
        assert_eq!(code(r#"{"a": 1, "a": 1}"#), twice("/a"));
        assert_eq!(code(r#"{"x": [0, {"a": 1, "\u0061": 2}]}"#), twice("/x/1/a"));
    }

    #[test]
    fn depth_has_an_end() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(read(nested(DEPTH_MOST).as_bytes()).is_ok());
        assert_eq!(code(&nested(DEPTH_MOST + 1)).0, "json_too_deep");
        assert_eq!(code(&nested(100_000)).0, "json_too_deep");
        let objects = format!("{}1{}", r#"{"a":"#.repeat(65), "}".repeat(65));
        assert_eq!(code(&objects).0, "json_too_deep");
    }

    #[test]
    fn what_is_no_json_is_not_quoted() {
        for wrong in ["", "{", "{\"secret\": 1} x", "nul", "\u{feff}{}", "{'a': 1}"] {
            assert_eq!(code(wrong).0, "json_malformed", "{wrong}");
        }
        let detail = read(b"{\"a\": secret}").unwrap_err().problem().detail.clone();
        assert_eq!(detail, "The body is no JSON from line 1 column 7 on.");
    }

    #[test]
    fn a_number_beyond_all_bounds_has_a_place() {
        let huge = |place: &str| ("parameter_invalid".to_owned(), Some(place.to_owned()));
        assert_eq!(code(r#"{"amount": {"value": 1e400}}"#), huge("/amount/value"));
        assert_eq!(code(&format!("[0, 1{}]", "0".repeat(400))), huge("/1"));
        assert_eq!(read(b"[1e2, 18446744073709551616]").unwrap(), json!([100.0, 18446744073709551616.0]));
    }

    #[test]
    fn parts_tell_where_two_bodies_differ() {
        let one = parts(&json!({"a": {"b": 1, "c": []}, "d": "x"}));
        let other = parts(&json!({"d": "x", "a": {"c": [], "b": 2}}));
        let pointers: Vec<&str> = one.iter().map(|part| part.pointer.as_str()).collect();
        assert_eq!(pointers, ["/a/b", "/a/c", "/d"]);
        let differing: Vec<bool> = one.iter().zip(&other).map(|(one, other)| one != other).collect();
        assert_eq!(differing, [true, false, false]);
    }
}

//! What a query may ask: the parameters that a route names itself, and those that follow from what it answers. A list of
//! things with a status can be filtered by it, one of things with metadata by that, and so on: nothing says so twice.

use super::call::Call;
use super::paging::INCLUDE;
use super::shape::{Field, Kind, Shape};
use super::table::{Answer, Route};
use super::time;
use crate::platform_http::problem::Trouble;
use serde_json::{Map, Value};
use store::rooms::developers::lists::{Bound, List};
use values::Timestamp;

/// The bounds of a moment, as parameters.
const BORN: [(Bound, Field); 4] = [
    (Bound::AtLeast, Field::optional("created[gte]", Kind::Time, "Only what came about then or later.")),
    (Bound::After, Field::optional("created[gt]", Kind::Time, "Only what came about later.")),
    (Bound::AtMost, Field::optional("created[lte]", Kind::Time, "Only what came about then or earlier.")),
    (Bound::Before, Field::optional("created[lt]", Kind::Time, "Only what came about earlier.")),
];

fn has(shape: &Shape, name: &str) -> Option<Kind> {
    shape.fields.iter().find(|field| field.name == name).map(|field| field.kind)
}

/// When a thing came about, as its shape names it.
fn birth(shape: &Shape) -> Option<&'static str> {
    ["created_at", "created"].into_iter().find(|name| has(shape, name).is_some())
}

/// The parameters of a route.
pub(super) fn parameters(route: &Route) -> Vec<Field> {
    let mut fields = route.query.to_vec();
    let shape = match route.answer {
        Answer::One(_, shape) | Answer::Page(shape) => shape,
        Answer::Stream | Answer::File => return fields,
    };
    if matches!(route.answer, Answer::Page(_)) {
        if let Some(kind @ Kind::Word(_)) = has(shape, "status") {
            fields.push(Field::optional("status", kind, "Only those that stand so."));
        }
        if birth(shape).is_some() {
            fields.extend(BORN.iter().map(|(_, field)| *field));
        }
        if has(shape, "metadata").is_some() {
            let kind = Kind::Metadata { change: false };
            let says = "Only those whose metadata says this: `metadata[order]=2211`.";
            fields.push(Field::optional("metadata", kind, says));
        }
        fields.push(INCLUDE);
    }
    if !shape.links().is_empty() {
        let says = "Links in whose place the objects themselves are put, `merchant` or `terminal.merchant`.";
        fields.push(Field::optional("expand[]", Kind::Expand(shape), says));
    }
    fields
}

/// Reads a query.
pub(super) fn read(route: &Route, query: &str) -> Result<Map<String, Value>, Trouble> {
    let invalid = || Trouble::of("parameter_invalid", "The query cannot be read.");
    if query.is_empty() && !route.query.iter().any(|field| field.required) {
        return Ok(Map::new());
    }
    let known = parameters(route);
    let mut read = Map::new();
    for (name, text) in form(query).ok_or_else(invalid)? {
        let (outer, inner) = named(&name);
        let field = known.iter().find(|field| field.name == outer).ok_or_else(|| {
            let place: String = name.chars().take(64).collect();
            Trouble::of("parameter_unknown", "There is no such parameter.").at(&place)
        })?;
        let twice = || Trouble::of("parameter_invalid", "This parameter stands twice.").at(&name);
        match (read.get_mut(outer), inner) {
            (Some(Value::Object(words)), Some(inner)) => {
                if words.insert(inner.to_owned(), Value::from(text)).is_some() {
                    return Err(twice());
                }
            }
            (Some(Value::Array(paths)), None) => paths.push(Value::from(text)),
            (Some(_), _) => return Err(twice()),
            (None, inner) => {
                let value = match (field.kind, inner) {
                    (Kind::Metadata { .. }, Some(inner)) => {
                        Value::Object(Map::from_iter([(inner.to_owned(), Value::from(text))]))
                    }
                    (Kind::Expand(_), _) => Value::Array(vec![Value::from(text)]),
                    _ => field.kind.read_query(field.name, &text)?,
                };
                read.insert(outer.to_owned(), value);
            }
        }
    }
    for field in &known {
        match read.get(field.name) {
            Some(value) if field.kind.gathers() => field.kind.check(value, field.name)?,
            None if field.required => {
                return Err(Trouble::of("parameter_missing", "This parameter is needed.").at(field.name));
            }
            _ => {}
        }
    }
    Ok(read)
}

/// `metadata[order]` is the member `order` of the parameter `metadata`; any other name stands for itself.
fn named(name: &str) -> (&str, Option<&str>) {
    let inner = name.strip_prefix("metadata[").and_then(|rest| rest.strip_suffix(']'));
    inner.map_or((name, None), |inner| ("metadata", Some(inner)))
}

/// Names and values of a query, decoded.
fn form(query: &str) -> Option<Vec<(String, String)>> {
    let decode = |text: &str| {
        let mut bytes = text.bytes();
        let mut decoded = Vec::new();
        while let Some(byte) = bytes.next() {
            decoded.push(match byte {
                b'+' => b' ',
                b'%' => {
                    let pair = [bytes.next()?, bytes.next()?];
                    u8::from_str_radix(str::from_utf8(&pair).ok().filter(|text| !text.starts_with('+'))?, 16)
                        .ok()?
                }
                byte => byte,
            });
        }
        String::from_utf8(decoded).ok()
    };
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Some((decode(name)?, decode(value)?))
        })
        .collect()
}

/// What of a list is wanted, besides its window.
#[derive(Clone, Debug, Default)]
pub(super) struct Filter {
    born: Vec<(Bound, Timestamp)>,
    status: Option<String>,
    pub(super) words: Vec<(String, String)>,
    /// Members of the things that have to say this.
    equal: Vec<(&'static str, Value)>,
}

impl Filter {
    /// That of a call.
    pub(super) fn of(call: &Call) -> Filter {
        let born = BORN.iter().filter_map(|(bound, field)| {
            let at = call.parameter_text(field.name).and_then(time::parse)?;
            Some((*bound, at))
        });
        let words = call.parameter("metadata").and_then(Value::as_object);
        let said = |(name, value): (&String, &Value)| Some((name.clone(), value.as_str()?.to_owned()));
        // What a route names itself and the shape of its things has too, is compared.
        let own = call.route().query.iter().filter(|field| match call.route().answer {
            Answer::Page(shape) => has(shape, field.name).is_some(),
            _ => false,
        });
        Filter {
            born: born.collect(),
            status: call.parameter_text("status").map(str::to_owned),
            words: words.into_iter().flatten().filter_map(said).collect(),
            equal: own.filter_map(|field| Some((field.name, call.parameter(field.name)?.clone()))).collect(),
        }
    }

    /// Narrows a list in tables; `column` says where a member lies, nothing if the list has it anyway.
    pub(super) fn narrow(&self, mut list: List, column: impl Fn(&str) -> Option<&'static str>) -> List {
        for (bound, at) in &self.born {
            list = list.born(*bound, *at);
        }
        if let Some(status) = &self.status {
            list = list.standing(status);
        }
        for (name, value) in &self.words {
            list = list.with_word(name, value);
        }
        for (name, value) in &self.equal {
            list = match (column(name), value) {
                (Some(column), Value::String(text)) => list.having(column, text),
                (Some(column), Value::Number(number)) => list.counting(column, number.as_i64().unwrap_or(0)),
                _ => list,
            };
        }
        list
    }

    /// Whether a thing in memory is wanted, by what its members say; its metadata is looked at elsewhere.
    pub(super) fn wants(&self, member: impl Fn(&str) -> Option<String>) -> bool {
        let says = |name: &str, wanted: &str| member(name).is_some_and(|said| said == wanted);
        let status = self.status.as_ref().is_none_or(|status| says("status", status));
        let equal = self.equal.iter().all(|(name, value)| match value {
            Value::String(text) => says(name, text),
            other => says(name, &other.to_string()),
        });
        // Moments are written in one form, which sorts as they do.
        let born = self.born.iter().all(|(bound, at)| {
            let (Some(born), at) = (member("created_at"), time::write(*at)) else { return true };
            match bound {
                Bound::AtLeast => born >= at,
                Bound::After => born > at,
                Bound::AtMost => born <= at,
                Bound::Before => born < at,
            }
        });
        status && equal && born
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_decoded_or_refused() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(form("a=1&b=%E9%9B%B6+x&c"), Some(vec![pair("a", "1"), pair("b", "零 x"), pair("c", "")]));
        for wrong in ["a=%", "a=%4", "a=%zz", "a=%ff", "a=%+1"] {
            assert_eq!(form(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_word_of_metadata_is_a_part_of_one_parameter() {
        assert_eq!(named("metadata[a.b]"), ("metadata", Some("a.b")));
        assert_eq!(named("created[gte]"), ("created[gte]", None));
        assert_eq!(named("metadata[a"), ("metadata[a", None));
    }
}

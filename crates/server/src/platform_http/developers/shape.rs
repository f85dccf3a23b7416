//! What bodies and queries look like: one description from which requests are checked, and which the reference shows.

use super::call::Call;
use crate::platform_http::problem::Trouble;
use developers::Scope;
use developers::change::MEMBERS_MOST;
use serde_json::{Map, Value, json};

/// What a member holds.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    /// Printable text of so many characters.
    Text {
        /// At least.
        least: usize,
        /// At most.
        most: usize,
    },
    /// An identifier with this prefix.
    Id(&'static str),
    /// One of these words.
    Word(&'static [&'static str]),
    /// A whole number within bounds.
    Whole {
        /// At least.
        least: i64,
        /// At most.
        most: i64,
    },
    /// True or false.
    Flag,
    /// A moment, RFC 3339 in UTC with milliseconds.
    Time,
    /// Minor units and currency.
    Money,
    /// Another object.
    Object(&'static Shape),
    /// Several texts of this kind.
    List(&'static Kind),
    /// Several objects.
    Objects {
        /// What each looks like.
        of: &'static Shape,
        /// At most so many, and at least one.
        most: usize,
    },
    /// An object that is described elsewhere.
    Json,
    /// Text of a form of its own.
    Form(&'static Form),
    /// Words of the caller's own: names and texts. In a change, `null` takes one away.
    Metadata {
        /// Whether this is a change.
        change: bool,
    },
    /// The identifier of another object, in whose place the object itself can be asked for.
    Link(&'static Link),
    /// In a query: which links of this shape are to be expanded.
    Expand(&'static Shape),
}

/// A form that text can have.
#[derive(Debug)]
pub(crate) struct Form {
    /// In a word or two.
    pub(crate) word: &'static str,
    /// What it has to be, for whoever sent something else.
    pub(crate) expected: &'static str,
    /// Its JSON Schema: it fits what `holds` lets through.
    pub(crate) schema: fn() -> Value,
    /// Whether a text has the form.
    pub(crate) holds: fn(&str) -> bool,
}

/// A way from one object to another.
#[derive(Debug)]
pub(crate) struct Link {
    /// What the identifier looks like.
    pub(crate) name: Kind,
    /// The object.
    pub(crate) shape: &'static Shape,
    /// What a key needs to see it.
    pub(crate) scope: Scope,
    /// The object as JSON, if it is the caller's to see.
    pub(super) find: fn(&Call, &str) -> Result<String, Trouble>,
}

/// An ISO 4217 code.
pub(crate) static CURRENCY: Form = Form {
    word: "currency",
    expected: "an ISO 4217 code",
    schema: || {
        let words: Vec<&str> = values::Currency::all().map(values::Currency::alpha).collect();
        json!({"type": "string", "enum": words})
    },
    holds: |text| values::Currency::from_alpha(text).is_some(),
};

/// A member of an object, or a parameter of a query.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Field {
    /// Its name.
    pub(crate) name: &'static str,
    /// What it holds.
    pub(crate) kind: Kind,
    /// Whether it must be there.
    pub(crate) required: bool,
    /// Whether it may be `null`: only in answers.
    pub(crate) nullable: bool,
    /// What it is, for people.
    pub(crate) says: &'static str,
}

impl Field {
    /// A member that must be there.
    pub(crate) const fn required(name: &'static str, kind: Kind, says: &'static str) -> Field {
        Field { name, kind, required: true, nullable: false, says }
    }

    /// A member that may be left out.
    pub(crate) const fn optional(name: &'static str, kind: Kind, says: &'static str) -> Field {
        Field { name, kind, required: false, nullable: false, says }
    }

    /// A member of an answer that is always there and may be `null`.
    pub(crate) const fn nullable(name: &'static str, kind: Kind, says: &'static str) -> Field {
        Field { name, kind, required: true, nullable: true, says }
    }

    /// A member that only some answers have, and may be `null` in them.
    pub(crate) const fn absent_or_null(name: &'static str, kind: Kind, says: &'static str) -> Field {
        Field { name, kind, required: false, nullable: true, says }
    }
}

/// An object.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    /// Its name in the description of the interface.
    pub(crate) name: &'static str,
    /// What it is.
    pub(crate) says: &'static str,
    /// Its members.
    pub(crate) fields: &'static [Field],
}

/// Amounts, wherever they stand.
pub(crate) static MONEY: Shape = Shape {
    name: "Money",
    says: "An amount: minor units (fen, paise, cents) and the currency.",
    fields: &[
        Field::required(
            "value",
            Kind::Whole { least: 0, most: i64::MAX },
            "Minor units: 1250 CNY is 12.50 yuan.",
        ),
        Field::required("currency", Kind::Form(&CURRENCY), "ISO 4217 code, three capital letters."),
    ],
};

/// What callers wrote onto a thing, in what is told of it.
pub(crate) const METADATA: Field = Field::required(
    "metadata",
    Kind::Metadata { change: false },
    "Your own words: up to 50 names with up to 500 characters each. Never logged, never read for meaning.",
);
/// The same in what is said of a new thing.
pub(crate) const NEW_METADATA: Field = Field::optional(
    "metadata",
    Kind::Metadata { change: false },
    "Your own words: up to 50 names with up to 500 characters each. No card numbers.",
);
/// The same in a change.
pub(crate) const CHANGED_METADATA: Field = Field::optional(
    "metadata",
    Kind::Metadata { change: true },
    "Your own words, merged with those that are there; `null` takes one away.",
);

impl Shape {
    /// Checks a body: a problem names the first member that is wrong.
    pub(crate) fn check(&self, body: &Value) -> Result<(), Trouble> {
        self.check_at(body, "")
    }

    fn check_at(&self, value: &Value, pointer: &str) -> Result<(), Trouble> {
        let Some(object) = value.as_object() else { return Err(wrong(pointer, "an object")) };
        if let Some(unknown) = object.keys().find(|name| self.fields.iter().all(|field| field.name != **name))
        {
            let place = format!("{pointer}/{}", escaped(unknown));
            return Err(Trouble::of("parameter_unknown", "There is no such member.").at(&place));
        }
        for field in self.fields {
            let place = format!("{pointer}/{}", field.name);
            match object.get(field.name) {
                None if field.required => {
                    return Err(Trouble::of("parameter_missing", "This member is needed.").at(&place));
                }
                None => {}
                Some(Value::Null) if field.nullable => {}
                Some(value) => field.kind.check(value, &place)?,
            }
        }
        Ok(())
    }

    /// JSON Schema of it (2020-12, as OpenAPI 3.1 has it).
    pub(crate) fn schema(&self) -> Value {
        let mut properties = Map::new();
        for field in self.fields {
            properties.insert(field.name.to_owned(), field.schema());
        }
        let required: Vec<&str> = self.fields.iter().filter(|f| f.required).map(|f| f.name).collect();
        json!({
            "type": "object", "description": self.says, "properties": properties, "required": required,
            "additionalProperties": false,
        })
    }

    /// Whether an object of it can lack something: a member that must be there, or a part of a member.
    pub(crate) fn needs_something(&self) -> bool {
        let lacks = |field: &Field| field.kind.inner().is_some_and(Shape::needs_something);
        self.fields.iter().any(|field| field.required || lacks(field))
    }

    /// The shapes it is made of, itself first.
    pub(crate) fn parts(&'static self) -> Vec<&'static Shape> {
        let inner = self.fields.iter().filter_map(|field| field.kind.inner());
        std::iter::once(self).chain(inner.flat_map(Shape::parts)).collect()
    }

    /// The paths of its links, and of theirs, at most [`EXPANDED_MOST`] deep: what `expand[]` may name.
    pub(crate) fn links(&self) -> Vec<String> {
        self.links_within(EXPANDED_MOST)
    }

    fn links_within(&self, depth: usize) -> Vec<String> {
        let mut paths = Vec::new();
        for field in self.fields.iter().filter(|_| depth > 0) {
            let Some(link) = field.kind.link() else { continue };
            paths.push(field.name.to_owned());
            let deeper = link.shape.links_within(depth - 1);
            paths.extend(deeper.iter().map(|path| format!("{}.{path}", field.name)));
        }
        paths
    }
}

impl Field {
    /// JSON Schema of it.
    pub(crate) fn schema(&self) -> Value {
        let mut schema = self.kind.schema();
        if let Some(object) = schema.as_object_mut() {
            if self.nullable {
                if let Some(kind) = object.get("type").cloned() {
                    object.insert("type".to_owned(), json!([kind, "null"]));
                    if let Some(Value::Array(words)) = object.get_mut("enum") {
                        words.push(Value::Null);
                    }
                } else {
                    let other = Value::Object(object.clone());
                    *object = Map::from_iter([("anyOf".to_owned(), json!([other, {"type": "null"}]))]);
                }
            }
            object.insert("description".to_owned(), json!(self.says));
        }
        schema
    }
}

impl Kind {
    /// Checks a value; `place` is what a problem points at.
    pub(crate) fn check(&self, value: &Value, place: &str) -> Result<(), Trouble> {
        match self {
            Kind::Text { least, most } => match value.as_str() {
                Some(text)
                    if (*least..=*most).contains(&text.chars().count())
                        && !text.chars().any(char::is_control) =>
                {
                    Ok(())
                }
                _ => Err(wrong(place, &format!("a text of {least} to {most} printable characters"))),
            },
            Kind::Id(prefix) => match value.as_str() {
                Some(text) if is_id(text, prefix) => Ok(()),
                _ => Err(wrong(place, &format!("an identifier that begins with {prefix}_"))),
            },
            Kind::Word(words) => match value.as_str() {
                Some(text) if words.contains(&text) => Ok(()),
                _ => Err(wrong(place, &format!("one of: {}", words.join(", ")))),
            },
            Kind::Whole { least, most } => match value.as_i64() {
                Some(number) if (*least..=*most).contains(&number) => Ok(()),
                _ => Err(wrong(place, &format!("a whole number from {least} to {most}"))),
            },
            Kind::Flag if value.is_boolean() => Ok(()),
            Kind::Flag => Err(wrong(place, "true or false")),
            Kind::Time => match value.as_str().and_then(crate::platform_http::developers::time::parse) {
                Some(_) => Ok(()),
                None => Err(wrong(place, "a moment such as 2026-11-01T09:30:00.000Z")),
            },
            Kind::Money => MONEY.check_at(value, place),
            Kind::Object(shape) => shape.check_at(value, place),
            Kind::List(kind) => {
                let Some(items) = value.as_array() else { return Err(wrong(place, "a list")) };
                let checked =
                    items.iter().enumerate().map(|(n, item)| kind.check(item, &format!("{place}/{n}")));
                checked.collect()
            }
            Kind::Objects { of, most } => {
                let items = value.as_array().filter(|items| (1..=*most).contains(&items.len()));
                let Some(items) = items else {
                    return Err(wrong(place, &format!("a list of 1 to {most} objects")));
                };
                let mut numbered = items.iter().enumerate();
                numbered.try_for_each(|(n, item)| of.check_at(item, &format!("{place}/{n}")))
            }
            Kind::Json if value.is_object() => Ok(()),
            Kind::Json => Err(wrong(place, "an object")),
            Kind::Form(form) => match value.as_str() {
                Some(text) if (form.holds)(text) => Ok(()),
                _ => Err(wrong(place, form.expected)),
            },
            Kind::Metadata { change } => check_metadata(value, *change, place),
            Kind::Link(link) => link.name.check(value, place),
            Kind::Expand(shape) => {
                let known = shape.links();
                let asked = value.as_array().into_iter().flatten();
                match asked.filter_map(Value::as_str).find(|path| known.iter().all(|known| known != path)) {
                    None => Ok(()),
                    Some(_) => Err(wrong(place, &format!("one of: {}", known.join(", ")))),
                }
            }
        }
    }

    /// The shape that it holds, if it holds one.
    fn inner(&self) -> Option<&'static Shape> {
        match self {
            Kind::Object(shape) | Kind::Objects { of: shape, .. } => Some(shape),
            Kind::Money => Some(&MONEY),
            Kind::List(kind) => kind.inner(),
            kind => kind.link().map(|link| link.shape),
        }
    }

    /// The link in it, if there is one.
    pub(crate) fn link(&self) -> Option<&'static Link> {
        match self {
            Kind::Link(link) => Some(link),
            Kind::List(kind) => kind.link(),
            _ => None,
        }
    }

    /// Whether a query may say it more than once, by which each time adds to what was said.
    pub(crate) fn gathers(&self) -> bool {
        matches!(self, Kind::Metadata { .. } | Kind::Expand(_))
    }

    /// Reads a parameter of a query as this kind.
    pub(crate) fn read_query(&self, name: &str, text: &str) -> Result<Value, Trouble> {
        let value = match self {
            Kind::Whole { .. } => text.parse::<i64>().map_or(Value::Null, Value::from),
            Kind::Flag => text.parse::<bool>().map_or(Value::Null, Value::from),
            _ => Value::from(text),
        };
        self.check(&value, name)?;
        Ok(value)
    }

    /// JSON Schema of it.
    pub(crate) fn schema(&self) -> Value {
        match self {
            Kind::Text { least, most } => json!({
                "type": "string", "minLength": least, "maxLength": most, "pattern": PRINTABLE,
            }),
            Kind::Id(prefix) => {
                json!({"type": "string", "pattern": format!("^{prefix}_[0-7][0-9A-HJKMNP-TV-Z]{{25}}$")})
            }
            Kind::Word(words) => json!({"type": "string", "enum": words}),
            Kind::Whole { least, most } => json!({"type": "integer", "minimum": least, "maximum": most}),
            Kind::Flag => json!({"type": "boolean"}),
            Kind::Time => json!({"type": "string", "format": "date-time"}),
            Kind::Money => reference(MONEY.name),
            Kind::Object(shape) => reference(shape.name),
            Kind::List(kind) => json!({"type": "array", "items": kind.schema()}),
            Kind::Objects { of, most } => {
                json!({"type": "array", "items": reference(of.name), "minItems": 1, "maxItems": most})
            }
            Kind::Json => json!({"type": "object"}),
            Kind::Form(form) => (form.schema)(),
            Kind::Metadata { change } => json!({
                "type": "object", "maxProperties": MEMBERS_MOST,
                "propertyNames": {"pattern": NAME_PATTERN},
                "additionalProperties": {
                    "type": if *change { json!(["string", "null"]) } else { json!("string") },
                    "minLength": 1, "maxLength": WORD_MOST, "pattern": PRINTABLE,
                },
            }),
            Kind::Link(link) => json!({"anyOf": [link.name.schema(), reference(link.shape.name)]}),
            Kind::Expand(shape) => {
                json!({"type": "array", "items": {"type": "string", "enum": shape.links()}})
            }
        }
    }

    /// What it is, in a word or two for people.
    pub(crate) fn word(&self) -> String {
        match self {
            Kind::Text { .. } => "string".to_owned(),
            Kind::Id(prefix) => format!("{prefix}_…"),
            Kind::Word(words) => words.join(" | "),
            Kind::Whole { .. } => "integer".to_owned(),
            Kind::Flag => "boolean".to_owned(),
            Kind::Time => "time".to_owned(),
            Kind::Money => "money".to_owned(),
            Kind::Object(_) => "object".to_owned(),
            Kind::List(kind) => format!("list of {}", kind.word()),
            Kind::Objects { of, .. } => format!("list of {}", of.name),
            Kind::Json => "object".to_owned(),
            Kind::Form(form) => form.word.to_owned(),
            Kind::Metadata { .. } => "map".to_owned(),
            Kind::Link(link) => format!("{}, expandable", link.name.word()),
            Kind::Expand(shape) => shape.links().join(" | "),
        }
    }
}

/// How deep links are expanded.
pub(crate) const EXPANDED_MOST: usize = 2;
/// Text without control characters.
const PRINTABLE: &str = "^[^\\u0000-\\u001f\\u007f-\\u009f]*$";
/// What a name in metadata looks like; also in `metadata[name]`.
const NAME_PATTERN: &str = "^[A-Za-z0-9_.-]{1,40}$";
/// The most characters of a text in metadata.
const WORD_MOST: usize = 500;

fn check_metadata(value: &Value, change: bool, place: &str) -> Result<(), Trouble> {
    let Some(words) = value.as_object() else { return Err(wrong(place, "an object")) };
    if words.len() > MEMBERS_MOST {
        return Err(wrong(place, &format!("at most {MEMBERS_MOST} names")));
    }
    for (name, word) in words {
        let place = format!("{place}/{}", escaped(name));
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
        if !(1..=40).contains(&name.len()) || !name.bytes().all(plain) {
            return Err(wrong(&place, "named with 1 to 40 letters, digits, `_`, `.` and `-`"));
        }
        if word.is_null() && change {
            continue;
        }
        Kind::Text { least: 1, most: WORD_MOST }.check(word, &place)?;
    }
    Ok(())
}

fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

fn is_id(text: &str, prefix: &str) -> bool {
    let body = text.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('_')).unwrap_or_default();
    let letter = |byte: u8| byte.is_ascii_digit() || (byte.is_ascii_uppercase() && !b"ILOU".contains(&byte));
    body.len() == 26 && body.bytes().all(letter) && body.as_bytes()[0] <= b'7'
}

fn wrong(place: &str, expected: &str) -> Trouble {
    Trouble::of("parameter_invalid", &format!("This has to be {expected}.")).at(place)
}

fn escaped(name: &str) -> String {
    // What a caller names is shown back to it, but not without bounds.
    name.chars().take(64).collect::<String>().replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use super::*;

    static SHAPE: Shape = Shape {
        name: "Example",
        says: "An example.",
        fields: &[
            Field::required("amount", Kind::Money, "How much."),
            Field::optional("name", Kind::Text { least: 1, most: 4 }, "A name."),
            Field::optional("merchant", Kind::Id("mer"), "Whose."),
            Field::optional("state", Kind::Word(&["on", "off"]), "A word."),
            CHANGED_METADATA,
        ],
    };

    fn place_of(body: Value) -> Option<String> {
        SHAPE.check(&body).err().and_then(|trouble| trouble.problem().param.clone())
    }

    #[test]
    fn a_body_is_checked_to_the_member() {
        let amount = json!({"value": 1, "currency": "CNY"});
        assert_eq!(place_of(json!({"amount": amount, "name": "abcd", "state": "on"})), None);
        for (body, place) in [
            (json!([]), ""),
            (json!({}), "/amount"),
            (json!({"amount": 5}), "/amount"),
            (json!({"amount": {"value": 1.5, "currency": "CNY"}}), "/amount/value"),
            (json!({"amount": {"value": -1, "currency": "CNY"}}), "/amount/value"),
            (json!({"amount": {"value": 1, "currency": "XYZ"}}), "/amount/currency"),
            (json!({"amount": {"value": 1, "currency": "CNY", "x": 1}}), "/amount/x"),
            (json!({"amount": amount, "name": ""}), "/name"),
            (json!({"amount": amount, "name": "abcde"}), "/name"),
            (json!({"amount": amount, "name": "a\u{7}"}), "/name"),
            (json!({"amount": amount, "name": null}), "/name"),
            (json!({"amount": amount, "merchant": "mer_1"}), "/merchant"),
            (json!({"amount": amount, "state": "of"}), "/state"),
            (json!({"amount": amount, "a/b": 1}), "/a~1b"),
            (json!({"amount": amount, "metadata": []}), "/metadata"),
            (json!({"amount": amount, "metadata": {"a b": "x"}}), "/metadata/a b"),
            (json!({"amount": amount, "metadata": {"a": 1}}), "/metadata/a"),
            (json!({"amount": amount, "metadata": {"a": "x".repeat(501)}}), "/metadata/a"),
        ] {
            assert_eq!(place_of(body.clone()).as_deref(), Some(place), "{body}");
        }
    }
}

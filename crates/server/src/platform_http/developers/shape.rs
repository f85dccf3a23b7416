//! What bodies and queries look like: one description from which requests are checked, and which the reference shows.

use crate::platform_http::problem::Trouble;
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
}

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
        Field::required(
            "currency",
            Kind::Text { least: 3, most: 3 },
            "ISO 4217 code, three capital letters.",
        ),
    ],
};

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

    /// The shapes it is made of, itself first.
    pub(crate) fn parts(&'static self) -> Vec<&'static Shape> {
        let inner = self.fields.iter().filter_map(|field| match field.kind {
            Kind::Object(shape) => Some(shape),
            Kind::Money => Some(&MONEY),
            _ => None,
        });
        std::iter::once(self).chain(inner.flat_map(Shape::parts)).collect()
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
    fn check(&self, value: &Value, place: &str) -> Result<(), Trouble> {
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
            Kind::Money => {
                MONEY.check_at(value, place)?;
                let currency = value["currency"].as_str().unwrap_or_default();
                match values::Currency::from_alpha(currency) {
                    Some(_) => Ok(()),
                    None => Err(wrong(&format!("{place}/currency"), "an ISO 4217 code")),
                }
            }
            Kind::Object(shape) => shape.check_at(value, place),
            Kind::List(kind) => {
                let Some(items) = value.as_array() else { return Err(wrong(place, "a list")) };
                let checked =
                    items.iter().enumerate().map(|(n, item)| kind.check(item, &format!("{place}/{n}")));
                checked.collect()
            }
        }
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
                "type": "string", "minLength": least, "maxLength": most, "pattern": "^[^\\u0000-\\u001f\\u007f-\\u009f]*$",
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
        }
    }
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
        ] {
            assert_eq!(place_of(body.clone()).as_deref(), Some(place), "{body}");
        }
    }
}

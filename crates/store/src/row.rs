//! Records as rows: the readable, serialised form of a record, spread over columns by field name, and back.

use crate::columns;
use crate::schema::{Kind, Layout};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Number};
use values::Record;

/// What one column holds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Value {
    /// Nothing.
    Null,
    /// A whole number.
    Integer(i64),
    /// Text.
    Text(String),
    /// Bytes.
    Blob(Vec<u8>),
}

impl Value {
    /// The text, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Appends a form that no other value has, for digests.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        let (tag, bytes): (u8, &[u8]) = match self {
            Value::Null => (0, &[]),
            Value::Integer(number) => (1, &number.to_be_bytes()),
            Value::Text(text) => (2, text.as_bytes()),
            Value::Blob(bytes) => (3, bytes),
        };
        out.push(tag);
        out.extend_from_slice(&(bytes.len() as u64).to_be_bytes());
        out.extend_from_slice(bytes);
    }
}

/// A row of a table: the column `bucket`, then the columns of the mapping in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// A small hash of the key column that orders the work.
    pub bucket: u8,
    /// The columns of the mapping.
    pub values: Vec<Value>,
}

/// A record and its mapping do not fit. Our own bug, or a table edited by hand.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("table {table}, column {column}: {reason}")]
pub struct Mismatched {
    table: &'static str,
    column: &'static str,
    reason: &'static str,
}

/// Spreads a record over the columns.
pub(crate) fn from_record<R: Record>(layout: &Layout, record: &R) -> Result<Row, Mismatched> {
    let wrong = |column, reason| Mismatched { table: layout.name, column, reason };
    let values = columns::of(layout, record).map_err(|unfit| wrong(unfit.column, unfit.reason))?;
    let bucket = layout.bucket(layout.key.first().map_or(&[], |column| &values[*column..=*column]));
    Ok(Row { bucket, values })
}

/// Gathers a record from the columns.
pub(crate) fn to_record<R: DeserializeOwned>(layout: &Layout, row: &[Value]) -> Result<R, Mismatched> {
    let wrong = |column, reason| Mismatched { table: layout.name, column, reason };
    if row.len() != layout.columns.len() {
        return Err(wrong("*", "the row has another number of columns"));
    }
    let mut fields = Map::with_capacity(row.len());
    for ((name, kind), value) in layout.columns.iter().zip(row) {
        let field = from_column(*kind, value).map_err(|reason| wrong(name, reason))?;
        fields.insert((*name).to_owned(), field);
    }
    serde_json::from_value(serde_json::Value::Object(fields))
        .map_err(|_| wrong("*", "the row is no such record"))
}

/// The key columns of a key, in the mapping's order.
pub(crate) fn key_values<K: Serialize>(layout: &Layout, key: &K) -> Result<Vec<Value>, Mismatched> {
    let wrong = |reason| Mismatched { table: layout.name, column: "key", reason };
    let whole = serde_json::to_value(key).map_err(|_| wrong("the key has no readable form"))?;
    let parts: Vec<serde_json::Value> = match whole {
        _ if layout.key.is_empty() => Vec::new(),
        part if layout.key.len() == 1 => vec![part],
        serde_json::Value::Array(parts) => parts,
        serde_json::Value::Object(mut fields) => {
            let named = layout.key.iter().map(|column| fields.remove(layout.columns[*column].0));
            named.map(|part| part.unwrap_or(serde_json::Value::Null)).collect()
        }
        _ => Vec::new(),
    };
    if parts.len() != layout.key.len() {
        return Err(wrong("the key has another number of parts"));
    }
    let columns = parts.into_iter().zip(&layout.key);
    columns.map(|(part, column)| to_column(layout.columns[*column].1, part).map_err(wrong)).collect()
}

/// The key that these key columns say, in the mapping's order; the other way round than [`key_values`].
pub(crate) fn to_key<K: DeserializeOwned>(layout: &Layout, row: &[Value]) -> Option<K> {
    let part = |column: &usize| from_column(layout.columns[*column].1, row.get(*column)?).ok();
    let parts: Vec<serde_json::Value> = layout.key.iter().map(part).collect::<Option<_>>()?;
    match <[serde_json::Value; 1]>::try_from(parts) {
        Ok([one]) => serde_json::from_value(one).ok(),
        Err(parts) => serde_json::from_value(serde_json::Value::Array(parts)).ok(),
    }
}

fn to_column(kind: Kind, field: serde_json::Value) -> Result<Value, &'static str> {
    use serde_json::Value as Json;
    match (kind, field) {
        (_, Json::Null) => Ok(Value::Null),
        (Kind::Integer, Json::Number(number)) => {
            number.as_i64().map(Value::Integer).ok_or("not a whole number of 64 bits")
        }
        (Kind::Boolean, Json::Bool(yes)) => Ok(Value::Integer(i64::from(yes))),
        (Kind::Text, Json::String(text)) => Ok(Value::Text(text)),
        (Kind::Blob, Json::Array(items)) => {
            let byte = |item: &Json| item.as_u64().and_then(|number| u8::try_from(number).ok());
            items.iter().map(byte).collect::<Option<_>>().map(Value::Blob).ok_or("not an array of bytes")
        }
        // A text that could be taken for something else is quoted, so that reading is unambiguous.
        (Kind::Json, Json::String(text)) if serde_json::from_str::<Json>(&text).is_err() => {
            Ok(Value::Text(text))
        }
        (Kind::Json, other) => Ok(Value::Text(other.to_string())),
        _ => Err("the field is of another kind than its column"),
    }
}

fn from_column(kind: Kind, value: &Value) -> Result<serde_json::Value, &'static str> {
    use serde_json::Value as Json;
    match (kind, value) {
        (_, Value::Null) => Ok(Json::Null),
        (Kind::Integer, Value::Integer(number)) => Ok(Json::Number(Number::from(*number))),
        (Kind::Boolean, Value::Integer(number)) => Ok(Json::Bool(*number != 0)),
        (Kind::Text, Value::Text(text)) => Ok(Json::String(text.clone())),
        (Kind::Blob, Value::Blob(bytes)) => {
            Ok(Json::Array(bytes.iter().map(|byte| Json::from(*byte)).collect()))
        }
        (Kind::Json, Value::Text(text)) => {
            Ok(serde_json::from_str(text).unwrap_or_else(|_| Json::String(text.clone())))
        }
        _ => Err("the column is of another kind than the mapping says"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{Mapping, Schema};
    use serde::Deserialize;

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Shape {
        Plain,
        True,
        Of { size: u8 },
    }

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Sample {
        name: String,
        place: u16,
        count: Option<u64>,
        yes: bool,
        body: Vec<u8>,
        shape: Shape,
        list: Vec<Shape>,
        words: Option<String>,
    }

    impl Record for Sample {
        type Key = (String, u16);
        const TABLE: &'static str = "samples";
        fn key(&self) -> (String, u16) {
            (self.name.clone(), self.place)
        }
    }

    /// The plain way, by way of a tree of values.
    fn by_tree(layout: &Layout, record: &Sample) -> Vec<Value> {
        let serde_json::Value::Object(mut fields) = serde_json::to_value(record).unwrap() else { panic!() };
        let columns = layout.columns.iter();
        columns.map(|(name, kind)| to_column(*kind, fields.remove(*name).unwrap()).unwrap()).collect()
    }

    #[test]
    fn one_pass_gives_the_same_columns_and_the_way_back() {
        let columns = &[
            ("place", Kind::Integer),
            ("name", Kind::Text),
            ("count", Kind::Integer),
            ("yes", Kind::Boolean),
            ("body", Kind::Blob),
            ("shape", Kind::Json),
            ("list", Kind::Json),
            ("words", Kind::Json),
        ];
        let schema = Schema::new().table::<Sample>(Mapping { key: &["name", "place"], columns });
        let layout = schema.layout("samples").unwrap();
        for shape in [Shape::Plain, Shape::True, Shape::Of { size: 3 }] {
            for words in ["", "true", "null", "12", "\"a\"", "two words", "[1", "[1]", "\u{4e2d}\n\"", "Word"]
            {
                for count in [None, Some(7)] {
                    let sample = Sample {
                        name: words.to_owned(),
                        place: 9,
                        count,
                        yes: count.is_some(),
                        body: words.as_bytes().to_vec(),
                        shape: shape.clone(),
                        list: vec![shape.clone(), Shape::Plain],
                        words: count.map(|_| words.to_owned()),
                    };
                    let row = from_record(layout, &sample).unwrap();
                    assert_eq!(row.values, by_tree(layout, &sample));
                    assert_eq!(to_record::<Sample>(layout, &row.values).as_ref(), Ok(&sample));
                    assert_eq!(to_key::<(String, u16)>(layout, &row.values), Some(sample.key()));
                    let key = key_values(layout, &sample.key()).unwrap();
                    assert_eq!(layout.bucket(&key), row.bucket);
                }
            }
        }
        let short = Schema::new().table::<Sample>(Mapping { key: &["name"], columns: &columns[1..] });
        let sample = Sample {
            name: String::new(),
            place: 0,
            count: Some(u64::MAX),
            yes: true,
            body: Vec::new(),
            shape: Shape::Plain,
            list: Vec::new(),
            words: None,
        };
        assert_eq!(from_record(short.layout("samples").unwrap(), &sample).unwrap_err().column, "*");
        assert_eq!(from_record(layout, &sample).unwrap_err().column, "count");
    }
}

//! A record spread over columns in one pass, without a tree of named values between.
//!
//! Folding does this for every changed record, beside a hot path on the same cores.

use crate::row::Value;
use crate::schema::{Kind, Layout};
use serde::ser::{Error, Impossible, Serialize, SerializeSeq, SerializeStruct, SerializeTuple, Serializer};
use std::fmt;

/// Why a record does not fit its columns: which column, and what is wrong with it.
#[derive(Debug)]
pub(crate) struct Unfit {
    pub(crate) column: &'static str,
    pub(crate) reason: &'static str,
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.reason)
    }
}
impl std::error::Error for Unfit {}
impl Error for Unfit {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Unfit { column: "*", reason: "the record has no readable form" }
    }
}

const OTHER_KIND: Unfit = Unfit { column: "*", reason: "the field is of another kind than its column" };

/// Takes a record apart; columns of absent fields stay [`Value::Null`].
pub(crate) fn of<R: Serialize>(layout: &Layout, record: &R) -> Result<Vec<Value>, Unfit> {
    record.serialize(Apart { layout })
}

/// One field as a column holds it.
pub(crate) fn one<T: Serialize + ?Sized>(kind: Kind, field: &T) -> Result<Value, Unfit> {
    match kind {
        Kind::Json => json(field),
        _ => field.serialize(Single(kind)),
    }
}

fn json<T: Serialize + ?Sized>(field: &T) -> Result<Value, Unfit> {
    // Most are variants without content, whose name stands as it is: no need to write it as JSON first.
    if let Ok(Value::Text(name)) = field.serialize(Single(Kind::Json)) {
        return Ok(Value::Text(name));
    }
    let text = serde_json::to_string(field).map_err(Unfit::custom)?;
    if text == "null" {
        return Ok(Value::Null);
    }
    // A plain text stands without quotes, unless it could then be taken for something else.
    let inner = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    if let Some(inner) = inner {
        let unquoted: Option<String> = if is_word(inner) {
            Some(inner.to_owned())
        } else {
            let plain: String = serde_json::from_str(&text).map_err(Unfit::custom)?;
            serde_json::from_str::<serde::de::IgnoredAny>(&plain).is_err().then_some(plain)
        };
        return Ok(Value::Text(unquoted.unwrap_or(text)));
    }
    Ok(Value::Text(text))
}

/// Whether this is one word that is no JSON: no word of small letters is, but three.
fn is_word(text: &str) -> bool {
    let letters = text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    letters && !text.is_empty() && !matches!(text, "true" | "false" | "null")
}

macro_rules! refuse {
    ($($method:ident($($kind:ty),*);)*) => {$(
        fn $method(self, $(_: $kind),*) -> Result<Self::Ok, Unfit> {
            Err(OTHER_KIND)
        }
    )*};
}

macro_rules! refuse_compound {
    () => {
        type SerializeTupleStruct = Impossible<Self::Ok, Unfit>;
        type SerializeTupleVariant = Impossible<Self::Ok, Unfit>;
        type SerializeMap = Impossible<Self::Ok, Unfit>;
        type SerializeStructVariant = Impossible<Self::Ok, Unfit>;
        fn serialize_tuple_struct(
            self,
            _: &'static str,
            _: usize,
        ) -> Result<Self::SerializeTupleStruct, Unfit> {
            Err(OTHER_KIND)
        }
        fn serialize_tuple_variant(
            self,
            _: &'static str,
            _: u32,
            _: &'static str,
            _: usize,
        ) -> Result<Self::SerializeTupleVariant, Unfit> {
            Err(OTHER_KIND)
        }
        fn serialize_map(self, _: Option<usize>) -> Result<Self::SerializeMap, Unfit> {
            Err(OTHER_KIND)
        }
        fn serialize_struct_variant(
            self,
            _: &'static str,
            _: u32,
            _: &'static str,
            _: usize,
        ) -> Result<Self::SerializeStructVariant, Unfit> {
            Err(OTHER_KIND)
        }
        fn serialize_newtype_variant<T: Serialize + ?Sized>(
            self,
            _: &'static str,
            _: u32,
            _: &'static str,
            _: &T,
        ) -> Result<Self::Ok, Unfit> {
            Err(OTHER_KIND)
        }
    };
}

/// Takes a struct with named fields, nothing else.
struct Apart<'a> {
    layout: &'a Layout,
}

struct Fields<'a> {
    layout: &'a Layout,
    values: Vec<Value>,
    /// Where the next field probably stands: mappings list columns in the order of the fields.
    next: usize,
}

impl<'a> Serializer for Apart<'a> {
    type Ok = Vec<Value>;
    type Error = Unfit;
    type SerializeSeq = Impossible<Self::Ok, Unfit>;
    type SerializeTuple = Impossible<Self::Ok, Unfit>;
    type SerializeStruct = Fields<'a>;

    refuse! {
        serialize_bool(bool); serialize_i8(i8); serialize_i16(i16); serialize_i32(i32); serialize_i64(i64);
        serialize_u8(u8); serialize_u16(u16); serialize_u32(u32); serialize_u64(u64);
        serialize_f32(f32); serialize_f64(f64); serialize_char(char); serialize_str(&str);
        serialize_bytes(&[u8]); serialize_none(); serialize_unit(); serialize_unit_struct(&'static str);
        serialize_unit_variant(&'static str, u32, &'static str);
    }
    refuse_compound!();

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Self::Ok, Unfit> {
        value.serialize(self)
    }
    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<Self::Ok, Unfit> {
        value.serialize(self)
    }
    fn serialize_seq(self, _: Option<usize>) -> Result<Self::SerializeSeq, Unfit> {
        Err(OTHER_KIND)
    }
    fn serialize_tuple(self, _: usize) -> Result<Self::SerializeTuple, Unfit> {
        Err(OTHER_KIND)
    }
    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Fields<'a>, Unfit> {
        let values = vec![Value::Null; self.layout.columns.len()];
        Ok(Fields { layout: self.layout, values, next: 0 })
    }
}

impl SerializeStruct for Fields<'_> {
    type Ok = Vec<Value>;
    type Error = Unfit;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, field: &T) -> Result<(), Unfit> {
        let columns = self.layout.columns;
        let here = columns.get(self.next).is_some_and(|(column, _)| *column == name);
        let found =
            if here { Some(self.next) } else { columns.iter().position(|(column, _)| *column == name) };
        let place = found.ok_or(Unfit { column: "*", reason: "a field has no column" })?;
        self.next = place + 1;
        let (column, kind) = columns[place];
        self.values[place] = one(kind, field).map_err(|unfit| Unfit { column, ..unfit })?;
        Ok(())
    }

    fn end(self) -> Result<Vec<Value>, Unfit> {
        Ok(self.values)
    }
}

/// One field of a kind other than JSON; of JSON, only a variant without content.
struct Single(Kind);

impl Single {
    fn whole<N: TryInto<i64>>(self, number: N) -> Result<Value, Unfit> {
        match (self.0, number.try_into()) {
            (Kind::Integer, Ok(number)) => Ok(Value::Integer(number)),
            (Kind::Integer, Err(_)) => Err(Unfit { column: "*", reason: "not a whole number of 64 bits" }),
            _ => Err(OTHER_KIND),
        }
    }
}

macro_rules! whole {
    ($($method:ident($kind:ty);)*) => {$(
        fn $method(self, number: $kind) -> Result<Value, Unfit> {
            self.whole(number)
        }
    )*};
}

impl Serializer for Single {
    type Ok = Value;
    type Error = Unfit;
    type SerializeSeq = Bytes;
    type SerializeTuple = Bytes;
    type SerializeStruct = Impossible<Value, Unfit>;

    whole! {
        serialize_i8(i8); serialize_i16(i16); serialize_i32(i32); serialize_i64(i64);
        serialize_u8(u8); serialize_u16(u16); serialize_u32(u32); serialize_u64(u64);
    }
    refuse! { serialize_f32(f32); serialize_f64(f64); }
    refuse_compound!();

    fn serialize_bool(self, yes: bool) -> Result<Value, Unfit> {
        if self.0 == Kind::Boolean { Ok(Value::Integer(i64::from(yes))) } else { Err(OTHER_KIND) }
    }
    fn serialize_char(self, character: char) -> Result<Value, Unfit> {
        self.serialize_str(character.encode_utf8(&mut [0; 4]))
    }
    fn serialize_str(self, text: &str) -> Result<Value, Unfit> {
        if self.0 == Kind::Text { Ok(Value::Text(text.to_owned())) } else { Err(OTHER_KIND) }
    }
    fn collect_str<T: fmt::Display + ?Sized>(self, text: &T) -> Result<Value, Unfit> {
        if self.0 == Kind::Text { Ok(Value::Text(text.to_string())) } else { Err(OTHER_KIND) }
    }
    fn serialize_bytes(self, bytes: &[u8]) -> Result<Value, Unfit> {
        if self.0 == Kind::Blob { Ok(Value::Blob(bytes.to_vec())) } else { Err(OTHER_KIND) }
    }
    fn serialize_none(self) -> Result<Value, Unfit> {
        Ok(Value::Null)
    }
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Value, Unfit> {
        value.serialize(self)
    }
    fn serialize_unit(self) -> Result<Value, Unfit> {
        Ok(Value::Null)
    }
    fn serialize_unit_struct(self, _: &'static str) -> Result<Value, Unfit> {
        Ok(Value::Null)
    }
    fn serialize_unit_variant(self, _: &'static str, _: u32, name: &'static str) -> Result<Value, Unfit> {
        if self.0 == Kind::Json && is_word(name) {
            return Ok(Value::Text(name.to_owned()));
        }
        self.serialize_str(name)
    }
    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<Value, Unfit> {
        value.serialize(self)
    }
    fn serialize_seq(self, length: Option<usize>) -> Result<Bytes, Unfit> {
        if self.0 == Kind::Blob {
            Ok(Bytes(Vec::with_capacity(length.unwrap_or(0))))
        } else {
            Err(OTHER_KIND)
        }
    }
    fn serialize_tuple(self, length: usize) -> Result<Bytes, Unfit> {
        self.serialize_seq(Some(length))
    }
    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self::SerializeStruct, Unfit> {
        Err(OTHER_KIND)
    }
}

/// A sequence of bytes, each of which serde knows as a small number.
struct Bytes(Vec<u8>);

impl Bytes {
    fn push<T: Serialize + ?Sized>(&mut self, byte: &T) -> Result<(), Unfit> {
        let not_bytes = Unfit { column: "*", reason: "not an array of bytes" };
        match byte.serialize(Single(Kind::Integer)) {
            Ok(Value::Integer(number)) => self.0.push(u8::try_from(number).map_err(|_| not_bytes)?),
            _ => return Err(not_bytes),
        }
        Ok(())
    }
}

impl SerializeSeq for Bytes {
    type Ok = Value;
    type Error = Unfit;
    fn serialize_element<T: Serialize + ?Sized>(&mut self, byte: &T) -> Result<(), Unfit> {
        self.push(byte)
    }
    fn end(self) -> Result<Value, Unfit> {
        Ok(Value::Blob(self.0))
    }
}

impl SerializeTuple for Bytes {
    type Ok = Value;
    type Error = Unfit;
    fn serialize_element<T: Serialize + ?Sized>(&mut self, byte: &T) -> Result<(), Unfit> {
        self.push(byte)
    }
    fn end(self) -> Result<Value, Unfit> {
        Ok(Value::Blob(self.0))
    }
}

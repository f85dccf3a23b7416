//! Which columns a record needs, found by listening to how it reads itself.

use crate::schema::{Kind, Layout};
use serde::de::value::StrDeserializer;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, Visitor};
use std::cell::{Cell, RefCell};
use std::fmt;
use values::Record;

/// Compares the fields of a record with the columns of its mapping.
pub(crate) fn check<R: Record>(layout: &Layout) -> Result<(), String> {
    let heard = Heard::default();
    let _ = R::deserialize(Listener { heard: &heard, field: Some(usize::MAX) });
    let fields = heard.fields.take();
    let columns: Vec<&str> = layout.columns.iter().map(|(name, _)| *name).collect();
    let wrong = |what: String| Err(format!("table {}: {what}", layout.name));
    if let Some(field) = fields.iter().find(|field| !columns.contains(field)) {
        return wrong(format!("field {field} has no column"));
    }
    if let Some(column) = columns.iter().find(|column| !fields.contains(column)) {
        return wrong(format!("column {column} has no field"));
    }
    for (place, field) in fields.iter().enumerate() {
        let heard = Heard::default();
        let _ = R::deserialize(Listener { heard: &heard, field: Some(place) });
        let kind = layout.columns.iter().find(|(name, _)| name == field).map(|(_, kind)| *kind);
        if !kind.is_some_and(|kind| heard.fits.get().contains(&kind)) {
            return wrong(format!("column {field} cannot be of kind {kind:?}"));
        }
    }
    Ok(())
}

#[derive(Default)]
struct Heard {
    fields: RefCell<&'static [&'static str]>,
    fits: Cell<&'static [Kind]>,
}

/// Answers every question with an error, and remembers what was asked. At the top (`field` is set) it is
/// asked for a struct, and offers that one field; within a field it is asked for the field's kind.
struct Listener<'a> {
    heard: &'a Heard,
    field: Option<usize>,
}

#[derive(Debug)]
struct Enough;

impl fmt::Display for Enough {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("heard enough")
    }
}
impl std::error::Error for Enough {}
impl Error for Enough {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Enough
    }
}

impl Listener<'_> {
    fn fits<T>(self, kinds: &'static [Kind]) -> Result<T, Enough> {
        self.heard.fits.set(kinds);
        Err(Enough)
    }
}

macro_rules! kinds {
    ($($method:ident: $kinds:expr;)*) => {$(
        fn $method<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Enough> {
            self.fits($kinds)
        }
    )*};
}

const WHOLE: &[Kind] = &[Kind::Integer, Kind::Json];
const TEXT: &[Kind] = &[Kind::Text, Kind::Json];
const LIST: &[Kind] = &[Kind::Blob, Kind::Json];
const OTHER: &[Kind] = &[Kind::Json];

impl<'de> Deserializer<'de> for Listener<'_> {
    type Error = Enough;
    kinds! {
        deserialize_any: OTHER; deserialize_bool: &[Kind::Boolean, Kind::Json];
        deserialize_i8: WHOLE; deserialize_i16: WHOLE; deserialize_i32: WHOLE; deserialize_i64: WHOLE;
        deserialize_u8: WHOLE; deserialize_u16: WHOLE; deserialize_u32: WHOLE; deserialize_u64: WHOLE;
        deserialize_i128: OTHER; deserialize_u128: OTHER; deserialize_f32: OTHER; deserialize_f64: OTHER;
        deserialize_char: TEXT; deserialize_str: TEXT; deserialize_string: TEXT;
        deserialize_bytes: LIST; deserialize_byte_buf: LIST; deserialize_seq: LIST;
        deserialize_unit: OTHER; deserialize_map: OTHER; deserialize_identifier: OTHER;
        deserialize_ignored_any: OTHER;
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Enough> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Enough> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &'static str, _: V) -> Result<V::Value, Enough> {
        self.fits(OTHER)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value, Enough> {
        self.fits(LIST)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        _: V,
    ) -> Result<V::Value, Enough> {
        self.fits(OTHER)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Enough> {
        // A variant with content is no text; nothing tells them apart from here.
        self.fits(OTHER)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Enough> {
        let Some(place) = self.field else { return self.fits(OTHER) };
        *self.heard.fields.borrow_mut() = fields;
        match fields.get(place) {
            Some(field) => visitor.visit_map(OneField { heard: self.heard, field }),
            None => Err(Enough),
        }
    }
}

struct OneField<'a> {
    heard: &'a Heard,
    field: &'static str,
}

impl<'de> MapAccess<'de> for OneField<'_> {
    type Error = Enough;
    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Enough> {
        seed.deserialize(StrDeserializer::new(self.field)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Enough> {
        seed.deserialize(Listener { heard: self.heard, field: None })
    }
}

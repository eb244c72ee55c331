//! Reads a type straight from a document, and takes nothing that the type's schema refuses.
//!
//! A good file is decided by serde alone, since compiling a schema costs more instructions than all
//! else that a file needs (2.6 of 3.2 million for a scenario). serde as it is takes more than the
//! schema, a list for a table with named fields above all; here it does not. What serde refuses is
//! read again by its schema, which finds all faults and not the first alone.

use serde::{
    Deserializer, de,
    de::{
        Error as _, IntoDeserializer, Visitor,
        value::{MapAccessDeserializer, MapDeserializer, SeqDeserializer},
    },
    forward_to_deserialize_any,
};

use super::document::{Branch, Node};

/// Why a value is not of its type. It is never shown: the schema says it better.
pub(super) type Refused = de::value::Error;

impl<'de> IntoDeserializer<'de, Refused> for &'de Node {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for &'de Node {
    type Error = Refused;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        match self.branch() {
            Branch::Leaf(value) => value.deserialize_any(visitor).map_err(Refused::custom),
            Branch::List(items) => visitor.visit_seq(SeqDeserializer::new(items.iter())),
            Branch::Table(entries) => visitor.visit_map(MapDeserializer::new(named(entries))),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Refused> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refused> {
        match self.branch() {
            Branch::Table(_) => self.deserialize_any(visitor),
            _ => Err(Refused::custom("no table")),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refused> {
        match self.branch() {
            Branch::Leaf(value) => {
                value.deserialize_enum(name, variants, visitor).map_err(Refused::custom)
            }
            Branch::Table(entries) if entries.len() == 1 => {
                visitor.visit_enum(MapAccessDeserializer::new(MapDeserializer::new(named(entries))))
            }
            _ => Err(Refused::custom("no variant")),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map identifier ignored_any
    }
}

fn named(entries: &[(String, Node)]) -> impl Iterator<Item = (&str, &Node)> {
    entries.iter().map(|(name, node)| (name.as_str(), node))
}

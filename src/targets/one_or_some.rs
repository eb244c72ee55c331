//! What a file may say once, or in a list: a table, or several of them.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{self, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer},
};

/// A table, or a list of them.
#[derive(Debug)]
pub enum OneOrSome<T> {
    /// A table.
    One(T),
    /// A list of them.
    Some(Vec<T>),
}

impl<T> OneOrSome<T> {
    /// Each of them, with what a list has more on the way to it than a table.
    pub fn each(&self) -> impl Iterator<Item = (Option<String>, &T)> {
        let (one, some) = match self {
            Self::One(one) => (Some((None, one)), [].as_slice()),
            Self::Some(some) => (None, some.as_slice()),
        };
        let some = some.iter().enumerate().map(|(at, one)| (Some(at.to_string()), one));
        one.into_iter().chain(some)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for OneOrSome<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Either(PhantomData))
    }
}

/// Reads a table, or a list of tables.
struct Either<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Either<T> {
    type Value = OneOrSome<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a table, or a list of them")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<OneOrSome<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(OneOrSome::One)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<OneOrSome<T>, A::Error> {
        let mut some = Vec::new();
        while let Some(one) = list.next_element()? {
            some.push(one);
        }
        if some.is_empty() {
            return Err(de::Error::invalid_length(0, &self));
        }
        Ok(OneOrSome::Some(some))
    }
}

#[cfg(feature = "schemas")]
impl<T: schemars::JsonSchema> schemars::JsonSchema for OneOrSome<T> {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        format!("OneOrSome{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let one = generator.subschema_for::<T>();
        schemars::json_schema!({
            "description": "One, or a list of them.",
            "anyOf": [one, { "type": "array", "items": one, "minItems": 1 }]
        })
    }
}

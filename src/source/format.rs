//! The formats of the files that people write, and their JSON Schemas.

use serde::de::DeserializeOwned;
#[cfg(feature = "schemas")]
use serde_json::Value;

/// A file format, by the type that reads it.
pub trait FileFormat: DeserializeOwned {
    /// Its JSON Schema, as it is committed in `schemas/`: editors complete from it, and faults are
    /// explained by it. It is made from the type, and a test holds that it still is what the type
    /// says; made each time, it was a fifth of what the compiler reads of this crate.
    const SCHEMA: &'static str;
}

/// The JSON Schema of a file format, made from the type that reads it.
#[cfg(feature = "schemas")]
#[must_use]
pub fn schema_of<T: schemars::JsonSchema>() -> Value {
    schemars::generate::SchemaSettings::draft2020_12()
        .with_transform(schemars::transform::RecursiveTransform(without_null))
        .into_generator()
        .into_root_schema_for::<T>()
        .to_value()
}

/// TOML has no null, so "a text or null" would only blur what is expected.
#[cfg(feature = "schemas")]
fn without_null(schema: &mut schemars::Schema) {
    let Some(object) = schema.as_object_mut() else {
        return;
    };
    if let Some(Value::Array(kinds)) = object.get_mut("type") {
        kinds.retain(|kind| kind != "null");
        if let [only] = kinds.as_slice() {
            let only = only.clone();
            object.insert("type".to_owned(), only);
        }
    }
    if object.get("default") == Some(&Value::Null) {
        object.remove("default");
    }
    if let Some(Value::Array(shapes)) = object.get_mut("anyOf") {
        shapes.retain(|shape| shape.get("type") != Some(&Value::from("null")));
        if let [Value::Object(only)] = shapes.as_slice() {
            let only = only.clone();
            object.remove("anyOf");
            object.extend(only);
        }
    }
}

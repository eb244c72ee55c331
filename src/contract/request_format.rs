//! `[requests.X]`: the format of a named request, and the words for its body.

use std::{collections::BTreeMap, fmt, sync::Arc};

use serde::{
    Deserialize, Deserializer,
    de::{self, MapAccess, Visitor, value::MapAccessDeserializer},
};
use serde_json::Value;

use super::{limit::LimitSet, method::Method, step_format::StepFormat};

/// A request that succeeds when nothing is broken in it; or one whose path or body is what is wrong
/// (a thing that is not there), for a scenario whose twin is another request.
///
/// It has at most one of `body`, `json`, `form`, `multipart`, `text`, `bytes` and `file`. `{fresh}` in a text of it is 32
/// hexadecimal digits, other ones each time that the request is sent.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RequestFormat {
    /// The HTTP method, whatever its name.
    pub method: Method,
    /// The path, from the target's base URL on.
    pub path: Arc<str>,
    /// What follows the path behind a question mark, by name. errproof encodes it.
    #[serde(default)]
    pub query: BTreeMap<String, String>,
    /// Headers of this request. One that the contract's `[headers]` have as well is replaced.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The body, sent as JSON.
    #[serde(default)]
    pub body: Option<Value>,
    /// The body as JSON text, for what TOML does not have: `{"amount": null}`.
    #[serde(default)]
    pub json: Option<String>,
    /// The fields of the body, sent as `application/x-www-form-urlencoded`.
    #[serde(default)]
    pub form: Option<BTreeMap<String, String>>,
    /// The parts of the body, sent as `multipart/form-data`: texts, and files.
    #[serde(default)]
    pub multipart: Option<BTreeMap<String, PartFormat>>,
    /// The body as text. It needs a `media-type`.
    #[serde(default)]
    pub text: Option<String>,
    /// The bytes of the body, written as pairs of hexadecimal digits. They need a `media-type`.
    #[serde(default)]
    pub bytes: Option<String>,
    /// A file with the body, a path inside the contract folder. It needs a `media-type`.
    #[serde(default)]
    pub file: Option<String>,
    /// The media type of the body, instead of the one that goes with its form.
    #[serde(default)]
    pub media_type: Option<String>,
    /// Requests that are sent before it, one after the other: `{ request = "start", status = 202, capture = { id = "/id" } }`.
    /// What they capture stands in braces in later requests: `{id}`.
    #[serde(default)]
    pub first: Vec<StepFormat>,
    /// Requests that are sent after it, whatever became of it, to clean up.
    #[serde(default)]
    pub after_all: Vec<StepFormat>,
    /// The captured values that are kept out of all that is shown.
    #[serde(default)]
    pub secret: Vec<String>,
    /// The JSON Schema of the body, a path inside the contract folder. errproof checks
    /// the broken body of a case against it: it has to refuse the body, at the field that the case names.
    /// A form is checked as an object of texts.
    #[serde(default)]
    pub input: Option<String>,
    /// The status of the response when nothing is broken.
    #[serde(default = "ok")]
    pub status: u16,
    /// The most credits that it costs when it succeeds.
    #[serde(default)]
    pub cost: u32,
    /// The limits that count it.
    #[serde(skip)]
    pub counted_by: LimitSet,
}

fn ok() -> u16 {
    200
}

/// A part of a `multipart/form-data` body: a text, or a file.
#[derive(Debug, Clone)]
pub enum PartFormat {
    /// A field that is a text.
    Text(String),
    /// A file.
    File(FilePart),
}

/// A file that is a part of a body.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct FilePart {
    /// What the file is called.
    pub filename: String,
    /// The media type of the file, by default `application/octet-stream`.
    #[serde(default)]
    pub media_type: Option<String>,
    /// What is in it.
    pub text: String,
}

impl<'de> Deserialize<'de> for PartFormat {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextOrFile)
    }
}

/// Reads a text, or a table.
struct TextOrFile;

impl<'de> Visitor<'de> for TextOrFile {
    type Value = PartFormat;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, or a table with `filename` and `text`")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<PartFormat, E> {
        Ok(PartFormat::Text(text.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<PartFormat, A::Error> {
        FilePart::deserialize(MapAccessDeserializer::new(map)).map(PartFormat::File)
    }
}

#[cfg(feature = "schemas")]
impl schemars::JsonSchema for PartFormat {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "PartFormat".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let file = generator.subschema_for::<FilePart>();
        schemars::json_schema!({
            "description": "A part of a `multipart/form-data` body: a text, or a file.",
            "anyOf": [{ "type": "string" }, file]
        })
    }
}

/// The words that say what a body is, as a file has them: those of a contract's request, or of what a target changes of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BodyWords<'a> {
    pub(crate) body: Option<&'a Value>,
    pub(crate) json: Option<&'a str>,
    pub(crate) form: Option<&'a BTreeMap<String, String>>,
    pub(crate) multipart: Option<&'a BTreeMap<String, PartFormat>>,
    pub(crate) text: Option<&'a str>,
    pub(crate) bytes: Option<&'a str>,
    pub(crate) file: Option<&'a str>,
    pub(crate) media_type: Option<&'a str>,
}

/// The same words stand in two formats, which have no table of their own for them.
macro_rules! body_words {
    ($of:expr) => {
        $crate::contract::request_format::BodyWords {
            body: $of.body.as_ref(),
            json: $of.json.as_deref(),
            form: $of.form.as_ref(),
            multipart: $of.multipart.as_ref(),
            text: $of.text.as_deref(),
            bytes: $of.bytes.as_deref(),
            file: $of.file.as_deref(),
            media_type: $of.media_type.as_deref(),
        }
    };
}
pub(crate) use body_words;

impl BodyWords<'_> {
    /// Those that are given, of which one alone may be.
    pub(crate) fn given(&self) -> impl Iterator<Item = &'static str> {
        let all = [
            ("body", self.body.is_some()),
            ("json", self.json.is_some()),
            ("form", self.form.is_some()),
            ("multipart", self.multipart.is_some()),
            ("text", self.text.is_some()),
            ("bytes", self.bytes.is_some()),
            ("file", self.file.is_some()),
        ];
        all.into_iter().filter(|(_, given)| *given).map(|(name, _)| name)
    }
}

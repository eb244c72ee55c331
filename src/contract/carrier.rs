//! The places of a request that carry a key, and what else of a slot's credentials is sent with it.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Deserialize;

use super::names::{CarrierName, PartName};
use crate::shown::secret::Secret;

/// The further parts of a slot's credentials, by their names.
pub type Parts = BTreeMap<PartName, Secret>;

/// A place in a request that carries the key: exactly one of `header`, `query`, `cookie`, `body` and `sigv4`.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Carrier {
    /// What scenarios call it.
    pub name: CarrierName,
    /// The header that carries the key.
    #[serde(default)]
    pub header: Option<String>,
    /// The parameter of the query that carries the key, percent-encoded.
    #[serde(default)]
    pub query: Option<String>,
    /// The cookie that carries the key.
    #[serde(default)]
    pub cookie: Option<String>,
    /// The place in the body that carries the key: a JSON Pointer (`/token`), whose one step is a field's name where the
    /// body is a form.
    #[serde(default)]
    pub body: Option<String>,
    /// The key is the secret access key by which AWS Signature Version 4 signs each request.
    #[serde(default)]
    pub sigv4: Option<SigV4Format>,
    /// The text before the key: `"Bearer "`.
    #[serde(default)]
    pub before: String,
    /// Which part of HTTP Basic credentials (RFC 7617) the key is, if the API uses those: the value is
    /// then `Basic ` with both parts in base64.
    #[serde(default)]
    pub basic: Option<BasicPart>,
    /// The other part of HTTP Basic credentials; by default it is empty.
    #[serde(default)]
    pub other: Option<PartSource>,
    /// What is sent at the same time, in places of its own. With `key = "absent"` it is left out as well.
    #[serde(default)]
    pub also: Vec<Along>,
}

/// A part of HTTP Basic credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum BasicPart {
    /// The part before the colon.
    User,
    /// The part after the colon.
    Password,
}

/// Where what is sent beside the key comes from.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub enum PartSource {
    /// This part of the slot's credentials.
    Part(PartName),
    /// This text, for every slot.
    Value(String),
}

/// What is sent at the same time as the key: exactly one of `header`, `query`, `cookie` and `body` with exactly one of
/// `part` and `value`.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Along {
    /// The header.
    #[serde(default)]
    pub header: Option<String>,
    /// The parameter of the query.
    #[serde(default)]
    pub query: Option<String>,
    /// The cookie.
    #[serde(default)]
    pub cookie: Option<String>,
    /// The place in the body.
    #[serde(default)]
    pub body: Option<String>,
    /// The part of the slot's credentials that is sent there.
    #[serde(default)]
    pub part: Option<PartName>,
    /// The text that is sent there for every slot.
    #[serde(default)]
    pub value: Option<String>,
}

/// How AWS Signature Version 4 signs a request.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SigV4Format {
    /// The service that a signature is for: `s3`, `dynamodb`.
    pub service: String,
    /// Its region: `us-east-1`.
    pub region: String,
    /// The access key's id, which says whose signature it is.
    pub access_key: PartSource,
}

/// A place in a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place<'a> {
    /// The header of this name.
    Header(&'a str),
    /// The query's parameter of this name.
    Query(&'a str),
    /// The cookie of this name.
    Cookie(&'a str),
    /// The value at this JSON Pointer of the body, or the form's field of that name.
    Body(&'a str),
}

/// The places that a table of a file names, in the order of its type.
fn places(named: [&Option<String>; 4]) -> impl Iterator<Item = Place<'_>> {
    let [header, query, cookie, body] = named;
    let header = header.as_deref().map(Place::Header);
    let query = query.as_deref().map(Place::Query);
    let cookie = cookie.as_deref().map(Place::Cookie);
    [header, query, cookie, body.as_deref().map(Place::Body)].into_iter().flatten()
}

impl Along {
    /// The places that it names: one, but in a file with faults.
    pub fn places(&self) -> impl Iterator<Item = Place<'_>> {
        places([&self.header, &self.query, &self.cookie, &self.body])
    }

    fn text<'a>(&'a self, parts: &'a Parts) -> &'a str {
        let part = self.part.as_ref().and_then(|part| parts.get(part)).map(Secret::expose);
        part.or(self.value.as_deref()).unwrap_or_default()
    }
}

impl PartSource {
    /// The text, from these parts.
    #[must_use]
    pub fn text<'a>(&'a self, parts: &'a Parts) -> &'a str {
        match self {
            Self::Part(part) => parts.get(part).map_or("", Secret::expose),
            Self::Value(value) => value,
        }
    }

    fn part(&self) -> Option<&PartName> {
        match self {
            Self::Part(part) => Some(part),
            Self::Value(_) => None,
        }
    }
}

impl Carrier {
    /// A carrier that carries nothing: that of a slot without a key.
    #[must_use]
    pub fn nothing() -> Self {
        Self {
            name: String::new().into(),
            header: None,
            query: None,
            cookie: None,
            body: None,
            sigv4: None,
            before: String::new(),
            basic: None,
            other: None,
            also: Vec::new(),
        }
    }

    /// The name that it gives to points and trials, if it carries anything.
    #[must_use]
    pub fn point_name(&self) -> Option<CarrierName> {
        (!self.name.as_str().is_empty()).then(|| self.name.clone())
    }

    /// The places that its own table names for the key: one, but in a file with faults, and none if the key signs.
    pub fn places(&self) -> impl Iterator<Item = Place<'_>> {
        places([&self.header, &self.query, &self.cookie, &self.body])
    }

    /// All places that it sends something in.
    pub fn all_places(&self) -> impl Iterator<Item = Place<'_>> {
        self.places().take(1).chain(self.also.iter().flat_map(Along::places))
    }

    /// The names of the headers that it sets, as they are in a request.
    pub fn headers(&self) -> impl Iterator<Item = &str> {
        let named = self.all_places().filter_map(|place| match place {
            Place::Header(name) => Some(name),
            Place::Cookie(_) => Some("Cookie"),
            Place::Query(_) | Place::Body(_) => None,
        });
        named.chain(self.sigv4.iter().flat_map(|_| SIGNED.into_iter()))
    }

    /// Whether it sends this header beside the key's own.
    #[must_use]
    pub fn sends_along(&self, name: &str) -> bool {
        let mut places = self.also.iter().flat_map(Along::places);
        places.any(|place| matches!(place, Place::Header(own) if own.eq_ignore_ascii_case(name)))
    }

    /// The parts of a slot's credentials that it sends.
    pub fn parts(&self) -> impl Iterator<Item = &PartName> {
        let other = self.other.iter().filter_map(PartSource::part);
        let signed = self.sigv4.iter().filter_map(|format| format.access_key.part());
        other.chain(signed).chain(self.also.iter().filter_map(|along| along.part.as_ref()))
    }

    /// What it puts where: the key first, then what is sent at the same time.
    #[must_use]
    pub fn put(&self, key: &str, parts: &Parts) -> Vec<(Place<'_>, String)> {
        let own = self.places().take(1).map(|place| (place, self.value(key, parts)));
        let along = self
            .also
            .iter()
            .filter_map(|along| Some((along.places().next()?, along.text(parts).to_owned())));
        own.chain(along).collect()
    }

    /// The value at its own place with a key in it.
    #[must_use]
    pub fn value(&self, key: &str, parts: &Parts) -> String {
        let Some(part) = self.basic else { return format!("{}{key}", self.before) };
        format!("Basic {}", STANDARD.encode(self.credentials(part, key, parts)))
    }

    /// What stands in base64 in HTTP Basic credentials.
    fn credentials(&self, part: BasicPart, key: &str, parts: &Parts) -> String {
        let other = self.other.as_ref().map_or("", |other| other.text(parts));
        match part {
            BasicPart::User => format!("{key}:{other}"),
            BasicPart::Password => format!("{other}:{key}"),
        }
    }

    /// The base64 that holds the key with another part, which is as secret as both. Without another part it is only
    /// one more form of the key.
    #[must_use]
    pub fn encoded(&self, key: &str, parts: &Parts) -> Option<String> {
        self.other.as_ref()?;
        Some(STANDARD.encode(self.credentials(self.basic?, key, parts)))
    }
}

/// The headers that a signature sets.
const SIGNED: [&str; 3] = ["Authorization", "X-Amz-Date", "X-Amz-Content-Sha256"];

#[cfg(test)]
impl Carrier {
    /// One that is written in a file like this, for tests.
    pub(crate) fn of_toml(toml: &str) -> Self {
        use crate::source::document::Document;
        let text = format!("name = \"some\"\n{toml}");
        let document = Document::parse(std::path::Path::new("carrier.toml"), &text);
        document.ok().and_then(|document| document.read()).expect("a carrier")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_carrier_puts_the_key_and_what_goes_with_it_where_the_docs_say() {
        use Place::{Body, Cookie, Header, Query};
        let rows: [(&str, &[(Place<'_>, &str)]); 10] = [
            ("header = 'X-Key'", &[(Header("X-Key"), "key")]),
            ("header = 'X-Key'\nbefore = 'ApiKey '", &[(Header("X-Key"), "ApiKey key")]),
            (
                "header = 'Authorization'\nbasic = 'user'",
                &[(Header("Authorization"), "Basic a2V5Og==")],
            ),
            (
                "header = 'Authorization'\nbasic = 'password'",
                &[(Header("Authorization"), "Basic OmtleQ==")],
            ),
            (
                "header = 'Authorization'\nbasic = 'password'\nother = { part = 'user' }",
                &[(Header("Authorization"), "Basic YWxpY2U6a2V5")],
            ),
            (
                "header = 'Authorization'\nbasic = 'user'\nother = { value = 'x' }",
                &[(Header("Authorization"), "Basic a2V5Ong=")],
            ),
            ("query = 'token'", &[(Query("token"), "key")]),
            ("cookie = 'session'", &[(Cookie("session"), "key")]),
            ("body = '/token'", &[(Body("/token"), "key")]),
            (
                "header = 'X-Key'\nalso = [{ header = 'X-App', part = 'user' }, { query = 'v', value = '7' }]",
                &[(Header("X-Key"), "key"), (Header("X-App"), "alice"), (Query("v"), "7")],
            ),
        ];
        let parts = Parts::from([("user".to_owned().into(), Secret::new("alice"))]);
        for (toml, expected) in rows {
            let carrier = Carrier::of_toml(toml);
            let put = carrier.put("key", &parts);
            let put: Vec<_> = put.iter().map(|(place, value)| (*place, value.as_str())).collect();
            assert_eq!(put, expected, "{toml}");
        }
        assert_eq!(Carrier::nothing().put("key", &parts), []);
    }

    #[test]
    fn a_carrier_knows_its_parts_and_headers() {
        let rows: [(&str, &[&str], &[&str]); 4] = [
            ("query = 'token'", &[], &[]),
            ("cookie = 'session'\nalso = [{ body = '/a', part = 'app' }]", &["app"], &["Cookie"]),
            ("header = 'Authorization'\nother = { part = 'user' }", &["user"], &["Authorization"]),
            (
                "sigv4 = { service = 's3', region = 'r', access-key = { part = 'id' } }",
                &["id"],
                &SIGNED,
            ),
        ];
        for (toml, parts, headers) in rows {
            let carrier = Carrier::of_toml(toml);
            let named: Vec<_> = carrier.parts().map(PartName::as_str).collect();
            assert_eq!(named, parts, "{toml}");
            assert_eq!(carrier.headers().collect::<Vec<_>>(), headers, "{toml}");
        }
    }
}

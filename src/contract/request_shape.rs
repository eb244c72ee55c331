//! A named request, complete: its path with its query, its headers, its body, read from wherever that is.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use http::HeaderName;

use super::{
    blank,
    body::from_hex,
    content::{Content, RequestBody, multipart, query},
    limit::LimitSet,
    method::Method,
    names::RequestName,
    request_format::{BodyWords, PartFormat, RequestFormat, body_words},
    sendable::{can_be_sent, path_fault},
    step_format::Steps,
};
use crate::source::{document::Way, folder::Folder, reader::Reader};

/// A named request as it is sent.
#[derive(Debug, Clone)]
pub struct RequestShape {
    /// The HTTP method.
    pub method: Method,
    /// The path with its query, from the target's base URL on.
    pub path: Arc<str>,
    /// Its headers, other than those of its key and of its body.
    pub headers: Vec<(Arc<str>, Arc<str>)>,
    /// The body.
    pub body: Option<RequestBody>,
    /// The status of the response when nothing is broken.
    pub status: u16,
    /// The most credits that it costs when it succeeds.
    pub cost: u32,
    /// The limits that count it.
    pub counted_by: LimitSet,
    /// The path and the query, each as a file says it.
    pub written: Written,
    /// What is sent before it and after it.
    pub steps: Steps,
}

/// What a path is made of.
#[derive(Debug, Clone)]
pub struct Written {
    /// The path.
    pub path: Arc<str>,
    /// What follows it behind a question mark.
    pub query: BTreeMap<String, String>,
}

impl Written {
    /// Both together.
    #[must_use]
    pub fn path(&self) -> Arc<str> {
        if self.query.is_empty() {
            return Arc::clone(&self.path);
        }
        let sign = if self.path.contains('?') { '&' } else { '?' };
        format!("{}{sign}{}", self.path, query(&self.query)).into()
    }
}

impl RequestShape {
    /// Whether it cannot be sent without what these steps capture, or others: its path begins with that.
    #[must_use]
    pub fn lacks_steps(&self, steps: &Steps) -> bool {
        let mut names = blank::names(&self.written.path).take_while(|(at, _)| *at == 0);
        names.any(|(_, name)| !steps.captured().any(|captured| captured == name))
    }

    /// Whether the contract sends this header with it, of its own or for its body.
    #[must_use]
    pub fn has_header(&self, name: &str) -> bool {
        let own = self.headers.iter().any(|(known, _)| known.eq_ignore_ascii_case(name));
        own || (self.body.is_some() && name.eq_ignore_ascii_case(CONTENT_TYPE))
    }

    /// The value of such a header.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut own = self.headers.iter();
        let own =
            own.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| &**value);
        let media = self.body.as_ref().filter(|_| name.eq_ignore_ascii_case(CONTENT_TYPE));
        own.or(media.map(|body| body.media_type.as_str()))
    }
}

/// The header that says what a body is.
pub(crate) const CONTENT_TYPE: &str = "content-type";

/// Headers that belong to HTTP itself: whoever sends a request sets them.
pub(crate) const OF_HTTP: [&str; 4] = ["content-length", "transfer-encoding", "connection", "host"];

/// Why none of them can be set, as a label in a file.
pub(super) const SET_BY_HTTP: &str = "it belongs to HTTP itself, which sets it for each request";

/// Whether a value is made of one of these.
pub(crate) fn is_captured(value: &str, secrets: &[String]) -> bool {
    blank::names(value).any(|(_, name)| secrets.iter().any(|secret| secret == name))
}

/// Makes named requests complete, and notes what is wrong with them.
pub(crate) struct Shaper<'a, 'r> {
    pub(crate) root: &'a Folder,
    pub(crate) reader: &'a mut Reader<'r>,
    /// The headers that carry keys.
    pub(crate) carriers: Vec<String>,
}

impl Shaper<'_, '_> {
    /// A request of a contract, with the headers of all of them.
    pub(crate) fn shape(
        &mut self,
        name: &RequestName,
        format: &RequestFormat,
        of_all: &BTreeMap<String, String>,
    ) -> RequestShape {
        let way = ["requests", name.as_str()];
        self.method(&[&way[..], &["method"]].concat(), &format.method);
        self.path(&[&way[..], &["path"]].concat(), &format.path);
        let steps = format.first.iter().flat_map(|step| step.capture.keys());
        let secrets: Vec<_> = steps.filter(|name| format.secret.contains(name)).cloned().collect();
        self.headers(&[&way[..], &["headers"]].concat(), &format.headers, &secrets);
        let body = self.body(&way, &body_words!(format), None);
        let written = Written { path: Arc::clone(&format.path), query: format.query.clone() };
        self.head(&way, &format.method, &body_words!(format));
        RequestShape {
            method: format.method.clone(),
            path: written.path(),
            headers: merged(of_all, &format.headers),
            body,
            status: format.status,
            cost: format.cost,
            counted_by: format.counted_by,
            written,
            steps: Steps {
                first: format.first.clone(),
                after_all: format.after_all.clone(),
                secret: format.secret.clone(),
            },
        }
    }

    pub(crate) fn method(&mut self, way: Way<'_>, method: &Method) {
        if let Some(why) = method.fault() {
            self.reader.add(way, "not a method", why);
        }
    }

    /// Notes a body that nobody reads.
    pub(crate) fn head(&mut self, way: Way<'_>, method: &Method, words: &BodyWords<'_>) {
        if let Some(word) = words.given().next().filter(|_| method.as_str() == "HEAD") {
            let label = "expected none: a server reads no body of such a request";
            self.reader.add(&[way, &[word]].concat(), "a body in a HEAD request", label);
        }
    }

    pub(crate) fn path(&mut self, way: Way<'_>, path: &str) {
        // What a step captures may be all of a path, or its begin.
        let is_captured = blank::names(path).next().is_some_and(|(at, _)| at == 0);
        if let Some(why) = path_fault(path).filter(|_| !is_captured) {
            self.reader.add(way, "not a path", why);
        }
    }

    /// Headers of all requests, or of one.
    ///
    /// `secrets` are the names of what its own steps capture and keep secret: that may go in place of the slot's key.
    pub(crate) fn headers(
        &mut self,
        way: Way<'_>,
        headers: &BTreeMap<String, String>,
        secrets: &[String],
    ) {
        for (name, value) in headers {
            let way = [way, &[name.as_str()]].concat();
            let is = |other: &str| name.eq_ignore_ascii_case(other);
            let taken = if is(CONTENT_TYPE) {
                Some("expected `media-type` in the request, beside its body")
            } else if OF_HTTP.iter().any(|other| is(other)) {
                Some(SET_BY_HTTP)
            } else if self.carriers.iter().any(|carrier| is(carrier))
                && !is_captured(value, secrets)
            {
                Some(
                    "it carries the key, and errproof sets it for each request; only what a step in the request's `first` captures, and its `secret` names, may stand here, as in `Bearer {token}`",
                )
            } else {
                None
            };
            if let Some(label) = taken {
                self.reader.add(&way, format!("`{name}` cannot be added"), label);
            } else if HeaderName::from_bytes(name.as_bytes()).is_err() || !can_be_sent(value) {
                let title = format!("`{name}` cannot be sent as a header");
                let label = "expected letters and `-` in its name, and no line break in its value";
                self.reader.add(&way, title, label);
            }
        }
    }

    /// What the words for a body say. `known` is the body that a media type alone is for.
    pub(crate) fn body(
        &mut self,
        way: Way<'_>,
        words: &BodyWords<'_>,
        known: Option<&RequestBody>,
    ) -> Option<RequestBody> {
        let at = |word: &'static str| [way, &[word]].concat();
        let given: Vec<&str> = words.given().collect();
        if let [first, second, ..] = given[..] {
            let label = format!("expected `{first}` or `{second}`, not both");
            self.reader.add(&[way, &[second]].concat(), "two bodies in one request", label);
        }
        if let Some(media) = words.media_type
            && !is_media_type(media)
        {
            let label = "expected one like `application/json`";
            self.reader.add(&at("media-type"), "not a media type", label);
        }
        let (content, media_type) = match given.first().copied() {
            None => {
                let Some(media) = words.media_type else { return known.cloned() };
                if known.is_none() {
                    let label = "expected a body as well: `body`, `json`, `form`, `multipart`, `text`, `bytes` or `file`";
                    self.reader.add(&at("media-type"), "a media type without a body", label);
                }
                let content = known.map(|known| known.content.clone())?;
                return Some(RequestBody { content, media_type: media.to_owned() });
            }
            Some("form") => {
                let fields = words.form.cloned().unwrap_or_default();
                (Content::Form(fields), Some("application/x-www-form-urlencoded".to_owned()))
            }
            Some("multipart") => {
                let parts = words.multipart?;
                self.parts(&at("multipart"), parts);
                let (text, boundary) = multipart(parts);
                let media = words.media_type.unwrap_or("multipart/form-data");
                let media = if media.contains("boundary=") {
                    media.to_owned()
                } else {
                    format!("{media}; boundary={boundary}")
                };
                return Some(RequestBody { content: Content::Multipart(text), media_type: media });
            }
            Some("json") => {
                let text = words.json.unwrap_or_default();
                let value = serde_json::from_str(text).map_err(|error| {
                    self.reader.add(&at("json"), "not valid JSON", error.to_string());
                });
                let content = Content::Json(value.ok()?, Some(text.to_owned()));
                (content, Some("application/json".to_owned()))
            }
            Some("body") => {
                let content = Content::Json(words.body.cloned().unwrap_or_default(), None);
                (content, Some("application/json".to_owned()))
            }
            Some(word) => (self.raw(way, word, words)?, None),
        };
        let Some(media_type) = words.media_type.map(str::to_owned).or(media_type) else {
            let word = given.first().copied().unwrap_or_default();
            let title = format!("`{word}` without a media type");
            let label = "expected a `media-type` in this request, such as `text/plain`";
            self.reader.add(&[way, &[word]].concat(), title, label);
            return None;
        };
        Some(RequestBody { content, media_type })
    }

    /// A body that is sent as it is.
    fn raw(&mut self, way: Way<'_>, word: &str, words: &BodyWords<'_>) -> Option<Content> {
        let at = [way, &[word]].concat();
        let text = words.text.map(|text| Ok(Content::Text(text.to_owned())));
        let of_bytes = |bytes: Vec<u8>| Content::Bytes(bytes.into());
        let bytes = || words.bytes.map(|digits| from_hex(digits).map(of_bytes));
        let file = || {
            let path = words.file?;
            let read = self.root.read_bytes(Path::new(path)).map_err(|faults| faults.titles());
            Some(read.map(of_bytes))
        };
        let content = text.or_else(bytes).or_else(file)?;
        content.map_err(|why| self.reader.add(&at, "this body cannot be made", why)).ok()
    }

    fn parts(&mut self, way: Way<'_>, parts: &BTreeMap<String, PartFormat>) {
        for (name, part) in parts {
            let PartFormat::File(file) = part else { continue };
            if let Some(media) = file.media_type.as_deref().filter(|media| !is_media_type(media)) {
                let way = [way, &[name, "media-type"]].concat();
                let title = format!("`{media}` is not a media type");
                self.reader.add(&way, title, "expected one like `text/plain`");
            }
        }
    }
}

/// The headers of all requests with those of one, which go before.
pub(crate) fn merged(
    of_all: &BTreeMap<String, String>,
    own: &BTreeMap<String, String>,
) -> Vec<(Arc<str>, Arc<str>)> {
    let is_own = |name: &str| own.keys().any(|known| known.eq_ignore_ascii_case(name));
    let of_all = of_all.iter().filter(|(name, _)| !is_own(name));
    let both = of_all.chain(own);
    both.map(|(name, value)| (name.as_str().into(), value.as_str().into())).collect()
}

/// Whether a text is a media type, with parameters or without.
fn is_media_type(text: &str) -> bool {
    let (kind, _) = text.split_once(';').unwrap_or((text, ""));
    let is_word = |text: &str| HeaderName::from_bytes(text.as_bytes()).is_ok();
    let is_kind = |(kind, form): (&str, &str)| is_word(kind) && is_word(form);
    can_be_sent(text) && kind.trim_end().split_once('/').is_some_and(is_kind)
}

//! What of a request is known only when it is sent: a value that is another one each time, and what an earlier response gave.

use std::sync::Arc;

use url::{Url, form_urlencoded::byte_serialize};

use super::message::Request;
use crate::{
    contract::{
        blank::{FRESH_NAME, is_name},
        content::{Coding, percent_encoded},
    },
    shown::secret::Secret,
};

/// The blanks of a request, and what was put into it so far.
#[derive(Debug, Clone, Default)]
pub struct Blanks {
    /// The names of those that are left.
    open: Vec<Arc<str>>,
    /// How a value is written in the body.
    body: Coding,
    /// The request as it was before anything was put in.
    written: Option<Arc<Written>>,
}

/// A request with its blanks, as a contract has it.
#[derive(Debug, Clone)]
pub struct Written {
    /// The request.
    pub request: Arc<Request>,
    /// The names of its blanks.
    pub names: Vec<Arc<str>>,
    /// The value that it has this time where it has another one each time.
    pub fresh: Option<Arc<str>>,
}

/// A value that was put into a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filled {
    /// What the request calls it.
    pub name: Arc<str>,
    /// The value: what a response gave may be secret.
    pub value: Secret,
}

/// The two ways in which a blank is written where text is encoded.
const ENCODED: [(&str, &str); 2] = [("{", "}"), ("%7B", "%7D")];

/// The one in which it is written elsewhere.
const PLAIN: [(&str, &str); 1] = [("{", "}")];

impl Blanks {
    /// Those of a request, by the names that are known. Its body is written as `body` says.
    #[must_use]
    pub fn of<'n>(
        request: &Request,
        body: Coding,
        names: impl IntoIterator<Item = &'n str>,
    ) -> Self {
        let mut open = Vec::new();
        for name in names {
            let (plain, encoded) = (format!("{{{name}}}"), format!("%7B{name}%7D"));
            let of_body = if body == Coding::Form { &encoded } else { &plain };
            let in_body = body != Coding::Untouched
                && memchr::memmem::find(&request.body, of_body.as_bytes()).is_some();
            let (_, query) = request.path.split_once('?').unwrap_or_default();
            let in_headers =
                || request.headers.iter().any(|(_, value)| value.expose().contains(&plain));
            if in_body || request.path.contains(&plain) || query.contains(&encoded) || in_headers()
            {
                open.push(name.into());
            }
        }
        Self { open, body, written: None }
    }

    /// Whether this one is left.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.open.iter().any(|open| **open == *name)
    }

    /// The names of those that are left.
    pub fn open(&self) -> impl Iterator<Item = &str> {
        self.open.iter().map(|name| &**name)
    }

    /// A request as it was before anything was put in, if it has blanks.
    #[must_use]
    pub fn written(&self, request: &Arc<Request>) -> Option<Arc<Written>> {
        let own = || {
            let (request, names) = (Arc::clone(request), self.open.clone());
            Written { request, names, fresh: None }
        };
        let known = self.written.clone();
        known.or_else(|| (!self.open.is_empty()).then(|| Arc::new(own())))
    }

    /// A request with these values in it, and what is left of its blanks. In a path, what is left of an address are its
    /// path and its query behind `base`, the path of the target's own address.
    #[must_use]
    pub fn fill(&self, request: &Arc<Request>, values: &[Filled], base: &str) -> (Request, Self) {
        let find = |name: &str| {
            let value = values.iter().find(|value| *value.name == *name)?;
            self.has(name).then(|| value.value.expose())
        };
        let put = |text: &str, marks: &[(&str, &str)], code: &dyn Fn(&str) -> String| {
            put(text, marks, |name| find(name).map(code))
        };
        let as_it_is = |value: &str| value.to_owned();
        let json = |value: &str| {
            let quoted = serde_json::Value::from(value).to_string();
            quoted[1..quoted.len() - 1].to_owned()
        };
        let form = |value: &str| byte_serialize(value.as_bytes()).collect::<String>();
        let body = std::str::from_utf8(&request.body).ok().and_then(|body| match self.body {
            Coding::Untouched => None,
            Coding::Plain => Some(put(body, &PLAIN, &as_it_is)),
            Coding::Json => Some(put(body, &PLAIN, &json)),
            Coding::Form => Some(put(body, &ENCODED, &form)),
        });
        let (path, query) = match request.path.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (&*request.path, None),
        };
        // Only what begins a path may be a whole address.
        let begins = path.starts_with('{');
        let mut path = put(path, &PLAIN, &|value| {
            if begins { in_path(value, base) } else { in_segment(value) }
        });
        if !path.starts_with('/') {
            path.insert(0, '/');
        }
        if let Some(query) = query {
            path.push(if path.contains('?') { '&' } else { '?' });
            path += &put(query, &ENCODED, &percent_encoded);
        }
        let header = |(name, value): &(Arc<str>, Secret)| {
            let filled = put(value.expose(), &PLAIN, &as_it_is);
            let is_same = filled == value.expose();
            (Arc::clone(name), if is_same { value.clone() } else { Secret::new(filled) })
        };
        let made = Request {
            method: request.method.clone(),
            path: path.into(),
            headers: request.headers.iter().map(header).collect(),
            body: body.map_or_else(|| request.body.clone(), String::into_bytes),
            signing: request.signing.clone(),
        };
        let open = self.open.iter().filter(|name| find(name).is_none()).cloned().collect();
        (made, Self { open, body: self.body, written: self.written(request) })
    }

    /// The same with a value of its own where one is to be another each time that the request is sent.
    #[must_use]
    pub fn with_fresh(&self, request: &Arc<Request>, value: String) -> (Request, Self) {
        let fresh = Filled { name: FRESH_NAME.into(), value: Secret::new(value) };
        self.fill(request, &[fresh], "")
    }
}

/// A value as a part of a path.
fn in_path(value: &str, base: &str) -> String {
    if let Ok(url) = Url::parse(value)
        && matches!(url.scheme(), "http" | "https")
    {
        let query = url.query().map_or_else(String::new, |query| format!("?{query}"));
        return format!("{}{query}", behind(url.path(), base));
    }
    if value.starts_with('/') {
        return behind(value, base).to_owned();
    }
    in_segment(value)
}

/// A value as a part of a path: a name may have slashes in it, as those of repositories do, but begins with none.
fn in_segment(value: &str) -> String {
    if let Some(rest) = value.strip_prefix('/') {
        return format!("%2F{}", in_segment(rest));
    }
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/".contains(&byte);
    let encoded = |byte: u8| {
        if is_plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }
    };
    value.bytes().map(encoded).collect()
}

/// A path without the one that a target's address has, which is put before it again.
fn behind<'p>(path: &'p str, base: &str) -> &'p str {
    let rest = path.strip_prefix(base.trim_end_matches('/')).unwrap_or(path);
    if rest.is_empty() || rest.starts_with(['/', '?']) { rest } else { path }
}

/// A text with a value in the place of each name between two marks that has one.
fn put(text: &str, marks: &[(&str, &str)], value: impl Fn(&str) -> Option<String>) -> String {
    let mut made = String::with_capacity(text.len());
    let mut rest = text;
    let next = |rest: &str| {
        let found = marks.iter().filter_map(|mark| Some((rest.find(mark.0)?, *mark)));
        found.min_by_key(|(at, _)| *at)
    };
    while let Some((at, (begin, end))) = next(rest) {
        let (before, from) = rest.split_at(at);
        made.push_str(before);
        let inside = from[begin.len()..].split_once(end).filter(|(name, _)| is_name(name));
        let known = inside.and_then(|(name, after)| Some((value(name)?, after)));
        if let Some((value, after)) = known {
            made.push_str(&value);
            rest = after;
        } else {
            made.push_str(begin);
            rest = &from[begin.len()..];
        }
    }
    made + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(path: &str, header: &str, body: &str) -> Request {
        Request {
            method: "POST".into(),
            path: path.into(),
            headers: vec![("X-A".into(), Secret::new(header))],
            body: body.as_bytes().to_vec(),
            signing: None,
        }
    }

    #[test]
    fn a_value_is_written_as_its_place_takes_it_and_other_braces_stay() {
        // Path, header and body, how the body is written, the value, and what comes of it.
        let rows = [
            (
                ["/a/{fresh}", "{fresh}", "{\"a\":\"{fresh}{b}\"}"],
                Coding::Json,
                "7\"",
                ["/a/7%22", "7\"", "{\"a\":\"7\\\"{b}\"}"],
            ),
            (
                ["/a?b=%7Bfresh%7D&c={fresh}", "x{y}", "a=%7Bfresh%7D+%7Bb%7D"],
                Coding::Form,
                "& ",
                ["/a?b=%26%20&c=%26%20", "x{y}", "a=%26++%7Bb%7D"],
            ),
            (
                ["/%7Bfresh%7D", "{{fresh}", "{fresh} {"],
                Coding::Plain,
                "7",
                ["/%7Bfresh%7D", "{7", "7 {"],
            ),
            (["/{fresh}", "", "{fresh}"], Coding::Untouched, "7", ["/7", "", "{fresh}"]),
        ];
        for ([path, header, body], coding, value, expected) in rows {
            let template = Arc::new(request(path, header, body));
            let blanks = Blanks::of(&template, coding, ["fresh"]);
            assert!(blanks.has("fresh"), "{path}");
            let (made, rest) = blanks.with_fresh(&template, value.to_owned());
            let got = [
                &*made.path,
                made.headers[0].1.expose(),
                std::str::from_utf8(&made.body).expect("text"),
            ];
            assert_eq!(got, expected);
            assert_eq!(rest.open().count(), 0);
            let written = rest.written(&Arc::new(made)).expect("it has a blank");
            assert_eq!((&*written.request.path, written.names.len()), (path, 1));
        }
        for (path, body, coding) in
            [("/a", "{fresh}", Coding::Untouched), ("/%7Bfresh%7D", "%7Bfresh%7D", Coding::Json)]
        {
            assert!(!Blanks::of(&request(path, "{a}", body), coding, ["fresh"]).has("fresh"));
        }
    }

    #[test]
    fn of_an_address_a_path_takes_its_path_and_its_query_behind_that_of_the_target() {
        let rows = [
            ("{up}", "http://h:1/a/b?c=d", "", "/a/b?c=d"),
            ("{up}?e=f", "http://h:1/a/b?c=d", "", "/a/b?c=d&e=f"),
            ("{up}?e=f", "/a/b", "", "/a/b?e=f"),
            ("{up}", "https://h/base/a", "/base/", "/a"),
            ("{up}", "/base/a", "/base", "/a"),
            ("{up}", "/based/a", "/base", "/based/a"),
            ("/x/{up}/y", "a b/c?", "", "/x/a%20b/c%3F/y"),
            ("/x/{up}", "/etc", "", "/x/%2Fetc"),
            // Nothing that is captured leads to another host.
            ("{up}", "@evil.example", "", "/@evil.example"),
            ("{up}", "//evil.example/a", "", "//evil.example/a"),
        ];
        for (path, value, base, expected) in rows {
            let template = Arc::new(request(path, "", ""));
            let blanks = Blanks::of(&template, Coding::Untouched, ["up"]);
            let filled = Filled { name: "up".into(), value: Secret::new(value) };
            assert_eq!(&*blanks.fill(&template, &[filled], base).0.path, expected, "{value}");
        }
    }
}

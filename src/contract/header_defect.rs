//! A header that is left out or wrong: whether it can be sent, and whether it breaks anything.

use http::HeaderName;

use super::{
    NamedRequest,
    names::CarrierName,
    request_shape::{CONTENT_TYPE, OF_HTTP, RequestShape, SET_BY_HTTP},
    resolve::Resolver,
    scenario_file::{CaseFormat, HeaderDefect, HeaderSetting},
    sendable::can_be_sent,
};

/// What every request of ours has, whether anybody sets it or not: the HTTP client adds it, and cannot be kept from that.
const ACCEPT: &str = "accept";

/// Whether a header can be wrong in this way at a request: what is left out has to be there, and a media type is that of
/// a body.
pub(super) fn can_be_at(defect: &HeaderDefect, request: &RequestShape) -> bool {
    let name = defect.name();
    match defect {
        HeaderDefect::Set(_) if name.eq_ignore_ascii_case(CONTENT_TYPE) => request.body.is_some(),
        HeaderDefect::Set(set) => request.header(name) != Some(&set.to),
        HeaderDefect::Remove(_) => request.has_header(name),
    }
}

impl Resolver<'_> {
    /// A wrong header can be sent, is not the business of another word, and is not the one that is there.
    pub(super) fn header_defect(
        &mut self,
        named: &NamedRequest,
        case: &CaseFormat,
        defect: &HeaderDefect,
        at: &str,
    ) {
        let name = defect.name();
        let is = |other: &str| name.eq_ignore_ascii_case(other);
        let way: &[&str] = match defect {
            HeaderDefect::Remove(_) => &["cases", at, "header", "remove"],
            HeaderDefect::Set(_) => &["cases", at, "header", "set", "name"],
        };
        let value_way = ["cases", at, "header", "set", "to"];
        if OF_HTTP.iter().any(|other| is(other)) {
            return self.reader.add(way, format!("`{name}` cannot be wrong"), SET_BY_HTTP);
        }
        let is_wanted = |carrier: &CarrierName| match &case.carriers {
            Some(wanted) => wanted.contains(carrier),
            None => self.carriers.first().is_some_and(|first| first.name == *carrier),
        };
        let mut carriers = self.carriers.iter().filter(|carrier| is_wanted(&carrier.name));
        // What is sent beside the key may be missing by itself.
        let is_removed = matches!(defect, HeaderDefect::Remove(_));
        let is_beside = is_removed && carriers.clone().any(|carrier| carrier.sends_along(name));
        if !is_beside && carriers.any(|carrier| carrier.headers().any(is)) {
            let label = "it carries the key: expected `key = ...`";
            return self.reader.add(way, format!("`{name}` as a wrong header"), label);
        }
        if HeaderName::from_bytes(name.as_bytes()).is_err() {
            let title = format!("`{name}` cannot be sent as a header");
            return self.reader.add(way, title, "expected letters and `-`");
        }
        match defect {
            HeaderDefect::Set(HeaderSetting { to, .. }) if !can_be_sent(to) => {
                let title = format!("this value of `{name}` cannot be sent");
                let label = "expected no line break and no other control character but a tab";
                self.reader.add(&value_way, title, label);
            }
            HeaderDefect::Set(HeaderSetting { to, .. }) => {
                if named.format.header(name) == Some(to) {
                    let label = "the request has this value when nothing is broken";
                    self.reader.add(&value_way, "this header breaks nothing", label);
                }
            }
            HeaderDefect::Remove(_) if name.eq_ignore_ascii_case(ACCEPT) => {
                let label = "expected another value, by `set`: every request has one, since `*/*` says no more than none";
                self.reader.add(way, "`Accept` cannot be left out", label);
            }
            HeaderDefect::Remove(_) => {
                if !is_beside && !named.format.has_header(name) {
                    let title = format!("the request has no header `{name}`");
                    let label = "expected one of [headers], of the request's `headers`, or `Content-Type` where it has a body";
                    self.reader.add(way, title, label);
                }
            }
        }
    }
}

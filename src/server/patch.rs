//! What a case's request has in place of its own.

use std::sync::Arc;

use serde_json::Value;

use crate::{
    contract::{
        content,
        scenario::KEY,
        scenario_file::{HeaderDefect, HeaderSetting, RequestPatch},
    },
    exchange::{message::LEFT_OUT, outgoing::Outgoing},
    shown::secret::Secret,
};

/// Breaks a header of a request.
pub(super) fn break_header(outgoing: &mut Outgoing, defect: &HeaderDefect) {
    let request = Arc::make_mut(&mut outgoing.request);
    let name = defect.name();
    let at = request.headers.iter().position(|(known, _)| known.eq_ignore_ascii_case(name));
    request.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
    let value = match defect {
        HeaderDefect::Set(HeaderSetting { to, .. }) => to.as_str(),
        // Each request has one of errproof's own.
        HeaderDefect::Remove(_) if name.eq_ignore_ascii_case("user-agent") => LEFT_OUT,
        HeaderDefect::Remove(_) => return,
    };
    let at = at.unwrap_or(request.headers.len()).min(request.headers.len());
    request.headers.insert(at, (name.into(), Secret::new(value)));
}

/// Methods that ask for nothing but an answer (RFC 9110, section 9.2.1): what succeeds by them costs nothing.
const SAFE: [&str; 4] = ["GET", "HEAD", "OPTIONS", "TRACE"];

/// Puts into a request what a case has in place of the request's own.
pub(super) fn patch(outgoing: &mut Outgoing, with: &RequestPatch, key: &str, keeps_body: bool) {
    let request = Arc::make_mut(&mut outgoing.request);
    let text = |text: &str| text.replace(KEY, key);
    if let Some(method) = &with.method {
        if SAFE.contains(&method.as_str()) {
            outgoing.cost = 0;
        }
        request.method = method.clone().into();
        let has_body = ["POST", "PUT", "PATCH"].contains(&method.as_str()) || keeps_body;
        if !has_body {
            request.body.clear();
            request.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("content-type"));
        }
    }
    if let Some(path) = &with.path {
        request.path = text(path).into();
    }
    if let Some(query) = &with.query {
        let sign = if request.path.contains('?') { '&' } else { '?' };
        request.path = format!("{}{sign}{}", request.path, text(query)).into();
    }
    if let (false, Ok(Value::Object(mut body))) =
        (with.fields.is_empty(), serde_json::from_slice(&request.body))
    {
        body.extend(with.fields.iter().map(|(name, value)| (name.clone(), text(value).into())));
        request.body = Value::Object(body).to_string().into_bytes();
    }
    let is_form = || {
        let media = request.header("content-type").unwrap_or_default();
        media.starts_with("application/x-www-form-urlencoded")
    };
    if !with.fields.is_empty() && is_form() {
        let fields = with.fields.iter().map(|(name, value)| (name.clone(), text(value)));
        let more = content::form(&fields.collect());
        let sign = if request.body.is_empty() { "" } else { "&" };
        request.body.extend(format!("{sign}{more}").into_bytes());
    }
    for (name, value) in &with.headers {
        request.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        request.headers.push((name.as_str().into(), Secret::new(text(value))));
    }
}

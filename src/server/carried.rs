//! Puts a key, and what is sent at the same time, where a carrier has it in a request.

use std::{borrow::Cow, sync::Arc};

use serde_json::Value;
use url::form_urlencoded;

use crate::{
    contract::{
        carrier::{Carrier, Parts, Place},
        encoding::{in_form, in_json, in_query},
        pointer,
    },
    exchange::{message::Request, signing::Signing},
    shown::secret::Secret,
};

/// A key on its way, by one carrier, with the further parts of its slot's credentials.
#[derive(Clone)]
pub(super) struct Carried<'a> {
    pub(super) carrier: &'a Carrier,
    pub(super) key: &'a Secret,
    pub(super) parts: Cow<'a, Parts>,
}

impl Carried<'_> {
    /// Whether a header with the key is all that is sent, as it is for most carriers: thousands of requests share that.
    pub(super) fn is_one_header(&self) -> bool {
        let Carrier { header, other, also, .. } = self.carrier;
        header.is_some() && other.is_none() && also.is_empty()
    }
}

/// Puts a key into a request, and all that its carrier sends with it.
///
/// # Errors
/// Where the request has no room for it, as the end of a sentence.
pub(super) fn put(request: &mut Request, carried: &Carried<'_>) -> Result<(), String> {
    let Carried { carrier, key, parts } = carried;
    for (place, value) in carrier.put(key.expose(), parts) {
        put_at(request, place, &value)?;
    }
    let signing = carrier.sigv4.as_ref().map(|format| {
        let access_key = format.access_key.text(parts);
        Arc::new(Signing {
            service: format.service.clone(),
            region: format.region.clone(),
            access_key: access_key.to_owned(),
            secret: (*key).clone(),
        })
    });
    request.signing = signing.or(request.signing.take());
    Ok(())
}

/// Puts what a carrier sends in the query there once more: a case has another path.
pub(super) fn put_query(request: &mut Request, carried: &Carried<'_>) {
    for (place, value) in carried.carrier.put(carried.key.expose(), &carried.parts) {
        if let Place::Query(name) = place {
            request.path = with_parameter(&request.path, name, &value).into();
        }
    }
}

fn put_at(request: &mut Request, place: Place<'_>, value: &str) -> Result<(), String> {
    match place {
        Place::Header(name) => request.headers.push((name.into(), Secret::new(value))),
        Place::Query(name) => request.path = with_parameter(&request.path, name, value).into(),
        Place::Cookie(name) => {
            let is_cookie =
                |(known, _): &&mut (Arc<str>, Secret)| known.eq_ignore_ascii_case("cookie");
            let other = request.headers.iter_mut().find(is_cookie);
            if let Some((_, cookies)) = other {
                *cookies = Secret::new(format!("{}; {name}={value}", cookies.expose()));
            } else {
                let cookie = Secret::new(format!("{name}={value}"));
                request.headers.push(("Cookie".into(), cookie));
            }
        }
        Place::Body(at) => {
            let body = if is_form(request) {
                with_field(&request.body, &name_of(at), value)
            } else {
                with_value(&request.body, at, value).ok_or_else(|| {
                    format!("the body of this request has no room for the key at `{at}`")
                })?
            };
            request.body = body;
        }
    }
    Ok(())
}

/// Takes what stands in the body where a carrier puts the key: what is absent is not to be there by the request itself.
pub(super) fn take_out(request: &mut Request, carrier: &Carrier) {
    let places = carrier.all_places();
    let places =
        places.filter_map(|place| if let Place::Body(at) = place { Some(at) } else { None });
    for at in places {
        if is_form(request) {
            let name = name_of(at);
            let fields = form_urlencoded::parse(&request.body).into_owned();
            let fields: Vec<_> = fields.filter(|(known, _)| *known != name).collect();
            request.body = written(&fields);
        } else if let Ok(mut body) = serde_json::from_slice::<Value>(&request.body)
            && pointer::find(&body, at).is_some()
            && let Some((holder, name)) = pointer::holder(&mut body, at)
        {
            holder.remove(&name);
            request.body = body.to_string().into_bytes();
        }
    }
}

/// Whether a request holds something where a carrier puts the key.
pub(super) fn is_carried(request: &Request, carrier: &Carrier) -> bool {
    if carrier.sigv4.is_some() && request.signing.is_some() {
        return true;
    }
    carrier.places().any(|place| match place {
        Place::Header(name) => request.header(name).is_some(),
        Place::Query(name) => {
            let query = request.path.split_once('?').map_or("", |(_, query)| query);
            form_urlencoded::parse(query.as_bytes()).any(|(known, _)| known == name)
        }
        Place::Cookie(name) => {
            let cookies = request.header("cookie").unwrap_or_default();
            cookies.split(';').any(|one| one.trim().split('=').next() == Some(name))
        }
        Place::Body(at) if is_form(request) => {
            form_urlencoded::parse(&request.body).any(|(known, _)| known == name_of(at))
        }
        Place::Body(at) => serde_json::from_slice::<Value>(&request.body)
            .is_ok_and(|body| pointer::find(&body, at).is_some()),
    })
}

fn is_form(request: &Request) -> bool {
    let media = request.header("content-type").unwrap_or_default();
    let media = media.split(';').next().unwrap_or_default().trim();
    media.eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

/// A path with one more parameter in its query.
fn with_parameter(path: &str, name: &str, value: &str) -> String {
    let sign = if path.contains('?') { '&' } else { '?' };
    format!("{path}{sign}{}={}", in_query(name), in_query(value))
}

/// The name of a form's field for a place in a body.
fn name_of(at: &str) -> String {
    pointer::steps(at).collect::<Vec<_>>().join("/")
}

/// A form with this value in a field.
fn with_field(body: &[u8], name: &str, value: &str) -> Vec<u8> {
    if form_urlencoded::parse(body).all(|(known, _)| known != name) {
        let sign: &[u8] = if body.is_empty() { b"" } else { b"&" };
        let field = format!("{}={}", in_form(name), in_form(value));
        return [body, sign, field.as_bytes()].concat();
    }
    let mut fields: Vec<_> = form_urlencoded::parse(body).into_owned().collect();
    for (_, held) in fields.iter_mut().filter(|(known, _)| known == name) {
        value.clone_into(held);
    }
    written(&fields)
}

fn written(fields: &[(String, String)]) -> Vec<u8> {
    let field = |(name, value): &(String, String)| format!("{}={}", in_form(name), in_form(value));
    fields.iter().map(field).collect::<Vec<_>>().join("&").into_bytes()
}

/// A JSON body with this text at a place. One that is not JSON, since a case breaks it, has room if it begins as an object.
fn with_value(body: &[u8], at: &str, value: &str) -> Option<Vec<u8>> {
    if let Ok(mut document) = serde_json::from_slice::<Value>(body) {
        let (holder, name) = pointer::holder(&mut document, at)?;
        holder.insert(name, value.into());
        return Some(document.to_string().into_bytes());
    }
    let mut steps = pointer::steps(at);
    let (Some(name), None) = (steps.next(), steps.next()) else { return None };
    let rest = body.strip_prefix(b"{")?;
    let is_more = rest.iter().any(|byte| !byte.is_ascii_whitespace() && *byte != b'}');
    let sign = if is_more { "," } else { "" };
    let field = format!("{{\"{}\":\"{}\"{sign}", in_json(&name), in_json(value));
    Some([field.as_bytes(), rest].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(media: &str, body: &str) -> Request {
        Request {
            method: "POST".into(),
            path: "/a?b=1".into(),
            headers: vec![("Content-Type".into(), Secret::new(media))],
            body: body.as_bytes().to_vec(),
            signing: None,
        }
    }

    const JSON: &str = "application/json";
    const FORM: &str = "application/x-www-form-urlencoded; charset=utf-8";

    #[test]
    fn a_body_takes_the_key_at_its_place_or_says_that_it_has_no_room() {
        let rows = [
            (JSON, r#"{"a":1}"#, "/token", Some(r#"{"a":1,"token":"k\"+y"}"#)),
            (JSON, r#"{"token":"x"}"#, "/token", Some(r#"{"token":"k\"+y"}"#)),
            (JSON, r#"{"auth":{}}"#, "/auth/token", Some(r#"{"auth":{"token":"k\"+y"}}"#)),
            (JSON, "{", "/token", Some("{\"token\":\"k\\\"+y\"")),
            (JSON, r#"{"a":1,}"#, "/token", Some(r#"{"token":"k\"+y","a":1,}"#)),
            (JSON, "[1]", "/token", None),
            (JSON, "", "/token", None),
            (JSON, "{", "/auth/token", None),
            (FORM, "", "/token", Some("token=k%22%2By")),
            (FORM, "a=1", "/token", Some("a=1&token=k%22%2By")),
            (FORM, "token=x&a=+", "/token", Some("token=k%22%2By&a=+")),
        ];
        for (media, body, at, expected) in rows {
            let mut request = request(media, body);
            let said = put_at(&mut request, Place::Body(at), "k\"+y");
            let body_now = String::from_utf8(request.body).expect("UTF-8");
            assert_eq!(said.ok().map(|()| body_now.as_str()), expected, "{body} at {at}");
        }
    }

    #[test]
    fn a_query_and_the_cookies_take_one_more_and_all_of_it_can_be_seen_again() {
        let mut request = request(JSON, "{}");
        let carriers = ["query = 'to ken'", "cookie = 'c'", "body = '/t'", "header = 'X-Key'"];
        for carrier in carriers.map(Carrier::of_toml) {
            assert!(!is_carried(&request, &carrier), "{carrier:?}");
            for (place, value) in carrier.put("k+y z", &Parts::new()) {
                put_at(&mut request, place, &value).expect("room");
            }
            assert!(is_carried(&request, &carrier), "{carrier:?}");
        }
        put_at(&mut request, Place::Cookie("d"), "2").expect("room");
        assert_eq!(&*request.path, "/a?b=1&to%20ken=k%2By%20z");
        assert_eq!(request.header("cookie"), Some("c=k+y z; d=2"));
        take_out(&mut request, &Carrier::of_toml("body = '/t'"));
        assert_eq!(request.body, b"{}");
    }
}

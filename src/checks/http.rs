//! `http.*`: what HTTP itself says of an error's headers, whatever the docs say.

use http::HeaderName;
use url::form_urlencoded;

use super::{
    envelope::quoted,
    mismatch::{Mismatch, Mismatches, unless},
};
use crate::{
    contract::key::Carrier,
    exchange::message::{Answer, Request},
};

/// `http.www-authenticate`: a 401 says how to authenticate (RFC 9110, section 15.5.2).
#[must_use]
pub fn www_authenticate(answer: &Answer, carriers: &[Carrier]) -> Mismatches {
    let place = "header WWW-Authenticate";
    let expected = "a challenge, such as a scheme's name";
    let value = answer.header("www-authenticate");
    let scheme = value.as_deref().unwrap_or_default().split([' ', ',']).next().unwrap_or_default();
    // A scheme is a token, as the name of a header is.
    if HeaderName::from_bytes(scheme.as_bytes()).is_err() {
        return vec![Mismatch::or_missing(place, expected, value.as_deref().map(quoted))];
    }
    let is_carried = |carrier: &Carrier| {
        let scheme_of = match &carrier.sigv4 {
            Some(_) => "AWS4-HMAC-SHA256",
            None if carrier.basic.is_some() => "Basic",
            None => carrier.before.trim(),
        };
        scheme_of.eq_ignore_ascii_case(scheme)
    };
    let asks_for_a_login = LOGINS.iter().any(|login| login.eq_ignore_ascii_case(scheme));
    unless(!asks_for_a_login || carriers.iter().any(is_carried), || {
        let sentence = format!("asks for {scheme}, which takes no key: a browser opens a login");
        Mismatch::says(place, sentence)
    })
}

/// Schemes of logins, at which a browser or a client of a company's network asks for a name and a password.
const LOGINS: [&str; 4] = ["Basic", "Digest", "Negotiate", "NTLM"];

/// `http.allow`: a 405 says which methods there are, without the one that it refuses (RFC 9110, section 15.5.6).
#[must_use]
pub fn allow(answer: &Answer, request: &Request) -> Mismatches {
    let place = "header Allow";
    let named = answer.headers.iter().filter(|(name, _)| name == "allow");
    let values: Vec<_> = named.map(|(_, value)| String::from_utf8_lossy(value)).collect();
    if values.is_empty() {
        return vec![Mismatch::says(place, "missing; expected the methods that there are")];
    }
    let mut methods = values.iter().flat_map(|value| value.split(',')).map(str::trim);
    unless(!methods.any(|method| method == request.method), || {
        Mismatch::says(place, "names the very method that was refused")
    })
}

/// `http.retry-after`: if there is one, it is a number of seconds or a date (RFC 9110, section 10.2.3).
#[must_use]
pub fn retry_after(answer: &Answer) -> Mismatches {
    let place = "header Retry-After";
    if answer.count("retry-after") > 1 {
        return vec![Mismatch::says(place, "sent more than once")];
    }
    let value = answer.header("retry-after").unwrap_or_default();
    let is_number = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    unless(is_number || httpdate::parse_http_date(&value).is_ok(), || {
        // Without the value, which is another one each time: it is one mistake.
        Mismatch::says(place, "neither whole seconds nor an HTTP date")
    })
}

/// `http.cookies`: an error sets no cookie. Nobody logs in by one, and a client of an API keeps none.
#[must_use]
pub fn cookies(answer: &Answer) -> Mismatches {
    unless(answer.count("set-cookie") == 0, || {
        Mismatch::says("header Set-Cookie", "sets a cookie; expected none with an error")
    })
}

/// `http.cache`: what depends on a key is not kept by a cache that others ask. A shared cache may keep the answer to a
/// request with `Authorization` only if it is told to; it knows nothing of any other header (RFC 9111, sections 3.5 and
/// 4.1). `carriers` are what may hold a key.
#[must_use]
pub fn cache(answer: &Answer, request: &Request, carriers: &[Carrier]) -> Mismatches {
    let said = |name: &str| -> String {
        let named = answer.headers.iter().filter(|(known, _)| known == name);
        let values: Vec<_> = named.map(|(_, value)| String::from_utf8_lossy(value)).collect();
        values.join(",").to_ascii_lowercase()
    };
    let varies = said("vary");
    let mut varies = varies.split(',').map(str::trim);
    let is_carrier = |name: &str| {
        carriers.iter().flat_map(Carrier::headers).any(|header| header.eq_ignore_ascii_case(name))
    };
    if varies.any(|name| name == "*" || is_carrier(name)) || is_in_address(request, carriers) {
        return Vec::new();
    }
    // What is signed has its `Authorization` when it is sent.
    let authorization = request.header("authorization").is_some() || request.signing.is_some();
    // A cache that a header of its own speaks to listens to nothing else (RFC 9213, section 2.2).
    for name in TARGETED.iter().filter(|name| answer.count(name) > 0) {
        let control = said(name);
        let mut directives = control.split([',', ';']).map(str::trim);
        // With `Authorization` an age alone is no leave to keep it, but for who speaks to surrogates alone.
        let needs_leave = authorization && *name != "surrogate-control";
        let is_kept = |directive: &str| match directive.split_once('=') {
            Some(("max-age", seconds)) => !needs_leave && seconds.trim_matches('"') != "0",
            Some(("s-maxage", seconds)) => seconds.trim_matches('"') != "0",
            _ => directive == "public",
        };
        let is_refused =
            ["no-store", "private", "no-cache", "max-age=0"].iter().any(|no| control.contains(no));
        if !is_refused && directives.any(is_kept) {
            return vec![Mismatch::says(&format!("header {name}"), SHARED)];
        }
    }
    let control = said("cache-control");
    let directives: Vec<_> = control.split(',').map(str::trim).collect();
    let has =
        |name: &str| directives.iter().any(|directive| directive.split('=').next() == Some(name));
    let seconds = |name: &str| -> Option<u64> {
        let mut values = directives.iter().filter_map(|directive| directive.split_once('='));
        let (_, value) = values.find(|(known, _)| *known == name)?;
        value.trim_matches('"').parse().ok()
    };
    if ["no-store", "private", "no-cache"].iter().any(|name| has(name)) {
        return Vec::new();
    }
    let date = |name: &str| httpdate::parse_http_date(&answer.header(name)?).ok();
    let is_fresh = || {
        // Without a date it is to be taken for one that has not come yet.
        let now = date("date");
        date("expires").is_some_and(|expires| now.is_none_or(|now| expires > now))
    };
    let for_all = has("public") || seconds("s-maxage").is_some_and(|seconds| seconds > 0);
    let for_anybody = match seconds("max-age") {
        Some(seconds) => seconds > 0,
        None => is_fresh(),
    };
    unless(!for_all && (authorization || !for_anybody), || {
        let place = if control.is_empty() { "header Expires" } else { "header Cache-Control" };
        Mismatch::says(place, SHARED)
    })
}

/// Whether the key is in the address, by which a cache keeps a response: who asks by another key asks for another one.
fn is_in_address(request: &Request, carriers: &[Carrier]) -> bool {
    let query = request.path.split_once('?').map_or("", |(_, query)| query);
    let named =
        |name: &str| form_urlencoded::parse(query.as_bytes()).any(|(known, _)| known == name);
    carriers.iter().filter_map(|carrier| carrier.query.as_deref()).any(named)
}

/// What is said of an error that a shared cache may keep.
const SHARED: &str = "lets a shared cache give this error to others, although it depends on the key; expected `no-store`, or `Vary` with the key's header";

/// Headers that speak to caches of networks alone, in small letters: the standard's, and those of Cloudflare and Fastly.
const TARGETED: [&str; 3] =
    ["cdn-cache-control", "cloudflare-cdn-cache-control", "surrogate-control"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{contract::key::BasicPart, exchange::message::Ending, shown::secret::Secret};

    type Headers<'a> = &'a [(&'a str, &'a str)];

    fn answer(headers: Headers<'_>) -> Answer {
        let header = |(name, value): &(&str, &str)| ((*name).to_owned(), value.as_bytes().to_vec());
        let headers = headers.iter().map(header).collect();
        Answer { status: 401, headers, body: Vec::new(), ending: Ending::Complete }
    }

    fn carriers() -> [Carrier; 2] {
        [("X-API-Key", ""), ("Authorization", "Bearer ")].map(|(header, before)| Carrier {
            name: header.to_owned().into(),
            header: Some(header.to_owned()),
            before: before.to_owned(),
            ..Carrier::nothing()
        })
    }

    fn request(header: &str) -> Request {
        let headers = vec![(header.into(), Secret::new("a key"))];
        Request { method: "GET".into(), path: "/".into(), headers, body: Vec::new(), signing: None }
    }

    #[test]
    fn a_401_has_a_challenge_a_405_has_other_methods_and_no_error_sets_a_cookie() {
        let get = request("x-api-key");
        let holds = |found: Mismatches| found.is_empty();
        let rows = [
            ("Bearer", true),
            ("ApiKey realm=\"x\"", true),
            ("", false),
            ("\"x\"", false),
            ("Basic realm=\"x\"", false),
            ("negotiate", false),
        ];
        for (value, expected) in rows {
            let answer = answer(&[("www-authenticate", value)]);
            assert_eq!(holds(www_authenticate(&answer, &carriers())), expected, "{value}");
        }
        assert!(!holds(www_authenticate(&answer(&[]), &carriers())));
        // An API that is asked by such a login may say so.
        let [mut by_login, _] = carriers();
        by_login.basic = Some(BasicPart::User);
        let answer_of_one = answer(&[("www-authenticate", "Basic realm=\"x\"")]);
        assert!(holds(www_authenticate(&answer_of_one, &[by_login])));
        for (value, expected) in [("POST", true), ("", true), ("POST, GET", false), ("get", true)] {
            assert_eq!(holds(allow(&answer(&[("allow", value)]), &get)), expected, "{value}");
        }
        assert!(!holds(allow(&answer(&[]), &get)));
        assert!(holds(cookies(&answer(&[]))));
        assert!(!holds(cookies(&answer(&[("set-cookie", "a=b")]))));
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let rows = [
            ("7", true),
            ("0", true),
            ("Wed, 21 Oct 2026 07:28:00 GMT", true),
            ("7.5", false),
            ("-1", false),
            ("7 s", false),
            ("", false),
            ("2026-10-21T07:28:00Z", false),
        ];
        for (value, holds) in rows {
            assert_eq!(
                retry_after(&answer(&[("retry-after", value)])).is_empty(),
                holds,
                "{value}"
            );
        }
        let twice = answer(&[("retry-after", "7"), ("retry-after", "7")]);
        assert_eq!(retry_after(&twice).len(), 1);
    }

    #[test]
    fn a_cache_keeps_by_the_address_and_a_cookie_is_told_by_vary() {
        let [by_query, by_cookie] = ["query = 'token'", "cookie = 'c'"].map(Carrier::of_toml);
        let asked = |path: &str| Request { path: path.into(), ..request("cookie") };
        let public: Headers<'_> = &[("cache-control", "public")];
        let varies: Headers<'_> = &[("cache-control", "public"), ("vary", "Cookie")];
        let rows = [
            (&by_query, "/?token=abc", public, true),
            (&by_query, "/?tok=abc", public, false),
            (&by_cookie, "/", public, false),
            (&by_cookie, "/", varies, true),
            (&by_query, "/", varies, false),
        ];
        for (carrier, path, headers, holds) in rows {
            let found = cache(&answer(headers), &asked(path), std::slice::from_ref(carrier));
            assert_eq!(found.is_empty(), holds, "{path} {headers:?}");
        }
    }

    #[test]
    fn what_depends_on_a_key_is_not_for_a_cache_that_others_ask() {
        const DATE: (&str, &str) = ("date", "Wed, 21 Oct 2026 07:28:00 GMT");
        const LATER: (&str, &str) = ("expires", "Wed, 21 Oct 2026 08:28:00 GMT");
        const PAST: (&str, &str) = ("expires", "0");
        // Headers, whether they hold for a key in X-API-Key, and in Authorization.
        let rows: [(Headers, bool, bool); 18] = [
            (&[], true, true),
            (&[("cache-control", "no-store")], true, true),
            (&[("cache-control", "private, max-age=60")], true, true),
            (&[("cache-control", "max-age=0")], true, true),
            (&[("cache-control", "max-age=60")], false, true),
            (&[("cache-control", "public")], false, false),
            (&[("cache-control", "max-age=0, s-maxage=60")], false, false),
            (&[("cache-control", "max-age=60"), ("vary", "Origin, X-Api-Key")], true, true),
            (&[("cache-control", "public"), ("vary", "*")], true, true),
            (&[("cache-control", "public"), ("vary", "origin")], false, false),
            (&[DATE, LATER], false, true),
            (&[DATE, PAST], true, true),
            (&[("cache-control", "no-store"), ("cdn-cache-control", "max-age=300")], false, true),
            (&[("surrogate-control", "max-age=300"), ("vary", "X-API-Key")], true, true),
            (&[("cdn-cache-control", "max-age=300, no-store")], true, true),
            (&[("cdn-cache-control", "public, max-age=0, must-revalidate")], true, true),
            (&[("cdn-cache-control", "public, max-age=300")], false, false),
            (&[("surrogate-control", "max-age=0;content=\"ESI/1.0\"")], true, true),
        ];
        for (headers, by_key, by_authorization) in rows {
            for (header, holds) in [("x-api-key", by_key), ("authorization", by_authorization)] {
                let found = cache(&answer(headers), &request(header), &carriers());
                assert_eq!(found.is_empty(), holds, "{headers:?} by {header}");
            }
        }
    }
}

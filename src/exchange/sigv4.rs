//! AWS Signature Version 4: signs a request when it is sent, since a signature holds the time.
//!
//! HMAC and SHA-256 are those of `ring`, which TLS needs anyway. What is signed is written as AWS says in "Create a signed
//! AWS API request", by headers and without a session.

use std::time::SystemTime;

use percent_encoding::percent_decode;
use ring::hmac;
use url::Url;

use super::{
    message::{Answer, Request},
    signing::{Signing, digest_of, hex},
};
use crate::{
    contract::encoding::{bytes_in_path, bytes_in_query},
    shown::secret::Secret,
};

/// A signature that was sent.
pub(super) struct Signature(String);

/// So many characters of a signature are shown, to tell one from another.
const SHOWN: usize = 8;

impl Signature {
    /// Leaves in an answer only the begin of the signature: a server may say what it was given.
    pub(super) fn mask(&self, answer: &mut Answer) {
        let Self(signature) = self;
        let stars = format!("{}{}", &signature[..SHOWN], "*".repeat(signature.len() - SHOWN));
        let texts = answer.headers.iter_mut().map(|(_, value)| value).chain([&mut answer.body]);
        for text in texts {
            let found: Vec<usize> = memchr::memmem::find_iter(text, signature.as_bytes()).collect();
            for at in found {
                text[at..at + signature.len()].copy_from_slice(stars.as_bytes());
            }
        }
    }
}

/// A request with its signature as of now, if it has to be signed.
pub(super) fn signed(
    request: &Request,
    address: &Url,
    now: SystemTime,
) -> Option<(Request, Signature)> {
    let signing = request.signing.as_ref()?;
    let time = humantime::format_rfc3339_seconds(now).to_string().replace(['-', ':'], "");
    let hash = digest_of(&request.body);
    let mut request = request.clone();
    let add = [("X-Amz-Date", &time), ("X-Amz-Content-Sha256", &hash)];
    let add = add.map(|(name, value)| (name.into(), Secret::new(value.as_str())));
    request.headers.extend(add);
    let port = address.port().map(|port| format!(":{port}")).unwrap_or_default();
    let host = format!("{}{port}", address.host_str().unwrap_or_default());
    let own = request
        .headers
        .iter()
        .map(|(name, value)| (name.to_ascii_lowercase(), value.expose().trim()));
    let is_signed = |name: &str| name == "content-type" || name.starts_with("x-amz-");
    let mut headers: Vec<(String, String)> = own
        .filter(|(name, _)| is_signed(name))
        .map(|(name, value)| (name, value.to_owned()))
        .chain([("host".to_owned(), host)])
        .collect();
    headers.sort();
    let canonical = Canonical {
        method: &request.method,
        path: address.path(),
        query: address.query().unwrap_or_default(),
        headers: &headers,
        hash: &hash,
    };
    let (value, signature) = signing.authorization(&canonical, &time);
    request.headers.push(("Authorization".into(), Secret::new(value)));
    Some((request, Signature(signature)))
}

/// What of a request is signed.
struct Canonical<'a> {
    method: &'a str,
    path: &'a str,
    query: &'a str,
    /// Names in small letters and values, in the order of the names.
    headers: &'a [(String, String)],
    /// That of the body, in hexadecimal digits.
    hash: &'a str,
}

impl Canonical<'_> {
    fn names(&self) -> String {
        let names: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        names.join(";")
    }

    /// The request as it is signed. A path is encoded twice for every service but S3.
    fn text(&self, service: &str) -> String {
        let Self { method, path, query, headers, hash } = self;
        let decoded: Vec<u8> = percent_decode(path.as_bytes()).collect();
        let once = bytes_in_path(&decoded);
        let path = if service == "s3" { once } else { bytes_in_path(once.as_bytes()) };
        let part =
            |text: &str| bytes_in_query(&percent_decode(text.as_bytes()).collect::<Vec<u8>>());
        let parameters = query.split('&').filter(|parameter| !parameter.is_empty());
        let mut parameters: Vec<(String, String)> = parameters
            .map(|parameter| parameter.split_once('=').unwrap_or((parameter, "")))
            .map(|(name, value)| (part(name), part(value)))
            .collect();
        parameters.sort();
        let parameters: Vec<_> =
            parameters.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let headers: Vec<_> =
            headers.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
        let headers = headers.concat();
        let (query, names) = (parameters.join("&"), self.names());
        format!("{method}\n{path}\n{query}\n{headers}\n{names}\n{hash}")
    }
}

impl Signing {
    /// The value of `Authorization` at a time (`20150830T123600Z`), and the signature in it.
    fn authorization(&self, canonical: &Canonical<'_>, time: &str) -> (String, String) {
        let Self { service, region, access_key, secret } = self;
        let day = &time[..8];
        let scope = format!("{day}/{region}/{service}/aws4_request");
        let text = canonical.text(service);
        let hash = digest_of(text.as_bytes());
        let to_sign = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{hash}");
        let first = format!("AWS4{}", secret.expose()).into_bytes();
        let key = [day, region, service, "aws4_request"]
            .iter()
            .fold(first, |key, text| mac(&key, text.as_bytes()));
        let signature = hex(&mac(&key, to_sign.as_bytes()));
        let names = canonical.names();
        let value = format!(
            "AWS4-HMAC-SHA256 Credential={access_key}/{scope}, SignedHeaders={names}, Signature={signature}"
        );
        (value, signature)
    }
}

fn mac(key: &[u8], text: &[u8]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text).as_ref().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::message::Ending;

    /// That of AWS's examples, which every page of theirs shows.
    const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

    fn signing(service: &str, secret: &str) -> Signing {
        Signing {
            service: service.to_owned(),
            region: "us-east-1".to_owned(),
            access_key: "AKIDEXAMPLE".to_owned(),
            secret: Secret::new(secret),
        }
    }

    const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn a_signature_is_that_of_the_published_test_suite() {
        // Of aws-sig-v4-test-suite: get-vanilla, post-vanilla, get-vanilla-query-order-key-case,
        // get-vanilla-utf8-query, get-unreserved.
        let unreserved = "/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        let rows = [
            ("GET", "/", "", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
            ("POST", "/", "", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
            (
                "GET",
                "/",
                "Param2=value2&Param1=value1",
                "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
            ),
            (
                "GET",
                "/",
                "%E1%88%B4=bar",
                "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04",
            ),
            (
                "GET",
                unreserved,
                "",
                "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f",
            ),
        ];
        let headers = [("host", "example.amazonaws.com"), ("x-amz-date", "20150830T123600Z")];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
        for (method, path, query, signature) in rows {
            let canonical = Canonical { method, path, query, headers: &headers, hash: EMPTY };
            let of_suite = Signing { service: "service".to_owned(), ..signing("service", SECRET) };
            let (value, made) = of_suite.authorization(&canonical, "20150830T123600Z");
            assert_eq!(made, signature, "{method} {path}?{query}");
            let head = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, Signature=";
            assert_eq!(value, format!("{head}{signature}"));
        }
    }

    #[test]
    fn a_whole_request_has_the_signature_that_aws_sigv4_gives_it() {
        // By the crate `aws-sigv4` 1.6.4, at 2015-08-30 12:36:00.
        let rows = [
            ("s3", "ebec19ca93c00cbdb71cbe63474f0a7372a04af31e3932ca089a6d9961eb0ef2"),
            ("dynamodb", "cf1713256f5517f1ae0e87706a741754d5ccad0e90023edbcad0076d1228c9d6"),
        ];
        let path = "/bucket/a%20b/c%2Bd?b=2&a=x%2Fy&c";
        let address = Url::parse(&format!("http://localhost:8080{path}")).expect("an address");
        let now = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_440_938_160);
        for (service, expected) in rows {
            let headers = [("Content-Type", "text/plain"), ("X-Amz-Target", "A.B")];
            let headers = headers.map(|(name, value)| (name.into(), Secret::new(value))).to_vec();
            let request = Request {
                method: "PUT".into(),
                path: path.into(),
                headers,
                body: b"hello".to_vec(),
                signing: Some(signing(service, SECRET).into()),
            };
            let (_, signature) = signed(&request, &address, now).expect("a signature");
            assert_eq!(signature.0, expected, "{service}");
        }
    }

    #[test]
    fn a_path_is_encoded_twice_but_for_s3() {
        let text = |service: &str| {
            let headers = [("host".to_owned(), "h".to_owned())];
            let path = "/a%20b/c(d)";
            let canonical =
                Canonical { method: "GET", path, query: "", headers: &headers, hash: "x" };
            canonical.text(service)
        };
        assert_eq!(text("s3"), "GET\n/a%20b/c%28d%29\n\nhost:h\n\nhost\nx");
        assert_eq!(text("dynamodb"), "GET\n/a%2520b/c%2528d%2529\n\nhost:h\n\nhost\nx");
    }

    #[test]
    fn a_request_is_signed_when_it_is_sent_and_another_secret_gives_another_signature() {
        let request = |secret: &str| Request {
            method: "PUT".into(),
            path: "/bucket/a?b=1".into(),
            headers: vec![
                ("Content-Type".into(), Secret::new("text/plain")),
                ("Accept".into(), Secret::new("*/*")),
            ],
            body: b"hello".to_vec(),
            signing: Some(signing("s3", secret).into()),
        };
        let address = Url::parse("http://localhost:8080/bucket/a?b=1").expect("an address");
        let now = SystemTime::UNIX_EPOCH;
        let sign = |secret: &str| signed(&request(secret), &address, now).expect("a signature");
        let (one, signature) = sign(SECRET);
        assert_eq!(one.header("x-amz-date"), Some("19700101T000000Z"));
        let hash = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
        assert_eq!(one.header("x-amz-content-sha256"), Some(hash));
        let value = one.header("authorization").expect("signed");
        let names = "SignedHeaders=content-type;host;x-amz-content-sha256;x-amz-date, ";
        assert!(value.contains(names), "{value}");
        assert_ne!(signature.0, sign("another").1.0);
        assert_eq!(signature.0, sign(SECRET).1.0);
        let mut answer = Answer {
            status: 403,
            headers: Vec::new(),
            body: format!("<a>{}</a>", signature.0).into_bytes(),
            ending: Ending::Complete,
        };
        signature.mask(&mut answer);
        let told = String::from_utf8(answer.body).expect("UTF-8");
        assert_eq!(told, format!("<a>{}{}</a>", &signature.0[..8], "*".repeat(56)));
        assert_eq!(format!("{:?}", one.signing), "Some((signs for s3 in us-east-1))");
    }
}

//! Whether a request is signed by AWS Signature Version 4, worked out from AWS's description of it and not by the crate that
//! errproof signs with.

use ring::{digest, hmac};
use serde_json::Value;

use super::sample::Asked;

/// Whether a request's signature is the one that its access key's secret makes. `sigv4` has the service, the region and the
/// secrets by their access keys.
pub(super) fn is_signed(sigv4: &Value, asked: &Asked<'_>) -> bool {
    let Some(authorization) = asked.header("authorization") else { return false };
    let Some(rest) = authorization.strip_prefix("AWS4-HMAC-SHA256 ") else { return false };
    let part = |name: &str| {
        let parts = rest.split(',').map(str::trim);
        parts.filter_map(|part| part.split_once('=')).find(|(known, _)| *known == name)
    };
    let parts = ["Credential", "SignedHeaders", "Signature"].map(part);
    let [Some((_, credential)), Some((_, signed)), Some((_, signature))] = parts else {
        return false;
    };
    let steps: Vec<_> = credential.split('/').collect();
    let [access, date, region, service, "aws4_request"] = steps.as_slice() else { return false };
    let Some(secret) = sigv4["keys"][*access].as_str() else { return false };
    let time = asked.header("x-amz-date").unwrap_or_default();
    if sigv4["service"] != *service || sigv4["region"] != *region || !time.starts_with(date) {
        return false;
    }
    let scope = format!("{date}/{region}/{service}/aws4_request");
    let canonical = canonical(asked, signed, *service == "s3");
    let text = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{}", hashed(canonical.as_bytes()));
    let mut key = format!("AWS4{secret}").into_bytes();
    for step in [date, region, service, &"aws4_request"] {
        key = keyed(&key, step.as_bytes());
    }
    hex(&keyed(&key, text.as_bytes())) == *signature
}

/// The request as it is signed.
fn canonical(asked: &Asked<'_>, signed: &str, is_s3: bool) -> String {
    let request = asked.request;
    // S3 signs the path as it is on the wire, all others with its percent signs encoded once more.
    let path = request.url.path();
    let path = if is_s3 { path.to_owned() } else { path.replace('%', "%25") };
    let mut query: Vec<_> = asked
        .query
        .iter()
        .map(|(name, value)| format!("{}={}", encoded(name), encoded(value)))
        .collect();
    query.sort();
    let header = |name: &str| {
        let value = asked.header(name).unwrap_or_default();
        format!("{name}:{}\n", value.split_whitespace().collect::<Vec<_>>().join(" "))
    };
    let headers: String = signed.split(';').map(header).collect();
    let payload = asked.header("x-amz-content-sha256");
    let payload = payload.unwrap_or_else(|| hashed(&request.body));
    let method = &request.method;
    format!("{method}\n{path}\n{}\n{headers}\n{signed}\n{payload}", query.join("&"))
}

fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let one =
        |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(one).collect()
}

fn keyed(key: &[u8], text: &[u8]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text).as_ref().to_vec()
}

fn hashed(bytes: &[u8]) -> String {
    hex(digest::digest(&digest::SHA256, bytes).as_ref())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

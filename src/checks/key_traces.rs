//! `leak.internals`: another key than the one that was sent, and what a key is looked up by.

use std::fmt::Write as _;

use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use ring::digest;

use crate::{contract::key::KeyShape, shown::secret::Secret};

/// A digest's name, and what makes it.
type Digest = (&'static str, fn(&[u8]) -> Vec<u8>);

/// The digests of the sent key that are looked for.
const DIGESTS: [Digest; 5] = [
    ("MD5", |key| md5::compute(key).to_vec()),
    ("SHA-1", |key| sha(&digest::SHA1_FOR_LEGACY_USE_ONLY, key)),
    ("SHA-256", |key| sha(&digest::SHA256, key)),
    ("SHA-384", |key| sha(&digest::SHA384, key)),
    ("SHA-512", |key| sha(&digest::SHA512, key)),
];

fn sha(algorithm: &'static digest::Algorithm, key: &[u8]) -> Vec<u8> {
    digest::digest(algorithm, key).as_ref().to_vec()
}

/// So many characters of a digest are one: 64 bits of it are no chance.
const TELLING: usize = 16;

/// The digest of the sent key that a text holds, as the end of "contains ...".
#[must_use]
pub fn digest_in(text: &str, key: &Secret) -> Option<String> {
    if !may_hold_digest(text) {
        return None;
    }
    let lower = text.to_ascii_lowercase();
    let holds = |digest: fn(&[u8]) -> Vec<u8>| {
        let digest = digest(key.expose().as_bytes());
        let hex = hex(&digest);
        let base64 = STANDARD_NO_PAD.encode(&digest);
        let url = base64.replace('+', "-").replace('/', "_");
        lower.contains(&hex[..TELLING])
            || [base64, url].iter().any(|form| text.contains(&form[..TELLING]))
    };
    let (name, _) = DIGESTS.iter().find(|(_, digest)| holds(*digest))?;
    Some(format!("the {name} of the key that was sent, or a part of it"))
}

/// Bytes as hexadecimal digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut digits, byte| {
        write!(digits, "{byte:02x}").expect("a text takes all");
        digits
    })
}

/// Whether a text has a word that may be a digest: long enough, and with a digit in it, which one of 16 hexadecimal digits
/// lacks once in seven million times. Most texts have none, and a digest has to be made; codes are long words as well.
#[must_use]
pub fn may_hold_digest(text: &str) -> bool {
    let is_inside = |c: char| c.is_ascii_alphanumeric() || "+/-_".contains(c);
    let is_digest =
        |word: &str| word.len() >= TELLING && word.bytes().any(|byte| byte.is_ascii_digit());
    text.split(|c| !is_inside(c)).any(is_digest)
}

/// What a key has at least behind its prefix that is told from the example of one: so many characters, and among them so
/// many different ones.
const KEY: (usize, usize) = (16, 9);

/// Whether a text holds what looks like a key, and was not sent.
#[must_use]
pub fn other_key_in(text: &str, shape: &KeyShape, sent: &str) -> bool {
    let prefix = &shape.prefix;
    let is_of_key = |c: &char| shape.alphabet.contains(*c);
    let mut rest = text;
    while !prefix.is_empty()
        && let Some((_, behind)) = rest.split_once(prefix.as_str())
    {
        let tail: String = behind.chars().take_while(is_of_key).collect();
        let mut letters: Vec<_> = tail.chars().collect();
        letters.sort_unstable();
        letters.dedup();
        let has = |is: fn(&char) -> bool| tail.chars().any(|c| is(&c));
        let is_random = has(char::is_ascii_digit) && has(char::is_ascii_alphabetic);
        let is_key = tail.len() >= KEY.0 && letters.len() >= KEY.1 && is_random;
        if is_key && !sent.contains(&tail) {
            return true;
        }
        rest = behind;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_of_the_key_is_found_in_each_form() {
        let key = Secret::new("pms_live_0123456789abcdef");
        let other = Secret::new("pms_live_another");
        for (name, digest) in DIGESTS {
            let digest = digest(key.expose().as_bytes());
            let (hex, base64) = (hex(&digest), STANDARD_NO_PAD.encode(&digest));
            for text in [
                format!("no key with the hash {hex}"),
                format!("no key with the hash {}", hex.to_uppercase()),
                format!("no key {}...", &hex[..16]),
                format!("no key {base64}="),
            ] {
                let said = digest_in(&text, &key).expect("found");
                assert!(said.contains(name), "{text}: {said}");
                assert_eq!(digest_in(&text, &other), None, "{text}");
            }
        }
        assert_eq!(digest_in("no key 4f6c2a", &key), None);
    }

    #[test]
    fn another_key_is_told_from_an_example_of_one() {
        let shape = KeyShape {
            prefix: "pms_live_".to_owned(),
            alphabet: "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_".to_owned(),
            length: 32,
            shortest: Some(8),
            longest: Some(200),
            carriers: Vec::new(),
        };
        for (text, expected) in [
            ("did you mean pms_live_a8Kd02mZq7Lw19Xc?", true),
            ("pms_live_ and pms_live_a8Kd02mZq7Lw19Xc", true),
            ("a key looks like pms_live_...", false),
            ("a key looks like pms_live_xxxxxxxxxxxxxxxxxxxx1", false),
            ("a key looks like pms_live_YOUR_KEY_GOES_HERE_NOW", false),
            ("a key looks like pms_live_1234567890", false),
            ("you sent pms_live_s3ntS3nts3nt0987Abc", false),
        ] {
            let found = other_key_in(text, &shape, "pms_live_s3ntS3nts3nt0987Abc");
            assert_eq!(found, expected, "{text}");
        }
    }
}

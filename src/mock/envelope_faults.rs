//! Spoils an envelope in one way.

use serde_json::{Value, json};

use super::{
    api::{DOCS, Reply},
    mutation::{BeyondFault, EnvelopeFault, EnvelopeField, FieldFault, RetryAfterFault},
};

/// Puts one fault into an error's reply.
pub(super) fn spoil(reply: &mut Reply, fault: EnvelopeFault) {
    use EnvelopeFault as Fault;
    let docs = |reply: &mut Reply, link: &str| set(reply, EnvelopeField::Docs, link.into());
    match fault {
        Fault::WrongStatus => reply.status = 418,
        Fault::StatusOk => reply.status = 200,
        Fault::WrongCode => {
            // One that is looked for late, so that no other code's twin is stuck at it.
            let late = ["generation_failed", "generation_timeout"];
            let other = late[usize::from(code(reply) == late[0])];
            set(reply, EnvelopeField::Code, other.into());
        }
        Fault::UpperCaseCode => {
            let upper = code(reply).to_uppercase();
            set(reply, EnvelopeField::Code, upper.into());
        }
        Fault::UnknownCode => set(reply, EnvelopeField::Code, "something_else".into()),
        Fault::Field(field, fault) => set_fault(reply, field, fault),
        Fault::DocsHttp => docs(reply, &DOCS.replace("https:", "http:")),
        Fault::DocsOtherHost => docs(reply, &DOCS.replace("www.", "docs.")),
        Fault::DocsOtherPath => docs(reply, &DOCS.replace("errors", "error-codes")),
        Fault::DocsFragment => docs(reply, &format!("{DOCS}#{}", code(reply))),
        Fault::MessageIsCode => {
            let code = code(reply);
            set(reply, EnvelopeField::Message, code.into());
        }
        Fault::MessageIsObject => set(reply, EnvelopeField::Message, "[object Object]".into()),
        Fault::SnakeCaseRequestId => change(reply, |body| {
            let error = body["error"].as_object_mut().expect("an envelope");
            let id = error.remove("requestId").unwrap_or_default();
            error.insert("request_id".to_owned(), id);
        }),
        Fault::Unwrapped => change(reply, |body| *body = body["error"].take()),
        Fault::ErrorText => change(reply, |body| body["error"] = body["error"]["message"].take()),
        Fault::ErrorList => change(reply, |body| body["error"] = json!([body["error"].take()])),
        Fault::Html => {
            set_type(reply, Some("text/html"));
            reply.body = b"<html><body><h1>Something went wrong</h1></body></html>".to_vec();
        }
        Fault::TextPlain => set_type(reply, Some("text/plain")),
        Fault::NoContentType => set_type(reply, None),
        Fault::ByteOrderMark => reply.body.splice(..0, *b"\xef\xbb\xbf").for_each(drop),
        Fault::Truncated => reply.body.truncate(reply.body.len() / 2),
        Fault::TwoDocuments => reply.body.extend_from_within(..),
        Fault::EmptyBody => reply.body.clear(),
        Fault::Beyond(fault) => beyond(reply, fault),
        Fault::InvalidUtf8 => {
            let at = reply.body.len() - 3;
            reply.body.insert(at, 0xff);
        }
    }
}

/// Breaks what no page promises.
fn beyond(reply: &mut Reply, fault: BeyondFault) {
    use BeyondFault as B;
    let id = |reply: &mut Reply, id: &str| set(reply, EnvelopeField::RequestId, id.into());
    let own = |reply: &Reply| {
        let body: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
        let text = |field: EnvelopeField| {
            body["error"][field.name()].as_str().unwrap_or_default().to_owned()
        };
        [EnvelopeField::RequestId, EnvelopeField::Message].map(text)
    };
    match fault {
        B::NoChallenge => reply.headers.retain(|(name, _)| *name != "www-authenticate"),
        B::EmptyChallenge => {
            reply.headers.retain(|(name, _)| *name != "www-authenticate");
            reply.headers.push(("www-authenticate", String::new()));
        }
        B::AsksForLogin => {
            reply.headers.retain(|(name, _)| *name != "www-authenticate");
            reply.headers.push(("www-authenticate", "Basic realm=\"API\"".to_owned()));
        }
        B::SetsCookie => reply.headers.push(("set-cookie", "session=1".to_owned())),
        B::ForSharedCaches => {
            reply.headers.push(("cache-control", "public, max-age=60".to_owned()));
        }
        B::ForAnyCache => reply.headers.push(("cache-control", "s-maxage=60".to_owned())),
        B::ForDeliveryNetworks => {
            reply.headers.push(("cdn-cache-control", "public, max-age=300".to_owned()));
        }
        B::WaitInWords => reply.headers.push(("retry-after", "soon".to_owned())),
        B::ShortId => {
            let [own, _] = own(reply);
            id(reply, &own[..7]);
        }
        B::LongId => {
            let [own, _] = own(reply);
            id(reply, &own.repeat(9));
        }
        B::IdWithSpace => {
            let [own, _] = own(reply);
            id(reply, &format!("no {own}"));
        }
        B::OtherIdInHeader => reply.headers.push(("x-request-id", "0123456789abcdef".to_owned())),
        B::EmptyIdInHeader => reply.headers.push(("x-request-id", String::new())),
        B::MessageOfCode => {
            let words = code(reply).replace('_', " ");
            set(reply, EnvelopeField::Message, format!("{words}.").into());
        }
        B::Tells(what) | B::Hole(what) => {
            let [_, message] = own(reply);
            set(reply, EnvelopeField::Message, format!("{message} {what}").into());
        }
    }
}

/// The code in an error's reply; empty where there is none.
pub(super) fn code(reply: &Reply) -> String {
    let body: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
    body["error"]["code"].as_str().unwrap_or_default().to_owned()
}

/// Puts a value into a field of the envelope.
pub(super) fn set(reply: &mut Reply, field: EnvelopeField, value: Value) {
    change(reply, |body| body["error"][field.name()] = value);
}

pub(super) fn set_type(reply: &mut Reply, media: Option<&str>) {
    reply.headers.retain(|(name, _)| *name != "content-type");
    reply.headers.extend(media.map(|media| ("content-type", media.to_owned())));
}

/// Puts a wrong `Retry-After` into a refusal.
pub(super) fn break_retry_after(reply: &mut Reply, fault: RetryAfterFault) {
    let told = reply.headers.iter().find(|(name, _)| *name == "retry-after");
    let told: u64 = told.and_then(|(_, value)| value.parse().ok()).unwrap_or_default();
    let value = match fault {
        RetryAfterFault::Missing => None,
        RetryAfterFault::Zero => Some("0".to_owned()),
        RetryAfterFault::Negative => Some("-1".to_owned()),
        RetryAfterFault::Fraction => Some(format!("{told}.5")),
        RetryAfterFault::Date => Some("Wed, 21 Oct 2026 07:28:00 GMT".to_owned()),
        RetryAfterFault::Milliseconds => Some((told * 1_000).to_string()),
        RetryAfterFault::LongerThanWindow => Some((told + 60).to_string()),
        RetryAfterFault::ShorterThanTrue => Some((told / 2).to_string()),
        // True only of who asks again: more than three quarters of a minute are told as half.
        RetryAfterFault::ShorterAtFirst if told > 45 => Some((told / 2).to_string()),
        RetryAfterFault::ShorterAtFirst => Some(told.to_string()),
        RetryAfterFault::WholeWindow => Some("60".to_owned()),
        RetryAfterFault::LongerAtTimes => Some((told + 20).to_string()),
    };
    reply.headers.retain(|(name, _)| *name != "retry-after");
    reply.headers.extend(value.map(|value| ("retry-after", value)));
}

fn set_fault(reply: &mut Reply, field: EnvelopeField, fault: FieldFault) {
    let value = match fault {
        FieldFault::Missing => {
            return change(reply, |body| {
                body["error"].as_object_mut().map(|error| error.remove(field.name()));
            });
        }
        FieldFault::Null => Value::Null,
        FieldFault::Empty => "".into(),
        FieldFault::Number => 7.into(),
        FieldFault::Object => json!({}),
    };
    set(reply, field, value);
}

fn change(reply: &mut Reply, change: impl FnOnce(&mut Value)) {
    let mut body: Value = serde_json::from_slice(&reply.body).expect("an error's reply is JSON");
    change(&mut body);
    reply.body = body.to_string().into_bytes();
}

//! An input that the mock takes wrongly.

use serde_json::json;

use super::{
    api::Reply,
    envelope_faults::{set, spoil},
    input_site::{InputFault, InputSite},
    mutation::{EnvelopeFault, EnvelopeField},
};

/// Takes an input wrongly.
pub(super) fn take(reply: &mut Reply, site: InputSite, fault: InputFault) {
    match fault {
        InputFault::Accepted => {
            reply.status = 200;
            reply.code = None;
            reply.body = json!({ "result": {}, "creditsLeft": 0 }).to_string().into_bytes();
        }
        InputFault::OtherField => {
            let other = if site.field == Some("product") { "description" } else { "product" };
            let text = format!("The field {other} is not right.");
            set(reply, EnvelopeField::Message, text.into());
        }
        InputFault::WrongCode => spoil(reply, EnvelopeFault::WrongCode),
        InputFault::As500 => reply.status = 500,
    }
}

//! `[retry]` in `contract.toml`: what the docs tell clients to do after an error.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::Value;

use super::{
    NamedRequest,
    check::CheckId,
    envelope::EnvelopeFormat,
    names::{Code, RequestName},
    promise::Promise,
};
use crate::source::{
    bounds::{some, within},
    reader::{Reader, keys},
};

/// What the docs tell clients to do after an error. A code is in at most one group.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RetryFormat {
    /// The least wait before anything is sent again, in milliseconds.
    #[serde(deserialize_with = "within::<1, 10_000, _, _>")]
    #[cfg_attr(feature = "schemas", schemars(range(min = 1, max = 10_000)))]
    pub beat_milliseconds: u32,
    /// The response to a call that succeeds.
    pub success: SuccessFormat,
    /// Codes after which a client gives up.
    #[serde(default)]
    pub not_retried: Option<NotRetried>,
    /// Codes whose `Retry-After` a client waits out.
    #[serde(default)]
    pub retry_after: Option<RetryAfter>,
    /// Codes after which a client waits longer each time, and gives up in the end.
    #[serde(default)]
    pub backoff: Option<Backoff>,
    /// Codes that a client shows, or sends again after a wait of its own choice.
    #[serde(default)]
    pub wait: Option<AnyWait>,
    /// What holds after every code. errproof judges only what is promised here.
    #[serde(default)]
    pub always: AlwaysFormat,
}

/// The response to a call that succeeds.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SuccessFormat {
    /// The request whose success status it has.
    pub request: RequestName,
    /// The body, sent as JSON: one that clients can read.
    pub body: Value,
    /// What is promised of such a call.
    pub says: String,
    /// The heading or sentence of the docs that promises it.
    pub source: String,
}

/// Codes after which a client gives up.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct NotRetried {
    /// The codes.
    pub codes: Vec<Code>,
    /// What is promised.
    pub says: String,
    /// The heading or sentence of the docs that promises it.
    pub source: String,
}

/// Codes whose `Retry-After` a client waits out.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RetryAfter {
    /// The codes.
    pub codes: Vec<Code>,
    /// Seconds to try it with, each in a run of its own.
    pub seconds: Vec<Seconds>,
    /// Seconds of two refusals in a row, the second more than the first.
    pub grows: [Seconds; 2],
    /// What is promised.
    pub says: String,
    /// The heading or sentence of the docs that promises it.
    pub source: String,
}

/// Codes after which a client waits longer each time, and gives up in the end.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Backoff {
    /// The codes.
    pub codes: Vec<Code>,
    /// The waits before the second attempt, the third, and so on. After the last one, the client gives up.
    #[serde(deserialize_with = "some")]
    #[cfg_attr(feature = "schemas", schemars(length(min = 1)))]
    pub steps_seconds: Vec<Seconds>,
    /// What is promised.
    pub says: String,
    /// The heading or sentence of the docs that promises it.
    pub source: String,
}

/// Codes that a client shows, or sends again after a wait of its own choice.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct AnyWait {
    /// The codes.
    pub codes: Vec<Code>,
    /// What is promised.
    pub says: String,
    /// The heading or sentence of the docs that promises it.
    pub source: String,
}

/// Whole seconds that a client waits. A minute is the most, since they are really waited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct Seconds(
    #[serde(deserialize_with = "within::<1, 60, _, _>")]
    #[cfg_attr(feature = "schemas", schemars(range(min = 1, max = 60)))]
    pub u32,
);

/// What holds after every code, as far as it is promised.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct AlwaysFormat {
    /// No attempt while another has no response yet.
    #[serde(default)]
    pub one_at_a_time: Option<Promise>,
    /// No attempt right after another's response.
    #[serde(default)]
    pub beat: Option<Promise>,
    /// Every attempt is the same request, with the key that the client was given.
    #[serde(default)]
    pub same_request: Option<Promise>,
    /// The client prints the request id of its last failure.
    #[serde(default)]
    pub request_id: Option<Promise>,
    /// The client prints no part of its key.
    #[serde(default)]
    pub key_unseen: Option<Promise>,
    /// No attempt after the client has ended.
    #[serde(default)]
    pub quiet: Option<Promise>,
    /// The client ends by itself.
    #[serde(default)]
    pub ends: Option<Promise>,
}

/// One of the things that hold after every code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields of AlwaysFormat say what each is")]
pub enum Always {
    OneAtATime,
    Beat,
    SameRequest,
    RequestId,
    KeyUnseen,
    Quiet,
    Ends,
}

impl Always {
    /// The check that looks at it.
    #[must_use]
    pub fn check(self) -> CheckId {
        match self {
            Self::OneAtATime => CheckId::ClientOneAtATime,
            Self::Beat => CheckId::ClientBeat,
            Self::SameRequest => CheckId::ClientSameRequest,
            Self::RequestId => CheckId::ClientRequestId,
            Self::KeyUnseen => CheckId::ClientKeyUnseen,
            Self::Quiet => CheckId::ClientQuiet,
            Self::Ends => CheckId::ClientEnds,
        }
    }
}

impl AlwaysFormat {
    /// Each that is promised, with its id.
    pub fn promised(&self) -> impl Iterator<Item = (&'static str, Always, &Promise)> {
        let all = [
            ("one-at-a-time", Always::OneAtATime, &self.one_at_a_time),
            ("beat", Always::Beat, &self.beat),
            ("same-request", Always::SameRequest, &self.same_request),
            ("request-id", Always::RequestId, &self.request_id),
            ("key-unseen", Always::KeyUnseen, &self.key_unseen),
            ("quiet", Always::Quiet, &self.quiet),
            ("ends", Always::Ends, &self.ends),
        ];
        all.into_iter().filter_map(|(id, always, promise)| Some((id, always, promise.as_ref()?)))
    }
}

impl RetryFormat {
    /// The codes that something is said of.
    pub(crate) fn codes(&self) -> impl Iterator<Item = &Code> {
        self.groups().into_iter().flat_map(|(_, codes)| codes.into_iter().flatten())
    }

    fn groups(&self) -> [(&'static str, Option<&Vec<Code>>); 4] {
        [
            ("not-retried", self.not_retried.as_ref().map(|group| &group.codes)),
            ("retry-after", self.retry_after.as_ref().map(|group| &group.codes)),
            ("backoff", self.backoff.as_ref().map(|group| &group.codes)),
            ("wait", self.wait.as_ref().map(|group| &group.codes)),
        ]
    }

    /// Looks up what is named, and finds codes that are told two things.
    pub(super) fn check(
        &self,
        reader: &mut Reader<'_>,
        chain: &[Code],
        requests: &BTreeMap<RequestName, NamedRequest>,
        envelope: &EnvelopeFormat,
    ) {
        if self.always.request_id.is_some() && envelope.request_id.is_none() {
            let label = "expected a `request-id` under [envelope], which says where it is";
            reader.add(&["retry", "always", "request-id"], "errors carry no request id", label);
        }
        let way = ["retry", "success", "request"];
        reader.known(&way, "request", self.success.request.as_str(), keys(requests));
        let groups = self.groups();
        let mut seen = BTreeSet::new();
        for (group, codes) in groups {
            for (at, code) in codes.into_iter().flatten().enumerate() {
                let way = ["retry", group, "codes", &at.to_string()];
                reader.known(&way, "code", code.as_str(), chain.iter().map(Code::as_str));
                if !seen.insert(code) {
                    let title = format!("`{code}` is in [retry] twice");
                    reader.add(&way, title, "expected one thing to do after each code");
                }
            }
        }
        if let Some(RetryAfter { grows: [first, second], .. }) = &self.retry_after
            && second <= first
        {
            let label = "expected the second to be more than the first";
            reader.add(&["retry", "retry-after", "grows"], "these seconds do not grow", label);
        }
    }
}

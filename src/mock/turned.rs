//! Orders that the mock can be told to turn round: of two things that are wrong with a request at one point, it tells the
//! one that it tells second elsewhere.

use serde_json::Value;

use super::{
    error::ApiError,
    site::{REQUESTS, Site, SiteCarrier},
};

/// Two codes, and the point at which the second one wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turned {
    /// The code that wins elsewhere.
    pub first: &'static str,
    /// The code that wins here.
    pub second: &'static str,
    /// Where.
    pub site: Site,
    /// With which bodies.
    pub body: WrongBody,
}

/// The bodies with which an order is turned round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WrongBody {
    /// All that are wrong.
    Any,
    /// Those that are `null`.
    Null,
    /// Those that are a number.
    Number,
    /// Those with a tone that there is not.
    Tone,
}

impl WrongBody {
    /// Whether a body is one of them.
    #[must_use]
    pub fn is(self, body: &[u8]) -> bool {
        let Ok(body) = serde_json::from_slice::<Value>(body) else { return self == Self::Any };
        match self {
            Self::Any => true,
            Self::Null => body.is_null(),
            Self::Number => body.is_number(),
            Self::Tone => body["tone"] == "loud",
        }
    }

    /// The case that has such a body; none for all of them.
    #[must_use]
    fn case(self) -> Option<&'static str> {
        match self {
            Self::Any => None,
            Self::Null => Some("body-null"),
            Self::Number => Some("body-number"),
            Self::Tone => Some("tone-not-in-enum"),
        }
    }
}

/// The error with a code, told for no reason of its own.
pub(super) fn error(code: &str) -> Option<ApiError> {
    Some(match code {
        "invalid_json" => ApiError::InvalidJson("something is wrong".to_owned()),
        "invalid_input" => {
            ApiError::InvalidInput { field: Some("product"), why: "is not right".to_owned() }
        }
        "workspace_not_found" => ApiError::WorkspaceNotFound,
        "plan_gate" => ApiError::PlanGate,
        "regen_limit" => ApiError::RegenLimit { cap: 3 },
        "preflight_failed" => ApiError::PreflightFailed,
        "insufficient_credits" => ApiError::InsufficientCredits { need: 10, have: 4 },
        "generation_failed" => ApiError::GenerationFailed,
        _ => return None,
    })
}

impl Turned {
    /// What a mutant with it is called.
    #[must_use]
    pub fn name(&self) -> String {
        let Self { first, second, site, body } = self;
        let with = body.case().map(|case| format!(" with {case}")).unwrap_or_default();
        format!("{second} before {first} at {}{with}", site.name())
    }

    /// The trial that has to see it.
    #[must_use]
    pub fn trial(&self, own: &str) -> String {
        let Self { first, second, site, body } = self;
        if *first == "rate_limited" {
            return "rate_limited::burst".to_owned();
        }
        let is_own = site.request == own && site.carrier != SiteCarrier::Bearer;
        let behind = match body.case() {
            Some(case) => format!("#{case}"),
            None if is_own => String::new(),
            None => format!("@{}", site.name()),
        };
        format!("order::{first}+{second}{behind}")
    }
}

/// Every pair at every point, each with its own request.
#[must_use]
pub fn all() -> Vec<(Turned, &'static str)> {
    const BODIES: [&str; 2] = ["invalid_json", "invalid_input"];
    const HOOKS: [&str; 2] = ["preflight_failed", "generation_failed"];
    const TOOLS: [&str; 3] = ["tagline", "roadmap", "regenerate"];
    let site = |request: &'static str, carrier| {
        let path = REQUESTS.iter().find(|(name, _)| *name == request).map(|(_, path)| *path);
        Site { request, path: path.expect("one of them"), carrier }
    };
    let mut all = Vec::new();
    let of = |first, second, site| Turned { first, second, site, body: WrongBody::Any };
    let mut add = |first, second, site, own| all.push((of(first, second, site), own));
    for key in ["missing_api_key", "malformed_api_key", "invalid_api_key", "revoked_api_key"] {
        let carriers: &[SiteCarrier] = match key {
            "missing_api_key" => &[SiteCarrier::Nothing],
            _ => &SiteCarrier::BOTH,
        };
        for second in BODIES {
            for request in TOOLS {
                for by in carriers {
                    add(key, second, site(request, *by), "tagline");
                }
            }
        }
        for second in HOOKS {
            for request in TOOLS {
                add(key, second, site(request, carriers[0]), "tagline");
            }
        }
    }
    let slots: [(&str, &[&str]); 4] = [
        ("workspace_not_found", &TOOLS),
        ("plan_gate", &["roadmap"]),
        ("regen_limit", &["regenerate"]),
        ("insufficient_credits", &TOOLS),
    ];
    for (slot, requests) in slots {
        for request in requests {
            let here = site(request, SiteCarrier::ApiKey);
            for first in BODIES {
                add(first, slot, here, requests[0]);
            }
            for hook in HOOKS {
                match (slot, hook) {
                    ("insufficient_credits", "preflight_failed") => {
                        add(hook, slot, here, requests[0]);
                    }
                    _ => add(slot, hook, here, requests[0]),
                }
            }
        }
    }
    for first in BODIES {
        for hook in HOOKS {
            for request in TOOLS {
                add(first, hook, site(request, SiteCarrier::ApiKey), "tagline");
            }
        }
        add("rate_limited", first, site("tagline", SiteCarrier::ApiKey), "tagline");
    }
    let some = [
        ("missing_api_key", SiteCarrier::Nothing, WrongBody::Null),
        ("malformed_api_key", SiteCarrier::ApiKey, WrongBody::Number),
        ("revoked_api_key", SiteCarrier::ApiKey, WrongBody::Tone),
    ];
    for (first, carrier, body) in some {
        let turned = of(first, "invalid_input", site("tagline", carrier));
        all.push((Turned { body, ..turned }, "tagline"));
    }
    all
}

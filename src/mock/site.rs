//! One point of the API: where a promise is broken that is kept everywhere else.

use crate::exchange::message::Request;

/// What carries the key of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SiteCarrier {
    /// `X-API-Key`.
    ApiKey,
    /// A bearer token.
    Bearer,
    /// Nothing.
    Nothing,
}

/// Requests to one path, by one carrier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Site {
    /// What contracts call the request.
    pub request: &'static str,
    /// The path.
    pub path: &'static str,
    /// The carrier.
    pub carrier: SiteCarrier,
}

/// The requests of the API, by their names in the contract.
pub const REQUESTS: [(&str, &str); 4] = [
    ("tagline", "/api/v1/tools/tagline"),
    ("roadmap", "/api/v1/tools/roadmap"),
    ("regenerate", "/api/v1/projects/prj_demo/regenerate"),
    ("balance", "/api/v1/credits"),
];

impl SiteCarrier {
    /// Both that carry a key.
    pub const BOTH: [Self; 2] = [Self::ApiKey, Self::Bearer];

    /// What carries the key of a request, if it has one.
    #[must_use]
    pub fn of(request: &Request) -> Self {
        if request.header("x-api-key").is_some() {
            return Self::ApiKey;
        }
        let bearer = |value: &str| {
            let scheme = value.get(.."Bearer".len());
            scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case("Bearer"))
        };
        match request.header("authorization") {
            Some(value) if bearer(value) => Self::Bearer,
            _ => Self::Nothing,
        }
    }

    /// Its name in the contract.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        match self {
            Self::ApiKey => Some("x-api-key"),
            Self::Bearer => Some("bearer"),
            Self::Nothing => None,
        }
    }
}

impl Site {
    /// Whether a request is one of them.
    #[must_use]
    pub fn is_of(&self, request: &Request) -> bool {
        let path = request.path.split('?').next();
        path == Some(self.path) && SiteCarrier::of(request) == self.carrier
    }

    /// What it is called: `roadmap-bearer`.
    #[must_use]
    pub fn name(&self) -> String {
        match self.carrier.name() {
            Some(carrier) => format!("{}-{carrier}", self.request),
            None => self.request.to_owned(),
        }
    }
}

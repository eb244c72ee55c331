//! Mutants that break one promise at one point alone: one request, one carrier, one moment.

use super::{
    mutation::{
        ChargeTime, CreditsFault, EnvelopeFault, Mutation, Peculiar, RetryAfterFault, Somewhere,
    },
    odd,
    on::On,
    site::{REQUESTS, Site, SiteCarrier},
};
use crate::contract::{check::CheckId, neighbour::Neighbour};

/// A mutant's name, what is broken, the check that has to see it, and on which trials.
type PointMutant = (String, Mutation, CheckId, On);

/// The codes, and the requests that can give each.
const CODES: [(&str, &[&str]); 13] = [
    ("missing_api_key", &["tagline", "roadmap", "regenerate", "balance"]),
    ("malformed_api_key", &["tagline", "roadmap", "regenerate", "balance"]),
    ("invalid_api_key", &["tagline", "roadmap", "regenerate", "balance"]),
    ("revoked_api_key", &["tagline", "roadmap", "regenerate", "balance"]),
    ("workspace_not_found", &["tagline", "roadmap", "regenerate", "balance"]),
    ("invalid_json", &["tagline", "roadmap", "regenerate"]),
    ("invalid_input", &["tagline", "roadmap", "regenerate"]),
    ("insufficient_credits", &["tagline", "roadmap", "regenerate"]),
    ("plan_gate", &["roadmap"]),
    ("regen_limit", &["regenerate"]),
    ("preflight_failed", &["tagline", "roadmap", "regenerate"]),
    ("generation_failed", &["tagline", "roadmap", "regenerate"]),
    ("generation_timeout", &["tagline", "roadmap", "regenerate"]),
];

/// Every point at which a code can be given.
fn sites(code: &str) -> Vec<Site> {
    let requests = CODES.iter().find(|(known, _)| *known == code).map_or(&[][..], |(_, all)| *all);
    let carriers: &[SiteCarrier] = match code {
        "missing_api_key" => &[SiteCarrier::Nothing],
        _ => &SiteCarrier::BOTH,
    };
    let named = REQUESTS.iter().filter(|(name, _)| requests.contains(name));
    named
        .flat_map(|(request, path)| {
            carriers.iter().map(move |carrier| Site { request, path, carrier: *carrier })
        })
        .collect()
}

/// All of them.
pub(super) fn all() -> Vec<PointMutant> {
    let mut all = envelopes();
    all.extend(odd_ones());
    all.extend(keys());
    all.extend(charges());
    all.extend(limits());
    all.extend(peculiar_ones());
    all.extend(later_ones());
    all.extend(credits());
    all
}

/// A wrong answer to a request that is peculiar.
fn peculiar_ones() -> Vec<PointMutant> {
    let both = "in both headers";
    let rows = [
        (Peculiar::BothHeaders, both, "malformed_api_key", &["in-both-headers"][..]),
        (Peculiar::BothHeaders, both, "invalid_api_key", &["in-both-headers"]),
        (Peculiar::BothHeaders, both, "revoked_api_key", &["in-both-headers"]),
        (
            Peculiar::Query,
            "with a query",
            "revoked_api_key",
            &["with-a-query-x-api-key", "with-a-query-bearer"],
        ),
    ];
    let mutant = |(what, when, code, cases): (Peculiar, &str, &'static str, &[&str])| {
        let trials = cases.iter().map(|case| format!("{code}::{case}")).collect();
        let mutation = Mutation::Where(what, EnvelopeFault::WrongCode, code);
        (format!("wrong code on {code} {when}"), mutation, CheckId::Code, On::Trials(trials))
    };
    rows.into_iter().map(mutant).collect()
}

/// An error that is wrong only towards the end of a run.
fn later_ones() -> Vec<PointMutant> {
    let codes = [
        "missing_api_key",
        "malformed_api_key",
        "invalid_api_key",
        "revoked_api_key",
        "invalid_json",
        "invalid_input",
        "insufficient_credits",
        "plan_gate",
        "regen_limit",
        "workspace_not_found",
    ];
    let mutant = |code: &'static str| {
        let mutation = Mutation::Later(EnvelopeFault::WrongStatus, code);
        let trials =
            ["", "-x-api-key", "-bearer"].map(|by| format!("{code}::{}{by}", last_of(code)));
        (
            format!("wrong status on {code} later"),
            mutation,
            CheckId::Status,
            On::Trials(trials.into()),
        )
    };
    codes.into_iter().map(mutant).collect()
}

/// The case of a code that is sent when all others are over.
fn last_of(code: &str) -> &'static str {
    if code == "revoked_api_key" { "still-revoked-at-the-end" } else { "at-the-end" }
}

/// One envelope at one point.
fn envelopes() -> Vec<PointMutant> {
    let faults = [
        ("wrong status", EnvelopeFault::WrongStatus, CheckId::Status),
        ("html", EnvelopeFault::Html, CheckId::EnvelopeJson),
        ("docs with http", EnvelopeFault::DocsHttp, CheckId::Docs),
    ];
    let mut all = Vec::new();
    for (code, _) in CODES {
        for site in sites(code) {
            for (name, fault, killed_by) in faults {
                let name = format!("{name} on {code} at {}", site.name());
                let mutation = Mutation::At(site, Somewhere::Envelope(fault, code));
                all.push((name, mutation, killed_by, On::Point(code, site.name())));
            }
        }
    }
    all
}

/// The error to one odd request.
fn odd_ones() -> Vec<PointMutant> {
    let mut all = Vec::new();
    for odd in odd::ALL {
        let on = || On::Trials(vec![format!("any_error::{}", odd.case)]);
        let html = Mutation::Odd(odd, EnvelopeFault::Html);
        all.push((format!("html to {}", odd.case), html, CheckId::EnvelopeJson, on()));
        all.push((format!("500 to {}", odd.case), Mutation::OddAs500(odd), CheckId::Status, on()));
    }
    all
}

/// A key that is taken at one point.
fn keys() -> Vec<PointMutant> {
    let neighbours = [
        ("another-first-character", Neighbour::First),
        ("another-middle-character", Neighbour::Middle),
        ("another-last-character", Neighbour::Last),
        ("swapped-case", Neighbour::Case),
        ("first-eight-right", Neighbour::AfterEight),
    ];
    let mut all = Vec::new();
    for site in sites("invalid_api_key") {
        if site.request != "tagline" {
            let mutation = Mutation::At(site, Somewhere::TakesUnknown(3));
            let name = format!("unknown key taken the third time at {}", site.name());
            // What is tried there after it is taken as well.
            let on = On::Point("invalid_api_key", site.name());
            all.push((name, mutation, seen_by(site), on));
        }
        let Some(carrier) = site.carrier.name().filter(|_| site.request == "tagline") else {
            continue;
        };
        for (case, neighbour) in neighbours {
            let trial = format!("invalid_api_key::{case}-{carrier}");
            let mutation = Mutation::At(site, Somewhere::Takes(neighbour));
            let name = format!("key with {case} taken by {carrier}");
            all.push((name, mutation, CheckId::Code, On::Trials(vec![trial])));
        }
    }
    for site in sites("revoked_api_key") {
        for (from, name) in [(1, "revoked key alive"), (3, "revoked key alive the third time")] {
            let mutation = Mutation::At(site, Somewhere::RevokedAlive(from));
            let on = On::Point("revoked_api_key", site.name());
            all.push((format!("{name} at {}", site.name()), mutation, seen_by(site), on));
        }
    }
    all
}

/// What sees that a bad key is taken at a point: the balance is served, and what costs something is refused otherwise.
fn seen_by(site: Site) -> CheckId {
    if site.request == "balance" { CheckId::Status } else { CheckId::Code }
}

/// An error that is charged for at one point.
fn charges() -> Vec<PointMutant> {
    let of_slots = [
        ("valid", "invalid_json"),
        ("valid", "invalid_input"),
        ("valid", "preflight_failed"),
        ("valid", "generation_failed"),
        ("valid", "generation_timeout"),
        ("drained", "insufficient_credits"),
        ("free-plan", "plan_gate"),
        ("regen-capped", "regen_limit"),
    ];
    let mut all = Vec::new();
    for (slot, code) in of_slots {
        for site in sites(code) {
            let times: &[(ChargeTime, &str)] = match code {
                "generation_failed" => &[
                    (ChargeTime::AtOnce, "charged"),
                    (ChargeTime::FiveSecondsLater, "charged five seconds later"),
                ],
                _ => &[(ChargeTime::AtOnce, "charged")],
            };
            for (when, name) in times {
                let mut trials = vec![format!("ledger::{slot}")];
                // It reads the balance around its own request.
                let is_read = code == "generation_failed"
                    && *when == ChargeTime::AtOnce
                    && site.name() == "tagline-x-api-key";
                trials.extend(is_read.then(|| "generation_failed::nothing-charged".to_owned()));
                let mutation = Mutation::At(site, Somewhere::Charges(code, *when));
                let name = format!("{code} {name} at {}", site.name());
                all.push((name, mutation, CheckId::NoCharge, On::Trials(trials)));
            }
        }
    }
    let (request, path) = REQUESTS[0];
    let site = Site { request, path, carrier: SiteCarrier::ApiKey };
    let every_second = Somewhere::Charges("generation_failed", ChargeTime::EverySecondTime);
    let trials =
        ["ledger::valid", "generation_failed::nothing-charged"].map(str::to_owned).to_vec();
    all.push((
        "every second generation_failed charged".to_owned(),
        Mutation::At(site, every_second),
        CheckId::NoCharge,
        On::Trials(trials),
    ));
    all
}

/// A limit that does not hold at one point.
fn limits() -> Vec<PointMutant> {
    let all = sites("invalid_api_key").into_iter();
    // By the burst's own point no key would be limited at all.
    let others = all.filter(|site| site.name() != "balance-x-api-key");
    let faults = [
        ("limit overlooks", Somewhere::Unlimited, CheckId::RateRefuses),
        (
            "wrong code on rate_limited at",
            Somewhere::Envelope(EnvelopeFault::WrongCode, "rate_limited"),
            CheckId::Code,
        ),
        (
            "retry-after in milliseconds at",
            Somewhere::RetryAfter(RetryAfterFault::Milliseconds),
            CheckId::RetryAfter,
        ),
        (
            "retry-after too short at",
            Somewhere::RetryAfter(RetryAfterFault::ShorterThanTrue),
            CheckId::RetryAfterHonest,
        ),
    ];
    let broken = |site: Site| {
        faults.map(|(what, somewhere, check)| {
            let mutation = Mutation::At(site, somewhere);
            (format!("{what} {}", site.name()), mutation, check, On::Code("rate_limited"))
        })
    };
    others.flat_map(broken).collect()
}

/// A number of the message about credits that is another one at one point.
fn credits() -> Vec<PointMutant> {
    let faults = [
        ("need of another tool", CreditsFault::NeedOfAnotherTool),
        ("need is what is missing", CreditsFault::NeedIsTheDifference),
        ("have is always 0", CreditsFault::HaveZero),
        ("have of another account", CreditsFault::HaveOfAnotherAccount),
    ];
    let code = "insufficient_credits";
    let all = sites(code).into_iter().flat_map(|site| {
        faults.map(|(name, fault)| {
            let mutation = Mutation::At(site, Somewhere::Credits(fault));
            let on = On::Point(code, site.name());
            (format!("{name} at {}", site.name()), mutation, CheckId::MessageNumbers, on)
        })
    });
    all.collect()
}

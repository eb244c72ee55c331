//! Mutants of what is tried besides the page's own examples: each constraint of each input, each two things that are wrong
//! at once, and what no page promises.

use super::{
    input_site::{self, InputFault},
    mutant::{CODES, Mutant, MutantPromised},
    mutation::{Behaviour, BeyondFault, EnvelopeFault, Mutation},
    on::{On, code_of, is_of_several},
    turned,
};
use crate::contract::{check::CheckId, scenario::ORDER};

/// All of them.
pub(super) fn all() -> Vec<Mutant> {
    inputs().into_iter().chain(orders()).chain(beyond()).chain(behaviours()).collect()
}

fn nothing(_: &str) -> bool {
    false
}

/// Cases of any error, of two defects and of the balance are about other things, and some send a wrong input as well.
fn with_wrong_input(trial: &str) -> bool {
    ["any_error", ORDER, "ledger"].contains(&code_of(trial)) || is_of_several(trial)
}

fn inputs() -> Vec<Mutant> {
    let mut all = Vec::new();
    for site in input_site::all() {
        for (fault, killed_by) in InputFault::ALL {
            // What has no field has none to name.
            if fault == InputFault::OtherField && site.field.is_none() {
                continue;
            }
            all.push(Mutant {
                name: format!("{}: {}", site.name(), words(fault)),
                mutation: Mutation::Input(site, fault),
                killed_by,
                on: On::Input(site),
                open: with_wrong_input,
                promised: MutantPromised::ByPage,
            });
        }
    }
    all
}

fn words(fault: InputFault) -> &'static str {
    match fault {
        InputFault::Accepted => "accepted",
        InputFault::OtherField => "names another field",
        InputFault::WrongCode => "wrong code",
        InputFault::As500 => "500",
    }
}

/// Each order turned round at one point. Only where an order is promised is that a break; elsewhere it is drift.
fn orders() -> Vec<Mutant> {
    let mutant = |(turned, own): (turned::Turned, &str)| Mutant {
        name: turned.name(),
        mutation: Mutation::Turned(turned),
        killed_by: sees(turned),
        on: On::Trials(vec![turned.trial(own)]),
        // At one point all bodies show it.
        open: |trial| trial.starts_with(ORDER) && trial.contains('#'),
        promised: MutantPromised::MoreThanPage,
    };
    turned::all().into_iter().map(mutant).collect()
}

/// What sees an order that is turned round: besides the promised order what every engineer expects, if it is about that.
fn sees(turned: turned::Turned) -> CheckId {
    let turned::Turned { first, second, site, .. } = turned;
    let is_key = first.ends_with("_api_key");
    let is_refused =
        is_key || ["plan_gate", "regen_limit", "insufficient_credits"].contains(&first);
    match second {
        "invalid_json" | "invalid_input" if is_key && site.request != "tagline" => {
            CheckId::OrderAuthentication
        }
        "generation_failed" if is_refused => CheckId::OrderEffect,
        _ => CheckId::Order,
    }
}

fn beyond() -> Vec<Mutant> {
    use BeyondFault as B;
    use CheckId as C;
    let faults = [
        ("a cookie", B::SetsCookie, C::HttpCookies),
        ("for shared caches", B::ForSharedCaches, C::HttpCache),
        ("for any cache", B::ForAnyCache, C::HttpCache),
        ("for delivery networks", B::ForDeliveryNetworks, C::HttpCache),
        ("a wait in words", B::WaitInWords, C::HttpRetryAfter),
        ("a short request id", B::ShortId, C::RequestIdForm),
        ("a long request id", B::LongId, C::RequestIdForm),
        ("a request id with a space", B::IdWithSpace, C::RequestIdForm),
        ("another request id in a header", B::OtherIdInHeader, C::RequestIdHeader),
        ("an empty request id in a header", B::EmptyIdInHeader, C::RequestIdHeader),
        ("the code in words", B::MessageOfCode, C::MessageWords),
        ("a hole for a plan", B::Hole("Ask for the [object Object] plan."), C::MessageWords),
        ("a hole of a template", B::Hole("See {{ page }}."), C::MessageWords),
        ("a stack trace", B::Tells("at Keys.find (/srv/app/keys.js:12:7)"), C::LeakInternals),
        ("SQL", B::Tells("SELECT id FROM keys WHERE hash = $1"), C::LeakInternals),
        ("a path", B::Tells("cannot open /var/lib/app/keys.db"), C::LeakInternals),
        ("a host", B::Tells("connect ECONNREFUSED db.prod.internal:5432"), C::LeakInternals),
        ("a connection string", B::Tells("postgres://app:x@db/keys"), C::LeakInternals),
        ("an address", B::Tells("Ask jane.doe@planmysaas.com."), C::LeakInternals),
        ("markup", B::Tells("<b>No</b>"), C::LeakInternals),
        ("a control character", B::Tells("\u{1b}[31mNo"), C::LeakInternals),
        (
            "another key",
            B::Tells("Try pms_live_a8Kd02mZq7Lw19XcRt5Yv3Bn6Hj4Gf0s"),
            C::LeakInternals,
        ),
    ];
    let mut all = Vec::new();
    for (name, fault, killed_by) in faults {
        for code in CODES {
            // The refusal's own promise sees more of its wait; and with numbers or a field a message is no mere code.
            let is_seen_before = fault == B::WaitInWords && code == "rate_limited";
            let is_more = fault == B::MessageOfCode
                && ["insufficient_credits", "invalid_input"].contains(&code);
            if !is_seen_before && !is_more {
                all.push(on_code(format!("{name} on {code}"), fault, code, killed_by));
            }
        }
    }
    for code in CODES.iter().copied().filter(|code| code.ends_with("_api_key")) {
        for (name, fault) in [
            ("no challenge", B::NoChallenge),
            ("an empty challenge", B::EmptyChallenge),
            ("a login asked for", B::AsksForLogin),
        ] {
            let name = format!("{name} on {code}");
            all.push(on_code(name, fault, code, CheckId::HttpWwwAuthenticate));
        }
    }
    all
}

fn on_code(name: String, fault: BeyondFault, code: &'static str, killed_by: CheckId) -> Mutant {
    Mutant {
        name,
        mutation: Mutation::Envelope(EnvelopeFault::Beyond(fault), code),
        killed_by,
        on: On::Code(code),
        open: nothing,
        promised: MutantPromised::MoreThanPage,
    }
}

fn behaviours() -> Vec<Mutant> {
    use Behaviour as B;
    use CheckId as C;
    use MutantPromised::{ByPage, MoreThanPage};
    let by_method = |trial: &str, _| {
        let methods = ["-by-get", "-by-delete", "-by-patch", "-by-post", "-by-options"];
        methods.iter().any(|method| trial.ends_with(method)) && !trial.contains("unknown-route")
    };
    let of_second_field = |trial: &str, _| {
        // The first one differs from what was reviewed, and the others are told apart from it.
        let cases = ["::product-missing", "description", "tone", "count"];
        let is_first = !trial.contains("product-missing@");
        code_of(trial) == "invalid_input"
            && is_first
            && cases.iter().any(|case| trial.contains(case))
    };
    let rows: [Row; 5] = [
        ("no methods with a 405", B::NoAllow, C::HttpAllow, On::Those(by_method), MoreThanPage),
        (
            "the refused method among those of a 405",
            B::AllowsWhatItRefuses,
            C::HttpAllow,
            On::Those(by_method),
            MoreThanPage,
        ),
        (
            "the request id of the caller",
            B::RequestIdOfCaller,
            C::RequestIdOwn,
            On::Those(|trial, _| trial.starts_with("any_error::request-id-of-the-caller")),
            MoreThanPage,
        ),
        (
            "the digest of the key",
            B::TellsDigest,
            C::LeakInternals,
            On::Code("invalid_api_key"),
            MoreThanPage,
        ),
        ("every field named", B::AllFieldsNamed, C::Message, On::Those(of_second_field), ByPage),
    ];
    rows.into_iter().chain(by_request()).map(behaves).collect()
}

/// A behaviour's name, what sees it, and where.
type Row = (&'static str, Behaviour, CheckId, On, MutantPromised);

/// Behaviours that only some requests show, by what they have besides.
fn by_request() -> [Row; 10] {
    use Behaviour as B;
    use CheckId as C;
    use MutantPromised::{ByPage, MoreThanPage};
    let named = |case: &str| {
        let code = if case.starts_with("next") { "invalid_api_key" } else { "invalid_input" };
        On::Trials(vec![format!("{code}::{case}")])
    };
    [
        ("the MD5 of the key", B::TellsMd5, C::LeakInternals, On::Code("plan_gate"), MoreThanPage),
        (
            "a key that begins as a revoked one",
            B::RevokedByBeginning,
            C::Code,
            named("next-to-a-revoked-one"),
            ByPage,
        ),
        (
            "a count in 32 bits",
            B::CountIn32Bits,
            C::Status,
            named("/count:maximum-of-32-bits"),
            ByPage,
        ),
        (
            "spaces of other scripts trimmed",
            B::TrimsSpacesOfOtherScripts,
            C::Code,
            On::Those(|trial, _| {
                trial.ends_with("::no-break-space-before")
                    || trial.ends_with("::ideographic-space-behind")
            }),
            ByPage,
        ),
        (
            "signs escaped before they are counted",
            B::EscapesBeforeItCounts,
            C::Twin,
            On::Those(|trial, _| trial.ends_with(":maxLength-signs")),
            ByPage,
        ),
        (
            "a text of one line",
            B::LooksAtOneLine,
            C::Status,
            named("/product:maxLength-lines"),
            ByPage,
        ),
        (
            "a charset refused",
            B::RefusesCharset,
            C::Code,
            named("description-missing-with-a-charset"),
            ByPage,
        ),
        (
            "codes in Turkish",
            B::CodesInTurkish,
            C::Code,
            named("description-missing-in-turkish"),
            ByPage,
        ),
        (
            "the docs of a host that is forwarded",
            B::DocsOfForwardedHost,
            C::Docs,
            On::Trials(vec!["any_error::another-host-forwarded".to_owned()]),
            ByPage,
        ),
        (
            "the body told of at an address with a slash",
            B::TellsOfBodyWithASlash,
            C::OrderAuthentication,
            On::Those(|trial, _| trial == "any_error::tool-with-a-slash-behind-it-without-key"),
            MoreThanPage,
        ),
    ]
}

fn behaves((name, behaviour, killed_by, on, promised): Row) -> Mutant {
    Mutant {
        name: name.to_owned(),
        mutation: Mutation::Behaviour(behaviour),
        killed_by,
        on,
        open: |trial| {
            let is_of_signs = trial.ends_with(":minLength-signs");
            ["any_error", ORDER].contains(&code_of(trial)) || is_of_signs
        },
        promised,
    }
}

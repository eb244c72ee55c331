//! Every mutant: a name, the broken promise, the check that has to see it, and on which trials.

use super::on::shows_no_error;
use super::{
    more_mutants,
    mutation::{
        Apart, Behaviour, Echo, EnvelopeFault, EnvelopeField, FieldFault, Mutation, RetryAfterFault,
    },
    point_mutants,
};
pub use super::{
    mutant::{CODES, Mutant, MutantPromised},
    on::{Meant, On, code_of},
};
use crate::contract::check::CheckId;

/// Every mutant: each envelope fault on each code, and each behaviour.
#[must_use]
pub fn all() -> Vec<Mutant> {
    let mut all = Vec::new();
    for (name, fault, killed_by) in envelope_faults() {
        for code in CODES {
            all.push(Mutant {
                name: format!("{name} on {code}"),
                mutation: Mutation::Envelope(fault, code),
                killed_by,
                on: On::Code(code),
                open: |_| false,
                promised: MutantPromised::ByPage,
            });
        }
    }
    for (name, behaviour, killed_by, on) in behaviours() {
        let mutation = Mutation::Behaviour(behaviour);
        let promised = match behaviour {
            Behaviour::RetryAfter(
                RetryAfterFault::Milliseconds
                | RetryAfterFault::LongerThanWindow
                | RetryAfterFault::WholeWindow
                | RetryAfterFault::LongerAtTimes,
            )
            | Behaviour::LimitButMistaken => MutantPromised::MoreThanPage,
            _ => MutantPromised::ByPage,
        };
        let open = open_of(behaviour);
        all.push(Mutant { name: name.to_owned(), mutation, killed_by, on, open, promised });
    }
    all.extend(more_mutants::all());
    all.extend(point_mutants::all().into_iter().map(|(name, mutation, killed_by, on)| Mutant {
        name,
        mutation,
        killed_by,
        on,
        open: is_any_error_drained_or_balance,
        promised: MutantPromised::ByPage,
    }));
    all
}

/// The cases of any error are sent with the drained key, and get some of the page's errors; and cases that no file writes
/// out are dealt to two other keys.
fn is_any_error_or_drained(trial: &str) -> bool {
    let others = [
        "ledger::drained",
        "ledger::free-plan",
        "ledger::regen-capped",
        // They send the same as a case of any error, or nearly.
        "invalid_input::/product:type-null",
        "invalid_input::/product:maxLength",
    ];
    code_of(trial) == "any_error" || others.contains(&trial)
}

/// And so do the cases of a balance, at the tagline's point.
fn is_any_error_drained_or_balance(trial: &str) -> bool {
    let cases = ["::exactly-enough", "::one-less", "::one-call-for-five"];
    // A key that is taken for another's neighbour is so for a revoked one.
    let is_next_to_revoked = trial == "invalid_api_key::next-to-a-revoked-one";
    is_any_error_or_drained(trial)
        || is_next_to_revoked
        || cases.iter().any(|case| trial.ends_with(case))
}

/// What else a behaviour may show.
fn open_of(behaviour: Behaviour) -> fn(&str) -> bool {
    use Behaviour as B;
    match behaviour {
        // Any trial may be refused twice, for requests with other keys.
        B::LimitPerAddress => |trial| code_of(trial) != "rate_limited",
        B::TellsValidKey | B::InvalidJsonAs500 | B::InvalidJsonAsInput => is_any_error_or_drained,
        // The twin of what is no JSON is some JSON without a product, mostly an object.
        B::InputRefusedByGateway => {
            |trial| code_of(trial) == "invalid_json" || is_any_error_or_drained(trial)
        }
        B::SuccessRefusedByGateway | B::EchoesKeyOnSuccess | B::ChargesFailedGeneration => {
            |trial| trial == "ledger::valid" || trial.ends_with("::one-less")
        }
        B::RaceChargesTwice => |trial| trial == "ledger::race",
        // What they are recorded to do with two keys is another thing then.
        B::IgnoresBearer | B::IgnoresApiKeyHeader => |trial| code_of(trial) == "any_error",
        B::NoCreditsForEveryone => |trial| trial == "ledger::valid",
        B::PlanGateForEveryone => |trial| trial.contains("@roadmap") || trial == "ledger::valid",
        B::RegenLimitForEveryone => {
            |trial| trial.contains("@regenerate") || trial == "ledger::valid"
        }
        _ => |_| false,
    }
}

fn envelope_faults() -> Vec<(String, EnvelopeFault, CheckId)> {
    use EnvelopeFault as Fault;
    let mut faults: Vec<_> = [
        ("wrong status", Fault::WrongStatus, CheckId::Status),
        ("status 200", Fault::StatusOk, CheckId::Status),
        ("wrong code", Fault::WrongCode, CheckId::Code),
        ("upper-case code", Fault::UpperCaseCode, CheckId::Code),
        ("unknown code", Fault::UnknownCode, CheckId::Code),
        ("docs with http", Fault::DocsHttp, CheckId::Docs),
        ("docs on another host", Fault::DocsOtherHost, CheckId::Docs),
        ("docs with another path", Fault::DocsOtherPath, CheckId::Docs),
        ("docs with a fragment", Fault::DocsFragment, CheckId::Docs),
        ("message the code", Fault::MessageIsCode, CheckId::Message),
        ("message an object", Fault::MessageIsObject, CheckId::Message),
        ("request_id", Fault::SnakeCaseRequestId, CheckId::RequestId),
        ("unwrapped", Fault::Unwrapped, CheckId::EnvelopeSchema),
        ("error a text", Fault::ErrorText, CheckId::EnvelopeSchema),
        ("error a list", Fault::ErrorList, CheckId::EnvelopeSchema),
        ("html", Fault::Html, CheckId::EnvelopeJson),
        ("text/plain", Fault::TextPlain, CheckId::EnvelopeJson),
        ("no content type", Fault::NoContentType, CheckId::EnvelopeJson),
        ("byte order mark", Fault::ByteOrderMark, CheckId::EnvelopeJson),
        ("truncated", Fault::Truncated, CheckId::EnvelopeJson),
        ("two documents", Fault::TwoDocuments, CheckId::EnvelopeJson),
        ("empty body", Fault::EmptyBody, CheckId::EnvelopeJson),
        ("invalid utf-8", Fault::InvalidUtf8, CheckId::EnvelopeJson),
    ]
    .map(|(name, fault, killed_by)| (name.to_owned(), fault, killed_by))
    .into();
    for field in EnvelopeField::ALL {
        for fault in FieldFault::ALL {
            let name = format!("{} {}", field.name(), format!("{fault:?}").to_lowercase());
            // The field's own check sees what the schema would see, too: the schema is only a file.
            let killed_by = match field {
                EnvelopeField::Code => CheckId::Code,
                EnvelopeField::Message => CheckId::Message,
                EnvelopeField::Docs => CheckId::Docs,
                EnvelopeField::RequestId => CheckId::RequestId,
            };
            faults.push((name, Fault::Field(field, fault), killed_by));
        }
    }
    faults
}

#[expect(clippy::too_many_lines, reason = "a table: one line for each behaviour")]
fn behaviours() -> Vec<(&'static str, Behaviour, CheckId, On)> {
    use Behaviour as B;
    use CheckId as C;
    use RetryAfterFault as R;
    const BURST: On = On::Code("rate_limited");
    const CREDITS: On = On::Code("insufficient_credits");
    const REVOKED: On = On::Code("revoked_api_key");
    const JSON: On = On::Code("invalid_json");
    const NO_KEY: On = On::Code("missing_api_key");
    // A case without a key has a twin with one.
    let all = || {
        On::Those(|trial, _| {
            let keyless = [
                "no-header@balance",
                "prefix-alone@balance",
                "without-key",
                "without-a-scheme",
                "basic-authorization",
            ];
            let is_open = trial.starts_with("ledger") || shows_no_error(trial);
            !is_open && !keyless.iter().any(|case| trial.contains(case))
        })
    };
    // The empty carrier included: its twin, the valid key in the same carrier, is also refused.
    let bearer =
        || On::Those(|trial, _| trial.ends_with("-bearer") && code_of(trial) != "any_error");
    let header = || {
        On::Those(|trial, _| {
            let others = ["any_error", "ledger"].contains(&code_of(trial));
            !trial.ends_with("-bearer") && !others
        })
    };
    let field = || {
        On::Those(|trial, _| {
            let is_whole = ["::body-", "::body:type-"].iter().any(|case| trial.contains(case));
            let is_several = trial.contains("::body:type-all");
            code_of(trial) == "invalid_input" && (is_several || !is_whole)
        })
    };
    let body = || {
        On::Those(|trial, _| {
            // Where the page or JSON's own tests leave room, invalid_input is as good.
            let open = ["::empty", "::white-space", "::invalid-utf8", "::overlong-utf8", "::utf16"];
            code_of(trial) == "invalid_json" && !open.iter().any(|case| trial.contains(case))
        })
    };
    // The page promises nothing of what follows the prefix, so a key that is only of another length or
    // alphabet may as well be looked up.
    let shape = || {
        On::Those(|trial, _| {
            let ours = [
                "::one-short",
                "::one-long",
                "::outside-alphabet",
                "::non-ascii",
                "::prefix-alone",
                "::comma-behind",
            ];
            code_of(trial) == "malformed_api_key" && !ours.iter().any(|case| trial.contains(case))
        })
    };
    let pays = || {
        On::Those(|trial, _| {
            // What the balance that lacks a credit pays for is known from the twin of another trial.
            ["insufficient_credits", "generation_failed", "generation_timeout"]
                .contains(&code_of(trial))
                && !trial.ends_with("::one-less")
        })
    };
    vec![
        ("limit 59", B::Limit(59), C::RateAdmits, BURST),
        ("limit 61", B::Limit(61), C::RateAdmits, BURST),
        ("limit 600", B::Limit(600), C::RateRefuses, BURST),
        ("limit per address", B::LimitPerAddress, C::RatePerKey, BURST),
        ("limit loses updates", B::LimitLosesUpdates, C::RateAdmits, BURST),
        ("limit never resets", B::LimitNeverResets, C::RetryAfterHonest, BURST),
        ("limit apart by carrier", B::LimitApart(Apart::Carriers), C::RateRefuses, BURST),
        ("limit apart by path", B::LimitApart(Apart::Paths), C::RateRefuses, BURST),
        ("limit apart by method", B::LimitApart(Apart::Methods), C::RateRefuses, BURST),
        ("limit apart by address", B::LimitApart(Apart::Addresses), C::RateRefuses, BURST),
        ("limit apart by agent", B::LimitApart(Apart::Agents), C::RateRefuses, BURST),
        ("limit apart by query", B::LimitApart(Apart::Queries), C::RateRefuses, BURST),
        ("limit of all but head", B::LimitButHead, C::RateRefuses, BURST),
        (
            "limit of all but what is refused for its input",
            B::LimitButMistaken,
            C::RateAdmits,
            BURST,
        ),
        ("limit of get alone", B::LimitOfGetAlone, C::RateRefuses, BURST),
        ("limit every 5 s", B::LimitWindow(5), C::RateAdmits, BURST),
        ("limit every 10 s", B::LimitWindow(10), C::RateAdmits, BURST),
        ("limit every 20 s", B::LimitWindow(20), C::RateAdmits, BURST),
        ("limit every 25 s", B::LimitWindow(25), C::RateAdmits, BURST),
        ("limit every 90 s", B::LimitWindow(90), C::RateAdmits, BURST),
        ("limit every 120 s", B::LimitWindow(120), C::RateAdmits, BURST),
        ("limit of others at times", B::LimitSharedAtTimes, C::RatePerKey, BURST),
        ("limit once", B::LimitOnce, C::RateAdmits, BURST),
        ("limit grows", B::LimitGrows, C::RateAdmits, BURST),
        ("refusals for the limit charged", B::ChargesRefusals, C::NoCharge, BURST),
        ("limit shared by keys that begin alike", B::LimitSharedByBeginning, C::RateAdmits, BURST),
        ("limit lifted early", B::LimitLiftedEarly, C::RateAdmits, BURST),
        (
            "revoked key alive later",
            B::RevokedAliveLater,
            C::Code,
            On::Those(|trial, _| trial.contains("still-revoked")),
        ),
        (
            "revoked key alive in small letters",
            B::RevokedAliveInSmallLetters,
            C::Status,
            On::Those(|trial, _| {
                trial.ends_with("::scheme-in-small-letters-bearer")
                    && code_of(trial) == "revoked_api_key"
            }),
        ),
        ("refusal by a gateway", B::RefusalByGateway, C::EnvelopeJson, BURST),
        ("refusal as 503", B::RefusalAs503, C::Status, BURST),
        ("retry-after missing", B::RetryAfter(R::Missing), C::RetryAfter, BURST),
        ("retry-after zero", B::RetryAfter(R::Zero), C::RetryAfter, BURST),
        ("retry-after negative", B::RetryAfter(R::Negative), C::RetryAfter, BURST),
        ("retry-after a fraction", B::RetryAfter(R::Fraction), C::RetryAfter, BURST),
        ("retry-after a date", B::RetryAfter(R::Date), C::RetryAfter, BURST),
        ("retry-after in milliseconds", B::RetryAfter(R::Milliseconds), C::RetryAfter, BURST),
        ("retry-after too long", B::RetryAfter(R::LongerThanWindow), C::RetryAfter, BURST),
        (
            "retry-after a whole window each time",
            B::RetryAfter(R::WholeWindow),
            C::RetryAfter,
            BURST,
        ),
        ("retry-after longer at times", B::RetryAfter(R::LongerAtTimes), C::RetryAfter, BURST),
        ("retry-after too short", B::RetryAfter(R::ShorterThanTrue), C::RetryAfterHonest, BURST),
        (
            "retry-after too short at first",
            B::RetryAfter(R::ShorterAtFirst),
            C::RetryAfterHonest,
            BURST,
        ),
        ("bearer ignored", B::IgnoresBearer, C::Code, bearer()),
        ("x-api-key ignored", B::IgnoresApiKeyHeader, C::Code, header()),
        (
            "quotes trimmed",
            B::TrimsQuotes,
            C::Status,
            On::Those(|trial, _| trial.contains("::quoted")),
        ),
        (
            "spaces trimmed",
            B::TrimsSpaces,
            C::Status,
            On::Those(|trial, _| trial.contains("::inner-")),
        ),
        ("shape unchecked", B::ShapeUnchecked, C::Code, shape()),
        ("revoked key alive", B::RevokedAlive, C::Status, REVOKED),
        ("revoked as invalid", B::RevokedAsInvalid, C::Code, REVOKED),
        ("key in the message", B::EchoesKey(Echo::InMessage), C::SecretLeak, all()),
        ("key in a header", B::EchoesKey(Echo::InHeader), C::SecretLeak, all()),
        ("key percent-encoded", B::EchoesKey(Echo::PercentEncoded), C::SecretLeak, all()),
        ("key in base64", B::EchoesKey(Echo::Base64), C::SecretLeak, all()),
        ("key after a generation", B::EchoesKeyOnSuccess, C::SecretLeak, pays()),
        ("key of another in the message", B::TellsValidKey, C::SecretLeak, NO_KEY),
        ("invalid json as invalid_input", B::InvalidJsonAsInput, C::Code, body()),
        ("invalid json as 500", B::InvalidJsonAs500, C::Status, JSON),
        (
            "trailing comma taken",
            B::TakesTrailingComma,
            C::Code,
            On::Those(|trial, _| {
                let cases = ["::trailing-comma", "::at-the-end", "::comma-alone"];
                code_of(trial) == "invalid_json" && cases.iter().any(|case| trial.contains(case))
            }),
        ),
        (
            "nan taken",
            B::TakesNan,
            C::Code,
            On::Those(|trial, _| trial.ends_with("-nan") || trial.ends_with("::nan")),
        ),
        ("field not named", B::FieldNotNamed, C::Message, field()),
        ("other field named", B::OtherFieldNamed, C::Message, field()),
        ("credits swapped", B::CreditsSwapped, C::Message, CREDITS),
        ("credits equal", B::CreditsEqual, C::Message, CREDITS),
        ("credits absent", B::CreditsAbsent, C::Message, CREDITS),
        (
            "what just pays is refused",
            B::RefusesExactly,
            C::Balance,
            On::Those(|trial, _| {
                ["::exactly-enough", "::one-call-for-five"].iter().any(|case| trial.ends_with(case))
            }),
        ),
        (
            "half of the credits pay",
            B::ServesFromHalf,
            C::Balance,
            On::Those(|trial, _| trial == "insufficient_credits::one-less"),
        ),
        (
            "two at once served for one",
            B::RaceServesTwo,
            C::Balance,
            On::Those(|trial, _| trial.ends_with("::one-call-for-five")),
        ),
        (
            "one of five charged twice",
            B::RaceChargesTwice,
            C::Balance,
            On::Those(|trial, _| trial.ends_with("::one-call-for-five")),
        ),
        (
            "failed generation charged",
            B::ChargesFailedGeneration,
            C::NoCharge,
            On::Those(|trial, _| trial.contains("nothing-charged")),
        ),
        (
            "timeout after a second",
            B::TimesOutAfterASecond,
            C::Timing,
            On::Code("generation_timeout"),
        ),
        (
            "deleted workspace as 403",
            B::DeletedWorkspaceAs403,
            C::Status,
            On::Code("workspace_not_found"),
        ),
        (
            "plan and regeneration mixed up",
            B::PlanAndRegenerationMixedUp,
            C::Code,
            On::Those(|trial, _| ["plan_gate", "regen_limit"].contains(&code_of(trial))),
        ),
        ("plan gate for everyone", B::PlanGateForEveryone, C::Twin, On::Code("plan_gate")),
        (
            "regeneration limit for everyone",
            B::RegenLimitForEveryone,
            C::Twin,
            On::Code("regen_limit"),
        ),
        (
            "no credits for anyone",
            B::NoCreditsForEveryone,
            C::Twin,
            On::Those(|trial, _| {
                let codes = ["insufficient_credits", "generation_failed", "generation_timeout"];
                let elsewhere = trial.contains("@roadmap") || trial.contains("@regenerate");
                codes.contains(&code_of(trial)) && !elsewhere
            }),
        ),
        ("success refused by a gateway", B::SuccessRefusedByGateway, C::Twin, pays()),
        (
            "input without product refused by a gateway",
            B::InputRefusedByGateway,
            C::Status,
            On::Those(|trial, _| {
                let keys = ["missing", "malformed", "invalid", "revoked"];
                let key = keys.map(|what| format!("{what}_api_key"));
                let refused = key.iter().any(|key| key == code_of(trial));
                let case = trial.split("::").nth(1).unwrap_or_default();
                let missing = [
                    "product-missing",
                    "instructions-",
                    "/instructions",
                    "body:required-all",
                    "at-the-end",
                ];
                let is_missing = missing.iter().any(|name| case.starts_with(name));
                let is_free = trial.contains("@balance");
                (refused && !is_free) || (code_of(trial) == "invalid_input" && is_missing)
            }),
        ),
        (
            "request id constant",
            B::RequestIdConstant,
            C::RequestId,
            On::Those(|trial, at| {
                let is_open = trial.starts_with("ledger") || shows_no_error(trial);
                at > 0 && !is_open && !trial.ends_with("-by-head")
            }),
        ),
        (
            "request id repeated once",
            B::RequestIdRepeatedOnce,
            C::RequestId,
            On::Those(|_, at| at == 3),
        ),
    ]
}

//! What is wrong with the request of a case, and whether that can be sent and breaks what the case says.

use http::{HeaderName, Method};
use jsonschema::{ValidationError, error::ValidationErrorKind};

use super::{
    NamedRequest, body,
    contract_file::Limit,
    key::{KeyDefect, OtherPart},
    names::{CarrierName, RequestName, SlotName},
    resolve::Resolver,
    scenario::Expects,
    scenario_file::{BalanceFormat, BurstFormat, CaseFormat, RequestPatch},
    sendable::{can_be_sent, path_fault},
};
use crate::source::reader::keys;

impl Resolver<'_> {
    /// A burst is one request many times: nothing else can be wrong with it. `limit` is the one that it goes past.
    pub(super) fn burst(
        &mut self,
        case: &CaseFormat,
        burst: &BurstFormat,
        limit: &Limit,
        sent: (&RequestName, &SlotName),
        at: &str,
    ) {
        self.burst_of_limit(burst, limit, sent, at);
        let stray = [
            ("key", case.key.is_some()),
            ("body", case.body.is_some()),
            ("hook", case.hook.is_some()),
            ("header", case.header.is_some()),
            ("twin", case.twin.is_some()),
            ("field", case.field.is_some()),
            ("unchanged", case.unchanged.is_some()),
            ("after", case.after.is_some()),
        ];
        for (name, _) in stray.iter().filter(|(_, given)| *given) {
            self.reader.add(
                &["cases", at, name],
                format!("`{name}` in a case with a burst"),
                "a burst sends one request without a defect many times",
            );
        }
    }

    /// A balance pays for a request as it is: nothing else can be wrong with that.
    pub(super) fn balance(
        &mut self,
        case: &CaseFormat,
        balance: &BalanceFormat,
        request: &RequestName,
        at: &str,
    ) {
        let (contract, way) = (self.contract, ["cases", at, "balance", "probe"]);
        self.reader.known(&way, "probe", balance.probe.as_str(), keys(&contract.probes));
        let cost = contract.requests.get(request).map(|named| named.format.cost);
        if cost.is_some_and(|cost| cost <= balance.lacks) {
            let title = format!("a balance that pays for `{request}`, or lacks {}", balance.lacks);
            let label = "expected a request with a `cost` in contract.toml that is greater";
            self.reader.add(&["cases", at, "balance"], title, label);
        }
        let stray = [
            ("key", case.key.is_some()),
            ("body", case.body.is_some()),
            ("hook", case.hook.is_some()),
            ("header", case.header.is_some()),
            ("twin", case.twin.is_some()),
            ("with", case.with.is_some()),
            ("field", case.field.is_some()),
            ("unchanged", case.unchanged.is_some()),
            ("after", case.after.is_some()),
            ("times", case.times.is_some()),
            ("burst", case.burst.is_some()),
            ("also", !case.also.is_empty()),
        ];
        for (name, _) in stray.iter().filter(|(_, given)| *given) {
            self.reader.add(
                &["cases", at, name],
                format!("`{name}` in a case with a balance"),
                "a balance pays for requests without a defect",
            );
        }
    }

    /// What a request has in place of its own can be sent.
    fn patch(&mut self, with: &RequestPatch, at: &str) {
        let way = ["cases", at, "with"];
        if with.method.as_ref().is_some_and(|name| Method::from_bytes(name.as_bytes()).is_err()) {
            self.reader.add(
                &[&way[..], &["method"]].concat(),
                "not a method",
                "expected a token such as `HEAD`",
            );
        }
        if let Some(why) = with.path.as_deref().and_then(path_fault) {
            self.reader.add(&[&way[..], &["path"]].concat(), "not a path", why);
        }
        for (index, name) in with.also_in.iter().enumerate() {
            let known: Vec<_> = self.carriers.iter().filter_map(|it| it.point_name()).collect();
            let known = known.iter().map(CarrierName::as_str);
            let index = index.to_string();
            let way = [&way[..], &["also-in", &index]].concat();
            self.reader.known(&way, "carrier", name.as_str(), known);
        }
        let is_foreign = |c: char| c == '#' || c.is_whitespace() || c.is_control();
        if with.query.as_ref().is_some_and(|query| query.contains(is_foreign)) {
            let label = "expected what stands behind a question mark, such as `page=2`";
            self.reader.add(&[&way[..], &["query"]].concat(), "not a query", label);
        }
        for (name, value) in &with.headers {
            let way = [&way[..], &["headers", name]].concat();
            if HeaderName::from_bytes(name.as_bytes()).is_err() || !can_be_sent(value) {
                let title = format!("`{name}` cannot be sent as a header");
                let label = "expected letters and `-` in its name, and no line break in its value";
                self.reader.add(&way, title, label);
            }
        }
    }

    /// One case breaks one thing, and a broken body is broken where the case says.
    pub(super) fn defect(&mut self, named: &NamedRequest, case: &CaseFormat, at: &str) {
        let given =
            [case.key.is_some(), case.body.is_some(), case.hook.is_some(), case.header.is_some()];
        if given.iter().filter(|given| **given).count() > 1 {
            self.reader.add(
                &["cases", at],
                "this case breaks more than one thing",
                "expected only one of `key`, `body`, `hook` and `header`",
            );
        }
        if let Some(
            KeyDefect::Prefix(text)
            | KeyDefect::Quoted(text)
            | KeyDefect::Inserted(text)
            | KeyDefect::Ending(text)
            | KeyDefect::Appended(text)
            | KeyDefect::Part(OtherPart { to: text, .. }),
        ) = &case.key
            && !can_be_sent(text)
        {
            let label = "expected no line break and no other control character but a tab";
            self.reader.add(&["cases", at, "key"], "this key cannot be sent in a header", label);
        }
        let has_own = |name: &str| named.format.header(name).is_some();
        if case.key.is_some() && self.carriers.iter().any(|it| it.headers().any(has_own)) {
            let label =
                "expected another request: this one has a header of its own in place of the key";
            self.reader.add(&["cases", at, "key"], "the key of this case is not sent", label);
        }
        if let Some(with) = &case.with {
            self.patch(with, at);
        }
        if let Some(header) = &case.header {
            self.header_defect(named, case, header, at);
        }
        if case.recorded && self.expects != Expects::AnyError {
            let label =
                "expected it in any-error.toml: of a code's own cases the answer is promised";
            self.reader.add(&["cases", at, "recorded"], "`recorded` in a case of a code", label);
        }
        let Some(defect) = &case.body else { return };
        let base = named.format.body.as_ref();
        if let Err(why) = body::bytes(base, Some(defect)) {
            return self.reader.add(&["cases", at, "body"], "this body cannot be made", why);
        }
        // Of any error it is not promised what it is for, so a body may as well be a good one.
        let input = named.input.as_ref().filter(|_| self.expects == Expects::Code);
        let Some(input) = input else { return };
        let Some(sent) = body::value(base, defect) else { return };
        let errors: Vec<_> = input.validator.iter_errors(&sent).collect();
        let request = case.request.as_ref();
        if errors.is_empty() {
            let what = request.map_or("the request".to_owned(), |name| format!("`{name}`"));
            self.reader.add(
                &["cases", at, "body"],
                "this body breaks nothing",
                format!("the input schema of {what} accepts it"),
            );
        }
        if let Some(field) = &case.field
            && let Some(other) = errors.iter().find(|error| !concerns(error, field))
        {
            self.reader.add(
                &["cases", at, "body"],
                format!("this body breaks more than `{field}`"),
                other.to_string(),
            );
        }
    }
}

/// Whether an error of the input schema is about this field of the body: as a message may name it, by the first step of the
/// way to it, by the last one, or by the whole way, with points or slashes.
pub(super) fn concerns(error: &ValidationError<'_>, field: &str) -> bool {
    let mut way: Vec<_> = error.instance_path().into_iter().map(|step| step.to_string()).collect();
    let mut unknown: &[String] = &[];
    match error.kind() {
        ValidationErrorKind::Required { property } => {
            way.extend(property.as_str().map(str::to_owned));
        }
        ValidationErrorKind::AdditionalProperties { unexpected } => unknown = unexpected,
        _ => {}
    }
    let is = |step: Option<&String>| step.is_some_and(|step| step == field);
    is(way.first())
        || is(way.last())
        || unknown.iter().any(|name| name == field)
        || [".", "/"].iter().any(|between| way.join(between) == field.trim_start_matches('/'))
}

//! The ids of the checks: words of the contract's files, and of every report.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! checks {
    ($($(#[$doc:meta])* $variant:ident = $id:literal, $level:ident;)*) => {
        /// The stable id of a check. Ids never change: known deviations and reports name them.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
        #[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
        pub enum CheckId {
            $($(#[$doc])* #[serde(rename = $id)] $variant,)*
        }

        impl CheckId {
            /// Every check there is.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The id as it is written in files and reports.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $id,)* }
            }

            /// How much a check that does not hold weighs.
            #[must_use]
            pub fn level(self) -> Level {
                match self { $(Self::$variant => Level::$level,)* }
            }
        }
    };
}

checks! {
    /// The status is the scenario's, and the body repeats it where that is promised.
    Status = "status", Must;
    /// The code is the scenario's.
    Code = "code", Must;
    /// The docs link is the contract's.
    Docs = "docs", Must;
    /// The body is one JSON document in UTF-8, and the headers say so.
    EnvelopeJson = "envelope.json", Must;
    /// The JSON Schema of the envelope holds.
    EnvelopeSchema = "envelope.schema", Must;
    /// The message is there, with the parts that the docs promise.
    Message = "message", Must;
    /// The numbers in the message are the request's cost and what a probe reads, where that is promised.
    MessageNumbers = "message.numbers", Must;
    /// The request id is there, and no other response of the run has it.
    RequestId = "request-id", Must;
    /// The response has the headers that the docs promise of it.
    Headers = "headers", Must;
    /// `Retry-After` is whole seconds, from 1 to the limit's window or what the scenario says.
    RetryAfter = "retry-after", Must;
    /// After `Retry-After` seconds the next request is accepted.
    RetryAfterHonest = "retry-after.honest", Must;
    /// Of a burst with an unused key, exactly as many requests are accepted as the limit allows.
    RateAdmits = "rate.admits", Must;
    /// The rest of a burst is refused, each with an envelope.
    RateRefuses = "rate.refuses", Must;
    /// While one key is refused, another is served.
    RatePerKey = "rate.per-key", Must;
    /// `RateLimit` and `RateLimit-Policy` state the limit, and what is left of it.
    RateTold = "rate.told", Must;
    /// What a probe reads is the same before and after.
    NoCharge = "no-charge", Must;
    /// As many requests succeed as a balance pays for, and it falls by what they cost.
    Balance = "balance", Must;
    /// The response comes within the time that the docs give.
    Timing = "timing", Should;
    /// No response holds a secret of the run: a key, or a header that the target takes from a variable.
    SecretLeak = "secret-leak", Must;
    /// The same request without the defect does not give this error.
    Twin = "twin", Must;
    /// The envelope is the one that was reviewed. Somebody has to look, so it is never listed as known.
    Drift = "drift", Must;
    /// Of two defects at once the one wins whose code the docs say is looked for first.
    Order = "order", Must;
    /// Who has no good key learns nothing of what is wrong with the rest of a request.
    OrderAuthentication = "order.authentication", Advice;
    /// Nothing is done for who may not have it done.
    OrderEffect = "order.effect", Advice;
    /// A 401 says how to authenticate.
    HttpWwwAuthenticate = "http.www-authenticate", Advice;
    /// A 405 says which methods there are.
    HttpAllow = "http.allow", Advice;
    /// If there is a `Retry-After`, it is seconds or a date.
    HttpRetryAfter = "http.retry-after", Advice;
    /// An error that depends on a key is not kept by a cache that others ask.
    HttpCache = "http.cache", Advice;
    /// An error sets no cookie.
    HttpCookies = "http.cookies", Advice;
    /// An error tells nothing of the machine behind it: stack traces, SQL, paths, hosts, other keys.
    LeakInternals = "leak.internals", Advice;
    /// A request id is 8 to 128 characters that can be printed.
    RequestIdForm = "request-id.form", Advice;
    /// The header with the request id has the same as the envelope.
    RequestIdHeader = "request-id.header", Advice;
    /// The request id is the API's own, and not what the caller has sent.
    RequestIdOwn = "request-id.own", Advice;
    /// No response of the run before had the request id.
    RequestIdAgain = "request-id.again", Advice;
    /// The message says more than the code.
    MessageWords = "message.words", Advice;

    /// A client makes as many attempts as it may.
    ClientAttempts = "client.attempts", Must;
    /// It waits as long as it is told to.
    ClientWait = "client.wait", Must;
    /// It ends with success if its last attempt did, and else with a failure.
    ClientOutcome = "client.outcome", Must;
    /// No attempt is made while another has no response yet.
    ClientOneAtATime = "client.one-at-a-time", Must;
    /// No attempt is made right after a response.
    ClientBeat = "client.beat", Must;
    /// Every attempt is the same request, with the key that the client was given.
    ClientSameRequest = "client.same-request", Must;
    /// The client prints the request id of its last failure.
    ClientRequestId = "client.request-id", Must;
    /// The client prints no part of its key.
    ClientKeyUnseen = "client.key-unseen", Must;
    /// No attempt is made after the client has ended.
    ClientQuiet = "client.quiet", Must;
    /// The client ends by itself.
    ClientEnds = "client.ends", Must;

    /// A row of the docs' page defines the code.
    PageCode = "page.code", Must;
    /// No second row does.
    PageOnce = "page.once", Must;
    /// The status beside it is the scenario's.
    PageStatus = "page.status", Must;
    /// It stands under the heading that the scenario names, if the page has that.
    PageHeading = "page.heading", Must;
    /// Every code that a row defines is one of the contract's.
    PageUnknown = "page.unknown", Must;
    /// There is an example of an envelope, and it is JSON.
    PageExample = "page.example", Must;
    /// The envelope's schema allows the example.
    PageSchema = "page.schema", Must;
    /// The example's code is one of the contract's, with a message as that code's scenario has it.
    PageExampleCode = "page.example-code", Must;
    /// The example carries the contract's docs link.
    PageDocs = "page.docs", Must;
    /// The limit on the page is the contract's.
    PageLimit = "page.limit", Must;
    /// The range of time on the page is the one of the code's case.
    PageTime = "page.time", Must;
    /// The docs link leads to a response with status 200.
    LinkStatus = "link.status", Must;
    /// What it leads to is HTML.
    LinkHtml = "link.html", Must;
    /// The page does not say that there is no such page.
    LinkFound = "link.found", Must;
    /// Every code of the contract is on the page.
    LinkCodes = "link.codes", Must;
    /// The page has the place that the link's fragment names.
    LinkFragment = "link.fragment", Must;
}

impl CheckId {
    /// The checks of a server's responses, which reports show as a table.
    pub const OF_SERVERS: &[Self] = Self::ALL.split_at(Self::MessageWords as usize + 1).0;

    /// Whether it is no promise unless the contract says so.
    #[must_use]
    pub fn is_advice(self) -> bool {
        self.level() == Level::Advice
    }
}

impl fmt::Display for CheckId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// How much a check that does not hold weighs. The first two fail the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// The docs promise it.
    Must,
    /// The docs describe it.
    Should,
    /// No page promises it, and every engineer expects it. It is shown, and fails a run only if the contract promises it
    /// (`[promises]`), or if the run is told to (`--deny advice`).
    Advice,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_levels_never_change() {
        let list: Vec<_> = CheckId::ALL.iter().map(|id| format!("{id} {:?}", id.level())).collect();
        insta::assert_snapshot!(list.join("\n"), @r"
        status Must
        code Must
        docs Must
        envelope.json Must
        envelope.schema Must
        message Must
        message.numbers Must
        request-id Must
        headers Must
        retry-after Must
        retry-after.honest Must
        rate.admits Must
        rate.refuses Must
        rate.per-key Must
        rate.told Must
        no-charge Must
        balance Must
        timing Should
        secret-leak Must
        twin Must
        drift Must
        order Must
        order.authentication Advice
        order.effect Advice
        http.www-authenticate Advice
        http.allow Advice
        http.retry-after Advice
        http.cache Advice
        http.cookies Advice
        leak.internals Advice
        request-id.form Advice
        request-id.header Advice
        request-id.own Advice
        request-id.again Advice
        message.words Advice
        client.attempts Must
        client.wait Must
        client.outcome Must
        client.one-at-a-time Must
        client.beat Must
        client.same-request Must
        client.request-id Must
        client.key-unseen Must
        client.quiet Must
        client.ends Must
        page.code Must
        page.once Must
        page.status Must
        page.heading Must
        page.unknown Must
        page.example Must
        page.schema Must
        page.example-code Must
        page.docs Must
        page.limit Must
        page.time Must
        link.status Must
        link.html Must
        link.found Must
        link.codes Must
        link.fragment Must
        ");
    }
}

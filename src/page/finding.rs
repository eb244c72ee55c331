//! What is not on a page as the contract has it: data, for all who report it.

use std::fmt;

use crate::{contract::names::Code, result::verdict::Verdict};

macro_rules! checks {
    ($($(#[$doc:meta])* $variant:ident = $id:literal;)*) => {
        /// The stable id of a check on the docs' page or on the link to it. Ids never change.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum PageCheck {
            $($(#[$doc])* $variant,)*
        }

        impl PageCheck {
            /// Every check there is.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The id as it is written in reports.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $id,)* }
            }
        }
    };
}

checks! {
    /// A row defines the code.
    Code = "page.code";
    /// No second row does.
    Once = "page.once";
    /// The status beside it is the scenario's.
    Status = "page.status";
    /// It stands under the heading that the scenario names, if the page has that.
    Heading = "page.heading";
    /// Every code that a row defines is one of the contract's.
    Unknown = "page.unknown";
    /// There is an example of an envelope, and it is JSON.
    Example = "page.example";
    /// The envelope's schema allows the example.
    Schema = "page.schema";
    /// The example's code is one of the contract's, with a message as that code's scenario has it.
    ExampleCode = "page.example-code";
    /// The example carries the contract's docs link.
    Docs = "page.docs";
    /// The limit on the page is the contract's.
    Limit = "page.limit";
    /// The range of time on the page is the one of the code's case.
    Time = "page.time";
    /// The docs link leads to an answer with status 200.
    LinkStatus = "link.status";
    /// What it leads to is HTML.
    LinkHtml = "link.html";
    /// The page does not say that there is no such page.
    LinkFound = "link.found";
    /// Every code of the contract is on the page.
    LinkCodes = "link.codes";
    /// The page has the place that the link's fragment names.
    LinkFragment = "link.fragment";
}

impl fmt::Display for PageCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A check that did not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageFinding {
    /// The check.
    pub check: PageCheck,
    /// What was expected, as the end of "expected ...".
    pub expected: String,
    /// What the page has instead, as the end of "the page has ...".
    pub actual: String,
    /// Where on the page.
    pub place: Option<Place>,
}

/// A place on a page, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The line of its source, counted from 1.
    pub line: usize,
    /// The heading that it stands under.
    pub under: Option<String>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.line)?;
        match &self.under {
            Some(heading) => write!(f, ", under `{heading}`"),
            None => Ok(()),
        }
    }
}

/// What came of one trial on the page or on the link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Its name.
    pub trial: String,
    /// The code that it is about, if it is about one.
    pub code: Option<Code>,
    /// What the contract promises, and the file that has it.
    pub promise: String,
    /// What did not hold.
    pub findings: Vec<PageFinding>,
    /// What it comes to.
    pub verdict: Verdict,
}

impl Outcome {
    /// What a trial comes to that was judged: it passes if nothing was found.
    #[must_use]
    pub fn judged(
        trial: String,
        code: Option<Code>,
        promise: String,
        findings: Vec<PageFinding>,
    ) -> Self {
        let verdict = if findings.is_empty() { Verdict::Pass } else { Verdict::Fail };
        Self { trial, code, promise, findings, verdict }
    }
}

//! The trials on the docs: those on a page, and the one on the link to it.

use std::{
    collections::BTreeSet,
    path::Path,
    sync::{Arc, OnceLock},
    time::Instant,
};

use tokio::runtime::Handle;
use url::Url;

use super::{
    fetch::{self, DEADLINE, NoPage},
    finding::{JudgedTrial, OnPage},
    judge, link,
    read::{form_of, read},
};
use crate::{
    checks::sheet::{Noted, Sheet},
    contract::{Contract, contract_file::Form},
    result::{
        collected::Collected,
        finding::Finding,
        outcome::Outcome,
        side::{Ahead, Foreseen, Manner, NotReady, Side, SideResult, SideTrial},
        side_name::SideName,
        trial::TrialResult,
        unproven::Owed,
        verdict::weigh,
    },
    shown,
    shown::{plural::plural, redactor::Redactor, secret::Secret, text::Shown},
    source::{fault::Fault, folder::Folder},
    targets::known::{Day, Known},
};

/// The trial of the docs link.
const LINK: &str = "docs::link";

/// Where the page is that a person named.
#[derive(Debug, Clone)]
enum Source {
    /// In a file, which was read.
    File(String),
    /// Behind an address.
    Address(Url),
}

/// The page's side of a run. Each trial but the link's takes what was judged when the page was read.
#[derive(Debug, Clone)]
pub struct Docs(Arc<PageShared>);

#[derive(Debug)]
struct PageShared {
    contract: Arc<Contract>,
    /// What the page is called, and where it is.
    page: Option<(String, Source)>,
    links: Links,
    /// Takes the keys of the run out of what is shown.
    redactor: Arc<Redactor>,
    /// The results of the page's trials, once it was read.
    judged: OnceLock<Vec<JudgedTrial>>,
    runtime: Handle,
    known: Vec<Known>,
    today: Day,
}

/// Whether the link that every error carries is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Links {
    /// It is one of the trials.
    Followed,
    /// It is not.
    LeftAlone,
}

/// What the page's side shares with the others.
#[derive(Debug)]
pub struct PageSurroundings<'a> {
    /// What it is carried out on.
    pub runtime: &'a Handle,
    /// Takes the keys of the run out of what is shown.
    pub redactor: Arc<Redactor>,
    /// Deviations that are known.
    pub known: Vec<Known>,
}

impl Docs {
    /// The trials on a page, which is an address or a file's path, and on the contract's docs link.
    ///
    /// # Errors
    /// If the page is a file that cannot be read, or an address that is not one, or if there is no link.
    pub fn new(
        contract: Arc<Contract>,
        page: Option<&Secret>,
        links: Links,
        around: PageSurroundings<'_>,
    ) -> Result<Self, Fault> {
        let page = page.map(|page| source(page.expose())).transpose()?;
        if links == Links::Followed && contract.docs.is_none() {
            let title = "there is no docs link to check: the contract has no `docs`";
            return Err(Fault::general(title));
        }
        let PageSurroundings { runtime, redactor, known } = around;
        let (judged, runtime, today) = (OnceLock::new(), runtime.clone(), Day::today());
        let shared = PageShared { contract, page, links, redactor, judged, runtime, known, today };
        Ok(Self(Arc::new(shared)))
    }
}

impl Side for Docs {
    fn name(&self) -> SideName {
        SideName::Page
    }

    fn subject(&self) -> Shown {
        self.0.redactor.line(self.0.name())
    }

    fn trials(&self, _manner: Manner) -> Vec<SideTrial> {
        let shared = &self.0;
        let page = shared.page.iter().flat_map(|_| judge::trials(&shared.contract));
        let page = page.map(|name| {
            let (shared, trial) = (Arc::clone(shared), name.clone());
            let carry_out = move || {
                let judged = shared.judged.get().expect("a page is read before its trials");
                let judged = judged.iter().find(|judged| judged.trial == trial);
                shared.result(judged.expect("every trial is judged"), Instant::now())
            };
            (name, Box::new(carry_out) as Box<dyn FnOnce() -> TrialResult + Send>)
        });
        let link = match shared.links {
            Links::LeftAlone => None,
            Links::Followed => {
                let shared = Arc::clone(shared);
                let carry_out = move || {
                    let begin = Instant::now();
                    shared.result(&shared.runtime.block_on(shared.link()), begin)
                };
                Some((LINK.to_owned(), Box::new(carry_out) as _))
            }
        };
        let trial = |(name, carry_out)| SideTrial {
            name,
            kind: "docs".to_owned(),
            ignored: Foreseen::CarriedOut,
            carry_out,
        };
        page.chain(link).map(trial).collect()
    }

    /// Reads the page if one of its trials will be carried out, and judges it.
    fn ready(&self, selected: &BTreeSet<String>) -> Result<(), NotReady> {
        let shared = &self.0;
        let Some((name, source)) = &shared.page else { return Ok(()) };
        if selected.iter().all(|trial| trial == LINK) {
            return Ok(());
        }
        let contract = &shared.contract;
        let failed = |why: &str| {
            let (name, why) = (shared.redactor.line(name), shared.redactor.line(why));
            NotReady::Unreachable(shown!["failed to read the page ", name, ": ", why])
        };
        let content = match source {
            Source::File(text) => read(text, form_of(contract, "", name, text), contract),
            Source::Address(url) => {
                let page = shared.runtime.block_on(fetch::fetch(url, DEADLINE));
                let page = page.map_err(|why| failed(&why.to_string()))?;
                if page.status != 200 {
                    return Err(failed(&format!("expected status 200, got {}", page.status)));
                }
                let form = form_of(contract, &page.media, page.url.path(), &page.text);
                read(&page.text, form, contract)
            }
        };
        shared.judged.set(judge::judge(&content, contract)).expect("a page is read once");
        Ok(())
    }

    fn result(&self, collected: &Collected) -> SideResult {
        let mut trials = collected.trials.clone();
        trials.sort_by(|one, other| one.name.cmp(&other.name));
        let subject = self.0.redactor.line(self.0.name());
        SideResult {
            side: SideName::Page,
            headline: headline(&subject, &trials),
            subject,
            counts: collected.counts(),
            trials,
            advice: Vec::new(),
            notes: Vec::new(),
        }
    }

    fn plan(&self, _: &Ahead) -> Shown {
        match &self.0.page {
            Some((name, _)) => shown![self.0.redactor.line(name), " is read"],
            None => Shown::default(),
        }
    }
}

/// What the page says of the contract's codes, and of the rest, in one line.
fn headline(subject: &Shown, trials: &[TrialResult]) -> Shown {
    let (codes, rest): (Vec<_>, Vec<_>) = trials.iter().partition(|trial| trial.code.is_some());
    let of = |trials: &[&TrialResult], outcome| -> Vec<Shown> {
        let trials = trials.iter().filter(|trial| trial.outcome == outcome);
        trials.map(|trial| trial.code.clone().unwrap_or_else(|| trial.name.clone())).collect()
    };
    let mut text = subject.clone();
    if !codes.is_empty() {
        let as_promised = of(&codes, Outcome::Pass).len();
        text =
            shown![plural(codes.len(), "code"), " on ", subject, ": ", as_promised, " as promised"];
    }
    for (outcome, how) in [
        (Outcome::Fail, " not ("),
        (Outcome::Stale, " listed as known but mended ("),
        (Outcome::Known, " not, as known ("),
        (Outcome::Error, " not judged ("),
    ] {
        let names = of(&codes, outcome);
        if !names.is_empty() {
            text = shown![text, ", ", names.len(), how, Shown::joined(&names, ", "), ")"];
        }
    }
    for (outcome, how) in [
        (Outcome::Pass, " as promised"),
        (Outcome::Fail, " not as promised"),
        (Outcome::Stale, " listed as known but mended"),
        (Outcome::Known, " not as promised, as known"),
        (Outcome::Error, " not judged"),
    ] {
        let names = of(&rest, outcome);
        if !names.is_empty() {
            text = shown![text, "; ", Shown::joined(&names, ", "), how];
        }
    }
    text
}

impl PageShared {
    fn result(&self, judged: &JudgedTrial, begin: Instant) -> TrialResult {
        let mut sheet = Sheet::default();
        for OnPage { check, mismatch } in &judged.found {
            sheet.note(*check, 0, vec![mismatch.clone()]);
        }
        let trial = &judged.trial;
        let known: Vec<&Known> = self.known.iter().filter(|known| known.covers(trial)).collect();
        let verdict = weigh(&sheet, judged.unjudged.as_deref(), &known, self.today);
        let finding = |noted: &Noted| {
            let place = self.redactor.line(&noted.mismatch.place);
            Finding::of(noted, place, None, &self.redactor)
        };
        TrialResult {
            name: self.redactor.line(trial),
            side: SideName::Page,
            code: judged.code.as_ref().map(|code| self.redactor.line(code.as_str())),
            status: None,
            point: None,
            outcome: Outcome::from(&verdict),
            why: verdict.why().map(|why| self.redactor.line(why)),
            promise: self.redactor.line(&judged.promise),
            source: self.redactor.line(&judged.source),
            file: None,
            line: None,
            held: Vec::new(),
            findings: sheet.noted().iter().map(finding).collect(),
            advice: Vec::new(),
            owed: Owed::Always,
            without_twin: None,
            seconds: begin.elapsed().as_secs_f64(),
            evidence: None,
            timelines: Vec::new(),
            printed: None,
        }
    }

    fn name(&self) -> &str {
        self.page.as_ref().map_or(self.docs_link(), |(name, _)| name)
    }

    fn docs_link(&self) -> &str {
        self.contract.docs.as_ref().map_or("", |docs| &docs.link)
    }

    /// Follows the contract's docs link, and no other: an envelope may come from anybody, and that
    /// each carries exactly this link is what the check `docs` proves.
    async fn link(&self) -> JudgedTrial {
        let judged = |found, unjudged| JudgedTrial {
            trial: LINK.to_owned(),
            code: None,
            promise: "every error links to its docs".to_owned(),
            source: "`docs` in contract.toml".to_owned(),
            found,
            unjudged,
        };
        let page = match fetch::address(self.docs_link()) {
            Ok(url) => fetch::fetch(&url, DEADLINE).await,
            Err(why) => {
                let why = format!("the contract's docs link is not an address: {why}");
                return judged(Vec::new(), Some(why));
            }
        };
        match page {
            Ok(page) => {
                let content = read(&page.text, Form::Html, &self.contract);
                judged(link::judge(&self.contract, &page, &content), None)
            }
            Err(NoPage::Unreachable(why)) => judged(Vec::new(), Some(why)),
            Err(NoPage::Refused(why)) => judged(vec![link::refused(&why)], None),
        }
    }
}

/// An address, or else a file.
fn source(given: &str) -> Result<(String, Source), Fault> {
    if given.contains("://") {
        let url = fetch::address(given).map_err(|why| {
            // The text may hold credentials.
            Fault::general(format!("failed to read the page: {why}"))
        })?;
        let mut name = url.clone();
        // A query may hold a token.
        name.set_query(None);
        return Ok((name.to_string(), Source::Address(url)));
    }
    let text = Folder::At("".into()).read(Path::new(given));
    let text = text.map_err(|faults| Fault::general(faults.titles()))?;
    if !fetch::is_text(&text) {
        return Err(Fault::general(format!("{given} is not a text file")));
    }
    Ok((given.to_owned(), Source::File(text)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::result::example;

    #[test]
    fn a_page_is_said_to_have_codes_as_promised_or_not_and_the_rest_by_name() {
        let side = example::side(SideName::Page);
        let line = headline(&side.subject, &side.trials);
        insta::assert_snapshot!(line);
        assert_eq!(line, side.headline, "the example's own");
    }
}

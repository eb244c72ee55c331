//! The trials on the docs: those on a page, and the one on the link to it.

use std::{
    path::Path,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use libtest_mimic::{Failed, Trial};
use reqwest::Url;
use tokio::runtime::Handle;

use super::finding::{Outcome, PageFinding};
use super::{
    fetch::{self, DEADLINE, NoPage},
    judge, link,
    read::{form_of, read},
    text,
};
use crate::{
    contract::{Contract, contract_file::Form},
    result::{
        results::{SideFindingResult, SideResult, SideTrialResult},
        verdict::Verdict,
    },
    shown::{redactor::Redactor, secret::Secret, visible::visible},
    source::{fault::Fault, folder::Folder},
    terminal::paint::Paint,
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

/// The trials on the docs: those on a page, and the one on the link to it.
#[derive(Debug, Clone)]
pub struct Docs {
    contract: Arc<Contract>,
    /// What the page is called, and where it is.
    page: Option<(String, Source)>,
    check_links: bool,
    /// Takes the keys of a target that is tested in the same run out of what is shown.
    redactor: Arc<Redactor>,
    /// What the page's trials come to, once it was read.
    judged: Arc<OnceLock<Vec<Outcome>>>,
    outcomes: Arc<Mutex<Vec<Outcome>>>,
}

impl Docs {
    /// The trials on a page, which is an address or a file's path, and on the contract's docs link.
    ///
    /// # Errors
    /// If the page is a file that cannot be read, or an address that is none, or if there is no link.
    pub fn new(
        contract: Arc<Contract>,
        page: Option<&str>,
        check_links: bool,
        secrets: &[(Secret, String)],
    ) -> Result<Self, Fault> {
        let page = page.map(source).transpose()?;
        if check_links && contract.docs.is_none() {
            let title = "there is no docs link to check: the contract says that errors carry none";
            return Err(Fault::general(title));
        }
        let (judged, outcomes) = (Arc::default(), Arc::default());
        let redactor = Arc::new(Redactor::new(secrets));
        Ok(Self { contract, page, check_links, redactor, judged, outcomes })
    }

    /// The trials, none if nobody asked for one. Each that is run but the link's takes what
    /// [`Docs::load`] has judged.
    #[must_use]
    pub fn trials(&self, runtime: &Handle, paint: Paint) -> Vec<Trial> {
        let page = self.page.iter().flat_map(|_| judge::trials(&self.contract));
        let page = page.map(|name| {
            let (docs, trial) = (self.clone(), name.clone());
            Trial::test(name, move || {
                let judged = docs.judged.get().expect("a page is read before its trials");
                let outcome = judged.iter().find(|outcome| outcome.trial == trial);
                docs.end(outcome.expect("every trial is judged").clone(), paint)
            })
        });
        let link = self.check_links.then(|| {
            let (docs, runtime) = (self.clone(), runtime.clone());
            Trial::test(LINK, move || docs.end(runtime.block_on(docs.link()), paint))
        });
        page.chain(link).map(|trial| trial.with_kind("docs")).collect()
    }

    /// Reads the page if one of its trials will be run, and judges it.
    ///
    /// # Errors
    /// Why nobody can read it, in one line.
    pub fn load(
        &self,
        runtime: &Handle,
        is_selected: impl Fn(&Trial) -> bool,
    ) -> Result<(), String> {
        let Some((name, source)) = &self.page else {
            return Ok(());
        };
        if !self
            .trials(runtime, Paint::Plain)
            .iter()
            .any(|trial| trial.name() != LINK && is_selected(trial))
        {
            return Ok(());
        }
        let content = match source {
            Source::File(text) => {
                read(text, form_of(&self.contract, "", name, text), &self.contract)
            }
            Source::Address(url) => {
                let page = runtime.block_on(fetch::fetch(url, DEADLINE));
                let page = page.map_err(|why| format!("failed to read the page {name}: {why}"))?;
                if page.status != 200 {
                    return Err(format!(
                        "failed to read the page {name}: it answered {}",
                        page.status
                    ));
                }
                let form = form_of(&self.contract, &page.media, page.url.path(), &page.text);
                read(&page.text, form, &self.contract)
            }
        };
        self.judged.set(judge::judge(&content, &self.contract)).expect("a page is read once");
        Ok(())
    }

    /// What came of the trials that were run, by their names.
    #[must_use]
    pub fn outcomes(&self) -> Vec<Outcome> {
        let mut outcomes = self.outcomes.lock().unwrap_or_else(PoisonError::into_inner).clone();
        outcomes.sort_by(|one, other| one.trial.cmp(&other.trial));
        outcomes
    }

    /// What came of the page, by the trials' names.
    #[must_use]
    pub fn result(&self) -> SideResult {
        let outcomes = self.outcomes();
        let headline = text::summary(self.name(), &outcomes);
        SideResult {
            subject: self.clean(self.name()),
            headline: self.clean(headline.trim_end()),
            trials: outcomes.iter().map(|outcome| self.trial(outcome)).collect(),
        }
    }

    fn trial(&self, outcome: &Outcome) -> SideTrialResult {
        let finding = |finding: &PageFinding| SideFindingResult {
            check: finding.check.as_str().to_owned(),
            place: finding
                .place
                .as_ref()
                .map(|place| self.clean(&place.to_string()))
                .unwrap_or_default(),
            expected: text::shown(&self.redactor.redact(&finding.expected)),
            actual: text::shown(&self.redactor.redact(&finding.actual)),
        };
        let red = outcome.verdict != Verdict::Pass;
        let text = || self.failure(outcome, Paint::Plain);
        SideTrialResult {
            name: self.clean(&outcome.trial),
            outcome: (&outcome.verdict).into(),
            why: outcome.verdict.why().map(|why| self.clean(why)),
            promise: self.clean(&outcome.promise),
            findings: outcome.findings.iter().map(finding).collect(),
            timelines: Vec::new(),
            text: if red { text() } else { String::new() },
        }
    }

    fn failure(&self, outcome: &Outcome, paint: Paint) -> String {
        self.redactor.redact(&text::failure(self.name_of(outcome), outcome, paint))
    }

    fn clean(&self, text: &str) -> String {
        visible(&self.redactor.redact(text))
    }

    fn name_of(&self, outcome: &Outcome) -> &str {
        if outcome.trial == LINK { self.docs_link() } else { self.name() }
    }

    /// What the page is called, if one is read.
    #[must_use]
    pub fn page(&self) -> Option<&str> {
        self.page.as_ref().map(|(name, _)| name.as_str())
    }

    fn name(&self) -> &str {
        self.page.as_ref().map_or(self.docs_link(), |(name, _)| name)
    }

    fn docs_link(&self) -> &str {
        self.contract.docs.as_ref().map_or("", |docs| &docs.link)
    }

    fn end(&self, outcome: Outcome, paint: Paint) -> Result<(), Failed> {
        let ended = match outcome.verdict {
            Verdict::Pass => Ok(()),
            _ => Err(Failed::from(self.failure(&outcome, paint).trim_end())),
        };
        self.outcomes.lock().unwrap_or_else(PoisonError::into_inner).push(outcome);
        ended
    }

    /// Follows the contract's docs link, and no other: an envelope may come from anybody, and that
    /// each carries exactly this link is what the check `docs` proves.
    async fn link(&self) -> Outcome {
        let promise = "every error links to its docs    `docs` in contract.toml".to_owned();
        let error = |why: String| Outcome {
            verdict: Verdict::Error(why),
            ..Outcome::judged(LINK.to_owned(), None, promise.clone(), Vec::new())
        };
        let page = match fetch::address(self.docs_link()) {
            Ok(url) => fetch::fetch(&url, DEADLINE).await,
            Err(why) => return error(format!("the contract's docs link is no address: {why}")),
        };
        let findings = match page {
            Ok(page) => {
                link::judge(&self.contract, &page, &read(&page.text, Form::Html, &self.contract))
            }
            Err(NoPage::Unreachable(why)) => return error(why),
            Err(NoPage::Refused(why)) => vec![link::refused(&why)],
        };
        Outcome::judged(LINK.to_owned(), None, promise, findings)
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
        return Err(Fault::general(format!("failed to read {given}: it is no text")));
    }
    Ok((given.to_owned(), Source::File(text)))
}

//! Servers that keep the page, each in its own way, and none of which may be called broken: every
//! variant of every stack in `tests/conformant/`, over HTTP and at the real waits. A stack that this
//! machine cannot run is skipped, with the reason.
//!
//! Run it by `cargo test --test conformant -- --nocapture`; a stack or a variant alone by
//! `ERRPROOF_CONFORMANT=go/spanish`.

use std::{
    collections::{BTreeSet, VecDeque},
    env,
    time::Instant,
};

mod servers;
use servers::{AFTER_FIVE_MINUTES, GIVES_UP_AFTER, Said, Variant, flags, judge_all, line};

/// How many stacks have their first variant tested once more, with tools that take all that the page
/// gives them. These runs take five minutes each, so they begin first.
const SLOW: usize = 2;

/// Servers on which a run takes what its plan foretells, to a fifth: one that is plain, and one whose limit has the
/// run send another burst.
const FORETOLD: [&str; 3] =
    ["node-http/plain", "node-http/plain after five minutes", "python/wall-clock"];

/// A run's requests, and its seconds.
#[derive(Debug, Clone, Copy)]
struct Cost {
    requests: f64,
    seconds: f64,
}

impl Cost {
    /// What a plan foretells.
    fn foretold(plan: &str) -> Option<Self> {
        let requests = number(plan, " requests")?;
        Some(Self { requests, seconds: number(plan.split_once("time: about")?.1, " s")? })
    }

    /// The same if the generator takes the most that the docs allow.
    fn foretold_at_most(plan: &str) -> Option<Self> {
        let seconds = number(plan.split_once("s, about")?.1, " s")?;
        Some(Self { seconds, ..Self::foretold(plan)? })
    }

    /// What a run says that it took.
    fn taken(said: &str) -> Option<Self> {
        let line = said.lines().find(|line| line.contains(" requests sent: "))?;
        let requests = number(line, " requests sent")?;
        Some(Self { requests, seconds: number(line.split_once("; ")?.1, " s")? })
    }

    fn is_near(self, other: Self) -> bool {
        let near = |one: f64, other: f64| (one - other).abs() <= other / 5.0;
        near(self.requests, other.requests) && near(self.seconds, other.seconds)
    }
}

/// The number that stands before the first of these words.
fn number(text: &str, words: &str) -> Option<f64> {
    text.split_once(words)?.0.rsplit(' ').next()?.parse().ok()
}

#[test]
fn no_server_that_keeps_the_page_is_called_broken() {
    let begin = Instant::now();
    let all = judge_all(variants(), report);
    let broken = all.iter().filter(|said| said.code != Some(0)).count();
    line(&format!(
        "{broken} of {} conformant servers called broken ({} s)",
        all.len(),
        begin.elapsed().as_secs()
    ));
    assert_eq!(broken, 0, "of {} servers that keep the page", all.len());
    let unlisted: Vec<_> = all.iter().flat_map(unlisted_advice).collect();
    assert!(unlisted.is_empty(), "advice that is not in tests/conformant/advice.txt: {unlisted:?}");
    for said in &all {
        let is_slow = said.title.ends_with(AFTER_FIVE_MINUTES);
        let foretold = if is_slow { Cost::foretold_at_most } else { Cost::foretold };
        let costs = foretold(&said.plan).zip(Cost::taken(&said.text));
        let (foretold, taken) = costs.expect("a plan's line, and a run's");
        let title = &said.title;
        line(&format!(
            "{title}: foretold {} requests in {} s, sent {} in {} s",
            foretold.requests, foretold.seconds, taken.requests, taken.seconds
        ));
        let is_near = !FORETOLD.contains(&title.as_str()) || foretold.is_near(taken);
        assert!(is_near, "{title}: {}", said.plan);
    }
}

/// The advice that somebody has looked at, by the server: each is what a careful reviewer would say of it as well.
const LISTED: &str = include_str!("conformant/advice.txt");

/// The ids of what a run advises.
fn advice(said: &Said) -> BTreeSet<&str> {
    let lines = said.text.lines().skip_while(|line| !line.starts_with("advice, "));
    let lines = lines.skip(1).take_while(|line| line.starts_with("  "));
    lines.filter_map(|line| Some(line.trim().split_once(": ")?.0)).collect()
}

/// The advice that a server gets and nobody has looked at.
fn unlisted_advice(said: &Said) -> Vec<String> {
    let title = said.title.trim_end_matches(AFTER_FIVE_MINUTES);
    let line = LISTED.lines().find_map(|line| line.strip_prefix(title)?.strip_prefix(": "));
    let listed: BTreeSet<_> = line.unwrap_or_default().split(' ').collect();
    let new = advice(said).into_iter().filter(|id| !listed.contains(id));
    new.map(|id| format!("{title}: {id}")).collect()
}

fn variants() -> VecDeque<Variant> {
    let only = env::var("ERRPROOF_CONFORMANT").unwrap_or_default();
    let mut variants = servers::variants("conformant");
    let mut slow: Vec<Variant> = Vec::new();
    for variant in &variants {
        if slow.len() < SLOW && slow.iter().all(|known| known.folder != variant.folder) {
            slow.push(Variant { gives_up_after: GIVES_UP_AFTER[1], ..variant.clone() });
        }
    }
    // A stack that has to be given more time takes more of it.
    variants.make_contiguous().sort_by_key(|variant| flags(&variant.folder).is_empty());
    for variant in slow {
        variants.push_front(variant);
    }
    variants.retain(|variant| variant.title().starts_with(&only));
    variants
}

/// Says what went wrong with a server, or what of it could not be proven.
fn report(said: &Said) {
    let Said { title, code, text, .. } = said;
    if *code == Some(0) {
        let is_open = |line: &&str| {
            line.contains("... ignored")
                || line.contains("(the twin) of") && !line.contains("was not sent")
        };
        let advice = text.lines().skip_while(|line| !line.starts_with("advice, "));
        let advice = advice.skip(1).take_while(|line| line.starts_with("  "));
        for said in text.lines().filter(is_open).chain(advice) {
            line(&format!("{title}: {said}"));
        }
        return;
    }
    let code = code.map_or("none".to_owned(), |code| code.to_string());
    let failures = text.split_once("\nfailures:\n").map_or(text.as_str(), |(_, failures)| failures);
    line(&format!("{title} is called broken (exit {code})\n{}", failures.trim()));
}

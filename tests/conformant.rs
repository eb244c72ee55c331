//! Servers that keep the page, each in its own way, and none of which may be called broken: every
//! variant of every stack in `tests/conformant/`, over HTTP and at the real waits. A stack that this
//! machine cannot run is skipped, with the reason.
//!
//! Run it by `cargo test --test conformant -- --nocapture`; a stack or a variant alone by
//! `ERRPROOF_CONFORMANT=go/spanish`.

use std::{collections::VecDeque, env, time::Instant};

mod servers;
use servers::{GIVES_UP_AFTER, Said, Variant, flags, judge_all, line};

/// How many stacks have their first variant tested once more, with tools that take all that the page
/// gives them. These runs take five minutes each, so they begin first.
const SLOW: usize = 2;

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
    let Said { title, code, text } = said;
    if *code == Some(0) {
        let is_open = |line: &&str| {
            line.contains("... ignored")
                || line.contains("(the twin) of") && !line.contains("was not sent")
        };
        for open in text.lines().filter(is_open) {
            line(&format!("{title}: {open}"));
        }
        return;
    }
    let code = code.map_or("none".to_owned(), |code| code.to_string());
    let failures = text.split_once("\nfailures:\n").map_or(text.as_str(), |(_, failures)| failures);
    line(&format!("{title} is called broken (exit {code})\n{}", failures.trim()));
}

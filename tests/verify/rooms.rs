//! The rooms of the house: a room uses only those before it, no files use each other in a circle, and what is pure
//! stays so.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    sync::LazyLock,
};

use regex::Regex;

/// Every folder of src/. A room may use those before it, and no other.
const ROOMS: [&str; 16] = [
    "shown", "source", "contract", "exchange", "targets", "checks", "limiter", "result",
    "terminal", "client", "mock", "report", "server", "page", "run", "command",
];

/// Files and, with a `/`, rooms that have no network, no clock, no file, no environment and no
/// randomness in them: those are handed in.
const PURE: [&str; 26] = [
    "shown/",
    "contract/",
    "checks/",
    "limiter/",
    "result/",
    "mock/",
    "report/",
    "page/",
    "client/judge.rs",
    "client/judge/",
    "client/rule.rs",
    "server/around.rs",
    "server/by_holder.rs",
    "server/common.rs",
    "server/edge.rs",
    "server/forecast.rs",
    "server/judge.rs",
    "server/meanwhile.rs",
    "server/next.rs",
    "server/overtaken.rs",
    "server/plan.rs",
    "server/plan_text.rs",
    "server/planned.rs",
    "server/step.rs",
    "server/steps.rs",
    "server/twin_at.rs",
];

/// Files of those rooms that are not pure, and why.
const IMPURE: [(&str, &str); 5] = [
    ("limiter/simulated.rs", "a test of it, which begins at random times"),
    ("mock/serve.rs", "it is the mock's own process, behind HTTP"),
    ("mock/server.rs", "it puts the state machine behind HTTP, with a clock and new keys"),
    ("page/fetch.rs", "it reads a page from its address"),
    ("page/trials.rs", "its trials read a file or an address, and take their time"),
];

/// What no pure file may name: the beginnings of paths.
const OUTSIDE: [&str; 13] = [
    "reqwest",
    "hyper",
    "wiremock",
    "tokio",
    "std::net",
    "std::fs",
    "std::env",
    "std::process",
    "std::thread",
    "fastrand",
    "std::time::SystemTime",
    "std::time::Instant::now",
    "Instant::now",
];

/// A file of src/ without its comments and tests, each line where it was.
struct Source {
    /// Where it is in src/, with `/` between.
    path: String,
    code: String,
}

impl Source {
    fn read(src: &Path, path: &Path) -> Self {
        let text = fs::read_to_string(path).expect("a file of this repository");
        // Not from a line such as `mod tests;` on: what follows it is no test.
        let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        let code =
            |line: &str| if line.trim_start().starts_with("//") { "" } else { line }.to_owned();
        let code: Vec<String> = text.lines().map(code).collect();
        let inside = path.strip_prefix(src).expect("a file of this folder");
        let path = inside.components().map(|part| part.as_os_str().to_string_lossy());
        let path = path.collect::<Vec<_>>().join("/");
        // So many `super::` lead to the top of the crate.
        let depth = path.split('/').count() - usize::from(path.ends_with("/mod.rs"));
        let code = code.join("\n").replace(&"super::".repeat(depth), "crate::");
        Self { path, code }
    }

    /// The module that it is, from the top of the crate on.
    fn module(&self) -> String {
        let module = self.path.trim_end_matches(".rs").trim_end_matches("/mod");
        module.replace('/', "::")
    }

    fn room(&self) -> &str {
        self.path.split('/').next().unwrap_or_default()
    }

    /// The paths that it names, each with its place: those in `use`, and those between other words.
    fn names(&self) -> Vec<(String, String)> {
        static USE: LazyLock<Regex> = LazyLock::new(|| pattern(r"\buse\s+([^;]+);"));
        static PATH: LazyLock<Regex> = LazyLock::new(|| pattern(r"\b[A-Za-z_]\w*(?:::\w+)+"));
        let mut found = Vec::new();
        let mut rest = self.code.clone();
        for tree in USE.captures_iter(&self.code).filter_map(|found| found.get(1)) {
            leaves("", tree.as_str(), tree.start(), &mut found);
            let blank = tree.as_str().replace(|c| c != '\n', " ");
            rest.replace_range(tree.range(), &blank);
        }
        found.extend(PATH.find_iter(&rest).map(|path| (path.start(), path.as_str().to_owned())));
        let line = |at: usize| self.code[..at].matches('\n').count() + 1;
        let place = |(at, name)| (format!("src/{}:{}", self.path, line(at)), name);
        found.into_iter().map(place).collect()
    }

    fn is_pure(&self) -> bool {
        let is_in =
            |part: &&str| self.path == *part || part.ends_with('/') && self.path.starts_with(*part);
        PURE.iter().any(is_in)
    }
}

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a pattern")
}

/// The paths in a tree of a `use`, each with its place in the file, where the tree begins at `at`.
fn leaves(before: &str, tree: &str, at: usize, found: &mut Vec<(usize, String)>) {
    let mut depth = 0;
    let parts = tree.split(|c| {
        depth += i32::from(c == '{') - i32::from(c == '}');
        c == ',' && depth == 0
    });
    let mut at = at;
    for part in parts {
        let begin = at + part.len() - part.trim_start().len();
        match part.split_once('{') {
            Some((head, more)) => {
                let more = more.trim_end().trim_end_matches('}');
                let before = format!("{before}{}", head.trim());
                leaves(&before, more, at + part.find('{').unwrap_or_default() + 1, found);
            }
            None if part.trim().is_empty() => {}
            None => {
                let name = part.split(" as ").next().unwrap_or_default().trim();
                found.push((begin, format!("{before}{name}")));
            }
        }
        at += part.len() + 1;
    }
}

/// All files of src/ that are in a room.
fn sources() -> Vec<Source> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders: Vec<PathBuf> = vec![src.clone()];
    let mut sources = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of this repository") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ext| ext == "rs") && folder != src {
                sources.push(Source::read(&src, &path));
            }
        }
    }
    sources
}

/// Whether a path is this one, or leads on from it.
fn leads_to(path: &str, beginning: &str) -> bool {
    path.strip_prefix(beginning).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

#[test]
fn a_room_uses_only_the_rooms_before_it() {
    let sources = sources();
    let rooms: BTreeSet<&str> = sources.iter().map(Source::room).collect();
    assert_eq!(rooms, BTreeSet::from(ROOMS), "the folders of src/ and the table");
    let height = |room: &str| ROOMS.iter().position(|known| *known == room);
    let mut arrows = BTreeSet::new();
    let mut up = Vec::new();
    for source in &sources {
        for (place, path) in source.names() {
            let Some(inside) = path.strip_prefix("crate::") else { continue };
            // A macro names its own room as its users elsewhere do.
            let inside = inside.strip_prefix("internals::").unwrap_or(inside);
            let other = inside.split("::").next().unwrap_or_default();
            if other == source.room() {
                continue;
            }
            // What is no room is the crate's own front.
            if height(other).is_none_or(|height_of| Some(height_of) > height(source.room())) {
                up.push(format!("{place}: {} uses {path}", source.room()));
            }
            arrows.insert((source.room(), other.to_owned()));
        }
    }
    assert!(up.is_empty(), "arrows that run up:\n{}", up.join("\n"));
    assert!(arrows.len() > 50, "{} arrows were read", arrows.len());
    let both = |(a, b): &&(&str, String)| arrows.contains(&(b.as_str(), (*a).to_owned()));
    let pairs: Vec<_> = arrows.iter().filter(both).collect();
    assert!(pairs.is_empty(), "rooms that point at each other: {pairs:?}");
}

#[test]
fn no_files_use_each_other_in_a_circle() {
    let sources = sources();
    let modules: BTreeSet<String> = sources.iter().map(Source::module).collect();
    let mut arrows: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for source in &sources {
        let own = source.module();
        let used = source.names().into_iter().filter_map(|(_, path)| {
            let mut path = inside(&own, &path)?;
            while !modules.contains(&path) {
                path.truncate(path.rfind("::")?);
            }
            Some(path)
        });
        // The file of a room or a part of one lists the files in it, and is used by them as any other.
        let is_other = |used: &String| *used != own && !used.starts_with(&format!("{own}::"));
        let used = used.filter(is_other).collect();
        arrows.insert(own, used);
    }
    let count: usize = arrows.values().map(BTreeSet::len).sum();
    assert!(count > 500, "{count} arrows were read");
    // What uses nothing that is left is in no circle, and is taken away, until nothing changes.
    loop {
        let free: Vec<String> =
            arrows.iter().filter(|(_, used)| used.is_empty()).map(|(own, _)| own.clone()).collect();
        if free.is_empty() {
            break;
        }
        for module in &free {
            arrows.remove(module);
        }
        for used in arrows.values_mut() {
            used.retain(|module| !free.contains(module));
        }
    }
    assert!(arrows.is_empty(), "files in a circle, or that use some: {arrows:#?}");
}

/// A path from the top of the crate on, if it leads into it, as the module `own` names it.
fn inside(own: &str, path: &str) -> Option<String> {
    let supers = path.matches("super::").count();
    let rest = path.trim_start_matches("super::");
    if supers == 0 {
        return path.strip_prefix("crate::").map(str::to_owned);
    }
    let above: Vec<&str> = own.split("::").collect();
    let above = above.get(..above.len().checked_sub(supers)?)?.join("::");
    Some(format!("{above}::{rest}"))
}

#[test]
fn no_pure_file_names_network_clock_files_environment_or_randomness() {
    let mut unused: BTreeSet<&str> = IMPURE.iter().map(|(file, _)| *file).collect();
    let mut missing: BTreeSet<&str> =
        PURE.into_iter().filter(|part| !part.ends_with('/')).collect();
    let mut impure = Vec::new();
    for source in sources().iter().filter(|source| source.is_pure()) {
        missing.remove(source.path.as_str());
        let named = source.names().into_iter();
        let mut named = named.filter(|(_, path)| OUTSIDE.iter().any(|word| leads_to(path, word)));
        if unused.contains(source.path.as_str()) && named.next().is_some() {
            unused.remove(source.path.as_str());
            continue;
        }
        impure.extend(named.map(|(place, path)| format!("{place}: {path}")));
    }
    assert!(impure.is_empty(), "what is not pure:\n{}", impure.join("\n"));
    assert!(unused.is_empty(), "files that are pure after all, or not there: {unused:?}");
    assert!(missing.is_empty(), "files that are not there: {missing:?}");
}

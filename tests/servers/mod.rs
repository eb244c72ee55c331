//! Servers as processes of their own, and errproof run against each as a person would run it.

use std::{
    collections::VecDeque,
    env, fs,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    sync::{Mutex, PoisonError, mpsc},
    thread,
    time::{Duration, Instant},
};

#[path = "../../benches/common/mod.rs"]
mod common;
pub(crate) use common::line;

/// How many servers are tested at once. Each is mostly waited for: for the limit's window, and for a
/// tool that gives up after 90 seconds. With 16 the machine's two cores are busy for a third of that.
const AT_ONCE: usize = 16;

/// How long a server may take to say where it listens. An interpreter on a busy machine takes seconds.
const START: Duration = Duration::from_secs(60);

/// How long a run may take: the longest waits that the page allows, twice, and time to spare.
const RUN: Duration = Duration::from_secs(900);

/// The slots of the contract.
const SLOTS: [&str; 7] =
    ["VALID", "BURST", "REVOKED", "DRAINED", "FREE_PLAN", "REGEN_CAPPED", "ORPHANED"];

/// The hooks of the contract.
const HOOKS: [&str; 3] = ["generation_failed", "generation_timeout", "preflight_failed"];

/// What the keys of a server are made of. The page says only how a key begins.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    alphabet: &'static str,
    length: usize,
}

const LETTERS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
pub(crate) const SHAPES: [Shape; 3] = [
    Shape { alphabet: LETTERS, length: 32 },
    Shape { alphabet: "0123456789abcdef", length: 24 },
    Shape {
        alphabet: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
        length: 48,
    },
];

impl Shape {
    fn key(self) -> String {
        let alphabet: Vec<char> = self.alphabet.chars().collect();
        let random = (0..self.length).map(|_| *fastrand::choice(&alphabet).expect("not empty"));
        "pms_live_".chars().chain(random).collect()
    }
}

/// One server to be tested.
#[derive(Debug, Clone)]
pub(crate) struct Variant {
    /// The folder of its stack.
    pub(crate) folder: PathBuf,
    /// What it is called, as the argument that starts it.
    pub(crate) name: String,
    pub(crate) shape: Shape,
    /// The seconds after which its tools give up on their generator.
    pub(crate) gives_up_after: u32,
    /// The credits that a run may spend on it.
    pub(crate) credits: u32,
}

/// The least and the most that the page gives a tool.
pub(crate) const GIVES_UP_AFTER: [u32; 2] = [90, 300];

/// What the name of a server ends with whose tools take all that the page gives them.
pub(crate) const AFTER_FIVE_MINUTES: &str = " after five minutes";

impl Variant {
    /// How people call it.
    pub(crate) fn title(&self) -> String {
        let stack = self.folder.file_name().unwrap_or_default().to_string_lossy();
        let slow = if self.gives_up_after == GIVES_UP_AFTER[1] { AFTER_FIVE_MINUTES } else { "" };
        format!("{stack}/{}{slow}", self.name)
    }
}

/// What a run said of a server.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) title: String,
    /// The exit code; none if the run had to be ended.
    pub(crate) code: Option<i32>,
    pub(crate) text: String,
    /// What `errproof plan` said before.
    pub(crate) plan: String,
}

impl Said {
    fn unstarted(title: String, text: String) -> Self {
        Self { title, code: None, text, plan: String::new() }
    }
}

/// A process that is ended, by its own id, when this is dropped.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// Has errproof judge each of them, and says of each what became of it as soon as that is known.
pub(crate) fn judge_all(variants: VecDeque<Variant>, report: impl Fn(&Said) + Sync) -> Vec<Said> {
    let queue = Mutex::new(variants);
    let all = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(variant) = next(&queue) {
                    let said = judge(&variant);
                    report(&said);
                    all.lock().unwrap_or_else(PoisonError::into_inner).push(said);
                }
            });
        }
    });
    all.into_inner().unwrap_or_else(PoisonError::into_inner)
}

fn next(queue: &Mutex<VecDeque<Variant>>) -> Option<Variant> {
    queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
}

/// The variants of every stack in a folder beside this one that this machine can run, with the three shapes of keys in
/// turn.
pub(crate) fn variants(servers: &str) -> VecDeque<Variant> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(servers);
    let entries = fs::read_dir(&root).expect("the folder of the stacks");
    let mut folders: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    folders.retain(|folder| folder.join("run").is_file());
    folders.sort();
    let mut variants = VecDeque::new();
    for folder in folders {
        let stack = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let ask = |flag: &str| {
            let asked = Command::new(folder.join("run")).arg(flag).output();
            asked.unwrap_or_else(|why| panic!("{stack}: run {flag} does not start: {why}"))
        };
        let missing = ask("--missing");
        if !missing.status.success() {
            let why = String::from_utf8_lossy(&missing.stdout);
            line(&format!("skipped {stack}: {}", why.trim()));
            continue;
        }
        let names = String::from_utf8_lossy(&ask("--variants").stdout).into_owned();
        assert!(!names.trim().is_empty(), "{stack} names no variant");
        // What follows a tab says what is special about it.
        let names = names.lines().map(|line| line.split('\t').next().unwrap_or(line));
        variants.extend(names.enumerate().map(|(at, name)| Variant {
            folder: folder.clone(),
            name: name.to_owned(),
            shape: SHAPES[at % SHAPES.len()],
            gives_up_after: GIVES_UP_AFTER[usize::from(name.contains("five-minutes"))],
            credits: 0,
        }));
    }
    variants
}

/// Starts a server, and has errproof judge it.
fn judge(variant: &Variant) -> Said {
    let title = variant.title();
    let keys: Vec<(String, String)> =
        SLOTS.iter().map(|slot| (format!("ERRPROOF_KEY_{slot}"), variant.shape.key())).collect();
    let server = Command::new(variant.folder.join("run"))
        .arg(&variant.name)
        .envs(keys.iter().cloned())
        .env("WINDOW_SECONDS", "60")
        .env("TIMEOUT_SECONDS", variant.gives_up_after.to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let mut server = match server {
        Ok(server) => Running(server),
        Err(why) => return Said::unstarted(title, format!("it does not start: {why}")),
    };
    // Held until the end: a server that says more would be ended by a closed pipe.
    let Some((url, _stdout)) = server.0.stdout.take().and_then(address) else {
        return Said::unstarted(title, "it does not say where it listens".to_owned());
    };
    let flags = flags(&variant.folder);
    let folder = tempfile::tempdir().expect("a folder");
    let target = folder.path().join("target.toml");
    let credits = variant.credits;
    let text = format!("base-url = \"{url}\"\n\n[budget]\ncredits = {credits}\n");
    fs::write(&target, text).expect("written");
    let (_, plan) = run("plan", &target, &flags, &keys);
    let (code, text) = run("test", &target, &flags, &keys);
    Said { title, code, text, plan }
}

/// The address in a server's first line, and what else it says.
fn address(stdout: ChildStdout) -> Option<(String, BufReader<ChildStdout>)> {
    let (say, said) = mpsc::channel();
    thread::spawn(move || {
        let mut reader = BufReader::new(stdout);
        let mut first = String::new();
        let read = reader.read_line(&mut first).is_ok();
        // Nobody hears it if it came too late.
        say.send((first, reader)).ok();
        read
    });
    let (first, reader) = said.recv_timeout(START).ok()?;
    let url = first.trim().strip_prefix("listening on ")?.to_owned();
    Some((url, reader))
}

/// What a person would have to say of a stack's servers, from its file `flags`, whose comments say why.
pub(crate) fn flags(folder: &Path) -> Vec<String> {
    let text = fs::read_to_string(folder.join("flags")).unwrap_or_default();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.flat_map(str::split_whitespace).map(str::to_owned).collect()
}

/// Runs errproof against a server, as a person would.
fn run(
    word: &str,
    target: &Path,
    flags: &[String],
    keys: &[(String, String)],
) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let output = folder.path().join("output");
    let file = fs::File::create(&output).expect("a file");
    let hooks = HOOKS.map(|hook| {
        (format!("ERRPROOF_HOOK_{}", hook.to_uppercase()), format!("X-Test-Fault: {hook}"))
    });
    let of_errproof = env::vars_os().map(|(name, _)| name);
    let of_errproof = of_errproof.filter(|name| name.to_string_lossy().starts_with("ERRPROOF_"));
    let mut command = Command::new(env!("CARGO_BIN_EXE_errproof"));
    for name in of_errproof {
        command.env_remove(name);
    }
    let process = command
        .args([word, "--target"])
        .arg(target)
        .args(flags)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("CI", "true")
        .env_remove("NEXTEST")
        .env_remove("INSTA_UPDATE")
        .envs(keys.iter().cloned())
        .envs(hooks)
        .stdin(Stdio::null())
        .stdout(file.try_clone().expect("a file"))
        .stderr(file)
        .spawn()
        .expect("the command starts");
    let mut process = Running(process);
    let begin = Instant::now();
    let code = loop {
        match process.0.try_wait().expect("a child of ours") {
            Some(status) => break status.code(),
            None if begin.elapsed() > RUN => break None,
            None => thread::sleep(Duration::from_millis(200)),
        }
    };
    let bytes = fs::read(&output).expect("written");
    (code, String::from_utf8_lossy(&bytes).into_owned())
}

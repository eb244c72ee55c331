//! Runs the command of a person who wants their client tested: without a shell, in a process group
//! of its own, so that it can be ended with all its children. Unix only.

use std::{
    io,
    process::{ExitStatus, Stdio},
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{
    process::{Child, Command},
    task::JoinHandle,
    time::{sleep, timeout},
};

use super::{
    group::Groups,
    output::{Heard, Wanted, listen},
    record::{CommandEnd, Output},
    server::Mock,
};
use crate::{
    exchange::locked::Locked as _,
    shown::{redactor::Redactor, secret::Secret, text::Shown},
    source::fault::Fault,
};

/// The variable that tells the client where the API is.
pub const BASE_URL: &str = "ERRPROOF_BASE_URL";

/// The variable that tells the client its key.
pub const API_KEY: &str = "ERRPROOF_API_KEY";

/// How often a run is looked at: whether it takes too long or sends too much.
const TICK: Duration = Duration::from_millis(50);

/// How long after the first attempt too many a command is let run on, so that the time line shows
/// whether it would go on.
const AFTER_TOO_MANY: Duration = Duration::from_secs(1);

/// How long the mock stays after the command has ended, for what it may have left behind unseen.
const WATCH: Duration = Duration::from_secs(2);

/// The same while something that it has left behind is alive: longer than the step that would
/// follow on 1, 2 and 4 seconds.
const WATCH_CHILDREN: Duration = Duration::from_secs(10);

/// How long the rest of the output is waited for when all is over. It is there at once, except on a
/// machine with a lot to do, or where something that has left the process group holds the stream.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// A command as a person wrote it, split into its words. Any of them may be a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    words: Vec<Secret>,
    written: Secret,
}

impl Program {
    /// Splits a command as a shell would, and leaves out all else that a shell does. Who wants a
    /// shell writes one: `sh -c '...'`.
    ///
    /// # Errors
    /// If there is nothing in it, or a quote has no end.
    pub fn parse(written: &Secret) -> Result<Self, Fault> {
        let written = written.expose();
        let words = shlex::split(written).unwrap_or_default();
        if words.first().is_none_or(String::is_empty) {
            return Err(Fault::general(format!("`{written}` is not a command"))
                .help("--client takes a program and its arguments, each quote with its end"));
        }
        if cfg!(not(unix)) {
            return Err(Fault::general("--client works on Unix only"));
        }
        let words = words.into_iter().map(Secret::new).collect();
        Ok(Self { words, written: Secret::new(written) })
    }

    /// The command as it was written, for a fault: those are shown without keys.
    #[must_use]
    pub fn written(&self) -> &str {
        self.written.expose()
    }

    /// The command as it was written, without keys.
    #[must_use]
    pub fn shown(&self, redactor: &Redactor) -> Shown {
        redactor.line(self.written.expose())
    }
}

/// What a command is given.
#[derive(Debug)]
pub struct CommandSetup<'a> {
    /// Its key.
    pub key: &'a Secret,
    /// Variables that it must not see: keys of the target that is tested in the same run.
    pub hidden: &'a [String],
    /// How long it may take.
    pub patience: Duration,
    /// What the mock does when the command has ended.
    pub afterwards: Afterwards,
    /// Where its process group is noted while it is alive.
    pub groups: &'a Groups,
}

/// What a mock does when its command has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Afterwards {
    /// It stays for what the command may have left behind.
    Watches,
    /// It ends as well.
    Ends,
}

/// How a command ended, and what it printed.
#[derive(Debug)]
pub struct Ended {
    /// How.
    pub end: CommandEnd,
    /// When, on the mock's clock.
    pub at: Duration,
    /// What it printed.
    pub printed: Output,
}

/// Runs a command against a mock until it has ended, and watches for what it has left behind.
/// Nothing of its process group is left when this is over, and it is so even if it is dropped.
///
/// # Errors
/// If the command cannot be started.
pub async fn run(
    program: &Program,
    given: &CommandSetup<'_>,
    mock: &Mock,
    wanted: Wanted,
) -> io::Result<Ended> {
    let mut command = command(program, given, mock);
    let mut child = command.spawn()?;
    let group = given.groups.add(&child);
    let wanted = Arc::new(wanted);
    let stdout = Stream::of(child.stdout.take().expect("it is piped"), &wanted);
    let stderr = Stream::of(child.stderr.take().expect("it is piped"), &wanted);
    let streams = [&stdout, &stderr];

    let end = until_its_end(&mut child, mock, given.patience).await?;
    let at = mock.now();
    if matches!(end, CommandEnd::Exit(_) | CommandEnd::Signal(_))
        && given.afterwards == Afterwards::Watches
    {
        let left = || group.is_alive() || streams.iter().any(|stream| !stream.is_closed());
        watch(mock, at, left).await;
    }
    drop(group);
    child.wait().await?;
    for stream in streams {
        stream.last_words(mock).await;
    }
    Ok(Ended { end, at, printed: printed(&wanted, &stdout, &stderr) })
}

fn command(program: &Program, given: &CommandSetup<'_>, mock: &Mock) -> Command {
    let mut command = Command::new(program.words[0].expose());
    command.args(program.words[1..].iter().map(Secret::expose));
    given.hidden.iter().for_each(|name| {
        command.env_remove(name);
    });
    // A proxy must not come between: it would reach another machine's port.
    for name in ["NO_PROXY", "no_proxy"] {
        let set = std::env::var(name).map(|hosts| format!("{hosts},")).unwrap_or_default();
        command.env(name, format!("{set}127.0.0.1"));
    }
    command.env(BASE_URL, mock.url()).env(API_KEY, given.key.expose());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    #[cfg(unix)]
    command.process_group(0);
    command
}

async fn until_its_end(
    child: &mut Child,
    mock: &Mock,
    patience: Duration,
) -> io::Result<CommandEnd> {
    loop {
        if let Ok(ended) = timeout(TICK, child.wait()).await {
            return Ok(ended_by_itself(ended?));
        }
        let now = mock.now();
        if mock.too_many().is_some_and(|at| now > at + AFTER_TOO_MANY) {
            return Ok(CommandEnd::TooMany);
        }
        if now > patience {
            return Ok(CommandEnd::Overran(patience));
        }
    }
}

fn ended_by_itself(status: ExitStatus) -> CommandEnd {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return CommandEnd::Signal(signal);
    }
    CommandEnd::Exit(status.code().unwrap_or(-1))
}

async fn watch(mock: &Mock, ended: Duration, left: impl Fn() -> bool) {
    loop {
        let now = mock.now();
        let time = if left() { WATCH_CHILDREN } else { WATCH };
        let enough = mock.too_many().is_some_and(|at| now > at.max(ended) + AFTER_TOO_MANY);
        if now > ended + time || enough {
            return;
        }
        sleep(TICK).await;
    }
}

fn printed(wanted: &Wanted, stdout: &Stream, stderr: &Stream) -> Output {
    let (mut stdout, mut stderr) = (stdout.heard(), stderr.heard());
    stdout.finish(wanted);
    stderr.finish(wanted);
    Output {
        unsearched: stdout.unsearched + stderr.unsearched,
        key: stdout.key || stderr.key,
        ids: stdout.ids.union(&stderr.ids).copied().collect(),
        stdout: stdout.text(),
        stderr: stderr.text(),
    }
}

/// A stream of a command, which is being listened to.
struct Stream {
    heard: Arc<Mutex<Heard>>,
    listening: JoinHandle<()>,
}

impl Stream {
    fn of(
        stream: impl tokio::io::AsyncRead + Send + Unpin + 'static,
        wanted: &Arc<Wanted>,
    ) -> Self {
        let heard = Arc::<Mutex<Heard>>::default();
        let (wanted, into) = (Arc::clone(wanted), Arc::clone(&heard));
        let listening = tokio::spawn(async move { listen(stream, &wanted, &into).await });
        Self { heard, listening }
    }

    fn heard(&self) -> std::sync::MutexGuard<'_, Heard> {
        self.heard.locked()
    }

    fn is_closed(&self) -> bool {
        self.heard().closed
    }

    /// Waits until all is read.
    async fn last_words(&self, mock: &Mock) {
        let over = mock.now();
        while !self.is_closed() && mock.now() < over + LAST_WORDS {
            sleep(TICK / 5).await;
        }
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

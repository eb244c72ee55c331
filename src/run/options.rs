//! The flags of a run. Each has an environment variable, because some runners pass no flags.

use std::{fmt, path::PathBuf};

use clap::Parser;
use libtest_mimic::Arguments;

use crate::{exchange::deadlines::LONGEST_WAIT, shown::secret::Secret};

/// The flags of a run, and the variables that stand in for flags that are not given.
///
/// [`Options::from_flags`] reads them and [`Options::run`] carries the run out. `--help` lists them.
#[derive(Parser)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag, given or not")]
#[command(
    mut_arg("bench", |bench| {
        bench.help("Run benchmarks instead of tests; errproof has none, so it tests nothing")
    }),
    about = "Proves that an API's errors are what its docs promise",
    long_about = "\
Proves that an API's errors are what its docs promise.

Without a target it tests the bundled mock, if the contract is the mock's.",
    after_help = "\
Exit codes:
  0    all well
  101  the contract is broken, or a trial could not be judged
  2    bad usage or bad files, nothing was sent; or the client cannot be started; or `lint --deny`
        has advice to give
  3    the target or the page could not be reached, or the target refuses the key it was given; or
        the client makes no call, or fails although its call succeeds
  4    nothing was selected, or no code that was selected is proven or broken as known
  5    an output, a report or a snapshot could not be written, for example to a full disk"
)]
pub struct Options {
    /// Test the API at this address; with --target, instead of the address in its file
    #[arg(long, value_name = "URL", env = "ERRPROOF_TARGET_URL", hide_env_values = true)]
    pub(crate) target_url: Option<Secret>,

    /// Test the API that targets/NAME.toml or FILE describes
    #[arg(long, value_name = "NAME|FILE", env = "ERRPROOF_TARGET", hide_env_values = true)]
    pub(crate) target: Option<Secret>,

    /// Test whether this docs page, a file or an address, says what the contract says
    #[arg(long, value_name = "URL|FILE", env = "ERRPROOF_DOCS", hide_env_values = true)]
    pub(crate) docs: Option<Secret>,

    /// Follow the docs link that every error carries
    #[arg(long, env = "ERRPROOF_CHECK_LINKS", value_parser = clap::builder::FalseyValueParser::new())]
    pub(crate) check_links: bool,

    /// Test this client: a command that makes one call and exits
    #[arg(long, value_name = "COMMAND", env = "ERRPROOF_CLIENT", hide_env_values = true)]
    pub(crate) client: Option<Secret>,

    /// Seconds a client run may take on top of the waits it is told to make
    #[arg(long, value_name = "SECONDS", env = "ERRPROOF_CLIENT_TIMEOUT", default_value_t = 60)]
    pub(crate) client_timeout: u32,

    /// Take the contract from this folder
    #[arg(long, value_name = "DIR", env = "ERRPROOF_CONTRACT", hide_env_values = true)]
    pub(crate) contract: Option<PathBuf>,

    /// Write report.html, report.json, junit.xml and summary.md into this folder
    #[arg(long, value_name = "DIR", env = "ERRPROOF_REPORT_DIR", hide_env_values = true)]
    pub(crate) report_dir: Option<PathBuf>,

    /// Seconds to wait for a response [default: 80]; responses documented as slower get their documented time
    #[arg(long, value_name = "SECONDS", env = "ERRPROOF_ANSWER_WITHIN", value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub(crate) answer_within: Option<u64>,

    /// Longest Retry-After to wait out, in seconds; if the burst is asked to wait longer, it is inconclusive
    #[arg(long, value_name = "SECONDS", env = "ERRPROOF_WAIT_AT_MOST", default_value_t = LONGEST_WAIT.as_secs(), value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub(crate) wait_at_most: u64,

    /// Prove each promise at one point, once, and the limit by its burst alone: for a pull request
    #[arg(long, env = "ERRPROOF_QUICK", value_parser = clap::builder::FalseyValueParser::new())]
    pub(crate) quick: bool,

    /// Treat ignored and inconclusive trials as failures
    #[arg(long, env = "ERRPROOF_STRICT", value_parser = clap::builder::FalseyValueParser::new())]
    pub(crate) strict: bool,

    /// Treat advice, which no page promised, as failures
    #[arg(long, value_name = "WHAT", env = "ERRPROOF_DENY")]
    pub(crate) deny: Option<Deniable>,

    /// Allow a run against a host that real customers use
    #[arg(long, env = "ERRPROOF_ALLOW_PRODUCTION", value_parser = clap::builder::FalseyValueParser::new())]
    pub(crate) allow_production: bool,

    /// The flags of the standard test harness.
    #[command(flatten, next_help_heading = "Flags of every Rust test run")]
    pub(crate) tests: Arguments,
}

/// What `--deny` takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Deniable {
    /// What no page promises and every engineer expects.
    Advice,
}

impl Options {
    /// Whether a server is tested: the one that is named, or the bundled mock if no other side of
    /// the contract is named.
    #[must_use]
    pub(crate) fn tests_server(&self) -> bool {
        let other_side = self.docs.is_some() || self.client.is_some();
        self.target.is_some() || self.target_url.is_some() || !other_side
    }
}

impl fmt::Debug for Options {
    /// Any of them may hold a key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options").finish_non_exhaustive()
    }
}

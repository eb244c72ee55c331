//! What the `errproof` command can do besides a test run. Each of its words is a file here.

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser};
use clap_complete::Shell;

#[cfg(feature = "mock")]
use super::serve;
use super::{format::Format, limits, lint, new};
use crate::{
    run::{
        dry,
        end::{End, finish},
        folder::Fallback,
        options::Options,
        start::{of_environment, start},
    },
    shown::redactor::Redactor,
    terminal::{exit, print},
};

/// Proves that an API's errors are what its docs promise
#[derive(Debug, Parser)]
#[command(
    name = "errproof",
    version,
    after_help = "\
Examples:
  errproof test                                            the contract, on the bundled mock
  errproof test --target-url https://staging.example.com   the same on a server of yours
  errproof test --target staging rate_limited              one code, on targets/staging.toml
  errproof limits --target staging                         which algorithm is the rate limiter's
  errproof serve --port 8080                               the bundled mock, to write clients against
  errproof new our-api && errproof lint --contract our-api a contract of your own"
)]
pub enum Command {
    /// Run a contract against a target, or against the bundled mock
    #[command(help_template = HELP)]
    Test(Options),
    /// Print what a run would send, and send nothing
    #[command(help_template = HELP)]
    Plan(Options),
    /// Name the algorithm of a rate limiter from outside, and the most that it serves
    #[command(long_about = limits::ABOUT)]
    Limits(limits::LimitsOptions),
    /// Print the docs' page from the contract, in Markdown
    #[cfg(feature = "page")]
    #[command(help_template = HELP)]
    Docs(Options),
    /// Serve the bundled mock, for people who write clients
    #[cfg(feature = "mock")]
    #[command(long_about = serve::ABOUT)]
    Serve(serve::ServeOptions),
    /// Look for what is wrong or missing in a contract's files
    #[command(long_about = lint::ABOUT)]
    Lint(lint::LintOptions),
    /// Write a contract folder for another API, to be filled in
    #[command(long_about = new::ABOUT)]
    New(new::NewOptions),
    /// Print the JSON Schema of a file format, or of report.json
    Schema {
        /// Which one
        format: Format,
    },
    /// Print completions for a shell
    #[command(
        after_help = "Example:\n  errproof completions bash > ~/.local/share/bash-completion/completions/errproof"
    )]
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print the manual page
    #[command(after_help = "Example:\n  errproof man > errproof.1 && man ./errproof.1")]
    Man,
}

/// clap's own, in place of the test harness's, which would be titled as if there were no words.
const HELP: &str = "{about-with-newline}\n{usage-heading} {usage}\n\n{all-args}{after-help}";

/// Does what the command line asks for, or says what is wrong with it.
#[must_use = "return it from main, or the command always succeeds"]
pub fn main() -> ExitCode {
    match Command::try_parse() {
        Ok(command) => command.run(),
        Err(error) => print::usage(&error, &of_environment().redactor()),
    }
}

impl Command {
    /// Does what was asked for.
    #[must_use = "return it from main, or the command always succeeds"]
    pub fn run(self) -> ExitCode {
        match self {
            Self::Test(options) => start(Ok(options), Fallback::BuiltIn),
            Self::Plan(options) => dry::plan(&options, Fallback::BuiltIn),
            Self::Limits(options) => {
                let mut secrets = of_environment();
                let ended = limits::limits(&options, &mut secrets);
                finish(ended, || secrets.redactor())
            }
            #[cfg(feature = "page")]
            Self::Docs(options) => dry::docs(&options, Fallback::BuiltIn),
            #[cfg(feature = "mock")]
            Self::Serve(options) => finish(serve::serve(&options), || of_environment().redactor()),
            Self::Lint(options) => {
                let mut secrets = of_environment();
                let ended = lint::lint(&options, &mut secrets);
                finish(ended, || secrets.redactor())
            }
            Self::New(options) => {
                let redactor = of_environment().redactor();
                finish(new::new(&options, &redactor), || redactor)
            }
            Self::Schema { format } => printed(format.schema()),
            Self::Completions { shell } => {
                let mut text = Vec::new();
                clap_complete::generate(shell, &mut Self::command(), "errproof", &mut text);
                printed(&String::from_utf8_lossy(&text))
            }
            Self::Man => {
                let mut page = Vec::new();
                let made = clap_mangen::Man::new(Self::command()).render(&mut page);
                made.expect("a vector takes all that is written");
                printed(&String::from_utf8_lossy(&page))
            }
        }
    }
}

fn printed(text: &str) -> ExitCode {
    // Nothing but our own words is in it.
    let redactor = Redactor::default();
    let printed = print::line(&redactor.text(text.trim_end()));
    finish(printed.map(|()| exit::SUCCESS).map_err(End::from), || redactor)
}

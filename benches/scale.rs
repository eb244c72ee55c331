//! What a case costs as cases grow: 14, 1,400 and 14,000 against one server in another process.
//!
//! Bounds: a case of 14,000 takes at most 1.2 times as long as one of 1,400, and the process that
//! runs 14,000 needs at most 40 MiB.

mod common;
use common::line;

use std::{
    env, fs,
    path::Path,
    process::{Command, ExitCode, Stdio},
    time::Instant,
};

use errproof::internals::run::{folder::Fallback, options::Options, start::start};
use tokio::runtime::Runtime;

mod cases;

const SIZES: [usize; 3] = [14, 1_400, 14_000];
const RUNS: usize = 5;
const BOUND_RATIO: f64 = 1.2;
const BOUND_MIB: f64 = 40.0;

/// Set for the process that is measured: where to write its peak memory.
const MEASURED: &str = "ERRPROOF_BENCH_PEAK";

fn main() -> ExitCode {
    if let Some(peak) = env::var_os(MEASURED) {
        let code = start(<Options as clap::Parser>::try_parse(), Fallback::None);
        let status =
            fs::read_to_string("/proc/self/status").expect("Linux says what memory is used");
        fs::write(peak, status).expect("written");
        return code;
    }
    // `cargo test --benches` only asks whether it starts.
    if !env::args().any(|flag| flag == "--bench") {
        return ExitCode::SUCCESS;
    }
    let runtime = Runtime::new().expect("the runtime starts");
    let url = cases::start(&runtime);
    let mut each = Vec::new();
    let mut most = 0.0;
    for size in SIZES {
        let folder = tempfile::tempdir().expect("a folder");
        cases::write_contract(folder.path(), size);
        let mut runs: Vec<_> = (0..RUNS).map(|_| run(folder.path(), &url)).collect();
        runs.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (seconds, mib) = runs[RUNS / 2];
        #[expect(clippy::cast_precision_loss, reason = "thousands")]
        let micros = seconds * 1e6 / size as f64;
        line(&format!(
            "{size:>6} cases: {seconds:.2} s, {micros:.0} µs a case, peak {mib:.1} MiB, medians of {RUNS}"
        ));
        each.push(micros);
        most = mib;
    }
    let ratio = each[2] / each[1];
    line(&format!(
        "a case of 14,000 to one of 1,400: {ratio:.2} (bound {BOUND_RATIO}); peak {most:.1} MiB (bound {BOUND_MIB})"
    ));
    assert!(ratio <= BOUND_RATIO && most <= BOUND_MIB, "a bound is broken");
    ExitCode::SUCCESS
}

/// Runs a contract in a process of its own: its seconds and its peak memory in MiB.
fn run(folder: &Path, url: &str) -> (f64, f64) {
    let peak = folder.join("peak");
    let begin = Instant::now();
    let status = Command::new(env::current_exe().expect("this program"))
        .args(["--target-url", url, "--contract"])
        .arg(folder)
        .env(MEASURED, &peak)
        .envs(cases::variables())
        .stdout(Stdio::null())
        .status()
        .expect("it starts");
    let seconds = begin.elapsed().as_secs_f64();
    assert!(status.success(), "{status}");
    let text = fs::read_to_string(peak).expect("written");
    let peak = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib: f64 =
        peak.and_then(|peak| peak.split_whitespace().next()?.parse().ok()).expect("a number");
    (seconds, kib / 1024.0)
}

//! Benchmark of the cost of a check in process, and of a grant in memory, as the data grows.
//!
//! Owners, grants to accounts and groups, windows, visibility, libraries and parts of containers:
//! the data set of all benchmarks. Each size is built in one process and measured in another that
//! loads it from its file. `--full` goes up to ten million grants; `--chart FILE` draws cost
//! against size as SVG.

#[path = "sizes/build.rs"]
mod build;
#[path = "sizes/chart.rs"]
mod chart;
#[path = "sizes/measure.rs"]
mod measure;

use domain::time::Time;
use measure::Measured;
use serde::de::DeserializeOwned;
use std::{path::Path, process::Command};

/// The allocator of the binary.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let after = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name)?;
        arguments.get(at + 1).cloned()
    };
    let grants = || after("--grants").and_then(|text| text.parse().ok()).unwrap_or_default();
    if let Some(file) = after("--build") {
        return build::report(Path::new(&file), grants());
    }
    if let Some(file) = after("--measure") {
        return measure::report(Path::new(&file), grants());
    }
    let mut sizes = vec![10_000, 100_000, 1_000_000];
    if arguments.iter().any(|argument| argument == "--full") {
        sizes.push(10_000_000);
    }
    let points: Vec<Measured> = sizes.into_iter().map(of_size).collect();
    if let Some(file) = after("--chart") {
        chart::draw(Path::new(&file), &points);
        println!("drawn: {file}");
    }
}

fn of_size(grants: u64) -> Measured {
    let home = tempfile::Builder::new().prefix("sharelog-bench").tempdir().expect("a folder");
    let file = home.path().join("index.bin");
    let built: build::Built = child("--build", &file, grants);
    let measured: Measured = child("--measure", &file, grants);
    built.print(&measured);
    measured.print();
    measured
}

/// Runs this program again for one step; its answer is a line of JSON.
fn child<T: DeserializeOwned>(step: &str, file: &Path, grants: u64) -> T {
    let this = std::env::current_exe().expect("this program");
    let mut command = Command::new(this);
    let ran = command.arg(step).arg(file).args(["--grants", &grants.to_string()]).output();
    let ran = ran.expect("it runs");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let line = String::from_utf8_lossy(&ran.stdout);
    serde_json::from_str(line.trim()).expect("figures")
}

/// Bytes of memory in use by this process, as Linux reports.
pub(crate) fn resident() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    kilobytes.unwrap_or(f64::NAN) * 1024.0
}

#[expect(clippy::disallowed_methods, reason = "windows are judged as of today")]
pub(crate) fn now() -> Time {
    Time::from_micros(jiff::Timestamp::now().as_microsecond()).expect("a time")
}

//! Makes a service that knows millions of grants, and measures its start and memory.

use domain::time::Time;
use eventlog::{
    SharedLog,
    sqlite::{SqliteLog, SqliteOptions},
};
use std::{
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};
use tests::{
    Service,
    dataset::{Plan, TOGETHER, fill},
};

/// A service on the embedded engines with the data set in it, without projectors.
pub(crate) struct Scale {
    pub(crate) plan: Plan,
    pub(crate) folder: PathBuf,
    pub(crate) grants: u64,
    pub(crate) token: String,
    service: Service,
    _home: tempfile::TempDir,
}

/// Starting on an index read from the whole log may take as long.
const WAIT_TIMEOUT: Duration = Duration::from_mins(20);

impl Scale {
    /// Starts a service, fills its log, and starts it twice: from the log, and from a saved index.
    pub(crate) async fn build(plan: Plan) -> Self {
        let home = tempfile::Builder::new().prefix("sharelog-bench").tempdir().expect("a folder");
        let data = home.path().join("data");
        let quiet = ["--projectors=false".to_owned()];
        let mut service = Service::start(&data, &quiet).await;
        let token = service.admin_token();
        let empty = resident(service.id());
        assert!(service.stop(), "it ends well");
        let begun = Instant::now();
        let filled = {
            let log = SqliteLog::open(&data.join("log.db"), SqliteOptions::default()).await;
            let log: SharedLog = Arc::new(log.expect("the log"));
            fill(&log, &plan, now(), TOGETHER).await
        };
        eprintln!("{filled:?} written in {:.1?}", begun.elapsed());
        let count = |number: u64| u32::try_from(number).expect("below four billion");
        let (records, grants) = (count(filled.records), count(filled.grants));
        let from_log = start(&mut service).await;
        let rate = f64::from(records) / from_log.as_secs_f64();
        let what = format!("start from the log, {records} records, {grants} grants");
        let took = from_log.as_secs_f64();
        println!("bench | {what} | {took:.2} s ({rate:.0} records/s) | | | reported");
        assert!(service.stop(), "it ends well");
        let saved = start(&mut service).await.as_secs_f64();
        println!("bench | start from a saved index | {saved:.2} s | | | <= 5 s at 10 M grants");
        let each = (resident(service.id()) - empty) / f64::from(grants);
        println!("bench | resident bytes a grant, whole service | {each:.0} | | | <= 100 at 10 M");
        let folder = home.path().to_owned();
        Self { plan, folder, grants: filled.grants, token, service, _home: home }
    }

    /// Host and port.
    pub(crate) fn address(&self) -> String {
        self.service.base().trim_start_matches("http://").to_owned()
    }
}

async fn start(service: &mut Service) -> Duration {
    let begun = Instant::now();
    service.launch_again();
    service.ready_within(WAIT_TIMEOUT).await;
    begun.elapsed()
}

/// Bytes of memory in use by a process, as Linux reports.
fn resident(process: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    kilobytes.unwrap_or(f64::NAN) * 1024.0
}

#[expect(clippy::disallowed_methods, reason = "records of a running service are of today")]
fn now() -> Time {
    Time::from_micros(jiff::Timestamp::now().as_microsecond()).expect("a time")
}

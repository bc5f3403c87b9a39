//! `sharelog doctor`: checks that everything is as it must be.

use super::{args::DoctorArgs, context::CliContext};
use crate::{
    clock::SystemClock,
    exit::{Exit, Failure},
    health::acknowledgement,
    settings::StoreSettings,
    terminal::{self, BAD, GOOD, HEADING, WARNING, paint},
    wiring::{self, ReadOnlyEngines},
};
use commands::Clock as _;
use projections::{
    index::{self, LoadError},
    views,
};

/// What was found, line by line; the worst decides the exit code.
#[derive(Debug, Default)]
struct Findings {
    worst: Option<Failure>,
}

impl Findings {
    fn good(what: &str, detail: impl std::fmt::Display) {
        terminal::line(format_args!("{} {what:<14} {detail}", paint(GOOD, "ok  ")));
    }

    fn warn(what: &str, detail: impl std::fmt::Display) {
        terminal::line(format_args!("{} {what:<14} {detail}", paint(WARNING, "warn")));
    }

    fn bad(&mut self, what: &str, failure: Failure) {
        terminal::line(format_args!("{} {what:<14} {failure}", paint(BAD, "bad ")));
        if self.worst.as_ref().is_none_or(|worst| worst.exit != Exit::Damaged) {
            self.worst = Some(failure.during(what));
        }
    }
}

pub(super) async fn run(context: &CliContext, args: DoctorArgs) -> Result<(), Failure> {
    let store = context.store(args.store)?;
    let (log, db) = wiring::engine_names(&store);
    terminal::line(paint(HEADING, format_args!("sharelog {}", env!("CARGO_PKG_VERSION"))));
    terminal::line(format_args!("     {:<14} log {log}, database {db}", "engines"));
    terminal::line(format_args!("     {:<14} {}", "data folder", store.data.display()));
    let mut findings = Findings::default();
    key_file(&store, &mut findings);
    match wiring::open_reading(&store).await {
        Ok(reading) => {
            engines(&reading, &mut findings).await;
            saved_index(&store, &reading).await;
        }
        Err(failure) => findings.bad("engines", failure),
    }
    match findings.worst {
        None => Ok(()),
        Some(failure) => Err(failure),
    }
}

fn key_file(store: &StoreSettings, findings: &mut Findings) {
    let path = &store.key_file;
    if !path.exists() {
        let failure = Failure::failed(format!("{} is missing; the vault needs it", path.display()));
        return findings.bad("key file", failure);
    }
    match wiring::loose_key(path) {
        Some(warning) => Findings::warn("key file", warning),
        None => Findings::good("key file", path.display()),
    }
}

async fn engines(reading: &ReadOnlyEngines, findings: &mut Findings) {
    match reading.log.check().await {
        Ok(durability) => {
            Findings::good("event log", &durability.engine);
            Findings::good("acknowledged", acknowledgement(&durability));
            for warning in &durability.warnings {
                Findings::warn("event log", warning);
            }
        }
        Err(error) => findings.bad("event log", error.into()),
    }
    match reading.log.head().await {
        Ok(head) => Findings::good("head", format_args!("position {}", head.position)),
        Err(error) => findings.bad("head", error.into()),
    }
    clock(reading, findings).await;
    let now = SystemClock.now();
    let views = views(reading.database.clone(), Some(reading.log.clone()));
    let statuses = match views.statuses(now).await {
        Ok(statuses) => statuses,
        Err(error) => return findings.bad("read models", error.into()),
    };
    for status in statuses {
        let name = format!("model {}", status.name);
        match &status.stopped {
            Some(stopped) => findings.bad(
                &name,
                Failure::new(
                    Exit::Damaged,
                    format!("stopped at position {}: {}", stopped.position, stopped.why),
                ),
            ),
            None => Findings::good(
                &name,
                format_args!(
                    "position {}, {} records behind{}",
                    status.position,
                    status.lag_records.map_or_else(|| "?".to_owned(), |lag| lag.to_string()),
                    status.paused.map(|at| format!(", paused since {at}")).unwrap_or_default()
                ),
            ),
        }
    }
}

/// The saved access index. Whatever is wrong with it costs time at the next start, no more.
async fn saved_index(store: &StoreSettings, reading: &ReadOnlyEngines) {
    let what = "access index";
    let file = store.local("index.bin");
    let inspected = tokio::task::spawn_blocking(move || index::inspect(&file)).await;
    let inspected = inspected.unwrap_or_else(|error| Err(LoadError::Damaged(error.to_string())));
    let saved = match inspected {
        Ok(saved) => saved,
        Err(LoadError::Missing) => {
            return Findings::good(what, "not saved yet; the next start reads the whole log");
        }
        Err(error) => {
            return Findings::warn(what, format_args!("{error}; the next start reads the log"));
        }
    };
    let ours = reading.log.identity().await.is_ok_and(|log| log == Some(saved.log));
    let head = reading.log.head().await.map(|head| head.position);
    if !ours || head.as_ref().is_ok_and(|head| *head < saved.position) {
        return Findings::warn(what, "saved from another log; the next start reads the log");
    }
    let behind = head.map_or(0, |head| head.0.saturating_sub(saved.position.0));
    Findings::good(
        what,
        format_args!(
            "{} items, {} grants saved at position {} in {} kB, whole; the next start reads it in \
             about {} ms, and {behind} records of the log behind it",
            saved.items,
            saved.grants,
            saved.position,
            saved.bytes / 1000,
            saved.took.as_millis()
        ),
    );
}

async fn clock(reading: &ReadOnlyEngines, findings: &mut Findings) {
    const LIMIT: i64 = eventlog::clock_skew::MAX_SKEW_MICROS;
    match wiring::clock_difference(&reading.log, SystemClock.now()).await {
        Ok(None) => Findings::good("clock", "this machine's own"),
        Ok(Some(micros)) if micros.abs() <= LIMIT => {
            Findings::good("clock", format_args!("{} ms off the log's", micros / 1000));
        }
        Ok(Some(micros)) => findings.bad(
            "clock",
            Failure::new(
                Exit::Damaged,
                format!(
                    "{} ms off the log's; more than {} ms, no commands are taken",
                    micros / 1000,
                    LIMIT / 1000
                ),
            ),
        ),
        Err(failure) => findings.bad("clock", failure),
    }
}

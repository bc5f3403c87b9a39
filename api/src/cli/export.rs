//! `sharelog audit export`: every event as a line of JSON.

use super::{
    args::{AuditCommand, ExportArgs},
    context::CliContext,
    event_source::{EventQuery, EventSource, text},
    local_writer::{self, LocalWriter},
    remote::Remote,
};
use crate::{
    clock::SystemClock,
    exit::{Exit, Failure},
    settings::StoreSettings,
    terminal, wiring,
};
use commands::Clock as _;
use domain::{
    event::ExportMade,
    position::{EventId, Position},
    time::Time,
};
use indicatif::ProgressBar;
use serde_json::Value;
use std::{
    fs::{self, OpenOptions},
    io::{self, BufRead as _, BufReader, BufWriter, Write},
    path::Path,
};

pub(super) async fn run(context: &CliContext, command: AuditCommand) -> Result<(), Failure> {
    let AuditCommand::Export(args) = command;
    export(context, *args).await
}

/// What was written.
#[derive(Debug)]
struct Written {
    events: u64,
    from: Position,
    to: Position,
    at: Time,
}

async fn export(context: &CliContext, args: ExportArgs) -> Result<(), Failure> {
    let store = context.store(args.store)?;
    let remote = Remote::find(&args.remote, &store)?;
    let through_service = remote.is_some();
    let head = if through_service { None } else { Some(head(&store).await?) };
    let done = args.output.as_deref().map(whole_lines).transpose()?.flatten();
    let from = args.from_position.or_else(|| done.map(|done| done.position.0)).unwrap_or(1);
    if let Some(head) = head {
        within([args.from_position, args.to_position], done, head)?;
    }
    let skip = if args.from_position.is_some() { None } else { done };
    if let Some(to) = args.to_position.filter(|to| *to < from) {
        let Some(last) = skip else {
            let words = format!("--to-position {to} lies before --from-position {from}");
            return Err(Failure::new(Exit::Usage, words));
        };
        nothing_new(Some(last));
        return Ok(());
    }
    let query = EventQuery { from: Some(from), to: args.to_position, ..EventQuery::default() };
    let source = EventSource::open(remote, &store).await?;
    let until = args.to_position.or(head).unwrap_or(0);
    let bar = match &args.output {
        Some(_) => terminal::progress((until + 1).saturating_sub(from), "exporting"),
        None => ProgressBar::hidden(),
    };
    let written = match &args.output {
        Some(path) => {
            let file = OpenOptions::new().create(true).append(true).open(path);
            let file = file.map_err(|error| at(path, &error))?;
            let mut out = BufWriter::new(&file);
            let written = copy(&source, &query, skip, &mut out, &bar).await?;
            drop(out);
            file.sync_all().map_err(|error| at(path, &error))?;
            written
        }
        None => copy(&source, &query, skip, &mut BufWriter::new(terminal::raw()), &bar).await?,
    };
    bar.finish_and_clear();
    if written.events == 0 {
        nothing_new(skip);
        return Ok(());
    }
    terminal::note(format_args!(
        "{} events, positions {} to {}",
        written.events, written.from, written.to
    ));
    if through_service {
        unrecorded("exports through a service are not; one from the data is, without --url");
    } else {
        record(&store, &written).await;
    }
    Ok(())
}

fn nothing_new(last: Option<EventId>) {
    match last {
        Some(last) => terminal::note(format_args!(
            "nothing new: no event to export behind {last}, the last one in the file"
        )),
        None => terminal::note("nothing new: there is no such event yet"),
    }
}

/// Refuses positions that the log does not have yet.
fn within(asked: [Option<u64>; 2], done: Option<EventId>, head: u64) -> Result<(), Failure> {
    let [from, to] = asked;
    let ends = format!("the log ends at position {head}");
    for (flag, asked) in [("from", from), ("to", to)] {
        if let Some(asked) = asked.filter(|asked| *asked > head) {
            let words = format!("--{flag}-position {asked} lies beyond the end: {ends}");
            return Err(Failure::new(Exit::Usage, words));
        }
    }
    match done.filter(|done| done.position.0 > head && from.is_none()) {
        Some(done) => Err(Failure::failed(format!(
            "the file ends with event {done}, but {ends}: it was exported from another log; name \
             another file"
        ))),
        None => Ok(()),
    }
}

fn unrecorded(why: &str) {
    terminal::warn(format_args!("this export is not recorded in the log: {why}"));
}

async fn head(store: &StoreSettings) -> Result<u64, Failure> {
    Ok(wiring::open_reading(store).await?.log.head().await?.position.0)
}

/// The id of the last event in the file; a last line that is not whole is cut off.
fn whole_lines(path: &Path) -> Result<Option<EventId>, Failure> {
    let file = match OpenOptions::new().read(true).write(true).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(at(path, &error)),
    };
    let mut reader = BufReader::new(&file);
    let (mut last, mut whole, mut line) = (None, 0u64, Vec::new());
    loop {
        line.clear();
        let read = reader.read_until(b'\n', &mut line).map_err(|error| at(path, &error))?;
        if read == 0 || line.last() != Some(&b'\n') {
            break;
        }
        let id = serde_json::from_slice::<Value>(&line)
            .ok()
            .and_then(|event| text(&event, "/id").parse().ok());
        let Some(id) = id else {
            return Err(Failure::failed(format!(
                "{} contains a line that is not an exported event; name another file",
                path.display()
            )));
        };
        last = Some(id);
        whole += read as u64;
    }
    file.set_len(whole).map_err(|error| at(path, &error))?;
    Ok(last)
}

async fn copy(
    source: &EventSource,
    query: &EventQuery,
    skip: Option<EventId>,
    out: &mut impl Write,
    bar: &ProgressBar,
) -> Result<Written, Failure> {
    let lost = |error: io::Error| Failure::failed(format!("cannot write on: {error}"));
    let from = Position(query.from.unwrap_or(1));
    let mut written = Written { events: 0, from, to: from, at: SystemClock.now() };
    let mut after = None;
    loop {
        let page = source.page(query, after.take()).await?;
        for event in &page.events {
            let id: Option<EventId> = text(event, "/id").parse().ok();
            if skip.is_some() && id <= skip.map(Some).unwrap_or_default() {
                continue;
            }
            writeln!(out, "{event}").map_err(lost)?;
            written.events += 1;
            if let Some(id) = id {
                written.to = id.position;
                bar.set_position((id.position.0 + 1).saturating_sub(from.0));
            }
        }
        out.flush().map_err(lost)?;
        after = page.next;
        if after.is_none() {
            return Ok(written);
        }
    }
}

/// Records that the trail was taken away, when nobody else holds the data.
async fn record(store: &StoreSettings, written: &Written) {
    let export = ExportMade {
        format: "jsonl".to_owned(),
        from: written.from,
        to: written.to,
        events: written.events,
        at: written.at,
    };
    let recorded = async {
        let local = LocalWriter::open(store).await?;
        local.commands.record_export(&local_writer::request(), export).await?;
        local.close().await
    };
    let recorded: Result<(), Failure> = recorded.await;
    match recorded {
        Ok(()) => {}
        Err(failure) if failure.exit == Exit::Locked => unrecorded(
            "another process, a service perhaps, holds the data folder; exports are recorded while \
             none does",
        ),
        Err(failure) => unrecorded(&failure.message),
    }
}

fn at(path: &Path, error: &io::Error) -> Failure {
    let kind = if fs::metadata(path).is_ok_and(|found| found.is_dir()) { "a folder" } else { "" };
    Failure::failed(format!("cannot use {} {kind}: {error}", path.display()))
}

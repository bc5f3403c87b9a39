//! `sharelog projections`: how far have the read models come?

use super::{
    Exit, Failure,
    args::{ProjectionsCommand, StatusArgs},
    remote::Remote,
    run::Context,
};
use crate::{
    clock::SystemClock,
    terminal::{self, BAD, GOOD, paint},
    wiring,
};
use commands::Clock as _;
use projections::{ProjectionStatus, views};
use serde_json::{Value, json};

pub(super) async fn run(context: &Context, command: ProjectionsCommand) -> Result<(), Failure> {
    let ProjectionsCommand::Status(args) = command;
    status(context, *args).await
}

async fn status(context: &Context, args: StatusArgs) -> Result<(), Failure> {
    let store = context.store(args.store)?;
    let rows = if let Some(remote) = Remote::find(&args.remote, &store)? {
        let page = remote.get("/v1/projections", &[]).await?;
        page.get("data").and_then(Value::as_array).cloned().unwrap_or_default()
    } else {
        let reading = wiring::open_reading(&store).await?;
        let views = views(reading.database, Some(reading.log));
        views.statuses(SystemClock.now()).await?.iter().map(shown).collect()
    };
    if args.json {
        rows.iter().for_each(terminal::line);
    } else {
        let cells: Vec<[String; 6]> = rows.iter().map(cells).collect();
        terminal::table(["NAME", "VERSION", "POSITION", "HEAD", "LAG", "STATE"], &cells);
    }
    match rows.iter().find(|row| stopped(row).is_some()) {
        None => Ok(()),
        Some(row) => Err(Failure::new(
            Exit::Damaged,
            format!("a projection has stopped: {}", stopped(row).unwrap_or_default()),
        )),
    }
}

/// A status in the form that the HTTP API gives it.
pub(super) fn shown(status: &ProjectionStatus) -> Value {
    json!({
        "name": status.name, "version": status.version, "position": status.position,
        "time": status.time, "head": status.head, "lag_records": status.lag_records,
        "lag_seconds": status.lag_seconds, "updated_at": status.updated_at,
        "stopped": status.stopped.as_ref().map(|stopped| {
            json!({"position": stopped.position, "why": stopped.why})
        }),
    })
}

fn stopped(row: &Value) -> Option<String> {
    let stopped = row.get("stopped").filter(|stopped| !stopped.is_null())?;
    let why = stopped.get("why").and_then(Value::as_str).unwrap_or_default();
    let position = stopped.get("position").and_then(Value::as_u64).unwrap_or_default();
    Some(format!("at {position}: {why}"))
}

fn cells(row: &Value) -> [String; 6] {
    let number = |name: &str| {
        row.get(name).and_then(Value::as_u64).map_or_else(|| "?".to_owned(), |n| n.to_string())
    };
    let lag = match row.get("lag_seconds").and_then(Value::as_f64) {
        Some(seconds) if seconds > 0.0 => format!("{} ({seconds:.1} s)", number("lag_records")),
        Some(_) | None => number("lag_records"),
    };
    let state = match stopped(row) {
        Some(why) => paint(BAD, format_args!("stopped {why}")),
        None => paint(GOOD, "runs"),
    };
    let name = row.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
    [name, number("version"), number("position"), number("head"), lag, state]
}

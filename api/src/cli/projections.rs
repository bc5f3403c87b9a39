//! `sharelog projections`: progress of the read models; rebuild, compare with the log, pause and
//! resume.

mod desk;
mod follow;

use super::{
    Exit, Failure,
    args::{BuildArgs, ProjectionsCommand, StatusArgs, SwitchArgs},
    run::Context,
};
use crate::{
    terminal::{self, BAD, GOOD, WARNING, paint},
    v1::projections::ProjectionBody,
};
use desk::Desk;
use projections::{ProjectionStatus, Purpose};
use serde_json::Value;

pub(super) async fn run(context: &Context, command: ProjectionsCommand) -> Result<(), Failure> {
    match command {
        ProjectionsCommand::Status(args) => status(context, *args).await,
        ProjectionsCommand::Rebuild(args) => build(context, *args, Purpose::Rebuild).await,
        ProjectionsCommand::Verify(args) => build(context, *args, Purpose::Verify).await,
        ProjectionsCommand::Pause(args) => switch(context, *args, "pause").await,
        ProjectionsCommand::Resume(args) => switch(context, *args, "resume").await,
    }
}

async fn status(context: &Context, args: StatusArgs) -> Result<(), Failure> {
    let store = context.store(args.store)?;
    let rows = Desk::reading(&args.remote, &store).await?.rows().await?;
    if args.json {
        rows.iter().for_each(terminal::line);
    } else {
        show(&rows);
    }
    match rows.iter().find(|row| stopped(row).is_some()) {
        None => Ok(()),
        Some(row) => Err(Failure::new(
            Exit::Damaged,
            format!("a projection has stopped: {}", stopped(row).unwrap_or_default()),
        )),
    }
}

async fn build(context: &Context, args: BuildArgs, purpose: Purpose) -> Result<(), Failure> {
    let store = context.store(args.store)?;
    let desk = Desk::writing(&args.remote, &store).await?;
    let asked = async {
        let names = chosen(&desk, args.names, args.all).await?;
        for name in &names {
            desk.ask(name, purpose.name()).await?;
        }
        if args.no_wait && desk.is_remote() {
            return Ok(Vec::new());
        }
        let mut ended = Vec::new();
        for name in &names {
            ended.push(follow::to_its_end(&desk, name).await?);
        }
        Ok(ended)
    };
    let ended: Result<Vec<Value>, Failure> = asked.await;
    desk.close().await?;
    let ended = ended?;
    if args.json {
        ended.iter().for_each(terminal::line);
    }
    follow::judged(&ended, purpose, args.json)
}

async fn switch(context: &Context, args: SwitchArgs, action: &str) -> Result<(), Failure> {
    let store = context.store(args.store)?;
    let desk = Desk::writing(&args.remote, &store).await?;
    let done = async {
        for name in chosen(&desk, args.names, args.all).await? {
            desk.ask(&name, action).await?;
        }
        desk.rows().await
    };
    let rows: Result<Vec<Value>, Failure> = done.await;
    desk.close().await?;
    show(&rows?);
    Ok(())
}

/// The projections named on the command line, checked before anything is asked.
async fn chosen(desk: &Desk, names: Vec<String>, all: bool) -> Result<Vec<String>, Failure> {
    let rows = desk.rows().await?;
    let known: Vec<String> = rows.iter().map(|row| text(row, "name").to_owned()).collect();
    if all {
        return Ok(known);
    }
    if let Some(unknown) = names.iter().find(|name| !known.contains(name)) {
        let known = known.join(", ");
        let message = format!("there is no projection `{unknown}`; there are {known}");
        return Err(Failure::new(Exit::Usage, message));
    }
    Ok(names)
}

/// A status in the form that the HTTP API gives it.
pub(super) fn shown(status: ProjectionStatus) -> Value {
    serde_json::to_value(ProjectionBody::from(status)).unwrap_or_default()
}

fn text<'a>(row: &'a Value, name: &str) -> &'a str {
    row.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn stopped(row: &Value) -> Option<String> {
    let stopped = row.get("stopped").filter(|stopped| !stopped.is_null())?;
    let position = stopped.get("position").and_then(Value::as_u64).unwrap_or_default();
    Some(format!("`{}` at {position}: {}", text(row, "name"), text(stopped, "why")))
}

fn show(rows: &[Value]) {
    let cells: Vec<[String; 6]> = rows.iter().map(cells).collect();
    terminal::table(["NAME", "VERSION", "POSITION", "HEAD", "LAG", "STATE"], &cells);
}

fn cells(row: &Value) -> [String; 6] {
    let number = |name: &str| {
        row.get(name).and_then(Value::as_u64).map_or_else(|| "?".to_owned(), |n| n.to_string())
    };
    let lag = match row.get("lag_seconds").and_then(Value::as_f64) {
        Some(seconds) if seconds > 0.0 => format!("{} ({seconds:.1} s)", number("lag_records")),
        Some(_) | None => number("lag_records"),
    };
    let version = match row.get("generation").and_then(Value::as_u64) {
        None | Some(0) => number("version"),
        Some(generation) => format!("{}.{generation}", number("version")),
    };
    let state = match (text(row, "state"), stopped(row)) {
        ("paused", _) => paint(WARNING, format_args!("paused since {}", text(row, "paused_at"))),
        (_, Some(why)) => paint(BAD, format_args!("stopped {why}")),
        (_, None) => paint(GOOD, "runs"),
    };
    let building = row.get("build").and_then(follow::under_way).unwrap_or_default();
    let name = text(row, "name").to_owned();
    [name, version, number("position"), number("head"), lag, format!("{state}{building}")]
}

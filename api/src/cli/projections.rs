//! `sharelog projections`: progress of the read models; rebuild, compare with the log, pause and
//! resume.

mod build_progress;
mod projection_admin;

use super::{
    args::{BuildArgs, ProjectionsCommand, StatusArgs, SwitchArgs},
    context::CliContext,
};
use crate::{
    exit::{Exit, Failure},
    terminal::{self, BAD, GOOD, WARNING, paint},
    v1::projections::ProjectionBody,
};
use projection_admin::ProjectionAdmin;
use projections::{ProjectionStatus, Purpose};
use serde_json::Value;

pub(super) async fn run(context: &CliContext, command: ProjectionsCommand) -> Result<(), Failure> {
    match command {
        ProjectionsCommand::Status(args) => status(context, *args).await,
        ProjectionsCommand::Rebuild(args) => build(context, *args, Purpose::Rebuild).await,
        ProjectionsCommand::Verify(args) => build(context, *args, Purpose::Verify).await,
        ProjectionsCommand::Pause(args) => switch(context, *args, "pause").await,
        ProjectionsCommand::Resume(args) => switch(context, *args, "resume").await,
    }
}

async fn status(context: &CliContext, args: StatusArgs) -> Result<(), Failure> {
    let store = context.store(args.store)?;
    let rows = ProjectionAdmin::reading(&args.remote, &store).await?.rows().await?;
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

async fn build(context: &CliContext, args: BuildArgs, purpose: Purpose) -> Result<(), Failure> {
    let store = context.store(args.store)?;
    let admin = ProjectionAdmin::writing(&args.remote, &store).await?;
    let requested = async {
        let names = chosen(&admin, args.names, args.all).await?;
        for name in &names {
            admin.request(name, purpose.name()).await?;
        }
        if args.no_wait && admin.is_remote() {
            return Ok(Vec::new());
        }
        let mut ended = Vec::new();
        for name in &names {
            ended.push(build_progress::until_ended(&admin, name).await?);
        }
        Ok(ended)
    };
    let ended: Result<Vec<Value>, Failure> = requested.await;
    admin.close().await?;
    let ended = ended?;
    if args.json {
        ended.iter().for_each(terminal::line);
    }
    build_progress::report(&ended, purpose, args.json)
}

async fn switch(context: &CliContext, args: SwitchArgs, action: &str) -> Result<(), Failure> {
    let store = context.store(args.store)?;
    let admin = ProjectionAdmin::writing(&args.remote, &store).await?;
    let done = async {
        for name in chosen(&admin, args.names, args.all).await? {
            admin.request(&name, action).await?;
        }
        admin.rows().await
    };
    let rows: Result<Vec<Value>, Failure> = done.await;
    admin.close().await?;
    show(&rows?);
    Ok(())
}

/// The projections named on the command line, checked before anything is requested.
async fn chosen(
    admin: &ProjectionAdmin,
    names: Vec<String>,
    all: bool,
) -> Result<Vec<String>, Failure> {
    let rows = admin.rows().await?;
    let known: Vec<String> = rows.iter().map(|row| text(row, "name").to_owned()).collect();
    if all {
        return Ok(known);
    }
    if let Some(unknown) = names.iter().find(|name| !known.contains(name)) {
        let known = known.join(", ");
        let message = format!("unknown projection `{unknown}`; known are {known}");
        return Err(Failure::new(Exit::Usage, message));
    }
    Ok(names)
}

/// A status in the form that the HTTP API gives it.
pub(super) fn status_json(status: ProjectionStatus) -> Value {
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
    let building = row.get("build").and_then(build_progress::under_way).unwrap_or_default();
    let name = text(row, "name").to_owned();
    [name, version, number("position"), number("head"), lag, format!("{state}{building}")]
}

//! Shows the progress of a rebuild or a comparison, and its result.

use super::{projection_admin::ProjectionAdmin, text};
use crate::{
    exit::{Exit, Failure},
    terminal::{self, GOOD, WARNING, paint},
};
use projections::Purpose;
use serde_json::Value;
use std::time::Duration;

/// How often the status is read.
const POLL_INTERVAL: Duration = Duration::from_millis(300);

fn number(row: &Value, name: &str) -> u64 {
    row.get(name).and_then(Value::as_u64).unwrap_or_default()
}

/// A build that has not ended, in a few words.
pub(super) fn under_way(build: &Value) -> Option<String> {
    if build.is_null() || !build.get("ended_at")?.is_null() {
        return None;
    }
    let (position, head) = (number(build, "position"), number(build, "head"));
    let part = position.saturating_mul(100).checked_div(head).unwrap_or(100).min(100);
    let purpose = text(build, "purpose");
    let left = build.get("seconds_left").and_then(Value::as_f64);
    let left = left.map(|seconds| format!(", {seconds:.0} s left")).unwrap_or_default();
    Some(format!(", {purpose}: {} {part} %{left}", text(build, "state")))
}

/// Watches a build until it has ended; answers it with the name of its projection.
pub(super) async fn until_ended(admin: &ProjectionAdmin, name: &str) -> Result<Value, Failure> {
    let bar = terminal::progress(0, "records");
    let mut last_shown = String::new();
    loop {
        let rows = admin.rows().await?;
        let row = rows.iter().find(|row| text(row, "name") == name);
        let build = row.and_then(|row| row.get("build")).filter(|build| !build.is_null());
        let Some(build) = build else {
            return Err(Failure::failed(format!("no build of `{name}` found")));
        };
        bar.set_length(number(build, "head"));
        bar.set_position(number(build, "position"));
        let why = build.get("why").and_then(Value::as_str);
        let why = why.map(|why| format!(", {why}")).unwrap_or_default();
        let state = format!("{name}: {}{why}", text(build, "state"));
        if state != last_shown {
            bar.set_message(state.clone());
            last_shown = state;
        }
        if build.get("ended_at").is_some_and(|ended| !ended.is_null()) {
            bar.finish_and_clear();
            let mut build = build.clone();
            if let Some(build) = build.as_object_mut() {
                build.insert("name".to_owned(), Value::from(name));
            }
            return Ok(build);
        }
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}

/// What came of them, in words; a difference found by comparing is a failure.
pub(super) fn report(ended: &[Value], purpose: Purpose, quiet: bool) -> Result<(), Failure> {
    let mut worst = Ok(());
    for build in ended {
        let name = text(build, "name");
        if text(build, "state") == "failed" {
            let why = text(build, "why");
            worst = Err(Failure::failed(format!("cannot build `{name}`: {why}")));
            continue;
        }
        let comparison = build.get("comparison").unwrap_or(&Value::Null);
        let position = number(comparison, "position");
        let words = match comparison.get("equal").and_then(Value::as_bool) {
            Some(true) => paint(GOOD, format_args!("equals the log at position {position}")),
            Some(false) => paint(WARNING, difference(comparison)),
            None => format!("not compared: {}", text(comparison, "why_not")),
        };
        if !quiet {
            let done =
                if purpose == Purpose::Rebuild { "rebuilt; the previous tables:  " } else { "" };
            terminal::line(format_args!("{name}: {done}{words}"));
        }
        let differs = comparison.get("equal").and_then(Value::as_bool) != Some(true);
        if purpose == Purpose::Verify && differs && worst.is_ok() {
            let message = format!("`{name}` does not provably equal the log; see `rebuild`");
            worst = Err(Failure::new(Exit::Damaged, message));
        }
    }
    worst
}

fn difference(comparison: &Value) -> String {
    let position = number(comparison, "position");
    let Some(difference) = comparison.get("difference").filter(|found| !found.is_null()) else {
        return format!("differs from the log at position {position}");
    };
    let place = format!("`{}`, row `{}`", text(difference, "table"), text(difference, "key"));
    let cell = |name: &str| difference.get(name).and_then(Value::as_str).unwrap_or("nothing");
    match difference.get("column").and_then(Value::as_str) {
        None => format!(
            "differs from the log at position {position}: {place} is there on one side only"
        ),
        Some(column) => format!(
            "differs from the log at position {position}: {place}, `{column}` was `{}`, from the \
             log `{}`",
            cell("read"),
            cell("from_log")
        ),
    }
}

//! `sharelog history`: what happened to an item, in plain words.

use super::{
    args::HistoryArgs,
    context::CliContext,
    event_source::{EventQuery, EventSource, text},
    remote::Remote,
};
use crate::{
    exit::Failure,
    terminal::{self, DIM, HEADING, paint},
};
use serde_json::Value;

pub(super) async fn run(context: &CliContext, args: HistoryArgs) -> Result<(), Failure> {
    let store = context.store(args.store)?;
    let remote = Remote::find(&args.remote, &store)?;
    let source = EventSource::open(remote, &store).await?;
    let query =
        EventQuery { item: Some(args.item.clone()), newest_first: true, ..EventQuery::default() };
    let mut events = Vec::new();
    let mut after = None;
    while events.len() < args.limit {
        let page = source.page(&query, after.take()).await?;
        events.extend(page.events);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    let more = after.is_some() || events.len() > args.limit;
    events.truncate(args.limit);
    if events.is_empty() {
        return Err(Failure::failed(format!("no events recorded for {}", args.item)));
    }
    events.reverse();
    if args.json {
        events.iter().for_each(terminal::line);
        return Ok(());
    }
    terminal::line(paint(HEADING, &args.item));
    if more {
        terminal::line(paint(DIM, "(earlier events are left out; see --limit)"));
    }
    timeline(&events);
    Ok(())
}

fn timeline(events: &[Value]) {
    let mut day = "";
    for event in events {
        let (date, time) = text(event, "/time").split_once('T').unwrap_or_default();
        if date != day {
            day = date;
            terminal::line(format_args!("\n{}", paint(HEADING, date)));
        }
        let clock = time.split_once('.').map_or(time, |(clock, _)| clock);
        terminal::line(format_args!(
            "  {clock}  {:<8} {}",
            paint(DIM, format_args!("{:<8}", text(event, "/id"))),
            text(event, "/text")
        ));
        if let Some(aside) = aside(event) {
            terminal::line(paint(DIM, format_args!("                     {aside}")));
        }
    }
}

/// Through which application, why, under which ticket.
fn aside(event: &Value) -> Option<String> {
    let parts = [("/via/app", "through "), ("/reason", "reason: "), ("/ticket", "ticket ")];
    let said: Vec<String> = parts
        .into_iter()
        .map(|(pointer, label)| (text(event, pointer), label))
        .filter(|(value, _)| !value.is_empty())
        .map(|(value, label)| format!("{label}{value}"))
        .collect();
    (!said.is_empty()).then(|| said.join(" · "))
}

//! How current must an answer be? Waits, within bounds, for what the caller has seen or written.

use crate::{
    extract::Head,
    problem::{Fallible, Problem, ProblemType},
    state::AppState,
};
use domain::position::Position;
use projections::{
    Model, ViewError,
    index::{IndexError, Snapshot},
};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// How often the end of the log is asked for.
const LOOK: Duration = Duration::from_millis(20);

/// Waits until the read models know the position that the caller names; without one, for a moment,
/// until they know what this node has recorded, so that callers find what they wrote.
pub async fn catch_up(app: &AppState, head: &Head, models: &[Model]) -> Fallible<()> {
    views(app, head.at_least, head.wait, models).await
}

/// The same, for a request whose head is not read whole.
pub async fn views(
    app: &AppState,
    at_least: Option<Position>,
    wait: Option<Duration>,
    models: &[Model],
) -> Fallible<()> {
    if let Some(position) = at_least {
        let wait = wait.unwrap_or(app.limits.at_least_wait);
        app.views.wait_for(models, position, wait).await?;
        return Ok(());
    }
    let own = app.limits.own_writes_wait;
    let wait = wait.unwrap_or(own).min(own);
    match app.views.wait_for(models, app.commands.last_acknowledged(), wait).await {
        Ok(_) | Err(ViewError::NotYet { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// The access index at the position that the caller names; without one at what this node has
/// recorded, so that what was revoked here is refused here.
pub async fn index(
    app: &AppState,
    at_least: Option<Position>,
    wait: Option<Duration>,
) -> Fallible<Snapshot> {
    match at_least {
        Some(position) => {
            let wait = wait.unwrap_or(app.limits.at_least_wait);
            Ok(app.index.wait_for(position, wait).await?)
        }
        None => index_glance(app, app.commands.last_acknowledged(), wait).await,
    }
}

/// Waits for a moment until the index knows a position; goes on without it then.
pub async fn index_glance(
    app: &AppState,
    position: Position,
    wait: Option<Duration>,
) -> Fallible<Snapshot> {
    match app.index.snapshot() {
        Ok(now) if now.position() >= position => return Ok(now),
        // It has just started.
        Ok(_) | Err(IndexError::CatchingUp { .. }) => {}
        Err(error) => return Err(error.into()),
    }
    let own = app.limits.own_writes_wait;
    match app.index.wait_for(position, wait.unwrap_or(own).min(own)).await {
        Err(IndexError::NotYet { .. }) => Ok(app.index.snapshot()?),
        answer => Ok(answer?),
    }
}

/// Waits for a moment until the read models know a position; goes on without it then.
pub async fn glance(
    app: &AppState,
    wait: Option<Duration>,
    models: &[Model],
    position: Position,
) -> Fallible<()> {
    let own = app.limits.own_writes_wait;
    let wait = wait.unwrap_or(own).min(own);
    match app.views.wait_for(models, position, wait).await {
        Ok(_) | Err(ViewError::NotYet { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// For answers of the write side, which are always current: waits, within bounds, for positions
/// that the log has not yet.
pub async fn written(app: &AppState, head: &Head) -> Fallible<()> {
    let Some(position) = head.at_least.filter(|p| *p > app.commands.last_acknowledged()) else {
        return Ok(());
    };
    let until = Instant::now() + head.wait.unwrap_or(app.limits.at_least_wait);
    loop {
        let end = app.log.head().await.map_err(commands::CommandError::from)?.position;
        if position <= end {
            return Ok(());
        }
        if Instant::now() + LOOK > until {
            let detail = format!("the log has come to position {end} only");
            let problem = Problem::new(ProblemType::NotYetVisible, detail);
            return Err(problem.with("position", end).retry_after(1));
        }
        sleep(LOOK).await;
    }
}

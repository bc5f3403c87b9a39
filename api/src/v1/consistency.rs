//! Consistency: waits, within bounds, for what the caller has seen or written.

use crate::{
    extract::RequestMeta,
    problem::{ApiResult, Problem, ProblemType},
    state::AppState,
};
use domain::position::Position;
use projections::{
    Model, ViewError,
    index::{IndexError, Snapshot},
};
use std::time::Duration;

/// Refuses a position that lies beyond the end of the log: nobody was ever told it, so it is not
/// worth anybody's waiting.
async fn require_on_log(app: &AppState, position: Position) -> ApiResult<()> {
    let seen = app.index.snapshot().map_or(Position::START, |index| index.position());
    if position <= seen.max(app.commands.last_acknowledged()) {
        return Ok(());
    }
    let end = app.log.head().await.map_err(commands::CommandError::from)?.position;
    if position <= end {
        return Ok(());
    }
    let detail = format!("the log has come to position {end} only");
    let problem = Problem::new(ProblemType::NotYetVisible, detail);
    Err(problem.with("position", end).retry_after(1))
}

/// Waits until the read models know the position that the caller names; without one, for a moment,
/// until they know what this node has recorded, so that callers find what they wrote.
pub async fn wait_for_position(
    app: &AppState,
    meta: &RequestMeta,
    models: &[Model],
) -> ApiResult<()> {
    wait_for_views(app, meta.at_least, meta.wait, models).await
}

/// The same, for a request whose head is not read whole.
pub async fn wait_for_views(
    app: &AppState,
    at_least: Option<Position>,
    wait: Option<Duration>,
    models: &[Model],
) -> ApiResult<()> {
    if let Some(position) = at_least {
        require_on_log(app, position).await?;
        let wait = wait.unwrap_or(app.limits.at_least_wait);
        app.views.wait_for(models, position, wait).await?;
        return Ok(());
    }
    let own = app.limits.own_writes_wait;
    let wait = wait.unwrap_or(own).min(own);
    match app.views.wait_for(models, app.commands.last_acknowledged(), wait).await {
        // Who names no position is answered from what stands; the answer tells its position.
        Ok(_) | Err(ViewError::NotYet { .. } | ViewError::Paused { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// The access index at the position that the caller names; without one at what this node has
/// recorded, so that what was revoked here is refused here.
pub async fn index_at_least(
    app: &AppState,
    at_least: Option<Position>,
    wait: Option<Duration>,
) -> ApiResult<Snapshot> {
    match at_least {
        Some(position) => {
            if let Some(now) = app.index.snapshot().ok().filter(|now| now.position() >= position) {
                return Ok(now);
            }
            require_on_log(app, position).await?;
            let wait = wait.unwrap_or(app.limits.at_least_wait);
            Ok(app.index.wait_for(position, wait).await?)
        }
        None => index_wait_briefly(app, app.commands.last_acknowledged(), wait).await,
    }
}

/// Waits for a moment until the index knows a position; goes on without it then.
pub async fn index_wait_briefly(
    app: &AppState,
    position: Position,
    wait: Option<Duration>,
) -> ApiResult<Snapshot> {
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
pub async fn wait_briefly(
    app: &AppState,
    wait: Option<Duration>,
    models: &[Model],
    position: Position,
) -> ApiResult<()> {
    let own = app.limits.own_writes_wait;
    let wait = wait.unwrap_or(own).min(own);
    match app.views.wait_for(models, position, wait).await {
        Ok(_) | Err(ViewError::NotYet { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// For answers of the write side, which are always current.
pub async fn require_known(app: &AppState, meta: &RequestMeta) -> ApiResult<()> {
    match meta.at_least {
        Some(position) => require_on_log(app, position).await,
        None => Ok(()),
    }
}

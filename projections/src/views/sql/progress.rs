//! The progress of the projections, and waiting for it.

use super::SqlViews;
use crate::{
    Build, Model, PROJECTIONS, ProjectionStatus, Stopped, ViewError,
    generations::{LiveGeneration, build, live_generations},
    store::{Database, Progress},
};
use domain::{position::Position, time::Time};
use parking_lot::Mutex;
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::watch,
    time::{Instant, timeout, timeout_at},
};

/// How often other nodes' progress is looked for; the own runner tells at once.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// What was seen last, for all who wait: however many there are, one looks.
#[derive(Debug, Default)]
pub(super) struct ProgressWatch {
    seen: watch::Sender<Option<Seen>>,
    /// Is a task polling?
    looking: Mutex<bool>,
}

type Seen = Result<Arc<[LiveGeneration]>, ViewError>;

/// Why it will not come further by itself.
fn halted(live: &LiveGeneration) -> Option<ViewError> {
    let (projection, position) = (live.projection.clone(), live.progress.position);
    if let Some(Stopped { why, .. }) = live.stopped.clone() {
        return Some(ViewError::Stopped { projection, position, why });
    }
    live.paused.map(|since| ViewError::Paused { projection, position, since })
}

async fn live_generations_now(database: &Database) -> Seen {
    let mut snapshot = database.snapshot().await?;
    let all = live_generations(snapshot.as_mut()).await?;
    snapshot.end().await?;
    Ok(all.into())
}

/// Looks on behalf of all who wait, while there are any.
async fn look(database: Database, progress: Arc<ProgressWatch>, mut moved: watch::Receiver<u64>) {
    loop {
        // Told, or time to look at what other nodes did.
        drop(timeout(POLL_INTERVAL, moved.changed()).await);
        moved.mark_unchanged();
        progress.seen.send_replace(Some(live_generations_now(&database).await));
        let mut looking = progress.looking.lock();
        if progress.seen.receiver_count() == 0 {
            *looking = false;
            return;
        }
    }
}

/// The position that was waited for, or why it will not be reached; otherwise how far they are.
fn reached(
    all: &[LiveGeneration],
    models: &[Model],
    position: Position,
) -> Result<Result<Position, ViewError>, Position> {
    let all = all.iter().filter(|live| models.iter().any(|model| model.name() == live.projection));
    let slowest = all.min_by_key(|live| live.progress.position);
    let reached = slowest.map_or(Position::START, |live| live.progress.position);
    if reached >= position || models.is_empty() {
        return Ok(Ok(reached));
    }
    slowest.and_then(halted).map(Err).ok_or(reached)
}

impl SqlViews {
    /// With the last build of each projection, from the same moment.
    async fn generations_and_builds(&self) -> Result<(Vec<LiveGeneration>, Vec<Build>), ViewError> {
        let mut snapshot = self.database.snapshot().await?;
        let live = live_generations(snapshot.as_mut()).await?;
        let sql = build::select(&snapshot.schema(), "true");
        let rows = snapshot.query(&sql, &[]).await?;
        snapshot.end().await?;
        Ok((live, rows.iter().map(build::read).collect::<Result<_, _>>()?))
    }

    pub(super) async fn wait(
        &self,
        models: &[Model],
        position: Position,
        timeout: Duration,
    ) -> Result<Position, ViewError> {
        let end = Instant::now() + timeout;
        // Before the first look, so that nothing that comes after it is missed.
        let moved = self.database.moved().subscribe();
        let mut seen = self.progress.seen.subscribe();
        let mut live = live_generations_now(&self.database).await?;
        let mut moved = Some(moved);
        loop {
            let reached = match reached(&live, models, position) {
                Ok(answer) => return answer,
                Err(reached) => reached,
            };
            if let Some(moved) = moved.take() {
                self.have_looked(moved);
            }
            if timeout_at(end, seen.changed()).await.is_err() {
                return Err(ViewError::NotYet { position: reached });
            }
            if let Some(seen) = &*seen.borrow_and_update() {
                live = seen.clone()?;
            }
        }
    }

    /// Starts polling, unless a task does.
    fn have_looked(&self, moved: watch::Receiver<u64>) {
        let mut looking = self.progress.looking.lock();
        if !*looking {
            *looking = true;
            tokio::spawn(look(self.database.clone(), self.progress.clone(), moved));
        }
    }

    pub(super) async fn all_statuses(&self, now: Time) -> Result<Vec<ProjectionStatus>, ViewError> {
        let (live, mut builds) = self.generations_and_builds().await?;
        let head = match &self.log {
            Some(log) => log.head().await.ok().map(|head| head.position),
            None => None,
        };
        let mut statuses = Vec::with_capacity(live.len());
        for projection in PROJECTIONS {
            let name = projection.name();
            let Some(live) = live.iter().find(|live| live.projection == name) else { continue };
            let Progress { position, time, .. } = live.progress;
            let lag_records = head.map(|head| head.0.saturating_sub(position.0));
            let lag_seconds = match lag_records {
                None => None,
                Some(0) => Some(0.0),
                Some(_) => self.age(position.next(), now).await,
            };
            statuses.push(ProjectionStatus {
                name: name.to_owned(),
                version: live.version,
                position,
                time,
                head,
                lag_records,
                lag_seconds,
                updated_at: live.updated_at,
                stopped: live.stopped.clone(),
                generation: live.generation,
                paused: live.paused,
                build: last_of(&mut builds, name),
            });
        }
        Ok(statuses)
    }

    /// How old a record is, in seconds.
    async fn age(&self, position: Position, now: Time) -> Option<f64> {
        let record = self.log.as_ref()?.read(position).await.ok()??;
        let micros = now.as_micros().saturating_sub(record.time.as_micros()).max(0);
        let age = Duration::from_micros(u64::try_from(micros).unwrap_or_default());
        Some(age.as_secs_f64())
    }
}

fn last_of(builds: &mut Vec<Build>, name: &str) -> Option<Build> {
    let place = builds.iter().rposition(|build| build.projection == name)?;
    Some(builds.remove(place))
}

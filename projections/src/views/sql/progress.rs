//! The progress of the projections, and waiting for it.

use super::{SqlViews, cell, projection};
use crate::store::Database;
use crate::{
    Build, Model, ProjectionStatus, Stopped, ViewError,
    generations::build,
    store::ReadTransaction,
    value::{Row, Value},
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
    /// Does somebody look?
    looking: Mutex<bool>,
}

type Seen = Result<Arc<[Freshness]>, ViewError>;

#[derive(Debug)]
struct Freshness {
    name: String,
    version: u32,
    position: Position,
    time: Time,
    updated_at: Time,
    stopped: Option<Stopped>,
    generation: u32,
    paused: Option<Time>,
}

impl Freshness {
    /// Why it will not come further by itself.
    fn halted(&self) -> Option<ViewError> {
        let (projection, position) = (self.name.clone(), self.position);
        if let Some(Stopped { why, .. }) = self.stopped.clone() {
            return Some(ViewError::Stopped { projection, position, why });
        }
        self.paused.map(|since| ViewError::Paused { projection, position, since })
    }
}

fn standing(row: &Row) -> Result<Freshness, ViewError> {
    let why = cell(row, 6).optional(|cell| cell.text().map(ToOwned::to_owned))?;
    let stopped_at = cell(row, 5).optional(Value::position)?;
    Ok(Freshness {
        name: cell(row, 0).text()?.to_owned(),
        version: cell(row, 1).small()?,
        position: cell(row, 2).position()?,
        time: cell(row, 3).time()?,
        updated_at: cell(row, 4).time()?,
        stopped: stopped_at.zip(why).map(|(position, why)| Stopped { position, why }),
        generation: cell(row, 7).small()?,
        paused: cell(row, 8).optional(Value::time)?,
    })
}

async fn standings(snapshot: &mut dyn ReadTransaction) -> Result<Vec<Freshness>, ViewError> {
    let sql = format!(
        "SELECT p.projection, p.version, p.position, p.time, p.updated_at, p.stopped_position, \
         p.stopped_why, p.generation, c.paused_at FROM {0}progress p \
         LEFT JOIN {0}controls c ON c.projection = p.projection WHERE p.live",
        snapshot.schema()
    );
    snapshot.query(&sql, &[]).await?.iter().map(standing).collect()
}

async fn standings_now(database: &Database) -> Seen {
    let mut snapshot = database.snapshot().await?;
    let standings = standings(snapshot.as_mut()).await?;
    snapshot.end().await?;
    Ok(standings.into())
}

/// Looks on behalf of all who wait, while there are any.
async fn look(database: Database, progress: Arc<ProgressWatch>, mut moved: watch::Receiver<u64>) {
    loop {
        // Told, or time to look at what other nodes did.
        drop(timeout(POLL_INTERVAL, moved.changed()).await);
        moved.mark_unchanged();
        progress.seen.send_replace(Some(standings_now(&database).await));
        let mut looking = progress.looking.lock();
        if progress.seen.receiver_count() == 0 {
            *looking = false;
            return;
        }
    }
}

/// The position that was waited for, or why it will not be reached; otherwise how far they are.
fn judge(
    standings: &[Freshness],
    models: &[Model],
    position: Position,
) -> Result<Result<Position, ViewError>, Position> {
    let wanted = |standing: &&Freshness| models.iter().any(|model| model.name() == standing.name);
    let slowest = standings.iter().filter(wanted).min_by_key(|one| one.position);
    let reached = slowest.map_or(Position::START, |standing| standing.position);
    if reached >= position || models.is_empty() {
        return Ok(Ok(reached));
    }
    slowest.and_then(Freshness::halted).map(Err).ok_or(reached)
}

impl SqlViews {
    /// With the last build of each projection, from the same moment.
    async fn standings_and_builds(&self) -> Result<(Vec<Freshness>, Vec<Build>), ViewError> {
        let mut snapshot = self.database.snapshot().await?;
        let standings = standings(snapshot.as_mut()).await?;
        let sql = build::select(&snapshot.schema(), "true");
        let rows = snapshot.query(&sql, &[]).await?;
        snapshot.end().await?;
        Ok((standings, rows.iter().map(build::read).collect::<Result<_, _>>()?))
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
        let mut standings = standings_now(&self.database).await?;
        let mut moved = Some(moved);
        loop {
            let reached = match judge(&standings, models, position) {
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
                standings = seen.clone()?;
            }
        }
    }

    /// Lets somebody look, unless somebody does.
    fn have_looked(&self, moved: watch::Receiver<u64>) {
        let mut looking = self.progress.looking.lock();
        if !*looking {
            *looking = true;
            tokio::spawn(look(self.database.clone(), self.progress.clone(), moved));
        }
    }

    pub(super) async fn all_statuses(&self, now: Time) -> Result<Vec<ProjectionStatus>, ViewError> {
        let (standings, mut builds) = self.standings_and_builds().await?;
        let head = match &self.log {
            Some(log) => log.head().await.ok().map(|head| head.position),
            None => None,
        };
        let mut statuses = Vec::with_capacity(standings.len());
        for model in Model::ALL {
            let name = projection(model).name();
            let Some(standing) = standings.iter().find(|standing| standing.name == name) else {
                continue;
            };
            let lag_records = head.map(|head| head.0.saturating_sub(standing.position.0));
            let lag_seconds = match lag_records {
                None => None,
                Some(0) => Some(0.0),
                Some(_) => self.age(standing.position.next(), now).await,
            };
            statuses.push(ProjectionStatus {
                name: name.to_owned(),
                version: standing.version,
                position: standing.position,
                time: standing.time,
                head,
                lag_records,
                lag_seconds,
                updated_at: standing.updated_at,
                stopped: standing.stopped.clone(),
                generation: standing.generation,
                paused: standing.paused,
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

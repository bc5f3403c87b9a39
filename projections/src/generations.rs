//! The generations of tables: which one is read, which is built, by which node, and what operators
//! requested.
//!
//! All of it is kept in the database, so that it outlives every process and is the same for all
//! nodes. The texts are those of both engines.

pub(crate) mod build;
mod lease;
mod switch;

pub use build::{Build, BuildState, Comparison, Difference, Purpose, TableRows};
pub(crate) use lease::RENEWAL_INTERVAL;
pub(crate) use switch::Switched;

use crate::{
    PROJECTIONS, Stopped,
    projection::Projection,
    store::{Control, Database, Generation, Progress, ReadTransaction, StoreError},
    value::{CellError, Row, Value},
};
use domain::{id::LogId, time::Time};

/// Why a request of an operator was not taken.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum RequestError {
    /// There is no such projection.
    #[error("there is no projection `{0}`")]
    Unknown(String),
    /// Another kind of build is under way.
    #[error("`{0}` is being {1}; wait until that has ended")]
    Busy(String, &'static str),
    /// Nothing is written for it, so nothing can be built.
    #[error("`{0}` is paused, so that nothing is written for it; resume it first")]
    Paused(String),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A generation that is read, and how far it has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LiveGeneration {
    pub(crate) projection: String,
    pub(crate) version: u32,
    pub(crate) generation: u32,
    pub(crate) progress: Progress,
    pub(crate) updated_at: Time,
    pub(crate) stopped: Option<Stopped>,
    pub(crate) paused: Option<Time>,
    pub(crate) resumptions: u64,
}

impl LiveGeneration {
    /// The same generation, still running or waiting for the same?
    pub(crate) fn same(&self, other: &Self) -> bool {
        let what = |one: &Self| (one.version, one.generation, one.paused, one.resumptions);
        what(self) == what(other)
    }
}

/// The generations of one database. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Generations {
    database: Database,
}

impl From<CellError> for StoreError {
    fn from(error: CellError) -> Self {
        Self::Refused(error.to_string())
    }
}

/// A cell; one beyond the row is null, which its reading refuses.
fn cell(row: &Row, place: usize) -> &Value {
    static NOTHING: Value = Value::Null;
    row.get(place).unwrap_or(&NOTHING)
}

fn named(target: &Generation) -> [Value; 3] {
    let projection = target.projection;
    [projection.name().into(), projection.version().into(), target.generation.into()]
}

fn known(name: &str) -> Result<&'static dyn Projection, RequestError> {
    let found = PROJECTIONS.iter().copied().find(|projection| projection.name() == name);
    found.ok_or_else(|| RequestError::Unknown(name.to_owned()))
}

impl Generations {
    /// Of this database.
    pub fn new(database: Database) -> Self {
        Self { database }
    }

    /// Asks for a generation to be built beside the one that is read: to take its place
    /// ([`Purpose::Rebuild`]) or to be compared with it ([`Purpose::Verify`]). A node that runs
    /// projections builds it. One at a time: asked again meanwhile, it answers the one under way.
    /// None while it is paused; one under way then waits.
    pub async fn request(&self, name: &str, purpose: Purpose) -> Result<Build, RequestError> {
        let projection = known(name)?;
        let mut control = self.database.control().await?;
        let schema = control.schema();
        // Held until this ends, so that two nodes that ask at once make one build; the checkpoint
        // is left alone, for what is read goes on.
        let sql = format!(
            "INSERT INTO {schema}controls (projection, paused_at, resumptions) \
             VALUES ($1, NULL, 0) ON CONFLICT (projection) \
             DO UPDATE SET resumptions = controls.resumptions"
        );
        control.execute(&sql, &[name.into()]).await?;
        if let Some(build) = under_way(control.as_mut(), name).await? {
            return if build.purpose == purpose {
                Ok(build)
            } else {
                Err(RequestError::Busy(name.to_owned(), build.purpose.doing()))
            };
        }
        let sql = format!(
            "SELECT 1 FROM {schema}controls WHERE projection = $1 AND paused_at IS NOT NULL"
        );
        if !control.query(&sql, &[name.into()]).await?.is_empty() {
            return Err(RequestError::Paused(name.to_owned()));
        }
        let (now, version) = (control.now().await?, Value::from(projection.version()));
        let sql = format!(
            "SELECT coalesce(max(generation), 0) FROM (\
             SELECT generation FROM {schema}progress WHERE projection = $1 AND version = $2 \
             UNION ALL \
             SELECT generation FROM {schema}builds WHERE projection = $1 AND version = $2) g"
        );
        let rows = control.query(&sql, &[name.into(), version.clone()]).await?;
        let last =
            rows.first().map_or(Ok(0), |row| cell(row, 0).small()).map_err(StoreError::from)?;
        let target = Generation { projection, generation: last + 1 };
        control.create(&target).await?;
        let [name, version, generation] = named(&target);
        let sql = format!(
            "INSERT INTO {schema}progress \
             (projection, version, generation, live, position, time, updated_at) \
             VALUES ($1, $2, $3, false, 0, $4, $5)"
        );
        let begun = [name, version, generation, Value::Time(0), now.into()];
        control.execute(&sql, &begun).await?;
        let sql = format!(
            "INSERT INTO {schema}builds \
             (projection, version, generation, purpose, state, requested_at, started_position) \
             VALUES ($1, $2, $3, $4, $5, $6, 0)"
        );
        let [name, version, generation, ..] = begun;
        let state = BuildState::Waiting.name().into();
        let row = [name, version, generation, purpose.name().into(), state, now.into()];
        control.execute(&sql, &row).await?;
        let build = under_way(control.as_mut(), projection.name()).await?;
        control.commit().await?;
        build.ok_or_else(|| StoreError::Refused("the build was not kept".to_owned()).into())
    }

    /// No runner applies records for it any more, on any node, until it is resumed.
    pub async fn pause(&self, name: &str) -> Result<(), RequestError> {
        known(name)?;
        let mut control = self.database.control().await?;
        let now = control.now().await?;
        let sql = format!(
            "INSERT INTO {}controls (projection, paused_at, resumptions) VALUES ($1, $2, 0) \
             ON CONFLICT (projection) \
             DO UPDATE SET paused_at = coalesce(controls.paused_at, excluded.paused_at)",
            control.schema()
        );
        control.execute(&sql, &[name.into(), now.into()]).await?;
        Ok(control.commit().await?)
    }

    /// It goes on; when it had stopped, it tries again.
    pub async fn resume(&self, name: &str) -> Result<(), RequestError> {
        known(name)?;
        let mut control = self.database.control().await?;
        let sql = format!(
            "INSERT INTO {}controls (projection, paused_at, resumptions) VALUES ($1, NULL, 1) \
             ON CONFLICT (projection) \
             DO UPDATE SET paused_at = NULL, resumptions = controls.resumptions + 1",
            control.schema()
        );
        control.execute(&sql, &[name.into()]).await?;
        Ok(control.commit().await?)
    }

    /// Takes back what was noted about a generation that stood.
    pub(crate) async fn note_going_on(&self, target: &Generation) -> Result<(), StoreError> {
        if self.live_generation(target.name()).await?.stopped.is_some() {
            self.note_stopped(target, None).await?;
        }
        Ok(())
    }

    /// Notes that a generation stands, and why, beside its checkpoint; `None` = it goes on.
    pub(crate) async fn note_stopped(
        &self,
        target: &Generation,
        stopped: Option<&Stopped>,
    ) -> Result<(), StoreError> {
        let mut control = self.database.control().await?;
        let now = control.now().await?;
        let sql = format!(
            "UPDATE {}progress SET stopped_position = $4, stopped_why = $5, updated_at = $6 \
             WHERE projection = $1 AND version = $2 AND generation = $3",
            control.schema()
        );
        let [name, version, generation] = named(target);
        let position = Value::from(stopped.map(|stopped| stopped.position));
        let why = Value::from(stopped.map(|stopped| stopped.why.clone()));
        let row = [name, version, generation, position, why, now.into()];
        control.execute(&sql, &row).await?;
        control.commit().await
    }

    /// How the generation that is read stands.
    pub(crate) async fn live_generation(&self, name: &str) -> Result<LiveGeneration, StoreError> {
        let mut snapshot = self.database.snapshot().await?;
        let standing = live_generation(snapshot.as_mut(), name).await?;
        snapshot.end().await?;
        Ok(standing)
    }

    /// How far a generation has come.
    pub(crate) async fn progress(&self, target: &Generation) -> Result<Progress, StoreError> {
        let mut snapshot = self.database.snapshot().await?;
        let sql = format!(
            "SELECT log, position, time FROM {}progress \
             WHERE projection = $1 AND version = $2 AND generation = $3",
            snapshot.schema()
        );
        let rows = snapshot.query(&sql, &named(target)).await?;
        snapshot.end().await?;
        let row = rows.first();
        progress(row.ok_or_else(|| StoreError::Unavailable("the generation is gone".to_owned()))?)
    }

    /// Builds that have not ended, the oldest first.
    pub(crate) async fn open(&self) -> Result<Vec<Build>, StoreError> {
        let mut snapshot = self.database.snapshot().await?;
        let sql = build::select(&snapshot.schema(), "b.ended_at IS NULL");
        let rows = snapshot.query(&sql, &[]).await?;
        snapshot.end().await?;
        rows.iter().map(build::read).collect()
    }
}

/// The build of a projection that has not ended.
async fn under_way(control: &mut dyn Control, name: &str) -> Result<Option<Build>, StoreError> {
    let sql = build::select(&control.schema(), "b.ended_at IS NULL AND b.projection = $1");
    control.query(&sql, &[name.into()]).await?.first().map(build::read).transpose()
}

fn progress(row: &Row) -> Result<Progress, StoreError> {
    Ok(Progress {
        log: cell(row, 0).optional(Value::parse::<uuid::Uuid>)?.map(LogId),
        position: cell(row, 1).position()?,
        time: cell(row, 2).time()?,
    })
}

/// The generation of a projection that is read, in this snapshot.
pub(crate) async fn live_generation(
    snapshot: &mut dyn ReadTransaction,
    name: &str,
) -> Result<LiveGeneration, StoreError> {
    let all = live_generations(snapshot).await?;
    let found = all.into_iter().find(|live| live.projection == name);
    found.ok_or_else(|| StoreError::Refused(format!("`{name}` has no tables")))
}

/// All generations that are read, in this snapshot.
pub(crate) async fn live_generations(
    snapshot: &mut dyn ReadTransaction,
) -> Result<Vec<LiveGeneration>, StoreError> {
    let sql = format!(
        "SELECT p.log, p.position, p.time, p.projection, p.version, p.generation, p.updated_at, \
         p.stopped_position, p.stopped_why, c.paused_at, coalesce(c.resumptions, 0) \
         FROM {0}progress p LEFT JOIN {0}controls c ON c.projection = p.projection WHERE p.live",
        snapshot.schema()
    );
    snapshot.query(&sql, &[]).await?.iter().map(read_live_generation).collect()
}

fn read_live_generation(row: &Row) -> Result<LiveGeneration, StoreError> {
    let stopped_at = cell(row, 7).optional(Value::position)?;
    let why = cell(row, 8).optional(|cell| cell.text().map(ToOwned::to_owned))?;
    Ok(LiveGeneration {
        progress: progress(row)?,
        projection: cell(row, 3).text()?.to_owned(),
        version: cell(row, 4).small()?,
        generation: cell(row, 5).small()?,
        updated_at: cell(row, 6).time()?,
        stopped: stopped_at.zip(why).map(|(position, why)| Stopped { position, why }),
        paused: cell(row, 9).optional(Value::time)?,
        resumptions: cell(row, 10).count()?,
    })
}

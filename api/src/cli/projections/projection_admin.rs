//! Administration of the read models: through a running service, or on the data themselves.

use super::status_json;
use crate::{
    cli::{args::RemoteArgs, local_writer::LocalWriter, remote::Remote},
    clock::SystemClock,
    exit::Failure,
    settings::StoreSettings,
    shutdown::Shutdown,
    wiring,
};
use commands::Clock as _;
use projections::{
    Generations, Purpose, RequestError, Runner, RunnerOptions, StoreError, Views, views,
};
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::task::JoinHandle;

/// Where the read models are administered.
pub(super) enum ProjectionAdmin {
    /// A running service, over HTTP.
    Remote(Remote),
    /// The data, for reading.
    Reading(Arc<dyn Views>),
    /// The data, taken by this process, which runs the projections meanwhile.
    Writing(Box<Writing>),
}

pub(super) struct Writing {
    local: LocalWriter,
    views: Arc<dyn Views>,
    generations: Generations,
    ending: Shutdown,
    runner: JoinHandle<()>,
}

impl ProjectionAdmin {
    pub(super) async fn reading(args: &RemoteArgs, store: &StoreSettings) -> Result<Self, Failure> {
        if let Some(remote) = Remote::find(args, store)? {
            return Ok(Self::Remote(remote));
        }
        let reading = wiring::open_reading(store).await?;
        Ok(Self::Reading(views(reading.database, Some(reading.log))))
    }

    pub(super) async fn writing(args: &RemoteArgs, store: &StoreSettings) -> Result<Self, Failure> {
        if let Some(remote) = Remote::find(args, store)? {
            return Ok(Self::Remote(remote));
        }
        let local = LocalWriter::open(store).await?;
        let engines = &local.engines;
        let (log, database) = (engines.log.clone(), engines.database.clone());
        let options = RunnerOptions { node: engines.node.clone(), ..RunnerOptions::default() };
        let opener = local.commands.text_decryptor();
        let runner = Runner::new(log.clone(), opener, database.clone(), options);
        let ending = Shutdown::default();
        let runner = tokio::spawn(runner.run(ending.wait()));
        let views = views(database.clone(), Some(log));
        let generations = Generations::new(database);
        Ok(Self::Writing(Box::new(Writing { local, views, generations, ending, runner })))
    }

    pub(super) const fn is_remote(&self) -> bool {
        matches!(self, Self::Remote(_))
    }

    /// How far all projections are, in the form of the HTTP API.
    pub(super) async fn rows(&self) -> Result<Vec<Value>, Failure> {
        let views = match self {
            Self::Remote(remote) => {
                let page = remote.get("/v1/projections", &[]).await?;
                return Ok(page.get("data").and_then(Value::as_array).cloned().unwrap_or_default());
            }
            Self::Reading(views) => views,
            Self::Writing(writing) => &writing.views,
        };
        Ok(views.statuses(SystemClock.now()).await?.into_iter().map(status_json).collect())
    }

    /// Rebuild, verify, pause or resume.
    pub(super) async fn request(&self, name: &str, action: &str) -> Result<(), Failure> {
        let generations = match self {
            Self::Remote(remote) => {
                let path = format!("/v1/projections/{name}/{action}");
                return remote.post(&path, &json!({})).await.map(drop);
            }
            Self::Reading(_) => return Err(Failure::failed("the data are open for reading only")),
            Self::Writing(writing) => &writing.generations,
        };
        let requested = match action {
            "rebuild" => generations.request(name, Purpose::Rebuild).await.map(drop),
            "verify" => generations.request(name, Purpose::Verify).await.map(drop),
            "pause" => generations.pause(name).await,
            _ => generations.resume(name).await,
        };
        requested.map_err(|error| match error {
            RequestError::Store(StoreError::Unavailable(why)) => Failure::unavailable(why),
            RequestError::Store(StoreError::Refused(_))
            | RequestError::Unknown(_)
            | RequestError::Paused(_)
            | RequestError::Busy(..) => Failure::failed(error.to_string()),
        })
    }

    /// Stops the projections and releases the data folder.
    pub(super) async fn close(self) -> Result<(), Failure> {
        match self {
            Self::Remote(_) | Self::Reading(_) => Ok(()),
            Self::Writing(writing) => {
                let Writing { local, ending, runner, .. } = *writing;
                ending.begin();
                drop(runner.await);
                local.close().await
            }
        }
    }
}

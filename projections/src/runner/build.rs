//! Builds requested generations and switches to them.
//!
//! A build is filled from the log like any other generation, in larger batches, with its own
//! checkpoint: a node that dies in the middle, or another one, goes on from there. Then it is
//! compared with the one that is read, at one position, follows the log to its end, and takes its
//! place in one transaction.

use super::{
    BuildTarget, Interruption, Runner, Stop,
    follow::{Filler, LINGER, WAIT},
};
use crate::{
    generations::{
        Build, BuildState, Comparison, Purpose, RENEWAL_INTERVAL, RequestError, Switched,
    },
    store::{Generation, StoreError},
};
use domain::position::Position;
use eventlog::{
    Checkpoint, Record,
    consumer::{self, Batches, Consumer, StopReason},
};
use std::{sync::Arc, time::Duration};
use tokio::time::sleep;

/// How often a node looks whether there is something to build.
const BUILD_INTERVAL: Duration = Duration::from_millis(500);
/// So many records behind the end of the log are no reason to go on filling.
const MAX_LAG_RECORDS: u64 = 2_000;
/// How long to look for records between two attempts to switch.
const SWITCH_WAIT: Duration = Duration::from_millis(20);
/// How long to leave readers of the views alone after they were in the way.
const BUSY_PAUSE: Duration = Duration::from_millis(200);

impl Runner {
    /// Builds what was requested and drops what is not read any more; never ends.
    pub(super) async fn run_builds(&self) {
        loop {
            if let Err(error) = self.build_requested().await {
                tracing::warn!(%error, "cannot look after the generations of tables");
            }
            sleep(BUILD_INTERVAL).await;
        }
    }

    async fn build_requested(&self) -> Result<(), StoreError> {
        for projection in &self.projections {
            let standing = self.generations.live_generation(projection.name()).await?;
            if standing.version < projection.version() {
                match self.generations.request(projection.name(), Purpose::Rebuild).await {
                    Ok(_)
                    | Err(
                        RequestError::Busy(..) | RequestError::Paused(_) | RequestError::Unknown(_),
                    ) => {}
                    Err(RequestError::Store(error)) => return Err(error),
                }
            }
        }
        self.generations.drop_retired(self.options.keep).await?;
        for build in self.generations.open().await? {
            let known = self
                .projections
                .iter()
                .find(|known| known.name() == build.projection && known.version() == build.version);
            let Some(projection) = known else { continue };
            let target = Generation { projection: *projection, generation: build.generation };
            if self.generations.live_generation(target.name()).await?.paused.is_some() {
                // The others need not wait for it.
                continue;
            }
            if self.generations.lease(&target, &self.options.node, true).await? {
                self.build(&build, target).await;
            }
        }
        Ok(())
    }

    /// Builds one generation to its end, or until another node does.
    async fn build(&self, build: &Build, target: Generation) {
        let (name, generation) = (target.name(), target.generation);
        let purpose = build.purpose.name();
        tracing::info!(projection = name, generation, purpose, "builds a generation of tables");
        let ended = tokio::select! {
            ended = self.build_on(build, target) => ended,
            () = self.renew(&target) => Err(StopReason::Ended(Interruption::Switched)),
        };
        match ended {
            Ok(comparison) => {
                if comparison.equal == Some(false) {
                    tracing::warn!(
                        projection = name,
                        generation,
                        purpose,
                        difference = ?comparison.difference,
                        "the tables that were read were not what follows from the log"
                    );
                } else {
                    tracing::info!(projection = name, generation, purpose, "built");
                }
            }
            Err(stop) => tracing::info!(projection = name, generation, ?stop, "not built here"),
        }
        self.notify();
    }

    /// Says again and again that this node builds; returns when it may not any more.
    async fn renew(&self, target: &Generation) {
        loop {
            sleep(RENEWAL_INTERVAL).await;
            match self.generations.lease(target, &self.options.node, false).await {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => tracing::debug!(%error, "cannot say that it builds"),
            }
        }
    }

    /// Goes on after losses, until the build has ended or the projection is paused.
    async fn build_on(&self, build: &Build, target: Generation) -> Result<Comparison, Stop> {
        let mut backoff = self.backoff();
        loop {
            let stop = match self.build_once(build, target).await {
                Ok(comparison) => return Ok(comparison),
                Err(stop) => stop,
            };
            let failure = match &stop {
                StopReason::Unavailable(why) => {
                    let (name, pause) = (target.name(), backoff.next_pause());
                    tracing::warn!(projection = name, %why, ?pause, "a build waits, tries again");
                    sleep(pause).await;
                    continue;
                }
                StopReason::Ended(Interruption::Paused) => {
                    let why = "the projection is paused; it goes on when that is resumed";
                    self.stage(&target, BuildState::Waiting, Some(why)).await?;
                    return Err(stop);
                }
                StopReason::Ended(Interruption::Switched | Interruption::Done) => return Err(stop),
                StopReason::Ended(Interruption::Refused(why)) => why.clone(),
                StopReason::Stopped(position, why) => format!("stopped at {position}: {why}"),
            };
            let (node, failed) = (self.options.node.as_str(), BuildState::Failed);
            self.generations.end(&target, node, failed, None, Some(&failure)).await?;
            return Err(stop);
        }
    }

    async fn build_once(&self, build: &Build, target: Generation) -> Result<Comparison, Stop> {
        let build_target = BuildTarget { target, live: false };
        let mut batches = Batches::new(self.options.filling, WAIT)
            .filled_within(LINGER)
            .sized_for(self.database.filling());
        self.stage(&target, BuildState::Loading, None).await?;
        loop {
            let aim = self.aim(&target).await?;
            self.advance(&build_target, aim, &mut batches).await?;
            if self.aim(&target).await?.0.saturating_sub(aim.0) < MAX_LAG_RECORDS {
                break;
            }
        }
        self.stage(&target, BuildState::Indexing, None).await?;
        let mut control = self.database.control().await?;
        control.finish(&target).await?;
        control.commit().await?;
        self.stage(&target, BuildState::Comparing, None).await?;
        let comparison = self.compare(&build_target, &mut batches).await?;
        match build.purpose {
            Purpose::Verify => {
                let (node, done) = (self.options.node.as_str(), BuildState::Done);
                self.generations.end(&target, node, done, Some(&comparison), None).await?;
            }
            Purpose::Rebuild => {
                self.stage(&target, BuildState::Switching, None).await?;
                let head = self.head(Position::START).await?;
                self.advance(&build_target, head, &mut batches).await?;
                self.take_over(build_target, &comparison).await?;
            }
        }
        Ok(comparison)
    }

    /// Notes how far the build is; ends it when it is not this node's any more.
    async fn stage(
        &self,
        target: &Generation,
        state: BuildState,
        why: Option<&str>,
    ) -> Result<(), Stop> {
        let node = self.options.node.as_str();
        let ours = self.generations.note(target, node, state, why).await?;
        if ours { Ok(()) } else { Err(StopReason::Ended(Interruption::Switched)) }
    }

    pub(super) async fn head(&self, at: Position) -> Result<Position, Stop> {
        let head = self.log.head().await.map_err(|error| Stop::from_log(&error, at))?;
        Ok(head.position)
    }

    /// How far to fill before comparing: as far as the tables that are read have come, where both
    /// can be compared; never further, for they may stand.
    async fn aim(&self, target: &Generation) -> Result<Position, Stop> {
        // The end is asked for last: what is read stands before it, or nowhere on this log.
        let read = self.generations.live_generation(target.name()).await?;
        let head = self.head(Position::START).await?;
        let built = self.generations.progress(target).await?;
        let identity = self.log.identity().await;
        let identity = identity.map_err(|error| Stop::from_log(&error, built.position))?;
        let related = read.version == target.projection.version()
            && read.progress.log == identity
            && (built.position..=head).contains(&read.progress.position);
        Ok(if related { read.progress.position } else { head })
    }

    /// Follows the log until it can take the place of what is read.
    async fn take_over(&self, target: BuildTarget, comparison: &Comparison) -> Result<(), Stop> {
        let filler = Filler::new(self, target, Position::START);
        let mut switcher = Switcher { runner: self, target, filler, comparison, beyond: None };
        let mut batches = Batches::new(self.options.batch, SWITCH_WAIT).filled_within(LINGER);
        let stop = consumer::follow(&self.log, &mut switcher, &mut batches).await;
        let done = matches!(stop, StopReason::Ended(Interruption::Done));
        if done { Ok(()) } else { Err(stop) }
    }
}

/// Fills a generation and, after every batch, tries to let it take the place of what is read.
struct Switcher<'a> {
    runner: &'a Runner,
    target: BuildTarget,
    filler: Filler<'a>,
    comparison: &'a Comparison,
    /// The tables that are read were seen at this position, which the log does not have.
    beyond: Option<Position>,
}

impl Consumer for Switcher<'_> {
    type Batch = Vec<Arc<Record>>;
    type End = Interruption;

    async fn prepare(records: Vec<Arc<Record>>) -> Self::Batch {
        records
    }

    async fn checkpoint(&mut self) -> Result<Checkpoint, Stop> {
        self.filler.checkpoint().await
    }

    async fn apply(&mut self, records: Self::Batch) -> Result<(), Stop> {
        self.filler.apply(records).await?;
        let (runner, target) = (self.runner, &self.target.target);
        let node = runner.options.node.as_str();
        loop {
            match runner.generations.switch(target, node, self.comparison, self.beyond).await? {
                Switched::Done => return Err(StopReason::Ended(Interruption::Done)),
                Switched::Taken => return Err(StopReason::Ended(Interruption::Switched)),
                // Requested after it was seen there, so the log did not end before it then.
                Switched::Behind(read) if runner.head(self.position()).await? < read => {
                    self.beyond = Some(read);
                }
                Switched::Behind(_) => return Ok(()),
                Switched::Busy(why) => {
                    let words = format!("waits for readers of the tables or views: {why}");
                    runner.stage(target, BuildState::Switching, Some(&words)).await?;
                    sleep(BUSY_PAUSE).await;
                    return Ok(());
                }
            }
        }
    }

    fn position(&self) -> Position {
        self.filler.position()
    }
}

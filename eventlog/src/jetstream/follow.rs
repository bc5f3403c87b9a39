//! Follows the whole log on JetStream.

use super::{
    Shared,
    feed::{Feed, Wanted},
};
use crate::{Checkpoint, Follower, LogError, Record, chain::Chain};
use async_trait::async_trait;
use domain::id::LogId;
use std::{sync::Arc, time::Duration};

/// Reads everything in order; see [`Feed`] for how it survives restarts and [`Chain`] for what it
/// checks.
pub(super) struct JetStreamFollower {
    shared: Arc<Shared>,
    feed: Feed,
    chain: Chain,
    stopped: Option<LogError>,
}

impl JetStreamFollower {
    pub(super) fn new(shared: Arc<Shared>, after: Checkpoint, log: Option<LogId>) -> Self {
        let wanted = Wanted {
            stream: shared.options.stream.clone(),
            filter: None,
            headers_only: false,
            dense: true,
        };
        let feed = Feed::new(Arc::clone(&shared), wanted, after.position.0);
        Self { shared, feed, chain: Chain::after(after, log), stopped: None }
    }
}

#[async_trait]
impl Follower for JetStreamFollower {
    async fn next(&mut self, max: usize, wait: Duration) -> Result<Vec<Arc<Record>>, LogError> {
        if let Some(error) = &self.stopped {
            return Err(error.clone());
        }
        let came = match self.feed.next(max.max(1), wait).await {
            Ok(fed) => fed,
            Err(error @ (LogError::Corrupt { .. } | LogError::Foreign { .. })) => {
                self.stopped = Some(error.clone());
                return Err(error);
            }
            Err(error) => return Err(error),
        };
        let subjects = self.shared.options.subjects();
        let mut records = Vec::with_capacity(came.len());
        for fed in came {
            match self.chain.accept(fed.raw(&subjects)) {
                Ok(record) => records.push(Arc::new(record)),
                Err(error) if records.is_empty() => {
                    self.stopped = Some(error.clone());
                    return Err(error);
                }
                // What is good before it is handed out first.
                Err(error) => {
                    self.stopped = Some(error);
                    break;
                }
            }
        }
        Ok(records)
    }
}

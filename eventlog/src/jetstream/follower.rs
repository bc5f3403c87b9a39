//! Follows the whole log on JetStream.

use super::{
    Shared,
    ordered_consumer::{OrderedConsumer, ReadSpec},
};
use crate::{Checkpoint, Follower, LogError, Record, chain_verifier::ChainVerifier};
use async_trait::async_trait;
use domain::id::LogId;
use std::{sync::Arc, time::Duration};

/// Reads everything in order; see [`OrderedConsumer`] for how it survives restarts and
/// [`ChainVerifier`] for what it checks.
pub(super) struct JetStreamFollower {
    shared: Arc<Shared>,
    consumer: OrderedConsumer,
    chain: ChainVerifier,
    stopped: Option<LogError>,
}

impl JetStreamFollower {
    pub(super) fn new(shared: Arc<Shared>, after: Checkpoint, log: Option<LogId>) -> Self {
        let wanted = ReadSpec {
            stream: shared.options.stream.clone(),
            filter: None,
            headers_only: false,
            dense: true,
        };
        let consumer = OrderedConsumer::new(Arc::clone(&shared), wanted, after.position.0);
        Self { shared, consumer, chain: ChainVerifier::after(after, log), stopped: None }
    }
}

#[async_trait]
impl Follower for JetStreamFollower {
    async fn next(&mut self, max: usize, wait: Duration) -> Result<Vec<Arc<Record>>, LogError> {
        if let Some(error) = &self.stopped {
            return Err(error.clone());
        }
        let came = match self.consumer.next(max.max(1), wait).await {
            Ok(delivered) => delivered,
            Err(error @ (LogError::Corrupt { .. } | LogError::Foreign { .. })) => {
                self.stopped = Some(error.clone());
                return Err(error);
            }
            Err(error) => return Err(error),
        };
        let subjects = self.shared.options.subjects();
        let mut records = Vec::with_capacity(came.len());
        for delivered in came {
            match self.chain.accept(delivered.raw(&subjects)) {
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

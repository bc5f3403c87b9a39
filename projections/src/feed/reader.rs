//! A reader of the feed: next events from the ring, or from the past until it is there.

use super::{Body, FeedError, FeedEvent, Follower, Inner, WHOLE_RECORD, count, ring::Taken};
use crate::{AuditFilter, AuditOrder, Model, Page, ViewError};
use domain::{
    id::TokenId,
    position::{EventId, Position},
};
use std::{sync::Arc, time::Duration};
use tokio::time::Instant;

/// At most so many events at once.
const MAX_EVENTS: usize = 64;
/// So many of the past.
const PAST_PAGE_ROWS: u32 = 200;

/// A place in the order of events, with a filter.
#[derive(Debug)]
pub struct Reader<B> {
    inner: Arc<Inner<B>>,
    filter: AuditFilter,
    token: Option<TokenId>,
    at: EventId,
    /// The rest of a pass over the past: its filter and the cursor.
    pass: Option<(AuditFilter, String)>,
}

impl<B> Drop for Reader<B> {
    fn drop(&mut self) {
        let mut readers = self.inner.readers.lock();
        readers.count = readers.count.saturating_sub(1);
        count(readers.count);
    }
}

impl<B: Body> Reader<B> {
    pub(super) fn new(inner: Arc<Inner<B>>, filter: AuditFilter, after: EventId) -> Self {
        let filter = AuditFilter {
            from_position: None,
            to_position: None,
            from_time: None,
            to_time: None,
            order: AuditOrder::OldestFirst,
            ..filter
        };
        Self { inner, filter, token: None, at: after, pass: None }
    }

    /// Ends as soon as this token is revoked.
    #[must_use]
    pub fn for_token(mut self, token: Option<TokenId>) -> Self {
        self.token = token;
        self
    }

    /// Waits until the feed can be read.
    pub async fn ready(&self, patience: Duration) -> Result<(), FeedError> {
        let mut follower = self.inner.follower.subscribe();
        let settled = follower.wait_for(|state| *state != Follower::Starting);
        match tokio::time::timeout(patience, settled).await {
            Ok(Ok(state)) => match &*state {
                Follower::Starting | Follower::Live(_) => Ok(()),
                Follower::Stopped(why) => Err(FeedError::Unavailable(why.clone())),
            },
            Ok(Err(_)) => Err(FeedError::Closed),
            Err(_) => Err(FeedError::Unavailable("it does not follow the log yet".to_owned())),
        }
    }

    /// Everything up to here was handed out or did not pass.
    pub fn at(&self) -> EventId {
        self.at
    }

    /// The next events that pass; none when there were none for so long. The place moves on either
    /// way. May be dropped while it waits: nothing is lost.
    pub async fn next(&mut self, wait: Duration) -> Result<Vec<Arc<FeedEvent<B>>>, FeedError> {
        let until = Instant::now() + wait;
        let mut follower = self.inner.follower.subscribe();
        let mut closed = self.inner.closed.subscribe();
        loop {
            if *closed.borrow() {
                return Err(FeedError::Closed);
            }
            let live = match &*follower.borrow_and_update() {
                Follower::Starting => false,
                Follower::Live(_) => true,
                Follower::Stopped(why) => return self.rest(why.clone()),
            };
            if live {
                match self.look(until).await? {
                    Look::Found(events) => return Ok(events),
                    Look::More => continue,
                    Look::Nothing => {}
                }
            }
            tokio::select! {
                _ = follower.changed() => {}
                _ = closed.changed() => {}
                () = tokio::time::sleep_until(until) => return Ok(Vec::new()),
            }
        }
    }

    /// What is still at hand of a feed that has stopped.
    fn rest(&mut self, why: String) -> Result<Vec<Arc<FeedEvent<B>>>, FeedError> {
        let taken = self.inner.ring.read().take(self.at, &self.filter, self.token, MAX_EVENTS);
        match taken {
            Taken::Events(events, at) if !events.is_empty() => {
                self.at = at;
                Ok(events)
            }
            Taken::Events(..) | Taken::Behind | Taken::Revoked => Err(FeedError::Unavailable(why)),
        }
    }

    async fn look(&mut self, until: Instant) -> Result<Look<B>, FeedError> {
        if self.pass.is_none() {
            let taken = self.inner.ring.read().take(self.at, &self.filter, self.token, MAX_EVENTS);
            match taken {
                Taken::Revoked => return Err(FeedError::Revoked),
                Taken::Events(events, at) => {
                    let moved = at > self.at;
                    self.at = at;
                    return Ok(match events.is_empty() {
                        false => Look::Found(events),
                        true if moved => Look::More,
                        true => Look::Nothing,
                    });
                }
                Taken::Behind => {
                    metrics::counter!("sharelog_feed_past_reads_total").increment(1);
                }
            }
        }
        self.look_back(until).await
    }

    /// A page of the past, from a view that knows at least what has left the ring.
    async fn look_back(&mut self, until: Instant) -> Result<Look<B>, FeedError> {
        let floor = self.inner.ring.read().floor().position;
        let patience = until.saturating_duration_since(Instant::now());
        match self.inner.views.wait_for(&[Model::AUDIT], floor, patience).await {
            Ok(_) => {}
            Err(ViewError::NotYet { .. }) => return Ok(Look::Nothing),
            Err(error) => return Err(error.into()),
        }
        let (filter, after) = match self.pass.take() {
            Some((filter, cursor)) => (filter, Some(cursor)),
            None => (self.filter_from_here(), None),
        };
        let page = Page { limit: PAST_PAGE_ROWS, after, count: false };
        let found = self.inner.views.audit(&filter, &page).await?;
        let last = found.rows.last().map(|row| row.id);
        let events: Vec<_> = found
            .rows
            .into_iter()
            .filter(|row| row.id > self.at)
            .map(|row| Arc::new(FeedEvent::of(row)))
            .collect();
        self.at = match (&found.next, last) {
            (Some(_), Some(last)) => self.at.max(last),
            (Some(_), None) | (None, _) => self.at.max(whole(found.position)),
        };
        self.pass = found.next.map(|cursor| (filter, cursor));
        Ok(if events.is_empty() { Look::More } else { Look::Found(events) })
    }

    fn filter_from_here(&self) -> AuditFilter {
        let EventId { position, index } = self.at;
        let from = if index == WHOLE_RECORD { position.next() } else { position };
        AuditFilter { from_position: Some(from), ..self.filter.clone() }
    }
}

enum Look<B> {
    Found(Vec<Arc<FeedEvent<B>>>),
    /// Nothing passes up to here; look on.
    More,
    /// Nothing new is there.
    Nothing,
}

fn whole(position: Position) -> EventId {
    EventId { position, index: WHOLE_RECORD }
}

//! Sends the events of one webhook, each until it arrives or is given up.

use super::{
    Dispatch,
    client::{Sent, SignedMessage},
    lease::{DeliveryLease, Lost},
    sign::signatures,
};
use crate::v1::watch::Shown;
use bytes::Bytes;
use commands::{Attempt, AttemptOutcome, RetryState};
use domain::{event::WebhookTerms, id::WebhookId, position::EventId, webhook::WebhookState};
use projections::{
    AuditFilter, Page, ViewError,
    feed::{FeedError, FeedEvent, Reader},
};
use std::{sync::Arc, time::Duration};
use tokio::time::Instant;

/// One wait for events, or one part of a longer pause.
const WAIT: Duration = Duration::from_millis(500);
/// How often it is looked whether the webhook is still set up as it was.
const CHECK_INTERVAL: Duration = Duration::from_secs(1);
/// Events that are at hand for longer are read again before they are sent: a text of theirs may
/// have been erased meanwhile.
const MAX_EVENT_AGE: Duration = Duration::from_secs(1);
/// Dead letters asked for at once.
const DEAD_LETTER_PAGE_LEN: u32 = 50;

/// Why a webhook's task ends.
enum End {
    /// It is set up differently, paused, removed or given up; or the service ends.
    Over,
    /// The lease is lost.
    Lost(Lost),
    /// Events cannot be read now.
    Feed(FeedError),
}

impl From<Lost> for End {
    fn from(lost: Lost) -> Self {
        Self::Lost(lost)
    }
}
impl From<commands::CommandError> for End {
    fn from(error: commands::CommandError) -> Self {
        Self::Lost(Lost::Error(error))
    }
}
impl From<FeedError> for End {
    fn from(error: FeedError) -> Self {
        Self::Feed(error)
    }
}

struct Worker<'a> {
    shared: &'a Dispatch,
    held: DeliveryLease,
    state: Arc<WebhookState>,
    terms: WebhookTerms,
    looked: Instant,
}

pub(super) async fn run(shared: Arc<Dispatch>, webhook: WebhookId, state: Arc<WebhookState>) {
    let Some(terms) = state.terms.clone() else { return };
    let held = match DeliveryLease::take(&shared, webhook).await {
        Ok(Some(held)) => held,
        Ok(None) => return,
        Err(error) => return tracing::warn!(%webhook, %error, "cannot deliver now"),
    };
    let looked = Instant::now();
    let mut worker = Worker { shared: &shared, held, state, terms, looked };
    match worker.deliver().await {
        End::Over | End::Feed(FeedError::Closed) => {
            if let Err(Lost::Error(error)) = worker.held.give_back(&shared).await {
                tracing::warn!(%webhook, %error, "the last deliveries are not noted");
            }
        }
        End::Lost(Lost::Taken) => tracing::debug!(%webhook, "another one delivers, or a replay"),
        End::Lost(Lost::Error(error)) => tracing::warn!(%webhook, %error, "cannot deliver now"),
        End::Feed(error) => tracing::warn!(%webhook, %error, "events cannot be read now"),
    }
}

impl Worker<'_> {
    /// Delivers until it ends.
    async fn deliver(&mut self) -> End {
        match self.all().await {
            Ok(never) => match never {},
            Err(end) => end,
        }
    }

    async fn all(&mut self) -> Result<std::convert::Infallible, End> {
        let filter = AuditFilter {
            item: self.terms.item.clone(),
            account: self.terms.account.clone(),
            types: self.terms.types.clone(),
            ..AuditFilter::default()
        };
        let mut reader = self.shared.feed.own_reader(filter, self.held.notes.at)?;
        loop {
            self.look().await?;
            if self.held.notes.again {
                self.dead_letters().await?;
            }
            self.some(&mut reader).await?;
            self.held.tend(self.shared).await?;
        }
    }

    /// The next events, if there are any soon.
    async fn some(&mut self, reader: &mut Reader<Shown>) -> Result<(), End> {
        let events = reader.next(WAIT).await?;
        let read_at = Instant::now();
        for event in &events {
            self.one(event, read_at).await?;
        }
        // What did not pass need not be looked at again.
        if events.is_empty() && reader.at() > self.held.notes.at {
            self.held.notes.at = reader.at();
            self.held.changed();
        }
        Ok(())
    }

    /// One event, read at that instant, until it has arrived or is given up.
    async fn one(
        &mut self,
        event: &Arc<FeedEvent<Shown>>,
        mut read_at: Instant,
    ) -> Result<(), End> {
        let mut event = event.clone();
        loop {
            let failing = self.held.notes.failing.clone().filter(|f| f.event == event.id);
            if let Some(failing) = &failing {
                self.pause(failing).await?;
            }
            if read_at.elapsed() >= MAX_EVENT_AGE {
                read_at = Instant::now();
                // `None`: the read models do not know it yet, so it is new.
                if let Some(current) = self.read_again(event.id).await.map_err(FeedError::from)? {
                    event = current;
                }
            }
            self.look().await?;
            let before = failing.as_ref().map_or(0, |failing| failing.attempts);
            if self.attempt(&event, before, failing).await? {
                return Ok(());
            }
        }
    }

    /// One attempt; true = it is over with this event.
    async fn attempt(
        &mut self,
        event: &FeedEvent<Shown>,
        before: u32,
        failing: Option<RetryState>,
    ) -> Result<bool, End> {
        let number = before + 1;
        let (mut attempt, sent) = self.send(event, number).await?;
        let (refused, asked) = match &sent {
            Sent::Delivered(_) => {
                self.settle(attempt, event.id);
                self.held.tend(self.shared).await?;
                return Ok(true);
            }
            Sent::Gone => {
                self.held.record(attempt);
                self.held.save(self.shared).await?;
                self.shared.commands.webhooks.give_up(self.held.webhook).await?;
                return Err(End::Over);
            }
            Sent::Refused(_) => (true, None),
            Sent::Failed(_, _, asked) => (false, *asked),
        };
        let pause = self.shared.schedule.pause(number, refused, asked, rand::random());
        let Some(pause) = pause else {
            attempt.outcome = AttemptOutcome::GivenUp;
            self.shared.commands.webhooks.add_dead_letter(self.held.webhook, &attempt).await?;
            self.settle(attempt, event.id);
            self.held.save(self.shared).await?;
            return Ok(true);
        };
        let micros = i64::try_from(pause.as_micros()).unwrap_or(i64::MAX);
        let (since, now) = (attempt.at, self.shared.clock.now());
        self.held.notes.failing = Some(RetryState {
            event: event.id,
            attempts: number,
            since: failing.map_or(since, |failing| failing.since),
            next: now.plus_micros(micros),
        });
        self.held.record(attempt);
        self.held.save(self.shared).await?;
        Ok(false)
    }

    fn settle(&mut self, attempt: Attempt, event: EventId) {
        self.held.notes.failing = None;
        self.held.notes.at = event;
        self.held.record(attempt);
    }

    /// Sends an event and says what came of it.
    async fn send(
        &mut self,
        event: &FeedEvent<Shown>,
        number: u32,
    ) -> Result<(Attempt, Sent), End> {
        let at = self.shared.clock.now();
        let commands = &self.shared.commands;
        let secrets = commands.webhooks.secrets(self.held.webhook, &self.state, at).await?;
        let log = commands.log_id();
        let id = format!("{}_{}_{}", self.held.webhook, log.0.simple(), event.id);
        let timestamp = at.as_micros().div_euclid(1_000_000);
        let body = body(event);
        let signatures = signatures(&secrets, &id, timestamp, &body);
        let message = SignedMessage { id, timestamp, signatures, body };
        let begun = Instant::now();
        let sending = self.shared.sender.send(&self.terms.url, &message);
        let sent = self.held.during(self.shared, sending).await?;
        let (outcome, status, why) = match &sent {
            Sent::Delivered(status) => (AttemptOutcome::Delivered, Some(*status), None),
            Sent::Gone => (AttemptOutcome::Failed, None, Some("it is gone")),
            Sent::Refused(status) => {
                (AttemptOutcome::Failed, Some(*status), Some("it refuses the event"))
            }
            Sent::Failed(status, why, _) => (AttemptOutcome::Failed, *status, Some(*why)),
        };
        let label = if outcome == AttemptOutcome::Delivered { "delivered" } else { "failed" };
        metrics::counter!("sharelog_webhook_attempts_total", "outcome" => label).increment(1);
        let attempt = Attempt {
            event: event.id,
            name: event.name.clone(),
            number,
            at,
            outcome,
            status: status.map(|status| status.as_u16()),
            why: why.map(str::to_owned),
            milliseconds: u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
        };
        Ok((attempt, sent))
    }

    /// Waits until an event may be tried again.
    async fn pause(&mut self, failing: &RetryState) -> Result<(), End> {
        loop {
            let left = failing.next.as_micros() - self.shared.clock.now().as_micros();
            let Ok(left @ 1..) = u64::try_from(left) else { return Ok(()) };
            tokio::time::sleep(Duration::from_micros(left).min(WAIT)).await;
            self.look().await?;
            self.held.tend(self.shared).await?;
        }
    }

    /// Is the webhook still set up as it was, and does the service go on?
    async fn look(&mut self) -> Result<(), End> {
        if self.shared.ending.begun() {
            return Err(End::Over);
        }
        if self.looked.elapsed() >= CHECK_INTERVAL {
            self.looked = Instant::now();
            let state = self.shared.commands.webhooks.load(self.held.webhook).await?;
            if state.position != self.state.position {
                return Err(End::Over);
            }
        }
        Ok(())
    }

    /// Tries every dead letter once more.
    async fn dead_letters(&mut self) -> Result<(), End> {
        let webhook = self.held.webhook;
        let mut after = None;
        loop {
            let commands = &self.shared.commands;
            let letters =
                commands.webhooks.dead_letters(webhook, after, DEAD_LETTER_PAGE_LEN).await?;
            let Some(last) = letters.last() else { break };
            after = Some(last.event);
            for letter in &letters {
                self.look().await?;
                let event = self.read_again(letter.event).await.map_err(FeedError::from)?;
                let Some(event) = event else { continue };
                let (mut attempt, sent) = self.send(&event, letter.number + 1).await?;
                if matches!(sent, Sent::Delivered(_)) {
                    self.shared.commands.webhooks.remove_dead_letter(webhook, letter.event).await?;
                } else {
                    attempt.outcome = AttemptOutcome::GivenUp;
                    self.shared.commands.webhooks.add_dead_letter(webhook, &attempt).await?;
                }
                self.held.record(attempt);
                self.held.tend(self.shared).await?;
            }
        }
        self.held.notes.again = false;
        self.held.save(self.shared).await?;
        Ok(())
    }

    /// An event as the audit view has it now; `None` = it does not know it yet.
    async fn read_again(&self, id: EventId) -> Result<Option<Arc<FeedEvent<Shown>>>, ViewError> {
        let filter = AuditFilter {
            from_position: Some(id.position),
            to_position: Some(id.position),
            ..AuditFilter::default()
        };
        let views = self.shared.feed.views();
        let mut after = None;
        loop {
            let page = Page { limit: 200, after, count: false };
            let found = views.audit(&filter, &page).await?;
            if let Some(row) = found.rows.into_iter().find(|row| row.id == id) {
                return Ok(Some(Arc::new(FeedEvent::of(row))));
            }
            after = found.next;
            if after.is_none() {
                return Ok(None);
            }
        }
    }
}

/// `type`, `timestamp` and `data`, as Standard Webhooks recommends.
fn body(event: &FeedEvent<Shown>) -> Bytes {
    let mut body =
        format!("{{\"type\":\"{}\",\"timestamp\":\"{}\",\"data\":", event.name, event.time)
            .into_bytes();
    body.extend_from_slice(&event.body.json());
    body.push(b'}');
    body.into()
}

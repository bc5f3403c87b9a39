//! The command handler, the same for every aggregate: load, decide, encode, append, evolve.
//!
//! INVARIANT (confirmed answers): what is answered without an append (a refusal, a no-op) was
//! decided on a version that the log's leader confirmed after the command came in.
//! INVARIANT (one fold): a cached state changes by applying records in order only, under the lock
//! of its entry.

mod decider;
mod encode;
mod idempotency;
mod outcome;
mod snapshots;
mod state_cache;

pub(crate) use decider::{Decided, Decider, PlainDecider};
pub(crate) use idempotency::Fingerprints;
pub(crate) use snapshots::Snapshots;
pub(crate) use state_cache::StateCache;

use outcome::{EncodedCommit, creates};

use crate::{CommandError, Outcome, Request, Status, random, vault::key_ring::KeyRing};
use domain::{
    aggregate::{Aggregate, Decision},
    id::{CommandId, LogId},
    position::Position,
    stream::StreamName,
    time::Time,
};
use eventlog::{
    AppendFailed, Appended, KeyIndex, MAX_RECORD_BYTES, Record, SharedLog, clock_skew::ClockGuard,
};
use state_cache::{CacheEntry, CachedState};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

/// For how long what was read is used without asking the log again, where a second's delay is
/// harmless.
pub(crate) const RECENT_MICROS: i64 = 1_000_000;

/// How often a command is decided again because others changed the stream.
const MAX_ATTEMPTS: u32 = 8;

/// The generic handler of one node.
#[derive(Debug)]
pub(crate) struct Handler {
    pub(crate) log: SharedLog,
    pub(crate) keys: Arc<dyn KeyIndex>,
    pub(crate) key_ring: Arc<KeyRing>,
    pub(crate) guard: ClockGuard,
    pub(crate) fingerprints: Fingerprints,
    pub(crate) snapshots: Option<Snapshots>,
    pub(crate) log_id: LogId,
    pub(crate) budget: Duration,
    pub(crate) acknowledged: AtomicU64,
    pub(crate) known: AtomicU64,
    /// Last position acknowledged on the stream of an account or group.
    pub(crate) of_accounts: AtomicU64,
}

/// One attempt's answer that needs no further attempt.
type Done<A> = Result<Outcome<A>, CommandError>;

/// How well a state is known.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Recent {
    /// Everything up to here is in it.
    pub(crate) position: Position,
    /// How long ago that was found out, in microseconds.
    pub(crate) age: i64,
}

/// What stays the same through all attempts of a command.
struct CommandContext<'a> {
    stream: &'a StreamName,
    request: &'a Request,
    command: CommandId,
    key: Option<String>,
    body: Option<String>,
    /// What was known of the log when it was asked: the state it is decided on has all of it.
    known: Position,
}

impl Handler {
    /// Carries out one command on one stream.
    pub(crate) async fn execute<A: Aggregate, D: Decider<A>>(
        &self,
        cache: &StateCache<A>,
        id: &A::Id,
        request: &Request,
        decider: &D,
    ) -> Done<A> {
        let stream = &A::stream(id);
        self.guard
            .check()
            .map_err(|skewed| CommandError::ClockSkew { off_by_ms: skewed.micros / 1000 })?;
        self.reach(request.at_least).await?;
        let mut context = CommandContext {
            stream,
            request,
            command: CommandId(random::ordered_id(self.guard.stamp())),
            key: None,
            body: None,
            known: Position(self.known.load(Ordering::Relaxed)),
        };
        let Some(key) = request.key.as_deref().filter(|_| !request.dry_run) else {
            return self.attempts(cache, id, &context, decider).await;
        };
        let key = self.fingerprints.key(&request.caller, key);
        let turn = self.fingerprints.turn(&key).await;
        let _turn = turn.lock().await;
        context.body = Some(self.fingerprints.body(&request.fingerprint));
        if let Some(position) = self.keys.find(&key).await? {
            context.key = Some(key);
            return self.replay::<A>(&context, position).await;
        }
        context.key = Some(key);
        self.attempts(cache, id, &context, decider).await
    }

    /// Refuses a consistency token from beyond the head of the log.
    async fn reach(&self, position: Position) -> Result<(), CommandError> {
        if position.0 <= self.known.load(Ordering::Relaxed) {
            return Ok(());
        }
        let head = self.log.head().await?.position;
        self.known.fetch_max(head.0, Ordering::Relaxed);
        if position <= head { Ok(()) } else { Err(CommandError::NotYetVisible) }
    }

    async fn attempts<A: Aggregate, D: Decider<A>>(
        &self,
        cache: &StateCache<A>,
        id: &A::Id,
        issue: &CommandContext<'_>,
        decider: &D,
    ) -> Done<A> {
        let entry = cache.entry(issue.stream).await;
        let mut held = entry.lock().await;
        let mut confirmed = false;
        let mut left = MAX_ATTEMPTS;
        loop {
            if held.state.is_none() {
                self.load::<A>(issue.stream, &mut held).await?;
                confirmed = true;
            } else if issue.request.dry_run && !confirmed {
                // No append of it would meet what others did meanwhile.
                self.moved::<A>(issue.stream, &mut held).await?;
                confirmed = true;
            }
            let state = held.state.get_or_insert_default();
            let at = self.guard.stamp();
            let made = match decider.decide(state, at).await {
                Ok(made) if !made.decision.events.is_empty() => made,
                Err(error) if !matches!(error, CommandError::Rejected(_)) => return Err(error),
                standing => {
                    if !confirmed && self.moved::<A>(issue.stream, &mut held).await? {
                        confirmed = true;
                        continue;
                    }
                    if let Some(position) = self.taken(issue).await? {
                        drop(held);
                        return self.replay::<A>(issue, position).await;
                    }
                    let state = held.state.get_or_insert_default();
                    return self.without_append(issue, decider, state, standing, at).await;
                }
            };
            if !issue.request.dry_run {
                decider.write_references(&**state, &made.decision.events, at).await?;
            }
            let commit = self.encode(issue, id, &**state, at, made).await?;
            if issue.request.dry_run {
                return Ok(commit.planned(issue, state));
            }
            match eventlog::append(self.log.as_ref(), &commit.append, self.budget).await {
                Ok(Appended::At(position)) => {
                    self.record_append(issue.stream, position, at);
                    let outcome = commit.recorded(issue, state, position);
                    self.after_append(cache, issue.stream, &entry, &mut held).await;
                    return Ok(outcome);
                }
                Ok(Appended::KeyTaken(position)) => {
                    drop(held);
                    return self.replay::<A>(issue, position).await;
                }
                Ok(Appended::Conflict) => {
                    left -= 1;
                    if left == 0 {
                        return Err(CommandError::Contended);
                    }
                    self.catch_up::<A>(issue.stream, &mut held).await?;
                    confirmed = true;
                }
                Err(failure) => {
                    held.state = None;
                    return Err(failed(issue.command, failure));
                }
            }
        }
    }

    /// A refusal or a no-op on a confirmed version.
    async fn without_append<A: Aggregate, D: Decider<A>>(
        &self,
        issue: &CommandContext<'_>,
        decider: &D,
        state: &Arc<A>,
        standing: Result<Decided<A>, CommandError>,
        at: Time,
    ) -> Done<A> {
        let made = match standing {
            Ok(made) => made,
            Err(CommandError::Rejected(rejection)) => {
                if !decider.may_have_ended(&rejection) {
                    return Err(rejection.into());
                }
                let records = self.log.read_stream(issue.stream, Position::START).await?;
                let mut past = Vec::new();
                for recorded in records.iter().map(Record::events) {
                    for recorded in recorded.map_err(unreadable)? {
                        past.push(recorded.of_aggregate().map_err(unreadable)?);
                    }
                }
                if !decider.ended_before(&past) {
                    return Err(rejection.into());
                }
                Decision::NOTHING.into()
            }
            Err(error) => return Err(error),
        };
        Ok(Outcome {
            command: issue.command,
            status: if issue.request.dry_run { Status::Planned } else { Status::Unchanged },
            position: state.position().max(issue.known),
            at_least: issue.request.at_least,
            at,
            created: false,
            events: Vec::new(),
            before: Some(state.clone()),
            after: state.clone(),
            results: made.decision.results,
            replayed: false,
            ignored_visits: made.ignored_visits,
        })
    }

    /// Has the stream moved on since the state was read? If so the state is brought up to date.
    async fn moved<A: Aggregate>(
        &self,
        stream: &StreamName,
        held: &mut CachedState<A>,
    ) -> Result<bool, CommandError> {
        let known = held.state.as_deref().map_or(Position::START, Aggregate::position);
        if self.log.stream_position(stream).await? == known {
            return Ok(false);
        }
        self.catch_up::<A>(stream, held).await?;
        Ok(true)
    }

    /// The current state of a stream, confirmed by the leader.
    pub(crate) async fn current<A: Aggregate>(
        &self,
        cache: &StateCache<A>,
        id: &A::Id,
    ) -> Result<Arc<A>, CommandError> {
        let stream = A::stream(id);
        let entry = cache.entry(&stream).await;
        let mut held = entry.lock().await;
        self.refresh::<A>(&stream, &mut held).await?;
        Ok(held.state.get_or_insert_default().clone())
    }

    async fn refresh<A: Aggregate>(
        &self,
        stream: &StreamName,
        held: &mut CachedState<A>,
    ) -> Result<(), CommandError> {
        // Taken before the question: what was acknowledged by now is in the answer.
        let known = Position(self.known.load(Ordering::Relaxed));
        if held.state.is_none() {
            self.load::<A>(stream, held).await?;
        } else {
            self.moved::<A>(stream, held).await?;
        }
        held.confirmed = known;
        held.confirmed_at = self.guard.stamp();
        Ok(())
    }

    /// A state that was current at most a second ago and knows everything up to a position; and
    /// how well it is known.
    pub(crate) async fn recent<A: Aggregate>(
        &self,
        cache: &StateCache<A>,
        id: &A::Id,
        at_least: Position,
    ) -> Result<(Arc<A>, Recent), CommandError> {
        let stream = A::stream(id);
        let entry = cache.entry(&stream).await;
        let mut held = entry.lock().await;
        let now = self.guard.stamp();
        let fresh = held.confirmed_at.plus_micros(RECENT_MICROS) > now;
        if held.state.is_none() || !fresh || held.confirmed < at_least {
            self.reach(at_least).await?;
            self.refresh::<A>(&stream, &mut held).await?;
        }
        let state = held.state.get_or_insert_default().clone();
        let position = held.confirmed.max(state.position());
        let age = self.guard.stamp().as_micros().saturating_sub(held.confirmed_at.as_micros());
        Ok((state, Recent { position, age }))
    }

    async fn load<A: Aggregate>(
        &self,
        stream: &StreamName,
        held: &mut CachedState<A>,
    ) -> Result<(), CommandError> {
        let mut state = A::default();
        if let Some(snapshots) = &self.snapshots
            && let Some(saved) = snapshots.load(stream).await
        {
            state = saved;
        }
        let read = self.replay_rest(stream, &mut state).await?;
        let state = Arc::new(state);
        if let Some(snapshots) = self.snapshots.as_ref().filter(|all| read >= all.every()) {
            snapshots.save(stream, &state);
        }
        held.state = Some(state);
        Ok(())
    }

    async fn catch_up<A: Aggregate>(
        &self,
        stream: &StreamName,
        held: &mut CachedState<A>,
    ) -> Result<(), CommandError> {
        // Taken out, so that a failure half way leaves no half-folded state behind.
        let mut state = held.state.take().unwrap_or_default();
        self.replay_rest::<A>(stream, Arc::make_mut(&mut state)).await?;
        held.state = Some(state);
        Ok(())
    }

    async fn replay_rest<A: Aggregate>(
        &self,
        stream: &StreamName,
        state: &mut A,
    ) -> Result<usize, CommandError> {
        let records = self.log.read_stream(stream, state.position()).await?;
        for record in &records {
            self.observe(record);
            for recorded in record.events().map_err(unreadable)? {
                state.replay(recorded).map_err(unreadable)?;
            }
        }
        let texts = state.private_texts();
        if !texts.is_empty() {
            self.key_ring.open_texts(stream, texts).await.map_err(vault_error)?;
        }
        Ok(records.len())
    }

    pub(crate) fn observe(&self, record: &Record) {
        self.known.fetch_max(record.position.0, Ordering::Relaxed);
        self.guard.observe(record.time);
    }

    /// The last position that this node recorded of an account.
    pub(crate) fn recorded_of_accounts(&self) -> Position {
        Position(self.of_accounts.load(Ordering::Acquire))
    }

    fn record_append(&self, stream: &StreamName, position: Position, at: Time) {
        if matches!(stream, StreamName::Account(_) | StreamName::Group(_)) {
            self.of_accounts.fetch_max(position.0, Ordering::AcqRel);
        }
        self.guard.observe(at);
        self.known.fetch_max(position.0, Ordering::Relaxed);
        self.acknowledged.fetch_max(position.0, Ordering::Relaxed);
    }

    /// After an append: weighs the grown state again and saves it when enough has been added.
    async fn after_append<A: Aggregate>(
        &self,
        cache: &StateCache<A>,
        stream: &StreamName,
        entry: &Arc<CacheEntry<A>>,
        held: &mut CachedState<A>,
    ) {
        let Some(state) = &held.state else { return };
        held.appended += 1;
        cache.weigh(stream, entry, state.weight()).await;
        if let Some(snapshots) = &self.snapshots
            && held.appended >= snapshots.every()
        {
            held.appended = 0;
            snapshots.save(stream, state);
        }
    }
}

fn failed(command: CommandId, failure: AppendFailed) -> CommandError {
    match failure {
        AppendFailed::Unknown { .. } => CommandError::OutcomeUnknown { command },
        AppendFailed::Log(error) => error.into(),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
pub(crate) fn unreadable(error: domain::event::DecodeError) -> CommandError {
    CommandError::LogUnavailable(error.to_string())
}

pub(crate) fn vault_error(error: crate::vault::VaultError) -> CommandError {
    CommandError::VaultUnavailable(error.0)
}

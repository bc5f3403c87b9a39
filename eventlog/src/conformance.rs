//! The conformance suite: every promise of the port, tested on any engine.
//!
//! Implement [`Factory`] and [`Bench`] for the engine and invoke
//! [`conformance_suite!`](crate::conformance_suite) in a test module: it makes one test of every
//! case.
#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "a test suite stops at the first thing that is not as it must be"
)]

use crate::{Activity, ActivityEntry, Checkpoint, Follower, KeyIndex, LogError, Record, SharedLog};
use async_trait::async_trait;
use bytes::Bytes;
use domain::{position::Position, stream::StreamName};
use std::{sync::Arc, time::Duration};
use tokio::time::Instant;
use uuid::Uuid;

pub mod activity;
pub mod appending;
pub mod clock;
pub mod damage;
pub mod following;
pub mod histories;
pub mod make;

pub use make::Maker;

/// Makes fresh, empty logs of one engine.
#[async_trait]
pub trait Factory: Send + Sync {
    /// An empty log.
    async fn fresh(&self) -> Box<dyn Bench>;
}

/// One log under test, and what can be done to it behind the engine's back.
#[async_trait]
pub trait Bench: Send + Sync {
    /// The first node's handle.
    fn log(&self) -> SharedLog;
    /// A handle of another node on the same log, with nothing shared in memory where the engine
    /// allows it.
    async fn second(&self) -> SharedLog;
    /// The index of keys; opened again on what the last one left.
    async fn keys(&self) -> Arc<dyn KeyIndex>;
    /// Starts a run of the activity log.
    async fn activity(&self, node: &str, run: Uuid) -> Arc<dyn Activity>;
    /// Everything in the activity log, in order, read past the engine.
    async fn noted(&self) -> Vec<ActivityEntry>;
    /// Ends the engine without warning (kill -9 where it is a process) and brings it back.
    async fn restart(&mut self);
    /// Puts bytes on the log under a stream's name, past every check.
    async fn inject(&self, stream: &StreamName, bytes: Bytes);
    /// Loses a record that is not the first or last of the log and not the last of its stream.
    async fn lose(&self, position: Position);
    /// Changes a setting that protects records; `false` = the engine has none.
    async fn weaken(&self) -> bool;
    /// Undoes [`weaken`](Self::weaken).
    async fn strengthen(&self);
}

/// Reads with a follower until it has this many records.
pub async fn take(follower: &mut dyn Follower, count: usize) -> Vec<Arc<Record>> {
    let until = Instant::now() + Duration::from_secs(30);
    let mut records = Vec::new();
    while records.len() < count {
        assert!(Instant::now() < until, "{} of {count} records came in time", records.len());
        match follower.next(count - records.len(), Duration::from_secs(1)).await {
            Ok(more) => records.extend(more),
            // Gone for a moment; it must come back by itself.
            Err(LogError::Unavailable(_)) => {}
            Err(error) => panic!("the follower stopped after {} records: {error}", records.len()),
        }
    }
    records
}

/// Reads with a follower until it stops, and answers what came before and why it stopped.
pub async fn until_stopped(follower: &mut dyn Follower) -> (Vec<Arc<Record>>, LogError) {
    let until = Instant::now() + Duration::from_secs(30);
    let mut records = Vec::new();
    loop {
        assert!(Instant::now() < until, "the follower noticed nothing");
        match follower.next(100, Duration::from_secs(1)).await {
            Ok(more) => records.extend(more),
            Err(LogError::Unavailable(_)) => {}
            Err(error) => return (records, error),
        }
    }
}

/// Everything on the log, followed from the start.
pub async fn everything(log: &SharedLog) -> Vec<Arc<Record>> {
    let head = log.head().await.expect("the log answers");
    let mut follower = log.follow(Checkpoint::default()).await.expect("the log can be followed");
    let count = usize::try_from(head.position.0).expect("a small log");
    let records = take(&mut *follower, count).await;
    assert!(
        follower.next(1, Duration::ZERO).await.is_ok_and(|more| more.is_empty()),
        "nothing stands beyond the head"
    );
    records
}

/// One test per case of the suite; `$factory` is an expression that makes a [`Factory`].
#[macro_export]
macro_rules! conformance_suite {
    ($factory:expr) => {
        $crate::conformance_suite!(@cases $factory;
            appending::of_two_writers_on_one_stream_exactly_one_wins_every_round,
            appending::of_two_creators_of_one_stream_exactly_one_wins,
            appending::of_two_commands_with_one_key_exactly_one_is_recorded,
            appending::a_lost_acknowledgement_is_found_by_reading,
            appending::what_was_not_stored_is_stored_once_when_asked_again,
            appending::a_commit_whose_outcome_cannot_be_read_is_unknown,
            appending::a_key_used_on_another_stream_is_taken,
            appending::a_retry_after_others_moved_on_finds_itself,
            appending::another_node_sees_the_position_at_once,
            appending::records_up_to_the_limit_are_kept_and_larger_ones_refused,
            appending::many_appends_at_once_are_dense_and_in_order,
            appending::streams_are_read_from_any_position,
            appending::the_log_knows_what_it_is,
            appending::a_weakened_log_takes_no_appends,
            appending::keys_are_found_for_ever,
            following::a_follower_resumes_from_every_checkpoint,
            following::a_waiting_follower_is_woken,
            following::a_follower_survives_a_restart,
            following::followers_and_writers_survive_many_restarts,
            following::a_checkpoint_beyond_the_head_is_refused,
            following::effective_time_never_runs_backwards,
            damage::a_gap_stops_the_follower,
            damage::a_broken_chain_stops_the_follower,
            damage::a_foreign_record_stops_the_follower,
            damage::a_record_under_another_stream_stops_the_follower,
            damage::an_unreadable_record_stops_the_follower,
            damage::a_record_of_a_newer_format_stops_the_follower,
            damage::an_unknown_event_is_read_and_not_understood,
            clock::a_node_with_a_wrong_clock_takes_no_commands,
            clock::stamps_never_run_backwards,
            activity::what_is_noted_is_read_back,
            activity::a_run_that_ended_without_a_flush_shows_as_a_gap,
            histories::random_histories_are_the_same_on_every_engine,
        );
    };
    (@cases $factory:expr; $($group:ident::$case:ident,)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                $crate::conformance::$group::$case(&$factory).await;
            }
        )*
    };
}

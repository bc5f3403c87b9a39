//! Gauges that are measured on each scrape: head, positions, lag.

use super::Operations;
use crate::metrics::running_requests;
use ::metrics::gauge;
use projections::ProjectionStatus;
use std::time::Duration;
use tokio::time::timeout;

/// How long a component may take to answer for a gauge.
const GAUGE_TIMEOUT: Duration = Duration::from_secs(2);

/// Measures what is measured only when asked for. What does not answer keeps its last value.
pub(super) async fn refresh(operations: &Operations) {
    let (head, statuses) = tokio::join!(
        timeout(GAUGE_TIMEOUT, operations.log.head()),
        timeout(GAUGE_TIMEOUT, operations.views.statuses(operations.clock.now())),
    );
    gauge!("sharelog_ready_to_write").set(f64::from(u8::from(operations.commands.health().ready)));
    gauge!("sharelog_last_acknowledged").set(number(operations.commands.last_acknowledged().0));
    gauge!("sharelog_http_requests_running").set(number(running_requests()));
    let index = operations.index.status();
    if let Ok(Ok(head)) = head {
        gauge!("sharelog_log_head").set(number(head.position.0));
        let lag = head.position.0.saturating_sub(index.position.0);
        gauge!("sharelog_index_lag_records").set(number(lag));
    }
    gauge!("sharelog_index_position").set(number(index.position.0));
    gauge!("sharelog_index_ready").set(f64::from(u8::from(operations.index.snapshot().is_ok())));
    gauge!("sharelog_index_lag_seconds").set(index.current.as_secs_f64());
    gauge!("sharelog_index_grants").set(number(index.grants));
    gauge!("sharelog_index_items").set(number(index.items));
    gauge!("sharelog_index_bytes").set(number(index.bytes));
    if let Some(took) = index.start_took {
        gauge!("sharelog_index_start_seconds").set(took.as_secs_f64());
    }
    for status in statuses.into_iter().flatten().flatten() {
        measure_build(&status);
        let name = status.name;
        gauge!("sharelog_projection_position", "projection" => name.clone())
            .set(number(status.position.0));
        if let Some(lag) = status.lag_records {
            gauge!("sharelog_projection_lag_records", "projection" => name.clone())
                .set(number(lag));
        }
        if let Some(lag) = status.lag_seconds {
            gauge!("sharelog_projection_lag_seconds", "projection" => name.clone()).set(lag);
        }
        gauge!("sharelog_projection_paused", "projection" => name.clone())
            .set(f64::from(u8::from(status.paused.is_some())));
        gauge!("sharelog_projection_stopped", "projection" => name)
            .set(f64::from(u8::from(status.stopped.is_some())));
    }
}

/// A build that has ended has no rate and nothing left.
fn measure_build(status: &ProjectionStatus) {
    let build = status.build.as_ref().filter(|build| build.ended_at.is_none());
    let set = |name: &'static str, value: f64| {
        gauge!(name, "projection" => status.name.clone()).set(value);
    };
    set("sharelog_projection_building", f64::from(u8::from(build.is_some())));
    let rate = build.and_then(projections::Build::rate);
    set("sharelog_projection_build_records_per_second", rate.unwrap_or_default());
    let left = build.zip(status.head).and_then(|(build, head)| build.remaining(head));
    set("sharelog_projection_build_seconds_left", left.unwrap_or_default());
    let position = build.map_or(0, |build| build.position.0);
    set("sharelog_projection_build_position", number(position));
}

#[expect(clippy::cast_precision_loss, reason = "exact up to 2^53; Prometheus knows floats only")]
const fn number(value: u64) -> f64 {
    value as f64
}

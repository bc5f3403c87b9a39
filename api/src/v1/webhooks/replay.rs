//! `POST /v1/webhooks/{webhook}/replay`: delivers again, from an event on or what was given up.

use super::{DeliveriesBody, for_itself};
use crate::{
    answer::Read,
    extract::{QueryRequest, WebhookPath},
    problem::{ApiResult, Problem, ProblemType},
    routing::{OPERATORS, RouteAccess, register},
    state::AppState,
    v1::watch::place,
};
use axum::extract::State;
use domain::{
    event::Scope,
    position::{EventId, Position},
};
use projections::feed::WHOLE_RECORD;
use serde::Deserialize;
use utoipa::ToSchema;

/// What is delivered again.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"from": "42-0"}))]
pub struct ReplayWebhook {
    /// An event (`42-0`) or position (`42`) from which on, that one included; or `dead_letters`.
    from: String,
}

/// The place just before an event or position.
fn before(at: EventId) -> EventId {
    match at {
        EventId { position, index: 1.. } if at.index != WHOLE_RECORD => {
            EventId { position, index: at.index - 1 }
        }
        EventId { position, .. } => {
            EventId { position: Position(position.0.saturating_sub(1)), index: WHOLE_RECORD }
        }
    }
}

register! {
    replay_webhook => RouteAccess::query(OPERATORS, Scope::Webhooks).about_everybody(),
        "How far deliveries have come", TimeInFuture;
}

/// Deliver again
///
/// From an event on, in order, under the ids of the first time; or once more what was given up. A
/// paused webhook delivers it when it is put to work.
#[utoipa::path(post, path = "/v1/webhooks/{webhook}/replay", tag = "live")]
pub async fn replay_webhook(
    State(app): State<AppState>,
    WebhookPath { webhook }: WebhookPath,
    QueryRequest { meta, body }: QueryRequest<ReplayWebhook>,
) -> ApiResult<Read<DeliveriesBody>> {
    for_itself(&meta.caller)?;
    let from = if body.from == "dead_letters" {
        None
    } else {
        let wrong = || Problem::field("/from", "an event's id like 42-0, or dead_letters");
        let at = place(&body.from).ok_or_else(wrong)?;
        let end = app.feed.end().await.map_err(commands::CommandError::from)?;
        if at.position > end.position {
            let detail = format!("the log ends at position {}", end.position);
            return Err(Problem::new(ProblemType::TimeInFuture, detail));
        }
        Some(before(at))
    };
    let there = app.commands.webhooks.load(webhook).await?.terms.is_some();
    let notes =
        if there { app.commands.webhooks.replay_deliveries(webhook, from).await? } else { None };
    let notes = notes.ok_or_else(|| Problem::not_found("webhook"))?;
    let position = meta.position_of(app.commands.last_acknowledged());
    Ok(Read::new(&app, position, notes.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replay_includes_the_event_that_it_names() {
        for (text, wanted) in [("42-1", "42-0"), ("42-0", "41"), ("42", "41"), ("0", "0")] {
            assert_eq!(place(text).map(before), place(wanted), "{text}");
        }
    }
}

//! `GET /v1/webhooks/{webhook}/deliveries`: the last attempts, or what was given up.

use super::{AttemptBody, for_itself};
use crate::{
    extract::{ListQuery, Params, RequestMeta, WebhookPath},
    problem::{ApiResult, Problem},
    routing::{RouteAccess, SUBSCRIBERS, register},
    state::AppState,
    v1::shape::{List, Listed},
};
use axum::extract::State;
use domain::{id::WebhookId, position::EventId};
use projections::CursorScope;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

/// Which attempts.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Which {
    /// The last 50, the newest first.
    #[default]
    Recent,
    /// The last one of each event that was given up, in the order of the log.
    DeadLetters,
}

/// The parameters of the list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DeliveriesQuery {
    /// `recent` (usual) or `dead_letters`.
    #[param(inline)]
    #[serde(default)]
    which: Which,
    /// At most so many rows: 1 to 200, usually 50.
    limit: Option<u32>,
    /// The `next` of the page before.
    cursor: Option<String>,
}

fn list_name(webhook: WebhookId) -> String {
    format!("dead letters of {webhook}")
}

register! {
    list_webhook_deliveries => RouteAccess::read(SUBSCRIBERS).about_everybody(),
        "A page of attempts", CursorMismatch;
}

/// The last attempts to deliver, or what was given up
#[utoipa::path(get, path = "/v1/webhooks/{webhook}/deliveries", tag = "live")]
pub async fn list_webhook_deliveries(
    State(app): State<AppState>,
    WebhookPath { webhook }: WebhookPath,
    Params(query): Params<DeliveriesQuery>,
    meta: RequestMeta,
) -> ApiResult<Listed<AttemptBody>> {
    for_itself(&meta.caller)?;
    let page = ListQuery { limit: query.limit, cursor: query.cursor, count: false }.page()?;
    let there = app.commands.webhooks.load(webhook).await?.terms.is_some();
    let notes = if there { app.commands.webhooks.deliveries(webhook).await? } else { None };
    let (notes, _) = notes.ok_or_else(|| Problem::not_found("webhook"))?;
    let limit = usize::try_from(page.limit).unwrap_or(usize::MAX);
    let (rows, next) = match query.which {
        Which::Recent => (notes.recent.into_iter().take(limit).collect(), None),
        Which::DeadLetters => {
            let cursors = CursorScope::new(&[&list_name(webhook)]);
            let after = page.after.as_deref().map(|text| cursors.decode_id::<EventId>(text));
            let after = after.transpose()?;
            let mut rows =
                app.commands.webhooks.dead_letters(webhook, after, page.limit + 1).await?;
            let more = rows.len() > limit;
            rows.truncate(limit);
            let next = rows.last().filter(|_| more).map(|row| cursors.encode_id(&row.event));
            (rows, next)
        }
    };
    let position = meta.position_of(app.commands.last_acknowledged());
    let data: Vec<AttemptBody> = rows.into_iter().map(Into::into).collect();
    let body = List { data, total: None, next, position };
    Ok(Listed::new(&app, position, body))
}

//! `GET /v1/webhooks/{webhook}`: a webhook, and how far its deliveries have come.

use super::{WebhookBody, for_itself, webhook_body};
use crate::{
    answer::Versioned,
    extract::{RequestMeta, WebhookPath},
    problem::{ApiResult, Problem},
    routing::{RouteAccess, SUBSCRIBERS, register},
    state::AppState,
    v1::consistency,
};
use axum::extract::State;

register! {
    get_webhook => RouteAccess::read(SUBSCRIBERS).about_everybody(),
        "The webhook";
}

/// A webhook, and how far its deliveries have come
#[utoipa::path(get, path = "/v1/webhooks/{webhook}", tag = "live")]
pub async fn get_webhook(
    State(app): State<AppState>,
    WebhookPath { webhook }: WebhookPath,
    meta: RequestMeta,
) -> ApiResult<Versioned<WebhookBody, false>> {
    for_itself(&meta.caller)?;
    consistency::require_known(&app, &meta).await?;
    let state = app.commands.webhooks.load(webhook).await?;
    let body = webhook_body(webhook, &state).ok_or_else(|| Problem::not_found("webhook"));
    let mut body = body?;
    let notes = app.commands.webhooks.deliveries(webhook).await?;
    body.deliveries = notes.map(|(notes, _)| notes.into());
    let position = app.commands.last_acknowledged().max(state.position);
    let position = meta.position_of(position);
    // Deliveries change without a new version, so the answer is never "not modified".
    Ok(Versioned::new(&app, &meta, (position, state.position), body))
}

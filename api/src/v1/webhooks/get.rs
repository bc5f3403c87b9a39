//! `GET /v1/webhooks/{webhook}`: a webhook, and how far its deliveries have come.

use super::{WebhookBody, for_itself, webhook_body};
use crate::{
    extract::{RequestMeta, WebhookPath},
    problem::{ApiResult, Problem},
    state::AppState,
    v1::{consistency, shape::Page},
};
use axum::{extract::State, response::Response};

/// A webhook, and how far its deliveries have come
#[utoipa::path(get, path = "/v1/webhooks/{webhook}", tag = "live",
    responses((status = 200, description = "The webhook", body = WebhookBody)))]
pub async fn get_webhook(
    State(app): State<AppState>,
    WebhookPath { webhook }: WebhookPath,
    meta: RequestMeta,
) -> ApiResult<Response> {
    for_itself(&meta.caller)?;
    consistency::require_known(&app, &meta).await?;
    let state = app.commands.load_webhook(webhook).await?;
    let body = webhook_body(webhook, &state).ok_or_else(|| Problem::not_found("webhook"));
    let mut body = body?;
    let notes = app.commands.deliveries(webhook).await?;
    body.deliveries = notes.map(|(notes, _)| notes.into());
    let position = app.commands.last_acknowledged().max(state.position);
    let mut response = Page::current(&app, &meta, position, None).json(&meta, body);
    // Deliveries change without a new version, so the answer is never "not modified".
    if let Ok(tag) = format!("\"{}\"", state.position).parse() {
        response.headers_mut().insert(axum::http::header::ETAG, tag);
    }
    Ok(response)
}

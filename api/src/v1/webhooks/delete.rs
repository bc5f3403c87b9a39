//! `DELETE /v1/webhooks/{webhook}`: remove a webhook.

use super::{WebhookResource, for_itself, webhook_body};
use crate::{
    extract::{Call, WebhookPath},
    problem::Fallible,
    state::AppState,
    v1::shape::{Answer, Reply},
};
use axum::{extract::State, response::Response};
use domain::stream::StreamName;

/// Remove a webhook
///
/// With its secrets, its dead letters and the note how far it had come.
#[utoipa::path(delete, path = "/v1/webhooks/{webhook}", tag = "live",
    responses((status = 200, description = "It is removed", body = Answer<WebhookResource>)))]
pub async fn delete_webhook(
    State(app): State<AppState>,
    WebhookPath { webhook }: WebhookPath,
    Call { request, .. }: Call,
) -> Fallible<Response> {
    for_itself(&request.caller)?;
    let outcome = app.commands.remove_webhook(&request, webhook).await?;
    let resource = WebhookResource { webhook: webhook_body(webhook, &outcome.after) };
    let answer = Answer::of(&outcome, &StreamName::Webhook(webhook), resource);
    Ok(Reply::to(&app, &outcome).json(answer))
}

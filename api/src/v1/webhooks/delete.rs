//! `DELETE /v1/webhooks/{webhook}`: remove a webhook.

use super::{WebhookResource, for_itself, webhook_body};
use crate::{
    extract::{CommandRequest, WebhookPath},
    problem::ApiResult,
    routing::{OPERATORS, RouteAccess, register},
    state::AppState,
    v1::shape::{Answer, Removed, Reply},
};
use axum::extract::State;
use domain::{event::Scope, stream::StreamName};

register! {
    delete_webhook => RouteAccess::command(OPERATORS, Scope::Webhooks).about_everybody(),
        "It is removed";
}

/// Remove a webhook
///
/// With its secrets, its dead letters and the note how far it had come.
#[utoipa::path(delete, path = "/v1/webhooks/{webhook}", tag = "live")]
pub async fn delete_webhook(
    State(app): State<AppState>,
    WebhookPath { webhook }: WebhookPath,
    CommandRequest { request, .. }: CommandRequest,
) -> ApiResult<Removed<WebhookResource>> {
    for_itself(&request.caller)?;
    let outcome = app.commands.webhooks.remove(&request, webhook).await?;
    let resource = WebhookResource { webhook: webhook_body(webhook, &outcome.after) };
    let answer = Answer::new(&outcome, &StreamName::Webhook(webhook), resource);
    Ok(Reply::new(&app, &outcome).with(answer))
}

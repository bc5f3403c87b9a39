//! `POST /v1/webhooks/{webhook}/rotate-secret`: signs with a new secret.

use super::{WebhookResource, for_itself, webhook_body};
use crate::{
    extract::{CommandRequest, WebhookPath},
    problem::{ApiResult, Problem},
    routing::{OPERATORS, RouteAccess, register},
    state::AppState,
    v1::shape::{Answer, Changed, Reply},
};
use axum::extract::State;
use domain::{event::Scope, stream::StreamName};
use serde::Deserialize;
use utoipa::ToSchema;

/// How long the old secret signs too, in seconds.
const DEFAULT_GRACE_SECONDS: i64 = 86_400;
const MAX_GRACE_SECONDS: i64 = 7 * 86_400;

/// How a secret is replaced.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(example = json!({"grace_seconds": 86_400}))]
pub struct RotateSecret {
    /// For how many seconds deliveries are signed with the old secret too: 0 to 604800, usually
    /// 86400.
    grace_seconds: Option<i64>,
}

register! {
    rotate_webhook_secret => RouteAccess::command(OPERATORS, Scope::Webhooks).about_everybody(),
        "The new secret";
}

/// Sign with a new secret
///
/// Deliveries carry the signatures of both for a while, separated by a blank, so that the receiver
/// changes its secret when it suits. The new secret is answered once.
#[utoipa::path(post, path = "/v1/webhooks/{webhook}/rotate-secret", tag = "live")]
pub async fn rotate_webhook_secret(
    State(app): State<AppState>,
    WebhookPath { webhook }: WebhookPath,
    CommandRequest { request, body, .. }: CommandRequest<RotateSecret>,
) -> ApiResult<Changed<WebhookResource>> {
    for_itself(&request.caller)?;
    let grace = body.grace_seconds.unwrap_or(DEFAULT_GRACE_SECONDS);
    if !(0..=MAX_GRACE_SECONDS).contains(&grace) {
        return Err(Problem::field("/grace_seconds", "0 to 604800"));
    }
    let rotated = app.commands.webhooks.rotate_secret(&request, webhook, grace).await?;
    let (outcome, secret) = rotated;
    let mut body = webhook_body(webhook, &outcome.after);
    if let Some(body) = &mut body {
        body.secret = secret.map(|secret| secret.expose().to_owned());
    }
    let resource = WebhookResource { webhook: body };
    let answer = Answer::new(&outcome, &StreamName::Webhook(webhook), resource);
    Ok(Reply::new(&app, &outcome).version(outcome.after.position).with(answer))
}

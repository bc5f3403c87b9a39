//! `PUT /v1/webhooks/{webhook}`: creates a webhook, or replaces its settings.

use super::{
    WantedStatus, WebhookItem, WebhookResource, check_label, check_types, check_url, for_itself,
    webhook_body,
};
use crate::{
    extract::{CommandRequest, WebhookPath},
    problem::ApiResult,
    routing::{OPERATORS, RouteAccess, register},
    state::AppState,
    v1::shape::{Answer, CreatedOrChanged, Reply, Warning},
};
use axum::extract::State;
use commands::Status;
use domain::{
    event::{Scope, WebhookStatus},
    id::AccountId,
    stream::StreamName,
    webhook::WebhookSettings,
};
use serde::Deserialize;
use utoipa::ToSchema;

/// A webhook as it shall be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"url": "https://hooks.example/sharelog", "label": "search index",
    "types": ["grant.", "item.registered"]}))]
pub struct PutWebhook {
    /// Where events are delivered to: `https://`, without credentials.
    url: String,
    /// Its name.
    label: String,
    /// Stored names of events, or beginnings that end in a dot; absent = all.
    types: Option<Vec<String>>,
    /// Events about this item only.
    item: Option<WebhookItem>,
    /// Events by or about this account only.
    #[schema(value_type = Option<String>)]
    account: Option<AccountId>,
    /// `active` (usual) or `paused`.
    status: Option<WantedStatus>,
}

impl PutWebhook {
    fn check(self, app: &AppState) -> ApiResult<WebhookSettings> {
        check_url(app, &self.url)?;
        check_label(&self.label)?;
        let types = self.types.unwrap_or_default();
        check_types(&types)?;
        Ok(WebhookSettings {
            url: self.url,
            label: self.label,
            types,
            item: self.item.as_ref().map(WebhookItem::read).transpose()?,
            account: self.account,
            status: self.status.map_or(WebhookStatus::Active, Into::into),
        })
    }
}

register! {
    put_webhook => RouteAccess::command(OPERATORS, Scope::Webhooks).about_everybody(),
        ("Its settings were replaced", "It is created"), AlreadyExists;
}

/// Make a webhook, or set it up as said
///
/// Deliveries follow Standard Webhooks: headers `webhook-id` (the same for every attempt),
/// `webhook-timestamp` and `webhook-signature`, body `{"type","timestamp","data"}` with the event
/// as the audit trail shows it. A new webhook gets what is recorded from now on. Its secret
/// (`whsec_…`) is answered once, when it is made; a replay does not repeat it.
#[utoipa::path(put, path = "/v1/webhooks/{webhook}", tag = "live")]
pub async fn put_webhook(
    State(app): State<AppState>,
    WebhookPath { webhook }: WebhookPath,
    CommandRequest { request, body, .. }: CommandRequest<PutWebhook>,
) -> ApiResult<CreatedOrChanged<WebhookResource>> {
    for_itself(&request.caller)?;
    let wish = body.check(&app)?;
    let (outcome, secret) = app.commands.webhooks.put(&request, webhook, wish).await?;
    let mut body = webhook_body(webhook, &outcome.after);
    let unshown = outcome.created && secret.is_none() && outcome.status != Status::Planned;
    if let Some(body) = &mut body {
        body.secret = secret.map(|secret| secret.expose().to_owned());
    }
    let stream = StreamName::Webhook(webhook);
    let mut answer = Answer::new(&outcome, &stream, WebhookResource { webhook: body });
    if unshown {
        answer.warnings.push(Warning {
            code: "secret_not_repeated",
            detail: "the secret was shown once; rotate it to get another".to_owned(),
        });
    }
    let reply = Reply::new(&app, &outcome).version(outcome.after.position);
    Ok(reply.location(|| format!("/v1/webhooks/{webhook}")).with(answer))
}

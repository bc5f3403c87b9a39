//! `PATCH /v1/webhooks/{webhook}`: changes a webhook, pauses or resumes it.

use super::{
    WantedStatus, WebhookItem, WebhookResource, check_label, check_types, check_url, for_itself,
    webhook_body,
};
use crate::{
    extract::{CommandRequest, Nullable, WebhookPath},
    problem::ApiResult,
    routing::{OPERATORS, RouteAccess, register},
    state::AppState,
    v1::shape::{Answer, Changed, Reply},
};
use axum::extract::State;
use domain::{event::Scope, id::AccountId, stream::StreamName, webhook::WebhookPatch};
use serde::Deserialize;
use utoipa::ToSchema;

/// What changes; absent = it stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"status": "paused"}))]
pub struct PatchWebhook {
    /// Where events are delivered to.
    #[schema(value_type = Option<String>)]
    #[serde(default)]
    url: Nullable<String>,
    /// Its name.
    #[schema(value_type = Option<String>)]
    #[serde(default)]
    label: Nullable<String>,
    /// Stored names of events, or beginnings that end in a dot; null or empty = all.
    #[schema(value_type = Option<Vec<String>>)]
    #[serde(default)]
    types: Nullable<Vec<String>>,
    /// Events about this item only; null = about any.
    #[schema(value_type = Option<WebhookItem>)]
    #[serde(default)]
    item: Nullable<WebhookItem>,
    /// Events by or about this account only; null = any.
    #[schema(value_type = Option<String>)]
    #[serde(default)]
    account: Nullable<AccountId>,
    /// `active` or `paused`.
    #[schema(value_type = Option<WantedStatus>)]
    #[serde(default)]
    status: Nullable<WantedStatus>,
}

impl PatchWebhook {
    fn check(self, app: &AppState) -> ApiResult<WebhookPatch> {
        let url = self.url.required("/url")?;
        let label = self.label.required("/label")?;
        let types = self.types.patch().map(Option::unwrap_or_default);
        url.as_deref().map_or(Ok(()), |url| check_url(app, url))?;
        label.as_deref().map_or(Ok(()), check_label)?;
        types.as_deref().map_or(Ok(()), check_types)?;
        let item = match self.item.patch() {
            Some(Some(item)) => Some(Some(item.read()?)),
            Some(None) => Some(None),
            None => None,
        };
        let account = self.account.patch();
        let status = self.status.required("/status")?.map(Into::into);
        Ok(WebhookPatch { url, label, types, item, account, status })
    }
}

register! {
    patch_webhook => RouteAccess::command(OPERATORS, Scope::Webhooks).about_everybody(),
        "The webhook as it is now";
}

/// Change a webhook
///
/// `{"status":"paused"}` holds deliveries back, `{"status":"active"}` goes on where they stopped;
/// nothing is missed in between.
#[utoipa::path(patch, path = "/v1/webhooks/{webhook}", tag = "live")]
pub async fn patch_webhook(
    State(app): State<AppState>,
    WebhookPath { webhook }: WebhookPath,
    CommandRequest { request, body, .. }: CommandRequest<PatchWebhook>,
) -> ApiResult<Changed<WebhookResource>> {
    for_itself(&request.caller)?;
    let patch = body.check(&app)?;
    let outcome = app.commands.webhooks.change(&request, webhook, patch).await?;
    let resource = WebhookResource { webhook: webhook_body(webhook, &outcome.after) };
    let answer = Answer::new(&outcome, &StreamName::Webhook(webhook), resource);
    Ok(Reply::new(&app, &outcome).version(outcome.after.position).with(answer))
}

//! `GET /v1/webhooks`: the webhooks.

use super::{WebhookBody, for_itself, webhook_body};
use crate::{
    extract::{ListQuery, Params, RequestMeta},
    problem::ApiResult,
    routing::{RouteAccess, SUBSCRIBERS, register},
    state::AppState,
    v1::{
        consistency,
        shape::{List, Listed, TotalBody},
    },
};
use axum::extract::State;
use domain::id::WebhookId;
use projections::CursorScope;

const LIST: &str = "webhooks";
/// Beyond so many, the count says "at least".
const MAX_COUNTED: u32 = 1_000;

register! {
    list_webhooks => RouteAccess::read(SUBSCRIBERS).about_everybody(),
        "A page of webhooks", CursorMismatch;
}

/// The webhooks, without what is secret of them
#[utoipa::path(get, path = "/v1/webhooks", tag = "live")]
pub async fn list_webhooks(
    State(app): State<AppState>,
    Params(query): Params<ListQuery>,
    meta: RequestMeta,
) -> ApiResult<Listed<WebhookBody>> {
    for_itself(&meta.caller)?;
    let page = query.page()?;
    consistency::require_known(&app, &meta).await?;
    let cursors = CursorScope::new(&[LIST]);
    let after =
        page.after.as_deref().map(|text| cursors.decode_id::<WebhookId>(text)).transpose()?;
    let mut rows = app.commands.webhooks.list(after, page.limit + 1).await?;
    let limit = usize::try_from(page.limit).unwrap_or(usize::MAX);
    let more = rows.len() > limit;
    rows.truncate(limit);
    let total = if page.count {
        let all = app.commands.webhooks.list(None, MAX_COUNTED).await?.len();
        let exact = all < MAX_COUNTED as usize;
        Some(TotalBody { value: u64::try_from(all).unwrap_or(u64::MAX), exact })
    } else {
        None
    };
    let last = rows.last().filter(|_| more);
    let position = meta.position_of(app.commands.last_acknowledged());
    let body = List {
        next: last.map(|(id, _)| cursors.encode_id(id)),
        total,
        position,
        data: rows.iter().filter_map(|(id, state)| webhook_body(*id, state)).collect(),
    };
    Ok(Listed::new(&app, position, body))
}

//! `GET /v1/tokens`: the access tokens.

use super::{TokenBody, token_body};
use crate::{
    extract::{ListQuery, Params, RequestMeta},
    problem::ApiResult,
    routing::{OVERSEERS, RouteAccess, register},
    state::AppState,
    v1::{
        consistency,
        shape::{List, Listed, TotalBody},
    },
};
use axum::extract::State;
use domain::id::TokenId;
use projections::CursorScope;

const LIST: &str = "tokens";
/// The vault is asked for so many at once when they are counted.
const COUNT_BATCH_LEN: u32 = 200;
/// Beyond so many, the count says "at least".
const MAX_COUNTED: u64 = 10_000;

async fn total(app: &AppState) -> ApiResult<TotalBody> {
    let mut value = 0u64;
    let mut after = None;
    loop {
        let rows = app.commands.tokens.list(after, COUNT_BATCH_LEN).await?;
        value += u64::try_from(rows.len()).unwrap_or(u64::MAX);
        after = rows.last().map(|(id, _)| *id);
        let last = rows.len() < usize::try_from(COUNT_BATCH_LEN).unwrap_or(usize::MAX);
        if last || value >= MAX_COUNTED {
            return Ok(TotalBody { value, exact: last });
        }
    }
}

register! {
    list_tokens => RouteAccess::read(OVERSEERS),
        "A page of tokens", CursorMismatch;
}

/// The access tokens, without what is secret of them
#[utoipa::path(get, path = "/v1/tokens", tag = "administration")]
pub async fn list_tokens(
    State(app): State<AppState>,
    Params(query): Params<ListQuery>,
    meta: RequestMeta,
) -> ApiResult<Listed<TokenBody>> {
    let page = query.page()?;
    consistency::require_known(&app, &meta).await?;
    let cursors = CursorScope::new(&[LIST]);
    let after = page.after.as_deref().map(|text| cursors.decode_id::<TokenId>(text)).transpose()?;
    let mut rows = app.commands.tokens.list(after, page.limit + 1).await?;
    let limit = usize::try_from(page.limit).unwrap_or(usize::MAX);
    let more = rows.len() > limit;
    rows.truncate(limit);
    let last = rows.last().filter(|_| more);
    let position = meta.position_of(app.commands.last_acknowledged());
    let body = List {
        next: last.map(|(id, _)| cursors.encode_id(id)),
        total: if page.count { Some(total(&app).await?) } else { None },
        position,
        data: rows.iter().map(|(id, state)| token_body(*id, state)).collect(),
    };
    Ok(Listed::new(&app, position, body))
}

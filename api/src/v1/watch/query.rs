//! The filter and the starting position of a reader of the feed.

use crate::{
    extract::{Params, single},
    problem::{ApiResult, Problem},
    routing::{Contract, Takes},
    v1::{audit_log::types, input::AccountFilter},
};
use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, request::Parts},
};
use domain::{
    id::ItemRef,
    position::{EventId, Position},
};
use projections::{AuditFilter, feed::WHOLE_RECORD};
use serde::Deserialize;
use serde_json::json;
use utoipa::IntoParams;

/// The parameters of the feed.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct WatchQuery {
    /// About this item, `kind:id`.
    item: Option<String>,
    /// By or about this account: `account:ID`, or the id alone.
    #[param(value_type = Option<String>)]
    account: Option<AccountFilter>,
    /// Stored names of events, separated by commas or repeated; one that ends in a dot is a
    /// beginning (`grant.`).
    #[serde(rename = "type")]
    types: Option<String>,
    /// Behind this event (`42-0`) or position (`42`); `0` = from the beginning.
    after: Option<String>,
}

/// What was asked, understood.
#[derive(Debug)]
pub struct WatchFilter {
    pub(super) filter: AuditFilter,
    /// `None` = from now on.
    pub(super) after: Option<EventId>,
}

/// An event's id, or a position, which stands for all of its events.
pub(in crate::v1) fn place(text: &str) -> Option<EventId> {
    match text.parse() {
        Ok(id) => Some(id),
        Err(_) => {
            text.parse().ok().map(|at| EventId { position: Position(at), index: WHOLE_RECORD })
        }
    }
}

/// The text of a place; the last `id:` of a reader.
pub(super) fn place_text(at: EventId) -> String {
    if at.index == WHOLE_RECORD { at.position.to_string() } else { at.to_string() }
}

/// The query with all `type` in one.
fn joined(raw: &str) -> String {
    let (mut types, mut query) = (Vec::new(), url::form_urlencoded::Serializer::new(String::new()));
    for (name, value) in url::form_urlencoded::parse(raw.as_bytes()) {
        if name == "type" {
            types.push(value.into_owned());
        } else {
            query.append_pair(&name, &value);
        }
    }
    if !types.is_empty() {
        query.append_pair("type", &types.join(","));
    }
    query.finish()
}

impl WatchQuery {
    pub(super) fn read(raw: &str, headers: &HeaderMap) -> ApiResult<WatchFilter> {
        let query: Self = Params::parse(&joined(raw))?;
        let item = query.item.as_deref().map(str::parse::<ItemRef>).transpose();
        let filter = AuditFilter {
            item: item.map_err(|error| Problem::field("query:item", error.to_string()))?,
            account: query.account.map(Into::into),
            types: types(query.types.as_deref())?,
            ..AuditFilter::default()
        };
        let told = |text: &str, pointer: &str| {
            let wrong = || Problem::field(pointer, "an event's id is expected, e.g. 42-0");
            place(text).ok_or_else(wrong)
        };
        let last = single(headers, "Last-Event-ID")?.filter(|text| !text.is_empty());
        let after = match (last, query.after.as_deref()) {
            (Some(last), _) => Some(told(last, "header:Last-Event-ID")?),
            (None, Some(after)) => Some(told(after, "query:after")?),
            (None, None) => None,
        };
        Ok(WatchFilter { filter, after })
    }
}

impl Takes for WatchFilter {
    fn describe(contract: &mut Contract) {
        contract.takes_query::<WatchQuery>();
        contract.parameters.push(json!({
            "name": "Last-Event-ID", "in": "header", "required": false,
            "description": "The last `id:` that was received; wins over `after`.",
            "schema": {"type": ["string", "null"]},
        }));
    }
}

impl<S: Sync> FromRequestParts<S> for WatchFilter {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> ApiResult<Self> {
        WatchQuery::read(parts.uri.query().unwrap_or_default(), &parts.headers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_survives_its_text() {
        for text in ["42-0", "42-7", "42", "0"] {
            let at = place(text);
            assert_eq!(at.map(place_text).as_deref(), Some(text));
        }
        for wrong in ["", "x", "42-", "-1", "4.2"] {
            assert_eq!(place(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn types_may_be_repeated() {
        assert_eq!(joined("type=a&item=k%3A1&type=b"), "item=k%3A1&type=a%2Cb");
    }
}

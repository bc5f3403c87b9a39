//! The body of a list.

use crate::{
    answer::Read,
    extract::RowPage,
    routing::{Answers, Contract, JSON},
    state::AppState,
};
use axum::response::{IntoResponse, Response};
use domain::position::Position;
use projections::{Listing, Total};
use serde::Serialize;
use utoipa::{__dev::ComposeSchema, ToSchema};

/// How many rows a list has in all.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TotalBody {
    /// How many.
    pub value: u64,
    /// `false` = at least so many.
    pub exact: bool,
}

impl From<Total> for TotalBody {
    fn from(total: Total) -> Self {
        Self { value: total.value, exact: total.exact }
    }
}

/// A page of a list.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct List<R> {
    /// The rows.
    pub data: Vec<R>,
    /// How many in all, when asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<TotalBody>,
    /// The cursor of the page after; null = this is the last.
    pub next: Option<String>,
    /// The position that the list was evaluated at.
    #[schema(value_type = u64)]
    pub position: Position,
}

impl<R> List<R> {
    /// From a page of the read side.
    pub fn from_listing<T>(listing: Listing<T>, row: impl FnMut(T) -> R) -> Self {
        Self {
            data: listing.rows.into_iter().map(row).collect(),
            total: listing.total.map(Into::into),
            next: listing.next,
            position: listing.position,
        }
    }

    /// From rows that were in memory.
    pub fn from_rows(page: RowPage<R>, position: Position) -> Self {
        Self { data: page.rows, total: page.total.map(Into::into), next: page.next, position }
    }
}

/// 200: a page of a list.
#[derive(Debug)]
pub struct Listed<R>(Read<List<R>>);

impl<R> Listed<R> {
    /// Evaluated at a position.
    pub fn new(app: &AppState, position: Position, list: List<R>) -> Self {
        Self(Read::new(app, position, list))
    }
}

impl<R: Serialize> IntoResponse for Listed<R> {
    fn into_response(self) -> Response {
        self.0.into_response()
    }
}

impl<R: ToSchema + ComposeSchema> Answers for Listed<R> {
    type Words = &'static str;

    fn describe(contract: &mut Contract, words: &'static str) {
        contract.media = Some(JSON);
        let schema = contract.generic::<List<R>, R>();
        contract.answers_json(200, words, (schema, false));
    }
}

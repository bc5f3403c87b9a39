//! OpenAPI schemas of the AuthZEN bodies, which are read and written elsewhere.
#![expect(dead_code, reason = "described, not made")]
#![expect(clippy::struct_field_names, reason = "the names of the text")]

use super::{answer::ErrorBody, endpoint::EvaluatedBody};

use crate::{
    routing::Contract,
    v1::{access::AsOfBody, shape::words},
};
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// Whom a question is about.
#[derive(Debug, ToSchema)]
pub struct Subject {
    /// `account` (or `user`), `group` or `anonymous`.
    #[schema(rename = "type", example = "account")]
    kind: String,
    /// Its id; a search for subjects ignores it.
    #[schema(example = "a-22")]
    id: Option<String>,
    /// Not looked at.
    properties: Option<Map<String, Value>>,
}

/// What it is about.
#[derive(Debug, ToSchema)]
pub struct Resource {
    /// The kind of item.
    #[schema(rename = "type", example = "history")]
    kind: String,
    /// The application's own id of it; a search for resources ignores it.
    #[schema(example = "8f3a")]
    id: Option<String>,
    /// Not looked at.
    properties: Option<Map<String, Value>>,
}

/// What is to be done.
#[derive(Debug, ToSchema)]
pub struct Action {
    /// The permission.
    #[schema(value_type = words::Permission)]
    name: String,
    /// Not looked at.
    properties: Option<Map<String, Value>>,
}

/// The circumstances; other members are not looked at.
#[derive(Debug, ToSchema)]
pub struct QuestionContext {
    /// Openings of links that the subject has, at most 20.
    visits: Option<Vec<String>>,
    /// The past instant, or the day (its end, UTC), that is asked about.
    #[schema(example = "2026-11-21")]
    at: Option<String>,
    /// The past position that is asked about, in the place of `at`.
    #[schema(example = 47)]
    at_position: Option<u64>,
}

/// One question.
#[derive(Debug, ToSchema)]
pub struct Evaluation {
    subject: Subject,
    action: Action,
    resource: Resource,
    context: Option<QuestionContext>,
}

/// One question of a batch; what it leaves out is what the batch has in common.
#[derive(Debug, ToSchema)]
pub struct EvaluationPart {
    subject: Option<Subject>,
    action: Option<Action>,
    resource: Option<Resource>,
    context: Option<QuestionContext>,
}

/// When a batch ends.
#[derive(Debug, ToSchema)]
pub struct EvaluationsOptions {
    /// `execute_all` (usual), `deny_on_first_deny` or `permit_on_first_permit`.
    #[schema(example = "execute_all")]
    evaluations_semantic: Option<String>,
}

/// Many questions; without `evaluations` it is one.
#[derive(Debug, ToSchema)]
pub struct Evaluations {
    subject: Option<Subject>,
    action: Option<Action>,
    resource: Option<Resource>,
    context: Option<QuestionContext>,
    /// At most 1,000.
    evaluations: Option<Vec<EvaluationPart>>,
    options: Option<EvaluationsOptions>,
}

/// What is said beside a decision.
#[derive(Debug, ToSchema)]
pub struct DecisionContext {
    /// The kinds of the ways that permit it: `owner`, `grant`, `group`, `library`, `container`,
    /// `visibility`, `link`.
    #[schema(example = json!(["grant"]))]
    paths: Vec<String>,
    /// Why not: `unknown_subject`, `unknown_action`, `unknown_resource` (also for callers who may
    /// not know the item), `item_retired`, `item_closed`, `no_access`, `not_included`.
    reason: Option<String>,
    /// Why a question of a batch could not be answered.
    error: Option<ErrorBody>,
    /// First instant at which the answer could change by the clock alone; null = none.
    #[schema(value_type = Option<words::Instant>)]
    valid_until: Option<String>,
    /// The position evaluated at.
    position: u64,
    /// The past moment that was asked about; absent = it was asked about now.
    as_of: Option<AsOfBody>,
    /// What of the question was ignored.
    warnings: Option<Vec<String>>,
}

/// A decision.
#[derive(Debug, ToSchema)]
pub struct DecisionBody {
    /// May it?
    decision: bool,
    context: DecisionContext,
}

impl EvaluatedBody for DecisionBody {
    fn schema(contract: &mut Contract) -> Value {
        contract.reference::<Self>()
    }
}

/// The decisions of a batch in the order asked, up to the one that ended it.
#[derive(Debug, ToSchema)]
pub struct DecisionsBody {
    evaluations: Vec<DecisionBody>,
}

impl EvaluatedBody for DecisionsBody {
    fn schema(contract: &mut Contract) -> Value {
        contract.reference::<Self>()
    }
}

/// Which part of a result.
#[derive(Debug, ToSchema)]
pub struct PageAsked {
    /// The `next_token` of the page before; everything else stays the same.
    token: Option<String>,
    /// At most so many results: usually 100, at most 1,000.
    limit: Option<u64>,
}

/// Which subjects may do something with a resource?
#[derive(Debug, ToSchema)]
pub struct SubjectSearch {
    subject: Subject,
    action: Action,
    resource: Resource,
    context: Option<QuestionContext>,
    page: Option<PageAsked>,
}

/// With which resources may a subject do something?
#[derive(Debug, ToSchema)]
pub struct ResourceSearch {
    subject: Subject,
    action: Action,
    resource: Resource,
    context: Option<QuestionContext>,
    page: Option<PageAsked>,
}

/// What may a subject do with a resource?
#[derive(Debug, ToSchema)]
pub struct ActionSearch {
    subject: Subject,
    resource: Resource,
    context: Option<QuestionContext>,
    page: Option<PageAsked>,
}

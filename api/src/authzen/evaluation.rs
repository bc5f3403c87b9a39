//! `POST /access/v1/evaluation` and `/access/v1/evaluations`: decides whether a subject may do
//! something with a resource (Authorization API 1.0, "Access Evaluation API" and "Access
//! Evaluations API").

use super::{
    answer::{Decision, Decisions},
    endpoint::{self, EvaluationContext, RequestTimer},
    evaluator::{Evaluator, ParsedEvaluation, as_decision},
    request::{Batch, Object, Question, read},
    schema,
};
use crate::{
    problem::{ApiResult, Problem},
    state::AppState,
};
use axum::{
    extract::{Request, State},
    response::Response,
};

/// The most questions of a batch.
const MAX_EVALUATIONS: usize = 1_000;

/// May a subject do something with a resource?
///
/// Subjects have the type `account` (or `user`), `group` (what it gives to its members) or
/// `anonymous`; a resource's type is a kind, an action's name a permission. `context.visits` adds
/// openings of links, `context.at` asks about the past. A denial is a decision, not a problem.
#[utoipa::path(post, path = "/access/v1/evaluation", tag = "check",
    request_body = schema::Evaluation,
    responses((status = 200, description = "The decision", body = schema::DecisionBody)))]
pub async fn evaluate(State(app): State<AppState>, request: Request) -> Response {
    let arrived = RequestTimer::at(&endpoint::EVALUATION, &request);
    let answering = async {
        let call = EvaluationContext::read(&app, &endpoint::EVALUATION, request).await?;
        let part = read::<Object<Question<'_>>>(&call.body)?.0;
        one(&app, &call, &part).await
    };
    arrived.answer(answering).await
}

/// The same for many questions at once
///
/// At most 1,000, all judged on one view of the log. What stands beside `evaluations` is what its
/// questions have in common. A question that cannot be answered says so in its place.
#[utoipa::path(post, path = "/access/v1/evaluations", tag = "check",
    request_body = schema::Evaluations,
    responses((status = 200, description = "The decisions", body = schema::DecisionsBody)))]
pub async fn evaluate_many(State(app): State<AppState>, request: Request) -> Response {
    let arrived = RequestTimer::at(&endpoint::EVALUATIONS, &request);
    let answering = async {
        let call = EvaluationContext::read(&app, &endpoint::EVALUATIONS, request).await?;
        let batch = Batch::read(&call.body)?;
        if batch.parts.is_empty() {
            return one(&app, &call, &batch.common).await;
        }
        many(&app, &call, &batch).await
    };
    arrived.answer(answering).await
}

async fn one(app: &AppState, call: &EvaluationContext, part: &Question<'_>) -> ApiResult<Response> {
    let nothing = Question::default();
    let asked =
        ParsedEvaluation::new(part, &nothing).map_err(|error| Problem::fields(vec![error]))?;
    let decision = Evaluator::new(app, call).await?.decide(&asked).await?;
    endpoint::answer(app, decision.position, &decision)
}

async fn many(app: &AppState, call: &EvaluationContext, batch: &Batch<'_>) -> ApiResult<Response> {
    if batch.parts.len() > MAX_EVALUATIONS {
        return Err(Problem::field("/evaluations", format!("at most {MAX_EVALUATIONS} at once")));
    }
    let mut judge = Evaluator::new(app, call).await?;
    let mut evaluations = decide(&mut judge, batch).await?;
    if judge.moved {
        // All on the same view.
        evaluations = decide(&mut judge, batch).await?;
    }
    let last = evaluations.iter().map(|decision| decision.position).max().unwrap_or_default();
    endpoint::answer(app, last, &Decisions { evaluations })
}

async fn decide(judge: &mut Evaluator<'_>, batch: &Batch<'_>) -> ApiResult<Vec<Decision>> {
    let mut decisions = Vec::with_capacity(batch.parts.len());
    for part in &batch.parts {
        let part = part.as_ref().map_err(Clone::clone);
        let asked = part.and_then(|part| ParsedEvaluation::new(part, &batch.common));
        let answered = match asked {
            Ok(asked) => judge.decide(&asked).await,
            Err(error) => Err(Problem::fields(vec![error])),
        };
        let decision = match answered {
            Ok(decision) => decision,
            Err(problem) => as_decision(&problem, judge)?,
        };
        let over = batch.semantic.ends_with(decision.permitted);
        decisions.push(decision);
        if over {
            break;
        }
    }
    Ok(decisions)
}

//! `POST /access/v1/evaluation` and `/access/v1/evaluations`: decides whether a subject may do
//! something with a resource (Authorization API 1.0, "Access Evaluation API" and "Access
//! Evaluations API").

use super::{
    answer::{Decision, Decisions},
    endpoint::{Evaluated, EvaluationContext, EvaluationRequest},
    evaluator::{Evaluator, ParsedEvaluation, as_decision},
    request::{Batch, Object, Question, read},
    schema,
};
use crate::{
    problem::{ApiResult, Problem},
    routing::{ALL, RouteAccess, register},
    state::AppState,
};
use axum::extract::State;

/// The most questions of a batch.
const MAX_EVALUATIONS: usize = 1_000;

register! {
    evaluate => RouteAccess::read(ALL), "The decision", TimeInFuture, ViewsUnavailable;
    evaluate_many => RouteAccess::read(ALL), "The decisions", TimeInFuture, ViewsUnavailable;
}

/// May a subject do something with a resource?
///
/// Subjects have the type `account` (or `user`), `group` (what it gives to its members) or
/// `anonymous`; a resource's type is a kind, an action's name a permission. `context.visits` adds
/// visits of links, `context.at` asks about the past. A denial is a decision, not a problem.
#[utoipa::path(post, path = "/access/v1/evaluation", tag = "check")]
pub async fn evaluate(
    State(app): State<AppState>,
    EvaluationRequest { context, .. }: EvaluationRequest<schema::Evaluation>,
) -> ApiResult<Evaluated<schema::DecisionBody>> {
    let question = read::<Object<Question<'_>>>(&context.body)?.0;
    let decision = decide_one(&app, &context, &question).await?;
    Evaluated::new(&app, decision.position, &decision)
}

/// The same for many questions at once
///
/// At most 1,000, all judged on one view of the log. What stands beside `evaluations` is what its
/// questions have in common. A question that cannot be answered says so in its place.
#[utoipa::path(post, path = "/access/v1/evaluations", tag = "check")]
pub async fn evaluate_many(
    State(app): State<AppState>,
    EvaluationRequest { context, .. }: EvaluationRequest<schema::Evaluations>,
) -> ApiResult<Evaluated<schema::DecisionsBody>> {
    let batch = Batch::read(&context.body)?;
    if batch.parts.is_empty() {
        let decision = decide_one(&app, &context, &batch.common).await?;
        return Evaluated::new(&app, decision.position, &decision);
    }
    let evaluations = decide_many(&app, &context, &batch).await?;
    let last = evaluations.iter().map(|decision| decision.position).max().unwrap_or_default();
    Evaluated::new(&app, last, &Decisions { evaluations })
}

async fn decide_one(
    app: &AppState,
    call: &EvaluationContext,
    part: &Question<'_>,
) -> ApiResult<Decision> {
    let nothing = Question::default();
    let asked =
        ParsedEvaluation::new(part, &nothing).map_err(|error| Problem::fields(vec![error]))?;
    Evaluator::new(app, call).await?.decide(&asked).await
}

async fn decide_many(
    app: &AppState,
    call: &EvaluationContext,
    batch: &Batch<'_>,
) -> ApiResult<Vec<Decision>> {
    if batch.parts.len() > MAX_EVALUATIONS {
        return Err(Problem::field("/evaluations", format!("at most {MAX_EVALUATIONS} at once")));
    }
    let mut judge = Evaluator::new(app, call).await?;
    let mut evaluations = decide(&mut judge, batch).await?;
    if judge.moved {
        // All on the same view.
        evaluations = decide(&mut judge, batch).await?;
    }
    Ok(evaluations)
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

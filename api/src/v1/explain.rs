//! `GET /v1/explain`: why a subject may or may not do something with an item, now or then.

mod body;
mod path_body;
mod provenance_events;
mod refusal;
mod subject_context;

pub use body::Explanation;
pub use path_body::{ActBody, WayBody};
pub use refusal::RefusalBody;
pub(super) use subject_context::subject_with_visits;

use super::{consistency, shape::PrincipalBody};
use crate::{
    answer::Read,
    authzen::{QueryScope, is_caller},
    extract::{Params, RequestMeta, parse_moment},
    problem::{ApiResult, Problem},
    routing::{ALL, RouteAccess, register},
    state::AppState,
};
use axum::extract::State;
use commands::Caller;
use domain::{
    access::{AccessPath, DenialReason, Subject},
    id::ItemRef,
    item::ItemState,
    position::Position,
    principal::Principal,
    role::{Permission, Role},
    time::Time,
};
use projections::{AccessAt, AsOf, Model, RevokedAccess, ViewError, index::Snapshot};
use serde::Deserialize;
use std::sync::Arc;
use utoipa::IntoParams;

/// Said when the read models are behind the index, or cannot be asked.
const ALONE: &str = "the read models do not tell as much yet: of each way the first and the last \
                     act are named, and not what ended before";
/// Said when openings of links come with a question about the past.
const NOT_THEN: &str = "visits were ignored: they open something now, not in the past";

/// The question.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ExplainQuery {
    /// About whom: `account:ID`, `group:ID` (what it gives to members), `link:ID` (who opened it
    /// and has nothing else) or `anonymous`.
    #[param(example = "account:a-22")]
    subject: String,
    /// With what: `kind:id`.
    #[param(example = "history:8f3a")]
    resource: String,
    /// What: a permission.
    #[param(example = "view")]
    action: String,
    /// The moment: an instant, or a date, which stands for its end (UTC).
    at: Option<String>,
    /// The position instead.
    at_position: Option<u64>,
}

/// Somebody, as a query names them.
pub(super) fn subject(text: &str) -> ApiResult<Principal> {
    text.parse().map_err(|error: domain::principal::PrincipalError| {
        Problem::field("query:subject", error.to_string())
    })
}

/// A permission, as a query names it.
pub(super) fn permission(name: &str, text: &str) -> ApiResult<Permission> {
    let found = Permission::ALL.into_iter().find(|permission| permission.name() == text);
    found.ok_or_else(|| {
        let names: Vec<&str> = Permission::ALL.iter().map(|p| p.name()).collect();
        Problem::field(format!("query:{name}"), format!("one of {}", names.join(", ")))
    })
}

/// Refuses callers who may not ask that: 404 where they may not know the item, 403 where they may.
/// What they may is judged now, with the openings of links that they present.
async fn may_ask(
    app: &AppState,
    caller: &Caller,
    asked: &Asked,
    (index, at): (&Snapshot, Time),
) -> ApiResult<()> {
    let Some(asking) = subject_context::asking(app, caller).await? else { return Ok(()) };
    let own = index.check(&asking, &asked.item, at).permissions;
    if !own.has(Permission::Browse) {
        return Err(Problem::not_found("item"));
    }
    if QueryScope::new(caller).covers(&asked.who) || own.has(Permission::Share) {
        return Ok(());
    }
    let needed = Permission::Share.name();
    let detail = format!("explanations about others are for those with {needed}");
    Err(Problem::not_permitted(detail).with("needed", needed))
}

register! {
    explain => RouteAccess::read(ALL),
        "The explanation", NotFound, TimeInFuture, ViewsUnavailable;
}

/// Why somebody may do something with an item, or why not
///
/// The ways that permit it, each with all the acts that made it, in plain words; or the nearest
/// reason for the refusal: of what there was and is no more, when it ended and by whose act. About
/// oneself and about anonymous visitors for who may browse the item, about others for who may share
/// it; openings of links that the caller presents count for that, and for itself. Of a link the
/// answer is what somebody has who opened it and has nothing else: of one for people who are signed
/// in, somebody who is. Without `at` from the access index, with it from the read models; before
/// the item was registered the answer is that nothing is known.
#[utoipa::path(get, path = "/v1/explain", tag = "check")]
pub async fn explain(
    State(app): State<AppState>,
    Params(query): Params<ExplainQuery>,
    meta: RequestMeta,
) -> ApiResult<Read<Explanation>> {
    let who = subject(&query.subject)?;
    let item: ItemRef = query.resource.parse().map_err(|error: domain::id::IdError| {
        Problem::field("query:resource", error.to_string())
    })?;
    let action = permission("action", &query.action)?;
    let now = app.clock.now();
    let as_of = parse_moment(query.at.as_deref(), query.at_position, now)?;
    let asked = Asked { who, item, action };
    let mut index = consistency::index_at_least(&app, meta.at_least, meta.wait).await?;
    let links = asked.links(&app, &meta).await?;
    if links.position > index.position() {
        index = consistency::index_wait_briefly(&app, links.position, meta.wait).await?;
    }
    let now = now.max(index.time());
    may_ask(&app, &meta.caller, &asked, (&index, now)).await?;
    let mut explanation = match as_of {
        AsOf::Now => asked.explain_now(&app, &meta, &index, now).await?,
        past @ (AsOf::Time(_) | AsOf::Position(_)) => {
            consistency::wait_for_position(&app, &meta, &[Model::ACCESS]).await?;
            if let AsOf::Position(position) = past {
                consistency::wait_briefly(&app, meta.wait, &[Model::ACCESS], position).await?;
            }
            asked.explain_then(&app, &meta, past, now).await?
        }
    };
    explanation.warnings.extend(subject_context::ignored(&app, &meta, &asked.item, &links).await?);
    let position = explanation.position;
    Ok(Read::new(&app, position, explanation))
}

struct Asked {
    who: Principal,
    item: ItemRef,
    action: Permission,
}

impl Asked {
    fn answer(&self, (at, position): (Time, Position)) -> Explanation {
        Explanation::empty(PrincipalBody::from(&self.who), &self.item, self.action, at, position)
    }

    /// The item's own state, which knows its links; nothing where no link is in question.
    async fn links(&self, app: &AppState, meta: &RequestMeta) -> ApiResult<Arc<ItemState>> {
        let named = matches!(self.who, Principal::Link(_));
        if named || !meta.caller.visits.is_empty() {
            return Ok(app.commands.load_item(&self.item).await?);
        }
        Ok(Arc::default())
    }

    async fn explain_now(
        &self,
        app: &AppState,
        meta: &RequestMeta,
        index: &Snapshot,
        now: Time,
    ) -> ApiResult<Explanation> {
        let subject = &subject_with_visits(app, &meta.caller, &self.who).await?;
        let decision = index.check(subject, &self.item, now);
        let mut told = self.answer((now, index.position()));
        told.rules = index.rules();
        told.decision = decision.permissions.has(self.action);
        told.role = Role::strongest_within(decision.permissions);
        told.permissions = decision.permissions;
        told.valid_until = decision.valid_until;
        if let Some(facts) = index.item(&self.item) {
            told.known_from = provenance_events::time_of(app, facts.registered).await?;
        }
        let refusal = index.denial_reason(subject, &self.item, self.action, now);
        let position = index.position();
        let lost = refusal.as_ref().is_some_and(refusal::may_be_lost);
        let known = match self.known_now(app, meta, subject, (position, now), lost).await {
            Ok(known) => Some(known),
            Err(why) => {
                tracing::debug!(%why, "an explanation comes from the index alone");
                told.warnings.push(ALONE.to_owned());
                None
            }
        };
        for path in index.paths(subject, &self.item, now) {
            if path.permissions.has(self.action) {
                let known = known.as_ref().map(|(known, _)| known);
                told.paths.push(way(app, &with_all_events(path, known)).await?);
            }
        }
        if let Some(refusal) = refusal {
            told.refusal = Some(match known {
                Some((known, lost)) => self.refused(app, &known, &refusal, lost).await?,
                None => RefusalBody::new(&refusal, self.action),
            });
        }
        Ok(told)
    }

    /// What the read models say at the position of the index, if they have come so far: what there
    /// was, and if that is asked, what had ended.
    async fn known_now(
        &self,
        app: &AppState,
        meta: &RequestMeta,
        subject: &Subject,
        (position, now): (Position, Time),
        lost: bool,
    ) -> Result<(AccessAt, Option<RevokedAccess>), ViewError> {
        let own = app.limits.own_writes_wait;
        let wait = meta.wait.unwrap_or(own).min(own);
        app.views.wait_for(&[Model::ACCESS], position, wait).await?;
        let known = app.views.access_at(&self.item, subject, AsOf::Position(position), now).await?;
        if !lost {
            return Ok((known, None));
        }
        let lost = app.views.revoked_access(&self.item, subject, self.action, position).await?;
        Ok((known, lost))
    }

    async fn explain_then(
        &self,
        app: &AppState,
        meta: &RequestMeta,
        as_of: AsOf,
        now: Time,
    ) -> ApiResult<Explanation> {
        let subject = &Subject::from(&self.who);
        let known: AccessAt = app.views.access_at(&self.item, subject, as_of, now).await?;
        let permissions = known.permissions();
        let mut told = self.answer(known.as_of);
        told.position = known.position;
        told.rules = known.rules;
        told.known_from = known.known_from;
        told.decision = permissions.has(self.action);
        told.role = Role::strongest_within(permissions);
        told.permissions = permissions;
        let at = known.as_of.0;
        let holds = |path: &AccessPath| path.window.holds(at) && path.permissions.has(self.action);
        for path in known.paths().iter().filter(|path| holds(path)) {
            told.paths.push(way(app, path).await?);
        }
        if let Some(nearest) = known.denial_reason(self.action) {
            let before = known.known_from.filter(|_| known.lifecycle().is_none());
            told.refusal = Some(if let Some(known_from) = before {
                RefusalBody::before(known_from)
            } else {
                let position = known.as_of.1;
                let lost =
                    app.views.revoked_access(&self.item, subject, self.action, position).await?;
                self.refused(app, &known, &nearest, lost).await?
            });
        }
        if is_caller(&meta.caller, &self.who) && !meta.caller.visits.is_empty() {
            told.warnings.push(NOT_THEN.to_owned());
        }
        Ok(told)
    }

    /// The nearest reason, with what there was before: what ended last comes first.
    async fn refused(
        &self,
        app: &AppState,
        had: &AccessAt,
        nearest: &DenialReason,
        lost: Option<RevokedAccess>,
    ) -> ApiResult<RefusalBody> {
        let action = self.action;
        if !refusal::may_be_lost(nearest) {
            return Ok(RefusalBody::new(nearest, action));
        }
        let passed =
            if let DenialReason::Ended { ends_at } = nearest { Some(*ends_at) } else { None };
        if let Some(lost) = lost.filter(|lost| passed.is_none_or(|passed| passed <= lost.at())) {
            let way = way(app, &lost.path).await?;
            let by =
                if lost.by_clock() { None } else { provenance_events::ending(app, &lost).await? };
            return Ok(RefusalBody::lost(&lost, action, way, by));
        }
        let mut told = RefusalBody::new(nearest, action);
        let over = |path: &&AccessPath| {
            path.permissions.has(action) && passed.is_some() && path.window.ends_at == passed
        };
        if let Some(path) = had.paths().iter().find(over) {
            told.way = Some(way(app, path).await?);
        }
        Ok(told)
    }
}

/// A path of the index with all the events that made it, if the read models know the path; the
/// index knows the first and the last.
fn with_all_events(path: AccessPath, known: Option<&AccessAt>) -> AccessPath {
    let known = known.map(AccessAt::paths).unwrap_or_default().into_iter();
    let same = |known: &AccessPath| path.container.is_none() && known.source == path.source;
    match known.filter(same).map(|known| known.events).next() {
        Some(events) => AccessPath { events, ..path },
        None => path,
    }
}

/// The path with the acts that made it.
async fn way(app: &AppState, path: &AccessPath) -> ApiResult<WayBody> {
    let acts = provenance_events::acts(app, path.events.clone()).await?;
    Ok(WayBody::new(path, acts))
}

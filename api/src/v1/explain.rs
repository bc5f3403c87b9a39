//! `GET /v1/explain`: why may somebody do something with an item, or why not, now or then?

mod acts;
mod body;
mod regard;

pub use body::{ActBody, Explanation, RefusalBody, WayBody};
pub(super) use regard::Regard;

use super::{
    fresh,
    shape::{Page, PrincipalBody},
};
use crate::{
    access::Reach,
    extract::{Head, Params, parse_moment},
    problem::{Fallible, Problem},
    state::AppState,
};
use axum::{extract::State, response::Response};
use domain::{
    event::Visibility,
    id::ItemRef,
    position::EventId,
    principal::Principal,
    role::{Permission, Role},
    time::Time,
};
use projections::{
    AccessPath, AsOf, Had, Model, Via,
    index::{IndexPath, IndexVia, Snapshot},
};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(explain))
}

/// The question.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ExplainQuery {
    /// About whom: `account:ID`, `group:ID` (what it gives to members), `link:ID` (who opened it)
    /// or `anonymous`.
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
pub(super) fn subject(text: &str) -> Fallible<Principal> {
    text.parse().map_err(|error: domain::principal::PrincipalError| {
        Problem::field("query:subject", error.to_string())
    })
}

/// A permission, as a query names it.
pub(super) fn permission(name: &str, text: &str) -> Fallible<Permission> {
    let found = Permission::ALL.into_iter().find(|permission| permission.name() == text);
    found.ok_or_else(|| {
        let names: Vec<&str> = Permission::ALL.iter().map(|p| p.name()).collect();
        Problem::field(format!("query:{name}"), format!("one of {}", names.join(", ")))
    })
}

/// Refuses callers who may not ask that: 404 where they may not know the item, 403 where they may.
fn may_ask(
    reach: &Reach,
    who: &Principal,
    item: &ItemRef,
    index: &Snapshot,
    at: Time,
) -> Fallible<()> {
    let Some(own) = reach.own() else { return Ok(()) };
    let own = index.check(&own.subject(Vec::new()), item, at).permissions;
    if !own.has(Permission::Browse) {
        return Err(Problem::not_found("item"));
    }
    if reach.covers_principal(who) || own.has(Permission::Share) {
        return Ok(());
    }
    let needed = Permission::Share.name();
    let detail = format!("explanations about others are for those with {needed}");
    Err(Problem::not_permitted(detail).with("needed", needed))
}

/// Why somebody may do something with an item, or why not
///
/// The ways that permit it, each with the acts that made it, in plain words; or the nearest reason
/// for the refusal. About oneself and about anonymous visitors for who may browse the item, about
/// others for who may share it. Without `at` from the access index, with it from the read models.
#[utoipa::path(get, path = "/v1/explain", tag = "check", params(ExplainQuery),
    responses((status = 200, description = "The explanation", body = Explanation)))]
pub async fn explain(
    State(app): State<AppState>,
    Params(query): Params<ExplainQuery>,
    head: Head,
) -> Fallible<Response> {
    let who = subject(&query.subject)?;
    let item: ItemRef = query.resource.parse().map_err(|error: domain::id::IdError| {
        Problem::field("query:resource", error.to_string())
    })?;
    let action = permission("action", &query.action)?;
    let now = app.clock.now();
    let as_of = parse_moment(query.at.as_deref(), query.at_position, now)?;
    let index = fresh::index(&app, head.at_least, head.wait).await?;
    let now = now.max(index.time());
    may_ask(&Reach::of(&head.caller), &who, &item, &index, now)?;
    let asked = Asked { who, item, action };
    let explanation = match as_of {
        AsOf::Now => asked.explain_now(&app, &head, &index, now).await?,
        past @ (AsOf::Time(_) | AsOf::Position(_)) => {
            fresh::catch_up(&app, &head, &[Model::Access]).await?;
            if let AsOf::Position(position) = past {
                fresh::glance(&app, head.wait, &[Model::Access], position).await?;
            }
            asked.explain_then(&app, past, now).await?
        }
    };
    let position = explanation.position;
    Ok(Page { app: &app, position, version: None }.json(&head, explanation))
}

struct Asked {
    who: Principal,
    item: ItemRef,
    action: Permission,
}

impl Asked {
    fn answer(&self, (at, position): (Time, domain::position::Position)) -> Explanation {
        Explanation::empty(PrincipalBody::from(&self.who), &self.item, self.action, at, position)
    }

    async fn explain_now(
        &self,
        app: &AppState,
        head: &Head,
        index: &Snapshot,
        now: Time,
    ) -> Fallible<Explanation> {
        let regard = Regard::of(app, head, &self.who, &self.item, now).await?;
        let subject = regard.subject();
        let verdict = index.check(&subject, &self.item, now);
        let mut told = self.answer((now, index.position()));
        told.rules = index.rules();
        told.decision = verdict.permissions.has(self.action);
        told.role = Role::strongest_within(verdict.permissions);
        told.permissions = verdict.permissions;
        told.valid_until = verdict.valid_until;
        if let Some(facts) = index.item(&self.item) {
            told.known_from = acts::time_of(app, facts.registered).await?;
        }
        for path in index.paths(&subject, &self.item, now) {
            if path.permissions.has(self.action) {
                told.paths.push(way_now(app, path).await?);
            }
        }
        let refusal = index.nearest_refusal(&subject, &self.item, self.action, now);
        told.refusal = refusal.map(|refusal| RefusalBody::of(&refusal, self.action));
        told.warnings = regard.warnings;
        Ok(told)
    }

    async fn explain_then(&self, app: &AppState, as_of: AsOf, now: Time) -> Fallible<Explanation> {
        let asker = regard::asker(&self.who);
        let had: Had = app.views.had(&self.item, &asker, as_of, now).await?;
        let permissions = had.permissions();
        let mut told = self.answer(had.as_of);
        told.position = had.position;
        told.rules = had.rules;
        told.known_from = had.known_from;
        told.decision = permissions.has(self.action);
        told.role = Role::strongest_within(permissions);
        told.permissions = permissions;
        for path in had.holding().filter(|path| path.permissions().has(self.action)) {
            told.paths.push(way_then(app, &self.who, path, had.open_to).await?);
        }
        if !told.decision {
            told.refusal = Some(RefusalBody::then(&had, self.action));
        }
        Ok(told)
    }
}

async fn way_now(app: &AppState, path: IndexPath) -> Fallible<WayBody> {
    let mut events: Vec<EventId> = path.made.into_iter().chain(path.changed).collect();
    events.dedup();
    let mut way = WayBody::new(path.kind().name(), path.role, path.permissions, path.window);
    way.withhold = path.withhold;
    way.container = path.container.map(Into::into);
    match path.via {
        IndexVia::Owner => {}
        IndexVia::Grant { grant, grantee, provenance } => {
            way.grant = Some(grant);
            way.to = Some(PrincipalBody::from(&grantee.principal()));
            way.provenance = Some(provenance.into());
        }
        IndexVia::Library { owner } => way.library_of = Some(PrincipalBody::account(&owner)),
        IndexVia::Visibility { open_to } => way.open_to = Some(open_to),
        IndexVia::Link { link, .. } => way.link = Some(link),
    }
    way.tell(acts::acts(app, events).await?);
    Ok(way)
}

async fn way_then(
    app: &AppState,
    who: &Principal,
    path: &AccessPath,
    open_to: Visibility,
) -> Fallible<WayBody> {
    let via = match (path.via, who) {
        (Via::Grant, Principal::Group(_)) => "group",
        (via, _) => via.name(),
    };
    let mut way = WayBody::new(via, path.role, path.permissions(), path.window());
    way.withhold.clone_from(&path.withhold);
    way.grant = path.grant;
    way.link = path.link;
    way.to = path.grant.map(|_| PrincipalBody::from(who));
    way.provenance = path.provenance.clone().map(Into::into);
    way.open_to = (path.via == Via::Visibility).then_some(open_to);
    way.tell(acts::acts(app, path.events.clone()).await?);
    Ok(way)
}

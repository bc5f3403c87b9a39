//! Evaluates one question: the decision, its reasons, and how long it holds.

use super::{
    answer::{Decision, ErrorBody, SearchContext},
    endpoint::EvaluationContext,
    request::{Entity, NamedAction, Object, Question, RequestContext, Text},
    subject::{QueryScope, principal},
};
use crate::{
    extract::instant_or_end_of_date,
    problem::{ApiResult, FieldError, Problem, ProblemType},
    state::AppState,
};
use domain::{
    access::{AccessDecision, PathKind, PathKinds, Subject},
    id::{ItemId, ItemRef, KindName},
    lifecycle::Lifecycle,
    position::Position,
    principal::Principal,
    role::{Permission, Permissions},
    time::Time,
};
use projections::{AccessAt, AsOf, index::Snapshot};

/// A question, with what of it can mean something.
#[derive(Debug, Clone)]
pub(super) struct ParsedEvaluation<'a> {
    /// `None` = no subject can be named so.
    pub(super) principal: Option<Principal>,
    /// `None` = no item can be called so.
    pub(super) item: Option<ItemRef>,
    /// `None` = there is no such permission.
    pub(super) permission: Option<Permission>,
    pub(super) visits: &'a [Text<'a>],
    /// The past moment that it is about.
    pub(super) past: Past<'a>,
}

/// How a question names a past moment.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Past<'a> {
    pub(super) at: Option<&'a str>,
    pub(super) position: Option<u64>,
}

impl<'a> Past<'a> {
    pub(super) fn from_context(context: Option<&'a RequestContext<'a>>) -> Self {
        let at = context.and_then(|context| context.at.as_deref());
        Self { at, position: context.and_then(|context| context.at_position) }
    }

    /// The moment; `None` = now.
    pub(super) fn moment(self, now: Time) -> ApiResult<Option<AsOf>> {
        let wrong = |detail| Err(Problem::field("/context/at_position", detail));
        match (self.at, self.position) {
            (None, None) => Ok(None),
            (Some(_), Some(_)) => wrong("send `at` or `at_position`, not both"),
            (None, Some(0)) => wrong("positions begin with 1"),
            (None, Some(position)) => Ok(Some(AsOf::Position(Position(position)))),
            (Some(text), None) => past(text, now).map(|at| Some(AsOf::Time(at))),
        }
    }
}

/// What a required member is missing.
fn missing(pointer: &str) -> FieldError {
    FieldError { pointer: pointer.to_owned(), detail: "is required".to_owned() }
}

/// Type and id; a question without any takes what its batch has in common, whole.
pub(super) fn named<'a>(
    own: Option<&'a Object<Entity<'a>>>,
    common: Option<&'a Object<Entity<'a>>>,
    pointer: &str,
) -> Result<(&'a str, &'a str), FieldError> {
    let entity = own.or(common);
    let kind = typed(entity, pointer)?;
    let id = entity.and_then(|entity| entity.0.id.as_deref());
    Ok((kind, id.ok_or_else(|| missing(&format!("{pointer}/id")))?))
}

/// Whom a question is about. One who is not signed in needs no id.
pub(super) fn subject<'a>(
    own: Option<&'a Object<Entity<'a>>>,
    common: Option<&'a Object<Entity<'a>>>,
) -> Result<(&'a str, &'a str), FieldError> {
    match own.or(common).map(|entity| (entity.0.kind.as_deref(), &entity.0.id)) {
        Some((Some("anonymous"), None)) => Ok(("anonymous", "anonymous")),
        _ => named(own, common, "/subject"),
    }
}

/// The type alone.
pub(super) fn typed<'a>(
    entity: Option<&'a Object<Entity<'a>>>,
    pointer: &str,
) -> Result<&'a str, FieldError> {
    let entity = entity.ok_or_else(|| missing(pointer))?;
    entity.0.kind.as_deref().ok_or_else(|| missing(&format!("{pointer}/type")))
}

/// The name of an action.
pub(super) fn action<'a>(
    own: Option<&'a Object<NamedAction<'a>>>,
    common: Option<&'a Object<NamedAction<'a>>>,
) -> Result<&'a str, FieldError> {
    let action = own.or(common).ok_or_else(|| missing("/action"))?;
    action.0.name.as_deref().ok_or_else(|| missing("/action/name"))
}

/// The permission of a name.
pub(super) fn permission(name: &str) -> Option<Permission> {
    Permission::ALL.into_iter().find(|permission| permission.name() == name)
}

/// The item that a resource names, if one can be called so.
pub(super) fn item((kind, id): (&str, &str)) -> Option<ItemRef> {
    Some(ItemRef { kind: KindName::parse(kind).ok()?, id: ItemId::parse(id).ok()? })
}

impl<'a> ParsedEvaluation<'a> {
    /// Reads a question of a batch; of a single one nothing is in common.
    pub(super) fn new(
        part: &'a Question<'a>,
        common: &'a Question<'a>,
    ) -> Result<Self, FieldError> {
        let (kind, id) = subject(part.subject.as_ref(), common.subject.as_ref())?;
        let name = action(part.action.as_ref(), common.action.as_ref())?;
        let resource = named(part.resource.as_ref(), common.resource.as_ref(), "/resource")?;
        let context = part.context.as_ref().or(common.context.as_ref()).map(|context| &context.0);
        let visits = context.and_then(|context| context.visits.as_deref());
        Ok(Self {
            principal: principal(kind, id),
            item: item(resource),
            permission: permission(name),
            visits: visits.unwrap_or_default(),
            past: Past::from_context(context),
        })
    }
}

/// The past instant that a question names.
fn past(text: &str, now: Time) -> ApiResult<Time> {
    let time = instant_or_end_of_date("at", text)
        .map_err(|_| Problem::field("/context/at", "an RFC 3339 instant or a date is expected"))?;
    if time > now {
        let detail = format!("context.at: {time} lies after now, {now}");
        return Err(Problem::new(ProblemType::TimeInFuture, detail));
    }
    Ok(time)
}

/// What is the same for all questions of a request.
pub(super) struct Evaluator<'a> {
    pub(super) app: &'a AppState,
    pub(super) call: &'a EvaluationContext,
    pub(super) scope: QueryScope,
    pub(super) index: Snapshot,
    /// When windows are judged.
    pub(super) now: Time,
    /// Was the index looked at again, at the head of the log?
    pub(super) moved: bool,
    /// Do the read models?
    views_fresh: bool,
}

impl<'a> Evaluator<'a> {
    pub(super) async fn new(app: &'a AppState, call: &'a EvaluationContext) -> ApiResult<Self> {
        let index = call.index(app).await?;
        // The index may have been waited for.
        let now = app.clock.now().max(index.time());
        let scope = QueryScope::new(&call.caller);
        Ok(Self { app, call, scope, index, now, moved: false, views_fresh: false })
    }

    /// Answers a question.
    pub(super) async fn decide(&mut self, asked: &ParsedEvaluation<'_>) -> ApiResult<Decision> {
        if let Some(as_of) = asked.past.moment(self.call.now)? {
            return self.decide_then(asked, as_of).await;
        }
        self.scope.check(asked.principal.as_ref(), asked.item.as_ref(), &self.index, self.now)?;
        let position = self.index.position();
        let unknown = |reason| Ok(Decision::no(reason, position));
        let Some(principal) = &asked.principal else { return unknown("unknown_subject") };
        let Some(permission) = asked.permission else { return unknown("unknown_action") };
        let Some(item) = &asked.item else { return unknown("unknown_resource") };
        let (subject, verdict, warnings) = self.verdict(principal, item, asked.visits).await?;
        let reason = self.reason(asked, verdict.permissions, permission, || {
            self.index.item(item).map(|facts| facts.lifecycle)
        });
        Ok(Decision {
            permitted: reason.is_none(),
            paths: self.permitting(&verdict, &subject, item, permission),
            reason,
            error: None,
            valid_until: verdict.valid_until,
            position: self.index.position(),
            as_of: None,
            warnings,
        })
    }

    /// What the index says, and why openings of links gave nothing.
    async fn verdict(
        &mut self,
        principal: &Principal,
        item: &ItemRef,
        texts: &[Text<'_>],
    ) -> ApiResult<(Subject, AccessDecision, Vec<&'static str>)> {
        let (visits, mut ignored) = self.call.visits(self.app, principal, texts).await?;
        let subject = Subject::new(principal.clone()).with_visits(visits);
        let mut verdict = self.index.check(&subject, item, self.now);
        if subject.visits.is_empty() {
            return Ok((subject, verdict, ignored));
        }
        if !verdict.paths.has(PathKind::Link) && !self.moved {
            // The opening was signed by us; its link may stand on the log already.
            self.index = self.call.index_at_head(self.app).await?;
            self.now = self.now.max(self.index.time());
            self.moved = true;
            verdict = self.index.check(&subject, item, self.now);
        }
        if !verdict.paths.has(PathKind::Link) {
            ignored.push(
                "visit ignored: its link is not open on this item, has a new secret or password, \
                 or requires sign-in",
            );
        }
        Ok((subject, verdict, ignored))
    }

    /// The kinds of the paths that permit something. Where there is one path, it is that one.
    fn permitting(
        &self,
        verdict: &AccessDecision,
        subject: &Subject,
        item: &ItemRef,
        permission: Permission,
    ) -> PathKinds {
        if verdict.paths.iter().nth(1).is_none() {
            return verdict.paths;
        }
        self.index.permitting(subject, item, permission, self.now)
    }

    /// Everything that a subject may do with an item, now or at a past moment, and what is to be
    /// said beside.
    pub(super) async fn permissions(
        &mut self,
        principal: &Principal,
        item: &ItemRef,
        as_of: Option<AsOf>,
        texts: &[Text<'_>],
    ) -> ApiResult<(Permissions, SearchContext)> {
        self.scope.check(Some(principal), Some(item), &self.index, self.now)?;
        let Some(as_of) = as_of else {
            let (_, verdict, warnings) = self.verdict(principal, item, texts).await?;
            let context = SearchContext { warnings, ..SearchContext::at(self.index.position()) };
            return Ok((verdict.permissions, context));
        };
        self.fresh_views(as_of).await?;
        let had =
            self.app.views.access_at(item, &Subject::from(principal), as_of, self.now).await?;
        let warnings = self.past_warnings(texts, item, &had);
        let context = SearchContext::at(had.position).then(had.as_of);
        Ok((had.permissions(), SearchContext { warnings, ..context }))
    }

    /// Why not; `None` = yes. Callers who may not know the item learn nothing of it.
    fn reason(
        &self,
        asked: &ParsedEvaluation<'_>,
        permissions: Permissions,
        wanted: Permission,
        lifecycle: impl FnOnce() -> Option<Lifecycle>,
    ) -> Option<&'static str> {
        if permissions.has(wanted) {
            return None;
        }
        let known = permissions.has(Permission::Browse)
            || asked
                .item
                .as_ref()
                .is_some_and(|item| self.scope.knows(&self.index, item, self.now));
        if !known {
            return Some("unknown_resource");
        }
        Some(match lifecycle() {
            None => "unknown_resource",
            Some(Lifecycle::Retired) => "item_retired",
            Some(Lifecycle::Closed) => "item_closed",
            Some(_) if permissions.is_empty() => "no_access",
            Some(_) => "not_included",
        })
    }

    /// The read models, as fresh as asked, once for a request; and at the moment asked about.
    pub(super) async fn fresh_views(&mut self, as_of: AsOf) -> ApiResult<()> {
        if !self.views_fresh {
            self.call.views(self.app).await?;
            self.views_fresh = true;
        }
        if let AsOf::Position(position) = as_of {
            self.call.views_at(self.app, position).await?;
        }
        Ok(())
    }

    /// Since when an item is known is told to those who may know that there is one.
    fn past_warnings(
        &self,
        visits: &[Text<'_>],
        item: &ItemRef,
        had: &AccessAt,
    ) -> Vec<&'static str> {
        let known = self.scope.knows(&self.index, item, self.now);
        warnings_about_past(visits, had.as_of.0, had.known_from.filter(|_| known))
    }

    async fn decide_then(
        &mut self,
        asked: &ParsedEvaluation<'_>,
        as_of: AsOf,
    ) -> ApiResult<Decision> {
        self.scope.check(asked.principal.as_ref(), asked.item.as_ref(), &self.index, self.now)?;
        self.fresh_views(as_of).await?;
        let position = self.index.position();
        let unknown = |reason| Ok(Decision::no(reason, position));
        let Some(principal) = &asked.principal else { return unknown("unknown_subject") };
        let Some(permission) = asked.permission else { return unknown("unknown_action") };
        let Some(item) = &asked.item else { return unknown("unknown_resource") };
        let subject = Subject::from(principal);
        let had = self.app.views.access_at(item, &subject, as_of, self.now).await?;
        let reason = self.reason(asked, had.permissions(), permission, || had.lifecycle());
        Ok(Decision {
            permitted: reason.is_none(),
            paths: had.permitting(permission),
            reason,
            position: had.position,
            as_of: Some(had.as_of),
            warnings: self.past_warnings(asked.visits, item, &had),
            ..Decision::default()
        })
    }
}

/// What is to be known of an answer about the past: openings of links that came with the question
/// give nothing then; and before an item is known, who had access is not.
pub(super) fn warnings_about_past(
    visits: &[Text<'_>],
    at: Time,
    known_from: Option<Time>,
) -> Vec<&'static str> {
    let ignored = "visits were ignored: they open something now, not in the past";
    let before = "the item was registered later: who had access to it then is unknown, not nobody";
    let ignored = Some(ignored).filter(|_| !visits.is_empty());
    let before = Some(before).filter(|_| known_from.is_some_and(|from| at < from));
    ignored.into_iter().chain(before).collect()
}

/// A question of a batch that could not be answered; what fails the service fails the whole batch.
pub(super) fn as_decision(problem: &Problem, judge: &Evaluator<'_>) -> ApiResult<Decision> {
    let status = problem.kind().status();
    if status.is_server_error() {
        return Err(problem.clone());
    }
    let error = ErrorBody { status: status.as_u16(), message: problem.detail().to_owned() };
    Ok(Decision::error(error, judge.index.position()))
}

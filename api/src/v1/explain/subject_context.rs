//! The subject context of a query: the caller, and the subject it names.

use crate::{
    authzen::{QueryScope, Who},
    extract::RequestMeta,
    problem::ApiResult,
    state::AppState,
};
use commands::Caller;
use domain::{
    access::{Subject, Visit},
    event::Audience,
    id::LinkId,
    item::ItemState,
    principal::Principal,
    time::Time,
};
use projections::Asker;

/// When an opening ends that nobody made: one that asks what a link would show.
const NEVER: Time = Time::EPOCH.plus_micros(i64::MAX);

/// An end, unless it is that of such an opening.
pub(crate) fn bounded(end: Option<Time>) -> Option<Time> {
    end.filter(|end| *end != NEVER)
}

/// Somebody, with openings of links.
#[derive(Debug)]
pub(crate) struct SubjectContext {
    subject: Subject,
    /// Links of which it presents openings.
    presented: Vec<LinkId>,
}

fn who(principal: &Principal) -> Who {
    match principal {
        Principal::Account(id) => Who::Account(id.clone()),
        Principal::Group(id) => Who::Group(id.clone()),
        Principal::Link(_) | Principal::Anonymous => Who::Anonymous,
    }
}

/// As the read models take it.
pub(super) fn asker(principal: &Principal) -> Asker {
    let link = match principal {
        Principal::Link(id) => Some(*id),
        Principal::Account(_) | Principal::Group(_) | Principal::Anonymous => None,
    };
    Asker { link, ..who(principal).asker() }
}

/// Is it the caller itself?
pub(super) fn is_caller(caller: &Caller, principal: &Principal) -> bool {
    match principal {
        Principal::Account(id) => caller.account.as_ref() == Some(id),
        Principal::Anonymous => caller.anonymous,
        Principal::Group(_) | Principal::Link(_) => false,
    }
}

/// The openings that a caller presents, whether or not they still open something.
async fn presented(app: &AppState, caller: &Caller) -> ApiResult<Vec<Visit>> {
    let mut visits = Vec::new();
    for text in &caller.visits {
        visits.extend(app.commands.read_visit(text).await?);
    }
    Ok(visits)
}

/// As whom the caller asks, with the openings that it presents, if not about everybody.
pub(super) async fn asking(app: &AppState, caller: &Caller) -> ApiResult<Option<Subject>> {
    let scope = QueryScope::of(caller);
    let Some(own) = scope.own() else { return Ok(None) };
    Ok(Some(own.subject(presented(app, caller).await?)))
}

/// Why openings that the caller presents give nothing on an item.
pub(super) async fn ignored(
    app: &AppState,
    meta: &RequestMeta,
    state: &ItemState,
) -> ApiResult<Vec<String>> {
    if meta.caller.visits.is_empty() {
        return Ok(Vec::new());
    }
    let known = meta.at_least.unwrap_or_default();
    Ok(app.commands.subject(&meta.caller, state, known).await?.1)
}

impl SubjectContext {
    /// Somebody, as regards an item. The openings that the caller presents count for itself.
    pub(crate) async fn of(
        app: &AppState,
        caller: &Caller,
        principal: &Principal,
        state: &ItemState,
    ) -> ApiResult<Self> {
        let mut subject_context = Self::plain(principal);
        if let Principal::Link(link) = principal {
            subject_context.opens(*link, state);
        }
        if is_caller(caller, principal) {
            let visits = presented(app, caller).await?;
            subject_context.presented.extend(visits.iter().map(|visit| visit.link));
            subject_context.subject.visits.extend(visits);
        }
        Ok(subject_context)
    }

    /// Somebody without openings of links.
    pub(crate) fn plain(principal: &Principal) -> Self {
        Self { subject: who(principal).subject(Vec::new()), presented: Vec::new() }
    }

    /// As who opened a link of an item just now. One for people who are signed in was opened by
    /// somebody who is.
    fn opens(&mut self, link: LinkId, state: &ItemState) {
        let Some(open) = state.links.get(&link) else { return };
        self.subject.visits.push(Visit {
            link,
            generation: open.generation,
            password_version: open.password_version,
            ends_at: NEVER,
        });
        if open.terms.audience == Audience::Internal {
            self.subject.unnamed = true;
        }
    }

    /// As the index takes it.
    pub(crate) const fn subject(&self) -> &Subject {
        &self.subject
    }

    /// As the read models take it.
    pub(super) fn asker(&self, principal: &Principal) -> Asker {
        Asker { visits: self.presented.clone(), ..asker(principal) }
    }
}

//! As what does the index take somebody whom a query names?

use crate::{access::Who, extract::Head, problem::Fallible, state::AppState};
use domain::{
    access::{Subject, Visit},
    id::{ItemRef, LinkId},
    principal::Principal,
    time::Time,
};
use projections::Asker;

/// How long an opening lasts that nobody made: one that asks what a link would show.
const SUPPOSED_SECONDS: i64 = 365 * 24 * 60 * 60;

/// Somebody, with openings of links.
#[derive(Debug)]
pub(crate) struct Regard {
    who: Who,
    visits: Vec<Visit>,
    /// Why openings that were presented give nothing.
    pub(crate) warnings: Vec<String>,
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

impl Regard {
    /// Somebody, as regards an item. The openings that the caller presents count for itself.
    pub(crate) async fn of(
        app: &AppState,
        head: &Head,
        principal: &Principal,
        item: &ItemRef,
        now: Time,
    ) -> Fallible<Self> {
        let mut regard = Self::plain(principal);
        if let Principal::Link(link) = principal {
            regard.visits.extend(supposed(app, *link, item, now).await?);
        }
        let caller = &head.caller;
        let own = match principal {
            Principal::Account(id) => caller.account.as_ref() == Some(id),
            Principal::Anonymous => caller.anonymous,
            Principal::Group(_) | Principal::Link(_) => false,
        };
        for text in caller.visits.iter().filter(|_| own) {
            match app.commands.read_visit(text).await? {
                Some(visit) => regard.visits.push(visit),
                None => regard
                    .warnings
                    .push("a visit was ignored: it is not one of this service".to_owned()),
            }
        }
        Ok(regard)
    }

    /// Somebody without openings of links.
    pub(crate) fn plain(principal: &Principal) -> Self {
        Self { who: who(principal), visits: Vec::new(), warnings: Vec::new() }
    }

    /// As the index takes it.
    pub(crate) fn subject(&self) -> Subject {
        self.who.subject(self.visits.clone())
    }
}

/// What somebody has who opened a link of an item just now.
async fn supposed(
    app: &AppState,
    link: LinkId,
    item: &ItemRef,
    now: Time,
) -> Fallible<Option<Visit>> {
    let state = app.commands.load_item(item).await?;
    Ok(state.links.get(&link).map(|open| Visit {
        link,
        generation: open.generation,
        password_version: open.password_version,
        ends_at: now.plus_seconds(SUPPOSED_SECONDS),
    }))
}

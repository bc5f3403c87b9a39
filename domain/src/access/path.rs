//! Access paths: by which a subject has access to an item, and by whose act.

use super::{
    Subject,
    rule::{SourceView, visit_paths},
};
use crate::{
    actor::Actor,
    event::{Audience, Provenance, Visibility},
    id::{GrantId, LinkId},
    item::{ItemState, Lifecycle, OpenGrant, OpenLink, Origin},
    position::EventId,
    principal::{Grantee, Principal},
    role::{Permissions, Role},
    time::{Time, Window},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a path runs over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "via", rename_all = "snake_case")]
pub enum Via {
    /// It owns the item.
    Owner,
    /// A grant to the account itself, or to a group of it.
    Grant {
        /// Which.
        grant: GrantId,
        /// To whom it was given.
        grantee: Grantee,
        /// Where it came from.
        provenance: Provenance,
    },
    /// The item is open to any account, or to anyone.
    Visibility {
        /// To whom.
        open_to: Visibility,
    },
    /// A link was opened.
    Link {
        /// Which.
        link: LinkId,
        /// Who may open it.
        audience: Audience,
    },
}

/// One path to an item: what it permits, from when until when, and who made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path {
    /// What it runs over.
    pub via: Via,
    /// The role it gives.
    pub role: Role,
    /// What it permits, less what it withholds.
    pub permissions: Permissions,
    /// From when until when it holds.
    pub window: Window,
    /// Who made it; none for a visibility that was never set.
    pub given_by: Option<Actor>,
    /// The events that made it.
    pub events: Vec<EventId>,
}

/// Every path that holds for a subject at an instant. Being unrestricted is no path: it comes from
/// the caller's role, not from the item.
pub fn paths(subject: &Subject, item: &ItemState, at: Time) -> Vec<Path> {
    let mut found = Vec::new();
    visit_paths(item, subject, |way| {
        if way.window.holds(at) {
            found.push(match way.over {
                SourceView::Owner => owner_path(item),
                SourceView::Grant(open) => grant_path(open),
                SourceView::Visibility(_) => visibility_path(item),
                SourceView::Link(id, link) => link_path(id, link),
                SourceView::Library(never) => match never {},
            });
        }
    });
    found
}

/// Everybody with a path of the own at an instant: the owner, accounts and groups with grants,
/// links that can be opened (those for the entitled give nothing), and anybody if the item is
/// public.
pub fn access_list(item: &ItemState, at: Time) -> BTreeMap<Principal, Vec<Path>> {
    let mut list: BTreeMap<Principal, Vec<Path>> = BTreeMap::new();
    let mut add = |principal, path| list.entry(principal).or_default().push(path);
    if let (Some(owner), Lifecycle::Open | Lifecycle::Closed) = (&item.owner, item.lifecycle) {
        add(Principal::Account(owner.clone()), owner_path(item));
    }
    if item.lifecycle != Lifecycle::Open {
        return list;
    }
    for open in item.grants.values().filter(|open| open.grant.window().holds(at)) {
        add(open.grant.grantee.principal(), grant_path(open));
    }
    for (id, link) in &item.links {
        if link.terms.window().holds(at) && link.terms.audience != Audience::Named {
            add(Principal::Link(*id), link_path(*id, link));
        }
    }
    if item.visibility == Visibility::Public {
        add(Principal::Anonymous, visibility_path(item));
    }
    list
}

fn owner_path(item: &ItemState) -> Path {
    Path {
        via: Via::Owner,
        role: Role::Owner,
        permissions: Role::Owner.permissions(),
        window: Window::default(),
        given_by: given_by(&item.registered),
        events: item.registered.events.to_vec(),
    }
}

pub(crate) fn grant_path(open: &OpenGrant) -> Path {
    let grant = &open.grant;
    Path {
        via: Via::Grant {
            grant: grant.grant,
            grantee: grant.grantee.clone(),
            provenance: grant.provenance.clone(),
        },
        role: grant.role,
        permissions: grant.permissions(),
        window: grant.window(),
        given_by: Some(open.given_by.clone()),
        events: open.events.to_vec(),
    }
}

pub(crate) fn visibility_path(item: &ItemState) -> Path {
    Path {
        via: Via::Visibility { open_to: item.visibility },
        role: Role::Viewer,
        permissions: Role::Viewer.permissions(),
        window: Window::default(),
        given_by: given_by(&item.visibility_origin),
        events: item.visibility_origin.events.to_vec(),
    }
}

pub(crate) fn link_path(id: LinkId, link: &OpenLink) -> Path {
    Path {
        via: Via::Link { link: id, audience: link.terms.audience },
        role: link.terms.role,
        permissions: link.terms.permissions(),
        window: link.terms.window(),
        given_by: Some(link.created_by.clone()),
        events: link.events.to_vec(),
    }
}

fn given_by(origin: &Origin) -> Option<Actor> {
    (!origin.events.is_empty()).then(|| origin.by.clone())
}

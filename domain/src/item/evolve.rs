//! Evolves the state of an item by one event.

use super::{Closed, ItemState, OpenGrant, OpenLink, OpenPublication, Origin};
use crate::{
    event::{
        DescriptionPart, GrantChanged, GrantGiven, ItemEvent, ItemRegistered, ItemReopened,
        LinkChanged, LinkCreated, LinkRevoked, ProvenanceKind, Publication, Recorded, Restore,
        Visibility,
    },
    id::{GrantId, LinkId, VaultId},
    lifecycle::Lifecycle,
    time::Time,
};

/// Applies a recorded event.
pub(super) fn evolve(state: &mut ItemState, recorded: &Recorded<ItemEvent>) {
    state.position = recorded.position();
    match &recorded.event {
        ItemEvent::Registered(registered) => register(state, registered, recorded),
        ItemEvent::Described(described) => describe(state, &described.after, recorded),
        ItemEvent::VisibilityChanged(changed) => {
            set_visibility(state, changed.after, recorded);
            state.version = recorded.position();
            state.sharing_version = recorded.position();
        }
        ItemEvent::Closed(_) => close(state, recorded),
        ItemEvent::Reopened(reopened) => reopen(state, reopened, recorded),
        ItemEvent::Retired(_) => {
            end_everything(state, recorded);
            state.closed = None;
            state.lifecycle = Lifecycle::Retired;
            state.retired_at = Some(recorded.position());
        }
        ItemEvent::Restored(_) => {
            end_everything(state, recorded);
            state.lifecycle = Lifecycle::Open;
            state.retired_at = None;
        }
        ItemEvent::GrantGiven(given) => give(state, given, recorded),
        ItemEvent::GrantChanged(changed) => change_grant(state, changed, recorded),
        ItemEvent::GrantEnded(ended) => {
            state.grants.remove(&ended.grant);
            state.sharing_version = recorded.position();
        }
        ItemEvent::LinkCreated(created) => create_link(state, created, recorded),
        ItemEvent::LinkChanged(changed) => change_link(state, changed, recorded),
        ItemEvent::LinkPasswordSet(set) => {
            set_password(state, set.link, Some(set.after), recorded);
        }
        ItemEvent::LinkPasswordCleared(cleared) => {
            set_password(state, cleared.link, None, recorded);
        }
        ItemEvent::LinkRotated(rotated) => {
            touch_link(state, rotated.link, recorded, |link| link.generation = rotated.after);
        }
        ItemEvent::LinkRevoked(revoked) => revoke_link(state, revoked, recorded),
        ItemEvent::LinkExpired(expired) => {
            state.links.remove(&expired.link);
        }
        ItemEvent::Published(published) => publish(state, &published.publication, recorded),
        ItemEvent::PublicationUpdated(updated) => publish(state, &updated.after, recorded),
        ItemEvent::PublicationWithdrawn(_) => state.publication = None,
    }
}

fn register(state: &mut ItemState, registered: &ItemRegistered, recorded: &Recorded<ItemEvent>) {
    state.lifecycle = Lifecycle::Open;
    state.owner = Some(registered.owner.clone());
    state.registered_at = recorded.time;
    state.registered = origin(recorded);
    state.description = registered.description.clone();
    state.in_library = registered.in_library;
    state.version = recorded.position();
    state.sharing_version = recorded.position();
}

fn describe(state: &mut ItemState, after: &DescriptionPart, recorded: &Recorded<ItemEvent>) {
    let now = &mut state.description;
    for (field, change) in [
        (&mut now.title, &after.title),
        (&mut now.description, &after.description),
        (&mut now.tags, &after.tags),
        (&mut now.preview, &after.preview),
        (&mut now.content, &after.content),
    ] {
        if let Some(value) = change {
            field.clone_from(value);
        }
    }
    state.in_library = after.in_library.unwrap_or(state.in_library);
    state.version = recorded.position();
}

fn close(state: &mut ItemState, recorded: &Recorded<ItemEvent>) {
    let closed = Closed {
        at: recorded.position(),
        grants: std::mem::take(&mut state.grants),
        links: std::mem::take(&mut state.links),
        publication: state.publication.take(),
        visibility: state.visibility,
    };
    end_everything(state, recorded);
    state.closed = Some(Box::new(closed));
    state.lifecycle = Lifecycle::Closed;
}

fn reopen(state: &mut ItemState, reopened: &ItemReopened, recorded: &Recorded<ItemEvent>) {
    let closed = state.closed.take().unwrap_or_default();
    end_everything(state, recorded);
    state.lifecycle = Lifecycle::Open;
    match reopened.restore {
        Restore::Nothing => return,
        Restore::All => {}
    }
    set_visibility(state, reopened.visibility, recorded);
    let grants = closed.grants.into_iter();
    state.grants = grants
        .filter(|(_, open)| !open.grant.window().ended(recorded.time))
        .map(|(id, open)| (id, restored_grant(open, recorded)))
        .collect();
    let links = closed.links.into_iter();
    state.links = links
        .filter(|(_, link)| !link.terms.window().ended(recorded.time))
        .map(|(id, link)| (id, restored_link(link, recorded)))
        .collect();
    state.publication = closed.publication.map(|open| OpenPublication {
        version: recorded.position(),
        updated_at: recorded.time,
        ..open
    });
}

fn restored_grant(mut open: OpenGrant, recorded: &Recorded<ItemEvent>) -> OpenGrant {
    open.version = recorded.position();
    open.events.push(recorded.id);
    open
}

fn restored_link(mut link: OpenLink, recorded: &Recorded<ItemEvent>) -> OpenLink {
    link.generation = link.generation.saturating_add(1);
    link.version = recorded.position();
    link.events.push(recorded.id);
    link
}

/// After this nothing of the sharing is left.
fn end_everything(state: &mut ItemState, recorded: &Recorded<ItemEvent>) {
    state.grants.clear();
    state.links.clear();
    state.publication = None;
    set_visibility(state, Visibility::Restricted, recorded);
    state.version = recorded.position();
    state.sharing_version = recorded.position();
}

fn set_visibility(state: &mut ItemState, visibility: Visibility, recorded: &Recorded<ItemEvent>) {
    if state.visibility != visibility {
        state.visibility = visibility;
        state.visibility_origin = origin(recorded);
    }
}

fn give(state: &mut ItemState, given: &GrantGiven, recorded: &Recorded<ItemEvent>) {
    let open = OpenGrant {
        grant: given.grant.clone(),
        asked: given.asked.clone(),
        version: recorded.position(),
        given_at: recorded.time,
        given_by: recorded.actor.clone(),
        events: recorded.id.into(),
    };
    state.grants.insert(given.grant.grant, open);
    state.sharing_version = recorded.position();
}

fn change_grant(state: &mut ItemState, changed: &GrantChanged, recorded: &Recorded<ItemEvent>) {
    if let Some(open) = state.grants.get_mut(&changed.grant) {
        open.grant.set_terms(changed.after.clone());
        open.asked.clone_from(&changed.asked);
        open.version = recorded.position();
        open.events.push(recorded.id);
    }
    state.sharing_version = recorded.position();
}

fn create_link(state: &mut ItemState, created: &LinkCreated, recorded: &Recorded<ItemEvent>) {
    let version = if created.password.is_some() { recorded.position().0 } else { 0 };
    let link = OpenLink {
        terms: created.terms.clone(),
        generation: created.generation,
        password: created.password,
        password_version: version,
        asked: created.asked.clone(),
        version: recorded.position(),
        created_at: recorded.time,
        created_by: recorded.actor.clone(),
        events: recorded.id.into(),
    };
    state.links.insert(created.link, link);
}

fn change_link(state: &mut ItemState, changed: &LinkChanged, recorded: &Recorded<ItemEvent>) {
    touch_link(state, changed.link, recorded, |link| {
        link.terms = changed.after.clone();
        link.asked.clone_from(&changed.asked);
    });
}

fn set_password(
    state: &mut ItemState,
    link: LinkId,
    password: Option<VaultId>,
    recorded: &Recorded<ItemEvent>,
) {
    touch_link(state, link, recorded, |link| {
        link.password = password;
        link.password_version = recorded.position().0;
    });
}

fn touch_link(
    state: &mut ItemState,
    link: LinkId,
    recorded: &Recorded<ItemEvent>,
    change: impl FnOnce(&mut OpenLink),
) {
    if let Some(open) = state.links.get_mut(&link) {
        change(open);
        open.version = recorded.position();
        open.events.push(recorded.id);
    }
}

fn revoke_link(state: &mut ItemState, revoked: &LinkRevoked, recorded: &Recorded<ItemEvent>) {
    state.links.remove(&revoked.link);
    if revoked.cascade {
        let ended = state.born_from(revoked.link);
        for grant in &ended {
            state.grants.remove(grant);
        }
        if !ended.is_empty() {
            state.sharing_version = recorded.position();
        }
    }
}

impl ItemState {
    /// The open grants whose provenance is a link.
    pub fn born_from(&self, link: LinkId) -> Vec<GrantId> {
        let link = link.to_string();
        let born = self.grants.values().filter(|open| {
            let provenance = &open.grant.provenance;
            provenance.kind == ProvenanceKind::Link && provenance.id.as_ref() == Some(&link)
        });
        born.map(|open| open.grant.grant).collect()
    }
}

fn publish(state: &mut ItemState, publication: &Publication, recorded: &Recorded<ItemEvent>) {
    let published_at = published_since(state, recorded.time);
    state.publication = Some(OpenPublication {
        publication: publication.clone(),
        version: recorded.position(),
        published_at,
        updated_at: recorded.time,
    });
}

fn published_since(state: &ItemState, now: Time) -> Time {
    state.publication.as_ref().map_or(now, |open| open.published_at)
}

fn origin(recorded: &Recorded<ItemEvent>) -> Origin {
    Origin { by: recorded.actor.clone(), events: recorded.id.into() }
}

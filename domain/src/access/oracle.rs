//! The naive evaluator of access, slow and obvious: the model that everything fast is compared
//! with.
//!
//! It keeps no state. For every grant and link that a history ever made it walks the rest of the
//! history and checks whether that one is still there. It shares no code with `evolve` and
//! `permissions`, not even the role table.

use super::subject::Visit;
use crate::{
    event::{
        AccountEvent, Audience, Event, ItemEvent, LinkTerms, ProvenanceKind, Recorded, Restore,
        Visibility,
    },
    id::{AccountId, GroupId, ItemRef},
    position::Position,
    principal::Grantee,
    role::{Permission, Role, Withheld},
    stream::StreamName,
    time::Time,
};
use std::collections::BTreeSet;

/// A record's event with the stream it stands on.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The stream.
    pub stream: StreamName,
    /// The event.
    pub recorded: Recorded,
}

/// Who is asked about, independent of the fast model.
#[derive(Debug, Clone, Default)]
pub struct OracleSubject {
    /// The account, when signed in.
    pub account: Option<AccountId>,
    /// Its groups.
    pub groups: Vec<GroupId>,
    /// Openings of links.
    pub visits: Vec<Visit>,
}

/// What somebody may do with an item at an instant, by the records up to a position.
pub fn permissions(
    history: &[Entry],
    item: &ItemRef,
    asker: &OracleSubject,
    upto: Position,
    at: Time,
) -> BTreeSet<Permission> {
    let past: Vec<_> = history.iter().filter(|e| e.recorded.id.position <= upto).collect();
    let account = asker.account.as_ref().filter(|account| is_active(&past, account));
    let stream = StreamName::Item(item.clone());
    let mut story = Vec::new();
    for entry in past {
        if let (Event::Item(event), true) = (&entry.recorded.event, entry.stream == stream) {
            story.push((&entry.recorded, event));
        }
    }
    let mut may = BTreeSet::new();
    let phase = phase(&story);
    if account.is_some() && account == owner(&story) && phase != Phase::Gone {
        may.extend(role(Role::Owner));
    }
    if phase != Phase::Open {
        return may;
    }
    for index in 0..story.len() {
        may.extend(by_grant(&story, index, account, &asker.groups, at));
        may.extend(by_link(&story, index, account.is_some(), &asker.visits, at));
    }
    match (visibility(&story), account) {
        (Visibility::Public, _) | (Visibility::Internal, Some(_)) => may.extend(role(Role::Viewer)),
        (Visibility::Internal, None) | (Visibility::Restricted, _) => {}
    }
    may
}

type Story<'a> = [(&'a Recorded, &'a ItemEvent)];

/// Not deactivated, not erased; one that never registered counts too.
fn is_active(past: &[&Entry], account: &AccountId) -> bool {
    let stream = StreamName::Account(account.clone());
    let mut active = true;
    for entry in past.iter().filter(|entry| entry.stream == stream) {
        if let Event::Account(event) = &entry.recorded.event {
            active = match event {
                AccountEvent::Registered(_) | AccountEvent::Reactivated(_) => true,
                AccountEvent::Deactivated(_) | AccountEvent::Erased(_) => false,
                AccountEvent::Changed(_) => active,
            };
        }
    }
    active
}

#[derive(PartialEq)]
enum Phase {
    Open,
    OwnerOnly,
    Gone,
}

fn phase(story: &Story<'_>) -> Phase {
    let mut phase = Phase::Gone;
    for (_, event) in story {
        if matches!(
            event,
            ItemEvent::Registered(_) | ItemEvent::Reopened(_) | ItemEvent::Restored(_)
        ) {
            phase = Phase::Open;
        } else if matches!(event, ItemEvent::Closed(_)) {
            phase = Phase::OwnerOnly;
        } else if matches!(event, ItemEvent::Retired(_)) {
            phase = Phase::Gone;
        }
    }
    phase
}

fn owner<'a>(story: &Story<'a>) -> Option<&'a AccountId> {
    story.iter().find_map(|(_, event)| {
        if let ItemEvent::Registered(registered) = event { Some(&registered.owner) } else { None }
    })
}

fn visibility(story: &Story<'_>) -> Visibility {
    let mut visibility = Visibility::Restricted;
    for (_, event) in story {
        if let ItemEvent::VisibilityChanged(changed) = event {
            visibility = changed.after;
        } else if let ItemEvent::Reopened(reopened) = event {
            visibility = reopened.visibility;
        } else if matches!(event, ItemEvent::Closed(_) | ItemEvent::Retired(_)) {
            visibility = Visibility::Restricted;
        }
    }
    visibility
}

/// Is a thing that was there before an event there after it? `None` = the event is not about that.
fn by_rule(event: &ItemEvent, time: Time, end: Option<Time>, life: Life) -> Option<Life> {
    if matches!(event, ItemEvent::Closed(_)) {
        return Some(if life == Life::There { Life::Asleep } else { life });
    }
    if matches!(event, ItemEvent::Retired(_) | ItemEvent::Restored(_)) {
        return Some(Life::SourceView);
    }
    if let ItemEvent::Reopened(reopened) = event {
        let back = reopened.restore == Restore::All
            && life == Life::Asleep
            && end.is_none_or(|end| time < end);
        return Some(if back { Life::There } else { Life::SourceView });
    }
    None
}

#[derive(Clone, Copy, PartialEq)]
enum Life {
    There,
    Asleep,
    SourceView,
}

fn by_grant(
    story: &Story<'_>,
    index: usize,
    account: Option<&AccountId>,
    groups: &[GroupId],
    at: Time,
) -> BTreeSet<Permission> {
    let Some((_, ItemEvent::GrantGiven(given))) = story.get(index) else {
        return BTreeSet::new();
    };
    let grant = &given.grant;
    let mine = match &grant.grantee {
        Grantee::Account(id) => account == Some(id),
        Grantee::Group(id) => account.is_some() && groups.contains(id),
    };
    let (mut role_, mut withhold) = (grant.role, grant.withhold.clone());
    let (mut start, mut end) = (grant.starts_at, grant.ends_at);
    let mut life = Life::There;
    for (recorded, event) in story.iter().skip(index + 1) {
        if let Some(after) = by_rule(event, recorded.time, end, life) {
            life = after;
        } else if let ItemEvent::GrantChanged(changed) = event {
            if changed.grant == grant.grant {
                role_ = changed.after.role;
                withhold.clone_from(&changed.after.withhold);
                (start, end) = (changed.after.starts_at, changed.after.ends_at);
            }
        } else if let ItemEvent::GrantEnded(ended) = event {
            if ended.grant == grant.grant {
                life = Life::SourceView;
            }
        } else if let ItemEvent::LinkRevoked(revoked) = event {
            let from = &grant.provenance;
            let born = from.kind == ProvenanceKind::Link
                && from.id.as_deref() == Some(revoked.link.to_string().as_str());
            if born && revoked.cascade {
                life = Life::SourceView;
            }
        }
    }
    if mine && life == Life::There && within(start, end, at) {
        less(role_, &withhold)
    } else {
        BTreeSet::new()
    }
}

fn by_link(
    story: &Story<'_>,
    index: usize,
    signed_in: bool,
    visits: &[Visit],
    at: Time,
) -> BTreeSet<Permission> {
    let Some((created_at, ItemEvent::LinkCreated(created))) = story.get(index) else {
        return BTreeSet::new();
    };
    let id = created.link;
    let mut terms: LinkTerms = created.terms.clone();
    let mut generation = created.generation;
    let mut password = if created.password.is_some() { created_at.id.position.0 } else { 0 };
    let mut life = Life::There;
    for (recorded, event) in story.iter().skip(index + 1) {
        if let Some(after) = by_rule(event, recorded.time, terms.ends_at, life) {
            if life == Life::Asleep && after == Life::There {
                generation += 1;
            }
            life = after;
        } else if let ItemEvent::LinkChanged(changed) = event {
            if changed.link == id {
                terms = changed.after.clone();
            }
        } else if let ItemEvent::LinkRotated(rotated) = event {
            if rotated.link == id {
                generation = rotated.after;
            }
        } else if matches!(event, ItemEvent::LinkPasswordSet(set) if set.link == id)
            || matches!(event, ItemEvent::LinkPasswordCleared(cleared) if cleared.link == id)
        {
            password = recorded.id.position.0;
        } else if matches!(event, ItemEvent::LinkRevoked(revoked) if revoked.link == id)
            || matches!(event, ItemEvent::LinkExpired(expired) if expired.link == id)
        {
            life = Life::SourceView;
        }
    }
    let opened = visits.iter().any(|visit| {
        visit.link == id
            && visit.generation == generation
            && visit.password_version == password
            && at < visit.ends_at
    });
    let entitled = match terms.audience {
        Audience::Anyone => true,
        Audience::Internal => signed_in,
        Audience::Named => false,
    };
    let holds = life == Life::There && within(terms.starts_at, terms.ends_at, at);
    if opened && entitled && holds { less(terms.role, &terms.withhold) } else { BTreeSet::new() }
}

fn within(start: Option<Time>, end: Option<Time>, at: Time) -> bool {
    let begun = match start {
        Some(start) => at >= start,
        None => true,
    };
    let over = match end {
        Some(end) => at >= end,
        None => false,
    };
    begun && !over
}

/// The table of roles, written out line by line.
fn role(role: Role) -> BTreeSet<Permission> {
    use Permission::{Browse, Contribute, Copy, Download, Edit, Own, Publish, Share, View};
    BTreeSet::from_iter(match role {
        Role::Browser => vec![Browse],
        Role::Viewer => vec![Browse, View, Download, Copy],
        Role::Contributor => vec![Browse, View, Download, Copy, Contribute],
        Role::Editor => vec![Browse, View, Download, Copy, Contribute, Edit],
        Role::Manager => vec![Browse, View, Download, Copy, Contribute, Edit, Share, Publish],
        Role::Owner => vec![Browse, View, Download, Copy, Contribute, Edit, Share, Publish, Own],
    })
}

fn less(role_: Role, withhold: &[Withheld]) -> BTreeSet<Permission> {
    let mut may = role(role_);
    for withheld in withhold {
        match withheld {
            Withheld::Download | Withheld::Metadata => may.remove(&Permission::Download),
            Withheld::Copy => may.remove(&Permission::Copy),
            Withheld::Share => may.remove(&Permission::Share),
        };
    }
    may
}

//! Summaries of events in plain words: one line for a timeline and the audit trail.
//!
//! A line holds ids, roles, days and numbers only, never a private text. What happened stands at
//! each payload; this file puts the actor before it, and has the words that payloads share.

use super::{
    Audience, CatalogAudience, CatalogEvent, Ended, GrantTerms, LinkTerms, Recorded, Visibility,
};
use crate::{actor::Actor, principal::Grantee, role::Withheld, stream::StreamName, time::Window};

/// The line, e.g. `a-17 granted a-22 the role viewer on history 8f3a until 1 January 2027`.
pub fn sentence(recorded: &Recorded<impl CatalogEvent>, stream: &StreamName) -> String {
    let summary = recorded.event.payload().summary(&target(stream));
    format!("{} {summary}", actor(&recorded.actor))
}

/// What a stream is about, e.g. `history 8f3a`.
fn target(stream: &StreamName) -> String {
    if let StreamName::Item(item) = stream {
        return format!("{} {}", item.kind, item.id);
    }
    let kind = stream.kind().name();
    stream.id().map_or_else(|| "the deployment".to_owned(), |id| format!("{kind} {id}"))
}

fn actor(actor: &Actor) -> String {
    if let Some(account) = &actor.account {
        account.to_string()
    } else if actor.system.is_some() {
        "the service".to_owned()
    } else if actor.anonymous {
        "an anonymous visitor".to_owned()
    } else if let Some(app) = &actor.app {
        format!("the application {app}")
    } else {
        "an administrator".to_owned()
    }
}

/// An account by its id alone, a group as such.
pub(super) fn grantee(grantee: &Grantee) -> String {
    match grantee {
        Grantee::Account(account) => account.to_string(),
        Grantee::Group(group) => format!("group {group}"),
    }
}

/// What follows the role of a grant: excluded permissions, from when, until when.
pub(super) fn terms(terms: &GrantTerms) -> String {
    format!("{}{}", without(&terms.withhold), days(terms.window()))
}

/// What a link gives to whom.
pub(super) fn link(terms: &LinkTerms) -> String {
    let audience = match terms.audience {
        Audience::Named => "who has access anyway",
        Audience::Internal => "any account",
        Audience::Anyone => "anyone",
    };
    let times = terms.max_visits.map(|most| format!(", at most {}", plural(most, "time")));
    let (without, days) = (without(&terms.withhold), days(terms.window()));
    format!("{} for {audience}{without}{days}{}", terms.role, times.unwrap_or_default())
}

fn without(withhold: &[Withheld]) -> String {
    let names: Vec<_> = withhold.iter().map(|withheld| withheld.name()).collect();
    if names.is_empty() { String::new() } else { format!(" without {}", names.join(" and ")) }
}

fn days(window: Window) -> String {
    let from = window.starts_at.map(|start| format!(" from {}", start.day_in_words()));
    let until = window.ends_at.map(|end| format!(" until {}", end.day_in_words()));
    format!("{}{}", from.unwrap_or_default(), until.unwrap_or_default())
}

/// Who sees an item without a grant.
pub(super) const fn visibility(visibility: Visibility) -> &'static str {
    match visibility {
        Visibility::Restricted => "nobody",
        Visibility::Internal => "any account",
        Visibility::Public => "anyone",
    }
}

/// Who sees an entry of the catalog.
pub(super) const fn catalog(audience: CatalogAudience) -> &'static str {
    match audience {
        CatalogAudience::Groups => "some groups",
        CatalogAudience::Internal => "any account",
        CatalogAudience::Anyone => "anyone",
    }
}

/// What a closing or retiring ended.
pub(super) fn ending(ended: &Ended) -> String {
    if *ended == Ended::default() {
        "which was shared with nobody".to_owned()
    } else {
        format!("ending {}", numbers(ended))
    }
}

/// Numbers of grants, links and entries.
pub(super) fn numbers(ended: &Ended) -> String {
    let all =
        [(ended.grants, "grant"), (ended.links, "link"), (ended.publications, "catalog entry")];
    let some = all.into_iter().filter(|(number, _)| *number > 0);
    let words: Vec<_> = some.map(|(number, noun)| plural(number, noun)).collect();
    if words.is_empty() { "nothing but the visibility".to_owned() } else { words.join(", ") }
}

/// A number with its noun.
pub(super) fn plural(number: u32, noun: &str) -> String {
    match (number, noun.strip_suffix('y')) {
        (1, _) => format!("1 {noun}"),
        (_, Some(stem)) => format!("{number} {stem}ies"),
        (_, None) => format!("{number} {noun}s"),
    }
}

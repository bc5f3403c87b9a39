//! One-line summaries of events in plain words.
//!
//! For a timeline and the audit trail. A summary holds ids, roles, days and numbers only, never a
//! private text.

use super::{
    AccountEvent, Audience, CatalogAudience, EndCause, Ended, Event, GrantChanged, GrantEnded,
    GrantTerms, ItemEvent, KeyPurpose, LinkCreated, LinkRevoked, LinkTerms, LinkUseEvent,
    PublicationUpdated, Recorded, Restore, SystemEvent, TokenEvent, Visibility, WebhookEvent,
    WebhookStatus, WithdrawCause,
};
use crate::{
    actor::Actor,
    principal::Grantee,
    role::Withheld,
    stream::StreamName,
    time::{Time, Window},
};

/// The line, e.g. `a-17 gave a-22 the role viewer on history 8f3a until 1 January 2027`.
pub fn sentence(recorded: &Recorded, stream: &StreamName) -> String {
    let what = target(stream);
    let who = actor(&recorded.actor);
    let said = match &recorded.event {
        Event::Item(event) => item(event, &what),
        Event::Account(event) => account(event, &what),
        Event::Link(LinkUseEvent::Used(used)) => {
            format!("opened {what} to {} {} (use {})", used.item.kind, used.item.id, used.used)
        }
        Event::Token(event) => token(event, &what),
        Event::Webhook(event) => webhook(event, &what),
        Event::System(event) => system(event),
    };
    format!("{who} {said}")
}

/// What a stream is about, e.g. `history 8f3a`.
fn target(stream: &StreamName) -> String {
    match stream {
        StreamName::Item(item) => format!("{} {}", item.kind, item.id),
        StreamName::Account(id) => format!("account {id}"),
        StreamName::Group(id) => format!("group {id}"),
        StreamName::Link(id) => format!("link {id}"),
        StreamName::Token(id) => format!("token {id}"),
        StreamName::Webhook(id) => format!("webhook {id}"),
        StreamName::System => "the deployment".to_owned(),
    }
}

fn actor(actor: &Actor) -> String {
    if let Some(account) = &actor.account {
        account.to_string()
    } else if actor.system.is_some() {
        "the service".to_owned()
    } else if actor.anonymous {
        "somebody not signed in".to_owned()
    } else if let Some(app) = &actor.app {
        format!("the application {app}")
    } else {
        "an administrator".to_owned()
    }
}

fn item(event: &ItemEvent, what: &str) -> String {
    match event {
        ItemEvent::Registered(registered) => format!("registered {what} for {}", registered.owner),
        ItemEvent::Described(_) => format!("changed the description of {what}"),
        ItemEvent::VisibilityChanged(changed) => {
            let (before, after) = (visibility(changed.before), visibility(changed.after));
            format!("changed who sees {what} without a grant from {before} to {after}")
        }
        ItemEvent::Closed(closed) => format!("closed {what}, {}", ending(&closed.ended)),
        ItemEvent::Reopened(reopened) => match reopened.restore {
            Restore::Nothing => format!("reopened {what}, restoring nothing"),
            Restore::All => {
                format!("reopened {what}, restoring {}", numbers(&reopened.restored))
            }
        },
        ItemEvent::Retired(retired) => format!("retired {what}, {}", ending(&retired.ended)),
        ItemEvent::Restored(_) => format!("restored {what} from retirement, shared with nobody"),
        ItemEvent::GrantGiven(given) => {
            let (to, terms) = (grantee(&given.grant.grantee), given.grant.terms());
            format!("gave {to} the role {} on {what}{}", terms.role, rest(&terms))
        }
        ItemEvent::GrantChanged(changed) => grant_changed(changed, what),
        ItemEvent::GrantEnded(ended) => grant_ended(ended, what),
        ItemEvent::LinkCreated(created) => link_created(created, what),
        ItemEvent::LinkChanged(changed) => {
            format!("changed link {} to {what}: {}", changed.link, opening(&changed.after))
        }
        ItemEvent::LinkPasswordSet(set) => {
            format!("set the password of link {} to {what}", set.link)
        }
        ItemEvent::LinkPasswordCleared(cleared) => {
            format!("took the password of link {} to {what} away", cleared.link)
        }
        ItemEvent::LinkRotated(rotated) => {
            format!("gave link {} to {what} a new address", rotated.link)
        }
        ItemEvent::LinkRevoked(revoked) => link_revoked(revoked, what),
        ItemEvent::LinkExpired(expired) => {
            let day = expired.effective_at.day_in_words();
            format!("noted that link {} to {what} ended on {day}", expired.link)
        }
        ItemEvent::Published(published) => {
            format!("published {what} for {}", catalog(published.publication.audience))
        }
        ItemEvent::PublicationUpdated(updated) => publication_updated(updated, what),
        ItemEvent::PublicationWithdrawn(withdrawn) => match withdrawn.cause {
            WithdrawCause::Unpublished => format!("took {what} out of the catalog"),
            WithdrawCause::Restricted => {
                format!("took {what} out of the catalog by narrowing who sees it")
            }
        },
    }
}

fn grant_changed(changed: &GrantChanged, what: &str) -> String {
    let to = grantee(&changed.grantee);
    let (before, after) = (&changed.before, &changed.after);
    if before.role == after.role {
        let rest = if rest(after).is_empty() { " without end".to_owned() } else { rest(after) };
        format!("changed the grant of {to} on {what}: {}{rest}", after.role)
    } else {
        let (before, role) = (before.role, after.role);
        format!("changed the role of {to} on {what} from {before} to {role}{}", rest(after))
    }
}

fn grant_ended(ended: &GrantEnded, what: &str) -> String {
    let (to, role) = (grantee(&ended.grantee), ended.before.role);
    match ended.cause {
        EndCause::Unshared => format!("ended the role {role} of {to} on {what}"),
        EndCause::Left => format!("left {what}, giving up the role {role}"),
        EndCause::Expired => {
            let day = ended.effective_at.map(Time::day_in_words).unwrap_or_default();
            format!("noted that the role {role} of {to} on {what} ended on {day}")
        }
        EndCause::Cascade => {
            format!("ended the role {role} of {to} on {what} with the link it came from")
        }
        EndCause::Closed => format!("ended the role {role} of {to} by closing {what}"),
        EndCause::Transferred => {
            format!("ended the role {role} of {to} as {what} changed its owner")
        }
    }
}

fn link_created(created: &LinkCreated, what: &str) -> String {
    let protected = if created.password.is_some() { ", with a password" } else { "" };
    format!("made link {} to {what}: {}{protected}", created.link, opening(&created.terms))
}

fn link_revoked(revoked: &LinkRevoked, what: &str) -> String {
    let revoking = format!("revoked link {} to {what}", revoked.link);
    if revoked.cascade {
        format!("{revoking}, ending {} born from it", plural(revoked.ended, "grant"))
    } else {
        revoking
    }
}

fn publication_updated(updated: &PublicationUpdated, what: &str) -> String {
    let (before, after) = (updated.before.audience, updated.after.audience);
    let entry = format!("changed the catalog entry of {what}");
    if before == after {
        entry
    } else {
        format!("{entry}, from {} to {}", catalog(before), catalog(after))
    }
}

fn account(event: &AccountEvent, what: &str) -> String {
    match event {
        AccountEvent::Registered(_) => format!("registered {what}"),
        AccountEvent::Changed(_) => format!("changed the profile of {what}"),
        AccountEvent::Deactivated(_) => format!("deactivated {what}"),
        AccountEvent::Reactivated(_) => format!("reactivated {what}"),
        AccountEvent::Erased(_) => format!("erased {what} for ever"),
    }
}

fn token(event: &TokenEvent, what: &str) -> String {
    match event {
        TokenEvent::Issued(issued) => {
            let role = format!("{:?}", issued.role).to_lowercase();
            let account = issued.account.as_ref().map(|account| format!(" of {account}"));
            let end = issued.ends_at.map(|end| format!(" until {}", end.day_in_words()));
            let (account, end) = (account.unwrap_or_default(), end.unwrap_or_default());
            format!("issued {what} with the role {role}{account}{end}")
        }
        TokenEvent::Revoked(_) => format!("revoked {what}"),
    }
}

fn webhook(WebhookEvent::Changed(changed): &WebhookEvent, what: &str) -> String {
    let (Some(before), Some(after)) = (&changed.before, &changed.after) else {
        return match changed.after {
            Some(_) => format!("made {what}"),
            None => format!("removed {what}"),
        };
    };
    if before.status != after.status {
        return match after.status {
            WebhookStatus::Active => format!("put {what} to work"),
            WebhookStatus::Paused => format!("paused {what}"),
            WebhookStatus::Gone => format!("gave {what} up, as its receiver is gone"),
        };
    }
    if before.secrets == after.secrets {
        format!("changed {what}")
    } else {
        format!("gave {what} a new secret")
    }
}

fn system(event: &SystemEvent) -> String {
    match event {
        SystemEvent::LogStarted(started) => {
            format!("started log {} with release {}", started.log, started.release)
        }
        SystemEvent::LevelRaised(raised) => {
            format!("raised the level of events from {} to {}", raised.before, raised.after)
        }
        SystemEvent::KindsChanged(changed) => {
            let names: Vec<_> = changed.after.keys().map(ToString::to_string).collect();
            format!("set the kinds of items: {}", names.join(", "))
        }
        SystemEvent::RulesChanged(changed) => {
            format!("put version {} of the role table in force", changed.after)
        }
        SystemEvent::KeyRotated(rotated) => {
            let purpose = match rotated.purpose {
                KeyPurpose::Link => "links",
                KeyPurpose::Visit => "visits",
            };
            format!("put key {} for {purpose} in use", rotated.after)
        }
        SystemEvent::ExportMade(export) => format!(
            "exported {} of positions {} to {} as {}",
            plural(u32::try_from(export.events).unwrap_or(u32::MAX), "event"),
            export.from,
            export.to,
            export.format
        ),
    }
}

/// An account by its id alone, a group as such.
fn grantee(grantee: &Grantee) -> String {
    match grantee {
        Grantee::Account(account) => account.to_string(),
        Grantee::Group(group) => format!("group {group}"),
    }
}

/// What follows the role: what is withheld, from when, until when.
fn rest(terms: &GrantTerms) -> String {
    format!("{}{}", without(&terms.withhold), days(terms.window()))
}

fn opening(terms: &LinkTerms) -> String {
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

const fn visibility(visibility: Visibility) -> &'static str {
    match visibility {
        Visibility::Restricted => "nobody",
        Visibility::Internal => "any account",
        Visibility::Public => "anyone",
    }
}

const fn catalog(audience: CatalogAudience) -> &'static str {
    match audience {
        CatalogAudience::Groups => "some groups",
        CatalogAudience::Internal => "any account",
        CatalogAudience::Anyone => "anyone",
    }
}

fn ending(ended: &Ended) -> String {
    if *ended == Ended::default() {
        "which was shared with nobody".to_owned()
    } else {
        format!("ending {}", numbers(ended))
    }
}

fn numbers(ended: &Ended) -> String {
    let all =
        [(ended.grants, "grant"), (ended.links, "link"), (ended.publications, "catalog entry")];
    let some = all.into_iter().filter(|(number, _)| *number > 0);
    let words: Vec<_> = some.map(|(number, noun)| plural(number, noun)).collect();
    if words.is_empty() { "nothing but the visibility".to_owned() } else { words.join(", ") }
}

fn plural(number: u32, noun: &str) -> String {
    match (number, noun.strip_suffix('y')) {
        (1, _) => format!("1 {noun}"),
        (_, Some(stem)) => format!("{number} {stem}ies"),
        (_, None) => format!("{number} {noun}s"),
    }
}

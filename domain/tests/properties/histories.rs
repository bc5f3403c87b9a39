//! Invariants of every history that the rules allow.

use domain::{
    access::{oracle::Entry, required},
    event::{CatalogEvent as _, EndCause, Event, EventType, ItemEvent, Visibility},
    item::{ItemState, OpenLink, access_diff, permissions_of},
    lifecycle::Lifecycle,
    position::Position,
    principal::Principal,
    stream::{StreamKind, StreamName},
    testing::{Generator, histories, history, replay},
};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

#[test]
fn the_same_seed_gives_the_same_history() {
    let (one, two) = (history(7, 40), history(7, 40));
    assert_eq!(one.entries, two.entries);
    assert_ne!(one.entries, history(8, 40).entries);
}

#[test]
fn generated_histories_hold_every_event_of_items_and_accounts() {
    let mut seen = BTreeSet::new();
    for seed in 0..120 {
        let entries = history(seed, 60).entries;
        seen.extend(entries.iter().map(|entry| entry.recorded.event.event_type()));
    }
    let kinds = [StreamKind::Item, StreamKind::Account];
    let expected = EventType::ALL.iter().filter(|event| kinds.contains(&event.stream_kind()));
    let missing = expected.filter(|event| !seen.contains(event));
    assert_eq!(missing.collect::<Vec<_>>(), Vec::<&EventType>::new());
}

proptest! {
    #![proptest_config(domain::testing::soak::config(300))]

    #[test]
    fn positions_are_dense_and_times_never_go_back(history in histories(60)) {
        for (number, step) in (1..).zip(&history.steps) {
            prop_assert_eq!(step.position, Position(number));
        }
        prop_assert!(history.steps.is_sorted_by_key(|step| step.time));
    }

    #[test]
    fn saved_states_come_back_as_they_were(history in histories(60)) {
        for state in history.items.values() {
            let saved = serde_json::to_string(state).expect("a state is saved");
            let back: ItemState = serde_json::from_str(&saved).expect("a state is read");
            prop_assert_eq!(serde_json::to_string(&back).expect("again"), saved);
        }
    }

    #[test]
    fn every_event_survives_storage(history in histories(60)) {
        for entry in &history.entries {
            let event_type = entry.recorded.event.event_type();
            let payload = entry.recorded.event.to_stored().expect("a payload");
            let stored = serde_json::from_str(payload.get()).expect("is JSON");
            let (name, version) = (event_type.name(), event_type.version());
            let back = Event::decode(name, version, stored).expect("decodes");
            let again = back.to_stored().expect("again");
            prop_assert_eq!(again.get(), payload.get());
        }
    }

    #[test]
    fn invariants_hold_after_every_event(history in histories(60)) {
        let mut states: BTreeMap<StreamName, ItemState> = BTreeMap::new();
        for entry in &history.entries {
            let StreamName::Item(_) = entry.stream else { continue };
            let state = states.entry(entry.stream.clone()).or_default();
            let may_be_between = entry.recorded.id.index > 0;
            replay(state, &entry.recorded);
            let shared = !state.grants.is_empty()
                || !state.links.is_empty()
                || state.publication.is_some()
                || state.visibility != Visibility::Restricted;
            prop_assert!(!shared || state.lifecycle == Lifecycle::Open, "only open is shared");
            prop_assert_eq!(state.closed.is_some(), state.lifecycle == Lifecycle::Closed);
            prop_assert_eq!(state.retired_at.is_some(), state.lifecycle == Lifecycle::Retired);
            let mut pairs = BTreeSet::new();
            for open in state.grants.values() {
                let pair = (open.grant.grantee.clone(), open.grant.provenance.clone());
                let first = pairs.insert(pair);
                prop_assert!(first || may_be_between, "one grant a grantee and provenance");
                let owner = state.owner.clone().map(Principal::Account);
                prop_assert_ne!(Some(open.grant.grantee.principal()), owner);
            }
        }
    }

    /// The table is what `decide` obeys: whoever caused an event had the permission just before,
    /// save the exceptions that the table's documentation lists.
    #[test]
    fn nobody_causes_what_the_table_forbids(history in histories(60)) {
        let mut states: BTreeMap<StreamName, ItemState> = BTreeMap::new();
        for step in &history.steps {
            let at = |entry: &&Entry| entry.recorded.position() == step.position;
            let entries = history.entries.iter().filter(at);
            let before = states.get(&step.stream).cloned().unwrap_or_default();
            for entry in entries {
                let Event::Item(event) = &entry.recorded.event else { continue };
                if let Some(account) = &step.actor.account {
                    let who = Principal::Account(account.clone());
                    let mut may = permissions_of(&who, &before, step.time);
                    for group in Generator::groups() {
                        let group = Principal::Group(group);
                        may = may.union(permissions_of(&group, &before, step.time));
                    }
                    let excepted = match event {
                        ItemEvent::Registered(registered) => registered.owner == *account,
                        ItemEvent::Restored(_) => before.owner.as_ref() == Some(account),
                        ItemEvent::GrantEnded(ended) => ended.cause == EndCause::Left
                            || ended.cause == EndCause::Expired,
                        ItemEvent::LinkCreated(created) => {
                            created.terms.audience == domain::event::Audience::Named
                        }
                        ItemEvent::LinkChanged(_)
                        | ItemEvent::LinkRotated(_)
                        | ItemEvent::LinkRevoked(_)
                        | ItemEvent::LinkPasswordSet(_)
                        | ItemEvent::LinkPasswordCleared(_) => {
                            let mine = |link: &OpenLink| {
                                link.created_by.account.as_ref() == Some(account)
                            };
                            before.links.values().any(mine)
                        }
                        _ => false,
                    };
                    let name = event.event_type();
                    prop_assert!(excepted || may.has(required(name)), "{name} by {account}");
                } else {
                    prop_assert!(step.actor.system.is_some(), "not signed in, yet it changed");
                }
                replay(states.entry(step.stream.clone()).or_default(), &entry.recorded);
            }
        }
    }

    #[test]
    fn an_effect_names_exactly_who_differs(history in histories(40)) {
        let mut before: BTreeMap<StreamName, ItemState> = BTreeMap::new();
        for step in &history.steps {
            let StreamName::Item(_) = step.stream else { continue };
            let was = before.get(&step.stream).cloned().unwrap_or_default();
            let mut is = was.clone();
            for entry in history.entries.iter().filter(|e| e.recorded.position() == step.position) {
                replay(&mut is, &entry.recorded);
            }
            let effect = access_diff(&was, &is, step.time);
            for change in &effect.gains {
                let (had, has) = (permissions_of(&change.principal, &was, step.time),
                    permissions_of(&change.principal, &is, step.time));
                prop_assert_eq!(change.permissions, has.minus(had));
            }
            let nobody = Principal::Account("a-nobody".parse().unwrap());
            let had = permissions_of(&nobody, &was, step.time);
            let has = permissions_of(&nobody, &is, step.time);
            prop_assert_eq!(effect.others_gain, has.minus(had));
            prop_assert_eq!(effect.others_lose, had.minus(has));
            for account in Generator::accounts() {
                let who = Principal::Account(account);
                let had = permissions_of(&who, &was, step.time);
                let has = permissions_of(&who, &is, step.time);
                let loses = effect.loses.iter().any(|change| change.principal == who);
                prop_assert!(!effect.complete || loses != had.minus(has).is_empty());
            }
            before.insert(step.stream.clone(), is);
        }
    }
}

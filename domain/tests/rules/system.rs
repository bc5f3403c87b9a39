//! The deployment: first start, upgrades, keys.

use domain::{
    actor::Actor,
    aggregate::{Aggregate as _, Circumstances, Decision},
    event::{CatalogEvent, EventType, KeyPurpose, KeyRotated, Recorded, SystemEvent},
    id::LogId,
    kind::{Kinds, default_kinds, preset},
    position::{EventId, Position},
    rejection::Rejection,
    role::Role,
    system::{LEVEL, SystemCommand, SystemState},
    testing::{commit_id, hour},
};

fn start() -> SystemCommand {
    let log = LogId(uuid::Uuid::from_u128(1));
    SystemCommand::Start { log, release: "0.1.0".into(), kinds: default_kinds() }
}

fn apply(state: &mut SystemState, command: &SystemCommand) -> Vec<SystemEvent> {
    let events = state.decide(command, &Circumstances::default()).unwrap().events;
    let position = state.position.next();
    for (index, event) in (0..).zip(&events) {
        let recorded = Recorded {
            id: EventId { position, index },
            commit: commit_id(1),
            time: hour(1),
            actor: Actor::system("start"),
            event: event.clone(),
        };
        state.evolve(&recorded);
    }
    events
}

fn started() -> SystemState {
    let mut state = SystemState::default();
    apply(&mut state, &start());
    state
}

#[test]
fn the_first_start_records_identity_rules_kinds_and_keys_in_one_commit() {
    let mut state = SystemState::default();
    let events = apply(&mut state, &start());
    let names: Vec<_> = events.iter().map(CatalogEvent::event_type).collect();
    let expected = [
        EventType::LogStarted,
        EventType::RulesChanged,
        EventType::KindsChanged,
        EventType::KeyRotated,
        EventType::KeyRotated,
    ];
    assert_eq!(names, expected);
    assert_eq!((state.level, state.rules), (LEVEL, Role::TABLE_VERSION));
    assert_eq!(state.kinds, default_kinds());
    assert_eq!(state.key(KeyPurpose::Link), Some((1, &[][..])));
    assert_eq!(state.key(KeyPurpose::Visit), Some((1, &[][..])));
    assert_eq!(state.decide(&start(), &Circumstances::default()), Err(Rejection::AlreadyExists));
}

#[test]
fn a_later_start_records_what_differs_only() {
    let mut state = started();
    let upgrade = |kinds: Option<Kinds>| SystemCommand::Upgrade { kinds };
    assert!(apply(&mut state, &upgrade(None)).is_empty());
    assert!(apply(&mut state, &upgrade(Some(default_kinds()))).is_empty());
    let galaxy = preset("galaxy");
    assert_eq!(apply(&mut state, &upgrade(galaxy.clone())).len(), 1);
    assert_eq!(Some(&state.kinds), galaxy.as_ref());
    state.rules = 0;
    let names: Vec<_> =
        apply(&mut state, &upgrade(None)).iter().map(CatalogEvent::event_type).collect();
    assert_eq!(names, [EventType::RulesChanged]);
}

#[test]
fn keys_are_numbered_and_never_used_twice() {
    let mut state = started();
    let rotate = |retire| SystemCommand::RotateKey { purpose: KeyPurpose::Link, retire };
    let event =
        KeyRotated { purpose: KeyPurpose::Link, before: Some(1), after: 2, retired: vec![1] };
    assert_eq!(apply(&mut state, &rotate(vec![1, 1])), [SystemEvent::KeyRotated(event)]);
    assert_eq!(state.key(KeyPurpose::Link), Some((2, &[1][..])));
    assert_eq!(state.key(KeyPurpose::Visit), Some((1, &[][..])));
    assert!(matches!(
        state.decide(&rotate(vec![9]), &Circumstances::default()),
        Err(Rejection::InvalidField { .. })
    ));
    state.keys.insert("link".into(), (255, vec![]));
    assert!(matches!(
        state.decide(&rotate(vec![]), &Circumstances::default()),
        Err(Rejection::InvalidField { .. })
    ));
}

#[test]
fn the_level_never_falls_and_never_passes_the_release() {
    let state = started();
    assert_eq!(
        state.decide(&SystemCommand::RaiseLevel(LEVEL), &Circumstances::default()),
        Ok(Decision::NOTHING)
    );
    for level in [0, LEVEL + 1] {
        assert!(
            state.decide(&SystemCommand::RaiseLevel(level), &Circumstances::default()).is_err()
        );
    }
}

#[test]
fn positions_follow_the_log() {
    assert_eq!(started().position, Position(1));
}

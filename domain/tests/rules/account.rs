//! Accounts, tokens and uses of links.

use domain::{
    account::{AccountCommand, AccountState, AccountStatus},
    actor::Actor,
    aggregate::{Aggregate as _, Circumstances, Condition, Decision},
    event::{
        AccountEvent, CallerRole, CatalogEvent, EventType, Recorded, TokenEvent, TokenIssued,
        TokenRevoked,
    },
    id::{VaultId, VisitId},
    link_use::{LinkUses, UseLink},
    position::{EventId, Position},
    rejection::{Entity, Reason, Rejection},
    testing::{commit_id, hour, item, vault_id},
    time::Time,
    token::{TokenCommand, TokenState},
};

fn recorded<E>(position: u64, event: E) -> Recorded<E> {
    Recorded {
        id: EventId { position: Position(position), index: 0 },
        commit: commit_id(position.into()),
        time: hour(1),
        actor: Actor::system("test"),
        event,
    }
}

const ANY: Circumstances = Circumstances { now: Time::EPOCH, condition: Condition::None };

fn on(condition: Condition) -> Circumstances {
    Circumstances { condition, ..ANY }
}

fn decided(state: &AccountState, command: &AccountCommand) -> Vec<AccountEvent> {
    state.decide(command, &ANY).unwrap().events
}

fn after(commands: &[AccountCommand]) -> AccountState {
    let mut state = AccountState::default();
    for command in commands {
        let events = decided(&state, command);
        let position = state.position.next().0;
        for event in events {
            state.evolve(&recorded(position, event));
        }
    }
    state
}

fn names(state: &AccountState, command: &AccountCommand) -> Vec<EventType> {
    let events = decided(state, command);
    events.iter().map(CatalogEvent::event_type).collect()
}

fn register(profile: Option<VaultId>) -> AccountCommand {
    AccountCommand::Register { profile }
}

fn erase() -> AccountCommand {
    AccountCommand::Erase { keys: vec![uuid()] }
}

fn uuid() -> uuid::Uuid {
    uuid::Uuid::from_u128(9)
}

#[test]
fn an_account_is_registered_then_changed_only_if_its_profile_differs() {
    let known = after(&[register(None)]);
    assert_eq!(names(&AccountState::default(), &register(None)), [EventType::AccountRegistered]);
    assert!(names(&known, &register(None)).is_empty());
    assert_eq!(names(&known, &register(Some(vault_id(1)))), [EventType::AccountChanged]);
    let change = AccountCommand::Change { profile: Some(vault_id(1)) };
    assert_eq!(names(&known, &change), [EventType::AccountChanged]);
    assert!(names(&after(&[register(None), change.clone()]), &change).is_empty());
}

#[test]
fn a_deactivated_account_comes_back_by_registering() {
    let gone = after(&[register(None), AccountCommand::Deactivate]);
    assert!(!gone.is_active());
    assert!(names(&gone, &AccountCommand::Deactivate).is_empty());
    assert_eq!(names(&gone, &register(None)), [EventType::AccountReactivated]);
    let both = names(&gone, &register(Some(vault_id(1))));
    assert_eq!(both, [EventType::AccountReactivated, EventType::AccountChanged]);
    assert!(after(&[register(None), AccountCommand::Deactivate, register(None)]).is_active());
}

#[test]
fn an_erased_account_stays_erased() {
    let erased = after(&[register(Some(vault_id(1))), erase()]);
    assert_eq!((erased.status, erased.profile), (AccountStatus::Erased, None));
    assert!(names(&erased, &erase()).is_empty());
    assert!(names(&erased, &AccountCommand::Deactivate).is_empty());
    for command in [register(None), AccountCommand::Change { profile: None }] {
        let refused = erased.decide(&command, &ANY).unwrap_err();
        let inactive = matches!(refused, Rejection::Rule { reason: Reason::AccountInactive, .. });
        assert!(inactive, "{refused:?}");
    }
}

#[test]
fn what_never_registered_is_not_found_but_its_texts_can_be_erased() {
    let unknown = AccountState::default();
    let missing = Err(Rejection::NotFound(Entity::Account));
    let nothing = AccountCommand::Erase { keys: vec![] };
    for command in [AccountCommand::Deactivate, AccountCommand::Change { profile: None }, nothing] {
        assert_eq!(unknown.decide(&command, &ANY), missing);
    }
    assert_eq!(names(&unknown, &erase()), [EventType::AccountErased]);
}

#[test]
fn conditions_hold_for_accounts() {
    let known = after(&[register(None)]);
    let with = |condition| known.decide(&register(None), &on(condition));
    assert_eq!(with(Condition::Version(Position(1))), Ok(Decision::NOTHING));
    assert_eq!(with(Condition::Absent), Err(Rejection::AlreadyExists));
    let stale = Rejection::PreconditionFailed { entity: Entity::Account, current: Position(1) };
    assert_eq!(with(Condition::Version(Position(7))), Err(stale));
    let unknown = AccountState::default();
    assert!(unknown.decide(&register(None), &on(Condition::Exists)).is_err());
    assert!(unknown.decide(&register(None), &on(Condition::Absent)).is_ok());
}

#[test]
fn a_token_is_issued_once_and_revoked_for_ever() {
    let issued = TokenIssued {
        role: CallerRole::App,
        label: "lab".into(),
        scopes: vec![],
        account: None,
        ends_at: Some(hour(9)),
        digest: vault_id(1),
    };
    let issue = TokenCommand::Issue(issued.clone());
    let mut state = TokenState::default();
    let unknown = state.decide(&TokenCommand::Revoke, &ANY);
    assert_eq!(unknown, Err(Rejection::NotFound(Entity::Token)));
    assert_eq!(state.decide(&issue, &ANY), Ok(TokenEvent::Issued(issued.clone()).into()));
    state.evolve(&recorded(1, TokenEvent::Issued(issued)));
    assert!(state.is_valid(hour(8)) && !state.is_valid(hour(9)));
    assert_eq!(state.decide(&issue, &ANY), Err(Rejection::AlreadyExists));
    let revoked = TokenEvent::Revoked(TokenRevoked {});
    assert_eq!(state.decide(&TokenCommand::Revoke, &ANY), Ok(revoked.clone().into()));
    state.evolve(&recorded(2, revoked));
    assert!(!state.is_valid(hour(8)));
    assert_eq!(state.decide(&TokenCommand::Revoke, &ANY), Ok(Decision::NOTHING));
}

#[test]
fn a_limited_link_is_opened_exactly_so_often() {
    let mut state = LinkUses::default();
    let (item, visit) = (item("history", "h"), VisitId(uuid()));
    let command = UseLink { max_visits: 3, item, generation: 1, visit };
    for position in 1..=3 {
        for event in state.decide(&command, &ANY).unwrap().events {
            state.evolve(&recorded(position, event));
        }
    }
    assert_eq!(state.used, 3);
    assert_eq!(state.decide(&command, &ANY), Err(Rejection::NotFound(Entity::Link)));
}

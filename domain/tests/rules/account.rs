//! Accounts, tokens and uses of links.

use domain::{
    account::{AccountCommand, AccountState, AccountStatus, decide, evolve},
    actor::Actor,
    event::{CallerRole, Event, LinkUsed, Recorded, TokenEvent, TokenIssued, TokenRevoked},
    id::{VaultId, VisitId},
    item::Condition,
    link_use::{self, LinkUses},
    position::{EventId, Position},
    rejection::{Entity, Reason, Rejection},
    testing::{commit_id, hour, item, vault_id},
    token::{self, TokenCommand, TokenState},
};

fn recorded(position: u64, event: impl Into<Event>) -> Recorded {
    Recorded {
        id: EventId { position: Position(position), index: 0 },
        commit: commit_id(position.into()),
        time: hour(1),
        actor: Actor::system("test"),
        event: event.into(),
    }
}

fn after(commands: &[AccountCommand]) -> AccountState {
    let mut state = AccountState::default();
    for command in commands {
        let events = decide(&state, command, Condition::None).unwrap();
        let position = state.position.next().0;
        for event in events {
            evolve(&mut state, &recorded(position, event));
        }
    }
    state
}

fn names(state: &AccountState, command: &AccountCommand) -> Vec<&'static str> {
    let events = decide(state, command, Condition::None).unwrap();
    events.iter().map(|event| event.stored().0).collect()
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
    assert_eq!(names(&AccountState::default(), &register(None)), ["account.registered"]);
    assert!(names(&known, &register(None)).is_empty());
    assert_eq!(names(&known, &register(Some(vault_id(1)))), ["account.changed"]);
    let change = AccountCommand::Change { profile: Some(vault_id(1)) };
    assert_eq!(names(&known, &change), ["account.changed"]);
    assert!(names(&after(&[register(None), change.clone()]), &change).is_empty());
}

#[test]
fn a_deactivated_account_comes_back_by_registering() {
    let gone = after(&[register(None), AccountCommand::Deactivate]);
    assert!(!gone.is_active());
    assert!(names(&gone, &AccountCommand::Deactivate).is_empty());
    assert_eq!(names(&gone, &register(None)), ["account.reactivated"]);
    let both = names(&gone, &register(Some(vault_id(1))));
    assert_eq!(both, ["account.reactivated", "account.changed"]);
    assert!(after(&[register(None), AccountCommand::Deactivate, register(None)]).is_active());
}

#[test]
fn an_erased_account_stays_erased() {
    let erased = after(&[register(Some(vault_id(1))), erase()]);
    assert_eq!((erased.status, erased.profile), (AccountStatus::Erased, None));
    assert!(names(&erased, &erase()).is_empty());
    assert!(names(&erased, &AccountCommand::Deactivate).is_empty());
    for command in [register(None), AccountCommand::Change { profile: None }] {
        let refused = decide(&erased, &command, Condition::None).unwrap_err();
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
        assert_eq!(decide(&unknown, &command, Condition::None), missing);
    }
    assert_eq!(names(&unknown, &erase()), ["account.erased"]);
}

#[test]
fn conditions_hold_for_accounts() {
    let known = after(&[register(None)]);
    let with = |condition| decide(&known, &register(None), condition);
    assert_eq!(with(Condition::Version(Position(1))), Ok(vec![]));
    assert_eq!(with(Condition::Absent), Err(Rejection::AlreadyExists));
    let stale = Rejection::PreconditionFailed { entity: Entity::Account, current: Position(1) };
    assert_eq!(with(Condition::Version(Position(7))), Err(stale));
    let unknown = AccountState::default();
    assert!(decide(&unknown, &register(None), Condition::Exists).is_err());
    assert!(decide(&unknown, &register(None), Condition::Absent).is_ok());
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
    let unknown = token::decide(&state, &TokenCommand::Revoke);
    assert_eq!(unknown, Err(Rejection::NotFound(Entity::Token)));
    assert_eq!(token::decide(&state, &issue), Ok(vec![TokenEvent::Issued(issued.clone())]));
    token::evolve(&mut state, &recorded(1, TokenEvent::Issued(issued)));
    assert!(state.is_valid(hour(8)) && !state.is_valid(hour(9)));
    assert_eq!(token::decide(&state, &issue), Err(Rejection::AlreadyExists));
    let revoked = TokenEvent::Revoked(TokenRevoked {});
    assert_eq!(token::decide(&state, &TokenCommand::Revoke), Ok(vec![revoked.clone()]));
    token::evolve(&mut state, &recorded(2, revoked));
    assert!(!state.is_valid(hour(8)));
    assert_eq!(token::decide(&state, &TokenCommand::Revoke), Ok(vec![]));
}

#[test]
fn a_limited_link_is_opened_exactly_so_often() {
    let mut state = LinkUses::default();
    let opening =
        LinkUsed { item: item("history", "h"), generation: 1, visit: VisitId(uuid()), used: 0 };
    for position in 1..=3 {
        let event = link_use::decide(&state, 3, opening.clone()).unwrap();
        link_use::evolve(&mut state, &recorded(position, event));
    }
    assert_eq!(state.used, 3);
    assert_eq!(link_use::decide(&state, 3, opening), None);
}

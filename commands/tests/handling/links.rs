//! Links: opened, refused, limited, rotated; visits and codes.

use crate::world::*;
use commands::{Caller, Commands, LinkVisit, OpenError, Secret};
use domain::{
    event::{Audience, CallerRole, KeyPurpose},
    id::ItemRef,
    item::{ItemCommand, NewLink},
    position::Position,
    role::Permission,
};
use eventlog::ActivityKind;

async fn linked(node: &Commands, link: NewLink, password: Option<&str>) -> (ItemRef, String) {
    let item = registered(node).await;
    let password = password.map(Secret::new);
    let made = node.create_link(&by("a-1"), &item, link, password).await.unwrap();
    assert!(made.created);
    (item, token_of(node, &made.after))
}

fn visitor() -> Caller {
    Caller {
        role: CallerRole::App,
        anonymous: true,
        client_address: Some("192.0.2.1".to_owned()),
        ..Caller::default()
    }
}

async fn open(
    node: &Commands,
    token: &str,
    password: Option<&str>,
) -> Result<LinkVisit, OpenError> {
    node.open_link(&visitor(), token, password.map(Secret::new).as_ref()).await
}

#[tokio::test]
async fn an_opened_link_gives_a_visit_and_the_visit_gives_the_rights() {
    for world in World::embedded().await {
        let (one, two) = (world.node().await, world.node().await);
        let (item, token) = linked(&one, link(), None).await;
        let opened = open(&two, &token, None).await.unwrap();
        assert_eq!(opened.item, item);
        assert!(opened.permissions.has(Permission::View));
        assert_eq!(opened.view_state.as_deref(), Some("zoom=3"));
        let caller = Caller { visits: vec![opened.visit.expose().to_owned()], ..visitor() };
        let state = one.load_item(&item).await.unwrap();
        let start = Position::START;
        let access =
            one.effective_access(&caller, &item, &state, start, world.now()).await.unwrap();
        assert!(access.ignored_visits.is_empty(), "{access:?}");
        assert_eq!(access.permissions, opened.permissions);
    }
}

#[tokio::test]
async fn a_visit_is_void_after_a_rotation_a_new_password_a_revocation_and_its_end() {
    let acts: [fn(domain::id::LinkId) -> Option<ItemCommand>; 4] = [
        |link| Some(ItemCommand::RotateLink(link)),
        |link| Some(ItemCommand::RevokeLink { link, cascade: false }),
        |_| Some(ItemCommand::Close),
        |_| None,
    ];
    for act in acts {
        let world = World::memory();
        let node = world.node().await;
        let (item, token) = linked(&node, link(), None).await;
        let opened = open(&node, &token, None).await.unwrap();
        match act(opened.link) {
            Some(command) => drop(node.item(&by("a-1"), &item, command).await.unwrap()),
            None => world.clock.advance_seconds(15 * 60),
        }
        let caller = Caller { visits: vec![opened.visit.expose().to_owned()], ..visitor() };
        let state = node.load_item(&item).await.unwrap();
        let start = Position::START;
        let access =
            node.effective_access(&caller, &item, &state, start, world.now()).await.unwrap();
        assert!(access.subject.visits.is_empty());
        assert_eq!(access.ignored_visits.len(), 1);
    }
}

#[tokio::test]
async fn a_changed_password_ends_visits() {
    let world = World::memory();
    let node = world.node().await;
    let (item, token) = linked(&node, link(), Some("one")).await;
    let opened = open(&node, &token, Some("one")).await.unwrap();
    let new = Secret::new("two");
    node.set_link_password(&by("a-1"), &item, opened.link, new).await.unwrap();
    let caller = Caller { visits: vec![opened.visit.expose().to_owned()], ..visitor() };
    let state = node.load_item(&item).await.unwrap();
    let start = Position::START;
    let access = node.effective_access(&caller, &item, &state, start, world.now()).await.unwrap();
    assert!(access.subject.visits.is_empty());
    let wrong = open(&node, &token, Some("one")).await;
    assert!(matches!(wrong, Err(OpenError::PasswordWrong)), "{wrong:?}");
    open(&node, &token, Some("two")).await.unwrap();
}

#[tokio::test]
async fn unknown_forged_revoked_expired_rotated_and_used_up_links_look_alike() {
    let world = World::memory();
    let node = world.node().await;
    let limited =
        NewLink { max_visits: Some(1), ends_at: Some(world.now().plus_seconds(3_600)), ..link() };
    let (item, token) = linked(&node, limited, None).await;
    let state = node.load_item(&item).await.unwrap();
    let (link, generation) = only_link(&state);
    let unknown = domain::id::LinkId(uuid::Uuid::from_bytes([3; 16]));
    let unknown = node.link_token(unknown, 1).unwrap().expose().to_owned();
    let other = node.link_token(link, generation + 1).unwrap().expose().to_owned();
    let alike = |opened: Result<LinkVisit, OpenError>| {
        assert!(matches!(opened, Err(OpenError::NotFound)), "{opened:?}");
    };
    for forged in ["", "x", "ääää", &token[1..], &unknown, &other] {
        alike(open(&node, forged, None).await);
    }
    open(&node, &token, None).await.unwrap();
    alike(open(&node, &token, None).await);
    node.item(&by("a-1"), &item, ItemCommand::RevokeLink { link, cascade: false }).await.unwrap();
    alike(open(&node, &token, None).await);
    world.clock.advance_seconds(7_200);
    alike(open(&node, &token, None).await);
    node.peek_link(&visitor(), &token).await.unwrap_err();
}

#[tokio::test]
async fn looking_at_a_link_uses_nothing_up() {
    let world = World::memory();
    let node = world.node().await;
    let (_, token) = linked(&node, NewLink { max_visits: Some(1), ..link() }, Some("p")).await;
    for _ in 0..3 {
        assert!(node.peek_link(&visitor(), &token).await.unwrap().needs_password);
    }
    assert!(matches!(open(&node, &token, None).await, Err(OpenError::PasswordRequired)));
    assert!(matches!(open(&node, &token, Some("q")).await, Err(OpenError::PasswordWrong)));
    open(&node, &token, Some("p")).await.unwrap();
}

#[tokio::test]
async fn a_limited_link_opens_exactly_so_often_on_two_nodes() {
    for world in World::embedded().await {
        let nodes = [world.node().await, world.node().await];
        let limited = NewLink { max_visits: Some(5), ..link() };
        let (item, token) = linked(&nodes[0], limited, None).await;
        let mut all = tokio::task::JoinSet::new();
        for n in 0..12 {
            let (node, token) = (nodes[n % 2].clone(), token.clone());
            all.spawn(async move {
                loop {
                    match open(&node, &token, None).await {
                        Ok(_) => return true,
                        Err(OpenError::NotFound) => return false,
                        Err(OpenError::Command(commands::CommandError::Contended)) => {}
                        Err(error) => panic!("{error}"),
                    }
                }
            });
        }
        let mut opened = 0;
        while let Some(done) = all.join_next().await {
            opened += usize::from(done.unwrap());
        }
        assert_eq!(opened, 5);
        let state = nodes[0].load_item(&item).await.unwrap();
        assert_eq!(nodes[1].link_uses(only_link(&state).0).await.unwrap(), 5);
    }
}

#[tokio::test]
async fn links_for_accounts_ask_to_sign_in() {
    let world = World::memory();
    let node = world.node().await;
    let internal = NewLink { audience: Audience::Internal, ..link() };
    let (_, token) = linked(&node, internal, None).await;
    let anonymous = open(&node, &token, None).await;
    assert!(matches!(anonymous, Err(OpenError::SignInRequired)), "{anonymous:?}");
    let opened = node.open_link(&Caller::account(account("a-9")), &token, None).await.unwrap();
    assert!(opened.permissions.has(Permission::View));
    put(&node, "a-8", commands::Profile::default()).await.unwrap();
    let gone = commands::AccountCommand::Deactivate;
    node.account(&app(), &account("a-8"), gone).await.unwrap();
    let refused = node.open_link(&Caller::account(account("a-8")), &token, None).await;
    assert!(matches!(refused, Err(OpenError::NotPermitted)), "{refused:?}");
}

#[tokio::test]
async fn links_for_the_entitled_open_for_them_only() {
    let world = World::memory();
    let node = world.node().await;
    let named = NewLink { audience: Audience::Named, ..link() };
    let (_, token) = linked(&node, named, None).await;
    let stranger = node.open_link(&Caller::account(account("a-9")), &token, None).await;
    assert!(matches!(stranger, Err(OpenError::NotPermitted)), "{stranger:?}");
    node.open_link(&Caller::account(account("a-1")), &token, None).await.unwrap();
}

#[tokio::test]
async fn wrong_passwords_are_limited_and_the_limit_heals() {
    let world = World::memory();
    let node = world.node().await;
    let (_, token) = linked(&node, link(), Some("right")).await;
    let mut wrong = 0;
    let retry_after = loop {
        match open(&node, &token, Some("guess")).await {
            Err(OpenError::PasswordWrong) => wrong += 1,
            Err(OpenError::TooManyAttempts { retry_after }) => break retry_after,
            other => panic!("{other:?}"),
        }
    };
    assert!((5..20).contains(&wrong), "{wrong}");
    let right = open(&node, &token, Some("right")).await;
    assert!(matches!(right, Err(OpenError::TooManyAttempts { .. })), "{right:?}");
    world.clock.advance_seconds(i64::try_from(retry_after.as_secs()).unwrap() + 1);
    open(&node, &token, Some("right")).await.unwrap();
    // Right ones cost nothing.
    for _ in 0..15 {
        open(&node, &token, Some("right")).await.unwrap();
    }
}

#[tokio::test]
async fn a_code_is_swapped_once_and_in_time() {
    for world in World::embedded().await {
        let (one, two) = (world.node().await, world.node().await);
        let (item, token) = linked(&one, link(), None).await;
        let opened = open(&one, &token, None).await.unwrap();
        let code = one.make_code(&opened).await.unwrap();
        let swapped = two.swap_code(&visitor(), code.expose()).await.unwrap();
        assert_eq!((swapped.item, swapped.link), (item, opened.link));
        assert_eq!(swapped.visit, opened.visit);
        let again = one.swap_code(&visitor(), code.expose()).await;
        assert!(matches!(again, Err(OpenError::NotFound)), "{again:?}");
        let late = one.make_code(&opened).await.unwrap();
        world.clock.advance_seconds(60);
        let late = one.swap_code(&visitor(), late.expose()).await;
        assert!(matches!(late, Err(OpenError::NotFound)), "{late:?}");
        let visit = one.swap_code(&visitor(), opened.visit.expose()).await;
        assert!(matches!(visit, Err(OpenError::NotFound)), "{visit:?}");
    }
}

#[tokio::test]
async fn a_rotated_key_signs_anew_and_a_retired_one_opens_nothing() {
    for world in World::embedded().await {
        let (one, two) = (world.node().await, world.node().await);
        let (item, old) = linked(&one, link(), None).await;
        let admin = commands::Request::new(Caller::system("command-line"));
        one.rotate_key(&admin, KeyPurpose::Link, Vec::new()).await.unwrap();
        let state = one.load_item(&item).await.unwrap();
        let new = token_of(&one, &state);
        assert_ne!(old, new);
        world.clock.advance_seconds(2);
        for token in [&old, &new] {
            open(&two, token, None).await.unwrap();
        }
        one.rotate_key(&admin, KeyPurpose::Link, vec![1]).await.unwrap();
        world.clock.advance_seconds(2);
        for node in [&one, &two] {
            let retired = open(node, &old, None).await;
            assert!(matches!(retired, Err(OpenError::NotFound)), "{retired:?}");
            open(node, &new, None).await.unwrap();
        }
    }
}

#[tokio::test]
async fn openings_and_refusals_are_noted_without_addresses_and_secrets() {
    let world = World::memory();
    let node = world.node().await;
    let (_, token) = linked(&node, link(), Some("right")).await;
    open(&node, &token, Some("wrong-guess")).await.unwrap_err();
    open(&node, &token, Some("right")).await.unwrap();
    let entries = world.activity.entries();
    let kinds: Vec<_> = entries.iter().map(|entry| entry.kind).collect();
    assert_eq!(kinds, [ActivityKind::LinkRefused, ActivityKind::LinkOpened]);
    assert_eq!(entries[0].detail.as_deref(), Some("password_wrong"));
    let text = format!("{entries:?}");
    for secret in ["wrong-guess", "192.0.2.1", token.as_str()] {
        assert!(!text.contains(secret));
    }
}

//! A dry run reports what the command then does.

use crate::world::*;
use commands::{CommandError, Commands, GranteeRef, Outcome, Request, Status};
use domain::{
    event::{CatalogAudience, CatalogEvent as _, Restore, Visibility},
    id::ItemRef,
    item::{EndTarget, ItemCommand, ItemState, NewLink, NewPublication, Share, access_diff},
    principal::Grantee,
    role::Role,
};
use proptest::prelude::*;

/// A command that names what is there by its place, not by its id.
#[derive(Debug, Clone)]
enum Asked {
    Share { account: u8, role: Role, hours: Option<i64> },
    Unshare(u8),
    Link { max_visits: Option<u32> },
    Revoke(usize),
    Rotate(usize),
    Visibility(Visibility),
    Publish,
    Unpublish,
    Close,
    Reopen(Restore),
    Retire,
    Restore,
}

fn role() -> impl Strategy<Value = Role> {
    prop::sample::select(vec![Role::Browser, Role::Viewer, Role::Editor, Role::Manager])
}

fn asked() -> impl Strategy<Value = Asked> {
    let visibility = vec![Visibility::Restricted, Visibility::Internal, Visibility::Public];
    let restore = vec![Restore::Nothing, Restore::All];
    prop_oneof![
        4 => (0u8..4, role(), prop::option::of(-1i64..3))
            .prop_map(|(account, role, hours)| Asked::Share { account, role, hours }),
        2 => (0u8..4).prop_map(Asked::Unshare),
        3 => prop::option::of(1u32..3).prop_map(|max_visits| Asked::Link { max_visits }),
        1 => (0usize..3).prop_map(Asked::Revoke),
        1 => (0usize..3).prop_map(Asked::Rotate),
        2 => prop::sample::select(visibility).prop_map(Asked::Visibility),
        2 => Just(Asked::Publish),
        1 => Just(Asked::Unpublish),
        1 => Just(Asked::Close),
        1 => prop::sample::select(restore).prop_map(Asked::Reopen),
        1 => Just(Asked::Retire),
        1 => Just(Asked::Restore),
    ]
}

type Answer = Result<Outcome<ItemState>, CommandError>;

async fn carry_out(
    world: &World,
    node: &Commands,
    request: &Request,
    item: &ItemRef,
    asked: &Asked,
) -> Answer {
    let state = node.load_item(item).await.unwrap();
    let link = |n: usize| {
        let never = domain::id::LinkId(uuid::Uuid::nil());
        state.links.keys().nth(n).copied().unwrap_or(never)
    };
    let command = match asked {
        Asked::Share { account: n, role, hours } => {
            let ends_at = hours.map(|hours| world.now().plus_seconds(hours * 3_600));
            let template = Share { ends_at, ..share(*role) };
            let asked = vec![GranteeRef::Account(account(&format!("b-{n}")))];
            return node.share(request, item, asked, template).await;
        }
        Asked::Link { max_visits } => {
            let link = NewLink { max_visits: *max_visits, ..crate::world::link() };
            return node.create_link(request, item, link, None).await;
        }
        Asked::Unshare(n) => {
            let grantee = Grantee::Account(account(&format!("b-{n}")));
            ItemCommand::EndGrants(EndTarget::Grantee(grantee))
        }
        Asked::Revoke(n) => ItemCommand::RevokeLink { link: link(*n), cascade: true },
        Asked::Rotate(n) => ItemCommand::RotateLink(link(*n)),
        Asked::Visibility(visibility) => ItemCommand::SetVisibility(*visibility),
        Asked::Publish => ItemCommand::Publish(NewPublication {
            audience: CatalogAudience::Anyone,
            groups: Vec::new(),
            title: None,
            description: None,
            tags: None,
            preview: None,
        }),
        Asked::Unpublish => ItemCommand::Unpublish,
        Asked::Close => ItemCommand::Close,
        Asked::Reopen(restore) => ItemCommand::Reopen(*restore),
        Asked::Retire => ItemCommand::Retire,
        Asked::Restore => ItemCommand::Restore,
    };
    node.item(request, item, command).await
}

/// What can be compared although ids are made anew and positions are made up.
fn shape(outcome: &Outcome<ItemState>) -> impl PartialEq + std::fmt::Debug + use<> {
    let names: Vec<_> = outcome.events.iter().map(|recorded| recorded.event.event_type()).collect();
    let after = &outcome.after;
    let mut grants: Vec<_> = after.grants.values().map(|open| &open.grant).collect();
    grants.sort_by_key(|grant| grant.grantee.to_string());
    let grants: Vec<_> = grants
        .into_iter()
        .map(|grant| format!("{} {:?} {:?}", grant.grantee, grant.role, grant.ends_at))
        .collect();
    let mut links: Vec<_> = after
        .links
        .values()
        .map(|open| format!("{:?} {} {:?}", open.terms, open.generation, open.password))
        .collect();
    links.sort();
    let texts = after.description.title.as_ref().map(|text| text.as_plain().map(str::to_owned));
    let publication = after.publication.as_ref().map(|open| open.publication.clone());
    let before = outcome.before.as_deref().cloned().unwrap_or_default();
    let changed = access_diff(&before, after, outcome.at);
    let sizes = (changed.gains.len(), changed.loses.len());
    let what = (after.lifecycle, after.visibility, publication, texts, outcome.created);
    (names, grants, links, what, sizes)
}

proptest! {
    #![proptest_config(domain::testing::soak::config(48))]
    #[test]
    fn a_dry_run_tells_what_the_command_then_does(all in prop::collection::vec(asked(), 1..12)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let world = World::memory();
            let node = world.node().await;
            let item = registered(&node).await;
            for asked in &all {
                let request = Request { before: true, ..app() };
                let dry = Request { dry_run: true, ..request.clone() };
                let head = world.log.head().await.unwrap();
                let planned = carry_out(&world, &node, &dry, &item, asked).await;
                prop_assert_eq!(world.log.head().await.unwrap(), head);
                let done = carry_out(&world, &node, &request, &item, asked).await;
                match (planned, done) {
                    (Ok(planned), Ok(done)) => {
                        prop_assert_eq!(planned.status, Status::Planned);
                        prop_assert_eq!(shape(&planned), shape(&done), "{:?}", asked);
                    }
                    (Err(planned), Err(done)) => {
                        prop_assert_eq!(planned.to_string(), done.to_string());
                    }
                    (planned, done) => prop_assert!(false, "{asked:?}: {planned:?} {done:?}"),
                }
            }
            Ok(())
        })?;
    }
}

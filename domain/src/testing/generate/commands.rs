//! Picks the next command of a random history.

use super::{Generator, Random};
use crate::{
    event::{Audience, CatalogAudience, Restore, Visibility},
    id::{GrantId, ItemRef, LinkId, VaultId},
    item::{
        DescriptionPatch, EndTarget, GrantPatch, GrantSpec, ItemCommand, ItemState, LinkPatch,
        NewDescription, NewLink, NewPublication, OnExisting, ResolvedGrantee, Share,
    },
    lifecycle::Lifecycle,
    principal::Grantee,
    role::{Role, Withheld},
    time::Time,
};

const WORDS: [&str; 6] = ["rna", "seq", "atlas", "cell", "map", "Straße"];

/// A command that is likely to be possible now.
pub(super) fn any(r: &mut Random, state: &ItemState, item: &ItemRef, now: Time) -> ItemCommand {
    match state.lifecycle {
        Lifecycle::Unknown => register(r, state, item),
        Lifecycle::Closed if r.chance(40) => ItemCommand::Reopen(restore(r)),
        Lifecycle::Retired if r.chance(40) => ItemCommand::Restore,
        Lifecycle::Open | Lifecycle::Closed | Lifecycle::Retired => open(r, state, item, now),
    }
}

fn open(r: &mut Random, state: &ItemState, item: &ItemRef, now: Time) -> ItemCommand {
    match r.below(40) {
        0 => register(r, state, item),
        1 => ItemCommand::Describe(DescriptionPatch {
            title: Some(r.chance(80).then(|| words(r))),
            ..DescriptionPatch::default()
        }),
        2 | 3 => ItemCommand::SetVisibility(visibility(r)),
        4..=11 => ItemCommand::Share(share(r, now)),
        12..=14 => {
            let (starts_at, ends_at) = window(r, now);
            let patch = GrantPatch {
                role: r.chance(50).then(|| role(r)),
                withhold: r.chance(30).then(|| Some(withhold(r))),
                starts_at: r.chance(20).then_some(starts_at),
                ends_at: r.chance(40).then_some(ends_at),
            };
            ItemCommand::ChangeGrant { grant: grant(r, state), patch }
        }
        15 | 16 => ItemCommand::EndGrants(EndTarget::Grant(grant(r, state))),
        17 => ItemCommand::EndGrants(EndTarget::Grantee(grantee(r))),
        18 => ItemCommand::EndGrants(EndTarget::Me),
        19 | 20 => replace(r, now),
        21..=24 => ItemCommand::CreateLink(new_link(r, now)),
        25 | 26 => ItemCommand::ChangeLink { link: link(r, state), patch: link_patch(r, now) },
        27 => ItemCommand::RotateLink(link(r, state)),
        28 => {
            let password = VaultId(r.uuid());
            ItemCommand::SetLinkPassword { link: link(r, state), password }
        }
        29 => ItemCommand::ClearLinkPassword(link(r, state)),
        30 => ItemCommand::RevokeLink { link: link(r, state), cascade: r.chance(50) },
        31 | 32 => ItemCommand::Publish(publication(r)),
        33 => ItemCommand::Unpublish,
        34 => ItemCommand::Close,
        35 => ItemCommand::Retire,
        36 => ItemCommand::Reopen(restore(r)),
        _ => ItemCommand::Expire,
    }
}

fn register(r: &mut Random, state: &ItemState, item: &ItemRef) -> ItemCommand {
    let owner = state.owner.clone();
    let owner = owner.unwrap_or_else(|| r.pick(&Generator::accounts()).clone());
    let content = item.kind.as_str() == "search" && r.chance(50);
    let tags = (0..r.below(3)).map(|_| (*r.pick(&WORDS)).to_owned()).collect();
    let description = NewDescription {
        title: r.chance(80).then(|| words(r)),
        description: r.chance(50).then(|| words(r)),
        tags,
        preview: r.chance(20).then(|| "https://app.example/4.png".to_owned()),
        content: content.then(|| "{\"q\":1}".to_owned()),
        in_library: r.chance(80),
    };
    ItemCommand::Register { owner, description }
}

fn words(r: &mut Random) -> String {
    format!("{} {}", r.pick(&WORDS), r.pick(&WORDS))
}

fn share(r: &mut Random, now: Time) -> Share {
    let (starts_at, ends_at) = window(r, now);
    Share {
        grantees: (0..=r.below(3)).map(|_| ResolvedGrantee::Grantee(grantee(r))).collect(),
        role: role(r),
        withhold: withhold(r),
        starts_at,
        ends_at,
        on_existing: if r.chance(50) { OnExisting::Change } else { OnExisting::Keep },
    }
}

fn replace(r: &mut Random, now: Time) -> ItemCommand {
    let grants = (0..r.below(4)).map(|_| {
        let (starts_at, ends_at) = window(r, now);
        let (grantee, role, withhold) = (grantee(r), role(r), withhold(r));
        GrantSpec { grantee, role, withhold, starts_at, ends_at }
    });
    let grants = grants.collect();
    ItemCommand::ReplaceSharing { visibility: visibility(r), grants }
}

fn new_link(r: &mut Random, now: Time) -> NewLink {
    let (starts_at, ends_at) = window(r, now);
    NewLink {
        label: r.chance(50).then(|| words(r)),
        role: *r.pick(&[Role::Browser, Role::Viewer, Role::Contributor, Role::Editor]),
        withhold: withhold(r),
        audience: audience(r),
        starts_at,
        ends_at,
        max_visits: r.chance(20).then_some(3),
        password: r.chance(30).then(|| VaultId(r.uuid())),
        joins: false,
        state: r.chance(20).then(|| words(r)),
    }
}

fn link_patch(r: &mut Random, now: Time) -> LinkPatch {
    let (starts_at, ends_at) = window(r, now);
    LinkPatch {
        label: r.chance(30).then(|| Some(words(r))),
        role: r.chance(30).then_some(Role::Viewer),
        withhold: r.chance(30).then(|| Some(withhold(r))),
        audience: r.chance(30).then(|| audience(r)),
        starts_at: r.chance(20).then_some(starts_at),
        ends_at: r.chance(40).then_some(ends_at),
        ..LinkPatch::default()
    }
}

fn publication(r: &mut Random) -> NewPublication {
    let all = [CatalogAudience::Groups, CatalogAudience::Internal, CatalogAudience::Anyone];
    let audience = *r.pick(&all);
    let groups = if audience == CatalogAudience::Groups { Generator::groups() } else { Vec::new() };
    let title = r.chance(50).then(|| words(r));
    NewPublication { audience, groups, title, description: None, tags: None, preview: None }
}

fn grantee(r: &mut Random) -> Grantee {
    if r.chance(25) {
        Grantee::Group(r.pick(&Generator::groups()).clone())
    } else {
        Grantee::Account(r.pick(&Generator::accounts()).clone())
    }
}

fn role(r: &mut Random) -> Role {
    *r.pick(&[Role::Browser, Role::Viewer, Role::Contributor, Role::Editor, Role::Manager])
}

fn withhold(r: &mut Random) -> Vec<Withheld> {
    let all = Withheld::ALL;
    all.into_iter().filter(|_| r.chance(12)).collect()
}

fn visibility(r: &mut Random) -> Visibility {
    *r.pick(&[Visibility::Restricted, Visibility::Internal, Visibility::Public])
}

fn audience(r: &mut Random) -> Audience {
    *r.pick(&[Audience::Anyone, Audience::Anyone, Audience::Internal, Audience::Named])
}

fn restore(r: &mut Random) -> Restore {
    if r.chance(70) { Restore::All } else { Restore::Nothing }
}

/// Often unbounded; else days, so that windows open and end while a history goes on.
fn window(r: &mut Random, now: Time) -> (Option<Time>, Option<Time>) {
    let mut hours = |from: i64, most: u64| {
        let offset = i64::try_from(r.below(most)).unwrap_or_default();
        r.chance(35).then(|| now.plus_seconds(3_600 * (from + offset)))
    };
    (hours(-20, 60), hours(1, 150))
}

fn grant(r: &mut Random, state: &ItemState) -> GrantId {
    let open: Vec<_> = state.grants.keys().copied().collect();
    if open.is_empty() { GrantId(r.uuid()) } else { *r.pick(&open) }
}

fn link(r: &mut Random, state: &ItemState) -> LinkId {
    let open: Vec<_> = state.links.keys().copied().collect();
    if open.is_empty() { LinkId(r.uuid()) } else { *r.pick(&open) }
}

//! Sharing with accounts and groups.

use super::make::{closed, ends, gives, gives_until, mine, share};
use domain::{
    access::Subject,
    event::{EndCause, GrantChanged, GrantTerms, ItemEvent},
    item::{ItemCommand, OnExisting, ResolvedGrantee, Share},
    rejection::{Reason, Rejection, ShareResult},
    role::{Role, Withheld},
    testing::{Given, asking, grant_id, hour, to_account, to_group},
};

fn when(item: Given, by: &str, share: Share) -> domain::testing::When {
    item.when(&ItemCommand::Share(share), &asking(by))
}

fn granted(n: u128) -> Result<ShareResult, Reason> {
    Ok(ShareResult::Granted { grant: grant_id(n) })
}

#[test]
fn each_grantee_gets_a_grant_in_the_order_asked() {
    let with = [to_account("a-3"), to_group("g-1"), to_account("a-2")];
    let shared = when(mine(), "a-1", share(&with, Role::Viewer));
    assert_eq!(shared.results(), [granted(1_001), granted(1_002), granted(1_003)]);
    shared.then([
        gives(1_001, to_account("a-3"), Role::Viewer),
        gives(1_002, to_group("g-1"), Role::Viewer),
        gives(1_003, to_account("a-2"), Role::Viewer),
    ]);
}

#[test]
fn refused_grantees_do_not_hinder_the_others() {
    let mut asked = share(
        &[to_account("a-2"), to_account("a-1"), to_account("a-3"), to_account("a-2")],
        Role::Viewer,
    );
    let detail = "no account has this address".to_owned();
    asked.grantees.push(ResolvedGrantee::Refused { reason: Reason::UnknownAddress, detail });
    let item = mine().and("a-1", gives(1, to_account("a-2"), Role::Manager));
    let shared = when(item, "a-2", asked);
    let expected = [
        Err(Reason::SelfShare),
        Err(Reason::OwnerUntouchable),
        granted(1_001),
        Err(Reason::DuplicateInRequest),
        Err(Reason::UnknownAddress),
    ];
    assert_eq!(shared.results(), expected);
    shared.then([gives(1_001, to_account("a-3"), Role::Viewer)]);
}

#[test]
fn when_all_are_refused_nothing_is_applied_and_the_reasons_are_told() {
    let shared = when(mine(), "a-1", share(&[to_account("a-1")], Role::Viewer));
    assert_eq!(shared.results(), [Err(Reason::SelfShare)]);
}

#[test]
fn the_role_owner_is_given_by_transfer_only() {
    when(mine(), "a-1", share(&[to_account("a-2")], Role::Owner)).then_invalid("role");
}

#[test]
fn nobody_gives_above_the_own_set() {
    let withheld = &[Withheld::Copy];
    let item =
        || mine().and("a-1", gives_until(1, to_account("a-2"), Role::Manager, withheld, None));
    let asked = share(&[to_account("a-3")], Role::Viewer);
    let shared = when(item(), "a-2", asked.clone());
    assert_eq!(shared.results(), [Err(Reason::AboveOwnRole)], "a viewer may copy");
    let less = Share { withhold: vec![Withheld::Copy], ..asked };
    assert_eq!(when(item(), "a-2", less).results(), [granted(1_001)]);
}

#[test]
fn whose_grant_withholds_share_does_not_share() {
    let withheld = &[Withheld::Share];
    let item = mine().and("a-1", gives_until(1, to_account("a-2"), Role::Manager, withheld, None));
    when(item, "a-2", share(&[to_account("a-3")], Role::Browser))
        .then_rejected(&Rejection::NotPermitted { needed: "share" });
}

#[test]
fn a_window_ends_after_now_and_after_its_start() {
    let base = share(&[to_account("a-2")], Role::Viewer);
    let (now, later) = (hour(1_000), hour(1_001));
    let wrong = [
        Share { ends_at: Some(now), ..base.clone() },
        Share { starts_at: Some(later), ends_at: Some(later), ..base.clone() },
    ];
    for asked in wrong {
        assert_eq!(when(mine(), "a-1", asked).results(), [Err(Reason::WindowInPast)]);
    }
    let right = Share { starts_at: Some(now), ends_at: Some(later), ..base };
    assert_eq!(when(mine(), "a-1", right).results(), [granted(1_001)]);
}

#[test]
fn who_has_such_a_grant_already_keeps_it() {
    let item = || mine().and("a-1", gives(1, to_account("a-2"), Role::Viewer));
    let kept = || [Ok(ShareResult::Unchanged { grant: grant_id(1) })];
    let same = when(item(), "a-1", share(&[to_account("a-2")], Role::Viewer));
    assert_eq!(same.results(), kept());
    same.then_nothing();
    let other = when(item(), "a-1", share(&[to_account("a-2")], Role::Editor));
    assert_eq!(other.results(), kept());
    other.then_nothing();
}

#[test]
fn on_existing_change_changes_it_in_place() {
    let item = mine().and("a-1", gives(1, to_account("a-2"), Role::Viewer));
    let asked =
        Share { on_existing: OnExisting::Change, ..share(&[to_account("a-2")], Role::Editor) };
    let terms = |role| GrantTerms { role, withhold: vec![], starts_at: None, ends_at: None };
    let changed = when(item, "a-1", asked);
    assert_eq!(changed.results(), [Ok(ShareResult::Changed { grant: grant_id(1) })]);
    changed.then([ItemEvent::GrantChanged(GrantChanged {
        grant: grant_id(1),
        grantee: to_account("a-2"),
        before: terms(Role::Viewer),
        after: terms(Role::Editor),
        asked: None,
    })]);
}

#[test]
fn nobody_changes_a_grant_that_is_above_the_own_set() {
    let withheld = &[Withheld::Copy];
    let item = mine()
        .and("a-1", gives_until(1, to_account("a-2"), Role::Manager, withheld, None))
        .and("a-1", gives(2, to_account("a-3"), Role::Viewer));
    let asked =
        Share { on_existing: OnExisting::Change, ..share(&[to_account("a-3")], Role::Browser) };
    assert_eq!(when(item, "a-2", asked).results(), [Err(Reason::AboveOwnRole)]);
}

#[test]
fn a_grant_whose_end_has_passed_is_ended_and_given_anew() {
    let old = gives_until(1, to_account("a-2"), Role::Viewer, &[], Some(hour(500)));
    let item = mine().and("a-1", old.clone());
    let shared = when(item, "a-1", share(&[to_account("a-2")], Role::Viewer));
    assert_eq!(shared.results(), [granted(1_001)]);
    shared.then([
        ends(&old, EndCause::Expired, Some(hour(500))),
        gives(1_001, to_account("a-2"), Role::Viewer),
    ]);
}

#[test]
fn a_grant_of_other_provenance_stands_beside_a_direct_one() {
    let item = mine().and("a-1", super::make::born(1, "a-2", 7));
    let shared = when(item, "a-1", share(&[to_account("a-2")], Role::Editor));
    let both = shared.then([gives(1_001, to_account("a-2"), Role::Editor)]);
    assert_eq!(both.state.grants.len(), 2);
}

#[test]
fn one_to_five_hundred_grantees_are_allowed() {
    let many: Vec<_> = (0..501).map(|n| to_account(&format!("b-{n}"))).collect();
    when(mine(), "a-1", share(&many, Role::Viewer)).then_invalid("grantees");
    when(mine(), "a-1", share(&[], Role::Viewer)).then_invalid("grantees");
    assert_eq!(when(mine(), "a-1", share(&many[1..], Role::Viewer)).results().len(), 500);
}

#[test]
fn an_item_has_at_most_ten_thousand_open_grants() {
    let mut item = mine();
    let full = (0..9_999u128).map(|n| gives(n, to_account(&format!("b-{n}")), Role::Viewer));
    item = item.and_all("a-1", full.collect());
    let shared = when(item, "a-1", share(&[to_account("a-2"), to_account("a-3")], Role::Viewer));
    assert_eq!(shared.results(), [granted(1_001), Err(Reason::TooMany)]);
}

#[test]
fn the_unrestricted_share_without_having_anything_themselves() {
    let app = asking("a-9").subject(Subject::unrestricted());
    mine()
        .when(&ItemCommand::Share(share(&[to_account("a-2")], Role::Manager)), &app)
        .then([gives(1_001, to_account("a-2"), Role::Manager)]);
    mine()
        .and("a-1", closed())
        .when(&ItemCommand::Share(share(&[to_account("a-2")], Role::Manager)), &app)
        .then_rejected(&Rejection::ItemClosed);
}

#[test]
fn what_is_withheld_twice_or_in_another_order_is_the_same() {
    let held = &[Withheld::Download, Withheld::Copy];
    let item = mine().and("a-1", gives_until(1, to_account("a-2"), Role::Viewer, held, None));
    let asked = Share {
        withhold: vec![Withheld::Copy, Withheld::Download, Withheld::Copy],
        on_existing: OnExisting::Change,
        ..share(&[to_account("a-2")], Role::Viewer)
    };
    when(item, "a-1", asked).then_nothing();
}

//! Recording what has ended by the clock.

use super::make::{ends, gives, gives_until, links, mine, terms};
use domain::{
    access::Subject,
    event::{Audience, EndCause, ItemEvent, LinkExpired},
    item::ItemCommand,
    rejection::Rejection,
    role::Role,
    testing::{Asking, asking, hour, link_id, to_account},
};

fn sweeper() -> Asking {
    asking("a-9").subject(Subject::unrestricted())
}

#[test]
fn passed_ends_are_recorded_in_their_order_with_the_time_they_took_effect() {
    let until = |n, end| gives_until(n, to_account("a-2"), Role::Viewer, &[], Some(hour(end)));
    let (late, future) = (until(1, 900), until(2, 2_000));
    let mut over = terms(Role::Viewer, Audience::Anyone);
    over.ends_at = Some(hour(800));
    let item = mine()
        .and("a-1", late.clone())
        .and("a-1", future)
        .and("a-1", gives(3, to_account("a-3"), Role::Viewer))
        .and("a-1", links(7, over));
    let expired = LinkExpired { link: link_id(7), effective_at: hour(800) };
    let item = item
        .when(&ItemCommand::Expire, &sweeper())
        .then([ItemEvent::LinkExpired(expired), ends(&late, EndCause::Expired, Some(hour(900)))]);
    assert_eq!((item.state.grants.len(), item.state.links.len()), (2, 0));
    item.when(&ItemCommand::Expire, &sweeper()).then_nothing();
}

#[test]
fn one_sweep_records_at_most_two_hundred() {
    let many = (0..250u128)
        .map(|n| gives_until(n, to_account(&format!("b-{n}")), Role::Viewer, &[], Some(hour(9))));
    let item = mine().and_all("a-1", many.collect());
    let decided = item.when(&ItemCommand::Expire, &sweeper()).decided();
    assert_eq!(decided.events.len(), 200);
}

#[test]
fn only_the_service_records_ends() {
    mine()
        .when(&ItemCommand::Expire, &asking("a-1"))
        .then_rejected(&Rejection::NotPermitted { needed: "own" });
}

//! Recording what has ended by the clock.

use super::make::{ends, gives, gives_until, links, mine, terms};
use domain::{
    access::Subject,
    event::{Audience, CatalogEvent as _, EndCause, ItemEvent, LinkExpired},
    item::{ItemCommand, limits},
    rejection::Rejection,
    role::{Role, Withheld},
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

/// The n-th grant with everything as long as it can be.
fn longest(n: u128) -> ItemEvent {
    let name = format!("{n:->128}");
    let given =
        gives_until(n, to_account(&name), Role::Contributor, &Withheld::ALL, Some(hour(900)));
    let ItemEvent::GrantGiven(mut given) = given else { unreachable!("it is a grant") };
    given.grant.starts_at = Some(hour(1));
    ItemEvent::GrantGiven(given)
}

#[test]
fn what_one_sweep_records_fits_into_a_record_and_the_next_one_goes_on() {
    let many = u128::try_from(limits::MAX_EXPIRED_PER_RECORD).unwrap() + 5;
    let item = mine().and_all("a-1", (0..many).map(longest).collect());
    let swept = item.clone().when(&ItemCommand::Expire, &sweeper()).decided();
    assert_eq!(swept.events.len(), limits::MAX_EXPIRED_PER_RECORD);
    // Around a payload stand its name and version, around the events some hundred bytes.
    let sizes = swept
        .events
        .iter()
        .map(|event| event.to_stored().unwrap().get().len() + event.event_type().name().len() + 30);
    let size: usize = sizes.sum();
    assert!(size <= 60_000, "{size} bytes");
    let rest = item.and_all("sweeper", swept.events).when(&ItemCommand::Expire, &sweeper());
    assert_eq!(rest.decided().events.len(), 5);
}

#[test]
fn only_the_service_records_ends() {
    mine()
        .when(&ItemCommand::Expire, &asking("a-1"))
        .then_rejected(&Rejection::NotPermitted { needed: "own" });
}

//! Summaries of events in plain words.

use super::make::{gives_until, links, terms};
use domain::{
    actor::Actor,
    event::{
        AccountErased, AccountEvent, Audience, EndCause, Ended, Event, ItemClosed, ItemEvent,
        LinkRevoked, Visibility, summary::sentence,
    },
    id::AccountId,
    item::{Mention, mentions},
    position::{EventId, Position},
    role::{Role, Withheld},
    stream::StreamName,
    testing::{account, commit_id, history, hour, item, link_id, to_account, to_group},
};

fn says(event: impl Into<Event>, actor: Actor) -> String {
    let recorded = domain::event::Recorded {
        id: EventId { position: Position(1), index: 0 },
        commit: commit_id(1),
        time: hour(0),
        actor,
        event: event.into(),
    };
    sentence(&recorded, &StreamName::Item(item("history", "8f3a")))
}

fn owner() -> Actor {
    Actor::account(account("a-17"))
}

#[test]
fn a_grant_says_who_gave_whom_what_until_when() {
    let until = Some(hour(24 * 365));
    let given = gives_until(1, to_account("a-22"), Role::Viewer, &[], until);
    let text = "a-17 granted a-22 the role viewer on history 8f3a until 1 January 2027";
    assert_eq!(says(given.clone(), owner()), text);
    let ended = super::make::ends(&given, EndCause::Expired, until);
    assert_eq!(
        says(ended, Actor::system("sweeper")),
        "the service noted that the role viewer of a-22 on history 8f3a ended on 1 January 2027"
    );
    let withheld = &[Withheld::Download, Withheld::Copy];
    let group = gives_until(1, to_group("g-1"), Role::Editor, withheld, None);
    assert_eq!(
        says(group, owner()),
        "a-17 granted group g-1 the role editor on history 8f3a without download and copy"
    );
}

#[test]
fn links_and_closings_say_how_much() {
    let link = links(7, terms(Role::Viewer, Audience::Anyone));
    let expected = format!("a-17 made link {} to history 8f3a: viewer for anyone", link_id(7));
    assert_eq!(says(link, owner()), expected);
    let revoked = LinkRevoked { link: link_id(7), cascade: true, ended: 1 };
    let expected =
        format!("a-17 revoked link {} to history 8f3a, ending 1 grant born from it", link_id(7));
    assert_eq!(says(ItemEvent::LinkRevoked(revoked), owner()), expected);
    let ended = Ended { grants: 2, links: 0, publications: 1 };
    let closed = ItemEvent::Closed(ItemClosed { ended, visibility: Visibility::Public });
    let expected = "a-17 closed history 8f3a, ending 2 grants, 1 catalog entry";
    assert_eq!(says(closed, owner()), expected);
}

#[test]
fn the_actor_is_named_as_far_as_is_known() {
    let erased = || AccountEvent::Erased(AccountErased { keys: vec![] });
    let by = |actor| says(erased(), actor).split(" erased").next().unwrap().to_owned();
    let app = Actor { app: Some("lab".into()), ..Actor::default() };
    assert_eq!(by(app), "the application lab");
    assert_eq!(by(Actor { anonymous: true, ..Actor::default() }), "an anonymous visitor");
    assert_eq!(by(Actor::default()), "an administrator");
    assert_eq!(by(Actor::account(AccountId::parse("a-1").unwrap())), "a-1");
}

#[test]
fn every_event_has_a_line_and_no_line_holds_a_private_text() {
    for seed in 0..20 {
        for entry in history(seed, 60).entries {
            let line = sentence(&entry.recorded, &entry.stream);
            assert!(line.len() > 10 && !line.contains("  ") && !line.ends_with(' '), "{line:?}");
            for word in ["rna", "seq", "atlas", "cell", "Straße", "app.example"] {
                assert!(!line.contains(word), "{line:?}");
            }
        }
    }
}

#[test]
fn a_stream_remembers_what_it_ever_mentioned() {
    let link = links(7, terms(Role::Viewer, Audience::Anyone));
    let past = super::make::mine().and("a-1", link).recorded;
    assert!(mentions(&past, Mention::Link(link_id(7))));
    assert!(!mentions(&past, Mention::Link(link_id(8))));
}

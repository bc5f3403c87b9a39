//! Groups, libraries and containers give what a naive evaluator says.

use domain::{
    access::Subject,
    actor::Actor,
    event::{
        EndCause, Ended, Event, Grant, GrantEnded, GrantGiven, ItemClosed, ItemEvent, ItemReopened,
        ItemRetired, Provenance, Recorded, Restore, Visibility, VisibilityChanged,
    },
    id::{AccountId, CommitId, GroupId, ItemRef, LogId},
    kind::default_kinds,
    position::{EventId, Position},
    principal::Grantee,
    role::{Permission, Role},
    stream::StreamName,
    testing::{account, grant_id, group, hour, item, registered},
    time::Time,
};
use projections::index::{IndexBuilder, IndexError, Relationship, Snapshot};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

const ACCOUNTS: [&str; 5] = ["a-1", "a-2", "a-3", "a-4", "a-5"];
const GROUPS: [&str; 2] = ["g-1", "g-2"];
/// Access flows to the parts of albums, not to those of histories.
const ITEMS: [(&str, &str); 7] = [
    ("album", "x-1"),
    ("album", "x-2"),
    ("album", "x-3"),
    ("history", "x-1"),
    ("asset", "y-1"),
    ("asset", "y-2"),
    ("dataset", "d-1"),
];

#[derive(Debug, Clone)]
pub(crate) enum Act {
    Give(usize, usize, Role, u8),
    End(usize),
    Show(usize, Visibility),
    Close(usize),
    Reopen(usize),
    Retire(usize),
    Relate(Relationship, bool),
}

fn the_item(number: usize) -> ItemRef {
    let (kind, id) = ITEMS[number];
    item(kind, id)
}

fn grantee(number: usize) -> Grantee {
    match ACCOUNTS.get(number) {
        Some(id) => Grantee::Account(account(id)),
        None => Grantee::Group(group(GROUPS[number - ACCOUNTS.len()])),
    }
}

pub(crate) fn acts() -> impl Strategy<Value = Vec<Act>> {
    let items = 0..ITEMS.len();
    let people = 0..ACCOUNTS.len();
    let roles = prop::sample::select(Role::ALL[..5].to_vec());
    let shown = [Visibility::Restricted, Visibility::Internal, Visibility::Public];
    let shown = prop::sample::select(shown.to_vec());
    let id = |number: usize| account(ACCOUNTS[number]);
    let act = prop_oneof![
        6 => (items.clone(), 0..ACCOUNTS.len() + GROUPS.len(), roles, 0..4_u8)
            .prop_map(|(item, who, role, held)| Act::Give(item, who, role, held)),
        2 => (0..20_usize).prop_map(Act::End),
        1 => (items.clone(), shown).prop_map(|(item, to)| Act::Show(item, to)),
        1 => items.clone().prop_map(Act::Close),
        1 => items.clone().prop_map(Act::Reopen),
        1 => items.clone().prop_map(Act::Retire),
        4 => (0..GROUPS.len(), people.clone(), any::<bool>()).prop_map(move |(to, who, holds)| {
            let (group, account) = (group(GROUPS[to]), id(who));
            Act::Relate(Relationship::Member { group, account }, holds)
        }),
        2 => (people.clone(), people, any::<bool>()).prop_map(move |(owner, to, holds)| {
            Act::Relate(Relationship::Library { owner: id(owner), to: id(to) }, holds)
        }),
        6 => (items.clone(), items, 0..4_u8).prop_map(|(part, container, holds)| {
            let (part, container) = (the_item(part), the_item(container));
            Act::Relate(Relationship::Part { part, container }, holds > 0)
        }),
    ];
    prop::collection::vec(act, 1..40)
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Thing {
    /// 0 open, 1 closed, 2 retired.
    phase: u8,
    public: Option<Visibility>,
    grants: Vec<(u128, Grantee, BTreeSet<Permission>)>,
    kept: Vec<(u128, Grantee, BTreeSet<Permission>)>,
}

/// Everything in lists, asked by going through all of it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Naive {
    things: BTreeMap<ItemRef, Thing>,
    members: BTreeSet<(GroupId, AccountId)>,
    libraries: BTreeSet<(AccountId, AccountId)>,
    parts: BTreeSet<(ItemRef, ItemRef)>,
}

fn owner_of(item: &ItemRef) -> AccountId {
    let at =
        ITEMS.iter().position(|(kind, id)| (*kind, *id) == (item.kind.as_str(), item.id.as_str()));
    account(ACCOUNTS[at.unwrap() % 3])
}

fn all(role: Role) -> BTreeSet<Permission> {
    role.permissions().iter().collect()
}

impl Naive {
    fn own(&self, who: &AccountId, item: &ItemRef) -> BTreeSet<Permission> {
        let thing = &self.things[item];
        let mut may = BTreeSet::new();
        if thing.phase < 2 && owner_of(item) == *who {
            may.extend(all(Role::Owner));
        }
        if thing.phase == 0 {
            for (_, to, permissions) in &thing.grants {
                let mine = match to {
                    Grantee::Account(account) => account == who,
                    Grantee::Group(group) => self.members.contains(&(group.clone(), who.clone())),
                };
                may.extend(permissions.iter().filter(|_| mine));
            }
            if self.libraries.contains(&(owner_of(item), who.clone())) {
                may.extend([Permission::Browse, Permission::View, Permission::Download]);
            }
        }
        may
    }

    fn inherited(&self, who: &AccountId, item: &ItemRef) -> BTreeSet<Permission> {
        let mut may = BTreeSet::new();
        let mut reached: BTreeSet<ItemRef> = BTreeSet::from([item.clone()]);
        for _ in 0..8 {
            let flows = self.parts.iter().filter(|(_, to)| to.kind.as_str() == "album");
            let above = flows.filter(|(part, _)| reached.contains(part)).map(|(_, to)| to.clone());
            let above: Vec<_> = above.collect();
            reached.extend(above);
        }
        for container in reached.iter().filter(|container| *container != item) {
            may.extend(self.own(who, container).into_iter().filter(|p| *p != Permission::Own));
        }
        may
    }

    fn permissions(&self, who: &AccountId, item: &ItemRef) -> BTreeSet<Permission> {
        let mut may = self.own(who, item);
        let thing = &self.things[item];
        if thing.phase == 0 {
            may.extend(self.inherited(who, item));
            if thing.public.is_some_and(|to| to != Visibility::Restricted) {
                may.extend(all(Role::Viewer));
            }
        }
        may
    }
}

pub(crate) struct Both {
    pub(crate) naive: Naive,
    pub(crate) builder: IndexBuilder,
    position: u64,
    given: Vec<(usize, u128, Grantee)>,
}

impl Both {
    pub(crate) fn new() -> Self {
        let log = LogId(Uuid::from_u128(7));
        let builder = IndexBuilder::new(log, &default_kinds());
        let mut both = Self { naive: Naive::default(), builder, position: 0, given: Vec::new() };
        for number in 0..ITEMS.len() {
            let owner = owner_of(&the_item(number));
            both.event(number, registered(owner.as_str()));
            both.naive.things.insert(the_item(number), Thing::default());
        }
        both
    }

    fn event(&mut self, item: usize, event: ItemEvent) {
        self.position += 1;
        let recorded = Recorded {
            id: EventId { position: Position(self.position), index: 0 },
            commit: CommitId(Uuid::from_u128(self.position.into())),
            time: hour(i64::try_from(self.position).unwrap()),
            actor: Actor::account(account("a-1")),
            event: Event::Item(event),
        };
        self.builder.event(&StreamName::Item(the_item(item)), &recorded);
    }

    fn thing(&mut self, item: usize) -> &mut Thing {
        self.naive.things.get_mut(&the_item(item)).unwrap()
    }

    pub(crate) fn act(&mut self, act: Act) {
        match act {
            Act::Give(item, who, role, held) if self.thing(item).phase == 0 => {
                let number = self.given.len() as u128;
                let withhold = domain::role::Withheld::Copy;
                let withhold = if held == 0 { vec![withhold] } else { Vec::new() };
                let grant = Grant {
                    grant: grant_id(number),
                    grantee: grantee(who),
                    role,
                    withhold,
                    starts_at: None,
                    ends_at: None,
                    provenance: Provenance::DIRECT,
                };
                let permissions = grant.permissions().iter().collect();
                self.thing(item).grants.push((number, grantee(who), permissions));
                self.given.push((item, number, grantee(who)));
                self.event(item, ItemEvent::GrantGiven(GrantGiven { grant, asked: None }));
            }
            Act::End(number) => self.end(number),
            Act::Show(item, to) if self.thing(item).phase == 0 => {
                self.thing(item).public = Some(to);
                let changed = VisibilityChanged { before: Visibility::Restricted, after: to };
                self.event(item, ItemEvent::VisibilityChanged(changed));
            }
            Act::Close(item) if self.thing(item).phase == 0 => {
                let thing = self.thing(item);
                let kept = std::mem::take(&mut thing.grants);
                *thing = Thing { phase: 1, kept, ..Thing::default() };
                let (ended, visibility) = (Ended::default(), Visibility::Restricted);
                self.event(item, ItemEvent::Closed(ItemClosed { ended, visibility }));
            }
            Act::Reopen(item) if self.thing(item).phase == 1 => {
                let thing = self.thing(item);
                let grants = std::mem::take(&mut thing.kept);
                *thing = Thing { grants, ..Thing::default() };
                let reopened = ItemReopened {
                    restore: Restore::All,
                    closed_at: Position(1),
                    restored: Ended::default(),
                    visibility: Visibility::Restricted,
                };
                self.event(item, ItemEvent::Reopened(reopened));
            }
            Act::Retire(item) if self.thing(item).phase < 2 => {
                *self.thing(item) = Thing { phase: 2, ..Thing::default() };
                let (ended, visibility) = (Ended::default(), Visibility::Restricted);
                self.event(item, ItemEvent::Retired(ItemRetired { ended, visibility }));
            }
            Act::Relate(relation, holds) => self.relate(relation, holds),
            Act::Give(..) | Act::Show(..) | Act::Close(_) | Act::Reopen(_) | Act::Retire(_) => {}
        }
    }

    fn end(&mut self, number: usize) {
        let Some((item, number, grantee)) = self.given.get(number).cloned() else { return };
        let thing = self.thing(item);
        if thing.phase == 0 {
            thing.grants.retain(|(other, ..)| *other != number);
            let before = domain::event::GrantTerms {
                role: Role::Viewer,
                withhold: Vec::new(),
                starts_at: None,
                ends_at: None,
            };
            let (grant, cause) = (grant_id(number), EndCause::Unshared);
            let ended = GrantEnded { grant, grantee, before, cause, effective_at: None };
            self.event(item, ItemEvent::GrantEnded(ended));
        }
    }

    fn relate(&mut self, relation: Relationship, holds: bool) {
        self.position += 1;
        let made = EventId { position: Position(self.position), index: 0 };
        self.builder.relation(&relation, holds, made);
        let naive = &mut self.naive;
        match relation {
            Relationship::Member { group, account } => {
                set(&mut naive.members, (group, account), holds);
            }
            Relationship::Library { owner, to } => set(&mut naive.libraries, (owner, to), holds),
            Relationship::Part { part, container } => {
                set(&mut naive.parts, (part, container), holds);
            }
        }
    }
}

fn set<T: Ord>(all: &mut BTreeSet<T>, one: T, holds: bool) {
    if holds {
        all.insert(one);
    } else {
        all.remove(&one);
    }
}

fn pages<T>(ask: impl Fn(Option<&str>) -> Result<(Vec<T>, Option<String>), IndexError>) -> Vec<T> {
    let (mut found, mut after) = (Vec::new(), None::<String>);
    loop {
        let (page, next) = ask(after.as_deref()).unwrap();
        found.extend(page);
        after = next;
        if after.is_none() {
            return found;
        }
    }
}

pub(crate) fn compare(naive: &Naive, snapshot: &Snapshot) {
    let at = Time::EPOCH.plus_seconds(1_900_000_000);
    let people: Vec<_> = ACCOUNTS.into_iter().chain(["stranger"]).map(account).collect();
    for item in naive.things.keys() {
        for who in &people {
            let subject = Subject::account(who.clone());
            let verdict = snapshot.check(&subject, item, at);
            let found: BTreeSet<_> = verdict.permissions.iter().collect();
            assert_eq!(found, naive.permissions(who, item), "{who} on {item}");
            let paths = snapshot.paths(&subject, item, at);
            let sum = paths.iter().flat_map(|path| path.permissions.iter()).collect();
            assert_eq!(found, sum, "the paths of {who} on {item}: {paths:?}");
            assert_eq!(verdict.valid_until, None);
        }
        for permission in [Permission::Browse, Permission::Edit, Permission::Share] {
            let ask = |after: Option<&str>| snapshot.subjects(item, permission, at, after, 2);
            let listed = pages(ask);
            let expected: BTreeSet<_> = people
                .iter()
                .filter(|who| {
                    !naive.own(who, item).is_empty() || {
                        naive.things[item].phase == 0 && !naive.inherited(who, item).is_empty()
                    }
                })
                .filter(|who| naive.permissions(who, item).contains(&permission))
                .cloned()
                .collect();
            let unique: BTreeSet<_> = listed.iter().cloned().collect();
            assert_eq!(unique.len(), listed.len());
            // Who is named and has nothing by that may have it by the visibility.
            assert!(unique.is_superset(&expected), "{unique:?} {expected:?}");
            for who in &unique {
                assert!(naive.permissions(who, item).contains(&permission));
            }
        }
    }
    for who in &people {
        let subject = Subject::account(who.clone());
        for kind in ["album", "asset", "history", "dataset"] {
            let found =
                pages(|after| snapshot.resources(&subject, kind, Permission::View, at, after, 2));
            let of_kind = naive.things.keys().filter(|item| item.kind.as_str() == kind);
            let expected: Vec<_> = of_kind
                .filter(|item| {
                    let open = naive.things[*item].phase == 0;
                    let named = !naive.own(who, item).is_empty()
                        || open && !naive.inherited(who, item).is_empty();
                    named && naive.permissions(who, item).contains(&Permission::View)
                })
                .cloned()
                .collect();
            assert_eq!(found.iter().cloned().collect::<BTreeSet<_>>().len(), found.len());
            let sorted: BTreeSet<_> = found.into_iter().collect();
            assert_eq!(sorted.into_iter().collect::<Vec<_>>(), expected, "{who} finds {kind}");
        }
    }
}

proptest! {
    #![proptest_config(domain::testing::soak::config(48))]
    #[test]
    fn groups_libraries_and_containers_equal_a_naive_evaluator(acts in acts()) {
        let mut both = Both::new();
        let mut kept = Vec::new();
        for act in acts {
            both.act(act);
            let snapshot = both.builder.snapshot();
            compare(&both.naive, &snapshot);
            kept.push((both.naive.clone(), snapshot));
        }
        // What came later changed none of them.
        for (naive, snapshot) in kept.iter().step_by(5) {
            compare(naive, snapshot);
        }
    }
}

#[test]
fn a_chain_of_containers_passes_access_on_for_eight_steps_and_no_more() {
    let log = LogId(Uuid::from_u128(7));
    let mut builder = IndexBuilder::new(log, &default_kinds());
    let album = |number: u64| item("album", &format!("c-{number}"));
    for number in 0..12 {
        let owner = if number == 11 { "a-9" } else { "a-1" };
        let recorded = Recorded {
            id: EventId { position: Position(number + 1), index: 0 },
            commit: CommitId(Uuid::nil()),
            time: hour(0),
            actor: Actor::account(account("a-1")),
            event: Event::Item(registered(owner)),
        };
        builder.event(&StreamName::Item(album(number)), &recorded);
    }
    for number in 0..11 {
        let (part, container) = (album(number), album(number + 1));
        let made = EventId { position: Position(20 + number), index: 0 };
        builder.relation(&Relationship::Part { part, container }, true, made);
    }
    let snapshot = builder.snapshot();
    let who = Subject::account(account("a-9"));
    let sees = |number| !snapshot.check(&who, &album(number), hour(1)).permissions.is_empty();
    assert!((3..12).all(sees));
    assert!(!(0..3).any(sees));
    let found = snapshot.resources(&who, "album", Permission::View, hour(1), None, 100).unwrap().0;
    assert_eq!(found.len(), 9);
}

#[test]
fn a_page_that_begins_after_what_is_not_known_yet_is_not_answered() {
    let mut both = Both::new();
    let asked = the_item(0);
    let before = both.builder.snapshot();
    for who in 0..ACCOUNTS.len() + GROUPS.len() {
        both.act(Act::Give(0, who, Role::Viewer, 1));
    }
    let now = both.builder.snapshot();
    let (may, at) = (Permission::View, hour(9_999));
    let early = IndexError::NotYet { position: before.position() };

    let (_, next) = now.subjects(&asked, may, at, None, 4).unwrap();
    assert_eq!(next.as_deref(), Some(ACCOUNTS[3]));
    assert_eq!(before.subjects(&asked, may, at, next.as_deref(), 4), Err(early.clone()));
    assert!(!now.subjects(&asked, may, at, next.as_deref(), 4).unwrap().0.is_empty());
    let (_, next) = now.groups(&asked, may, at, None, 1).unwrap();
    assert_eq!(next.as_deref(), Some(GROUPS[0]));
    assert_eq!(before.groups(&asked, may, at, next.as_deref(), 1), Err(early.clone()));

    let who = Subject::account(account(ACCOUNTS[0]));
    let unknown = before.resources(&who, "album", may, at, Some("x-99"), 4);
    assert_eq!(unknown, Err(early.clone()));
    let unknown = before.resources(&who, "no_kind", may, at, Some("x-1"), 4);
    assert_eq!(unknown, Err(early));
}

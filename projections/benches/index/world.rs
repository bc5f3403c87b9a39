//! Which world is measured? Items, people and grants by Zipf's law, the same each time.

use domain::{
    actor::Actor,
    event::{Event, Grant, GrantGiven, ItemEvent, Provenance, Recorded},
    id::{AccountId, CommitId, GrantId, ItemRef, LogId},
    kind::default_kinds,
    position::{EventId, Position},
    principal::Grantee,
    role::Role,
    stream::StreamName,
    testing::{self, hour, registered},
};
use projections::index::{IndexBuilder, Relation};
use uuid::Uuid;

/// An account with 1,000 items at least.
pub(crate) const COLLECTOR: u64 = 0;
const GROUPS: u64 = 200;
/// No item has more grants.
const MOST: u64 = 10_000;

/// Numbers that look random and are the same each time (splitmix64, Steele et al. 2014).
pub(crate) const fn random(seed: &mut u64) -> u64 {
    *seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *seed;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

pub(crate) fn account(number: u64) -> AccountId {
    testing::account(&format!("account-{number}"))
}

pub(crate) fn item(number: u64) -> ItemRef {
    let kind = if number % 20 == 7 { "asset" } else { "history" };
    testing::item(kind, &format!("{:012x}", number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 16))
}

/// How large the world is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct World {
    grants: u64,
    pub(crate) items: u64,
    pub(crate) accounts: u64,
}

impl World {
    pub(crate) fn of(grants: u64) -> Self {
        Self { grants, items: grants / 10, accounts: grants / 10 }
    }

    /// A rank: the first is asked for about as often as the next two together.
    fn zipf(seed: &mut u64, all: u64) -> u64 {
        let part = (random(seed) >> 11) as f64 / (1_u64 << 53) as f64;
        ((all as f64).powf(part) as u64).saturating_sub(1).min(all - 1)
    }

    pub(crate) fn popular(&self, seed: &mut u64) -> u64 {
        Self::zipf(seed, self.items)
    }

    /// Who was given the n-th grant on what.
    pub(crate) fn pair(&self, number: u64) -> (u64, u64) {
        let mut seed = number;
        let item =
            if number.is_multiple_of(4) { self.popular(&mut seed) } else { number % self.items };
        let who = if number % 10 == 3 {
            Self::zipf(&mut seed, self.accounts)
        } else {
            random(&mut seed) % self.accounts
        };
        (if number < 1_500 { COLLECTOR } else { who }, item)
    }

    fn given(&self, number: u64) -> (ItemRef, Grant) {
        let (who, item_number) = self.pair(number);
        let mut seed = number.wrapping_mul(31);
        let grantee = if random(&mut seed).is_multiple_of(20) && number >= 1_500 {
            Grantee::Group(testing::group(&format!("group-{}", who % GROUPS)))
        } else {
            Grantee::Account(account(who))
        };
        let end = (random(&mut seed).is_multiple_of(10))
            .then(|| hour(10_000 + (number % 1_000).cast_signed()));
        let roles = [Role::Browser, Role::Viewer, Role::Viewer, Role::Contributor, Role::Editor];
        let id = u128::from(random(&mut seed)) << 64 | u128::from(number);
        let grant = Grant {
            grant: GrantId(Uuid::from_u128(id)),
            grantee,
            role: roles[(random(&mut seed) % 5) as usize],
            withhold: Vec::new(),
            starts_at: None,
            ends_at: end,
            provenance: Provenance::DIRECT,
        };
        (item(item_number), grant)
    }
}

struct Making {
    builder: IndexBuilder,
    position: u64,
}

impl Making {
    fn event(&mut self, item: ItemRef, event: ItemEvent) {
        self.position += 1;
        let recorded = Recorded {
            id: EventId { position: Position(self.position), index: 0 },
            commit: CommitId(Uuid::from_u128(self.position.into())),
            time: hour(1),
            actor: Actor::system("bench"),
            event: Event::Item(event),
        };
        self.builder.event(&StreamName::Item(item), &recorded);
    }

    fn relation(&mut self, relation: &Relation) {
        self.position += 1;
        let made = EventId { position: Position(self.position), index: 0 };
        self.builder.relation(relation, true, made);
    }
}

pub(crate) fn build(grants: u64) -> IndexBuilder {
    let world = World::of(grants);
    let builder = IndexBuilder::new(LogId(Uuid::from_u128(1 << 100 | 7)), &default_kinds());
    let mut making = Making { builder, position: 0 };
    let mut seed = 1;
    for number in 0..world.items {
        let owner = random(&mut seed) % world.accounts;
        making.event(item(number), registered(account(owner).as_str()));
        if number % 20 == 7 {
            let container = testing::item("album", &format!("album-{}", number / 400));
            if number % 400 == 7 {
                making.event(container.clone(), registered(account(owner).as_str()));
            }
            making.relation(&Relation::Part { part: item(number), container });
        }
    }
    for number in 0..world.accounts / 10 {
        let group = testing::group(&format!("group-{}", random(&mut seed) % GROUPS));
        making.relation(&Relation::Member { group, account: account(number) });
    }
    let mut on_popular = vec![0; world.items.min(1_000) as usize];
    for number in 0..world.grants {
        let (_, at) = world.pair(number);
        if let Some(count) = on_popular.get_mut(at as usize) {
            *count += 1;
            if *count > MOST {
                continue;
            }
        }
        let (item, grant) = world.given(number);
        making.event(item, ItemEvent::GrantGiven(GrantGiven { grant, asked: None }));
    }
    making.builder
}

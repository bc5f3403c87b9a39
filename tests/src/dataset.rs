//! The data set of a large deployment: any size, the same for the same seed.
//!
//! Popularity is uneven, as in life (Zipf's law): few items are shared with thousands, few
//! accounts see most of what there is. Every item can be made by itself, so nothing is kept in
//! memory and any part can be made again.

mod log;
mod relation;

pub use log::{Filled, TOGETHER, fill, story};
pub use relation::Relation;

use domain::{
    event::{Grant, Provenance, Visibility},
    id::{AccountId, GrantId, GroupId, ItemId, ItemRef, KindName},
    principal::Grantee,
    role::{Role, Withheld},
    time::Time,
};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use rand_distr::{Distribution as _, Zipf};
use std::collections::HashSet;
use uuid::Uuid;

/// The most open grants one item may have.
const MOST_GRANTS: f64 = 10_000.0;
/// How steeply the number of grants falls from one item to the next less popular.
const ITEM_SLOPE: f64 = 0.7;
/// The same for how many items an account sees.
const ACCOUNT_SLOPE: f64 = 0.8;
/// Spreads popular items over all numbers.
const SPREAD: u64 = 2_654_435_761;
/// Every so many items one is a container; half of the items up to the next are parts of it.
const CONTAINER_EVERY: u64 = 20;
/// When the data set begins: 2026-01-01.
const BEGIN: i64 = 1_767_225_600_000_000;

/// How large it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Plan {
    /// Another seed, another data set of the same shape.
    pub seed: u64,
    /// Grants, about.
    pub grants: u64,
    /// Items.
    pub items: u64,
    /// Accounts.
    pub accounts: u64,
    /// Groups.
    pub groups: u64,
    head: f64,
}

/// One item and all that is said of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// Which.
    pub item: ItemRef,
    /// Who owns it.
    pub owner: AccountId,
    /// Who sees it without a grant.
    pub visibility: Visibility,
    /// To whom it was given.
    pub grants: Vec<Grant>,
    /// The container it is a part of.
    pub container: Option<ItemRef>,
}

/// May this account do something with this item?
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// Who.
    pub account: AccountId,
    /// With what.
    pub item: ItemRef,
}

fn parsed<T: std::str::FromStr>(text: &str) -> T {
    text.parse().unwrap_or_else(|_| panic!("`{text}` is well formed"))
}

#[expect(clippy::cast_precision_loss, reason = "numbers far below 2^52")]
const fn float(number: u64) -> f64 {
    number as f64
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a positive number far below 2^52"
)]
const fn whole(number: f64) -> u64 {
    number as u64
}

/// The account of a number, from 0 on; the lower, the more it sees.
pub fn account(number: u64) -> AccountId {
    parsed(&format!("a-{number}"))
}

fn group(number: u64) -> GroupId {
    parsed(&format!("g-{number}"))
}

fn grant(random: &mut StdRng, (is_group, to): (bool, u64)) -> Grant {
    let day = |days: i64| {
        Time::from_micros(BEGIN + days * 86_400_000_000).expect("a day of this century")
    };
    let role = match random.random_range(0..100) {
        0..5 => Role::Browser,
        5..75 => Role::Viewer,
        75..85 => Role::Contributor,
        85..97 => Role::Editor,
        _ => Role::Manager,
    };
    let withhold = match random.random_range(0..100) {
        0..3 => vec![Withheld::Copy],
        3..5 => vec![Withheld::Download, Withheld::Copy],
        _ => Vec::new(),
    };
    let starts = random.random_range(0..100) < 3;
    let ends = random.random_range(0..100) < 10;
    let first = random.random_range(0..300);
    Grant {
        grant: GrantId(Uuid::from_u128(random.random())),
        grantee: if is_group { Grantee::Group(group(to)) } else { Grantee::Account(account(to)) },
        role,
        withhold,
        starts_at: starts.then(|| day(first)),
        ends_at: ends.then(|| day(first + random.random_range(30..900))),
        provenance: Provenance::DIRECT,
    }
}

impl Plan {
    /// About so many grants: ten an item, a person for every twenty, a group for every thousand.
    pub fn new(grants: u64) -> Self {
        let items = (grants / 10).max(10);
        let mut plan = Self {
            seed: 1,
            grants,
            items,
            accounts: (grants / 20).max(50),
            groups: (grants / 1000).max(2),
            head: 0.0,
        };
        // The head is where the sum over all items is what was asked.
        let (mut low, mut high) = (0.0, float(grants) + 1.0);
        for _ in 0..40 {
            plan.head = f64::midpoint(low, high);
            let sum: f64 = (1..=items).map(|rank| plan.grants_of_rank(rank)).sum();
            if sum < float(grants) { low = plan.head } else { high = plan.head }
        }
        plan
    }

    /// Another data set of the same shape.
    #[must_use]
    pub const fn with_seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    fn grants_of_rank(&self, rank: u64) -> f64 {
        let most = MOST_GRANTS.min(float(self.accounts) / 2.0);
        (self.head / float(rank).powf(ITEM_SLOPE)).min(most).floor()
    }

    fn random(&self, purpose: u64, number: u64) -> StdRng {
        let mixed = self.seed.rotate_left(48) ^ purpose.rotate_left(32) ^ number;
        StdRng::seed_from_u64(mixed)
    }

    /// The number of the item of a rank; 1 is the most popular.
    pub fn number_of_rank(&self, rank: u64) -> u64 {
        let product = u128::from(rank) * u128::from(SPREAD);
        u64::try_from(product % u128::from(self.items)).unwrap_or_default()
    }

    /// The item of a number.
    pub fn reference(&self, number: u64) -> ItemRef {
        let kind = if number.is_multiple_of(CONTAINER_EVERY) { "history" } else { "dataset" };
        let kind: KindName = parsed(kind);
        ItemRef { kind, id: parsed::<ItemId>(&format!("i-{number}")) }
    }

    /// The item of a rank with all that is said of it.
    pub fn item(&self, rank: u64) -> Item {
        let number = self.number_of_rank(rank);
        let mut random = self.random(1, number);
        let owner = random.random_range(0..self.accounts);
        let visibility = match random.random_range(0..100) {
            0..3 => Visibility::Public,
            3..10 => Visibility::Internal,
            _ => Visibility::Restricted,
        };
        let container = number - number % CONTAINER_EVERY;
        let is_part = container != number && random.random_bool(0.5);
        let wanted = whole(self.grants_of_rank(rank));
        let mut given = HashSet::from([(false, owner)]);
        let people = self.people();
        let mut grants = Vec::new();
        for _ in 0..wanted {
            let is_group = random.random_range(0..50) == 0;
            let mut to = (is_group, random.random_range(0..self.groups));
            if !is_group {
                to.1 = whole(people.sample(&mut random)) - 1;
                while given.contains(&to) {
                    to.1 = random.random_range(0..self.accounts);
                }
            }
            if given.insert(to) {
                grants.push(grant(&mut random, to));
            }
        }
        Item {
            item: self.reference(number),
            owner: account(owner),
            visibility,
            grants,
            container: is_part.then(|| self.reference(container)),
        }
    }

    fn people(&self) -> Zipf<f64> {
        Zipf::new(float(self.accounts), ACCOUNT_SLOPE).expect("a positive number")
    }

    /// The members of a group: some have a thousand, most about ten.
    pub fn members(&self, number: u64) -> Vec<AccountId> {
        let mut random = self.random(2, number);
        let size = (1_000 / (number + 1)).clamp(10, self.accounts / 2);
        let chosen: HashSet<u64> =
            (0..size).map(|_| random.random_range(0..self.accounts)).collect();
        let mut chosen: Vec<u64> = chosen.into_iter().collect();
        chosen.sort_unstable();
        chosen.into_iter().map(account).collect()
    }

    /// The principals with whom an account shares its library; most share it with none.
    pub fn library(&self, number: u64) -> Option<AccountId> {
        let mut random = self.random(3, number);
        let to = random.random_range(0..self.accounts);
        (random.random_range(0..100) == 0 && to != number).then(|| account(to))
    }

    /// Questions as applications ask them: mostly about what is popular, mostly by who may.
    pub fn questions(&self, count: usize) -> Vec<Question> {
        let mut random = self.random(4, 0);
        let ranks = Zipf::new(float(self.items), ITEM_SLOPE).expect("a positive number");
        let people = self.people();
        let mut asked = Vec::with_capacity(count);
        while asked.len() < count {
            let item = self.item(whole(ranks.sample(&mut random)));
            // Several about one item, as making the most popular ones takes a while.
            for _ in 0..8.min(count - asked.len()) {
                let stranger = account(whole(people.sample(&mut random)) - 1);
                let some = random.random_range(0..item.grants.len().max(1));
                let grantee = item.grants.get(some).map(|grant| &grant.grantee);
                let account = match (random.random_range(0..10), grantee) {
                    (0..7, Some(Grantee::Account(account))) => account.clone(),
                    (7, _) => item.owner.clone(),
                    _ => stranger,
                };
                asked.push(Question { account, item: item.item.clone() });
            }
        }
        // In no order of items.
        for place in (1..asked.len()).rev() {
            asked.swap(place, random.random_range(0..=place));
        }
        asked
    }
}

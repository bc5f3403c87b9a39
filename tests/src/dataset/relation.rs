//! The data set for other systems: one relation per line, as JSON.

use super::{Plan, account, group};
use domain::{
    event::Visibility,
    id::{AccountId, GroupId, ItemRef},
    principal::Grantee,
    role::{Role, Withheld},
    time::Time,
};
use serde::Serialize;

/// One thing that is said of who may do what.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "relation", rename_all = "snake_case")]
pub enum Relation {
    /// An account belongs to a group.
    Member {
        /// The group.
        group: GroupId,
        /// Who belongs to it.
        account: AccountId,
    },
    /// An account opened all its items to another: viewer without copy.
    Library {
        /// Whose items.
        owner: AccountId,
        /// Who sees them.
        account: AccountId,
    },
    /// An account owns an item.
    Owner {
        /// The item.
        item: ItemRef,
        /// Who owns it.
        account: AccountId,
    },
    /// An item is open to any account, or to anyone.
    Visibility {
        /// The item.
        item: ItemRef,
        /// To whom.
        visibility: Visibility,
    },
    /// An item is a part of another and as open as that.
    Part {
        /// The part.
        item: ItemRef,
        /// What it is a part of.
        container: ItemRef,
    },
    /// An item was given to an account or a group.
    Grant {
        /// The item.
        item: ItemRef,
        /// To whom.
        grantee: Grantee,
        /// What for.
        role: Role,
        /// Excluded permissions.
        withhold: Vec<Withheld>,
        /// First instant.
        starts_at: Option<Time>,
        /// First instant after it.
        ends_at: Option<Time>,
    },
}

impl Plan {
    /// All of it.
    pub fn relations(&self) -> impl Iterator<Item = Relation> + '_ {
        self.relations_of_people().chain((1..=self.items).flat_map(|rank| self.of_item(rank)))
    }

    /// What is said of people alone: members of groups, and libraries.
    pub fn relations_of_people(&self) -> impl Iterator<Item = Relation> + '_ {
        let members = (0..self.groups).flat_map(|number| {
            let member = move |account| Relation::Member { group: group(number), account };
            self.members(number).into_iter().map(member)
        });
        let libraries = (0..self.accounts).filter_map(|number| {
            let opened = self.library(number)?;
            Some(Relation::Library { owner: account(number), account: opened })
        });
        members.chain(libraries)
    }

    fn of_item(&self, rank: u64) -> Vec<Relation> {
        let made = self.item(rank);
        let item = made.item;
        let mut all = vec![Relation::Owner { item: item.clone(), account: made.owner }];
        if made.visibility != Visibility::Restricted {
            all.push(Relation::Visibility { item: item.clone(), visibility: made.visibility });
        }
        if let Some(container) = made.container {
            all.push(Relation::Part { item: item.clone(), container });
        }
        all.extend(made.grants.into_iter().map(|grant| Relation::Grant {
            item: item.clone(),
            grantee: grant.grantee,
            role: grant.role,
            withhold: grant.withhold,
            starts_at: grant.starts_at,
            ends_at: grant.ends_at,
        }));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_plan_makes_the_same_and_about_as_many_grants_as_requested() {
        let plan = Plan::new(5_000);
        let relations: Vec<_> = plan.relations().collect();
        assert!(plan.relations().eq(relations.iter().cloned()));
        let grants =
            relations.iter().filter(|relation| matches!(relation, Relation::Grant { .. })).count();
        assert!((4_000..=5_500).contains(&grants), "{grants}");
    }

    #[test]
    fn every_item_is_there_once() {
        let plan = Plan::new(5_000);
        let owned = |relation: Relation| match relation {
            Relation::Owner { item, .. } => Some(item),
            _ => None,
        };
        let mut items: Vec<_> = plan.relations().filter_map(owned).collect();
        let all = items.len();
        items.sort();
        items.dedup();
        assert_eq!((items.len(), all), (500, 500));
    }

    #[test]
    fn a_line_names_its_relation() {
        let member = Relation::Member { group: group(1), account: account(2) };
        let line = serde_json::to_string(&member).unwrap();
        assert_eq!(line, r#"{"relation":"member","group":"g-1","account":"a-2"}"#);
    }
}

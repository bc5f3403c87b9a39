//! What does the index hold, and what does each record change?

use domain::{
    access::{Subject, Visit, rule::Facts},
    account::{self, AccountState},
    event::{Event, Recorded, SystemEvent, Visibility},
    id::{AccountId, GroupId, ItemRef, LinkId},
    item::{ItemState, Lifecycle, OpenGrant, OpenLink, evolve},
    position::{EventId, Position},
    principal::Grantee,
    stream::StreamName,
    time::Time,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// Everything the index knows at one position.
#[derive(Debug, Clone, Default)]
pub(super) struct Tables {
    pub(super) position: Position,
    pub(super) time: Time,
    pub(super) rules: u32,
    pub(super) items: BTreeMap<ItemRef, Arc<ItemState>>,
    accounts: BTreeMap<AccountId, Arc<AccountState>>,
}

impl Tables {
    /// Takes in one event of a stream.
    pub(super) fn apply(&mut self, stream: &StreamName, recorded: &Recorded) {
        match (&recorded.event, stream) {
            (Event::Item(_), StreamName::Item(item)) => {
                let state = self.items.entry(item.clone()).or_default();
                evolve(Arc::make_mut(state), recorded);
            }
            (Event::Account(_), StreamName::Account(id)) => {
                let state = self.accounts.entry(id.clone()).or_default();
                account::evolve(Arc::make_mut(state), recorded);
            }
            (Event::System(SystemEvent::RulesChanged(changed)), _) => self.rules = changed.after,
            (
                Event::Item(_)
                | Event::Account(_)
                | Event::System(_)
                | Event::Link(_)
                | Event::Token(_),
                _,
            ) => {}
        }
    }

    pub(super) fn reached(&mut self, position: Position, time: Time) {
        (self.position, self.time) = (position, time);
    }

    pub(super) fn is_active(&self, account: &AccountId) -> bool {
        self.accounts.get(account).is_none_or(|state| state.is_active())
    }

    pub(super) fn counts(&self) -> (u64, u64, u64, u64) {
        let grants = self.items.values().map(|item| item.grants.len()).sum::<usize>();
        let (items, accounts) = (self.items.len(), self.accounts.len());
        let bytes = grants * size_of::<OpenGrant>() + items * size_of::<ItemState>();
        (grants as u64, items as u64, accounts as u64, bytes as u64)
    }

    /// One who asks, as the index knows people.
    pub(super) fn who(&self, subject: &Subject) -> Subject {
        let account = subject.account.clone().filter(|account| self.is_active(account));
        Subject { account, ..subject.clone() }
    }

    pub(super) fn view(&self, item: &ItemRef) -> Option<View<'_>> {
        self.items.get(item).filter(|state| state.exists()).map(|state| View { state })
    }

    /// Accounts with a way of the own, in the order of their ids.
    pub(super) fn named(&self, item: &ItemRef) -> BTreeSet<AccountId> {
        let Some(state) = self.items.get(item) else { return BTreeSet::new() };
        let accounts = state.grants.values().filter_map(|open| match &open.grant.grantee {
            Grantee::Account(account) => Some(account.clone()),
            Grantee::Group(_) => None,
        });
        accounts.chain(state.owner.clone()).collect()
    }

    pub(super) fn groups(&self, item: &ItemRef) -> BTreeSet<GroupId> {
        let grants = self.items.get(item).into_iter().flat_map(|state| state.grants.values());
        let groups = grants.filter_map(|open| match &open.grant.grantee {
            Grantee::Account(_) => None,
            Grantee::Group(group) => Some(group.clone()),
        });
        groups.collect()
    }
}

/// One item, as the rule asks for it.
#[derive(Debug, Clone, Copy)]
pub(super) struct View<'a> {
    pub(super) state: &'a ItemState,
}

impl View<'_> {
    pub(super) fn registered(self) -> EventId {
        let first = EventId { position: Position::START, index: 0 };
        self.state.registered.events.first().copied().unwrap_or(first)
    }
}

impl<'a> Facts for View<'a> {
    type Who = Subject;
    type Grant = &'a OpenGrant;
    type Opening = std::convert::Infallible;
    type Link = &'a OpenLink;

    fn signed_in(who: &Subject) -> bool {
        who.account.is_some()
    }
    fn visits(who: &Subject) -> &[Visit] {
        &who.visits
    }
    fn lifecycle(self) -> Lifecycle {
        self.state.lifecycle
    }
    fn visibility(self) -> Visibility {
        self.state.visibility
    }
    fn is_owned_by(self, who: &Subject) -> bool {
        self.state.is_owned_by(who)
    }
    fn grants_to(self, who: &Subject, each: impl FnMut(&'a OpenGrant)) {
        self.state.grants_to(who, each);
    }
    fn opening_to(self, _: &Subject) -> Option<std::convert::Infallible> {
        None
    }
    fn link(self, id: LinkId) -> Option<&'a OpenLink> {
        self.state.link(id)
    }
    fn containers(self, _: impl FnMut(Self)) {}
    fn is(self, other: Self) -> bool {
        std::ptr::eq(self.state, other.state)
    }
}

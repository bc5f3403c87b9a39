//! Applies each event to the index.
//!
//! The same as in the folded state of an item: `domain::item::evolve` is the model, and the suite
//! compares the two at every position.

mod links;

use super::{
    rows::{Closed, Edge, GrantExtras, ItemNode, LinkRow, PackedEventId, Span, Terms},
    sorted_chunks::SortedChunks,
    tables::Tables,
};
use domain::{
    event::{
        AccessEvent, AccountEvent, Event, Grant, GrantChanged, ItemEvent, ItemRegistered,
        ItemReopened, Provenance, Recorded, Restore, SystemEvent, Visibility,
    },
    id::{AccountId, GrantId},
    kind::{Kinds, PartsAccess},
    lifecycle::Lifecycle,
    principal::Grantee,
    stream::StreamName,
    time::Time,
};
use std::{mem, sync::Arc};

/// Raised whenever the tables, or what an event changes in them, become others; a saved index of
/// another version is read from the log again.
pub(super) const INDEX_VERSION: u32 = 1;

/// The grant that an event gave.
fn given(recorded: &Recorded) -> Option<(&Grant, PackedEventId)> {
    let Event::Item(ItemEvent::GrantGiven(given)) = &recorded.event else { return None };
    Some((&given.grant, PackedEventId::from(recorded.id)))
}

impl Tables {
    /// Applies the events of one record of a stream. Grants that were given together are put in
    /// together.
    pub(super) fn apply_all(&mut self, stream: &StreamName, events: &[Recorded]) {
        let together =
            |one: &Recorded, next: &Recorded| given(one).is_some() && given(next).is_some();
        for run in events.chunk_by(together) {
            match (run, stream) {
                ([_, _, ..], StreamName::Item(item)) => {
                    let item = self.item_named(item);
                    self.give(item, run.iter().filter_map(given));
                }
                _ => run.iter().for_each(|recorded| self.apply(stream, recorded)),
            }
        }
    }

    /// Applies one event of a stream.
    pub(super) fn apply(&mut self, stream: &StreamName, recorded: &Recorded) {
        match recorded.event.access(stream) {
            Some(AccessEvent::Item(item, event)) => {
                let item = self.item_named(item);
                self.item_event(item, event, recorded);
            }
            Some(AccessEvent::Account(account, event)) => self.account_event(account, event),
            Some(AccessEvent::System(event)) => self.system_event(event),
            None => {}
        }
    }

    fn system_event(&mut self, event: &SystemEvent) {
        match event {
            SystemEvent::KindsChanged(changed) => self.set_kinds(&changed.after),
            SystemEvent::RulesChanged(changed) => self.rules = changed.after,
            SystemEvent::LogStarted(_)
            | SystemEvent::LevelRaised(_)
            | SystemEvent::KeyRotated(_)
            | SystemEvent::ExportMade(_) => {}
        }
    }

    /// The kinds in force from here on.
    pub(super) fn set_kinds(&mut self, kinds: &Kinds) {
        for name in kinds.keys() {
            self.kind_named(name);
        }
        for row in Arc::make_mut(&mut self.kinds) {
            let access = kinds.get(&row.name).map(|kind| kind.access);
            row.follows = access == Some(PartsAccess::Follow);
        }
    }

    fn account_event(&mut self, account: &AccountId, event: &AccountEvent) {
        let inactive = match event {
            AccountEvent::Registered(_) | AccountEvent::Reactivated(_) => false,
            AccountEvent::Deactivated(_) | AccountEvent::Erased(_) => true,
            AccountEvent::Changed(_) => return,
        };
        let account = self.account_named(account);
        if let Some(row) = self.principal_mut(account) {
            row.inactive = inactive;
        }
    }

    fn item_event(&mut self, item: u32, event: &ItemEvent, recorded: &Recorded) {
        let at = PackedEventId::from(recorded.id);
        match event {
            ItemEvent::Registered(registered) => self.register(item, registered, at),
            ItemEvent::Described(described) => {
                if let Some(in_library) = described.after.in_library {
                    self.with(item, |row| row.in_library = in_library);
                }
            }
            ItemEvent::VisibilityChanged(changed) => {
                self.with(item, |row| row.show(changed.after, at));
            }
            ItemEvent::Closed(_) => self.close(item, at),
            ItemEvent::Reopened(reopened) => self.reopen(item, reopened, at, recorded.time),
            ItemEvent::Retired(_) => self.empty(item, Lifecycle::Retired, at),
            ItemEvent::Restored(_) => self.empty(item, Lifecycle::Open, at),
            ItemEvent::GrantGiven(given) => self.give(item, [(&given.grant, at)]),
            ItemEvent::GrantChanged(changed) => self.change_grant(item, changed, at),
            ItemEvent::GrantEnded(ended) => {
                let who = self.grantee(&ended.grantee);
                self.end_grant(item, who, ended.grant);
            }
            ItemEvent::LinkCreated(created) => self.create_link(item, created, at),
            ItemEvent::LinkChanged(changed) => {
                self.change_link(item, changed.link, at, |link| link.set(&changed.after));
            }
            ItemEvent::LinkPasswordSet(set) => self.set_password(item, set.link, at, recorded),
            ItemEvent::LinkPasswordCleared(cleared) => {
                self.set_password(item, cleared.link, at, recorded);
            }
            ItemEvent::LinkRotated(rotated) => {
                self.change_link(item, rotated.link, at, |link| link.generation = rotated.after);
            }
            ItemEvent::LinkRevoked(revoked) => self.revoke(item, revoked),
            ItemEvent::LinkExpired(expired) => self.end_link(item, expired.link),
            ItemEvent::Published(_)
            | ItemEvent::PublicationUpdated(_)
            | ItemEvent::PublicationWithdrawn(_) => {}
        }
    }

    fn with(&mut self, item: u32, change: impl FnOnce(&mut ItemNode)) {
        if let Some(row) = self.items.get_mut(item as usize) {
            change(row);
        }
    }

    fn grantee(&mut self, grantee: &Grantee) -> u32 {
        match grantee {
            Grantee::Account(account) => self.account_named(account),
            Grantee::Group(group) => self.group_named(group),
        }
    }

    fn register(&mut self, item: u32, registered: &ItemRegistered, at: PackedEventId) {
        let owner = self.account_named(&registered.owner);
        self.counts.items += 1;
        self.with(item, |row| {
            row.lifecycle = Lifecycle::Open;
            row.owner = owner;
            row.registered = at;
            row.in_library = registered.in_library;
        });
        self.point_back(owner, item);
    }

    // --- edges back from people to items ---

    fn point_back(&mut self, who: u32, item: u32) {
        let Some(row) = self.principals.get_mut((who & !super::rows::GROUP) as usize) else {
            return;
        };
        if row.items.insert(item).is_none() {
            self.counts.reverse_edges += 1;
        }
    }

    /// Forgets the way back from somebody who has nothing on an item any more.
    fn forget(&mut self, who: u32, item: u32) {
        let holds = self.item(item).is_some_and(|row| {
            let same = |edges: &SortedChunks<Edge>| {
                edges.from((who, [0; 16])).next().is_some_and(|edge| edge.who == who)
            };
            let closed = row.extras.as_ref().and_then(|extras| extras.closed.as_ref());
            row.owner == who || same(&row.grants) || closed.is_some_and(|c| same(&c.grants))
        });
        let row = self.principal_mut(who).filter(|_| !holds);
        if row.is_some_and(|row| row.items.remove(item).is_some()) {
            self.counts.reverse_edges -= 1;
        }
    }

    fn counted(&mut self, edge: &Edge) {
        self.counts.grants += 1;
        self.counts.grants_with_extras += u64::from(edge.extras.is_some());
    }

    fn discounted(&mut self, edge: &Edge) {
        self.counts.grants -= 1;
        self.counts.grants_with_extras -= u64::from(edge.extras.is_some());
    }

    // --- grants ---

    fn give<'a>(
        &mut self,
        item: u32,
        grants: impl IntoIterator<Item = (&'a Grant, PackedEventId)>,
    ) {
        let edges: Vec<Edge> = grants.into_iter().map(|(grant, at)| self.edge(grant, at)).collect();
        for edge in &edges {
            self.counted(edge);
            self.point_back(edge.who, item);
        }
        let mut before = Vec::new();
        self.with(item, |row| before = row.grants.extend(edges));
        for edge in &before {
            self.discounted(edge);
        }
    }

    fn edge(&mut self, grant: &Grant, at: PackedEventId) -> Edge {
        let who = self.grantee(&grant.grantee);
        let Provenance { kind, id } = &grant.provenance;
        let span = Span::from_window(grant.window());
        let extras = GrantExtras { span, provenance: id.as_deref().map(Into::into), changed: at };
        let plain = span == Span::ALWAYS && extras.provenance.is_none();
        Edge {
            who,
            terms: Terms::new(grant.role, &grant.withhold).with_provenance(*kind),
            grant: *grant.grant.0.as_bytes(),
            made: at,
            extras: (!plain).then(|| Arc::new(extras)),
        }
    }

    fn change_grant(&mut self, item: u32, changed: &GrantChanged, at: PackedEventId) {
        let who = self.grantee(&changed.grantee);
        let key = (who, *changed.grant.0.as_bytes());
        let terms = Terms::new(changed.after.role, &changed.after.withhold);
        let (mut tails, mut now) = (0, 0);
        self.with(item, |row| {
            row.grants.change(key, |edge| {
                tails = u64::from(edge.extras.is_some());
                edge.set(terms, changed.after.window(), at);
                now = u64::from(edge.extras.is_some());
            });
        });
        self.counts.grants_with_extras = self.counts.grants_with_extras + now - tails;
    }

    fn end_grant(&mut self, item: u32, who: u32, grant: GrantId) {
        let mut ended = None;
        self.with(item, |row| ended = row.grants.remove((who, *grant.0.as_bytes())));
        if let Some(edge) = ended {
            self.discounted(&edge);
            self.forget(who, item);
        }
    }

    /// Nothing of these is left.
    fn drop_edges(&mut self, item: u32, edges: &SortedChunks<Edge>) {
        for edge in edges.iter() {
            self.discounted(edge);
            self.forget(edge.who, item);
        }
    }

    // --- the item's life ---

    /// Takes everything that is shared away; answers it.
    fn end_everything(&mut self, item: u32, lifecycle: Lifecycle, at: PackedEventId) -> Closed {
        let mut ended = Closed::default();
        self.with(item, |row| {
            ended.grants = mem::take(&mut row.grants);
            if row.extras.as_ref().is_some_and(|extras| !extras.links.is_empty()) {
                ended.links = mem::take(&mut row.extras_mut().links);
            }
            row.lifecycle = lifecycle;
            row.show(Visibility::Restricted, at);
        });
        ended
    }

    fn take_closed(&mut self, item: u32) -> Closed {
        let mut closed = None;
        self.with(item, |row| {
            if row.extras.as_ref().is_some_and(|extras| extras.closed.is_some()) {
                closed = row.extras_mut().closed.take();
            }
        });
        closed.unwrap_or_default()
    }

    fn dropped(&mut self, item: u32, ended: &Closed) {
        self.counts.links -= ended.links.len() as u64;
        self.drop_edges(item, &ended.grants);
    }

    /// Ways back stay: a reopening may bring everything back.
    fn close(&mut self, item: u32, at: PackedEventId) {
        let before = self.take_closed(item);
        let closed = self.end_everything(item, Lifecycle::Closed, at);
        self.dropped(item, &before);
        self.with(item, |row| {
            if !closed.grants.is_empty() || !closed.links.is_empty() {
                row.extras_mut().closed = Some(closed);
            }
        });
    }

    fn empty(&mut self, item: u32, lifecycle: Lifecycle, at: PackedEventId) {
        let ended = self.end_everything(item, lifecycle, at);
        self.dropped(item, &ended);
        if lifecycle == Lifecycle::Retired {
            let closed = self.take_closed(item);
            self.dropped(item, &closed);
        }
    }

    fn reopen(&mut self, item: u32, reopened: &ItemReopened, at: PackedEventId, time: Time) {
        let closed = self.take_closed(item);
        let ended = self.end_everything(item, Lifecycle::Open, at);
        self.dropped(item, &ended);
        match reopened.restore {
            Restore::Nothing => return self.dropped(item, &closed),
            Restore::All => {}
        }
        self.counts.links -= closed.links.len() as u64;
        let past = |span: Span| span.window().ended(time);
        let (mut back, mut gone) = (Vec::new(), Vec::new());
        for edge in closed.grants.iter() {
            let mut edge = edge.clone();
            let window = domain::access::GrantView::window(&edge);
            self.discounted(&edge);
            if window.ended(time) {
                gone.push(edge.who);
            } else {
                edge.set(edge.terms, window, at);
                self.counted(&edge);
                back.push(edge);
            }
        }
        let links = closed.links.into_iter().filter(|link| !past(link.span));
        let links: Vec<_> = links
            .map(|link| {
                let generation = link.generation.saturating_add(1);
                LinkRow { generation, changed: at, ..link }
            })
            .collect();
        self.counts.links += links.len() as u64;
        self.with(item, |row| {
            row.show(reopened.visibility, at);
            row.grants = SortedChunks::from_sorted(back);
            if !links.is_empty() {
                row.extras_mut().links = links;
            }
        });
        for who in gone {
            self.forget(who, item);
        }
    }
}

impl ItemNode {
    fn show(&mut self, visibility: Visibility, at: PackedEventId) {
        if self.visibility != visibility {
            self.visibility = visibility;
            self.shown = at;
        }
    }
}

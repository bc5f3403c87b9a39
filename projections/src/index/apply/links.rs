//! Applies the events of links to the index.

use super::super::{
    rows::{Edge, LinkRow, PackedEventId, Span, Terms},
    sorted_chunks::Keyed as _,
    tables::Tables,
};
use domain::{
    event::{LinkCreated, LinkRevoked, LinkTerms, ProvenanceKind, Recorded},
    id::LinkId,
    time::Window,
};

impl Tables {
    pub(super) fn create_link(&mut self, item: u32, created: &LinkCreated, at: PackedEventId) {
        let position = at.event().map_or(0, |event| event.position.0);
        let mut link = LinkRow {
            link: created.link,
            generation: created.generation,
            password_version: if created.password.is_some() { position } else { 0 },
            terms: Terms::default(),
            audience: created.terms.audience,
            span: Span::ALWAYS,
            made: at,
            changed: at,
        };
        link.set(&created.terms);
        let mut fresh = 0;
        self.with(item, |row| {
            let links = &mut row.extras_mut().links;
            match links.binary_search_by(|other| other.link.cmp(&link.link)) {
                Ok(place) => links.get_mut(place).into_iter().for_each(|slot| *slot = link.clone()),
                Err(place) => {
                    links.insert(place, link);
                    fresh = 1;
                }
            }
        });
        self.counts.links += fresh;
    }

    pub(super) fn change_link(
        &mut self,
        item: u32,
        id: LinkId,
        at: PackedEventId,
        change: impl FnOnce(&mut LinkRow),
    ) {
        self.with(item, |row| {
            if row.link(id).is_none() {
                return;
            }
            let links = &mut row.extras_mut().links;
            if let Some(link) = links.iter_mut().find(|link| link.link == id) {
                change(link);
                link.changed = at;
            }
        });
    }

    pub(super) fn set_password(
        &mut self,
        item: u32,
        link: LinkId,
        at: PackedEventId,
        recorded: &Recorded,
    ) {
        let version = recorded.position().0;
        self.change_link(item, link, at, |link| link.password_version = version);
    }

    pub(super) fn end_link(&mut self, item: u32, id: LinkId) {
        let mut ended = 0;
        self.with(item, |row| {
            if row.link(id).is_some() {
                row.extras_mut().links.retain(|link| link.link != id);
                ended = 1;
            }
        });
        self.counts.links -= ended;
    }

    pub(super) fn revoke(&mut self, item: u32, revoked: &LinkRevoked) {
        self.end_link(item, revoked.link);
        if !revoked.cascade {
            return;
        }
        let from = revoked.link.to_string();
        let born = |edge: &&Edge| {
            let id = edge.extras.as_ref().and_then(|extras| extras.provenance.as_deref());
            edge.terms.provenance() == ProvenanceKind::Link && id == Some(from.as_str())
        };
        let edges = self.item(item).into_iter().flat_map(|row| row.grants.iter());
        let ended: Vec<_> = edges.filter(born).map(|edge| (edge.key().0, edge.id())).collect();
        for (who, grant) in ended {
            self.end_grant(item, who, grant);
        }
    }
}

impl LinkRow {
    pub(super) fn set(&mut self, terms: &LinkTerms) {
        self.terms = Terms::new(terms.role, &terms.withhold);
        self.audience = terms.audience;
        let Window { starts_at, ends_at } = terms.window();
        self.span = Span::from_window(Window { starts_at, ends_at });
    }
}

//! The rows of the index: items, principals, and the edges between them.

use super::{
    interner::TextRange,
    sorted_chunks::{Keyed, SortedChunks},
};
use domain::{
    access::{GrantView, LinkView, Visit},
    event::{Audience, Provenance, ProvenanceKind, Visibility},
    id::{GrantId, LinkId},
    lifecycle::Lifecycle,
    position::{EventId, Position},
    role::{Permissions, Role, Withheld},
    time::{Time, Window},
};
use std::sync::Arc;

/// A group's number has this bit, in edges and memberships; so groups come behind accounts.
pub(super) const GROUP: u32 = 1 << 31;

/// An event's id in 8 bytes: a record holds fewer than 65,536 events. 0 = none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct PackedEventId(pub(super) u64);

impl PackedEventId {
    pub(super) const fn event(self) -> Option<EventId> {
        if self.0 == 0 {
            return None;
        }
        Some(EventId { position: Position(self.0 >> 16), index: (self.0 & 0xffff) as u32 })
    }
}

impl From<EventId> for PackedEventId {
    fn from(id: EventId) -> Self {
        Self(id.position.0 << 16 | u64::from(id.index & 0xffff))
    }
}

/// Role, what is withheld, and the kind of provenance, in bits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Terms(pub(super) u16);

const PROVENANCE: [ProvenanceKind; 6] = [
    ProvenanceKind::Direct,
    ProvenanceKind::Invitation,
    ProvenanceKind::Link,
    ProvenanceKind::Transfer,
    ProvenanceKind::Request,
    ProvenanceKind::Reshare,
];

impl Terms {
    pub(super) fn new(role: Role, withhold: &[Withheld]) -> Self {
        let held = withhold.iter().fold(0, |bits, held| bits | 1 << *held as u16);
        Self(role as u16 | held << 3)
    }
    #[must_use]
    pub(super) const fn with_provenance(self, kind: ProvenanceKind) -> Self {
        Self(self.0 & 0x7f | (kind as u16) << 7)
    }
    pub(super) fn provenance(self) -> ProvenanceKind {
        PROVENANCE.get(usize::from(self.0 >> 7)).copied().unwrap_or(ProvenanceKind::Direct)
    }
    #[inline]
    pub(super) fn role(self) -> Role {
        Role::ALL.get(usize::from(self.0 & 7)).copied().unwrap_or(Role::Browser)
    }
    pub(super) fn withhold(self) -> impl Iterator<Item = Withheld> {
        Withheld::ALL.into_iter().filter(move |held| self.0 & 1 << (*held as u16 + 3) != 0)
    }
    #[inline]
    fn permissions(self) -> Permissions {
        let all = self.role().permissions();
        if self.0 & 0x78 == 0 {
            return all;
        }
        self.withhold().fold(all, |rest, held| rest.minus(held.permissions()))
    }
}

/// From when until when, without the room for "never".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) starts: i64,
    pub(super) ends: i64,
}

impl Span {
    pub(super) const ALWAYS: Self = Self { starts: i64::MIN, ends: i64::MAX };

    pub(super) fn from_window(window: Window) -> Self {
        Self {
            starts: window.starts_at.map_or(i64::MIN, Time::as_micros),
            ends: window.ends_at.map_or(i64::MAX, Time::as_micros),
        }
    }
    pub(super) fn window(self) -> Window {
        let time = |micros, never| (micros != never).then(|| Time::EPOCH.plus_micros(micros));
        let (starts_at, ends_at) = (time(self.starts, i64::MIN), time(self.ends, i64::MAX));
        Window { starts_at, ends_at }
    }
}

/// What few grants have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct GrantExtras {
    pub(super) span: Span,
    pub(super) provenance: Option<Box<str>>,
    /// Its last change.
    pub(super) changed: PackedEventId,
}

/// An open grant on an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Edge {
    /// To whom: the number, with [`GROUP`] for a group.
    pub(super) who: u32,
    pub(super) terms: Terms,
    pub(super) grant: [u8; 16],
    pub(super) made: PackedEventId,
    pub(super) extras: Option<Arc<GrantExtras>>,
}

impl Edge {
    pub(super) const fn is_group(&self) -> bool {
        self.who & GROUP != 0
    }
    pub(super) const fn id(&self) -> GrantId {
        GrantId(uuid::Uuid::from_bytes(self.grant))
    }
    pub(super) fn changed(&self) -> PackedEventId {
        self.extras.as_ref().map_or(self.made, |extras| extras.changed)
    }
    pub(super) fn provenance(&self) -> Provenance {
        let id = self.extras.as_ref().and_then(|extras| extras.provenance.as_deref());
        Provenance { kind: self.terms.provenance(), id: id.map(str::to_owned) }
    }
    /// Other terms and another last change; what it came from stays.
    pub(super) fn set(&mut self, terms: Terms, window: Window, changed: PackedEventId) {
        let span = Span::from_window(window);
        let provenance = self.extras.as_ref().and_then(|extras| extras.provenance.clone());
        self.terms = terms.with_provenance(self.terms.provenance());
        let plain = span == Span::ALWAYS && provenance.is_none() && changed == self.made;
        self.extras = (!plain).then(|| Arc::new(GrantExtras { span, provenance, changed }));
    }
}

impl Keyed for Edge {
    type Key = (u32, [u8; 16]);
    #[inline]
    fn key(&self) -> Self::Key {
        (self.who, self.grant)
    }
}

impl GrantView for &Edge {
    fn role(self) -> Role {
        self.terms.role()
    }
    #[inline]
    fn permissions(self) -> Permissions {
        self.terms.permissions()
    }
    #[inline]
    fn window(self) -> Window {
        self.extras.as_ref().map_or_else(Window::default, |extras| extras.span.window())
    }
    #[inline]
    fn is_for_group(self) -> bool {
        self.is_group()
    }
}

/// An open link to an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LinkRow {
    pub(super) link: LinkId,
    pub(super) generation: u32,
    pub(super) password_version: u64,
    pub(super) terms: Terms,
    pub(super) audience: Audience,
    pub(super) span: Span,
    pub(super) made: PackedEventId,
    pub(super) changed: PackedEventId,
}

impl GrantView for &LinkRow {
    fn role(self) -> Role {
        self.terms.role()
    }
    fn permissions(self) -> Permissions {
        self.terms.permissions()
    }
    fn window(self) -> Window {
        self.span.window()
    }
    fn is_for_group(self) -> bool {
        false
    }
}

impl LinkView for &LinkRow {
    fn audience(self) -> Audience {
        self.audience
    }
    fn accepts(self, visit: &Visit) -> bool {
        visit.generation == self.generation && visit.password_version == self.password_version
    }
}

/// What closing an item ended, kept for a reopening that restores all.
#[derive(Debug, Clone, Default)]
pub(super) struct Closed {
    pub(super) grants: SortedChunks<Edge>,
    pub(super) links: Vec<LinkRow>,
}

/// What few items have.
#[derive(Debug, Clone, Default)]
pub(super) struct ItemExtras {
    /// In the order of their ids.
    pub(super) links: Vec<LinkRow>,
    pub(super) closed: Option<Closed>,
    /// Numbers of the items it is part of.
    pub(super) containers: SortedChunks<u32>,
    /// Numbers of its parts.
    pub(super) parts: SortedChunks<u32>,
}

/// An item.
#[derive(Debug, Clone)]
pub(super) struct ItemNode {
    pub(super) name: TextRange,
    pub(super) kind: u16,
    pub(super) lifecycle: Lifecycle,
    pub(super) visibility: Visibility,
    pub(super) in_library: bool,
    /// The owner's number; [`GROUP`] = none yet.
    pub(super) owner: u32,
    pub(super) registered: PackedEventId,
    /// The last change of the visibility.
    pub(super) shown: PackedEventId,
    pub(super) grants: SortedChunks<Edge>,
    pub(super) extras: Option<Arc<ItemExtras>>,
}

impl Default for ItemNode {
    fn default() -> Self {
        Self {
            name: TextRange::default(),
            kind: 0,
            lifecycle: Lifecycle::Unknown,
            visibility: Visibility::Restricted,
            in_library: false,
            owner: GROUP,
            registered: PackedEventId(0),
            shown: PackedEventId(0),
            grants: SortedChunks::None,
            extras: None,
        }
    }
}

impl ItemNode {
    pub(super) fn extras_mut(&mut self) -> &mut ItemExtras {
        Arc::make_mut(self.extras.get_or_insert_default())
    }
    pub(super) fn link(&self, id: LinkId) -> Option<&LinkRow> {
        let links = &self.extras.as_ref()?.links;
        let at = links.binary_search_by(|link| link.link.cmp(&id)).ok()?;
        links.get(at)
    }
    pub(super) fn containers(&self) -> impl Iterator<Item = u32> {
        self.extras.iter().flat_map(|extras| extras.containers.iter().copied())
    }
    pub(super) fn parts(&self) -> impl Iterator<Item = u32> {
        self.extras.iter().flat_map(|extras| extras.parts.iter().copied())
    }
}

/// A library, as it was shared with an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LibraryShare {
    /// The number of whom it is open to.
    pub(super) to: u32,
    pub(super) made: PackedEventId,
}

impl Keyed for LibraryShare {
    type Key = u32;
    fn key(&self) -> u32 {
        self.to
    }
}

/// What few accounts and groups have.
#[derive(Debug, Clone, Default)]
pub(super) struct PrincipalExtras {
    /// Of an account: its groups, with [`GROUP`].
    pub(super) groups: SortedChunks<u32>,
    /// Of a group: its members.
    pub(super) members: SortedChunks<u32>,
    /// To whom it opened its library.
    pub(super) opened: SortedChunks<LibraryShare>,
    /// Whose libraries are open to it.
    pub(super) libraries: SortedChunks<u32>,
}

/// An account or a group.
#[derive(Debug, Clone, Default)]
pub(super) struct PrincipalNode {
    pub(super) name: TextRange,
    pub(super) is_group: bool,
    /// Deactivated or erased.
    pub(super) inactive: bool,
    /// Items that it owns or that grants to it are for. More may stand here than hold now, never
    /// less.
    pub(super) items: SortedChunks<u32>,
    pub(super) extras: Option<Arc<PrincipalExtras>>,
}

impl PrincipalNode {
    pub(super) fn extras_mut(&mut self) -> &mut PrincipalExtras {
        Arc::make_mut(self.extras.get_or_insert_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::role::effective;

    #[test]
    fn terms_keep_what_they_are_made_from() {
        for role in Role::ALL {
            for bits in 0..16_usize {
                let held: Vec<_> = (0..4)
                    .filter(|bit| bits & 1 << bit != 0)
                    .map(|bit| Withheld::ALL[bit])
                    .collect();
                for kind in PROVENANCE {
                    let terms = Terms::new(role, &held).with_provenance(kind);
                    assert_eq!((terms.role(), terms.provenance()), (role, kind));
                    assert!(terms.withhold().eq(held.iter().copied()));
                    assert_eq!(terms.permissions(), effective(role, &held));
                }
            }
        }
    }

    #[test]
    fn a_grant_has_the_size_it_was_planned_with() {
        assert_eq!(size_of::<Edge>(), 40);
        assert!(size_of::<ItemNode>() <= 72, "{}", size_of::<ItemNode>());
        assert!(size_of::<PrincipalNode>() <= 48, "{}", size_of::<PrincipalNode>());
    }

    #[test]
    fn events_and_windows_come_back_as_they_were() {
        let id = EventId { position: Position(1 << 40), index: 499 };
        assert_eq!(PackedEventId::from(id).event(), Some(id));
        assert_eq!(PackedEventId(0).event(), None);
        let window = Window { starts_at: None, ends_at: Some(Time::EPOCH.plus_seconds(7)) };
        assert_eq!(Span::from_window(window).window(), window);
        assert_eq!(Span::ALWAYS.window(), Window::default());
    }
}

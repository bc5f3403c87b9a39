//! Decides creating, changing, rotating and revoking links, and their passwords.

use super::{
    ItemDecider,
    check::{bytes, invalid, limits, link_role, text, window, withheld},
    lifecycle::count,
    preconditions::rule,
};
use crate::{
    aggregate::Decision,
    event::{
        Audience, EventType, ItemEvent, LinkChanged, LinkCreated, LinkPasswordCleared,
        LinkPasswordSet, LinkRevoked, LinkRotated, LinkTerms,
    },
    id::{LinkId, VaultId},
    item::{LinkPatch, NewLink, OpenLink},
    private_text::PrivateText,
    rejection::{Entity, Reason, Rejection},
    role::Permission,
};

impl ItemDecider<'_> {
    pub(super) fn create_link(&self, asked: &NewLink) -> Result<Decision<ItemEvent>, Rejection> {
        self.require_visible()?;
        self.may_link(asked.audience)?;
        self.require_not_closed()?;
        self.require_absent(Entity::Link)?;
        let kind = self.context.kinds.get(&self.context.item.kind);
        if !kind.is_some_and(|kind| kind.linkable) {
            let detail = format!("items of kind {} have no links", self.context.item.kind);
            return Err(rule(Reason::KindNotLinkable, detail));
        }
        let terms = LinkTerms {
            role: asked.role,
            audience: asked.audience,
            withhold: withheld(&asked.withhold),
            starts_at: asked.starts_at,
            ends_at: asked.ends_at,
            max_visits: asked.max_visits,
            joins: asked.joins,
            label: asked.label.clone().map(PrivateText::plain),
            state: asked.state.clone().map(PrivateText::plain),
        };
        check_terms(&terms)?;
        text("label", asked.label.as_ref(), limits::MAX_LABEL_CHARS)?;
        bytes("state", asked.state.as_ref(), limits::MAX_VIEW_STATE_BYTES)?;
        self.require_not_above_own(terms.role, &terms.withhold)?;
        window(terms.window(), self.context.now)?;
        let open = self.state.links.values().filter(|open| self.live_link(open)).count();
        // Whoever may only view leaves room for those who share.
        let shares = self.rights().has(Permission::Share);
        let most = if shares { limits::MAX_OPEN_LINKS } else { limits::MAX_OPEN_LINKS / 2 };
        let Some(id) = self.context.ids.first().filter(|_| open < most) else {
            let detail = format!("the item has {open} open links, and {most} are allowed");
            return Err(rule(Reason::TooMany, detail));
        };
        let link = LinkId(*id);
        let password = asked.password;
        let created = LinkCreated { link, terms, generation: 1, password, asked: None };
        Ok(ItemEvent::LinkCreated(created).into())
    }

    pub(super) fn change_link(
        &self,
        link: LinkId,
        patch: &LinkPatch,
    ) -> Result<Decision<ItemEvent>, Rejection> {
        let open = self.own_or_shared(link)?;
        self.require_not_closed()?;
        let before = open.terms.clone();
        let after = patched(&before, patch);
        if access(&before) != access(&after) {
            self.may_widen(open, after.audience)?;
        }
        self.require_version(Entity::Link, open.version)?;
        check_terms(&after)?;
        text("label", patch.label.iter().flatten().next(), limits::MAX_LABEL_CHARS)?;
        bytes("state", patch.state.iter().flatten().next(), limits::MAX_VIEW_STATE_BYTES)?;
        if before == after {
            return Ok(Decision::default());
        }
        if access(&before) != access(&after) {
            self.require_not_above_own(before.role, &before.withhold)?;
            self.require_not_above_own(after.role, &after.withhold)?;
            window(after.window(), self.context.now)?;
        }
        let changed = LinkChanged { link, before, after, asked: None };
        Ok(ItemEvent::LinkChanged(changed).into())
    }

    pub(super) fn rotate_link(&self, link: LinkId) -> Result<Decision<ItemEvent>, Rejection> {
        let open = self.own_or_shared(link)?;
        self.require_not_closed()?;
        self.require_version(Entity::Link, open.version)?;
        let (before, after) = (open.generation, open.generation.saturating_add(1));
        Ok(ItemEvent::LinkRotated(LinkRotated { link, before, after }).into())
    }

    pub(super) fn set_password(
        &self,
        link: LinkId,
        after: VaultId,
    ) -> Result<Decision<ItemEvent>, Rejection> {
        let open = self.own_or_shared(link)?;
        self.require_version(Entity::Link, open.version)?;
        if open.password == Some(after) {
            return Ok(Decision::default());
        }
        let set = LinkPasswordSet { link, before: open.password, after };
        Ok(ItemEvent::LinkPasswordSet(set).into())
    }

    pub(super) fn clear_password(&self, link: LinkId) -> Result<Decision<ItemEvent>, Rejection> {
        let open = self.own_or_shared(link)?;
        self.require_not_closed()?;
        let Some(before) = open.password else {
            return Ok(Decision::default());
        };
        self.may_widen(open, open.terms.audience)?;
        self.require_version(Entity::Link, open.version)?;
        let cleared = LinkPasswordCleared { link, before };
        Ok(ItemEvent::LinkPasswordCleared(cleared).into())
    }

    pub(super) fn revoke_link(
        &self,
        link: LinkId,
        cascade: bool,
    ) -> Result<Decision<ItemEvent>, Rejection> {
        let open = self.own_or_shared(link)?;
        let born = if cascade { self.state.born_from(link) } else { Vec::new() };
        let born = born.iter().filter_map(|grant| self.state.grants.get(grant));
        let born: Vec<_> = born.filter(|open| self.live(open)).collect();
        if !born.is_empty() {
            self.require_permission_for(EventType::GrantEnded)?;
        }
        self.require_version(Entity::Link, open.version)?;
        if !self.made(open) {
            self.require_not_above_own(open.terms.role, &open.terms.withhold)?;
        }
        for grant in &born {
            self.require_not_above_own(grant.grant.role, &grant.grant.withhold)?;
        }
        let revoked = LinkRevoked { link, cascade, ended: count(born.len()) };
        Ok(ItemEvent::LinkRevoked(revoked).into())
    }

    /// An open link, for its maker or for one with `share`.
    fn own_or_shared(&self, link: LinkId) -> Result<&OpenLink, Rejection> {
        self.require_visible()?;
        let open = self.state.links.get(&link).filter(|open| self.live_link(open));
        if !open.is_some_and(|open| self.made(open)) {
            self.require_permission_for(EventType::LinkChanged)?;
        }
        open.ok_or(Rejection::NotFound(Entity::Link))
    }

    fn made(&self, open: &OpenLink) -> bool {
        open.created_by.account.as_ref().is_some_and(|maker| self.is_me(maker))
    }

    /// A link for the entitled gives nothing, so that who is signed in and may view may make one.
    fn may_link(&self, audience: Audience) -> Result<(), Rejection> {
        let caller = self.context.subject;
        match audience {
            Audience::Named if caller.account_id().is_none() && !caller.unrestricted => {
                Err(Rejection::NotPermitted { needed: "an account" })
            }
            Audience::Named => self.require_permission(Permission::View),
            Audience::Internal | Audience::Anyone => {
                self.require_permission_for(EventType::LinkCreated)
            }
        }
    }

    /// What a maker without `share` may not do with a link that gives rights.
    fn may_widen(&self, open: &OpenLink, after: Audience) -> Result<(), Rejection> {
        match (open.terms.audience, after) {
            (Audience::Named, Audience::Named) => Ok(()),
            (_, Audience::Named | Audience::Internal | Audience::Anyone) => {
                self.require_permission_for(EventType::LinkChanged)
            }
        }
    }
}

/// The terms that decide who gets what; the rest is text for the owner and the application.
fn access(terms: &LinkTerms) -> LinkTerms {
    LinkTerms { label: None, state: None, ..terms.clone() }
}

fn check_terms(terms: &LinkTerms) -> Result<(), Rejection> {
    link_role(terms.role)?;
    if terms.max_visits == Some(0) {
        return Err(invalid("max_visits", "a link can be opened at least once; leave it out"));
    }
    if terms.joins && terms.audience == Audience::Named {
        let detail = "a link for those who have access anyway makes nobody a collaborator";
        return Err(invalid("joins", detail));
    }
    Ok(())
}

fn patched(before: &LinkTerms, patch: &LinkPatch) -> LinkTerms {
    let withhold = patch.withhold.clone().map(Option::unwrap_or_default);
    LinkTerms {
        role: patch.role.unwrap_or(before.role),
        audience: patch.audience.unwrap_or(before.audience),
        withhold: withhold.map_or_else(|| before.withhold.clone(), |new| withheld(&new)),
        starts_at: patch.starts_at.unwrap_or(before.starts_at),
        ends_at: patch.ends_at.unwrap_or(before.ends_at),
        max_visits: patch.max_visits.unwrap_or(before.max_visits),
        joins: patch.joins.unwrap_or(before.joins),
        label: patched_text(before.label.as_ref(), patch.label.as_ref()),
        state: patched_text(before.state.as_ref(), patch.state.as_ref()),
    }
}

/// A text that stays the same keeps its sealed form.
fn patched_text(
    before: Option<&PrivateText>,
    patch: Option<&Option<String>>,
) -> Option<PrivateText> {
    match patch {
        None => before.cloned(),
        Some(new) => {
            let new = new.clone().map(PrivateText::plain);
            if new.as_ref() == before { before.cloned() } else { new }
        }
    }
}

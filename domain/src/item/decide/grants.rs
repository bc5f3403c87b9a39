//! Decides sharing with accounts and groups, changing and ending grants.

use super::{
    ItemDecider,
    check::{grant_role, invalid, limits, window, withheld},
    preconditions::rule,
};
use crate::{
    aggregate::Decision,
    event::{
        EndCause, EventType, Grant, GrantChanged, GrantEnded, GrantGiven, GrantTerms, ItemEvent,
        Provenance,
    },
    id::{AccountId, GrantId},
    item::{EndTarget, GrantPatch, OnExisting, OpenGrant, ResolvedGrantee, Share},
    principal::Grantee,
    rejection::{Entity, Reason, Rejection, ShareResult},
    role::{Role, Withheld},
    time::Time,
};
use std::collections::BTreeSet;

impl ItemDecider<'_> {
    pub(super) fn share(&self, share: &Share) -> Result<Decision<ItemEvent>, Rejection> {
        self.require_open(EventType::GrantGiven)?;
        grant_role("role", share.role)?;
        if !(1..=limits::MAX_GRANTEES).contains(&share.grantees.len()) {
            let most = limits::MAX_GRANTEES;
            return Err(invalid("grantees", format!("1 to {most} grantees are allowed")));
        }
        let terms = GrantTerms {
            role: share.role,
            withhold: withheld(&share.withhold),
            starts_at: share.starts_at,
            ends_at: share.ends_at,
        };
        let mut sharing = ShareBuilder::new(self);
        let results = share.grantees.iter().map(|target| match target {
            ResolvedGrantee::Refused { reason, detail } => refused(*reason, detail.clone()),
            ResolvedGrantee::Grantee(grantee) => sharing
                .one(grantee, &terms, share.on_existing)
                .unwrap_or_else(|(reason, detail)| refused(reason, detail)),
        });
        let results: Vec<_> = results.collect();
        if results.iter().all(|result| matches!(result, ShareResult::Refused { .. })) {
            return Err(Rejection::NothingApplied(results));
        }
        Ok(Decision { events: sharing.events, results })
    }

    pub(super) fn change_grant(
        &self,
        grant: GrantId,
        patch: &GrantPatch,
    ) -> Result<Decision<ItemEvent>, Rejection> {
        self.require_open(EventType::GrantChanged)?;
        let open = self.state.grants.get(&grant).filter(|open| self.live(open));
        let open = open.ok_or(Rejection::NotFound(Entity::Grant))?;
        self.require_version(Entity::Grant, open.version)?;
        let before = open.grant.terms();
        let after = patched(&before, patch);
        grant_role("role", after.role)?;
        if after == before {
            return Ok(Decision::default());
        }
        self.require_not_above_own(before.role, &before.withhold)?;
        self.require_not_above_own(after.role, &after.withhold)?;
        window(after.window(), self.context.now)?;
        Ok(ItemEvent::GrantChanged(changed(&open.grant, after)).into())
    }

    pub(super) fn end_grants(&self, target: &EndTarget) -> Result<Decision<ItemEvent>, Rejection> {
        let me = self.context.subject.account_id();
        match target {
            EndTarget::Me => {
                let Some(me) = me else {
                    self.require_visible()?;
                    return Err(Rejection::NotPermitted { needed: "an account" });
                };
                self.leave(me)
            }
            EndTarget::Grantee(Grantee::Account(account)) if self.leaves(account) => {
                self.leave(account)
            }
            EndTarget::Grantee(grantee) => self.unshare(grantee),
            EndTarget::Grant(grant) => self.end_grant(*grant),
        }
    }

    /// The caller's own grants end without `share`; those that start later too, although they do
    /// not yet let the caller know the item.
    fn leave(&self, me: &AccountId) -> Result<Decision<ItemEvent>, Rejection> {
        let mine: Vec<_> = self.live_of(&Grantee::Account(me.clone())).collect();
        if mine.is_empty() {
            self.require_visible()?;
        }
        let ending = mine.into_iter().map(|open| ended(&open.grant, EndCause::Left, None));
        Ok(ending.map(ItemEvent::GrantEnded).collect::<Vec<_>>().into())
    }

    /// Does naming this account mean leaving?
    fn leaves(&self, account: &AccountId) -> bool {
        self.is_me(account) && self.state.owner.as_ref() != Some(account)
    }

    fn unshare(&self, grantee: &Grantee) -> Result<Decision<ItemEvent>, Rejection> {
        self.require(EventType::GrantEnded)?;
        if let Some(detail) = self.owner_named(grantee) {
            return Err(rule(Reason::OwnerUntouchable, detail));
        }
        let mut events = Vec::new();
        for open in self.live_of(grantee) {
            self.require_not_above_own(open.grant.role, &open.grant.withhold)?;
            events.push(ItemEvent::GrantEnded(ended(&open.grant, EndCause::Unshared, None)));
        }
        Ok(events.into())
    }

    fn end_grant(&self, id: GrantId) -> Result<Decision<ItemEvent>, Rejection> {
        let open = self.state.grants.get(&id).filter(|open| self.live(open));
        if let Some(OpenGrant { grant, version, .. }) = open
            && matches!(&grant.grantee, Grantee::Account(account) if self.leaves(account))
        {
            self.require_version(Entity::Grant, *version)?;
            return Ok(ItemEvent::GrantEnded(ended(grant, EndCause::Left, None)).into());
        }
        self.require(EventType::GrantEnded)?;
        let open = open.ok_or(Rejection::NotFound(Entity::Grant))?;
        self.require_version(Entity::Grant, open.version)?;
        self.require_not_above_own(open.grant.role, &open.grant.withhold)?;
        Ok(ItemEvent::GrantEnded(ended(&open.grant, EndCause::Unshared, None)).into())
    }

    fn live_of(&self, grantee: &Grantee) -> impl Iterator<Item = &OpenGrant> {
        let all = self.state.grants.values();
        all.filter(move |open| open.grant.grantee == *grantee && self.live(open))
    }

    /// Why the owner cannot be named, when it is.
    pub(super) fn owner_named(&self, grantee: &Grantee) -> Option<String> {
        match grantee {
            Grantee::Account(account) if self.state.owner.as_ref() == Some(account) => {
                Some("the owner has every right; no grant gives or takes one".to_owned())
            }
            Grantee::Account(_) | Grantee::Group(_) => None,
        }
    }

    /// The open direct grant of a grantee, whether or not its end has passed.
    pub(super) fn direct(&self, grantee: &Grantee) -> Option<&OpenGrant> {
        self.state.grants.values().find(|open| {
            open.grant.grantee == *grantee && open.grant.provenance == Provenance::DIRECT
        })
    }
}

/// Why one grantee is refused.
type Refusal = (Reason, String);

/// A share going from grantee to grantee.
struct ShareBuilder<'a> {
    decider: &'a ItemDecider<'a>,
    seen: BTreeSet<Grantee>,
    open: usize,
    ids: std::slice::Iter<'a, uuid::Uuid>,
    events: Vec<ItemEvent>,
}

impl<'a> ShareBuilder<'a> {
    fn new(decider: &'a ItemDecider<'a>) -> Self {
        let open = decider.state.grants.values().filter(|open| decider.live(open)).count();
        let ids = decider.context.ids.iter();
        Self { decider, seen: BTreeSet::new(), open, ids, events: Vec::new() }
    }

    fn one(
        &mut self,
        grantee: &Grantee,
        terms: &GrantTerms,
        on_existing: OnExisting,
    ) -> Result<ShareResult, Refusal> {
        self.check(grantee, terms)?;
        let decider = self.decider;
        if let Some(open) = decider.direct(grantee) {
            if decider.live(open) {
                return self.existing(&open.grant, terms, on_existing);
            }
            let end = open.grant.ends_at;
            let over = ended(&open.grant, EndCause::Expired, end);
            return self.give(grantee, terms, Some(ItemEvent::GrantEnded(over)));
        }
        self.give(grantee, terms, None)
    }

    fn check(&mut self, grantee: &Grantee, terms: &GrantTerms) -> Result<(), Refusal> {
        if !self.seen.insert(grantee.clone()) {
            let detail = "duplicate grantee".to_owned();
            return Err((Reason::DuplicateInRequest, detail));
        }
        if matches!(grantee, Grantee::Account(account) if self.decider.is_me(account)) {
            return Err((Reason::SelfShare, "cannot share with yourself".to_owned()));
        }
        if let Some(detail) = self.decider.owner_named(grantee) {
            return Err((Reason::OwnerUntouchable, detail));
        }
        self.require_not_above_own(terms.role, &terms.withhold)?;
        window(terms.window(), self.decider.context.now)
            .map_err(|rejection| (Reason::WindowInPast, rejection.to_string()))
    }

    fn require_not_above_own(&self, role: Role, withhold: &[Withheld]) -> Result<(), Refusal> {
        let checked = self.decider.require_not_above_own(role, withhold);
        checked.map_err(|rejection| (Reason::AboveOwnRole, rejection.to_string()))
    }

    fn existing(
        &mut self,
        grant: &Grant,
        terms: &GrantTerms,
        on_existing: OnExisting,
    ) -> Result<ShareResult, Refusal> {
        if grant.terms() == *terms || on_existing == OnExisting::Keep {
            return Ok(ShareResult::Unchanged { grant: grant.grant });
        }
        self.require_not_above_own(grant.role, &grant.withhold)?;
        self.events.push(ItemEvent::GrantChanged(changed(grant, terms.clone())));
        Ok(ShareResult::Changed { grant: grant.grant })
    }

    fn give(
        &mut self,
        grantee: &Grantee,
        terms: &GrantTerms,
        first: Option<ItemEvent>,
    ) -> Result<ShareResult, Refusal> {
        let id = self.ids.next().filter(|_| self.open < limits::MAX_OPEN_GRANTS).copied();
        let Some(id) = id else {
            let most = limits::MAX_OPEN_GRANTS;
            return Err((Reason::TooMany, format!("an item has at most {most} open grants")));
        };
        self.open += 1;
        self.events.extend(first);
        let grant = GrantId(id);
        self.events.push(ItemEvent::GrantGiven(given(grant, grantee, terms)));
        Ok(ShareResult::Granted { grant })
    }
}

/// A new direct grant.
pub(super) fn given(grant: GrantId, grantee: &Grantee, terms: &GrantTerms) -> GrantGiven {
    let grant = Grant {
        grant,
        grantee: grantee.clone(),
        role: terms.role,
        withhold: terms.withhold.clone(),
        starts_at: terms.starts_at,
        ends_at: terms.ends_at,
        provenance: Provenance::DIRECT,
    };
    GrantGiven { grant, asked: None }
}

/// An open grant with other terms.
pub(super) fn changed(grant: &Grant, after: GrantTerms) -> GrantChanged {
    GrantChanged {
        grant: grant.grant,
        grantee: grant.grantee.clone(),
        before: grant.terms(),
        after,
        asked: None,
    }
}

/// The end of an open grant.
pub(super) fn ended(grant: &Grant, cause: EndCause, effective_at: Option<Time>) -> GrantEnded {
    GrantEnded {
        grant: grant.grant,
        grantee: grant.grantee.clone(),
        before: grant.terms(),
        cause,
        effective_at,
    }
}

fn patched(before: &GrantTerms, patch: &GrantPatch) -> GrantTerms {
    let withhold = patch.withhold.clone().map(Option::unwrap_or_default);
    GrantTerms {
        role: patch.role.unwrap_or(before.role),
        withhold: withhold.map_or_else(|| before.withhold.clone(), |new| withheld(&new)),
        starts_at: patch.starts_at.unwrap_or(before.starts_at),
        ends_at: patch.ends_at.unwrap_or(before.ends_at),
    }
}

fn refused(reason: Reason, detail: impl Into<String>) -> ShareResult {
    ShareResult::Refused { reason, detail: detail.into() }
}

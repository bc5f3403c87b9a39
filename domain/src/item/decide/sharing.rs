//! Decides the replacement of visibility and all direct grants at once.

use super::{
    ItemDecider,
    check::{grant_role, invalid, limits, window, withheld},
    grants::{changed, ended, given},
    preconditions::rule,
};
use crate::{
    aggregate::{Condition, Decision},
    event::{EndCause, EventType, GrantTerms, ItemEvent, Provenance, Visibility},
    field::FieldPath,
    id::GrantId,
    item::GrantSpec,
    principal::Grantee,
    rejection::{Entity, Reason, Rejection},
};
use std::collections::{BTreeMap, BTreeSet};

impl ItemDecider<'_> {
    /// One commit with no more events than the difference needs. Grants of other provenance stay.
    pub(super) fn replace_sharing(
        &self,
        visibility: Visibility,
        grants: &[GrantSpec],
    ) -> Result<Decision<ItemEvent>, Rejection> {
        self.require_open(EventType::GrantGiven)?;
        if visibility != self.state.visibility {
            self.require_permission_for(EventType::VisibilityChanged)?;
        }
        if matches!(self.context.condition, Condition::None | Condition::Absent) {
            return Err(Rejection::PreconditionRequired(Entity::Sharing));
        }
        self.require_version(Entity::Sharing, self.state.sharing_version)?;
        let asked = self.asked(grants)?;
        let mut events = self.visibility_events(visibility);
        let mut kept: BTreeSet<&Grantee> = BTreeSet::new();
        let (mut ends, mut changes) = (Vec::new(), Vec::new());
        for open in self.state.grants.values() {
            let grant = &open.grant;
            if grant.provenance != Provenance::DIRECT {
                continue;
            }
            let wanted = asked.get(&grant.grantee);
            match (self.live(open), wanted) {
                (true, Some(terms)) => {
                    kept.insert(&grant.grantee);
                    if *terms != grant.terms() {
                        self.require_not_above_own(grant.role, &grant.withhold)?;
                        self.acceptable(&grant.grantee, terms)?;
                        changes.push(ItemEvent::GrantChanged(changed(grant, terms.clone())));
                    }
                }
                (true, None) => {
                    self.require_not_above_own(grant.role, &grant.withhold)?;
                    ends.push(ItemEvent::GrantEnded(ended(grant, EndCause::Unshared, None)));
                }
                (false, Some(_)) => {
                    let over = ended(grant, EndCause::Expired, grant.ends_at);
                    ends.push(ItemEvent::GrantEnded(over));
                }
                (false, None) => {}
            }
        }
        events.append(&mut ends);
        events.append(&mut changes);
        let mut ids = self.context.ids.iter();
        for spec in grants.iter().filter(|spec| !kept.contains(&spec.grantee)) {
            let terms = terms(spec);
            self.acceptable(&spec.grantee, &terms)?;
            let id = ids.next().ok_or_else(|| rule(Reason::TooMany, "too many new grants"))?;
            events.push(ItemEvent::GrantGiven(given(GrantId(*id), &spec.grantee, &terms)));
        }
        Ok(events.into())
    }

    fn asked<'g>(
        &self,
        grants: &'g [GrantSpec],
    ) -> Result<BTreeMap<&'g Grantee, GrantTerms>, Rejection> {
        if grants.len() > limits::MAX_OPEN_GRANTS {
            let detail = format!("an item has at most {} open grants", limits::MAX_OPEN_GRANTS);
            return Err(invalid("grants", detail));
        }
        let mut asked = BTreeMap::new();
        for (index, spec) in grants.iter().enumerate() {
            grant_role(FieldPath::from("grants").place(index).field("role"), spec.role)?;
            if let Some(detail) = self.owner_named(&spec.grantee) {
                return Err(rule(Reason::OwnerUntouchable, detail));
            }
            if asked.insert(&spec.grantee, terms(spec)).is_some() {
                let detail = format!("duplicate grantee {}", spec.grantee);
                return Err(rule(Reason::DuplicateInRequest, detail));
            }
        }
        Ok(asked)
    }

    /// May the caller give these terms, and do they still hold?
    fn acceptable(&self, grantee: &Grantee, terms: &GrantTerms) -> Result<(), Rejection> {
        if matches!(grantee, Grantee::Account(account) if self.is_me(account)) {
            return Err(rule(Reason::SelfShare, "cannot share with yourself"));
        }
        self.require_not_above_own(terms.role, &terms.withhold)?;
        window(terms.window(), self.context.now)
    }
}

fn terms(spec: &GrantSpec) -> GrantTerms {
    GrantTerms {
        role: spec.role,
        withhold: withheld(&spec.withhold),
        starts_at: spec.starts_at,
        ends_at: spec.ends_at,
    }
}

//! The permissions a caller has on an item, and the position as of which they are known.
//!
//! The item's own state, as a command decides on it, is exact. What other streams add (whether the
//! account is active, which groups it is in, what flows down from containers and libraries) comes
//! from an [`Authority`], known up to a position. Where that cannot answer, the account's own
//! stream is read, and a refusal for lack of permissions is reported as unavailable instead,
//! because it is not known to be right.

use crate::{
    Caller, CommandError,
    accounts::{AccountService, active},
    handler::Handler,
    signing::VisitService,
};
use async_trait::async_trait;
use domain::{
    access::{self, Subject},
    aggregate::Decision,
    event::ItemEvent,
    id::{AccountId, GroupId, ItemRef},
    item::ItemState,
    lifecycle::Lifecycle,
    position::Position,
    principal::Principal,
    rejection::{Entity, Reason, Rejection, ShareResult},
    role::{Permission, Permissions},
    time::Time,
};
use eventlog::Checkpoint;
use std::{collections::BTreeSet, fmt, sync::Arc};
use uuid::Uuid;

/// What is known of an account beside an item's own state.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccountFacts {
    /// Neither deactivated nor erased.
    pub active: bool,
    /// The groups it is a member of.
    pub groups: BTreeSet<GroupId>,
    /// What flows to it from containers of the item.
    pub through_containers: Permissions,
    /// What it has because the owner's library is open to it.
    pub through_library: Permissions,
    /// The position up to which all this is known.
    pub known: Position,
}

/// Knows what other streams than the item's say of an account.
#[async_trait]
pub trait Authority: Send + Sync + fmt::Debug {
    /// What is known of an account towards an item, at least up to a position and no more than a
    /// moment old. Waits for that position for a bounded time; an error means that it is not
    /// known.
    async fn account_facts(
        &self,
        account: &AccountId,
        item: &ItemRef,
        at_least: Position,
        now: Time,
    ) -> Result<AccountFacts, CommandError>;

    /// What ends by the clock: the earliest ends, at most so many; `None` = it does not know, and
    /// the log must be read for them.
    async fn ends(&self, most: usize) -> Result<Option<KnownEnds>, CommandError> {
        let _ = most;
        Ok(None)
    }
}

/// The ends of open grants and links as known at one place of the log.
#[derive(Debug, Clone)]
pub struct KnownEnds {
    /// That place.
    pub at: Checkpoint,
    /// When what ends, on which item; the earliest ones.
    pub earliest: Vec<(Time, Uuid, ItemRef)>,
    /// When the first of those ends that are left out for lack of room.
    pub left_out: Option<Time>,
}

/// What a caller may do with an item, for commands and reads alike.
#[derive(Debug)]
pub struct EffectiveAccess {
    /// The caller as the access rule takes it, with all visits that are valid.
    pub subject: Subject,
    /// What it may do.
    pub permissions: Permissions,
    /// The position up to which this is known.
    pub known_at: Position,
    /// Why what other streams say is not known: permissions beyond these are possible.
    pub uncertain: Option<CommandError>,
    /// Why visits that were presented gave nothing.
    pub ignored_visits: Vec<String>,
}

impl EffectiveAccess {
    /// Has the caller a permission? An error where that is not known.
    pub fn has(self, permission: Permission) -> Result<bool, CommandError> {
        match self.uncertain {
            _ if self.permissions.has(permission) => Ok(true),
            Some(error) => Err(error),
            None => Ok(false),
        }
    }

    /// A decision as it may be reported: one that lacks permissions is none where they are
    /// uncertain.
    pub(crate) fn certain(
        &mut self,
        decided: Result<Decision<ItemEvent>, Rejection>,
    ) -> Result<Decision<ItemEvent>, CommandError> {
        let lacking = match &decided {
            Ok(decision) => decision.results.iter().any(above_own),
            Err(rejection) => for_lack_of_permissions(rejection),
        };
        match self.uncertain.take().filter(|_| lacking) {
            Some(error) => Err(error),
            None => Ok(decided?),
        }
    }
}

fn above_own(result: &ShareResult) -> bool {
    matches!(result, ShareResult::Refused { reason: Reason::AboveOwnRole, .. })
}

fn for_lack_of_permissions(rejection: &Rejection) -> bool {
    match rejection {
        Rejection::NotPermitted { .. } | Rejection::NotFound(Entity::Item) => true,
        Rejection::Rule { reason, .. } => *reason == Reason::AboveOwnRole,
        Rejection::NothingApplied(results) => results.iter().any(above_own),
        Rejection::NotFound(_)
        | Rejection::AlreadyExists
        | Rejection::UnknownKind { .. }
        | Rejection::InvalidField { .. }
        | Rejection::OwnerChangesByTransfer { .. }
        | Rejection::ItemClosed
        | Rejection::ItemRetired
        | Rejection::PreconditionFailed { .. }
        | Rejection::PreconditionRequired(_)
        | Rejection::TooLarge { .. } => false,
    }
}

/// Finds out what callers may do.
#[derive(Debug)]
pub(crate) struct AccessService {
    pub(crate) authority: Option<Arc<dyn Authority>>,
    pub(crate) handler: Arc<Handler>,
    pub(crate) accounts: Arc<AccountService>,
    pub(crate) visits: Arc<VisitService>,
}

impl AccessService {
    /// What a caller may do with an item, known at least up to a position. `state` is the item's as
    /// the command decides on it, or the answer shows it.
    pub(crate) async fn effective_access(
        &self,
        caller: &Caller,
        item: &ItemRef,
        state: &ItemState,
        at_least: Position,
        now: Time,
    ) -> Result<EffectiveAccess, CommandError> {
        let mut subject = Subject { unrestricted: caller.unrestricted(), ..Subject::default() };
        let (mut facts, mut uncertain) = (AccountFacts::default(), None);
        if let Some(account) = &caller.account {
            if !subject.unrestricted {
                (facts, uncertain) = self.account_facts(account, item, at_least, now).await?;
            }
            if subject.unrestricted || facts.active {
                subject.principal = Principal::Account(account.clone());
                subject.groups = std::mem::take(&mut facts.groups);
            }
        }
        let mut ignored_visits = Vec::new();
        for text in &caller.visits {
            match self.visits.validate(text, &subject, state, now).await? {
                Ok(visit) => subject.visits.push(visit),
                Err(why) => ignored_visits.push(why.to_owned()),
            }
        }
        let mut permissions = access::permissions(state, &subject, now);
        // A closed item cuts what is inherited, at once.
        if state.lifecycle == Lifecycle::Open {
            permissions = permissions.union(facts.through_containers);
            if state.in_library {
                permissions = permissions.union(facts.through_library);
            }
        }
        let known_at = state.position.max(at_least).max(facts.known);
        Ok(EffectiveAccess { subject, permissions, known_at, uncertain, ignored_visits })
    }

    /// What is known of an account: by the authority, after all that this node has recorded of
    /// accounts; where that does not know, by the account's own stream, and why that is not all.
    async fn account_facts(
        &self,
        account: &AccountId,
        item: &ItemRef,
        at_least: Position,
        now: Time,
    ) -> Result<(AccountFacts, Option<CommandError>), CommandError> {
        let mut uncertain = None;
        if let Some(authority) = &self.authority {
            let at_least = at_least.max(self.handler.recorded_of_accounts());
            match authority.account_facts(account, item, at_least, now).await {
                Ok(standing) => return Ok((standing, None)),
                Err(error) => uncertain = Some(error),
            }
        }
        let (found, known) = self.accounts.recent(account, at_least).await?;
        Ok((AccountFacts { active: active(&found), known, ..AccountFacts::default() }, uncertain))
    }
}

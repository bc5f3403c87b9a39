//! The permissions a caller has on an item, and the position as of which they are known.
//!
//! The item's own state, as a command decides on it, is exact. What other streams add (whether the
//! account is active, which groups it is in, what flows down from containers and libraries) comes
//! from an [`Authority`], known up to a position. Where that cannot answer, the account's own
//! stream is read, and a refusal for lack of permissions is reported as unavailable instead,
//! because it is not known to be right.

use crate::{
    Caller, CommandError,
    core::{Core, active},
};
use async_trait::async_trait;
use domain::{
    access::{self, Subject},
    aggregate::Decision,
    event::ItemEvent,
    id::{AccountId, GroupId, ItemRef},
    item::{ItemState, Lifecycle},
    position::Position,
    rejection::{Entity, Reason, Rejection, ShareResult},
    role::Permissions,
    time::Time,
};
use eventlog::Checkpoint;
use std::{collections::BTreeSet, fmt};
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
    /// How an account stands, towards an item if one is named, known at least up to a position and
    /// no more than a moment old. Waits for that position for a bounded time; an error means that
    /// it does not know.
    async fn account_facts(
        &self,
        account: &AccountId,
        item: Option<&ItemRef>,
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

/// Who asks, with everything valid that could give a right.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) subject: Subject,
    /// Why visits that were presented gave nothing.
    pub(crate) ignored_visits: Vec<String>,
    standing: AccountFacts,
    /// Why what other streams say is not known.
    doubt: Option<CommandError>,
}

/// What the rights of a caller on an item are, and as of which position they are known.
#[derive(Debug)]
pub(crate) struct Rights {
    pub(crate) subject: Subject,
    /// What that one may do now.
    pub(crate) permissions: Permissions,
    /// The position up to which rights are known.
    pub(crate) seen: Position,
    pub(crate) ignored_visits: Vec<String>,
    doubt: Option<CommandError>,
}

impl Rights {
    /// A decision as it may be told: one that lacks rights is none where rights are in doubt.
    pub(crate) fn told(
        &mut self,
        decided: Result<Decision<ItemEvent>, Rejection>,
    ) -> Result<Decision<ItemEvent>, CommandError> {
        let lacking = match &decided {
            Ok(decision) => decision.results.iter().any(above_own),
            Err(rejection) => for_lack_of_rights(rejection),
        };
        match self.doubt.take().filter(|_| lacking) {
            Some(doubt) => Err(doubt),
            None => Ok(decided?),
        }
    }

    /// The permissions; fails where they are in doubt.
    pub(crate) fn certain(self) -> Result<Permissions, CommandError> {
        self.doubt.map_or(Ok(self.permissions), Err)
    }
}

fn above_own(result: &ShareResult) -> bool {
    matches!(result, ShareResult::Refused { reason: Reason::AboveOwnRole, .. })
}

fn for_lack_of_rights(rejection: &Rejection) -> bool {
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

impl Core {
    /// What ends by the clock, as the authority knows it.
    pub(crate) async fn ends(&self, most: usize) -> Result<Option<KnownEnds>, CommandError> {
        match &self.parts.authority {
            Some(authority) => authority.ends(most).await,
            None => Ok(None),
        }
    }

    /// The rights on an item, known at least up to a position. `state` is the item's as the command
    /// decides on it.
    pub(crate) async fn rights(
        &self,
        caller: &Caller,
        item: &ItemRef,
        state: &ItemState,
        at_least: Position,
        now: Time,
    ) -> Result<Rights, CommandError> {
        let asked = self.subject(caller, Some(item), state, at_least, now).await?;
        let Asked { subject, ignored_visits, standing, doubt } = asked;
        let mut permissions = access::permissions(&subject, state, now);
        // A closed item cuts what is inherited, at once.
        if state.lifecycle == Lifecycle::Open {
            permissions = permissions.union(standing.through_containers);
            if state.in_library {
                permissions = permissions.union(standing.through_library);
            }
        }
        let seen = state.position.max(at_least).max(standing.known);
        Ok(Rights { subject, permissions, seen, ignored_visits, doubt })
    }

    /// Who asks, with everything valid that could give a right; why the rest gives nothing.
    pub(crate) async fn subject(
        &self,
        caller: &Caller,
        item: Option<&ItemRef>,
        state: &ItemState,
        at_least: Position,
        now: Time,
    ) -> Result<Asked, CommandError> {
        let mut subject = Subject { unrestricted: caller.unrestricted(), ..Subject::default() };
        let (mut standing, mut doubt) = (AccountFacts::default(), None);
        if let Some(account) = &caller.account {
            if subject.unrestricted {
                subject.account = Some(account.clone());
            } else {
                (standing, doubt) = self.account_facts(account, item, at_least, now).await?;
                subject.account = standing.active.then(|| account.clone());
                subject.groups = std::mem::take(&mut standing.groups);
            }
        }
        let mut ignored_visits = Vec::new();
        for text in &caller.visits {
            match self.visit(text, &subject, state, now).await? {
                Ok(visit) => subject.visits.push(visit),
                Err(why) => ignored_visits.push(why.to_owned()),
            }
        }
        Ok(Asked { subject, ignored_visits, standing, doubt })
    }

    /// How an account stands: as the authority knows, after all that this node has recorded of
    /// accounts; where it does not know, as the account's own stream says.
    async fn account_facts(
        &self,
        account: &AccountId,
        item: Option<&ItemRef>,
        at_least: Position,
        now: Time,
    ) -> Result<(AccountFacts, Option<CommandError>), CommandError> {
        let mut doubt = None;
        if let Some(authority) = &self.parts.authority {
            let at_least = at_least.max(self.handler.recorded_of_accounts());
            match authority.account_facts(account, item, at_least, now).await {
                Ok(standing) => return Ok((standing, None)),
                Err(error) => doubt = Some(error),
            }
        }
        let (found, known) = self.recent_account(account, at_least).await?;
        Ok((AccountFacts { active: active(&found), known, ..AccountFacts::default() }, doubt))
    }
}

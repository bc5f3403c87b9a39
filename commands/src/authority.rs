//! What may a caller do with an item, and as of which position is that known?

use crate::{Caller, CommandError, Rights, core::Core, core::active};
use async_trait::async_trait;
use domain::{
    access::{self, Subject},
    id::ItemRef,
    item::ItemState,
    position::Position,
    time::Time,
};
use std::{collections::BTreeSet, fmt, sync::Arc};

/// Answers the rights of callers. The first implementation judges from the item alone.
#[async_trait]
pub trait Authority: Send + Sync + fmt::Debug {
    /// The rights on an item, known at least up to a position. `state` is the item's as the command
    /// decides on it.
    async fn rights(
        &self,
        caller: &Caller,
        item: &ItemRef,
        state: &ItemState,
        at_least: Position,
        now: Time,
    ) -> Result<Rights, CommandError>;
}

/// Judges from the item alone, the status of the caller's account, and visits.
#[derive(Debug, Clone)]
pub(crate) struct ItemAuthority {
    pub(crate) core: Arc<Core>,
}

#[async_trait]
impl Authority for ItemAuthority {
    async fn rights(
        &self,
        caller: &Caller,
        _item: &ItemRef,
        state: &ItemState,
        at_least: Position,
        now: Time,
    ) -> Result<Rights, CommandError> {
        let (subject, ignored_visits, known) =
            self.core.subject(caller, state, at_least, now).await?;
        let permissions = access::permissions(&subject, state, now);
        let seen = state.position.max(at_least).max(known);
        Ok(Rights { subject, permissions, seen, ignored_visits })
    }
}

impl Core {
    /// Who asks, with everything valid that could give a right; why the rest gives nothing; and the
    /// position up to which the account's status is known.
    pub(crate) async fn subject(
        &self,
        caller: &Caller,
        state: &ItemState,
        at_least: Position,
        now: Time,
    ) -> Result<(Subject, Vec<String>, Position), CommandError> {
        let mut subject = Subject { unrestricted: caller.unrestricted(), ..Subject::default() };
        let mut known = Position::START;
        if let Some(account) = &caller.account {
            if subject.unrestricted {
                subject.account = Some(account.clone());
            } else {
                let (found, position) = self.recent_account(account, at_least).await?;
                known = position;
                subject.account = active(&found).then(|| account.clone());
            }
        }
        subject.groups = BTreeSet::new();
        let mut ignored = Vec::new();
        for text in &caller.visits {
            match self.visit(text, &subject, state, now).await? {
                Ok(visit) => subject.visits.push(visit),
                Err(why) => ignored.push(why.to_owned()),
            }
        }
        Ok((subject, ignored, known))
    }
}

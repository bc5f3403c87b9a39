//! Encodes a decision as the bytes of a record: private texts sealed, envelope encoded, size
//! checked.

use super::{CommandContext, Decided, EncodedCommit, Handler, MAX_RECORD_BYTES, vault_error};
use crate::{CommandError, vault::key_ring::DataKey};
use domain::{
    aggregate::Aggregate,
    id::{AccountId, CommitId},
    private_text::{HoldsPrivateText, PrivateText},
    rejection::{Reason, Rejection},
    stream::StreamName,
    time::Time,
};
use eventlog::{Append, ENVELOPE_FORMAT, EncodeError, Envelope, StoredEvent};
use std::sync::Arc;

/// The stream whose data key seals the texts of an account, or those of no account.
fn key_owner(account: Option<&AccountId>) -> String {
    account.map_or(StreamName::System, |account| StreamName::Account(account.clone())).to_string()
}

impl Handler {
    /// Encodes a decision as the next record of its stream.
    pub(super) async fn encode<A: Aggregate>(
        &self,
        issue: &CommandContext<'_>,
        id: &A::Id,
        state: &A,
        at: Time,
        mut decided: Decided<A>,
    ) -> Result<EncodedCommit<A>, CommandError> {
        let commit = CommitId(issue.command.0);
        let decision = &mut decided.decision;
        let owner = state.key_owner(id, &decision.events);
        self.seal_events(issue, commit, owner.as_ref(), &mut decision.events).await?;
        let reason = self.seal_reason(issue, commit, owner.as_ref()).await?;
        let events: Result<Vec<StoredEvent>, EncodeError> =
            decision.events.iter().map(StoredEvent::encode).collect();
        let envelope = Envelope {
            f: ENVELOPE_FORMAT,
            log: self.log_id,
            stream: issue.stream.clone(),
            prev: state.position(),
            seen: decided.seen.unwrap_or_else(|| state.position()),
            commit,
            command: issue.command,
            part: (0, 1),
            at,
            actor: issue.request.caller.actor(),
            key: issue.key.clone(),
            body: issue.body.clone(),
            reason,
            ticket: issue.request.ticket.clone(),
            undoes: None,
            source: None,
            trace: issue.request.trace.clone(),
            results: decision.results.clone(),
            events: events.map_err(refused)?,
        };
        let append = Append::new(envelope).map_err(refused)?;
        Ok(EncodedCommit { append, at, decided })
    }

    async fn seal_events(
        &self,
        issue: &CommandContext<'_>,
        commit: CommitId,
        owner: Option<&AccountId>,
        events: &mut [impl HoldsPrivateText],
    ) -> Result<(), CommandError> {
        let mut key: Option<Arc<DataKey>> = None;
        for event in events {
            for field in event.private_texts() {
                if !field.text.needs_sealing() {
                    continue;
                }
                let key = match &key {
                    Some(key) => key,
                    None => key.insert(self.key_for(issue, owner).await?),
                };
                seal(key, issue, commit, field.field, field.text)?;
            }
        }
        Ok(())
    }

    async fn seal_reason(
        &self,
        issue: &CommandContext<'_>,
        commit: CommitId,
        owner: Option<&AccountId>,
    ) -> Result<Option<PrivateText>, CommandError> {
        let Some(reason) = &issue.request.reason else { return Ok(None) };
        let acting = issue.request.caller.account.as_ref();
        let key = self.key_for(issue, acting.or(owner)).await?;
        let mut text = PrivateText::plain(reason.clone());
        seal(&key, issue, commit, "reason", &mut text)?;
        Ok(Some(text))
    }

    async fn key_for(
        &self,
        issue: &CommandContext<'_>,
        owner: Option<&AccountId>,
    ) -> Result<Arc<DataKey>, CommandError> {
        if issue.request.dry_run {
            return Ok(Arc::new(DataKey::throwaway()));
        }
        let key = self.key_ring.sealing_key(&key_owner(owner)).await.map_err(vault_error)?;
        key.ok_or_else(|| {
            CommandError::Rejected(Rejection::Rule {
                reason: Reason::AccountInactive,
                detail: "the account that these texts would be kept for is erased".to_owned(),
            })
        })
    }
}

fn seal(
    key: &DataKey,
    issue: &CommandContext<'_>,
    commit: CommitId,
    field: &str,
    text: &mut PrivateText,
) -> Result<(), CommandError> {
    let plain = text.as_plain().unwrap_or_default();
    let sealed = key
        .seal(issue.stream, commit, field, plain)
        .ok_or_else(|| CommandError::Internal(format!("the {field} cannot be sealed")))?;
    text.set_sealed(sealed);
    Ok(())
}

fn refused(error: EncodeError) -> CommandError {
    match error {
        EncodeError::TooLarge { size } => {
            CommandError::Rejected(Rejection::TooLarge { size, limit: MAX_RECORD_BYTES })
        }
        EncodeError::Payload(error) => CommandError::Internal(error.to_string()),
    }
}

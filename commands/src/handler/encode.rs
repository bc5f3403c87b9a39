//! Encodes a decision as the bytes of a record: private texts sealed, envelope encoded, size
//! checked.

use super::{CommandContext, EncodedCommit, Handler, MAX_RECORD_BYTES, Proposal, vault_error};
use crate::{CommandError, vault::key_ring::DataKey};
use domain::{
    id::CommitId,
    position::Position,
    private_text::{HoldsPrivateText as _, PrivateText},
    rejection::{Reason, Rejection},
    time::Time,
};
use eventlog::{Append, ENVELOPE_FORMAT, EncodeError, Envelope, StoredEvent};
use std::sync::Arc;

/// Whose key seals what belongs to nobody.
const NOBODY: &str = "system";

impl Handler {
    pub(super) async fn envelope(
        &self,
        issue: &CommandContext<'_>,
        prev: Position,
        commit: CommitId,
        at: Time,
        mut proposal: Proposal,
    ) -> Result<EncodedCommit, CommandError> {
        self.seal_events(issue, commit, &mut proposal).await?;
        let reason = self.seal_reason(issue, commit, &proposal).await?;
        let events: Result<Vec<StoredEvent>, EncodeError> =
            proposal.events.iter().map(StoredEvent::encode).collect();
        let envelope = Envelope {
            f: ENVELOPE_FORMAT,
            log: self.log_id,
            stream: issue.stream.clone(),
            prev,
            seen: proposal.seen,
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
            results: proposal.results.clone(),
            events: events.map_err(refused)?,
        };
        let append = Append::new(envelope).map_err(refused)?;
        Ok(EncodedCommit { append, at, commit, proposal })
    }

    async fn seal_events(
        &self,
        issue: &CommandContext<'_>,
        commit: CommitId,
        proposal: &mut Proposal,
    ) -> Result<(), CommandError> {
        let mut key: Option<Arc<DataKey>> = None;
        for event in &mut proposal.events {
            for field in event.private_texts() {
                if !field.text.needs_sealing() {
                    continue;
                }
                let key = match &key {
                    Some(key) => key,
                    None => key.insert(self.key_for(issue, proposal.key_owner.as_deref()).await?),
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
        proposal: &Proposal,
    ) -> Result<Option<PrivateText>, CommandError> {
        let Some(reason) = &issue.request.reason else { return Ok(None) };
        let acting = issue.request.caller.account.as_ref().map(|id| format!("account/{id}"));
        let key_owner = acting.or_else(|| proposal.key_owner.clone());
        let key = self.key_for(issue, key_owner.as_deref()).await?;
        let mut text = PrivateText::plain(reason.clone());
        seal(&key, issue, commit, "reason", &mut text)?;
        Ok(Some(text))
    }

    async fn key_for(
        &self,
        issue: &CommandContext<'_>,
        key_owner: Option<&str>,
    ) -> Result<Arc<DataKey>, CommandError> {
        if issue.request.dry_run {
            return Ok(Arc::new(DataKey::throwaway()));
        }
        let key =
            self.key_ring.sealing_key(key_owner.unwrap_or(NOBODY)).await.map_err(vault_error)?;
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

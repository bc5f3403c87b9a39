//! Access tokens: made, listed, checked, revoked.

use super::{Commands, system::only_administrators};
use crate::{
    Caller, CommandError, CommandFuture, NewToken, Outcome, Request, Secret, TokenIdentity,
    handler::{Decided, Decider, vault_error},
    random,
    vault::{Row, RowKind},
};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use domain::{
    aggregate::{Aggregate as _, Circumstances, Condition},
    event::{CallerRole, TokenEvent, TokenIssued},
    id::{TokenId, VaultId},
    position::Position,
    rejection::Rejection,
    stream::StreamName,
    time::Time,
    token::{TokenCommand, TokenState},
};
use eventlog::{ActivityEntry, ActivityKind};
use sha2::{Digest as _, Sha256};
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};
use uuid::Uuid;

/// What every bearer token begins with.
const PREFIX: &str = "sl_";

struct TokenDecider<'a> {
    commands: &'a Commands,
    token: TokenId,
    command: TokenCommand,
    /// The row of a new token.
    row: Option<Row>,
    written: AtomicBool,
}

impl Decider<TokenState> for TokenDecider<'_> {
    async fn decide(
        &self,
        state: &TokenState,
        at: Time,
    ) -> Result<Decided<TokenState>, CommandError> {
        let circumstances = Circumstances { now: at, condition: Condition::None };
        Ok(state.decide(&self.command, &circumstances)?.into())
    }

    async fn write_references(
        &self,
        _state: &TokenState,
        _events: &[TokenEvent],
        at: Time,
    ) -> Result<(), CommandError> {
        if let Some(row) = &self.row
            && !self.written.load(Ordering::Relaxed)
        {
            let stream = StreamName::Token(self.token).to_string();
            let row = Row { written_at: at, stream, ..row.clone() };
            self.commands.core.parts.vault.add_row(row).await.map_err(vault_error)?;
            self.written.store(true, Ordering::Relaxed);
        }
        Ok(())
    }
}

impl Commands {
    /// Makes an access token. The secret is `None` on a replay and on a dry run.
    pub fn issue_token<'a>(
        &'a self,
        request: &'a Request,
        token: NewToken,
    ) -> CommandFuture<'a, (Outcome<TokenState>, TokenId, Option<Secret>)> {
        Box::pin(async move {
            only_administrators(request)?;
            if (token.role == CallerRole::Account) != token.account.is_some() {
                return Err(Rejection::InvalidField {
                    field: "account".into(),
                    detail: "a token with role account names its account, others name none"
                        .to_owned(),
                }
                .into());
            }
            // With an idempotency key the id follows from it: the first answer stands on the same
            // stream.
            let id = request.key.as_ref().map_or_else(random::id, |key| {
                let key = self.core.handler.fingerprints.key(&request.caller, key);
                derived_id(key.as_bytes())
            });
            self.issue_as(request, TokenId(id), token).await
        })
    }

    /// Makes the first admin token; `None` = it was made before. Of several nodes one gets it.
    pub fn first_token(&self) -> CommandFuture<'_, Option<Secret>> {
        Box::pin(async move {
            let id = TokenId(derived_id(self.log_id().0.as_bytes()));
            if self.load_token(id).await?.issued.is_some() {
                return Ok(None);
            }
            let request = Request::new(Caller::system("start"));
            let token = NewToken {
                role: CallerRole::Admin,
                label: "first administrator".to_owned(),
                scopes: Vec::new(),
                account: None,
                ends_at: None,
            };
            match self.issue_as(&request, id, token).await {
                Ok((_, _, secret)) => Ok(secret),
                // Another node was faster.
                Err(CommandError::Rejected(_)) => Ok(None),
                Err(error) => Err(error),
            }
        })
    }

    async fn issue_as(
        &self,
        request: &Request,
        id: TokenId,
        token: NewToken,
    ) -> Result<(Outcome<TokenState>, TokenId, Option<Secret>), CommandError> {
        let bytes = zeroize::Zeroizing::new(random::bytes::<32>());
        let secret =
            Secret::new(format!("{PREFIX}{}", BASE64_URL_SAFE_NO_PAD.encode(bytes.as_slice())));
        let digest = VaultId(random::id());
        let row = Row {
            id: digest,
            kind: RowKind::Token,
            stream: String::new(),
            key_owner: token.account.as_ref().map(|account| format!("account/{account}")),
            lookups: vec![digest_of(secret.expose()).to_vec()],
            body: id.to_string().into_bytes(),
            written_at: Time::default(),
        };
        let NewToken { role, label, scopes, account, ends_at } = token;
        let issued = TokenIssued { role, label, scopes, account, ends_at, digest };
        let outcome =
            self.token_command(request, id, TokenCommand::Issue(issued), Some(row)).await?;
        let fresh = outcome.status == crate::Status::Recorded && !outcome.replayed;
        Ok((outcome, id, fresh.then_some(secret)))
    }

    /// Makes an access token invalid for ever: on this node at once, on others as soon as their
    /// followers see it, at the latest within a second; and everywhere at once for requests that
    /// name the position.
    pub fn revoke_token<'a>(
        &'a self,
        request: &'a Request,
        token: TokenId,
    ) -> CommandFuture<'a, Outcome<TokenState>> {
        Box::pin(async move {
            only_administrators(request)?;
            let outcome = self.token_command(request, token, TokenCommand::Revoke, None).await;
            if let Ok(revoked) = &outcome
                && revoked.status == crate::Status::Recorded
            {
                self.core.identities.revoked(revoked.position);
            }
            outcome
        })
    }

    async fn token_command(
        &self,
        request: &Request,
        token: TokenId,
        command: TokenCommand,
        row: Option<Row>,
    ) -> Result<Outcome<TokenState>, CommandError> {
        let written = AtomicBool::new(false);
        let decider = TokenDecider { commands: self, token, command, row, written };
        self.core.handler.execute(&self.core.tokens, &token, request, &decider).await
    }

    /// Access tokens after an id, in the order of their vault rows; revoked ones too while their
    /// row is there.
    pub fn tokens(
        &self,
        after: Option<TokenId>,
        limit: u32,
    ) -> CommandFuture<'_, Vec<(TokenId, Arc<TokenState>)>> {
        Box::pin(async move {
            let after = match after {
                Some(token) => self.load_token(token).await?.issued.as_ref().map(|i| i.digest),
                None => None,
            };
            let vault = &self.core.parts.vault;
            let rows = vault.list_rows(RowKind::Token, after, limit).await.map_err(vault_error)?;
            let mut tokens = Vec::with_capacity(rows.len());
            for row in rows {
                let Some(id) = token_of(&row) else { continue };
                let state = self.load_token(id).await?;
                // A row whose event was never appended is no token.
                if state.issued.as_ref().is_some_and(|issued| issued.digest == row.id) {
                    tokens.push((id, state));
                }
            }
            Ok(tokens)
        })
    }

    /// Who presents this bearer token, as known at least up to a position; `None` = nobody it is
    /// valid for.
    pub fn authenticate<'a>(
        &'a self,
        bearer: &'a str,
        at_least: Position,
    ) -> CommandFuture<'a, Option<Arc<TokenIdentity>>> {
        Box::pin(async move {
            let identity = self.identify(bearer, at_least).await?;
            if identity.is_none() {
                let now = self.core.now();
                self.core.parts.activity.note(ActivityEntry::new(now, ActivityKind::SignInRefused));
            }
            Ok(identity)
        })
    }

    async fn identify(
        &self,
        bearer: &str,
        at_least: Position,
    ) -> Result<Option<Arc<TokenIdentity>>, CommandError> {
        let (core, digest) = (&self.core, digest_of(bearer));
        if let Some(known) = core.identities.get(&digest, core.now(), at_least) {
            return Ok(Some(known));
        }
        let well_formed = bearer
            .strip_prefix(PREFIX)
            .and_then(|text| BASE64_URL_SAFE_NO_PAD.decode(text).ok())
            .is_some_and(|bytes| bytes.len() == 32);
        if !well_formed {
            return Ok(None);
        }
        let Some((row, id)) = self.row_of_digest(digest).await? else { return Ok(None) };
        let wanted = at_least.max(core.identities.floor());
        let (state, recent) = core.handler.recent(&core.tokens, &id, wanted).await?;
        let now = core.now();
        let issued = state.issued.as_ref().filter(|issued| {
            issued.digest == row
                && state.revoked_at.is_none()
                && issued.ends_at.is_none_or(|end| end > now)
        });
        let Some(issued) = issued else { return Ok(None) };
        let identity = Arc::new(TokenIdentity {
            id,
            role: issued.role,
            label: issued.label.clone(),
            scopes: issued.scopes.clone(),
            account: issued.account.clone(),
        });
        let looked_at = now.plus_micros(-recent.age);
        core.identities.keep(digest, &identity, issued.ends_at, (recent.position, looked_at));
        Ok(Some(identity))
    }

    async fn row_of_digest(
        &self,
        digest: [u8; 32],
    ) -> Result<Option<(VaultId, TokenId)>, CommandError> {
        let core = &self.core;
        if let Some(known) = core.digests.get(&digest).await {
            return Ok(Some(known));
        }
        let rows =
            core.parts.vault.find_rows(RowKind::Token, &digest).await.map_err(vault_error)?;
        let known = rows.first().and_then(|row| Some((row.id, token_of(row)?)));
        if let Some(known) = known {
            core.digests.insert(digest, known).await;
        }
        Ok(known)
    }
}

fn token_of(row: &Row) -> Option<TokenId> {
    std::str::from_utf8(&row.body).ok()?.parse().ok()
}

fn digest_of(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

/// An id that follows from something unique.
fn derived_id(from: &[u8]) -> Uuid {
    let digest = Sha256::digest(from);
    let bytes = digest.first_chunk::<16>().copied().unwrap_or_default();
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

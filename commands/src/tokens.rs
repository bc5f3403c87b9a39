//! The token service: access tokens are made, listed, checked, revoked.

mod identities;

use crate::{
    Caller, Clock, CommandError, CommandFuture, Dependencies, NewToken, Outcome, Request, Secret,
    TokenIdentity,
    handler::{Decided, Decider, Handler, StateCache, vault_error},
    random,
    system::require_administrator,
    vault::{Row, RowKind, Vault},
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
use eventlog::{Activity, ActivityEntry, ActivityKind};
use identities::Identities;
use moka::future::Cache;
use sha2::{Digest as _, Sha256};
use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use uuid::Uuid;

/// What every bearer token begins with.
const PREFIX: &str = "sl_";
/// How many digests are known, and for how long.
const MAX_CACHED_DIGESTS: u64 = 100_000;
const DIGEST_TTL: Duration = Duration::from_secs(5);

struct TokenDecider<'a> {
    service: &'a TokenService,
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
            self.service.vault.add_row(row).await.map_err(vault_error)?;
            self.written.store(true, Ordering::Relaxed);
        }
        Ok(())
    }
}

/// Makes, checks and revokes access tokens.
pub struct TokenService {
    handler: Arc<Handler>,
    cache: StateCache<TokenState>,
    vault: Arc<dyn Vault>,
    activity: Arc<dyn Activity>,
    clock: Arc<dyn Clock>,
    /// Which row and token a digest belongs to, for a short while.
    digests: Cache<[u8; 32], (VaultId, TokenId)>,
    /// Who presented which token a moment ago.
    identities: Identities,
}

impl fmt::Debug for TokenService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenService")
    }
}

impl TokenService {
    pub(crate) fn new(
        dependencies: &Dependencies,
        handler: Arc<Handler>,
        cache: StateCache<TokenState>,
    ) -> Self {
        Self {
            handler,
            cache,
            vault: dependencies.vault.clone(),
            activity: dependencies.activity.clone(),
            clock: dependencies.clock.clone(),
            digests: Cache::builder()
                .max_capacity(MAX_CACHED_DIGESTS)
                .time_to_live(DIGEST_TTL)
                .build(),
            identities: Identities::default(),
        }
    }

    /// The current state of an access token. Confirmed by the log's leader.
    pub fn load(&self, token: TokenId) -> CommandFuture<'_, Arc<TokenState>> {
        Box::pin(async move { self.handler.current(&self.cache, &token).await })
    }

    /// A token was revoked at this position, here or on another node.
    pub(crate) fn observe_revocation(&self, position: Position) {
        self.identities.revoked(position);
    }

    /// Forgets who presented which token; after an erasure.
    pub(crate) fn forget_identities(&self) {
        self.digests.invalidate_all();
        self.identities.clear();
    }

    /// Makes an access token. The secret is `None` on a replay and on a dry run.
    pub fn issue<'a>(
        &'a self,
        request: &'a Request,
        token: NewToken,
    ) -> CommandFuture<'a, (Outcome<TokenState>, TokenId, Option<Secret>)> {
        Box::pin(async move {
            require_administrator(request)?;
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
                let key = self.handler.fingerprints.key(&request.caller, key);
                derived_id(key.as_bytes())
            });
            self.issue_as(request, TokenId(id), token).await
        })
    }

    /// Makes the first admin token; `None` = it was made before. Of several nodes one gets it.
    pub fn issue_first(&self) -> CommandFuture<'_, Option<Secret>> {
        Box::pin(async move {
            let id = TokenId(derived_id(self.handler.log_id.0.as_bytes()));
            if self.load(id).await?.issued.is_some() {
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
        let outcome = self.execute(request, id, TokenCommand::Issue(issued), Some(row)).await?;
        let fresh = outcome.status == crate::Status::Recorded && !outcome.replayed;
        Ok((outcome, id, fresh.then_some(secret)))
    }

    /// Makes an access token invalid for ever: on this node at once, on others as soon as their
    /// followers see it, at the latest within a second; and everywhere at once for requests that
    /// name the position.
    pub fn revoke<'a>(
        &'a self,
        request: &'a Request,
        token: TokenId,
    ) -> CommandFuture<'a, Outcome<TokenState>> {
        Box::pin(async move {
            require_administrator(request)?;
            let outcome = self.execute(request, token, TokenCommand::Revoke, None).await;
            if let Ok(revoked) = &outcome
                && revoked.status == crate::Status::Recorded
            {
                self.identities.revoked(revoked.position);
            }
            outcome
        })
    }

    async fn execute(
        &self,
        request: &Request,
        token: TokenId,
        command: TokenCommand,
        row: Option<Row>,
    ) -> Result<Outcome<TokenState>, CommandError> {
        let written = AtomicBool::new(false);
        let decider = TokenDecider { service: self, token, command, row, written };
        self.handler.execute(&self.cache, &token, request, &decider).await
    }

    /// Access tokens after an id, in the order of their vault rows; revoked ones too while their
    /// row is there.
    pub fn list(
        &self,
        after: Option<TokenId>,
        limit: u32,
    ) -> CommandFuture<'_, Vec<(TokenId, Arc<TokenState>)>> {
        Box::pin(async move {
            let after = match after {
                Some(token) => self.load(token).await?.issued.as_ref().map(|i| i.digest),
                None => None,
            };
            let rows =
                self.vault.list_rows(RowKind::Token, after, limit).await.map_err(vault_error)?;
            let mut tokens = Vec::with_capacity(rows.len());
            for row in rows {
                let Some(id) = token_of(&row) else { continue };
                let state = self.load(id).await?;
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
                let now = self.clock.now();
                self.activity.note(ActivityEntry::new(now, ActivityKind::SignInRefused));
            }
            Ok(identity)
        })
    }

    async fn identify(
        &self,
        bearer: &str,
        at_least: Position,
    ) -> Result<Option<Arc<TokenIdentity>>, CommandError> {
        let digest = digest_of(bearer);
        if let Some(known) = self.identities.get(&digest, self.clock.now(), at_least) {
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
        let wanted = at_least.max(self.identities.floor());
        let (state, recent) = self.handler.recent(&self.cache, &id, wanted).await?;
        let now = self.clock.now();
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
        self.identities.keep(digest, &identity, issued.ends_at, (recent.position, looked_at));
        Ok(Some(identity))
    }

    async fn row_of_digest(
        &self,
        digest: [u8; 32],
    ) -> Result<Option<(VaultId, TokenId)>, CommandError> {
        if let Some(known) = self.digests.get(&digest).await {
            return Ok(Some(known));
        }
        let rows = self.vault.find_rows(RowKind::Token, &digest).await.map_err(vault_error)?;
        let known = rows.first().and_then(|row| Some((row.id, token_of(row)?)));
        if let Some(known) = known {
            self.digests.insert(digest, known).await;
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

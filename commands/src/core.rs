//! What all parts of the write side share: the handler, the cached states, the keys.

use crate::{
    CommandError, Dependencies, Request, StartError,
    handler::{
        Decided, Decider, Fingerprints, Handler, RECENT_MICROS, Snapshots, StateCache, vault_error,
    },
    identities::Identities,
    links::{PasswordAttemptLimiter, SecretKeys},
    vault::key_ring::KeyRing,
};
use domain::{
    account::{AccountState, AccountStatus},
    aggregate::{Aggregate as _, Circumstances, Condition},
    event::{EventType, SystemEvent},
    id::{AccountId, ItemRef, LinkId, LogId, TokenId, VaultId},
    item::ItemState,
    link_use::LinkUses,
    position::Position,
    stream::StreamName,
    system::{SystemCommand, SystemState},
    time::Time,
    token::TokenState,
    webhook::WebhookState,
};
use eventlog::{Record, clock_skew::ClockGuard};
use moka::future::Cache;
use parking_lot::{Mutex, RwLock};
use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};
use zeroize::Zeroizing;

/// Shared by [`Commands`](crate::Commands), the authority, the sweeper and the eraser.
pub(crate) struct Core {
    pub(crate) parts: Dependencies,
    pub(crate) handler: Handler,
    pub(crate) key_ring: Arc<KeyRing>,
    pub(crate) items: StateCache<ItemState>,
    pub(crate) accounts: StateCache<AccountState>,
    pub(crate) tokens: StateCache<TokenState>,
    pub(crate) uses: StateCache<LinkUses>,
    pub(crate) webhooks: StateCache<WebhookState>,
    pub(crate) system: StateCache<SystemState>,
    /// What is in force, as last seen; refreshed at most a second late.
    pub(crate) in_force: RwLock<Arc<SystemState>>,
    in_force_at: AtomicI64,
    pub(crate) secrets: SecretKeys,
    pub(crate) address_key: Zeroizing<[u8; 32]>,
    pub(crate) password_attempts: PasswordAttemptLimiter,
    /// Which row and token a digest belongs to, for a short while.
    pub(crate) digests: Cache<[u8; 32], (VaultId, TokenId)>,
    /// Who presented which token a moment ago.
    pub(crate) identities: Identities,
    /// Every erasure up to here is carried out in this node's memory; `None` = nothing that could
    /// be erased is in it yet.
    pub(crate) forgotten: Mutex<Option<Position>>,
}

impl std::fmt::Debug for Core {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Core").field("handler", &self.handler).finish_non_exhaustive()
    }
}

pub(crate) use domain::system::name as purpose_name;

pub(crate) fn account_stream(account: &AccountId) -> StreamName {
    StreamName::Account(account.clone())
}

pub(crate) fn item_stream(item: &ItemRef) -> StreamName {
    StreamName::Item(item.clone())
}

/// Issues one system command.
pub(crate) struct SystemDecider<'a> {
    pub(crate) command: SystemCommand,
    pub(crate) key_ring: &'a KeyRing,
}

impl Decider<SystemState> for SystemDecider<'_> {
    async fn decide(
        &self,
        state: &SystemState,
        at: Time,
    ) -> Result<Decided<SystemState>, CommandError> {
        let circumstances = Circumstances { now: at, condition: Condition::None };
        Ok(state.decide(&self.command, &circumstances)?.into())
    }

    async fn write_references(
        &self,
        _state: &SystemState,
        events: &[SystemEvent],
        _at: Time,
    ) -> Result<(), CommandError> {
        for event in events {
            // A key stands in the vault before the log says that it is in use.
            if let SystemEvent::KeyRotated(rotated) = event {
                let purpose = purpose_name(rotated.purpose);
                let made = self.key_ring.make_secret_key(purpose, rotated.after).await;
                made.map_err(vault_error)?;
            }
        }
        Ok(())
    }
}

impl Core {
    /// Opens everything; starts an empty log.
    pub(crate) async fn open(parts: Dependencies) -> Result<Self, StartError> {
        let key_ring = Arc::new(KeyRing::new(parts.vault.clone(), parts.server_key.clone()));
        if !key_ring.server_key_fits().await.map_err(vault_error)? {
            return Err(StartError::WrongServerKey);
        }
        let clock = parts.clock.clone();
        let guard = ClockGuard::start(parts.log.clone(), Arc::new(move || clock.now())).await?;
        let log_id = first_start(&parts, &key_ring, &guard).await?;
        let make = |purpose: &'static str| {
            let key_ring = key_ring.clone();
            async move { key_ring.make_secret_key(purpose, 1).await.map_err(vault_error) }
        };
        let fingerprints = Fingerprints::new(make("fingerprint").await?);
        let handler = handler(&parts, &key_ring, &guard, log_id, fingerprints);
        let bytes = parts.settings.cache_bytes;
        let core = Self {
            handler,
            items: StateCache::new(bytes / 2),
            accounts: StateCache::new(bytes / 4),
            tokens: StateCache::new(bytes / 8),
            uses: StateCache::new(bytes / 8),
            webhooks: StateCache::new(1024 * 1024),
            system: StateCache::new(1024 * 1024),
            in_force: RwLock::default(),
            in_force_at: AtomicI64::new(i64::MIN),
            secrets: SecretKeys::default(),
            address_key: make("address").await?,
            password_attempts: PasswordAttemptLimiter::new(
                parts.clock.clone(),
                parts.settings.password_checks,
            ),
            digests: Cache::builder()
                .max_capacity(100_000)
                .time_to_live(Duration::from_secs(5))
                .build(),
            identities: Identities::default(),
            forgotten: Mutex::default(),
            key_ring,
            parts,
        };
        core.start().await?;
        Ok(core)
    }

    /// Checks that this release may write to the log, and records what changed since the last
    /// start.
    async fn start(&self) -> Result<(), StartError> {
        let state = self.handler.current(&self.system, &()).await?;
        if state.level > domain::system::LEVEL {
            let known = domain::system::LEVEL;
            return Err(StartError::NewerLevel { found: state.level, known });
        }
        let known = domain::role::Role::TABLE_VERSION;
        if state.rules > known {
            return Err(StartError::NewerRules { found: state.rules, known });
        }
        let command = SystemCommand::Upgrade { kinds: self.parts.settings.kinds.clone() };
        let decider = SystemDecider { command, key_ring: &self.key_ring };
        let outcome = self.handler.execute(&self.system, &(), &starting(), &decider).await?;
        *self.in_force.write() = outcome.after.clone();
        for (purpose, (current, _)) in &outcome.after.keys {
            let keys = self.key_ring.secret_keys(purpose).await.map_err(vault_error)?;
            if !keys.iter().any(|(number, _)| number == current) {
                return Err(StartError::KeyMissing(format!("{purpose} key {current}")));
            }
            self.secrets.learn(purpose, keys);
        }
        Ok(())
    }

    pub(crate) fn now(&self) -> Time {
        self.parts.clock.now()
    }

    /// What is in force, at most a second old.
    pub(crate) async fn in_force(&self) -> Result<Arc<SystemState>, CommandError> {
        let now = self.now().as_micros();
        let read = self.in_force_at.load(Ordering::Relaxed);
        let old = now.saturating_sub(read) >= RECENT_MICROS;
        // One of those who find it old reads, the others go on with what there is.
        let (set, get) = (Ordering::AcqRel, Ordering::Relaxed);
        if !old || self.in_force_at.compare_exchange(read, now, set, get).is_err() {
            return Ok(self.in_force.read().clone());
        }
        let refreshed = self.refresh_in_force().await;
        if refreshed.is_err() {
            self.in_force_at.store(read, Ordering::Relaxed);
        }
        refreshed
    }

    /// What is in force now.
    pub(crate) async fn refresh_in_force(&self) -> Result<Arc<SystemState>, CommandError> {
        let state = self.handler.current(&self.system, &()).await?;
        if self.in_force.read().position != state.position {
            *self.in_force.write() = state.clone();
        }
        Ok(state)
    }

    /// What this node keeps for a second is looked at again, if a record of another node says that
    /// it has changed.
    pub(crate) fn look_again(&self, record: &Record) {
        let envelope = &record.envelope;
        if envelope.has(EventType::TokenRevoked) {
            self.identities.revoked(record.position);
        }
        if envelope.stream == StreamName::System {
            self.in_force_at.store(i64::MIN, Ordering::Relaxed);
        }
    }

    /// The current state of an item, confirmed by the leader.
    pub(crate) async fn item(&self, item: &ItemRef) -> Result<Arc<ItemState>, CommandError> {
        self.handler.current(&self.items, item).await
    }

    /// An account's state of at most a second ago, which knows everything up to a position.
    pub(crate) async fn recent_account(
        &self,
        account: &AccountId,
        at_least: Position,
    ) -> Result<(Arc<AccountState>, Position), CommandError> {
        let (state, recent) = self.handler.recent(&self.accounts, account, at_least).await?;
        Ok((state, recent.position))
    }

    /// May an account use its rights? Unregistered ones may: they can have grants.
    pub(crate) async fn is_active(&self, account: &AccountId) -> Result<bool, CommandError> {
        let (state, _) = self.recent_account(account, Position::START).await?;
        Ok(active(&state))
    }

    /// How often a link was opened.
    pub(crate) async fn link_uses(&self, link: LinkId) -> Result<u32, CommandError> {
        Ok(self.handler.current(&self.uses, &link).await?.used)
    }

    /// Forgets every text and key in memory, after an erasure.
    pub(crate) fn forget_texts(&self) {
        self.key_ring.drop_cached();
        self.items.clear();
        self.accounts.clear();
        self.digests.invalidate_all();
        self.identities.clear();
    }
}

pub(crate) fn active(state: &AccountState) -> bool {
    match state.status {
        AccountStatus::Unknown | AccountStatus::Active => true,
        AccountStatus::Deactivated | AccountStatus::Erased => false,
    }
}

fn starting() -> Request {
    Request::new(crate::Caller::system("start"))
}

fn handler(
    parts: &Dependencies,
    key_ring: &Arc<KeyRing>,
    guard: &ClockGuard,
    log_id: LogId,
    fingerprints: Fingerprints,
) -> Handler {
    let settings = &parts.settings;
    let snapshots = settings
        .folds
        .as_deref()
        .and_then(|path| Snapshots::open(path, log_id, settings.fold_events));
    Handler {
        log: parts.log.clone(),
        keys: parts.keys.clone(),
        key_ring: key_ring.clone(),
        guard: guard.clone(),
        fingerprints,
        snapshots,
        log_id,
        budget: settings.append_budget,
        acknowledged: AtomicU64::new(0),
        known: AtomicU64::new(0),
        of_accounts: AtomicU64::new(0),
    }
}

/// Answers the log's identity; gives it one when it is empty. Of several nodes that try, one wins
/// and the others take what it wrote.
async fn first_start(
    parts: &Dependencies,
    key_ring: &Arc<KeyRing>,
    guard: &ClockGuard,
) -> Result<LogId, StartError> {
    if let Some(log_id) = parts.log.identity().await? {
        return Ok(log_id);
    }
    if parts.log.head().await?.position != Position::START {
        return Err(StartError::NotALog);
    }
    let log = LogId(crate::random::id());
    let kinds = parts.settings.kinds.clone().unwrap_or_else(domain::kind::default_kinds);
    let release = parts.settings.release.clone();
    let mut fresh = parts.clone();
    fresh.settings.folds = None;
    let fingerprints = Fingerprints::new(Zeroizing::new([0; 32]));
    let handler = handler(&fresh, key_ring, guard, log, fingerprints);
    let command = SystemCommand::Start { log, release, kinds };
    let decider = SystemDecider { command, key_ring };
    let cache = StateCache::new(1024 * 1024);
    match handler.execute(&cache, &(), &starting(), &decider).await {
        // Another node was faster.
        Ok(_) | Err(CommandError::Rejected(_)) => {}
        Err(error) => return Err(error.into()),
    }
    parts.log.identity().await?.ok_or(StartError::NotALog)
}

//! The start of the write side: opens the services; begins an empty log.

use super::Commands;
use crate::{
    CommandError, Dependencies, StartError,
    accounts::AccountService,
    authority::AccessService,
    erasure_worker::ErasureWorker,
    expiry_worker::ExpiryWorker,
    handler::{Fingerprints, Handler, Snapshots, StateCache, vault_error},
    items::ItemService,
    links::LinkService,
    passwords::PasswordAttemptLimiter,
    random,
    signing::{SigningKeys, VisitService},
    system::{SystemDecider, SystemService, starting},
    tokens::TokenService,
    vault::key_ring::KeyRing,
    webhooks::WebhookService,
};
use domain::{id::LogId, position::Position, system::SystemCommand};
use eventlog::clock_skew::ClockGuard;
use parking_lot::Mutex;
use std::sync::{Arc, atomic::AtomicU64};
use zeroize::Zeroizing;

/// Memory for the states of webhooks, in bytes.
const WEBHOOK_CACHE_BYTES: u64 = 1024 * 1024;

/// What the services are made of.
struct Base<'a> {
    dependencies: &'a Dependencies,
    handler: Arc<Handler>,
    key_ring: Arc<KeyRing>,
}

/// Opens everything; begins an empty log.
pub(super) async fn open(dependencies: &Dependencies) -> Result<Commands, StartError> {
    let base = Base::open(dependencies).await?;
    let Base { handler, key_ring, .. } = &base;
    let Dependencies { clock, settings, .. } = dependencies;
    let kinds = settings.kinds.clone();
    let system =
        SystemService::start(handler.clone(), key_ring.clone(), clock.clone(), kinds).await?;
    let system = Arc::new(system);
    let keys = Arc::new(SigningKeys::open(system.clone(), key_ring.clone()).await?);
    let visits = Arc::new(VisitService { keys: keys.clone() });
    let passwords = PasswordAttemptLimiter::new(clock.clone(), settings.password_checks);
    let passwords = Arc::new(passwords);
    let accounts = base.accounts().await?;
    let access = Arc::new(AccessService {
        authority: dependencies.authority.clone(),
        handler: handler.clone(),
        accounts: accounts.clone(),
        visits: visits.clone(),
    });
    let items = Arc::new(ItemService {
        handler: handler.clone(),
        cache: StateCache::new(settings.cache_bytes / 2),
        vault: dependencies.vault.clone(),
        activity: dependencies.activity.clone(),
        clock: clock.clone(),
        access: access.clone(),
        accounts: accounts.clone(),
        system: system.clone(),
        passwords: passwords.clone(),
    });
    let links = base.links(&items, &keys, &visits, passwords);
    let cache = StateCache::new(settings.cache_bytes / 8);
    let tokens = Arc::new(TokenService::new(dependencies, handler.clone(), cache));
    Ok(Commands {
        webhooks: base.webhooks(),
        erasure: base.erasure(&system, &items, &tokens),
        expiry: Arc::new(ExpiryWorker::new(dependencies, handler.clone(), items.clone())),
        tokens,
        handler: handler.clone(),
        key_ring: key_ring.clone(),
        system,
        keys,
        visits,
        accounts,
        access,
        items,
        links,
    })
}

impl<'a> Base<'a> {
    async fn open(dependencies: &'a Dependencies) -> Result<Self, StartError> {
        let Dependencies { log, vault, clock, server_key, .. } = dependencies;
        let key_ring = Arc::new(KeyRing::new(vault.clone(), server_key.clone()));
        if !key_ring.server_key_fits().await.map_err(vault_error)? {
            return Err(StartError::WrongServerKey);
        }
        let clock = clock.clone();
        let guard = ClockGuard::start(log.clone(), Arc::new(move || clock.now())).await?;
        let log_id = first_start(dependencies, &key_ring, &guard).await?;
        let fingerprints = Fingerprints::new(secret_key(&key_ring, "fingerprint").await?);
        let handler = handler(dependencies, &key_ring, &guard, log_id, fingerprints);
        Ok(Self { dependencies, handler: Arc::new(handler), key_ring })
    }

    async fn accounts(&self) -> Result<Arc<AccountService>, StartError> {
        Ok(Arc::new(AccountService {
            handler: self.handler.clone(),
            cache: StateCache::new(self.dependencies.settings.cache_bytes / 4),
            vault: self.dependencies.vault.clone(),
            key_ring: self.key_ring.clone(),
            address_key: secret_key(&self.key_ring, "address").await?,
        }))
    }

    fn links(
        &self,
        items: &Arc<ItemService>,
        keys: &Arc<SigningKeys>,
        visits: &Arc<VisitService>,
        passwords: Arc<PasswordAttemptLimiter>,
    ) -> Arc<LinkService> {
        let Dependencies { vault, clock, activity, settings, .. } = self.dependencies;
        Arc::new(LinkService {
            handler: self.handler.clone(),
            cache: StateCache::new(settings.cache_bytes / 8),
            vault: vault.clone(),
            activity: activity.clone(),
            clock: clock.clone(),
            items: items.clone(),
            accounts: items.accounts.clone(),
            access: items.access.clone(),
            keys: keys.clone(),
            visits: visits.clone(),
            passwords,
            visit_seconds: settings.visit_seconds,
        })
    }

    fn webhooks(&self) -> Arc<WebhookService> {
        Arc::new(WebhookService {
            handler: self.handler.clone(),
            cache: StateCache::new(WEBHOOK_CACHE_BYTES),
            log: self.dependencies.log.clone(),
            vault: self.dependencies.vault.clone(),
            key_ring: self.key_ring.clone(),
            clock: self.dependencies.clock.clone(),
        })
    }

    fn erasure(
        &self,
        system: &Arc<SystemService>,
        items: &Arc<ItemService>,
        tokens: &Arc<TokenService>,
    ) -> Arc<ErasureWorker> {
        Arc::new(ErasureWorker {
            log: self.dependencies.log.clone(),
            handler: self.handler.clone(),
            vault: self.dependencies.vault.clone(),
            key_ring: self.key_ring.clone(),
            clock: self.dependencies.clock.clone(),
            system: system.clone(),
            accounts: items.accounts.clone(),
            items: items.clone(),
            tokens: tokens.clone(),
            forgotten: Mutex::default(),
        })
    }
}

async fn secret_key(
    key_ring: &KeyRing,
    purpose: &str,
) -> Result<Zeroizing<[u8; 32]>, CommandError> {
    key_ring.make_secret_key(purpose, 1).await.map_err(vault_error)
}

fn handler(
    dependencies: &Dependencies,
    key_ring: &Arc<KeyRing>,
    guard: &ClockGuard,
    log_id: LogId,
    fingerprints: Fingerprints,
) -> Handler {
    let settings = &dependencies.settings;
    let snapshots = settings
        .folds
        .as_deref()
        .and_then(|path| Snapshots::open(path, log_id, settings.fold_events));
    Handler {
        log: dependencies.log.clone(),
        keys: dependencies.keys.clone(),
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
    dependencies: &Dependencies,
    key_ring: &Arc<KeyRing>,
    guard: &ClockGuard,
) -> Result<LogId, StartError> {
    let log = &dependencies.log;
    if let Some(log_id) = log.identity().await? {
        return Ok(log_id);
    }
    if log.head().await?.position != Position::START {
        return Err(StartError::NotALog);
    }
    let log_id = LogId(random::id());
    let settings = &dependencies.settings;
    let kinds = settings.kinds.clone().unwrap_or_else(domain::kind::default_kinds);
    let release = settings.release.clone();
    let mut fresh = dependencies.clone();
    fresh.settings.folds = None;
    let fingerprints = Fingerprints::new(Zeroizing::new([0; 32]));
    let handler = handler(&fresh, key_ring, guard, log_id, fingerprints);
    let command = SystemCommand::Start { log: log_id, release, kinds };
    let decider = SystemDecider { command, key_ring };
    let cache = StateCache::new(1024 * 1024);
    match handler.execute(&cache, &(), &starting(), &decider).await {
        // Another node was faster.
        Ok(_) | Err(CommandError::Rejected(_)) => {}
        Err(error) => return Err(error.into()),
    }
    log.identity().await?.ok_or(StartError::NotALog)
}

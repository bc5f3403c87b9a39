//! The system service: what is in force in the deployment (kinds, role table, keys), and commands
//! on it.

use crate::{
    Caller, Clock, CommandError, Outcome, Request, StartError,
    handler::{Decided, Decider, Handler, RECENT_MICROS, StateCache, vault_error},
    vault::key_ring::KeyRing,
};
use domain::{
    aggregate::{Aggregate as _, Circumstances, Condition},
    event::{CallerRole, ExportMade, KeyPurpose, SystemEvent},
    kind::Kinds,
    position::Position,
    rejection::Rejection,
    system::{SystemCommand, SystemState},
    time::Time,
};
use parking_lot::RwLock;
use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

pub(crate) use domain::system::name as purpose_name;

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

/// Knows what is in force.
#[derive(Debug)]
pub(crate) struct SystemService {
    handler: Arc<Handler>,
    key_ring: Arc<KeyRing>,
    clock: Arc<dyn Clock>,
    cache: StateCache<SystemState>,
    /// As last seen; refreshed at most a second late.
    in_force: RwLock<Arc<SystemState>>,
    in_force_at: AtomicI64,
}

/// The request with which the service records what it finds at a start.
pub(crate) fn starting() -> Request {
    Request::new(Caller::system("start"))
}

impl SystemService {
    /// Checks that this release may write to the log, and records what changed since the last
    /// start.
    pub(crate) async fn start(
        handler: Arc<Handler>,
        key_ring: Arc<KeyRing>,
        clock: Arc<dyn Clock>,
        kinds: Option<Kinds>,
    ) -> Result<Self, StartError> {
        let (in_force, in_force_at) = (RwLock::default(), AtomicI64::new(i64::MIN));
        let cache = StateCache::new(1024 * 1024);
        let service = Self { handler, key_ring, clock, cache, in_force, in_force_at };
        let state = service.refresh().await?;
        let known = domain::system::LEVEL;
        if state.level > known {
            return Err(StartError::NewerLevel { found: state.level, known });
        }
        let known = domain::role::Role::TABLE_VERSION;
        if state.rules > known {
            return Err(StartError::NewerRules { found: state.rules, known });
        }
        service.execute(&starting(), SystemCommand::Upgrade { kinds }).await?;
        Ok(service)
    }

    /// What is in force, as this node last saw it.
    pub(crate) fn current(&self) -> Arc<SystemState> {
        self.in_force.read().clone()
    }

    /// What is in force, at most a second old, as known at least up to a position.
    pub(crate) async fn recent(
        &self,
        at_least: Position,
    ) -> Result<Arc<SystemState>, CommandError> {
        Ok(self.handler.recent(&self.cache, &(), at_least).await?.0)
    }

    /// What is in force, at most a second old.
    pub(crate) async fn in_force(&self) -> Result<Arc<SystemState>, CommandError> {
        let now = self.clock.now().as_micros();
        let read = self.in_force_at.load(Ordering::Relaxed);
        let old = now.saturating_sub(read) >= RECENT_MICROS;
        // One of those who find it old reads, the others go on with what there is.
        let (set, get) = (Ordering::AcqRel, Ordering::Relaxed);
        if !old || self.in_force_at.compare_exchange(read, now, set, get).is_err() {
            return Ok(self.current());
        }
        let refreshed = self.refresh().await;
        if refreshed.is_err() {
            self.in_force_at.store(read, Ordering::Relaxed);
        }
        refreshed
    }

    /// What is in force now.
    pub(crate) async fn refresh(&self) -> Result<Arc<SystemState>, CommandError> {
        let state = self.handler.current(&self.cache, &()).await?;
        if self.in_force.read().position != state.position {
            *self.in_force.write() = state.clone();
        }
        Ok(state)
    }

    /// What is in force is read again when it is asked for next.
    pub(crate) fn invalidate(&self) {
        self.in_force_at.store(i64::MIN, Ordering::Relaxed);
    }

    /// Makes new secrets with a new key from here on; the keys named stop being valid.
    pub(crate) async fn rotate_key(
        &self,
        request: &Request,
        purpose: KeyPurpose,
        retire: Vec<u8>,
    ) -> Result<Outcome<SystemState>, CommandError> {
        require_administrator(request)?;
        self.execute(request, SystemCommand::RotateKey { purpose, retire }).await
    }

    /// Records that the trail was exported.
    pub(crate) async fn record_export(
        &self,
        request: &Request,
        export: ExportMade,
    ) -> Result<Outcome<SystemState>, CommandError> {
        self.execute(request, SystemCommand::NoteExport(export)).await
    }

    async fn execute(
        &self,
        request: &Request,
        command: SystemCommand,
    ) -> Result<Outcome<SystemState>, CommandError> {
        let decider = SystemDecider { command, key_ring: &self.key_ring };
        let outcome = self.handler.execute(&self.cache, &(), request, &decider).await?;
        self.refresh().await?;
        Ok(outcome)
    }
}

/// Refuses everybody else.
pub(crate) fn require_administrator(request: &Request) -> Result<(), CommandError> {
    let caller = &request.caller;
    if caller.system.is_some() || caller.role == CallerRole::Admin {
        Ok(())
    } else {
        Err(Rejection::NotPermitted { needed: "an administrator's token" }.into())
    }
}

//! A write side over embedded engines, with a clock that the test moves.

use commands::{
    AccountCommand, Caller, Clock as _, CommandError, Commands, Dependencies, ManualClock, Outcome,
    Profile, Request, Settings,
    vault::{ServerKey, Vault, memory::MemoryVault},
};
use domain::{
    event::CallerRole,
    id::{AccountId, ItemRef, LinkId},
    item::{ItemCommand, ItemState, NewDescription, NewLink, Share},
    kind::{Kind, Kinds},
    role::Role,
    time::Time,
};
use eventlog::{
    KeyIndex, SharedLog,
    memory::{MemoryActivity, MemoryLog},
    sqlite::{SqliteLog, SqliteOptions},
};
use std::sync::Arc;

/// Everything that several nodes share.
pub(crate) struct World {
    pub(crate) log: SharedLog,
    pub(crate) keys: Arc<dyn KeyIndex>,
    pub(crate) vault: Arc<dyn Vault>,
    pub(crate) activity: Arc<MemoryActivity>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) folder: tempfile::TempDir,
}

pub(crate) fn account(id: &str) -> AccountId {
    id.parse().unwrap()
}

pub(crate) fn item(text: &str) -> ItemRef {
    text.parse().unwrap()
}

pub(crate) fn kinds() -> Kinds {
    let kind = Kind {
        linkable: true,
        publishable: true,
        copyable: true,
        parts: Vec::new(),
        access: domain::kind::PartsAccess::Separate,
        content: true,
        url: None,
    };
    [("history".parse().unwrap(), kind)].into_iter().collect()
}

impl World {
    pub(crate) fn over(log: SharedLog, keys: Arc<dyn KeyIndex>) -> Self {
        let start: Time = "2026-11-21T12:00:00Z".parse().unwrap();
        Self {
            log,
            keys,
            vault: Arc::new(MemoryVault::default()),
            activity: Arc::default(),
            clock: Arc::new(ManualClock::at(start)),
            folder: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn memory() -> Self {
        let log = MemoryLog::new();
        Self::over(Arc::new(log.clone()), Arc::new(log))
    }

    pub(crate) async fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.db");
        let log = SqliteLog::open(&path, SqliteOptions::default()).await.unwrap();
        Self { folder, ..Self::over(Arc::new(log.clone()), Arc::new(log)) }
    }

    /// The engines that need no server.
    pub(crate) async fn embedded() -> Vec<Self> {
        vec![Self::memory(), Self::sqlite().await]
    }

    pub(crate) fn parts(&self) -> Dependencies {
        Dependencies {
            log: self.log.clone(),
            keys: self.keys.clone(),
            vault: self.vault.clone(),
            server_key: ServerKey::from_bytes([7; 32]),
            activity: self.activity.clone(),
            clock: self.clock.clone(),
            authority: None,
            settings: Settings { kinds: Some(kinds()), ..Settings::default() },
        }
    }

    /// One more node.
    pub(crate) async fn node(&self) -> Commands {
        Commands::open(self.parts()).await.unwrap()
    }

    /// Another vault with the same secret keys and nothing else.
    pub(crate) async fn bare_vault(&self) -> Arc<dyn Vault> {
        let bare: Arc<dyn Vault> = Arc::new(MemoryVault::default());
        for purpose in ["link", "visit", "address", "fingerprint"] {
            for (number, wrapped) in self.vault.secret_keys(purpose).await.unwrap() {
                bare.add_secret_key(purpose, number, wrapped).await.unwrap();
            }
        }
        bare
    }

    pub(crate) fn now(&self) -> Time {
        self.clock.now()
    }

    /// Every byte on the log, as text.
    pub(crate) async fn log_text(&self) -> String {
        let head = self.log.head().await.unwrap().position;
        let mut text = String::new();
        for position in 1..=head.0 {
            let record = self.log.read(domain::position::Position(position)).await.unwrap();
            text.push_str(std::str::from_utf8(&record.unwrap().bytes).unwrap());
            text.push('\n');
        }
        text
    }
}

/// An application that acts for nobody.
pub(crate) fn app() -> Request {
    Request::new(Caller { role: CallerRole::App, label: "lab".to_owned(), ..Caller::default() })
}

pub(crate) fn by(id: &str) -> Request {
    Request::new(Caller::account(account(id)))
}

pub(crate) fn keyed(request: Request, key: &str, fingerprint: &str) -> Request {
    Request { key: Some(key.to_owned()), fingerprint: fingerprint.as_bytes().to_vec(), ..request }
}

pub(crate) fn registration(owner: &str, title: &str) -> ItemCommand {
    let description = NewDescription { title: Some(title.to_owned()), ..NewDescription::default() };
    ItemCommand::Register { owner: account(owner), description }
}

pub(crate) fn share(role: Role) -> Share {
    Share {
        grantees: Vec::new(),
        role,
        withhold: Vec::new(),
        starts_at: None,
        ends_at: None,
        on_existing: domain::item::OnExisting::Change,
    }
}

pub(crate) fn link() -> NewLink {
    NewLink {
        label: Some("reviewers".to_owned()),
        role: Role::Viewer,
        withhold: Vec::new(),
        audience: domain::event::Audience::Anyone,
        starts_at: None,
        ends_at: None,
        max_visits: None,
        password: None,
        joins: false,
        state: Some("zoom=3".to_owned()),
    }
}

/// Registers `history:1`, owned by `a-1`.
pub(crate) async fn registered(node: &Commands) -> ItemRef {
    let item = item("history:1");
    node.item(&app(), &item, registration("a-1", "RNA")).await.unwrap();
    item
}

pub(crate) fn only_link(state: &ItemState) -> (LinkId, u32) {
    let (id, link) = state.links.first_key_value().unwrap();
    (*id, link.generation)
}

/// The bearer text of the item's only link.
pub(crate) fn token_of(node: &Commands, state: &ItemState) -> String {
    let (link, generation) = only_link(state);
    node.link_token(link, generation).unwrap().expose().to_owned()
}

pub(crate) async fn put(
    node: &Commands,
    id: &str,
    profile: Profile,
) -> Result<Outcome<domain::account::AccountState>, CommandError> {
    node.account(&app(), &account(id), AccountCommand::Put(profile)).await
}

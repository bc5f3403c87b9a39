//! The account service: commands on accounts; names and addresses go to the vault, sealed.

use crate::{
    AccountCommand, Address, CommandError, Outcome, Profile, ProfilePatch, Request,
    handler::{Decided, Decider, Handler, StateCache, vault_error},
    random,
    vault::{Row, RowKind, Vault, key_ring::KeyRing},
};
use domain::{
    account::{self, AccountState, AccountStatus},
    aggregate::{Aggregate as _, Circumstances},
    event::{AccountEvent, Scope},
    field::FieldPath,
    id::{AccountId, VaultId},
    position::Position,
    rejection::{Entity, Reason, Rejection},
    stream::StreamName,
    time::Time,
};
use hmac::{Hmac, KeyInit as _, Mac as _};
use parking_lot::Mutex;
use sha2::Sha256;
use std::{collections::BTreeSet, fmt, sync::Arc};
use zeroize::Zeroizing;

/// Most addresses of a person, and their greatest length.
const MAX_ADDRESSES: usize = 20;
const MAX_ADDRESS_BYTES: usize = 254;
const MAX_NAME_CHARS: usize = 200;

struct AccountDecider<'a> {
    service: &'a AccountService,
    request: &'a Request,
    account: &'a AccountId,
    intent: &'a AccountCommand,
    row: VaultId,
    /// The profile to write under that row, as last decided.
    profile: Mutex<Option<Profile>>,
}

impl Decider<AccountState> for AccountDecider<'_> {
    async fn decide(
        &self,
        state: &AccountState,
        at: Time,
    ) -> Result<Decided<AccountState>, CommandError> {
        let service = self.service;
        self.may(state)?;
        let (command, fresh) = match self.intent {
            AccountCommand::Put(profile) => {
                let (profile, fresh) = self.profile_row(state, profile.clone()).await?;
                (account::AccountCommand::Register { profile }, fresh)
            }
            AccountCommand::Patch(patch) => {
                let current = service.profile(state).await?.unwrap_or_default();
                let (profile, fresh) = self.profile_row(state, patched(current, patch)).await?;
                (account::AccountCommand::Change { profile }, fresh)
            }
            AccountCommand::Deactivate => (account::AccountCommand::Deactivate, None),
            AccountCommand::Erase => {
                let vault = &service.vault;
                let key = vault.data_key_of(&key_owner(self.account)).await.map_err(vault_error)?;
                let keys = key.into_iter().map(|row| row.id).collect();
                (account::AccountCommand::Erase { keys }, None)
            }
        };
        *self.profile.lock() = fresh;
        let circumstances = Circumstances { now: at, condition: self.request.condition };
        Ok(state.decide(&command, &circumstances)?.into())
    }

    async fn write_references(
        &self,
        _state: &AccountState,
        _events: &[AccountEvent],
        at: Time,
    ) -> Result<(), CommandError> {
        let profile = self.profile.lock().clone();
        match profile {
            Some(profile) => self.write_profile(&profile, at).await,
            None => Ok(()),
        }
    }
}

impl AccountDecider<'_> {
    /// Administrators and applications that act for nobody may do everything; an account may keep
    /// its own profile.
    fn may(&self, state: &AccountState) -> Result<(), Rejection> {
        let caller = &self.request.caller;
        if caller.unrestricted() {
            return Ok(());
        }
        let own = caller.account.as_ref() == Some(self.account);
        let active = matches!(state.status, AccountStatus::Unknown | AccountStatus::Active);
        match self.intent {
            _ if !own => Err(Rejection::NotFound(Entity::Account)),
            AccountCommand::Put(_) | AccountCommand::Patch(_) if active => Ok(()),
            AccountCommand::Put(_)
            | AccountCommand::Patch(_)
            | AccountCommand::Deactivate
            | AccountCommand::Erase => {
                Err(Rejection::NotPermitted { needed: "an administrator's or application's token" })
            }
        }
    }

    /// The row of a profile: the current one when it says the same, none when it is empty, else a
    /// fresh one, which is still to be written.
    async fn profile_row(
        &self,
        state: &AccountState,
        mut profile: Profile,
    ) -> Result<(Option<VaultId>, Option<Profile>), CommandError> {
        let current = self.service.profile(state).await?;
        if !self.request.caller.unrestricted() {
            // Nobody confirms the own addresses.
            for address in &mut profile.addresses {
                address.verified = current.iter().flat_map(|p| &p.addresses).any(|known| {
                    known.verified && normalised(&known.address) == normalised(&address.address)
                });
            }
        }
        check(&profile)?;
        if profile == Profile::default() {
            return Ok((None, None));
        }
        if current.as_ref() == Some(&profile) {
            return Ok((state.profile, None));
        }
        Ok((Some(self.row), Some(profile)))
    }

    async fn write_profile(&self, profile: &Profile, at: Time) -> Result<(), CommandError> {
        let service = self.service;
        if service.vault.row(RowKind::Profile, self.row).await.map_err(vault_error)?.is_some() {
            return Ok(());
        }
        let key_owner = key_owner(self.account);
        let key = service.key_ring.sealing_key(&key_owner).await.map_err(vault_error)?;
        let key = key.ok_or_else(|| {
            CommandError::Rejected(Rejection::Rule {
                reason: Reason::AccountInactive,
                detail: "the account is erased".to_owned(),
            })
        })?;
        let plain = serde_json::to_vec(profile).map(Zeroizing::new);
        let body = plain
            .ok()
            .and_then(|plain| key.seal_row(&self.row.to_string(), &plain))
            .ok_or_else(|| CommandError::Internal("a profile cannot be sealed".to_owned()))?;
        let verified = profile.addresses.iter().filter(|address| address.verified);
        let row = Row {
            id: self.row,
            kind: RowKind::Profile,
            stream: StreamName::Account(self.account.clone()).to_string(),
            key_owner: Some(key_owner),
            lookups: verified.map(|address| service.address_digest(&address.address)).collect(),
            body,
            written_at: at,
        };
        service.vault.add_row(row).await.map_err(vault_error)
    }
}

fn key_owner(account: &AccountId) -> String {
    format!("account/{account}")
}

fn patched(mut profile: Profile, patch: &ProfilePatch) -> Profile {
    if let Some(name) = &patch.name {
        profile.name.clone_from(name);
    }
    if let Some(addresses) = &patch.addresses {
        profile.addresses = addresses.clone().unwrap_or_default();
    }
    profile
}

fn invalid(field: impl Into<FieldPath>, detail: &str) -> CommandError {
    let (field, detail) = (field.into(), detail.to_owned());
    CommandError::Rejected(Rejection::InvalidField { field, detail })
}

fn check(profile: &Profile) -> Result<(), CommandError> {
    if profile.name.as_ref().is_some_and(|name| name.chars().count() > MAX_NAME_CHARS) {
        return Err(invalid("name", "at most 200 characters"));
    }
    if profile.name.as_ref().is_some_and(|name| name.chars().any(char::is_control)) {
        return Err(invalid("name", "control characters are not allowed"));
    }
    if profile.addresses.len() > MAX_ADDRESSES {
        return Err(invalid("addresses", "at most 20 addresses"));
    }
    let mut seen = BTreeSet::new();
    for (index, Address { address, .. }) in profile.addresses.iter().enumerate() {
        let field = || FieldPath::from("addresses").place(index).field("address");
        if !is_address(address) {
            return Err(invalid(field(), "an e-mail address is expected"));
        }
        if !seen.insert(normalised(address)) {
            return Err(invalid(field(), "the same address is named twice"));
        }
    }
    Ok(())
}

/// Something before and something with a dot-free end or domain behind one `@`; mail servers know
/// the rest.
fn is_address(text: &str) -> bool {
    let visible = |c: char| !c.is_whitespace() && !c.is_control();
    text.len() <= MAX_ADDRESS_BYTES
        && text.trim().rsplit_once('@').is_some_and(|(local, domain)| {
            let parts_there = !local.is_empty() && !domain.is_empty();
            parts_there && local.chars().chain(domain.chars()).all(visible)
        })
}

/// Addresses are compared lower-cased.
fn normalised(address: &str) -> String {
    address.trim().to_lowercase()
}

/// Carries out commands on accounts, and knows their states and profiles.
pub(crate) struct AccountService {
    pub(crate) handler: Arc<Handler>,
    pub(crate) cache: StateCache<AccountState>,
    pub(crate) vault: Arc<dyn Vault>,
    pub(crate) key_ring: Arc<KeyRing>,
    /// Makes the digests by which addresses are found.
    pub(crate) address_key: Zeroizing<[u8; 32]>,
}

impl fmt::Debug for AccountService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccountService")
    }
}

/// May an account with this state use its rights? Unregistered ones may: they can have grants.
pub(crate) fn active(state: &AccountState) -> bool {
    match state.status {
        AccountStatus::Unknown | AccountStatus::Active => true,
        AccountStatus::Deactivated | AccountStatus::Erased => false,
    }
}

impl AccountService {
    /// The current state of an account. Confirmed by the log's leader.
    pub(crate) async fn load(
        &self,
        account: &AccountId,
    ) -> Result<Arc<AccountState>, CommandError> {
        self.handler.current(&self.cache, account).await
    }

    /// An account's state of at most a second ago, which knows everything up to a position.
    pub(crate) async fn recent(
        &self,
        account: &AccountId,
        at_least: Position,
    ) -> Result<(Arc<AccountState>, Position), CommandError> {
        let (state, recent) = self.handler.recent(&self.cache, account, at_least).await?;
        Ok((state, recent.position))
    }

    /// May an account use its rights?
    pub(crate) async fn is_active(&self, account: &AccountId) -> Result<bool, CommandError> {
        Ok(active(&self.recent(account, Position::START).await?.0))
    }

    /// What stands in the vault to find an address by.
    fn address_digest(&self, address: &str) -> Vec<u8> {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.address_key.as_slice()) else {
            return Vec::new(); // HMAC takes keys of any length
        };
        mac.update(normalised(address).as_bytes());
        mac.finalize().into_bytes().to_vec()
    }

    /// Name and addresses of an account; `None` = it has none, or they are erased.
    pub(crate) async fn profile(
        &self,
        state: &AccountState,
    ) -> Result<Option<Profile>, CommandError> {
        let Some(id) = state.profile else { return Ok(None) };
        let row = self.vault.row(RowKind::Profile, id).await.map_err(vault_error)?;
        let Some(row) = row else { return Ok(None) };
        let place = id.to_string();
        let plain = self.key_ring.open_row(&place, &row.body).await.map_err(vault_error)?;
        Ok(plain.and_then(|plain| serde_json::from_slice(&plain).ok()))
    }

    /// Carries out a command on an account. What the vault has of an erased one is removed
    /// elsewhere.
    pub(crate) async fn execute(
        &self,
        request: &Request,
        account: &AccountId,
        intent: AccountCommand,
    ) -> Result<Outcome<AccountState>, CommandError> {
        if !request.caller.has_scope(Scope::Accounts) {
            return Err(CommandError::ScopeMissing(Scope::Accounts));
        }
        let row = VaultId(random::id());
        let (profile, intent) = (Mutex::default(), &intent);
        let decider = AccountDecider { service: self, request, account, intent, row, profile };
        self.handler.execute(&self.cache, account, request, &decider).await
    }

    /// The active accounts that have an address, confirmed as their own, in their current profile.
    /// Nothing keeps two from it: which of them is meant is then for the caller to say.
    pub(crate) async fn find_by_address(
        &self,
        address: &str,
    ) -> Result<BTreeSet<AccountId>, CommandError> {
        let digest = self.address_digest(address);
        let rows = self.vault.find_rows(RowKind::Profile, &digest).await.map_err(vault_error)?;
        let mut found = BTreeSet::new();
        for row in &rows {
            let Ok(StreamName::Account(account)) = row.stream.parse::<StreamName>() else {
                continue;
            };
            let state = self.load(&account).await?;
            if state.profile == Some(row.id) && state.status == AccountStatus::Active {
                found.insert(account);
            }
        }
        Ok(found)
    }
}

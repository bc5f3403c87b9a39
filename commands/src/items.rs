//! The item service: commands on items, with permissions from the authority, rules from the domain,
//! and vault rows before the append.

use crate::{
    Clock, CommandError, GranteeRef, Outcome, Request, Secret,
    accounts::{AccountService, active},
    authority::AccessService,
    handler::{Decided, Decider, Handler, StateCache, vault_error},
    passwords::PasswordAttemptLimiter,
    random,
    system::SystemService,
    vault::{Row, RowKind, Vault},
};
use domain::{
    aggregate::Aggregate as _,
    event::{ItemEvent, Recorded, Scope},
    id::{AccountId, ItemRef, LinkId, VaultId},
    item::{
        self, Context, EndTarget, ItemCommand, ItemState, Mention, NewLink, ResolvedGrantee, Share,
    },
    position::Position,
    principal::Grantee,
    rejection::{Entity, Reason, Rejection},
    stream::StreamName,
    time::Time,
};
use eventlog::{Activity, ActivityEntry, ActivityKind};
use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};
use uuid::Uuid;

/// One command on one item, decided as often as needed.
struct ItemDecider<'a> {
    service: &'a ItemService,
    request: &'a Request,
    item: &'a ItemRef,
    command: &'a ItemCommand,
    /// The same for every attempt, so that what was written to the vault stays right.
    ids: Vec<Uuid>,
    password: Option<(VaultId, Secret)>,
    rows_written: AtomicBool,
}

impl Decider<ItemState> for ItemDecider<'_> {
    async fn decide(
        &self,
        state: &ItemState,
        at: Time,
    ) -> Result<Decided<ItemState>, CommandError> {
        let Self { service, request, item, .. } = self;
        let Request { caller, at_least, .. } = request;
        let mut access =
            service.access.effective_access(caller, item, state, *at_least, at).await?;
        let system = service.system.in_force().await?;
        let context = Context {
            now: at,
            subject: &access.subject,
            rights: access.permissions,
            item,
            kinds: &system.kinds,
            ids: &self.ids,
            condition: request.condition,
        };
        let decision = access.certain(state.decide(self.command, &context))?;
        let (seen, ignored_visits) = (Some(access.known_at), access.ignored_visits);
        Ok(Decided { decision, seen, ignored_visits })
    }

    /// Links and passwords that the events refer to.
    async fn write_references(
        &self,
        state: &ItemState,
        events: &[ItemEvent],
        at: Time,
    ) -> Result<(), CommandError> {
        if !self.rows_written.load(Ordering::Relaxed) {
            let owner = state.key_owner(self.item, events).map(|owner| format!("account/{owner}"));
            self.write_rows(events, owner.as_deref(), at).await?;
            self.rows_written.store(true, Ordering::Relaxed);
        }
        Ok(())
    }

    fn may_have_ended(&self, rejection: &Rejection) -> bool {
        matches!(rejection, Rejection::NotFound(Entity::Grant | Entity::Link))
            && mention(self.command).is_some()
    }

    fn ended_before(&self, past: &[Recorded<ItemEvent>]) -> bool {
        mention(self.command).is_some_and(|id| item::mentions(past, id))
    }
}

/// What an ending command names.
const fn mention(command: &ItemCommand) -> Option<Mention> {
    if let ItemCommand::EndGrants(EndTarget::Grant(grant)) = command {
        Some(Mention::Grant(*grant))
    } else if let ItemCommand::RevokeLink { link, .. } = command {
        Some(Mention::Link(*link))
    } else {
        None
    }
}

impl ItemDecider<'_> {
    /// What the events point at stands in the vault before they stand on the log.
    async fn write_rows(
        &self,
        events: &[ItemEvent],
        key_owner: Option<&str>,
        at: Time,
    ) -> Result<(), CommandError> {
        let row = |id: VaultId, kind: RowKind, body: Vec<u8>| Row {
            id,
            kind,
            stream: StreamName::Item(self.item.clone()).to_string(),
            key_owner: key_owner.map(str::to_owned),
            lookups: Vec::new(),
            body,
            written_at: at,
        };
        let service = self.service;
        let mut rows = Vec::new();
        for event in events {
            if let ItemEvent::LinkCreated(created) = event {
                let body = self.item.to_string().into_bytes();
                rows.push(row(VaultId(created.link.0), RowKind::Link, body));
            }
        }
        if let Some((id, password)) = &self.password {
            let digest = service.passwords.digest(password).await?;
            rows.push(row(*id, RowKind::Password, digest.into_bytes()));
        }
        for row in rows {
            service.vault.add_row(row).await.map_err(vault_error)?;
        }
        Ok(())
    }
}

/// What an application's token must be good for.
const fn scope(command: &ItemCommand) -> Scope {
    match command {
        ItemCommand::Register { .. }
        | ItemCommand::Describe(_)
        | ItemCommand::Close
        | ItemCommand::Reopen(_)
        | ItemCommand::Retire
        | ItemCommand::Restore
        | ItemCommand::Expire => Scope::Items,
        ItemCommand::SetVisibility(_)
        | ItemCommand::Share(_)
        | ItemCommand::ChangeGrant { .. }
        | ItemCommand::EndGrants(_)
        | ItemCommand::ReplaceSharing { .. }
        | ItemCommand::CreateLink(_)
        | ItemCommand::ChangeLink { .. }
        | ItemCommand::RotateLink(_)
        | ItemCommand::SetLinkPassword { .. }
        | ItemCommand::ClearLinkPassword(_)
        | ItemCommand::RevokeLink { .. }
        | ItemCommand::Publish(_)
        | ItemCommand::Unpublish => Scope::Sharing,
    }
}

/// Carries out commands on items.
pub(crate) struct ItemService {
    pub(crate) handler: Arc<Handler>,
    pub(crate) cache: StateCache<ItemState>,
    pub(crate) vault: Arc<dyn Vault>,
    pub(crate) activity: Arc<dyn Activity>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) access: Arc<AccessService>,
    pub(crate) accounts: Arc<AccountService>,
    pub(crate) system: Arc<SystemService>,
    pub(crate) passwords: Arc<PasswordAttemptLimiter>,
}

impl fmt::Debug for ItemService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ItemService")
    }
}

impl ItemService {
    /// The current state of an item, texts opened. Confirmed by the log's leader.
    pub(crate) async fn load(&self, item: &ItemRef) -> Result<Arc<ItemState>, CommandError> {
        self.handler.current(&self.cache, item).await
    }

    /// Carries out a command on an item.
    pub(crate) async fn execute(
        &self,
        request: &Request,
        item: &ItemRef,
        command: ItemCommand,
    ) -> Result<Outcome<ItemState>, CommandError> {
        self.issue(request, item, &command, None).await
    }

    /// Makes a link; the password is digested and written to the vault before.
    pub(crate) async fn create_link(
        &self,
        request: &Request,
        item: &ItemRef,
        mut link: NewLink,
        password: Option<Secret>,
    ) -> Result<Outcome<ItemState>, CommandError> {
        let password = password.map(|password| (VaultId(random::id()), password));
        link.password = password.as_ref().map(|(id, _)| *id);
        self.issue(request, item, &ItemCommand::CreateLink(link), password).await
    }

    /// Sets the password of a link.
    pub(crate) async fn set_link_password(
        &self,
        request: &Request,
        item: &ItemRef,
        link: LinkId,
        password: Secret,
    ) -> Result<Outcome<ItemState>, CommandError> {
        let id = VaultId(random::id());
        let command = ItemCommand::SetLinkPassword { link, password: id };
        self.issue(request, item, &command, Some((id, password))).await
    }

    /// Shares with some; e-mail addresses are looked up in the vault. `template.grantees` is
    /// ignored.
    pub(crate) async fn share(
        &self,
        request: &Request,
        item: &ItemRef,
        asked: Vec<GranteeRef>,
        mut template: Share,
    ) -> Result<Outcome<ItemState>, CommandError> {
        let mut targets = Vec::with_capacity(asked.len());
        for grantee in asked {
            targets.push(match grantee {
                GranteeRef::Account(id) => self.account_target(id, request.at_least).await?,
                GranteeRef::Group(id) => ResolvedGrantee::Grantee(Grantee::Group(id)),
                GranteeRef::Email(address) => self.address_target(&address).await?,
            });
        }
        template.grantees = targets;
        self.issue(request, item, &ItemCommand::Share(template), None).await
    }

    async fn account_target(
        &self,
        id: AccountId,
        at_least: Position,
    ) -> Result<ResolvedGrantee, CommandError> {
        let (state, _) = self.accounts.recent(&id, at_least).await?;
        Ok(if active(&state) {
            ResolvedGrantee::Grantee(Grantee::Account(id))
        } else {
            ResolvedGrantee::Refused {
                reason: Reason::AccountInactive,
                detail: format!("account {id} is deactivated or erased"),
            }
        })
    }

    async fn address_target(&self, address: &str) -> Result<ResolvedGrantee, CommandError> {
        let mut found = self.accounts.find_by_address(address).await?;
        let detail = match (found.pop_first(), found.is_empty()) {
            (Some(id), true) => return Ok(ResolvedGrantee::Grantee(Grantee::Account(id))),
            (Some(_), false) => {
                "the address is ambiguous: more than one account has it, confirmed as its own; \
                 name the account"
            }
            (None, _) => "no account has this address, confirmed as its own",
        };
        let detail = detail.to_owned();
        Ok(ResolvedGrantee::Refused { reason: Reason::UnknownAddress, detail })
    }

    async fn issue(
        &self,
        request: &Request,
        item: &ItemRef,
        command: &ItemCommand,
        password: Option<(VaultId, Secret)>,
    ) -> Result<Outcome<ItemState>, CommandError> {
        let needed = scope(command);
        if !request.caller.has_scope(needed) {
            return Err(CommandError::ScopeMissing(needed));
        }
        let decider = ItemDecider {
            service: self,
            request,
            item,
            command,
            ids: (0..command.ids_needed()).map(|_| random::id()).collect(),
            password,
            rows_written: AtomicBool::new(false),
        };
        let answer = self.handler.execute(&self.cache, item, request, &decider).await;
        if let Err(CommandError::Rejected(
            rejection @ (Rejection::NotPermitted { .. } | Rejection::NotFound(Entity::Item)),
        )) = &answer
        {
            self.note_denied(request, item, rejection);
        }
        answer
    }

    /// Notes a refusal for lack of rights. (Asking for an item that never was is noted too: it
    /// cannot be told apart without looking, and a row of such entries is what a search for items
    /// looks like.)
    fn note_denied(&self, request: &Request, item: &ItemRef, rejection: &Rejection) {
        let denied = matches!(rejection, Rejection::NotPermitted { .. });
        let detail = if denied { "not_permitted" } else { "not_found" };
        let caller = &request.caller;
        self.activity.note(ActivityEntry {
            item: Some(item.clone()),
            account: caller.account.clone(),
            token: caller.token,
            detail: Some(detail.to_owned()),
            ..ActivityEntry::new(self.clock.now(), ActivityKind::CommandDenied)
        });
    }
}

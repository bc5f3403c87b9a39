//! Commands on items: permissions from the authority, rules from the domain, vault rows before the
//! append.

use super::Commands;
use crate::{
    CommandError, CommandFuture, GranteeRef, Outcome, Request, Secret,
    core::{active, item_stream},
    handler::{Decided, Decider, vault_error},
    random,
    vault::{Row, RowKind},
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
    time::Time,
};
use eventlog::{ActivityEntry, ActivityKind};
use std::sync::atomic::{AtomicBool, Ordering};
use uuid::Uuid;

/// One command on one item, decided as often as needed.
struct ItemDecider<'a> {
    commands: &'a Commands,
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
        let Self { commands, request, item, .. } = self;
        let core = &commands.core;
        let Request { caller, at_least, .. } = request;
        let mut access = core.effective_access(caller, item, state, *at_least, at).await?;
        let system = core.in_force().await?;
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
            stream: item_stream(self.item).to_string(),
            key_owner: key_owner.map(str::to_owned),
            lookups: Vec::new(),
            body,
            written_at: at,
        };
        let core = &self.commands.core;
        let mut rows = Vec::new();
        for event in events {
            if let ItemEvent::LinkCreated(created) = event {
                let body = self.item.to_string().into_bytes();
                rows.push(row(VaultId(created.link.0), RowKind::Link, body));
            }
        }
        if let Some((id, password)) = &self.password {
            let digest = core.password_attempts.digest(password).await?;
            rows.push(row(*id, RowKind::Password, digest.into_bytes()));
        }
        for row in rows {
            core.parts.vault.add_row(row).await.map_err(vault_error)?;
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

impl Commands {
    /// Carries out a command on an item.
    pub fn item<'a>(
        &'a self,
        request: &'a Request,
        item: &'a ItemRef,
        command: ItemCommand,
    ) -> CommandFuture<'a, Outcome<ItemState>> {
        Box::pin(async move { self.issue(request, item, &command, None).await })
    }

    /// Makes a link; the password is digested and written to the vault before.
    pub fn create_link<'a>(
        &'a self,
        request: &'a Request,
        item: &'a ItemRef,
        mut link: NewLink,
        password: Option<Secret>,
    ) -> CommandFuture<'a, Outcome<ItemState>> {
        Box::pin(async move {
            let password = password.map(|password| (VaultId(random::id()), password));
            link.password = password.as_ref().map(|(id, _)| *id);
            self.issue(request, item, &ItemCommand::CreateLink(link), password).await
        })
    }

    /// Sets the password of a link.
    pub fn set_link_password<'a>(
        &'a self,
        request: &'a Request,
        item: &'a ItemRef,
        link: LinkId,
        password: Secret,
    ) -> CommandFuture<'a, Outcome<ItemState>> {
        Box::pin(async move {
            let id = VaultId(random::id());
            let command = ItemCommand::SetLinkPassword { link, password: id };
            self.issue(request, item, &command, Some((id, password))).await
        })
    }

    /// Shares with some; e-mail addresses are looked up in the vault. `template.grantees` is
    /// ignored.
    pub fn share<'a>(
        &'a self,
        request: &'a Request,
        item: &'a ItemRef,
        asked: Vec<GranteeRef>,
        mut template: Share,
    ) -> CommandFuture<'a, Outcome<ItemState>> {
        Box::pin(async move {
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
        })
    }

    async fn account_target(
        &self,
        id: AccountId,
        at_least: Position,
    ) -> Result<ResolvedGrantee, CommandError> {
        let (state, _) = self.core.recent_account(&id, at_least).await?;
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
        let mut found = self.accounts_of_address(address).await?;
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
            commands: self,
            request,
            item,
            command,
            ids: (0..command.ids_needed()).map(|_| random::id()).collect(),
            password,
            rows_written: AtomicBool::new(false),
        };
        let core = &self.core;
        let answer = core.handler.execute(&core.items, item, request, &decider).await;
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
        self.core.parts.activity.note(ActivityEntry {
            item: Some(item.clone()),
            account: caller.account.clone(),
            token: caller.token,
            detail: Some(detail.to_owned()),
            ..ActivityEntry::new(self.core.now(), ActivityKind::CommandDenied)
        });
    }
}

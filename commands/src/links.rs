//! The link service: opens links, although the log holds nothing that opens them.
//!
//! Checks are made in one order, one use is taken where uses are limited, then a visit is signed.
//! Which item a link belongs to is kept in a vault row that is written before the link is recorded;
//! without the row the link opens nothing.

use crate::{
    Caller, Clock, CommandError, LinkPreview, LinkVisit, OpenError, Request, Secret,
    accounts::AccountService,
    authority::AccessService,
    handler::{Handler, PlainDecider, StateCache, vault_error},
    items::ItemService,
    passwords::PasswordAttemptLimiter,
    random,
    signing::{
        SigningKeys, VisitService,
        tokens::{self, TokenKind, Unverified},
        visits,
    },
    vault::{RowKind, Vault},
};
use domain::{
    access::{Visit, permissions},
    aggregate::Condition,
    event::{Audience, CallerRole, KeyPurpose, Scope},
    id::{ItemRef, LinkId, VaultId, VisitId},
    item::{ItemState, OpenLink},
    link_use::{LinkUses, UseLink},
    position::Position,
    role::Permission,
    time::Time,
};
use eventlog::{Activity, ActivityEntry, ActivityKind};
use sha2::{Digest as _, Sha256};
use std::{fmt, sync::Arc};

/// How long a code waits to be swapped, in seconds.
const CODE_SECONDS: i64 = 60;

/// A link found by its token, open as far as the link itself goes.
struct Found {
    item: ItemRef,
    link: LinkId,
    state: Arc<ItemState>,
}

impl Found {
    fn open(&self, now: Time) -> Result<&OpenLink, OpenError> {
        visits::open_link(&self.state, self.link, now).ok_or(OpenError::NotFound)
    }
}

/// Opens links, and knows what they belong to.
pub(crate) struct LinkService {
    pub(crate) handler: Arc<Handler>,
    /// Uses of limited links.
    pub(crate) cache: StateCache<LinkUses>,
    pub(crate) vault: Arc<dyn Vault>,
    pub(crate) activity: Arc<dyn Activity>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) items: Arc<ItemService>,
    pub(crate) accounts: Arc<AccountService>,
    pub(crate) access: Arc<AccessService>,
    pub(crate) keys: Arc<SigningKeys>,
    pub(crate) visits: Arc<VisitService>,
    pub(crate) passwords: Arc<PasswordAttemptLimiter>,
    /// How long a visit lasts at most, in seconds.
    pub(crate) visit_seconds: i64,
}

impl fmt::Debug for LinkService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LinkService")
    }
}

impl LinkService {
    /// The secret part of a link's address.
    pub(crate) fn token(&self, link: LinkId, generation: u32) -> Result<Secret, CommandError> {
        let contents = tokens::link_contents(link, generation);
        self.keys.sign_at_once(KeyPurpose::Link, TokenKind::Link, &contents).map(Secret::new)
    }

    /// How often a limited link was opened.
    pub(crate) async fn uses(&self, link: LinkId) -> Result<u32, CommandError> {
        Ok(self.handler.current(&self.cache, &link).await?.used)
    }

    /// The link of a token; forged ones die here before any look-up.
    async fn find_link(&self, token: &str, now: Time) -> Result<Found, OpenError> {
        let read = Unverified::parse(TokenKind::Link, tokens::LINK_BYTES, token)
            .ok_or(OpenError::NotFound)?;
        let key = self.keys.checking_key(KeyPurpose::Link, read.key()).await?;
        let contents = key.as_ref().and_then(|key| read.verify(key)).and_then(tokens::read_link);
        let (link, generation) = contents.ok_or(OpenError::NotFound)?;
        let found = self.link(link).await?;
        if found.open(now)?.generation != generation {
            return Err(OpenError::NotFound);
        }
        Ok(found)
    }

    pub(crate) async fn item_of(&self, link: LinkId) -> Result<Option<ItemRef>, CommandError> {
        let row = self.vault.row(RowKind::Link, VaultId(link.0)).await.map_err(vault_error)?;
        Ok(row
            .and_then(|row| String::from_utf8(row.body).ok())
            .and_then(|text| text.parse::<ItemRef>().ok()))
    }

    async fn link(&self, link: LinkId) -> Result<Found, OpenError> {
        let item = self.item_of(link).await?.ok_or(OpenError::NotFound)?;
        let state = self.items.load(&item).await?;
        Ok(Found { item, link, state })
    }

    pub(crate) async fn peek(&self, token: &str) -> Result<LinkPreview, OpenError> {
        let now = self.clock.now();
        let found = self.find_link(token, now).await?;
        let open = found.open(now)?;
        if let Some(max) = open.terms.max_visits
            && self.uses(found.link).await? >= max
        {
            return Err(OpenError::NotFound);
        }
        let needs_password = open.password.is_some();
        Ok(LinkPreview { needs_password, item: found.item, link: found.link })
    }

    pub(crate) async fn open(
        &self,
        caller: &Caller,
        token: &str,
        password: Option<&Secret>,
    ) -> Result<LinkVisit, OpenError> {
        let now = self.clock.now();
        if !caller.has_scope(Scope::Visits) {
            return Err(CommandError::ScopeMissing(Scope::Visits).into());
        }
        if caller.role == CallerRole::Auditor && caller.system.is_none() {
            return Err(OpenError::NotPermitted);
        }
        let found = match self.find_link(token, now).await {
            Ok(found) => found,
            Err(error) => {
                if let Some(detail) = refusal(&error) {
                    self.record_visit(caller, None, Some(detail));
                }
                return Err(error);
            }
        };
        let opened = self.open_found(caller, &found, password, now).await;
        let detail = opened.as_ref().map_or_else(refusal, |_| None);
        if opened.is_ok() || detail.is_some() {
            self.record_visit(caller, Some((&found.item, found.link)), detail);
        }
        opened
    }

    async fn open_found(
        &self,
        caller: &Caller,
        found: &Found,
        password: Option<&Secret>,
        now: Time,
    ) -> Result<LinkVisit, OpenError> {
        let link = found.open(now)?;
        self.check_audience(caller, found, link, now).await?;
        if let Some(row) = link.password {
            let guess = password.ok_or(OpenError::PasswordRequired)?;
            let row = self.vault.row(RowKind::Password, row).await.map_err(vault_error)?;
            let digest = row.and_then(|row| String::from_utf8(row.body).ok());
            // Without its row the password cannot be right.
            let digest = digest.ok_or(OpenError::PasswordWrong)?;
            let client = caller.client_address.as_deref();
            self.passwords.check(found.link, client, digest, guess).await?;
        }
        let id = VisitId(random::id());
        let mut position = found.state.position;
        if let Some(max) = link.terms.max_visits {
            let (item, generation) = (found.item.clone(), link.generation);
            let command = UseLink { max_visits: max, item, generation, visit: id };
            let request = Request::new(Caller { visits: Vec::new(), ..caller.clone() });
            let take = PlainDecider { command, condition: Condition::None };
            match self.handler.execute(&self.cache, &found.link, &request, &take).await {
                Ok(used) => position = position.max(used.position),
                Err(CommandError::Rejected(_)) => return Err(OpenError::NotFound),
                Err(error) => return Err(error.into()),
            }
        }
        let longest = now.plus_seconds(self.visit_seconds);
        let visit = Visit {
            link: found.link,
            generation: link.generation,
            password_version: link.password_version,
            ends_at: link.terms.ends_at.map_or(longest, |end| end.min(longest)),
        };
        let text = self.visits.sign(&visit, id).await?;
        let opened = self.opened(caller, found, visit, text, now).await?;
        Ok(LinkVisit { position, ..opened })
    }

    async fn check_audience(
        &self,
        caller: &Caller,
        found: &Found,
        link: &OpenLink,
        now: Time,
    ) -> Result<(), OpenError> {
        if link.terms.audience == Audience::Anyone {
            return Ok(());
        }
        let Some(account) = &caller.account else { return Err(OpenError::SignInRequired) };
        if !self.accounts.is_active(account).await? {
            return Err(OpenError::NotPermitted);
        }
        if link.terms.audience == Audience::Named {
            let caller = Caller { visits: Vec::new(), ..caller.clone() };
            let (item, state) = (&found.item, &found.state);
            let start = Position::START;
            let access = self.access.effective_access(&caller, item, state, start, now).await?;
            if !access.has(Permission::View)? {
                return Err(OpenError::NotPermitted);
            }
        }
        Ok(())
    }

    async fn opened(
        &self,
        caller: &Caller,
        found: &Found,
        visit: Visit,
        text: String,
        now: Time,
    ) -> Result<LinkVisit, OpenError> {
        let mut caller = caller.clone();
        caller.visits.clear();
        // A visitor's rights, not those of the application that carries the visit.
        let who = Caller { role: CallerRole::Account, system: None, ..caller };
        let (state, start) = (&found.state, Position::START);
        let access = self.access.effective_access(&who, &found.item, state, start, now).await?;
        let mut subject = access.subject;
        let link = visits::still_good(&visit, &subject, &found.state, now)
            .map_err(|_| OpenError::NotFound)?;
        let (view_state, joins) = (link.terms.state.clone(), link.terms.joins);
        let ends_at = visit.ends_at;
        subject.visits.push(visit);
        Ok(LinkVisit {
            visit: Secret::new(text),
            ends_at,
            item: found.item.clone(),
            state: found.state.clone(),
            link: found.link,
            permissions: access.permissions.union(permissions(&*found.state, &subject, now)),
            view_state: view_state.and_then(|text| text.as_plain().map(str::to_owned)),
            can_join: joins && subject.account_id().is_some(),
            position: found.state.position,
        })
    }

    pub(crate) async fn make_code(&self, opened: &LinkVisit) -> Result<Secret, CommandError> {
        let read = self.visits.read(opened.visit.expose()).await?;
        let (visit, id) =
            read.ok_or_else(|| CommandError::Internal("a visit does not read back".to_owned()))?;
        let ends_at = self.clock.now().plus_seconds(CODE_SECONDS);
        let visit = tokens::visit_contents(&visit, id);
        let contents = tokens::code_contents(ends_at, random::bytes(), &visit);
        Ok(Secret::new(self.keys.sign(KeyPurpose::Visit, TokenKind::Code, &contents).await?))
    }

    pub(crate) async fn swap_code(
        &self,
        caller: &Caller,
        code: &str,
    ) -> Result<LinkVisit, OpenError> {
        let now = self.clock.now();
        if !caller.has_scope(Scope::Visits) {
            return Err(CommandError::ScopeMissing(Scope::Visits).into());
        }
        let read = Unverified::parse(TokenKind::Code, tokens::CODE_BYTES, code)
            .ok_or(OpenError::NotFound)?;
        let key = self.keys.checking_key(KeyPurpose::Visit, read.key()).await?;
        let contents = key.as_ref().and_then(|key| read.verify(key)).and_then(tokens::read_code);
        let (ends_at, contents) = contents.ok_or(OpenError::NotFound)?;
        let (visit, id) = tokens::read_visit(contents).ok_or(OpenError::NotFound)?;
        if ends_at <= now {
            return Err(OpenError::NotFound);
        }
        let digest = Sha256::digest(code.as_bytes());
        let vault = &self.vault;
        // Kept for longer than any node's clock may be behind.
        let kept = ends_at.plus_seconds(CODE_SECONDS);
        if !vault.use_code(&digest, kept, now).await.map_err(vault_error)? {
            return Err(OpenError::NotFound);
        }
        let found = self.link(visit.link).await?;
        let text = self.visits.sign(&visit, id).await?;
        self.opened(caller, &found, visit, text, now).await
    }

    fn record_visit(
        &self,
        caller: &Caller,
        found: Option<(&ItemRef, LinkId)>,
        refused: Option<&'static str>,
    ) {
        let kind = match refused {
            Some(_) => ActivityKind::LinkRefused,
            None => ActivityKind::LinkOpened,
        };
        self.activity.note(ActivityEntry {
            item: found.map(|(item, _)| item.clone()),
            link: found.map(|(_, link)| link),
            account: caller.account.clone(),
            token: caller.token,
            detail: refused.map(str::to_owned),
            ..ActivityEntry::new(self.clock.now(), kind)
        });
    }
}

/// The code of a refusal in the activity log; `None` = a failure of the service, which is no
/// refusal.
const fn refusal(error: &OpenError) -> Option<&'static str> {
    match error {
        OpenError::NotFound => Some("not_found"),
        OpenError::PasswordRequired => Some("password_required"),
        OpenError::PasswordWrong => Some("password_wrong"),
        OpenError::TooManyAttempts { .. } => Some("too_many_attempts"),
        OpenError::SignInRequired => Some("sign_in_required"),
        OpenError::NotPermitted => Some("not_permitted"),
        OpenError::Command(_) => None,
    }
}

//! What a caller passes in with a command, and what it gets back.

use crate::Secret;
use domain::{
    actor::Actor,
    aggregate::Aggregate,
    aggregate::Condition,
    event::{CallerRole, Recorded, Scope},
    id::{AccountId, CommandId, GroupId, ItemRef, LinkId, TokenId},
    item::{ItemState, Patch},
    position::Position,
    rejection::ShareResult,
    role::Permissions,
    time::Time,
};
use std::sync::Arc;

/// Who calls, as established by the edge from token and headers.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The token presented.
    pub token: Option<TokenId>,
    /// What its holder may be.
    pub role: CallerRole,
    /// The token's label; becomes `actor.app` of applications.
    pub label: String,
    /// What an application's token may be used for; empty = everything.
    pub scopes: Vec<Scope>,
    /// The own account, or the one acted for.
    pub account: Option<AccountId>,
    /// An application acts for somebody who is not signed in.
    pub anonymous: bool,
    /// Set when the service itself acts: `sweeper`, `start`, `command-line`. Unrestricted.
    pub system: Option<&'static str>,
    /// Address of the person's machine; for counting guesses only, never recorded.
    pub client_address: Option<String>,
    /// The raw `Sharelog-Visit` values.
    pub visits: Vec<String>,
}

/// Nobody: no token, no account, no rights. For `..Caller::default()`.
impl Default for Caller {
    fn default() -> Self {
        Self {
            token: None,
            role: CallerRole::Account,
            label: String::new(),
            scopes: Vec::new(),
            account: None,
            anonymous: false,
            system: None,
            client_address: None,
            visits: Vec::new(),
        }
    }
}

impl Caller {
    /// The service itself, e.g. `command-line`.
    pub fn system(part: &'static str) -> Self {
        Self { role: CallerRole::Admin, system: Some(part), ..Self::default() }
    }

    /// An account with a token of its own; for tests.
    pub fn account(account: AccountId) -> Self {
        Self { account: Some(account), ..Self::default() }
    }

    /// May it do everything (within its scopes)? The service, administrators, and applications that
    /// act for nobody.
    pub fn unrestricted(&self) -> bool {
        self.system.is_some()
            || match self.role {
                CallerRole::Admin => true,
                CallerRole::App => self.account.is_none() && !self.anonymous,
                CallerRole::Auditor | CallerRole::Account => false,
            }
    }

    /// May its token be used for this?
    pub fn has_scope(&self, scope: Scope) -> bool {
        self.role != CallerRole::App || self.scopes.is_empty() || self.scopes.contains(&scope)
    }

    /// As it is recorded.
    pub fn actor(&self) -> Actor {
        Actor {
            account: self.account.clone(),
            issuer: self.account.is_some().then(|| "local".to_owned()),
            via: self.token,
            app: (self.role == CallerRole::App).then(|| self.label.clone()),
            system: self.system.map(str::to_owned),
            anonymous: self.anonymous,
        }
    }
}

/// What belongs to a command beside the command itself.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// Who calls.
    pub caller: Caller,
    /// Why, in the caller's words.
    pub reason: Option<String>,
    /// The ticket it belongs to.
    pub ticket: Option<String>,
    /// The plain `Idempotency-Key`.
    pub key: Option<String>,
    /// Method, path, query, canonical body and condition: what must be equal for a key to be used
    /// again.
    pub fingerprint: Vec<u8>,
    /// The condition on the entity's version.
    pub condition: Condition,
    /// The caller's consistency token; 0 = none.
    pub at_least: Position,
    /// Decide, but record nothing.
    pub dry_run: bool,
    /// Is [`Outcome::before`] wanted? Keeping it costs a copy of the state.
    pub before: bool,
    /// Trace id (W3C Trace Context).
    pub trace: Option<String>,
}

impl Request {
    /// A plain request of a caller.
    pub fn new(caller: Caller) -> Self {
        Self { caller, ..Self::default() }
    }
}

/// What became of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Recorded as one commit.
    Recorded,
    /// It changes nothing; nothing was recorded.
    Unchanged,
    /// A dry run: this is what it would do.
    Planned,
}

/// The answer to a command that was not refused.
#[derive(Debug, Clone)]
pub struct Outcome<S: Aggregate> {
    /// The command's id.
    pub command: CommandId,
    /// What became of it.
    pub status: Status,
    /// Where it was recorded; where nothing was, the position that it was decided at.
    pub position: Position,
    /// The position that the caller named; a replayed answer may be older.
    pub at_least: Position,
    /// When it took effect (unchanged, planned: when it was decided).
    pub at: Time,
    /// Did it create what it names (an item, a link, an account, a token)?
    pub created: bool,
    /// The recorded (or planned) events.
    pub events: Vec<Recorded<S::Event>>,
    /// The state before. There when [`Request::before`] asked for it, for dry runs and replays, and
    /// where nothing changed.
    pub before: Option<Arc<S>>,
    /// The state after.
    pub after: Arc<S>,
    /// One per grantee of a share, in the order asked.
    pub results: Vec<ShareResult>,
    /// Is it the answer of an earlier command with the same idempotency key?
    pub replayed: bool,
    /// Why visits that were presented gave nothing; for warnings.
    pub ignored_visits: Vec<String>,
}

/// Whom a share is for, as asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GranteeRef {
    /// An account.
    Account(AccountId),
    /// A group.
    Group(GroupId),
    /// Whoever has this e-mail address.
    Email(String),
}

/// An e-mail address of a person.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Address {
    /// As given.
    pub address: String,
    /// Did somebody prove that it is theirs?
    #[serde(default)]
    pub verified: bool,
}

/// Name and addresses of a person. Stands in the vault only.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Profile {
    /// The name to show.
    #[serde(default)]
    pub name: Option<String>,
    /// E-mail addresses.
    #[serde(default)]
    pub addresses: Vec<Address>,
}

/// A merge-patch of a profile.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProfilePatch {
    /// The name.
    pub name: Patch<String>,
    /// The addresses, whole.
    pub addresses: Patch<Vec<Address>>,
}

/// What is wanted of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccountCommand {
    /// Register it, or replace its profile.
    Put(Profile),
    /// Change its profile.
    Patch(ProfilePatch),
    /// Take everything from it until it is registered again.
    Deactivate,
    /// Forget the person for ever.
    Erase,
}

/// An access token as asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewToken {
    /// What its holder may be.
    pub role: CallerRole,
    /// Its name.
    pub label: String,
    /// What an application may use it for; empty = everything.
    pub scopes: Vec<Scope>,
    /// The account of a token with role `account`.
    pub account: Option<AccountId>,
    /// First instant at which it is no longer valid.
    pub ends_at: Option<Time>,
}

/// Who a valid bearer token says the caller is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenIdentity {
    /// The token.
    pub id: TokenId,
    /// What its holder may be.
    pub role: CallerRole,
    /// Its name.
    pub label: String,
    /// What an application may use it for; empty = everything.
    pub scopes: Vec<Scope>,
    /// The account of a token with role `account`.
    pub account: Option<AccountId>,
}

/// An opened link.
#[derive(Debug, Clone)]
pub struct LinkVisit {
    /// The visit; presented as `Sharelog-Visit`.
    pub visit: Secret,
    /// First instant at which the visit is over.
    pub ends_at: Time,
    /// The item.
    pub item: ItemRef,
    /// What is known of it, texts opened.
    pub state: Arc<ItemState>,
    /// The link.
    pub link: LinkId,
    /// What the visitor may do now.
    pub permissions: Permissions,
    /// The application's own text in the link.
    pub view_state: Option<String>,
    /// Would accepting give the visitor a grant?
    pub can_join: bool,
    /// The position that it was opened at; where a use was taken, that of its record.
    pub position: Position,
}

/// What a page may know of a link before it is opened. Looking consumes nothing.
#[derive(Debug, Clone)]
pub struct LinkPreview {
    /// Must a password be given?
    pub needs_password: bool,
    /// The item.
    pub item: ItemRef,
    /// The link.
    pub link: LinkId,
}

/// Can commands be taken?
#[derive(Debug, Clone)]
pub struct WriteHealth {
    /// Are commands taken?
    pub ready: bool,
    /// Why not, in words.
    pub problems: Vec<String>,
}

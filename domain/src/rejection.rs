//! Why a command is refused: the closed list, without any HTTP.

use crate::{
    id::{AccountId, GrantId, KindName},
    position::Position,
};
use serde::{Deserialize, Serialize};

/// Reason codes, shared by problems and by results of single grantees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The owner or the caller named itself.
    SelfShare,
    /// The owner cannot be given, changed or removed by a grant.
    OwnerUntouchable,
    /// More than the caller has.
    AboveOwnRole,
    /// No such account.
    UnknownAccount,
    /// No account has this address.
    UnknownAddress,
    /// The account is deactivated or erased.
    AccountInactive,
    /// The group no longer exists.
    GroupDissolved,
    /// The address's domain is not allowed.
    DomainNotAllowed,
    /// The window's end has passed, or lies before its start.
    WindowInPast,
    /// Longer than policy allows.
    WindowTooLong,
    /// Wider than policy allows.
    AudienceTooWide,
    /// Policy wants a password.
    PasswordNeeded,
    /// Policy wants a reason.
    ReasonNeeded,
    /// Policy wants a second person.
    ApprovalNeeded,
    /// Items of this kind have no links.
    KindNotLinkable,
    /// Items of this kind are not published.
    KindNotPublishable,
    /// The role or link withholds copying.
    CopyWithheld,
    /// The grant withholds sharing.
    ShareWithheld,
    /// It belongs to somebody else.
    NotYours,
    /// A legal hold is in force.
    OnHold,
    /// It would contain itself.
    Cycle,
    /// Nested deeper than 8.
    TooDeep,
    /// A limit is reached.
    TooMany,
    /// Named twice in one request.
    DuplicateInRequest,
}

/// What an unmet `If-Match` was about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Entity {
    /// The item itself.
    Item,
    /// A grant.
    Grant,
    /// A link.
    Link,
    /// The publication.
    Publication,
    /// Visibility and grants together.
    Sharing,
    /// An account.
    Account,
    /// A token.
    Token,
    /// A webhook.
    Webhook,
}

/// What became of one grantee of a share.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "result", rename_all = "snake_case")]
pub enum ShareResult {
    /// A new grant.
    Granted {
        /// Which.
        grant: GrantId,
    },
    /// An open grant was changed.
    Changed {
        /// Which.
        grant: GrantId,
    },
    /// It has such a grant already.
    Unchanged {
        /// Which.
        grant: GrantId,
    },
    /// Nothing for this one.
    Refused {
        /// Why.
        reason: Reason,
        /// In words.
        detail: String,
    },
}

/// A command's refusal. `decide` answers it; nothing is appended.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// The entity never was (or the caller may not know that it is).
    #[error("there is no such {0:?}")]
    NotFound(Entity),
    /// Create-only, and it is there.
    #[error("it exists already")]
    AlreadyExists,
    /// The caller may browse the item, but not do this.
    #[error("the caller may not do this: {needed} is needed")]
    NotPermitted {
        /// The missing permission in words, e.g. `share`.
        needed: &'static str,
    },
    /// No such kind.
    #[error("kind `{kind}` is unknown")]
    UnknownKind {
        /// As given.
        kind: KindName,
        /// Those that are known.
        known: Vec<KindName>,
    },
    /// A field's value breaks a rule.
    #[error("{pointer}: {detail}")]
    InvalidField {
        /// JSON pointer into the body, e.g. `/role`.
        pointer: String,
        /// Which rule, and what to do.
        detail: String,
    },
    /// A PUT named another owner.
    #[error("the owner changes by transfer only")]
    OwnerChangesByTransfer {
        /// The owner.
        owner: AccountId,
    },
    /// The item is closed.
    #[error("the item is closed; reopen it first")]
    ItemClosed,
    /// The item is retired.
    #[error("the item is retired; restore it first")]
    ItemRetired,
    /// The version in `If-Match` is not the current one.
    #[error("{entity:?} is at version {current}, not at the one named")]
    PreconditionFailed {
        /// Which entity.
        entity: Entity,
        /// Its version now.
        current: Position,
    },
    /// This command needs `If-Match`.
    #[error("this replaces the whole {0:?} and needs If-Match")]
    PreconditionRequired(Entity),
    /// A rule of sharing.
    #[error("{detail}")]
    Rule {
        /// Which.
        reason: Reason,
        /// In words.
        detail: String,
    },
    /// All grantees of a share were refused.
    #[error("nothing was applied: every grantee was refused")]
    NothingApplied(Vec<ShareResult>),
    /// The commit would be larger than a record may be.
    #[error(
        "the commit has {size} bytes, more than the {limit} a record may have; send fewer at once"
    )]
    TooLarge {
        /// Bytes.
        size: usize,
        /// The limit in bytes.
        limit: usize,
    },
}

//! Why a command is refused: the closed list, without any HTTP.

use crate::{
    field::FieldPath,
    id::{AccountId, GrantId, KindName},
    position::Position,
    role::Permission,
};
use serde::{Deserialize, Serialize};
use std::fmt;

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

/// What a command or a condition is about.
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

impl fmt::Display for Entity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Item => "item",
            Self::Grant => "grant",
            Self::Link => "link",
            Self::Publication => "publication",
            Self::Sharing => "sharing",
            Self::Account => "account",
            Self::Token => "token",
            Self::Webhook => "webhook",
        })
    }
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
    #[error("{0} not found")]
    NotFound(Entity),
    /// Create-only, and it is there.
    #[error("already exists")]
    AlreadyExists,
    /// The caller may browse the item, but not do this.
    #[error("{}", requirement(.needed))]
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
    #[error("{field}: {detail}")]
    InvalidField {
        /// Which field.
        field: FieldPath,
        /// Which rule, and what to do.
        detail: String,
    },
    /// A PUT named another owner.
    #[error("ownership changes only by transfer")]
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
    /// The required version is not the current one.
    #[error("{entity} is at version {current}, not at the one named")]
    PreconditionFailed {
        /// Which entity.
        entity: Entity,
        /// Its version now.
        current: Position,
    },
    /// This command needs a condition on the version.
    #[error("this replaces the whole {0} and needs the version that it replaces")]
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

/// What a caller lacks, in words.
fn requirement(needed: &str) -> String {
    if Permission::ALL.iter().any(|permission| permission.name() == needed) {
        format!("permission `{needed}` required")
    } else {
        format!("{needed} required")
    }
}

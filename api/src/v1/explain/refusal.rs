//! Explains the nearest reason for a denial.

use super::path_body::{ActBody, WayBody};
use crate::v1::shape::words;
use domain::{
    access::DenialReason,
    role::{Permission, Role},
    time::Time,
};
use projections::RevokedAccess;
use serde::Serialize;
use utoipa::ToSchema;

/// The nearest reason for a refusal.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RefusalBody {
    /// `unknown_item` (never registered), `unknown_then` (registered later: what was before is not
    /// known), `item_retired`, `account_inactive`, `item_closed`, `not_yet`, `ended` (by the
    /// clock), `revoked` (by an act), `withheld`, `role_too_low` or `nothing`.
    #[schema(example = "ended")]
    pub reason: &'static str,
    /// In plain words.
    pub detail: String,
    /// When it starts, when it ended, or from when on the item is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<words::Instant>)]
    pub at: Option<Time>,
    /// The role that there is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<words::Role>)]
    pub role: Option<Role>,
    /// The way that there was, as it was when it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub way: Option<WayBody>,
    /// The act that revoked it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<ActBody>,
}

impl RefusalBody {
    fn plain(reason: &'static str, detail: String) -> Self {
        Self { reason, detail, at: None, role: None, way: None, by: None }
    }

    pub(super) fn new(refusal: &DenialReason, action: Permission) -> Self {
        let action = action.name();
        match refusal {
            DenialReason::UnknownItem => {
                Self::plain("unknown_item", "the item was never registered".to_owned())
            }
            DenialReason::Retired => Self::plain("item_retired", "the item is retired".to_owned()),
            DenialReason::AccountInactive => {
                let detail = "the account is deactivated or erased".to_owned();
                Self::plain("account_inactive", detail)
            }
            DenialReason::Closed => {
                let detail = "the item is closed: it is its owner's only".to_owned();
                Self::plain("item_closed", detail)
            }
            DenialReason::NotYet { starts_at } => {
                let detail = format!("what permits {action} starts at {starts_at}");
                Self { at: Some(*starts_at), ..Self::plain("not_yet", detail) }
            }
            DenialReason::Ended { ends_at } => Self::ended(action, *ends_at),
            DenialReason::Withheld { role } => {
                let detail = format!("the role {role} permits {action}, but it is withheld");
                Self { role: Some(*role), ..Self::plain("withheld", detail) }
            }
            DenialReason::RoleTooLow { role } => {
                let detail = format!("the role {role} does not permit {action}");
                Self { role: Some(*role), ..Self::plain("role_too_low", detail) }
            }
            DenialReason::Nothing => Self::plain("nothing", "nothing gives access".to_owned()),
        }
    }

    fn ended(action: &str, at: Time) -> Self {
        let detail = format!("what permitted {action} ended at {at}");
        Self { at: Some(at), ..Self::plain("ended", detail) }
    }

    /// The item was registered later.
    pub(super) fn before(known_from: Time) -> Self {
        let detail = format!(
            "the item was registered at {known_from}: who had access before that is not known"
        );
        Self { at: Some(known_from), ..Self::plain("unknown_then", detail) }
    }

    /// There was a way that a record has ended; and the act, if it did not end by the clock.
    pub(super) fn lost(
        lost: &RevokedAccess,
        action: Permission,
        way: WayBody,
        by: Option<ActBody>,
    ) -> Self {
        let (action, at) = (action.name(), lost.at());
        if lost.by_clock() {
            return Self { way: Some(way), ..Self::ended(action, at) };
        }
        let act = by.as_ref().map(|act| format!(": {}", act.text)).unwrap_or_default();
        let detail = format!("what permitted {action} was ended at {at}{act}");
        Self { at: Some(at), way: Some(way), by, ..Self::plain("revoked", detail) }
    }
}

/// Could something nearer have ended before? What is said of the item and the account comes first,
/// and so does what has yet to start.
pub(super) fn may_be_lost(refusal: &DenialReason) -> bool {
    match refusal {
        DenialReason::Ended { .. }
        | DenialReason::Withheld { .. }
        | DenialReason::RoleTooLow { .. }
        | DenialReason::Nothing => true,
        DenialReason::UnknownItem
        | DenialReason::Retired
        | DenialReason::AccountInactive
        | DenialReason::Closed
        | DenialReason::NotYet { .. } => false,
    }
}

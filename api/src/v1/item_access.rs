//! What a caller may see of an item. The one answer for all reading routes, and for bodies of
//! commands.

use crate::{
    extract::RequestMeta,
    problem::{ApiResult, Problem, ProblemType, unanswered},
    state::AppState,
};
use commands::{Caller, Outcome};
use domain::{
    access::{Subject, permissions},
    event::CallerRole,
    id::ItemRef,
    item::{ItemState, Lifecycle},
    position::Position,
    role::{Permission, Permissions},
    time::Time,
};
use std::sync::Arc;

/// With what rights somebody looks at an item.
#[derive(Debug, Clone, Copy)]
pub struct ItemAccess {
    /// What the caller may do.
    pub rights: Permissions,
    /// Auditors see everything, though they may change nothing.
    pub everything: bool,
}

impl ItemAccess {
    /// May what needs this permission be shown?
    pub const fn see(self, permission: Permission) -> bool {
        self.everything || self.rights.has(permission)
    }

    fn of(caller: &Caller, subject: &Subject, state: &ItemState, at: Time) -> Self {
        match caller.role {
            CallerRole::Auditor => Self {
                rights: Permissions::of(&[Permission::Browse, Permission::View]),
                everything: true,
            },
            CallerRole::Admin | CallerRole::App | CallerRole::Account => {
                Self { rights: permissions(subject, state, at), everything: false }
            }
        }
    }
}

/// An item that the caller may know of.
#[derive(Debug)]
pub struct VisibleItem {
    /// Its current state.
    pub state: Arc<ItemState>,
    /// With what rights.
    pub access: ItemAccess,
    /// When.
    pub now: Time,
    /// Why visits that were presented gave nothing.
    pub ignored_visits: Vec<String>,
}

impl VisibleItem {
    /// Refuses callers who may know the item, but not this of it.
    pub fn require(&self, permission: Permission) -> ApiResult<()> {
        if self.access.see(permission) {
            return Ok(());
        }
        let name = permission.name();
        let detail = format!("the caller may not see this: {name} is needed");
        Err(Problem::not_permitted(detail).with("needed", name))
    }

    /// Refuses retired items.
    pub fn require_not_retired(self) -> ApiResult<Self> {
        if self.state.lifecycle == Lifecycle::Retired {
            return Err(Problem::new(ProblemType::ItemRetired, "the item is retired"));
        }
        Ok(self)
    }
}

fn owns(caller: &Caller, state: &ItemState) -> bool {
    caller.account.is_some() && caller.account == state.owner
}

/// Loads an item for a caller who may know of it: also retired ones, for those who ran it.
pub async fn load_visible(
    app: &AppState,
    meta: &RequestMeta,
    item: &ItemRef,
) -> ApiResult<VisibleItem> {
    super::consistency::require_known(app, meta).await?;
    let state = app.commands.load_item(item).await?;
    let caller = &meta.caller;
    if !state.exists() {
        return Err(Problem::not_found("item"));
    }
    let now = app.clock.now();
    let known = meta.at_least.unwrap_or_default();
    let (subject, ignored_visits) = app.commands.subject(caller, &state, known).await?;
    let access = ItemAccess::of(caller, &subject, &state, now);
    let ran = state.lifecycle == Lifecycle::Retired
        && (caller.unrestricted() || owns(caller, &state) || access.everything);
    if ran {
        let rights = if owns(caller, &state) || caller.unrestricted() {
            Permissions::ALL
        } else {
            access.rights
        };
        let access = ItemAccess { rights, ..access };
        return Ok(VisibleItem { state, access, now, ignored_visits });
    }
    if !access.see(Permission::Browse) {
        return Err(Problem::not_found("item"));
    }
    Ok(VisibleItem { state, access, now, ignored_visits })
}

/// With what rights the caller of a command sees its answer. Judged at the time of the command, so
/// that a
/// replay shows the same.
pub async fn after_command(
    app: &AppState,
    caller: &Caller,
    outcome: &Outcome<ItemState>,
) -> ApiResult<ItemAccess> {
    let asked = app.commands.subject(caller, &outcome.after, Position::START).await;
    let (subject, _) = asked.map_err(|error| unanswered(outcome, error))?;
    Ok(ItemAccess::of(caller, &subject, &outcome.after, outcome.at))
}

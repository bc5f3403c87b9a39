//! What a caller may see of an item. The one answer for all reading routes, and for bodies of
//! commands.

use crate::{
    extract::RequestMeta,
    problem::{ApiResult, Problem, ProblemType, unanswered},
    state::AppState,
};
use commands::{Caller, Outcome};
use domain::{
    event::CallerRole,
    id::ItemRef,
    item::ItemState,
    lifecycle::Lifecycle,
    position::Position,
    role::{Permission, Permissions},
    time::Time,
};
use std::sync::Arc;

/// What a caller may see of an item.
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

    fn new(caller: &Caller, permissions: Permissions) -> Self {
        match caller.role {
            CallerRole::Auditor => Self {
                rights: Permissions::of(&[Permission::Browse, Permission::View]),
                everything: true,
            },
            CallerRole::Admin | CallerRole::App | CallerRole::Account => {
                Self { rights: permissions, everything: false }
            }
        }
    }
}

/// An item that the caller may know of.
#[derive(Debug)]
pub struct VisibleItem {
    /// Its current state.
    pub state: Arc<ItemState>,
    /// What the caller may see of it.
    pub access: ItemAccess,
    /// When.
    pub now: Time,
    /// Why visits that were presented gave nothing.
    pub ignored_visits: Vec<String>,
    /// Why the caller may have more permissions than are known.
    uncertain: Option<Problem>,
}

impl VisibleItem {
    /// Refuses callers who may know the item, but not this of it. Where that is not known, the
    /// answer is that.
    pub fn require(&self, permission: Permission) -> ApiResult<()> {
        if self.access.see(permission) {
            return Ok(());
        }
        if let Some(problem) = &self.uncertain {
            return Err(problem.clone());
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

/// Loads an item for a caller who may know of it: also retired ones, for those who ran it. Where it
/// is not known whether the caller may, the answer is that, not that there is no item.
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
    let effective = app.commands.effective_access(caller, item, &state, known, now).await?;
    let mut access = ItemAccess::new(caller, effective.permissions);
    let ignored_visits = effective.ignored_visits;
    let uncertain = effective.uncertain.map(Problem::from);
    let ran = owns(caller, &state) || caller.unrestricted();
    if state.lifecycle == Lifecycle::Retired && (ran || access.everything) {
        if ran {
            access.rights = Permissions::ALL;
        }
    } else if !access.see(Permission::Browse) {
        return Err(uncertain.unwrap_or_else(|| Problem::not_found("item")));
    }
    Ok(VisibleItem { state, access, now, ignored_visits, uncertain })
}

/// What the caller of a command may see of its answer. Judged at the time of the command, so that a
/// replay shows the same.
pub async fn after_command(
    app: &AppState,
    caller: &Caller,
    item: &ItemRef,
    outcome: &Outcome<ItemState>,
) -> ApiResult<ItemAccess> {
    let (state, known, at) = (&outcome.after, Position::START, outcome.at);
    let access = app.commands.effective_access(caller, item, state, known, at).await;
    let access = access.map_err(|error| unanswered(outcome, error))?;
    Ok(ItemAccess::new(caller, access.permissions))
}

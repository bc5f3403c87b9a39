//! Who may call a route, and with which scope.
//!
//! What a caller may do with a certain item is not decided here but in `domain`.

use domain::event::{
    CallerRole::{self, Account, Admin, App, Auditor},
    Scope,
};

/// The callers of a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Callers {
    /// Everybody; no token is looked at.
    Open,
    /// Everybody, with a token or without; a token that is presented must be valid.
    Anyone,
    /// Callers with one of these roles.
    Roles(&'static [CallerRole]),
}

/// Every role.
pub const ALL: Callers = Callers::Roles(&[Admin, Auditor, App, Account]);
/// Those who act on items.
pub const ACTORS: Callers = Callers::Roles(&[Admin, App, Account]);
/// Those who act on accounts and webhooks.
pub const OPERATORS: Callers = Callers::Roles(&[Admin, App]);
/// Those who see everything.
pub const OVERSEERS: Callers = Callers::Roles(&[Admin, Auditor]);
/// Administrators.
pub const ADMINS: Callers = Callers::Roles(&[Admin]);
/// Those who follow what is recorded. A person's share of it would have to be decided event by
/// event.
pub const SUBSCRIBERS: Callers = Callers::Roles(&[Admin, Auditor, App]);

/// Who may call a route, and what kind of request it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RouteAccess {
    /// The callers.
    pub callers: Callers,
    /// The scope that an application's token needs, unless it has none at all.
    pub scope: Option<Scope>,
    /// Whether it is a command, which takes a reason, an idempotency key and a dry run.
    pub command: bool,
    /// Whether an application can call it for another subject.
    pub on_behalf: bool,
}

impl RouteAccess {
    /// Open to everybody; no token is looked at.
    pub const OPEN: Self =
        Self { callers: Callers::Open, scope: None, command: false, on_behalf: false };
    /// Commands of administrators.
    pub const ADMINISTRATION: Self =
        Self { callers: ADMINS, scope: None, command: true, on_behalf: true };
    /// Operations of administrators on the read models, which are not part of the record: no
    /// reason, no dry run.
    pub const OPERATION: Self =
        Self { callers: ADMINS, scope: None, command: false, on_behalf: true };

    /// A query.
    pub const fn query(callers: Callers, scope: Scope) -> Self {
        Self { callers, scope: Some(scope), command: false, on_behalf: true }
    }

    /// A query with the scope `read`.
    pub const fn read(callers: Callers) -> Self {
        Self::query(callers, Scope::Read)
    }

    /// A command.
    pub const fn command(callers: Callers, scope: Scope) -> Self {
        Self { callers, scope: Some(scope), command: true, on_behalf: true }
    }

    /// About the items of everybody, so that applications call it for themselves.
    #[must_use]
    pub const fn about_everybody(self) -> Self {
        Self { on_behalf: false, ..self }
    }

    /// Whether applications call it.
    pub fn admits_applications(&self) -> bool {
        match self.callers {
            Callers::Open => false,
            Callers::Anyone => true,
            Callers::Roles(roles) => roles.contains(&App),
        }
    }
}

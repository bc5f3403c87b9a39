//! The obvious model of access, for random commands on one item.

use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What can be asked of the item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Give this account this role, whatever it had.
    Share(&'static str, &'static str),
    /// Take all from this account.
    Unshare(&'static str),
    /// Restricted, internal, public.
    Visibility(&'static str),
    /// End everything.
    Close,
    /// Bring back nothing or all.
    Reopen(&'static str),
    /// The application deleted it.
    Retire,
    /// And brought it back.
    Restore,
}

impl Act {
    /// Method, rest of the path, body.
    pub fn request(&self) -> (&'static str, String, Option<Value>) {
        match self {
            Self::Share(account, role) => {
                let body = json!({"grantees": [{"type": "account", "id": account}], "role": role,
                    "on_existing": "change"});
                ("POST", "/grants".to_owned(), Some(body))
            }
            Self::Unshare(account) => ("DELETE", format!("/grants/account/{account}"), None),
            Self::Visibility(to) => {
                ("PUT", "/visibility".to_owned(), Some(json!({"visibility": to})))
            }
            Self::Close => ("POST", "/close".to_owned(), Some(json!({}))),
            Self::Reopen(what) => ("POST", "/reopen".to_owned(), Some(json!({"restore": what}))),
            Self::Retire => ("DELETE", String::new(), None),
            Self::Restore => ("POST", "/restore".to_owned(), Some(json!({}))),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    Closed,
    Retired,
}

/// One item, shared with accounts only.
#[derive(Debug, Clone)]
pub struct Model {
    owner: &'static str,
    state: State,
    visibility: &'static str,
    grants: BTreeMap<&'static str, &'static str>,
    before_closing: (&'static str, BTreeMap<&'static str, &'static str>),
}

impl Model {
    /// Registered, shared with nobody.
    pub fn new(owner: &'static str) -> Self {
        Self {
            owner,
            state: State::Open,
            visibility: "restricted",
            grants: BTreeMap::new(),
            before_closing: ("restricted", BTreeMap::new()),
        }
    }

    /// Is the act possible now? What is not is refused by the service.
    pub fn possible(&self, act: &Act) -> bool {
        match act {
            Act::Share(..) | Act::Unshare(_) | Act::Visibility(_) | Act::Close => {
                self.state == State::Open
            }
            Act::Reopen(_) => self.state == State::Closed,
            Act::Retire => self.state != State::Retired,
            Act::Restore => self.state == State::Retired,
        }
    }

    /// Does it.
    pub fn act(&mut self, act: &Act) {
        match act {
            Act::Share(account, role) => drop(self.grants.insert(account, role)),
            Act::Unshare(account) => drop(self.grants.remove(account)),
            Act::Visibility(to) => self.visibility = to,
            Act::Close => {
                self.before_closing = (self.visibility, std::mem::take(&mut self.grants));
                (self.state, self.visibility) = (State::Closed, "restricted");
            }
            Act::Reopen(what) => {
                self.state = State::Open;
                if *what == "all" {
                    (self.visibility, self.grants) = self.before_closing.clone();
                }
            }
            Act::Retire => {
                self.grants.clear();
                (self.state, self.visibility) = (State::Retired, "restricted");
            }
            Act::Restore => self.state = State::Open,
        }
    }

    /// The accounts that have access by name, and their roles.
    pub fn roles(&self) -> BTreeMap<String, String> {
        let mut all: BTreeMap<String, String> = BTreeMap::new();
        if self.state != State::Retired {
            all.insert(self.owner.to_owned(), "owner".to_owned());
        }
        let grants = self.grants.iter();
        all.extend(grants.map(|(account, role)| ((*account).to_owned(), (*role).to_owned())));
        all
    }
}

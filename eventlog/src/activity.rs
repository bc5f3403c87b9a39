//! The activity log: evidence that decides nothing and ages out.

use crate::LogError;
use async_trait::async_trait;
use domain::{
    id::{AccountId, ItemRef, LinkId, TokenId},
    time::Time,
};
use serde::{Deserialize, Serialize};
use std::fmt;

pub(crate) mod buffer;

/// What kind of thing happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ActivityKind {
    /// A link was opened.
    #[serde(rename = "link.opened")]
    LinkOpened,
    /// A link was not opened.
    #[serde(rename = "link.refused")]
    LinkRefused,
    /// A command was refused for lack of rights.
    #[serde(rename = "command.denied")]
    CommandDenied,
    /// A token was not accepted.
    #[serde(rename = "sign_in.refused")]
    SignInRefused,
    /// An application reported reads.
    #[serde(rename = "reads.reported")]
    ReadsReported,
    /// Entries were lost here: a node ended without a flush, or could not keep up.
    #[serde(rename = "activity.gap")]
    Gap,
}

/// One entry. Never holds addresses, titles or secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActivityEntry {
    /// When.
    pub at: Time,
    /// What.
    pub kind: ActivityKind,
    /// The item concerned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<ItemRef>,
    /// The link concerned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<LinkId>,
    /// The account that acted or was acted for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountId>,
    /// The token presented.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<TokenId>,
    /// A code that says more, e.g. `password_wrong`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

impl ActivityEntry {
    /// An entry that names nothing yet.
    pub const fn new(at: Time, kind: ActivityKind) -> Self {
        Self { at, kind, item: None, link: None, account: None, token: None, detail: None }
    }
}

/// The activity log.
#[async_trait]
pub trait Activity: Send + Sync + fmt::Debug {
    /// Notes an entry; written within a second. Never waits; when entries come faster than they can
    /// be written some are dropped and counted in an `activity.gap`.
    fn note(&self, entry: ActivityEntry);

    /// Waits until everything noted so far is written. To be called at shutdown: a run that ends
    /// without shows as `activity.gap` at the next start of its node.
    async fn flush(&self) -> Result<(), LogError>;
}

//! The access rule: who may do what with an item, when, and by which path. The only definition.
//!
//! [`paths`] visits the paths of a subject over [`AccessFacts`]; [`decide`], [`permissions`] and
//! [`denial_reason`] draw their conclusions from them.

mod decision;
mod event_permissions;
mod facts;
#[cfg(any(test, feature = "testing"))]
pub mod oracle;
mod path;
mod rule;
mod subject;

pub use decision::{
    AccessDecision, DenialReason, decide, denial_reason, describe_paths, permissions,
    permitting_kinds,
};
pub use event_permissions::{AUTHORITY, required};
pub use facts::{AccessFacts, GrantView, LinkView, PathView, SourceView};
pub use path::{AccessPath, PathKind, PathKinds, PathSource};
pub use rule::{LIBRARY_TERMS, MAX_CONTAINER_DEPTH, link_gives, paths, visibility_gives};
pub use subject::{Subject, Visit};

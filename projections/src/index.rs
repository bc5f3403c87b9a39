//! Who may do what, answered from memory: the access index of this node.
//!
//! It follows the log as any projection does, but into memory. Readers take a [`Snapshot`], an
//! immutable view at one position, and never wait for the writer. What it cannot read stops it, and
//! a stopped index answers nothing: never a stale answer unawares.

mod answer;
mod follow;
mod options;
mod snapshot;
mod tables;

pub use answer::{IndexPath, IndexVia, ItemFacts, Refusal, Verdict};
pub use follow::AccessIndex;
pub use options::{IndexError, IndexOptions, IndexStatus, Started};
pub use snapshot::Snapshot;

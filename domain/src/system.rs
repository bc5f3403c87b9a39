//! The deployment itself: log identity, level, kinds, rules, keys.

use crate::{
    event::{KeyPurpose, Recorded, SystemEvent},
    id::LogId,
    kind::Kinds,
    position::Position,
    rejection::Rejection,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The highest level of event types this release writes.
pub const LEVEL: u32 = 1;

/// What is in force in the deployment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SystemState {
    /// Position of the stream's last record; 0 = there is none.
    pub position: Position,
    /// The log's identity.
    pub log: Option<LogId>,
    /// The highest level of event types that may be written.
    pub level: u32,
    /// The kinds of items.
    pub kinds: Kinds,
    /// Version of the role and permission table.
    pub rules: u32,
    /// The key in use per purpose: `(current, retired)`.
    pub keys: BTreeMap<String, (u8, Vec<u8>)>,
}

/// What can be asked of the deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SystemCommand {
    /// First start: identity, rules, kinds, keys, as one commit.
    Start {
        /// The new log's identity.
        log: LogId,
        /// The release.
        release: String,
        /// The kinds.
        kinds: Kinds,
    },
    /// Later start: record a changed role table or changed kinds, if they are.
    Upgrade {
        /// The kinds configured; `None` = keep those on the log.
        kinds: Option<Kinds>,
    },
    /// Use a new key.
    RotateKey {
        /// For what.
        purpose: KeyPurpose,
        /// Keys that stop being valid.
        retire: Vec<u8>,
    },
    /// Note that the trail was exported.
    NoteExport(crate::event::ExportMade),
    /// Allow the event types of this release.
    RaiseLevel(u32),
}

/// Decides a command; only administrators and the service itself get here.
pub fn decide(state: &SystemState, command: &SystemCommand) -> Result<Vec<SystemEvent>, Rejection> {
    let _ = (state, command);
    Ok(Vec::new())
}

/// Applies a recorded event of the system stream.
pub fn evolve(state: &mut SystemState, recorded: &Recorded) {
    state.position = recorded.position();
}

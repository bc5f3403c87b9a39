//! The deployment itself: log identity, level, kinds, rules, keys.

use crate::{
    aggregate::{Aggregate, Circumstances, Decision},
    event::{
        KeyPurpose, KeyRotated, KindsChanged, LevelRaised, LogStarted, Recorded, RulesChanged,
        SystemEvent,
    },
    id::LogId,
    kind::Kinds,
    position::Position,
    private_text::HoldsPrivateText,
    rejection::Rejection,
    role::Role,
    stream::StreamName,
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
    /// The key in use per purpose, by the purpose's name: `(current, retired)`.
    pub keys: BTreeMap<String, (u8, Vec<u8>)>,
}

/// What can be requested of the deployment.
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

impl SystemState {
    /// The key in use for a purpose, and the retired ones; `None` before the first start.
    pub fn key(&self, purpose: KeyPurpose) -> Option<(u8, &[u8])> {
        self.keys.get(name(purpose)).map(|(current, retired)| (*current, retired.as_slice()))
    }
}

/// The name of a purpose, as it is stored in the log.
pub const fn name(purpose: KeyPurpose) -> &'static str {
    match purpose {
        KeyPurpose::Link => "link",
        KeyPurpose::Visit => "visit",
    }
}

impl HoldsPrivateText for SystemState {}

impl Aggregate for SystemState {
    type Id = ();
    type Command = SystemCommand;
    type Event = SystemEvent;
    type Context<'a> = Circumstances;
    const VERSION: u32 = 1;

    fn stream((): &()) -> StreamName {
        StreamName::System
    }

    fn position(&self) -> Position {
        self.position
    }

    /// Whether the caller may issue the command is checked before.
    fn decide(
        &self,
        command: &SystemCommand,
        _context: &Circumstances,
    ) -> Result<Decision<SystemEvent>, Rejection> {
        let events = match command {
            SystemCommand::Start { log, release, kinds } => start(self, *log, release, kinds)?,
            SystemCommand::Upgrade { kinds } => upgrade(self, kinds.as_ref()),
            SystemCommand::RotateKey { purpose, retire } => rotate(self, *purpose, retire)?,
            SystemCommand::NoteExport(export) => vec![SystemEvent::ExportMade(export.clone())],
            SystemCommand::RaiseLevel(after) => raise(self, *after)?,
        };
        Ok(events.into())
    }

    fn evolve(&mut self, recorded: &Recorded<SystemEvent>) {
        self.position = recorded.position();
        match &recorded.event {
            SystemEvent::LogStarted(started) => {
                self.log = Some(started.log);
                self.level = started.level;
            }
            SystemEvent::LevelRaised(raised) => self.level = raised.after,
            SystemEvent::KindsChanged(changed) => self.kinds.clone_from(&changed.after),
            SystemEvent::RulesChanged(changed) => self.rules = changed.after,
            SystemEvent::KeyRotated(rotated) => {
                let key = self.keys.entry(name(rotated.purpose).to_owned()).or_default();
                key.0 = rotated.after;
                key.1.extend(&rotated.retired);
            }
            SystemEvent::ExportMade(_) => {}
        }
    }
}

fn start(
    state: &SystemState,
    log: LogId,
    release: &str,
    kinds: &Kinds,
) -> Result<Vec<SystemEvent>, Rejection> {
    if state.log.is_some() {
        return Err(Rejection::AlreadyExists);
    }
    let first = |purpose| {
        let key = KeyRotated { purpose, before: None, after: 1, retired: Vec::new() };
        SystemEvent::KeyRotated(key)
    };
    let started = LogStarted { log, release: release.to_owned(), level: LEVEL };
    Ok(vec![
        SystemEvent::LogStarted(started),
        SystemEvent::RulesChanged(RulesChanged { before: None, after: Role::TABLE_VERSION }),
        SystemEvent::KindsChanged(KindsChanged { before: None, after: kinds.clone() }),
        first(KeyPurpose::Link),
        first(KeyPurpose::Visit),
    ])
}

fn upgrade(state: &SystemState, kinds: Option<&Kinds>) -> Vec<SystemEvent> {
    let mut events = Vec::new();
    if state.rules != Role::TABLE_VERSION {
        let (before, after) = (Some(state.rules), Role::TABLE_VERSION);
        events.push(SystemEvent::RulesChanged(RulesChanged { before, after }));
    }
    if let Some(after) = kinds.filter(|kinds| **kinds != state.kinds) {
        let (before, after) = (Some(state.kinds.clone()), after.clone());
        events.push(SystemEvent::KindsChanged(KindsChanged { before, after }));
    }
    events
}

/// Key numbers are one byte of a token and never used twice.
fn rotate(
    state: &SystemState,
    purpose: KeyPurpose,
    retire: &[u8],
) -> Result<Vec<SystemEvent>, Rejection> {
    let (current, gone) = state.key(purpose).unwrap_or((0, &[]));
    let after = current.checked_add(1).ok_or_else(|| Rejection::InvalidField {
        field: "purpose".into(),
        detail: "all 255 keys of this purpose are used up".to_owned(),
    })?;
    let mut retired: Vec<u8> = retire.iter().copied().filter(|key| !gone.contains(key)).collect();
    retired.sort_unstable();
    retired.dedup();
    if let Some(unknown) = retired.iter().find(|key| !(1..=current).contains(*key)) {
        let detail = format!("there is no key {unknown} of this purpose");
        return Err(Rejection::InvalidField { field: "retire".into(), detail });
    }
    let before = (current > 0).then_some(current);
    Ok(vec![SystemEvent::KeyRotated(KeyRotated { purpose, before, after, retired })])
}

fn raise(state: &SystemState, after: u32) -> Result<Vec<SystemEvent>, Rejection> {
    let before = state.level;
    if !(before..=LEVEL).contains(&after) {
        let detail = format!("this release writes levels {before} to {LEVEL}");
        return Err(Rejection::InvalidField { field: "level".into(), detail });
    }
    if after == before {
        return Ok(Vec::new());
    }
    Ok(vec![SystemEvent::LevelRaised(LevelRaised { before, after })])
}

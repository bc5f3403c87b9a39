//! The local writer: takes the data folder and opens the write side, for commands that change data
//! themselves.

use crate::{
    clock::SystemClock,
    exit::{Exit, Failure},
    settings::StoreSettings,
    wiring::{self, DataLock, Engines, IndexAuthority},
};
use commands::{Authority, Caller, Commands, Dependencies, Request, Settings};
use domain::kind::{self, Kinds};
use projections::AccessIndex;
use std::{path::Path, sync::Arc};

/// The write side, opened for one command.
#[derive(Debug)]
pub(super) struct LocalWriter {
    pub(super) commands: Commands,
    pub(super) engines: Engines,
    // Released last.
    _lock: DataLock,
}

impl LocalWriter {
    /// Takes the data folder and opens the write side.
    pub(super) async fn open(store: &StoreSettings) -> Result<Self, Failure> {
        let lock = wiring::take_data_folder(store)?;
        let engines = wiring::open(store, Arc::new(SystemClock)).await?;
        // Saved folds belong to the service; one command does without them.
        let settings = Settings { folds: None, ..Settings::default() };
        let commands = open_commands(&engines, None, settings).await?;
        Ok(Self { commands, engines, _lock: lock })
    }

    /// Closes it and writes the pending activity entries.
    pub(super) async fn close(self) -> Result<(), Failure> {
        Ok(self.engines.activity.flush().await?)
    }
}

/// Opens the write side over these engines; without an index for callers who may do everything.
pub(super) async fn open_commands(
    engines: &Engines,
    index: Option<AccessIndex>,
    settings: Settings,
) -> Result<Commands, Failure> {
    let parts = Dependencies {
        log: engines.log.clone(),
        keys: engines.keys.clone(),
        vault: engines.vault.clone(),
        server_key: engines.server_key.clone(),
        activity: engines.activity.clone(),
        clock: Arc::new(SystemClock),
        authority: index
            .map(|index| -> Arc<dyn Authority> { Arc::new(IndexAuthority::new(index)) }),
        settings,
    };
    Ok(Commands::open(parts).await?)
}

/// A request from the command line.
pub(super) fn request() -> Request {
    Request::new(Caller::system("command-line"))
}

/// The kinds that a setting names: a preset or a file.
pub(super) fn kinds(setting: &str) -> Result<Kinds, Failure> {
    if let Some(kinds) = kind::preset(setting) {
        return Ok(kinds);
    }
    let usage = |detail: String| Failure::new(Exit::Usage, format!("setting `kinds`: {detail}"));
    let path = Path::new(setting);
    if path.extension().is_none_or(|extension| extension != "toml") {
        let known: Vec<&str> = kind::PRESETS.iter().map(|(name, _)| *name).collect();
        return Err(usage(format!(
            "`{setting}` is neither a preset ({}) nor a .toml file",
            known.join(", ")
        )));
    }
    let text = std::fs::read_to_string(path)
        .map_err(|error| usage(format!("cannot read {setting}: {error}")))?;
    kind::parse(&text).map_err(|error| usage(format!("{setting}: {error}")))
}

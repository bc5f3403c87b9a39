//! What every command needs first: settings and logging.

use crate::{
    exit::Failure,
    settings::{self, ServeOptions, Settings, StoreOptions, StoreSettings},
    telemetry,
};
use clap::ArgMatches;
use std::path::PathBuf;

/// What the command line says beside the command itself.
#[derive(Debug)]
pub(super) struct CliContext {
    config: Option<PathBuf>,
}

impl CliContext {
    /// Refuses secrets on the command line.
    pub(super) fn new(config: Option<PathBuf>, matches: &ArgMatches) -> Result<Self, Failure> {
        let mut deepest = matches;
        while let Some((_, next)) = deepest.subcommand() {
            deepest = next;
        }
        settings::refuse_secrets_in_flags(deepest)?;
        Ok(Self { config })
    }

    /// The settings of a command that opens the data; starts logging.
    pub(super) fn store(&self, options: StoreOptions) -> Result<StoreSettings, Failure> {
        let options = Settings::resolve(self.config.as_deref(), options, ServeOptions::default())?;
        start_logging(&options.store, "warn,refinery_core=error")?;
        Ok(options.store)
    }

    /// The settings of the service; starts logging.
    pub(super) fn serve(
        &self,
        store: StoreOptions,
        serve: ServeOptions,
    ) -> Result<Settings, Failure> {
        let settings = Settings::resolve(self.config.as_deref(), store, serve)?;
        start_logging(&settings.store, "info,refinery_core=warn")?;
        Ok(settings)
    }
}

fn start_logging(store: &StoreSettings, default: &str) -> Result<(), Failure> {
    let level = store.log_level.as_deref().unwrap_or(default);
    Ok(telemetry::init(level, store.log_format)?)
}

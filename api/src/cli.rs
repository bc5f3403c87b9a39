//! The command line: one file per command of `sharelog`.

mod args;
mod banner;
mod context;
mod doctor;
mod event_source;
mod examples;
mod export;
mod history;
mod key;
mod local_writer;
mod projections;
mod remote;
mod serve;
mod token;

use crate::exit::{Exit, Failure};
use crate::terminal;
pub use args::Cli;
use args::Command;
use clap::{CommandFactory as _, FromArgMatches as _};
use context::CliContext;
use std::process::ExitCode;

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    let matches = Cli::command().get_matches();
    let cli = match Cli::from_arg_matches(&matches) {
        Ok(cli) => cli,
        Err(error) => error.exit(),
    };
    let done = CliContext::new(cli.config, &matches).and_then(|context| {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .map_err(|error| Failure::failed(format!("cannot start: {error}")))?;
        let done = runtime.block_on(run(&context, cli.command));
        // Work that blocks (a database that does not answer) must not keep the process.
        runtime.shutdown_timeout(std::time::Duration::from_secs(2));
        done
    });
    match done {
        Ok(()) => Exit::Done.into(),
        Err(failure) => {
            terminal::error(&failure);
            failure.exit.into()
        }
    }
}

async fn run(context: &CliContext, command: Command) -> Result<(), Failure> {
    match command {
        Command::Serve(args) => serve::run(context, *args).await,
        Command::Token(command) => token::run(context, command).await,
        Command::History(args) => history::run(context, *args).await,
        Command::Audit(command) => export::run(context, command).await,
        Command::Doctor(args) => doctor::run(context, *args).await,
        Command::Openapi => {
            terminal::line(crate::openapi::openapi_text().trim_end());
            Ok(())
        }
        Command::Projections(command) => projections::run(context, command).await,
        Command::Key(command) => key::run(context, command).await,
    }
}

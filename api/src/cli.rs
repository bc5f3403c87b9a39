//! What can be typed after `sharelog`, and what does each command answer? One file per command.

mod args;
mod examples;
mod exit;

pub use args::Cli;
pub use exit::{Exit, Failure};

use clap::{CommandFactory as _, FromArgMatches as _};
use std::process::ExitCode;

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    let matches = Cli::command().get_matches();
    drop(Cli::from_arg_matches(&matches));
    ExitCode::SUCCESS
}

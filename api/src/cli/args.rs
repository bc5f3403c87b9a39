//! The commands and flags, and their `--help`.

use super::examples;
use crate::exit::HELP;
use crate::settings::{ServeOptions, StoreOptions};
use clap::{Args, Parser, Subcommand, ValueEnum};
use domain::{
    event::{CallerRole, KeyPurpose, Scope},
    id::{AccountId, ItemRef, TokenId},
    time::Time,
};
use std::{path::PathBuf, str::FromStr};

/// The sharing service behind other applications: records each share, unshare, link, revocation and
/// publication as an immutable event, and answers who may do what, now or at any past moment
#[derive(Debug, Parser)]
#[command(name = "sharelog", version, max_term_width = 100, after_help = HELP)]
#[command(after_long_help = format!("{}\n\n{HELP}", examples::SETTINGS))]
pub struct Cli {
    /// Settings file (TOML); the flag `--some-name` is the key `some_name` in it
    #[arg(long, global = true, value_name = "FILE", env = "SHARELOG_CONFIG")]
    #[arg(hide_env_values = true)]
    pub config: Option<PathBuf>,
    /// The command
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the service
    #[command(after_long_help = examples::SERVE)]
    Serve(Box<ServeArgs>),
    /// Create, list and revoke access tokens
    #[command(subcommand)]
    Token(TokenCommand),
    /// Show what happened to an item, in plain words
    #[command(after_long_help = examples::HISTORY)]
    History(Box<HistoryArgs>),
    /// The audit trail
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Check engines, configuration, projections, key file and clock
    #[command(after_long_help = examples::DOCTOR)]
    Doctor(Box<DoctorArgs>),
    /// Print the OpenAPI description of the HTTP API
    Openapi,
    /// The read models
    #[command(subcommand)]
    Projections(ProjectionsCommand),
    /// Keys that sign links and visits
    #[command(subcommand)]
    Key(KeyCommand),
}

/// `serve`
#[derive(Debug, Args)]
pub struct ServeArgs {
    #[command(flatten)]
    pub serve: ServeOptions,
    /// Load a small demo data set and print addresses to try; starting with it again changes
    /// nothing
    #[arg(long, help_heading = "Service")]
    pub demo: bool,
    #[command(flatten)]
    pub store: StoreOptions,
}

/// Where a running service is, and with which token to speak to it.
#[derive(Debug, Clone, Default, Args)]
pub struct RemoteArgs {
    /// Use the running service at this URL instead of opening the data
    #[arg(long, value_name = "URL", env = "SHARELOG_URL", hide_env_values = true)]
    #[arg(help_heading = "Running service")]
    pub url: Option<String>,
    /// File with the access token for --url [default: DATA/admin.token]; `SHARELOG_TOKEN` holds the
    /// token itself
    #[arg(long, value_name = "FILE", env = "SHARELOG_TOKEN_FILE", hide_env_values = true)]
    #[arg(help_heading = "Running service")]
    pub token_file: Option<PathBuf>,
}

/// `token …`
#[derive(Debug, Subcommand)]
pub enum TokenCommand {
    /// Create a token; its secret is printed once and stored nowhere
    #[command(after_long_help = examples::TOKEN)]
    Create(Box<TokenCreateArgs>),
    /// List the tokens; secrets are not stored and cannot be shown
    List(Box<TokenListArgs>),
    /// Revoke a token permanently
    Revoke(Box<TokenRevokeArgs>),
}

/// The role of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RoleArg {
    /// Administers: tokens, keys, accounts; may do everything
    Admin,
    /// Reads everything, changes nothing, opens no link
    Auditor,
    /// Acts for accounts or for anonymous visitors
    App,
    /// Acts as one account
    Account,
}

impl From<RoleArg> for CallerRole {
    fn from(role: RoleArg) -> Self {
        match role {
            RoleArg::Admin => Self::Admin,
            RoleArg::Auditor => Self::Auditor,
            RoleArg::App => Self::App,
            RoleArg::Account => Self::Account,
        }
    }
}

/// A scope of an application's token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ScopeArg {
    /// Register, describe, close, retire items
    Items,
    /// Grants, links, visibility, publication
    Sharing,
    /// Open links, exchange codes
    Visits,
    /// Register, change, deactivate, erase accounts
    Accounts,
    /// Read items, lists, catalog, history, and the feed of all events
    Read,
    /// Set up webhooks, which report every event to their receivers
    Webhooks,
}

impl From<ScopeArg> for Scope {
    fn from(scope: ScopeArg) -> Self {
        match scope {
            ScopeArg::Items => Self::Items,
            ScopeArg::Sharing => Self::Sharing,
            ScopeArg::Visits => Self::Visits,
            ScopeArg::Accounts => Self::Accounts,
            ScopeArg::Read => Self::Read,
            ScopeArg::Webhooks => Self::Webhooks,
        }
    }
}

/// `token create`
#[derive(Debug, Args)]
pub struct TokenCreateArgs {
    /// Role of the holder
    #[arg(long, value_enum)]
    pub role: RoleArg,
    /// Name of the token; applications appear under it in the audit trail
    #[arg(long)]
    pub label: String,
    /// Scope of the token of an application; can be repeated [default: all scopes]
    #[arg(long = "scope", value_enum, value_name = "SCOPE")]
    pub scopes: Vec<ScopeArg>,
    /// The account of a token with role account
    #[arg(long, value_name = "ID", required_if_eq("role", "account"))]
    pub account: Option<AccountId>,
    /// When the token expires (RFC 3339) [default: never]
    #[arg(long, value_name = "TIME")]
    pub ends_at: Option<Time>,
    #[command(flatten)]
    pub remote: RemoteArgs,
    #[command(flatten)]
    pub store: StoreOptions,
}

/// `token list`
#[derive(Debug, Args)]
pub struct TokenListArgs {
    /// Print JSON lines instead of a table
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub remote: RemoteArgs,
    #[command(flatten)]
    pub store: StoreOptions,
}

/// `token revoke`
#[derive(Debug, Args)]
pub struct TokenRevokeArgs {
    /// Id of the token, e.g. `tk_0199…`
    pub token: TokenId,
    #[command(flatten)]
    pub remote: RemoteArgs,
    #[command(flatten)]
    pub store: StoreOptions,
}

/// Parses a whole number, at least 1.
fn from_one<T: FromStr + From<u8> + PartialOrd>(text: &str) -> Result<T, &'static str> {
    let number = text.parse().ok().filter(|number| *number >= T::from(1));
    number.ok_or("a whole number from 1 on is expected")
}

/// `history`
#[derive(Debug, Args)]
pub struct HistoryArgs {
    /// The item, as kind:id
    #[arg(value_name = "KIND:ID")]
    pub item: ItemRef,
    /// Show at most N of the latest events
    #[arg(long, default_value_t = 1000, value_name = "N", value_parser = from_one::<usize>)]
    pub limit: usize,
    /// Print JSON lines instead of words
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub remote: RemoteArgs,
    #[command(flatten)]
    pub store: StoreOptions,
}

/// `audit …`
#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// Write every event as one line of JSON
    #[command(after_long_help = examples::EXPORT)]
    Export(Box<ExportArgs>),
}

/// `audit export`
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// Output file; an existing one is continued [default: standard output]
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// First position to export [default: 1, or after the last one in the file]
    #[arg(long, value_name = "POSITION", value_parser = from_one::<u64>)]
    pub from_position: Option<u64>,
    /// Last position to export [default: the last one known]
    #[arg(long, value_name = "POSITION", value_parser = from_one::<u64>)]
    pub to_position: Option<u64>,
    #[command(flatten)]
    pub remote: RemoteArgs,
    #[command(flatten)]
    pub store: StoreOptions,
}

/// `doctor`
#[derive(Debug, Args)]
pub struct DoctorArgs {
    #[command(flatten)]
    pub store: StoreOptions,
}

/// `projections …`
#[derive(Debug, Subcommand)]
pub enum ProjectionsCommand {
    /// Show the progress of each read model
    Status(Box<StatusArgs>),
    /// Rebuild read models from the log beside those in use, then switch to them
    #[command(after_long_help = examples::REBUILD)]
    Rebuild(Box<BuildArgs>),
    /// Compare read models with the log and report the first difference
    Verify(Box<BuildArgs>),
    /// Pause read models until they are resumed
    Pause(Box<SwitchArgs>),
    /// Resume read models; one that has stopped retries
    Resume(Box<SwitchArgs>),
}

/// `projections rebuild` and `projections verify`
#[derive(Debug, Args)]
pub struct BuildArgs {
    /// Name of the read model, e.g. `access`
    #[arg(value_name = "NAME", required_unless_present = "all", conflicts_with = "all")]
    pub names: Vec<String>,
    /// All read models, one after the other
    #[arg(long)]
    pub all: bool,
    /// Do not wait until the running service is done
    #[arg(long, requires = "url")]
    pub no_wait: bool,
    /// Print JSON lines instead of words
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub remote: RemoteArgs,
    #[command(flatten)]
    pub store: StoreOptions,
}

/// `projections pause` and `projections resume`
#[derive(Debug, Args)]
pub struct SwitchArgs {
    /// Name of the read model, e.g. `access`
    #[arg(value_name = "NAME", required_unless_present = "all", conflicts_with = "all")]
    pub names: Vec<String>,
    /// All read models
    #[arg(long)]
    pub all: bool,
    #[command(flatten)]
    pub remote: RemoteArgs,
    #[command(flatten)]
    pub store: StoreOptions,
}

/// `projections status`
#[derive(Debug, Args)]
pub struct StatusArgs {
    /// Print JSON lines instead of a table
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub remote: RemoteArgs,
    #[command(flatten)]
    pub store: StoreOptions,
}

/// `key …`
#[derive(Debug, Subcommand)]
pub enum KeyCommand {
    /// Start to use a new key; older keys stay valid until retired
    #[command(after_long_help = examples::ROTATE)]
    Rotate(Box<RotateArgs>),
}

/// The purpose of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PurposeArg {
    /// Addresses of links
    Link,
    /// Visits and page codes
    Visit,
}

impl From<PurposeArg> for KeyPurpose {
    fn from(purpose: PurposeArg) -> Self {
        match purpose {
            PurposeArg::Link => Self::Link,
            PurposeArg::Visit => Self::Visit,
        }
    }
}

/// `key rotate`
#[derive(Debug, Args)]
pub struct RotateArgs {
    /// Purpose of the key
    #[arg(long, value_enum)]
    pub purpose: PurposeArg,
    /// Number of a key to retire; can be repeated
    #[arg(long, value_name = "N", value_parser = from_one::<u8>)]
    pub retire: Vec<u8>,
    #[command(flatten)]
    pub store: StoreOptions,
}

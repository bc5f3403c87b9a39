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
    /// Settings file (TOML); every flag `--some-name` may stand in it as `some_name`
    #[arg(long, global = true, value_name = "FILE", env = "SHARELOG_CONFIG")]
    #[arg(hide_env_values = true)]
    pub config: Option<PathBuf>,
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the service
    #[command(after_long_help = examples::SERVE)]
    Serve(Box<ServeArgs>),
    /// Make, list and revoke access tokens
    #[command(subcommand)]
    Token(TokenCommand),
    /// Tell what happened to an item, in plain words
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
    /// The keys behind links and visits
    #[command(subcommand)]
    Key(KeyCommand),
}

/// `serve`
#[derive(Debug, Args)]
pub struct ServeArgs {
    #[command(flatten)]
    pub serve: ServeOptions,
    /// Load a small world through the commands, and print addresses to try. Starting again with it
    /// changes nothing
    #[arg(long, help_heading = "Service")]
    pub demo: bool,
    #[command(flatten)]
    pub store: StoreOptions,
}

/// Where a running service is, and with which token to speak to it.
#[derive(Debug, Clone, Default, Args)]
pub struct RemoteArgs {
    /// Ask the running service at this address instead of opening the data
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
    /// Make a token; its secret is printed once and kept nowhere
    #[command(after_long_help = examples::TOKEN)]
    Create(Box<TokenCreateArgs>),
    /// List the tokens; secrets are not kept and cannot be shown
    List(Box<TokenListArgs>),
    /// Make a token invalid for ever
    Revoke(Box<TokenRevokeArgs>),
}

/// What a caller may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RoleArg {
    /// Administers: tokens, keys, accounts; may do everything
    Admin,
    /// Reads everything, changes nothing, opens no link
    Auditor,
    /// Acts for accounts or for anonymous visitors
    App,
    /// One account itself
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

/// What an application's token may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ScopeArg {
    /// Register, describe, close, retire items
    Items,
    /// Grants, links, visibility, publication
    Sharing,
    /// Open links, swap codes
    Visits,
    /// Register, change, deactivate, erase accounts
    Accounts,
    /// Read items, lists, catalog, history, and the feed of all events
    Read,
    /// Set up webhooks, which tell every event to whoever they lead to
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
    /// What its holder may be
    #[arg(long, value_enum)]
    pub role: RoleArg,
    /// Its name; applications appear under it in the audit trail
    #[arg(long)]
    pub label: String,
    /// What an application may use it for; may be given several times [default: everything]
    #[arg(long = "scope", value_enum, value_name = "SCOPE")]
    pub scopes: Vec<ScopeArg>,
    /// The account of a token with role account
    #[arg(long, value_name = "ID", required_if_eq("role", "account"))]
    pub account: Option<AccountId>,
    /// When it stops being valid (RFC 3339) [default: never]
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
    /// Which, e.g. `tk_0199…`
    pub token: TokenId,
    #[command(flatten)]
    pub remote: RemoteArgs,
    #[command(flatten)]
    pub store: StoreOptions,
}

/// A whole number from 1 on.
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
    /// At most so many of the latest events
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
    /// File to write; an existing one is continued [default: standard output]
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
    /// How far each read model has come
    Status(Box<StatusArgs>),
    /// Build read models anew from the log, beside those that are read, and let them take over
    #[command(after_long_help = examples::REBUILD)]
    Rebuild(Box<BuildArgs>),
    /// Say whether read models equal what follows from the log, and where they differ first
    Verify(Box<BuildArgs>),
    /// Let read models stand as they are until they are resumed
    Pause(Box<SwitchArgs>),
    /// Let read models go on; one that has stopped tries again
    Resume(Box<SwitchArgs>),
}

/// `projections rebuild` and `projections verify`
#[derive(Debug, Args)]
pub struct BuildArgs {
    /// Which, e.g. `access`
    #[arg(value_name = "NAME", required_unless_present = "all", conflicts_with = "all")]
    pub names: Vec<String>,
    /// All of them, one after the other
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
    /// Which, e.g. `access`
    #[arg(value_name = "NAME", required_unless_present = "all", conflicts_with = "all")]
    pub names: Vec<String>,
    /// All of them
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
    /// Make new secrets with a new key from now on; older ones stay valid until retired
    #[command(after_long_help = examples::ROTATE)]
    Rotate(Box<RotateArgs>),
}

/// What a key is for.
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
    /// What the key is for
    #[arg(long, value_enum)]
    pub purpose: PurposeArg,
    /// Number of a key that stops being valid; may be given several times
    #[arg(long, value_name = "N", value_parser = from_one::<u8>)]
    pub retire: Vec<u8>,
    #[command(flatten)]
    pub store: StoreOptions,
}

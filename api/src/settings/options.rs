//! The list of settings, and where each may be set: one list for flags, environment and TOML file.
//!
//! A setting `some_name` is the flag `--some-name`, the variable `SHARELOG_SOME_NAME` and the key
//! `some_name` of the file. WHEN ADDING ONE: a field here, its use in `settings.rs`, a line in the
//! table of README.md; the snapshot of `--help` shows it.

use super::Protected;
use serde::Deserialize;
use std::{net::SocketAddr, path::PathBuf, str::FromStr};

/// How log lines are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object per line.
    Json,
}

/// Parses a whole number.
pub(crate) fn whole<T: FromStr>(text: &str) -> Result<T, &'static str> {
    text.parse().map_err(|_| "a whole number is expected")
}

fn address(text: &str) -> Result<SocketAddr, &'static str> {
    text.parse().map_err(|_| "an IP address and a port are expected, e.g. 127.0.0.1:8080")
}

macro_rules! options {
    ($(#[$meta:meta])* $name:ident {
        $($(#[$field_meta:meta])* $field:ident: $type:ty = $env:literal,)*
    }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Default, clap::Args, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct $name {
            $($(#[$field_meta])*
            #[arg(long, env = $env, hide_env_values = true)]
            pub $field: Option<$type>,)*
        }

        impl $name {
            /// The keys of the file.
            pub const KEYS: &[&str] = &[$(stringify!($field)),*];

            /// These settings; what is not set here is taken from `other`.
            #[must_use]
            pub fn or(self, other: Self) -> Self {
                Self { $($field: self.$field.or(other.$field),)* }
            }
        }
    };
}

options! {
    /// Settings of every command that opens the data.
    StoreOptions {
        /// Folder of local data: the embedded engines, the server key, the first admin token
        /// [default: ./data]
        #[arg(value_name = "DIR", help_heading = "Data")]
        data: PathBuf = "SHARELOG_DATA",
        /// Event log: `sqlite`, or servers `nats://host:4222[,nats://…]` or `tls://…`
        /// [default: sqlite, in the data folder]
        ///
        /// An address with a password is taken from the environment or the file only: other users
        /// of the machine can read a command line.
        #[arg(value_name = "ENGINE", help_heading = "Data")]
        log: Protected = "SHARELOG_LOG",
        /// Read models and vault: `sqlite`, or `postgres://user@host/database`
        /// [default: sqlite, in the data folder]
        ///
        /// An address with a password is taken from the environment or the file only.
        #[arg(value_name = "ENGINE", help_heading = "Data")]
        db: Protected = "SHARELOG_DB",
        /// The server key, which wraps all keys in the vault; the same file on all nodes, mode
        /// 0600, created at the first start [default: DATA/server.key]
        #[arg(value_name = "FILE", help_heading = "Data")]
        key_file: PathBuf = "SHARELOG_KEY_FILE",

        /// Credentials file (JWT and seed) for NATS
        #[arg(value_name = "FILE", help_heading = "NATS JetStream", hide_short_help = true)]
        nats_credentials: PathBuf = "SHARELOG_NATS_CREDENTIALS",
        /// File that holds an nkey seed for NATS
        #[arg(value_name = "FILE", help_heading = "NATS JetStream", hide_short_help = true)]
        nats_nkey_file: PathBuf = "SHARELOG_NATS_NKEY_FILE",
        /// User for NATS; its password is read from --nats-password-file
        #[arg(value_name = "NAME", help_heading = "NATS JetStream", hide_short_help = true)]
        nats_user: String = "SHARELOG_NATS_USER",
        /// File that holds the password for NATS
        #[arg(value_name = "FILE", help_heading = "NATS JetStream", hide_short_help = true)]
        nats_password_file: PathBuf = "SHARELOG_NATS_PASSWORD_FILE",
        /// Certificate authority (PEM) to trust besides the machine's own
        #[arg(value_name = "FILE", help_heading = "NATS JetStream", hide_short_help = true)]
        nats_ca: PathBuf = "SHARELOG_NATS_CA",
        /// Require TLS to NATS [default: only with tls:// addresses]
        #[arg(value_name = "BOOL", num_args = 0..=1, default_missing_value = "true",
            help_heading = "NATS JetStream", hide_short_help = true)]
        nats_tls: bool = "SHARELOG_NATS_TLS",
        /// Name of the stream [default: SHARELOG]
        #[arg(value_name = "NAME", help_heading = "NATS JetStream", hide_short_help = true)]
        nats_stream: String = "SHARELOG_NATS_STREAM",
        /// First token of all subjects [default: sharelog]
        #[arg(value_name = "PREFIX", help_heading = "NATS JetStream", hide_short_help = true)]
        nats_prefix: String = "SHARELOG_NATS_PREFIX",
        /// Replicas of the stream: 1, 3 or 5; used when the stream is created [default: 1]
        #[arg(value_parser = whole::<usize>)]
        #[arg(value_name = "N", help_heading = "NATS JetStream", hide_short_help = true)]
        nats_replicas: usize = "SHARELOG_NATS_REPLICAS",
        /// Declare that the server syncs every write (`sync_interval: always`), which a client
        /// cannot detect; changes only the reported durability [default: false]
        #[arg(value_name = "BOOL", num_args = 0..=1, default_missing_value = "true",
            help_heading = "NATS JetStream", hide_short_help = true)]
        nats_synced: bool = "SHARELOG_NATS_SYNCED",

        /// File that holds the password for PostgreSQL
        #[arg(value_name = "FILE", help_heading = "PostgreSQL", hide_short_help = true)]
        db_password_file: PathBuf = "SHARELOG_DB_PASSWORD_FILE",
        /// Certificate authority (PEM) to trust besides the machine's own
        #[arg(value_name = "FILE", help_heading = "PostgreSQL", hide_short_help = true)]
        db_ca: PathBuf = "SHARELOG_DB_CA",
        /// Require TLS to PostgreSQL [default: false; `sslmode=require` in the address does the
        /// same]
        #[arg(value_name = "BOOL", num_args = 0..=1, default_missing_value = "true",
            help_heading = "PostgreSQL", hide_short_help = true)]
        db_tls: bool = "SHARELOG_DB_TLS",
        /// Maximum number of connections [default: 16]
        #[arg(value_parser = whole::<usize>)]
        #[arg(value_name = "N", help_heading = "PostgreSQL", hide_short_help = true)]
        db_connections: usize = "SHARELOG_DB_CONNECTIONS",
        /// Schema of the views for dashboards [default: sharelog]
        #[arg(value_name = "NAME", help_heading = "PostgreSQL", hide_short_help = true)]
        db_schema: String = "SHARELOG_DB_SCHEMA",
        /// Schema of the tables behind them [default: `sharelog_data`]
        #[arg(value_name = "NAME", help_heading = "PostgreSQL", hide_short_help = true)]
        db_data_schema: String = "SHARELOG_DB_DATA_SCHEMA",
        /// Schema of the vault [default: `sharelog_vault`]
        #[arg(value_name = "NAME", help_heading = "PostgreSQL", hide_short_help = true)]
        db_vault_schema: String = "SHARELOG_DB_VAULT_SCHEMA",
        /// Role that may read the views and nothing else [default: `sharelog_reader`]
        #[arg(value_name = "NAME", help_heading = "PostgreSQL", hide_short_help = true)]
        db_reader_role: String = "SHARELOG_DB_READER_ROLE",

        /// What is logged to standard error: error, warn, info, debug, trace, or a filter such as
        /// `info,commands=debug` [default: info for serve, warn otherwise]
        #[arg(value_name = "LEVEL", help_heading = "Diagnosis", hide_short_help = true)]
        log_level: String = "SHARELOG_LOG_LEVEL",
        /// Format of the log [default: text]
        #[arg(value_name = "FORMAT", value_enum)]
        #[arg(help_heading = "Diagnosis", hide_short_help = true)]
        log_format: LogFormat = "SHARELOG_LOG_FORMAT",
    }
}

options! {
    /// Settings of the service itself.
    ServeOptions {
        /// Where to listen [default: 127.0.0.1:8080; port 0 = a free one]
        #[arg(value_parser = address)]
        #[arg(value_name = "ADDR:PORT", help_heading = "Service")]
        listen: SocketAddr = "SHARELOG_LISTEN",
        /// Public URL of the service, used in every address that it gives out
        /// [default: `http://LISTEN`]
        #[arg(value_name = "URL", help_heading = "Service")]
        public_url: String = "SHARELOG_PUBLIC_URL",
        /// Kinds of items: a preset (default, galaxy, immich, basespace, webknossos, tep) or a TOML
        /// file [default: those recorded in the log; at the first start the preset default]
        #[arg(value_name = "PRESET|FILE", help_heading = "Service")]
        kinds: String = "SHARELOG_KINDS",
        /// Build read models on this node; one node of a deployment is enough [default: true]
        #[arg(value_name = "BOOL", num_args = 0..=1, default_missing_value = "true",
            help_heading = "Service", hide_short_help = true)]
        projectors: bool = "SHARELOG_PROJECTORS",
        /// Allow webhooks to addresses of this machine and of private networks, where programs may
        /// listen that were never meant to be reached from outside [default: false]
        #[arg(value_name = "BOOL", num_args = 0..=1, default_missing_value = "true",
            help_heading = "Webhooks", hide_short_help = true)]
        webhook_private: bool = "SHARELOG_WEBHOOK_PRIVATE",
        /// Seconds between the attempts to deliver an event
        /// [default: 5,300,1800,7200,18000,36000,50400,72000,86400]
        #[arg(value_name = "SECONDS,…", help_heading = "Webhooks", hide_short_help = true)]
        webhook_retries: String = "SHARELOG_WEBHOOK_RETRIES",
        /// Lifetime of a visit through a link, in seconds [default: 900]
        #[arg(value_parser = whole::<u32>)]
        #[arg(value_name = "SECONDS", help_heading = "Limits", hide_short_help = true)]
        visit_life: u32 = "SHARELOG_VISIT_LIFE",
        /// Maximum wait for a position that a request may ask for, in seconds [default: 30]
        #[arg(value_parser = whole::<u64>)]
        #[arg(value_name = "SECONDS", help_heading = "Limits", hide_short_help = true)]
        max_wait: u64 = "SHARELOG_MAX_WAIT",
        /// Maximum number of open connections; new ones wait until another ends
        /// [default: 4096]
        #[arg(value_name = "N", help_heading = "Limits", hide_short_help = true)]
        max_connections: usize = "SHARELOG_MAX_CONNECTIONS",
        /// Time that running requests get to finish at shutdown, in seconds [default: 10]
        #[arg(value_parser = whole::<u64>)]
        #[arg(value_name = "SECONDS", help_heading = "Limits", hide_short_help = true)]
        shutdown_grace: u64 = "SHARELOG_SHUTDOWN_GRACE",
    }
}

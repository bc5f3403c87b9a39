//! The settings of the service. Precedence: flag, environment, TOML file, default.
//!
//! The only place that reads the environment.

mod file;
mod options;
mod protected;
mod retry_schedule;

pub use options::{LogFormat, ServeOptions, StoreOptions};
pub use protected::Protected;
pub use retry_schedule::RetrySchedule;

use clap::{ArgMatches, parser::ValueSource};
use std::{
    fmt, fs,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    time::Duration,
};
use url::Url;

/// What is wrong with a setting; says which one and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SettingsError(pub String);

fn wrong(setting: &str, detail: impl fmt::Display) -> SettingsError {
    SettingsError(format!("setting `{setting}`: {detail}"))
}

/// Which event log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogEngine {
    /// SQLite in the data folder.
    Embedded,
    /// NATS JetStream at these servers.
    JetStream(Vec<ServerAddress>),
}

/// Which database for read models and vault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DbEngine {
    /// SQLite in the data folder.
    Embedded,
    /// PostgreSQL at this address.
    Postgres(Protected),
}

/// A server's address without user and password.
pub type ServerAddress = String;

/// How to sign in to NATS. `Debug` prints the way only.
#[derive(Clone, Default, PartialEq, Eq)]
pub enum NatsSignIn {
    /// Not at all.
    #[default]
    None,
    /// With a credentials file.
    File(PathBuf),
    /// With user and password.
    Password(String, String),
    /// With a token.
    Token(String),
    /// With an nkey seed.
    NKey(String),
}

impl fmt::Debug for NatsSignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "none",
            Self::File(_) => "credentials file",
            Self::Password(..) => "user and password",
            Self::Token(_) => "token",
            Self::NKey(_) => "nkey",
        })
    }
}

/// How the log lies on NATS.
#[derive(Debug, Clone)]
pub struct NatsSettings {
    /// How to sign in.
    pub sign_in: NatsSignIn,
    /// Certificate authority to trust.
    pub ca: Option<PathBuf>,
    /// Insist on TLS.
    pub tls: bool,
    /// Stream name.
    pub stream: String,
    /// Subject prefix.
    pub prefix: String,
    /// Copies.
    pub replicas: usize,
    /// The operator vouches for a sync on every write.
    pub synced: bool,
}

/// How the tables lie in PostgreSQL.
#[derive(Clone)]
pub struct PostgresSettings {
    /// Password from a file.
    pub password: Option<String>,
    /// Certificate authority to trust.
    pub ca: Option<PathBuf>,
    /// Insist on TLS.
    pub tls: bool,
    /// Most connections.
    pub connections: usize,
    /// Schema of the views.
    pub views_schema: String,
    /// Schema of the tables.
    pub data_schema: String,
    /// Schema of the vault.
    pub vault_schema: String,
    /// Role that may read the views.
    pub reader_role: String,
}

impl fmt::Debug for PostgresSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresSettings")
            .field("password", &self.password.as_ref().map(|_| "***"))
            .field("ca", &self.ca)
            .field("tls", &self.tls)
            .field("views_schema", &self.views_schema)
            .finish_non_exhaustive()
    }
}

/// Settings of every command that opens the data, resolved.
#[derive(Debug, Clone)]
pub struct StoreSettings {
    /// Folder of local data.
    pub data: PathBuf,
    /// The server key.
    pub key_file: PathBuf,
    /// Event log.
    pub log: LogEngine,
    /// Database.
    pub db: DbEngine,
    /// NATS.
    pub nats: NatsSettings,
    /// PostgreSQL.
    pub postgres: PostgresSettings,
    /// What is logged; `None` = the command's default.
    pub log_level: Option<String>,
    /// How it is logged.
    pub log_format: LogFormat,
}

impl StoreSettings {
    /// Is either engine in the data folder, which one process may write to?
    pub fn writes_locally(&self) -> bool {
        self.log == LogEngine::Embedded || self.db == DbEngine::Embedded
    }

    /// A file in the data folder.
    pub fn local(&self, name: &str) -> PathBuf {
        self.data.join(name)
    }
}

/// Settings of the service, resolved.
#[derive(Debug, Clone)]
pub struct ServeSettings {
    /// Where to listen.
    pub listen: SocketAddr,
    /// How it is reached from outside; `None` = the address it listens on.
    pub public_url: Option<Url>,
    /// Kinds of items; `None` = those on the log.
    pub kinds: Option<String>,
    /// Does this node build read models?
    pub projectors: bool,
    /// When a delivery to a webhook that failed is tried again.
    pub webhook_retries: RetrySchedule,
    /// May webhooks lead to this machine and to private networks?
    pub webhook_private: bool,
    /// How long an opened link is open.
    pub visit_life: Duration,
    /// Longest wait for a position.
    pub max_wait: Duration,
    /// Most connections open at a time.
    pub max_connections: usize,
    /// How long running requests may take at the end.
    pub shutdown_grace: Duration,
}

/// Everything, resolved.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Of every command.
    pub store: StoreSettings,
    /// Of the service.
    pub serve: ServeSettings,
}

impl Settings {
    /// Resolves flags and environment (which clap has read into the options), then the file, then
    /// the
    /// defaults.
    pub fn resolve(
        config: Option<&Path>,
        store: StoreOptions,
        serve: ServeOptions,
    ) -> Result<Self, SettingsError> {
        let (store_file, serve_file) = match config {
            Some(path) => file::read(path)?,
            None => Default::default(),
        };
        Ok(Self {
            store: resolve_store(store.or(store_file))?,
            serve: resolve_serve(serve.or(serve_file))?,
        })
    }
}

/// Refuses passwords on the command line, where every user of the machine can read them.
pub fn refuse_secrets_in_flags(matches: &ArgMatches) -> Result<(), SettingsError> {
    for name in ["log", "db"] {
        let by_flag = matches.try_contains_id(name).unwrap_or(false)
            && matches.value_source(name) == Some(ValueSource::CommandLine);
        let secret = matches
            .try_get_one::<Protected>(name)
            .ok()
            .flatten()
            .is_some_and(Protected::has_secret);
        if by_flag && secret {
            let variable = name.to_uppercase();
            return Err(SettingsError(format!(
                "the address in --{name} holds a password or token, and every user of this \
                 machine can read a command line; set SHARELOG_{variable} or `{name}` in a file \
                 given with --config, or leave the password out and name a file with it"
            )));
        }
    }
    Ok(())
}

fn resolve_store(options: StoreOptions) -> Result<StoreSettings, SettingsError> {
    let data = options.data.clone().unwrap_or_else(|| PathBuf::from("./data"));
    let key_file = options.key_file.clone().unwrap_or_else(|| data.join("server.key"));
    let (log, from_address) = log_engine(options.log.as_ref())?;
    Ok(StoreSettings {
        data,
        key_file,
        log,
        db: db_engine(options.db.as_ref())?,
        nats: nats(&options, from_address)?,
        postgres: postgres(&options)?,
        log_level: options.log_level,
        log_format: options.log_format.unwrap_or_default(),
    })
}

fn log_engine(asked: Option<&Protected>) -> Result<(LogEngine, NatsSignIn), SettingsError> {
    let Some(asked) = asked.filter(|asked| asked.expose() != "sqlite") else {
        return Ok((LogEngine::Embedded, NatsSignIn::None));
    };
    let mut servers = Vec::new();
    let mut sign_in = NatsSignIn::None;
    for part in asked.expose().split(',') {
        let mut url = Url::parse(part.trim())
            .ok()
            .filter(|url| matches!(url.scheme(), "nats" | "tls" | "ws" | "wss"))
            .filter(|url| url.host_str().is_some())
            .ok_or_else(|| {
                wrong("log", format!("`{asked}` is neither `sqlite` nor like nats://host:4222"))
            })?;
        let user = decoded(url.username());
        match (user.is_empty(), url.password().map(decoded)) {
            (false, Some(password)) => sign_in = NatsSignIn::Password(user, password),
            (false, None) => sign_in = NatsSignIn::Token(user),
            (true, _) => {}
        }
        let plain = url.set_password(None).and_then(|()| url.set_username(""));
        plain.map_err(|()| wrong("log", "the address cannot be read"))?;
        servers.push(url.to_string());
    }
    Ok((LogEngine::JetStream(servers), sign_in))
}

fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

fn db_engine(asked: Option<&Protected>) -> Result<DbEngine, SettingsError> {
    match asked.filter(|asked| asked.expose() != "sqlite") {
        None => Ok(DbEngine::Embedded),
        Some(address)
            if address.expose().starts_with("postgres://")
                || address.expose().starts_with("postgresql://") =>
        {
            Ok(DbEngine::Postgres(address.clone()))
        }
        Some(other) => Err(wrong(
            "db",
            format!("`{other}` is neither `sqlite` nor like postgres://user@host/database"),
        )),
    }
}

fn nats(options: &StoreOptions, from_address: NatsSignIn) -> Result<NatsSettings, SettingsError> {
    let replicas = options.nats_replicas.unwrap_or(1);
    if ![1, 3, 5].contains(&replicas) {
        return Err(wrong("nats_replicas", "1, 3 or 5 copies are possible"));
    }
    let prefix = options.nats_prefix.clone().unwrap_or_else(|| "sharelog".to_owned());
    let stream = options.nats_stream.clone().unwrap_or_else(|| "SHARELOG".to_owned());
    let token = |text: &str| {
        !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b))
    };
    if !prefix.split('.').all(token) {
        return Err(wrong("nats_prefix", "letters, digits, `_`, `-`, with dots between"));
    }
    if !token(&stream) {
        return Err(wrong("nats_stream", "letters, digits, `_`, `-`"));
    }
    Ok(NatsSettings {
        sign_in: nats_sign_in(options, from_address)?,
        ca: options.nats_ca.clone(),
        tls: options.nats_tls.unwrap_or(false),
        stream,
        prefix,
        replicas,
        synced: options.nats_synced.unwrap_or(false),
    })
}

fn nats_sign_in(options: &StoreOptions, address: NatsSignIn) -> Result<NatsSignIn, SettingsError> {
    if let Some(path) = &options.nats_credentials {
        return Ok(NatsSignIn::File(path.clone()));
    }
    if let Some(path) = &options.nats_nkey_file {
        return Ok(NatsSignIn::NKey(secret_file("nats_nkey_file", path)?));
    }
    match (&options.nats_user, &options.nats_password_file) {
        (Some(user), Some(path)) => {
            Ok(NatsSignIn::Password(user.clone(), secret_file("nats_password_file", path)?))
        }
        (None, Some(_)) => Err(wrong("nats_password_file", "needs `nats_user`")),
        (Some(_), None) => Err(wrong("nats_user", "needs `nats_password_file`")),
        (None, None) => Ok(address),
    }
}

fn postgres(options: &StoreOptions) -> Result<PostgresSettings, SettingsError> {
    let name = |setting: &str, value: &Option<String>, default: &str| {
        let value = value.clone().unwrap_or_else(|| default.to_owned());
        let valid = (1..=63).contains(&value.len())
            && value.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        if valid { Ok(value) } else { Err(wrong(setting, "1 to 63 of a-z, 0-9 and `_`")) }
    };
    let password = options
        .db_password_file
        .as_ref()
        .map(|path| secret_file("db_password_file", path))
        .transpose()?;
    Ok(PostgresSettings {
        password,
        ca: options.db_ca.clone(),
        tls: options.db_tls.unwrap_or(false),
        connections: at_least_one("db_connections", options.db_connections.unwrap_or(16))?,
        views_schema: name("db_schema", &options.db_schema, "sharelog")?,
        data_schema: name("db_data_schema", &options.db_data_schema, "sharelog_data")?,
        vault_schema: name("db_vault_schema", &options.db_vault_schema, "sharelog_vault")?,
        reader_role: name("db_reader_role", &options.db_reader_role, "sharelog_reader")?,
    })
}

/// The first line of a file that holds a secret.
pub fn secret_file(setting: &str, path: &Path) -> Result<String, SettingsError> {
    let text = fs::read_to_string(path)
        .map_err(|error| wrong(setting, format!("cannot read {}: {error}", path.display())))?;
    let line = text.lines().next().unwrap_or_default().trim();
    if line.is_empty() {
        return Err(wrong(setting, format!("{} is empty", path.display())));
    }
    Ok(line.to_owned())
}

fn resolve_serve(options: ServeOptions) -> Result<ServeSettings, SettingsError> {
    let seconds = |value: Option<u64>, default: u64| Duration::from_secs(value.unwrap_or(default));
    let visit_life = options.visit_life.unwrap_or(900);
    if !(60..=86_400).contains(&visit_life) {
        return Err(wrong("visit_life", "60 to 86400 seconds are possible"));
    }
    let webhook_retries = options.webhook_retries.as_deref().map(str::parse).transpose();
    Ok(ServeSettings {
        webhook_retries: webhook_retries
            .map_err(|rule| wrong("webhook_retries", rule))?
            .unwrap_or_default(),
        webhook_private: options.webhook_private.unwrap_or(false),
        listen: options.listen.unwrap_or_else(|| SocketAddr::from((Ipv4Addr::LOCALHOST, 8080))),
        public_url: options.public_url.as_deref().map(public_url).transpose()?,
        kinds: options.kinds,
        projectors: options.projectors.unwrap_or(true),
        visit_life: Duration::from_secs(u64::from(visit_life)),
        max_wait: seconds(options.max_wait, 30),
        max_connections: at_least_one("max_connections", options.max_connections.unwrap_or(4_096))?,
        shutdown_grace: seconds(options.shutdown_grace, 10),
    })
}

fn public_url(text: &str) -> Result<Url, SettingsError> {
    Url::parse(text)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.host_str().is_some())
        .filter(|url| url.query().is_none() && url.fragment().is_none())
        .filter(|url| url.username().is_empty() && url.password().is_none())
        .ok_or_else(|| wrong("public_url", "an address like https://share.example is expected"))
}

fn at_least_one(setting: &str, value: usize) -> Result<usize, SettingsError> {
    if value == 0 { Err(wrong(setting, "must be at least 1")) } else { Ok(value) }
}

/// An environment variable that is no setting of the list: one that must not be a flag.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
pub fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

//! Options of the JetStream engine: server address, credentials, stream configuration.

use crate::LogError;
use async_nats::{Client, ConnectOptions, ServerAddr};
use std::{fmt, path::PathBuf, time::Duration};

/// How to sign in to the server.
#[derive(Clone, Default)]
pub enum Credentials {
    /// Not at all.
    #[default]
    None,
    /// With a credentials file (JWT and seed).
    File(PathBuf),
    /// With user and password.
    UserPassword(String, String),
    /// With a token.
    Token(String),
    /// With an nkey seed.
    NKey(String),
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "none",
            Self::File(_) => "credentials file",
            Self::UserPassword(..) => "user and password",
            Self::Token(_) => "token",
            Self::NKey(_) => "nkey",
        })
    }
}

/// Where the server is and how the log lies on it.
#[derive(Debug, Clone)]
pub struct JetStreamOptions {
    /// Server addresses, e.g. `nats://127.0.0.1:4222`; tried in turn.
    pub urls: Vec<String>,
    /// How to sign in.
    pub credentials: Credentials,
    /// Certificate authority (PEM) to trust besides the machine's own.
    pub tls_ca: Option<PathBuf>,
    /// Insist on TLS.
    pub tls_required: bool,
    /// Name of the stream. The activity stream's is this with `_ACTIVITY`.
    pub stream: String,
    /// First token(s) of all subjects.
    pub prefix: String,
    /// Copies of the stream, 1 or 3.
    pub replicas: usize,
    /// Does the operator vouch that the server syncs every write (`sync_interval: always`)? No
    /// client can read that from the server.
    pub synced: bool,
    /// How long to wait for an acknowledgement.
    pub timeout: Duration,
}

impl Default for JetStreamOptions {
    fn default() -> Self {
        Self {
            urls: vec!["nats://127.0.0.1:4222".to_owned()],
            credentials: Credentials::None,
            tls_ca: None,
            tls_required: false,
            stream: "SHARELOG".to_owned(),
            prefix: "sharelog".to_owned(),
            replicas: 1,
            synced: false,
            timeout: Duration::from_secs(5),
        }
    }
}

impl JetStreamOptions {
    /// The prefix of the subjects of the log's streams.
    pub(super) fn subjects(&self) -> String {
        format!("{}.log", self.prefix)
    }

    /// The name of the activity stream.
    pub(super) fn activity(&self) -> String {
        format!("{}_ACTIVITY", self.stream)
    }

    fn validate(&self) -> Result<(), LogError> {
        let plain = |text: &str, extra: &[u8]| {
            !text.is_empty()
                && text.bytes().all(|b| b.is_ascii_alphanumeric() || extra.contains(&b))
        };
        let tokens = self.prefix.split('.').all(|token| plain(token, b"-_"));
        if plain(&self.stream, b"-_") && tokens {
            return Ok(());
        }
        let why = "stream names and subject prefixes are letters, digits, `-` and `_`; \
                   a prefix may have several tokens with `.` between";
        Err(LogError::Misconfigured(why.to_owned()))
    }

    /// Connects; keeps reconnecting once it has succeeded.
    pub(super) async fn client(&self) -> Result<Client, LogError> {
        self.validate()?;
        let wrong = |what: &str| LogError::Misconfigured(what.to_owned());
        let addresses: Vec<ServerAddr> = self
            .urls
            .iter()
            .map(|url| url.parse().map_err(|_| wrong("a server address is not nats://host:port")))
            .collect::<Result<_, _>>()?;
        let mut options = match &self.credentials {
            Credentials::None => ConnectOptions::new(),
            Credentials::File(path) => ConnectOptions::with_credentials_file(path)
                .await
                .map_err(|_| wrong("the credentials file cannot be read"))?,
            Credentials::UserPassword(user, password) => {
                ConnectOptions::with_user_and_password(user.clone(), password.clone())
            }
            Credentials::Token(token) => ConnectOptions::with_token(token.clone()),
            Credentials::NKey(seed) => ConnectOptions::with_nkey(seed.clone()),
        };
        if let Some(path) = &self.tls_ca {
            options = options.add_root_certificates(path.clone());
        }
        options
            .name("sharelog")
            .require_tls(self.tls_required)
            .ping_interval(Duration::from_secs(10))
            .reconnect_delay_callback(|attempt| {
                let step = u32::try_from(attempt.min(6)).unwrap_or(6);
                Duration::from_millis(10).saturating_mul(2u32.pow(step))
            })
            .connect(addresses)
            .await
            .map_err(|error| LogError::Unavailable(format!("no connection to NATS: {error}")))
    }
}

//! The production engine: one stream on NATS JetStream.

use crate::LogError;
use std::{path::PathBuf, time::Duration};

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

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
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
    /// Name of the stream.
    pub stream: String,
    /// First token(s) of all subjects.
    pub prefix: String,
    /// Copies of the stream, 1 or 3.
    pub replicas: usize,
    /// Does the operator vouch that the server syncs every write (`sync_interval: always`)? No client
    /// can read that from the server.
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

/// The log on JetStream. Cheap to clone.
#[derive(Debug, Clone)]
pub struct JetStreamLog {}

impl JetStreamLog {
    /// Connects, creates the stream when it is missing, checks everything.
    pub async fn connect(options: JetStreamOptions) -> Result<Self, LogError> {
        let _ = options;
        Err(LogError::Unavailable("unfinished".to_owned()))
    }
}

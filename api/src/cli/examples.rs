//! The examples of the long help.

/// Below `sharelog --help`.
pub(super) const SETTINGS: &str = "Settings:
  A setting is taken from the first of: flag, environment variable, settings file, default.
  --some-name on the command line, SHARELOG_SOME_NAME in the environment, some_name in the file.

First steps:
  sharelog serve --demo               a service with demo data
  sharelog serve                      the service on the data folder ./data
  sharelog history history:8f3a       what happened to an item, in plain words
  sharelog token create --role app --label lab";

/// Below `serve --help`.
pub(super) const SERVE: &str = "Examples:
  sharelog serve
      On the embedded engines in ./data; needs nothing else. The first start writes an
      administrator's token to ./data/admin.token.
  sharelog serve --demo --data demo
      With demo data, and addresses to try.
  sharelog serve --log nats://127.0.0.1:4222 --db postgres://sharelog@127.0.0.1/sharelog \\
      --db-password-file /etc/sharelog/db.password --public-url https://share.example
      On NATS JetStream and PostgreSQL.

The service ends on SIGTERM or SIGINT after its running requests; a second signal ends it at once.";

/// Below `token create --help`.
pub(super) const TOKEN: &str = "Examples:
  sharelog token create --role app --label lab
      For an application that acts for its users; works on ./data while no service runs there.
  sharelog token create --role app --label lab --scope visits --scope read \\
      --url http://127.0.0.1:8080
      The same through a running service, with the token in ./data/admin.token.
  sharelog token create --role account --account a-17 --label laptop --ends-at 2027-01-01T00:00:00Z
      For one account.
  sharelog token create --role auditor --label audit > auditor.token
      Only the secret goes to standard output.";

/// Below `history --help`.
pub(super) const HISTORY: &str = "Examples:
  sharelog history history:8f3a
      From the read models in ./data; also while a service runs there.
  sharelog history history:8f3a --url http://127.0.0.1:8080 --token-file auditor.token
      From a running service, here with an auditor's token.";

/// Below `audit export --help`.
pub(super) const EXPORT: &str = "Examples:
  sharelog audit export --output trail.jsonl
      Everything, with a progress bar. When trail.jsonl exists, it is continued after its last
      complete line.
  sharelog audit export --from-position 4711 | gzip > rest.jsonl.gz
      From a position on, to standard output.

An export from the data is recorded in the log as export.made. An export beside a running service
that holds the data folder is not recorded, nor is one with --url; both report this.";

/// Below `doctor --help`.
pub(super) const DOCTOR: &str = "Examples:
  sharelog doctor
      Works beside a running service too, and takes no lock.
  SHARELOG_LOG=nats://127.0.0.1:4222 SHARELOG_DB=postgres://sharelog@127.0.0.1/sharelog \\
      sharelog doctor

Ends with 0 when all is well (warnings included), with 3 when an engine does not answer, and with 4
when something is damaged or misconfigured.";

/// Below `projections rebuild --help`.
pub(super) const REBUILD: &str = "Examples:
  sharelog projections rebuild access --url http://127.0.0.1:8080
      In a running service, which stays available; shows the progress.
  sharelog projections rebuild --all
      On ./data while no service runs there.

The old tables are read until the new ones have been compared with them and replace them, and are
kept for 10 minutes. An interrupted rebuild continues at the next start of the service.";

/// Below `key rotate --help`.
pub(super) const ROTATE: &str = "Examples:
  sharelog key rotate --purpose link
      New links get addresses signed with a new key; existing addresses stay valid.
  sharelog key rotate --purpose link --retire 1
      All addresses signed with key 1 stop working as well: for a key that has leaked.

Writes to the log: on the embedded engines stop the service first.";

//! A real PostgreSQL: a database of its own on the shared server, or a server of its own that can
//! be killed.

use crate::{
    process::{Process, program, setting},
    wait::{free_port, until},
};
use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};
use tokio_postgres::{Client, NoTls};
use uuid::Uuid;

/// A database, and the server when it is this test's own.
#[derive(Debug)]
pub struct Postgres {
    server: Option<Server>,
    base: String,
    /// Name of the database.
    pub database: String,
}

/// A server of this test's own.
#[derive(Debug)]
struct Server {
    process: Process,
    folder: PathBuf,
    port: u16,
}

impl Postgres {
    /// A new database on the server that `SHARELOG_TEST_POSTGRES` names, else on one of its own.
    pub async fn database(folder: &Path) -> Self {
        match setting("SHARELOG_TEST_POSTGRES") {
            Some(address) => {
                let (base, _) = address.rsplit_once('/').expect("an address with a database");
                Self { server: None, base: base.to_owned(), database: String::new() }
                    .created()
                    .await
            }
            None => Self::server(folder).await,
        }
    }

    /// A server of its own, with fsync on, in a folder.
    pub async fn server(folder: &Path) -> Self {
        let port = free_port();
        initdb(folder);
        let server = Server { process: spawn(folder, port), folder: folder.to_owned(), port };
        let base = format!("postgres://postgres@127.0.0.1:{port}");
        let mut postgres = Self { server: Some(server), base, database: String::new() };
        postgres.ready().await;
        postgres.created().await
    }

    /// A second, empty database on the same server.
    pub async fn another(&self) -> String {
        let name = format!("t{}", Uuid::new_v4().simple());
        let client = connect(&format!("{}/postgres", self.base)).await.expect("the server");
        client.batch_execute(&format!("CREATE DATABASE {name}")).await.expect("a database");
        format!("{}/{name}", self.base)
    }

    async fn created(mut self) -> Self {
        let address = self.another().await;
        let (_, name) = address.rsplit_once('/').expect("an address with a database");
        name.clone_into(&mut self.database);
        self
    }

    /// Its address, as `--db` takes it.
    pub fn address(&self) -> String {
        format!("{}/{}", self.base, self.database)
    }

    /// A connection as the owner.
    pub async fn connect(&self) -> Client {
        connect(&self.address()).await.expect("the database")
    }

    /// `kill -9` of the server; only for a server of its own.
    pub async fn kill(&mut self) {
        let server = self.server.as_mut().expect("a server of its own");
        server.process.kill();
        // Its children notice and end; the next start refuses as long as one lives.
        let port = server.port;
        until("every backend has ended", Duration::from_secs(30), || async move {
            (!crate::wait::listens(port).await).then_some(())
        })
        .await;
    }

    /// Starts it again on the same data.
    pub async fn start_again(&mut self) {
        let server = self.server.as_mut().expect("a server of its own");
        server.process = spawn(&server.folder, server.port);
        self.ready().await;
    }

    async fn ready(&mut self) {
        let address = format!("{}/postgres", self.base);
        let server = self.server.as_mut().expect("a server of its own");
        until("PostgreSQL answers", Duration::from_mins(1), || {
            if server.process.ended().is_some() {
                // A child of the killed one may have held the data a moment longer.
                server.process = spawn(&server.folder, server.port);
            }
            let address = address.clone();
            async move { connect(&address).await.ok().map(drop) }
        })
        .await;
    }
}

/// Connects; the connection task ends with the client.
pub async fn connect(address: &str) -> Result<Client, tokio_postgres::Error> {
    let (client, connection) = tokio_postgres::connect(address, NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

/// PostgreSQL refuses to run as root: everything goes through the user `postgres` then.
fn as_postgres(program: &Path) -> Command {
    if !running_as_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    let user = user();
    let group = output_of(Command::new("id").args(["-g", user]));
    command.args(["--reuid", user, "--regid", &group, "--clear-groups"]).arg(program);
    command
}

fn running_as_root() -> bool {
    output_of(Command::new("id").arg("-u")) == "0"
}

/// Who runs the server when the tests are run by root.
fn user() -> &'static str {
    if exists("postgres") { "postgres" } else { "nobody" }
}

fn output_of(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

fn exists(user: &str) -> bool {
    let status = Command::new("id").arg(user).stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

fn bin(name: &str) -> PathBuf {
    let from_setting = setting("SHARELOG_PG_BIN").map(|folder| Path::new(&folder).join(name));
    let installed = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut all: Vec<PathBuf> = installed.map(|dir| dir.path().join("bin").join(name)).collect();
    all.sort();
    all.extend(from_setting);
    all.reverse();
    program("SHARELOG_PG_PROGRAM", &all)
}

fn initdb(folder: &Path) {
    std::fs::create_dir_all(folder).expect("a folder for PostgreSQL");
    if running_as_root() {
        let user = user();
        let status = Command::new("chown").arg(user).arg(folder).status().expect("chown");
        assert!(status.success(), "cannot give {} to {user}", folder.display());
    }
    let output = as_postgres(&bin("initdb"))
        .args(["--username", "postgres", "--auth", "trust", "--encoding", "UTF8"])
        .args(["--locale", "C.UTF-8", "--pgdata"])
        .arg(folder.join("data"))
        .current_dir(folder)
        .output()
        .expect("initdb");
    assert!(output.status.success(), "initdb: {}", String::from_utf8_lossy(&output.stderr));
}

fn spawn(folder: &Path, port: u16) -> Process {
    let mut command = as_postgres(&bin("postgres"));
    command
        .arg("-D")
        .arg(folder.join("data"))
        .args(["-h", "127.0.0.1", "-p", &port.to_string(), "-c", "fsync=on", "-k"])
        .arg(folder)
        .current_dir(folder);
    let output = folder.with_extension("log");
    Process::start(&mut command, &output)
}

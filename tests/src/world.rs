//! The world of a story: real servers, a real service, and callers of every role.

use crate::{
    client::{Answer, Client},
    postgres::Postgres,
    service::Service,
    streaming::Nats,
};
use serde_json::{Value, json};
use std::{os::unix::fs::PermissionsExt as _, path::PathBuf};
use tempfile::TempDir;

/// The two supported pairs of engines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pair {
    /// SQLite for everything.
    Embedded,
    /// NATS JetStream and PostgreSQL.
    Production,
}

/// Everything one test needs; gone when dropped.
#[derive(Debug)]
pub struct World {
    /// Which engines.
    pub pair: Pair,
    /// The nodes; the first one made the log.
    pub nodes: Vec<Service>,
    /// The message server of the production pair.
    pub nats: Option<Nats>,
    /// The database of the production pair.
    pub postgres: Option<Postgres>,
    admin: String,
    app: Option<String>,
    // Dropped last: the servers write into it until they end.
    folder: TempDir,
}

impl World {
    /// One node on fresh engines; the database server may be shared.
    pub async fn start(pair: Pair) -> Self {
        Self::begin(pair, false).await
    }

    /// One node on servers of its own, so that each can be killed.
    pub async fn start_alone(pair: Pair) -> Self {
        Self::begin(pair, true).await
    }

    async fn begin(pair: Pair, alone: bool) -> Self {
        let folder = tempfile::Builder::new().prefix("sharelog-world").tempdir().expect("a folder");
        let open = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(folder.path(), open).expect("PostgreSQL's user may enter it");
        let (mut nats, mut postgres) = (None, None);
        if pair == Pair::Production {
            nats = Some(Nats::start(&folder.path().join("nats")).await);
            let place = folder.path().join("postgres");
            postgres = Some(if alone {
                Postgres::server(&place).await
            } else {
                Postgres::database(&place).await
            });
        }
        let mut world =
            Self { pair, nodes: vec![], nats, postgres, admin: String::new(), app: None, folder };
        let data = world.path("data");
        let service = Service::start(&data, &world.engines()).await;
        world.admin = service.admin_token();
        world.nodes.push(service);
        world
    }

    /// A path in the world's folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The arguments that choose the engines.
    pub fn engines(&self) -> Vec<String> {
        let mut arguments = Vec::new();
        if let Some(nats) = &self.nats {
            arguments.extend(nats.arguments());
        }
        if let Some(postgres) = &self.postgres {
            arguments.extend(["--db".to_owned(), postgres.address()]);
        }
        arguments
    }

    /// The first node.
    pub fn node(&self) -> &Service {
        self.nodes.first().expect("a node")
    }

    /// The first node, to kill it.
    pub fn node_mut(&mut self) -> &mut Service {
        self.nodes.first_mut().expect("a node")
    }

    /// Another node on the same servers (production pair), with the same server key.
    pub async fn add_node(&mut self) -> &Service {
        let data = self.path(&format!("data-{}", self.nodes.len()));
        let mut engines = self.engines();
        let key = self.node().data.join("server.key");
        engines.extend(["--key-file".to_owned(), key.to_string_lossy().into_owned()]);
        self.nodes.push(Service::start(&data, &engines).await);
        self.nodes.last().expect("the node just added")
    }

    /// A caller without a token.
    pub fn without_token(&self) -> Client {
        Client::new(&self.node().base())
    }

    /// The administrator.
    pub fn admin(&self) -> Client {
        self.without_token().token(&self.admin)
    }

    /// The administrator's token.
    pub fn admin_token(&self) -> &str {
        &self.admin
    }

    /// An application with all scopes; the same one each time.
    pub async fn app(&mut self) -> Client {
        if self.app.is_none() {
            self.app = Some(self.issue(json!({"role": "app", "label": "lab"})).await);
        }
        self.without_token().token(self.app.as_deref().unwrap_or_default())
    }

    /// The application acting for an account.
    pub async fn account(&mut self, account: &str) -> Client {
        self.app().await.acting_for(account)
    }

    /// An auditor.
    pub async fn auditor(&self) -> Client {
        let token = self.issue(json!({"role": "auditor", "label": "audit"})).await;
        self.without_token().token(&token)
    }

    /// Issues a token and answers its secret.
    pub async fn issue(&self, wanted: Value) -> String {
        self.admin().post("/v1/tokens", wanted).await.ok()["token"]["secret"]
            .as_str()
            .expect("a secret")
            .to_owned()
    }

    /// Registers an item for an owner.
    pub async fn register(&mut self, kind: &str, id: &str, owner: &str) -> Answer {
        let app = self.app().await;
        let answer = app.put(&item(kind, id), registration(owner, "A title")).await;
        answer.is(201);
        answer
    }

    /// Shares an item of `owner` with an account; answers the grant.
    pub async fn share(&mut self, path: &str, owner: &str, with: &str, role: &str) -> Value {
        let owner = self.account(owner).await;
        let answer = owner.post(&format!("{path}/grants"), share(with, role)).await;
        answer.is(200)["results"][0]["grant"].clone()
    }
}

/// The path of an item.
pub fn item(kind: &str, id: &str) -> String {
    format!("/v1/items/{kind}/{id}")
}

/// The body of a registration.
pub fn registration(owner: &str, title: &str) -> Value {
    json!({"owner": {"type": "account", "id": owner}, "title": title})
}

/// The body of a share with one account.
pub fn share(account: &str, role: &str) -> Value {
    json!({"grantees": [{"type": "account", "id": account}], "role": role})
}

//! A whole service in one process, with a clock that the test moves, and a client for it.

use crate::{
    effective_access::RiggedAuthority,
    rig::{RiggedLog, RiggedViews},
};
use api::{AppDependencies, AppState, Limits, Routes, wiring::IndexAuthority};
use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Method, Request, StatusCode},
};
use commands::{
    Commands, Dependencies, ManualClock, Settings,
    vault::{ServerKey, memory::MemoryVault},
};
use domain::time::Time;
use eventlog::{
    Activity as _, ActivityKind, EventLog as _, SharedLog,
    fault_injection::FaultyLog,
    memory::{MemoryActivity, MemoryLog},
};
use projections::{
    AccessIndex, Generations, IndexOptions, Runner, RunnerOptions,
    feed::{Feed, FeedOptions},
    store::sqlite,
};
use serde_json::Value;
use std::{
    fmt::Write as _,
    sync::{Arc, Mutex},
    time::Duration,
};
use tower::ServiceExt as _;

pub(crate) const PUBLIC_URL: &str = "https://share.example";

/// A running service.
pub(crate) struct World {
    pub(crate) router: Router,
    pub(crate) log: SharedLog,
    pub(crate) faults: Arc<FaultyLog>,
    pub(crate) rig: Arc<RiggedLog>,
    pub(crate) authority: Arc<RiggedAuthority>,
    pub(crate) views: Arc<RiggedViews>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) activity: Arc<MemoryActivity>,
    pub(crate) admin: String,
    pub(crate) memory: MemoryLog,
    parts: Dependencies,
    pub(crate) index: AccessIndex,
    pub(crate) generations: Generations,
    tokens: Mutex<Vec<(String, String)>>,
    runner: Option<tokio::task::JoinHandle<()>>,
    _folder: tempfile::TempDir,
}

impl Drop for World {
    fn drop(&mut self) {
        if let Some(runner) = &self.runner {
            runner.abort();
        }
    }
}

impl World {
    /// With read models that follow.
    pub(crate) async fn start() -> Self {
        Self::with_views(true).await
    }

    /// `follow`: do the read models follow the log?
    pub(crate) async fn with_views(follow: bool) -> Self {
        Self::with(follow, Settings::default()).await
    }

    /// Whose appends are not waited for long.
    pub(crate) async fn hasty() -> Self {
        let append_budget = Duration::from_millis(300);
        Self::with(true, Settings { append_budget, ..Settings::default() }).await
    }

    async fn with(follow: bool, settings: Settings) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let memory = MemoryLog::new();
        let faults = Arc::new(FaultyLog::new(Arc::new(memory.clone())));
        let rig = Arc::new(RiggedLog::new(faults.clone()));
        let log: SharedLog = rig.clone();
        let start: Time = "2026-11-21T12:00:00Z".parse().unwrap();
        let clock = Arc::new(ManualClock::at(start));
        let activity: Arc<MemoryActivity> = Arc::default();
        let options = IndexOptions::default();
        let index = AccessIndex::open(Arc::new(memory.clone()), None, options).await.unwrap();
        let known = Arc::new(IndexAuthority::new(index.clone()));
        let authority = Arc::new(RiggedAuthority::new(known));
        let parts = Dependencies {
            log: log.clone(),
            keys: Arc::new(memory.clone()),
            vault: Arc::new(MemoryVault::default()),
            server_key: ServerKey::from_bytes([7; 32]),
            activity: activity.clone(),
            clock: clock.clone(),
            authority: Some(authority.clone()),
            settings,
        };
        let commands = Commands::open(parts.clone()).await.unwrap();
        let admin = commands.tokens.issue_first().await.unwrap().unwrap().expose().to_owned();
        let database = sqlite::open(&folder.path().join("views.db"), sqlite::OpenMode::ReadWrite)
            .await
            .unwrap();
        let runner = follow.then(|| {
            let opener = commands.text_decryptor();
            let options = RunnerOptions::default();
            let runner = Runner::new(log.clone(), opener, database.clone(), options);
            tokio::spawn(runner.run(std::future::pending()))
        });
        let generations = Generations::new(database.clone());
        let views = Arc::new(RiggedViews::new(projections::views(database, Some(log.clone()))));
        Self {
            router: router(commands, &parts, views.clone(), (&index, &generations)),
            log,
            faults,
            rig,
            authority,
            views,
            clock,
            activity,
            admin,
            memory,
            parts,
            index,
            generations,
            tokens: Mutex::default(),
            runner,
            _folder: folder,
        }
    }

    /// The same caller at another node, whose log is not rigged.
    pub(crate) async fn elsewhere(&self, client: &Client) -> Client {
        let parts = Dependencies { log: Arc::new(self.memory.clone()), ..self.parts.clone() };
        let commands = Commands::open(parts.clone()).await.unwrap();
        let read = (&self.index, &self.generations);
        Client { router: router(commands, &parts, self.views.clone(), read), ..client.clone() }
    }

    /// Nobody in particular: no token.
    pub(crate) fn nobody(&self) -> Client {
        Client { router: self.router.clone(), token: None, headers: Vec::new() }
    }

    pub(crate) fn admin(&self) -> Client {
        self.nobody().token(&self.admin)
    }

    /// The secret of a new token.
    pub(crate) async fn issue(&self, wanted: Value) -> String {
        self.admin().post("/v1/tokens", wanted).await.is(201)["token"]["secret"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// A caller with a token of this role, made on first use.
    async fn role(&self, role: &str, wanted: Value) -> Client {
        let known = self.tokens.lock().unwrap().iter().find(|(r, _)| r == role).cloned();
        let token = if let Some((_, token)) = known {
            token
        } else {
            let token = self.issue(wanted).await;
            self.tokens.lock().unwrap().push((role.to_owned(), token.clone()));
            token
        };
        self.nobody().token(&token)
    }

    pub(crate) async fn app(&self) -> Client {
        self.role("app", serde_json::json!({"role": "app", "label": "lab"})).await
    }

    pub(crate) async fn auditor(&self) -> Client {
        self.role("auditor", serde_json::json!({"role": "auditor", "label": "audit"})).await
    }

    /// An account, for which the application acts.
    pub(crate) async fn account(&self, id: &str) -> Client {
        self.app().await.with("Sharelog-On-Behalf-Of", &format!("account:{id}"))
    }

    /// Somebody not signed in, for whom the application acts.
    pub(crate) async fn visitor(&self) -> Client {
        self.app().await.with("Sharelog-On-Behalf-Of", "anonymous")
    }

    /// Registers an item and answers its path.
    pub(crate) async fn register(&self, id: &str, owner: &str) -> String {
        let path = format!("/v1/items/history/{id}");
        self.app().await.put(&path, registration(owner, "RNA-seq 4")).await.is(201);
        path
    }

    /// The head of the log.
    pub(crate) async fn head(&self) -> u64 {
        self.memory.head().await.unwrap().position.0
    }

    /// How many entries of a kind the activity log has.
    pub(crate) async fn noted(&self, kind: ActivityKind) -> usize {
        self.activity.flush().await.unwrap();
        self.activity.entries().iter().filter(|entry| entry.kind == kind).count()
    }
}

fn router(
    commands: Commands,
    parts: &Dependencies,
    views: Arc<RiggedViews>,
    (index, generations): (&AccessIndex, &Generations),
) -> Router {
    let options = FeedOptions { readers: 3, ..FeedOptions::default() };
    let feed = Feed::new(parts.log.clone(), commands.text_decryptor(), views.clone(), options);
    let state = AppState::new(AppDependencies {
        commands,
        views,
        generations: generations.clone(),
        index: index.clone(),
        feed,
        log: parts.log.clone(),
        activity: parts.activity.clone(),
        clock: parts.clock.clone(),
        public_url: PUBLIC_URL.parse().unwrap(),
        limits: Limits::default(),
    });
    api::router(state, Routes::default())
}

pub(crate) fn registration(owner: &str, title: &str) -> Value {
    serde_json::json!({"owner": {"type": "account", "id": owner}, "title": title})
}

pub(crate) fn share(account: &str, role: &str) -> Value {
    serde_json::json!({"grantees": [{"type": "account", "id": account}], "role": role})
}

/// A caller.
#[derive(Clone)]
pub(crate) struct Client {
    router: Router,
    token: Option<String>,
    headers: Vec<(String, String)>,
}

impl Client {
    pub(crate) fn token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    pub(crate) fn with(&self, name: &str, value: &str) -> Self {
        let mut client = self.clone();
        client.headers.push((name.to_owned(), value.to_owned()));
        client
    }

    pub(crate) fn key(&self, key: &str) -> Self {
        self.with("Idempotency-Key", key)
    }

    pub(crate) fn if_match(&self, version: &Value) -> Self {
        self.with("If-Match", &format!("\"{version}\""))
    }

    pub(crate) async fn send(&self, method: &str, path: &str, kind: &str, body: &str) -> Answer {
        let method: Method = method.parse().unwrap();
        let mut request = Request::builder().method(method.clone()).uri(path);
        if let Some(token) = &self.token {
            request = request.header("Authorization", format!("Bearer {token}"));
        }
        if !kind.is_empty() {
            request = request.header("Content-Type", kind);
        }
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let request = request.body(Body::from(body.to_owned())).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        Answer {
            what: format!("{method} {path}"),
            status: parts.status,
            headers: parts.headers,
            body,
            text,
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, "", "").await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send("DELETE", path, "", "").await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Answer {
        self.send("PUT", path, "application/json", &body.to_string()).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.send("POST", path, "application/json", &body.to_string()).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Answer {
        self.send("PATCH", path, "application/json", &body.to_string()).await
    }
}

/// What came back.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) what: String,
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn told(&self) -> String {
        let mut told = format!("{} answered {}", self.what, self.status);
        write!(told, ": {}", self.text).unwrap();
        told
    }

    #[track_caller]
    pub(crate) fn is(&self, status: u16) -> &Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.told());
        &self.body
    }

    #[track_caller]
    pub(crate) fn problem(&self, status: u16, name: &str) -> &Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.told());
        assert_eq!(self.header("content-type"), "application/problem+json", "{}", self.told());
        assert_eq!(self.body["type"], format!("/problems/{name}"), "{}", self.told());
        assert_eq!(self.body["status"], status);
        for field in ["title", "detail", "instance"] {
            assert!(self.body[field].is_string(), "{field} is missing: {}", self.told());
        }
        &self.body
    }

    /// The pointer of the first error of an invalid field.
    #[track_caller]
    pub(crate) fn pointer(&self) -> String {
        self.problem(400, "invalid-field")["errors"][0]["pointer"].as_str().unwrap().to_owned()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

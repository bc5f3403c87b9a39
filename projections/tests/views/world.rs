//! Puts records on a log and from there into tables.

use async_trait::async_trait;
use domain::{
    actor::Actor,
    event::Event,
    id::{CommitId, LogId},
    position::Position,
    private_text::{HoldsPrivateText as _, PrivateField, PrivateText, Sealed},
    stream::StreamName,
    testing::{Step, account, hour},
    time::Time,
};
use eventlog::{
    Append, Envelope, EventLog as _, LogError, StoredEvent, TextOpener, memory::MemoryLog,
};
use parking_lot::Mutex;
use projections::{
    Database, Model, PROJECTIONS, Runner, RunnerOptions, Views, value::Value, views,
};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
    time::Duration,
};
use uuid::Uuid;

pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// "Seals" by keeping the text, "opens" while its key is there.
#[derive(Debug, Default)]
pub(crate) struct Opener {
    pub(crate) destroyed: Mutex<BTreeSet<Uuid>>,
}

#[async_trait]
impl TextOpener for Opener {
    async fn open(&self, _: &StreamName, texts: Vec<PrivateField<'_>>) -> Result<(), LogError> {
        for field in texts {
            let sealed = field.text.as_sealed().cloned();
            let sealed = sealed.filter(|sealed| !self.destroyed.lock().contains(&sealed.key));
            field.text.set_plain(sealed.map(|sealed| sealed.text));
        }
        Ok(())
    }
}

/// The data key of an account.
pub(crate) fn key_of(account: &str) -> Uuid {
    let mut bytes = [7; 16];
    for (place, byte) in bytes.iter_mut().zip(account.bytes()) {
        *place = byte;
    }
    Uuid::from_bytes(bytes)
}

/// A log and what is needed to write on it.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) log: MemoryLog,
    pub(crate) opener: Arc<Opener>,
    id: LogId,
    streams: Mutex<HashMap<StreamName, Position>>,
    now: Mutex<Time>,
}

/// One record about to be written.
#[derive(Debug, Clone)]
pub(crate) struct Said {
    pub(crate) by: Actor,
    pub(crate) reason: Option<&'static str>,
    pub(crate) ticket: Option<&'static str>,
    /// Whose key seals the texts.
    pub(crate) key: &'static str,
}

impl Said {
    pub(crate) fn by(who: &str) -> Self {
        let by = Actor::account(account(who));
        Self { by, reason: None, ticket: None, key: "a-1" }
    }
}

impl World {
    pub(crate) fn new() -> Self {
        Self {
            log: MemoryLog::new(),
            opener: Arc::default(),
            id: LogId(Uuid::new_v4()),
            streams: Mutex::default(),
            now: Mutex::new(hour(0)),
        }
    }

    /// An empty world whose log has the same identity.
    #[allow(dead_code, reason = "the suite of the index uses it")]
    pub(crate) fn again(&self) -> Self {
        Self { id: self.id, ..Self::new() }
    }

    /// A world in which a generated history happened.
    pub(crate) async fn of(steps: &[Step]) -> Self {
        let world = Self::new();
        world.go_on(steps).await;
        world
    }

    /// More of a generated history happens.
    pub(crate) async fn go_on(&self, steps: &[Step]) {
        for step in steps {
            self.step(step).await;
        }
    }

    /// One more step of a generated history happens.
    pub(crate) async fn step(&self, step: &Step) -> Position {
        let said = Said { by: step.actor.clone(), ..Said::by("a-1") };
        self.write(&step.stream, step.time, step.commit, &said, step.events.clone()).await
    }

    /// Appends events to a stream, an hour after the last ones.
    pub(crate) async fn say(
        &self,
        stream: &StreamName,
        said: &Said,
        events: Vec<Event>,
    ) -> Position {
        let at = {
            let mut now = self.now.lock();
            *now = now.plus_seconds(3_600);
            *now
        };
        self.write(stream, at, CommitId(Uuid::new_v4()), said, events).await
    }

    /// So many seconds go by.
    pub(crate) fn pass(&self, seconds: i64) {
        let mut now = self.now.lock();
        *now = now.plus_seconds(seconds);
    }

    /// The time of the last record.
    pub(crate) fn now(&self) -> Time {
        *self.now.lock()
    }

    async fn write(
        &self,
        stream: &StreamName,
        at: Time,
        commit: CommitId,
        said: &Said,
        mut events: Vec<Event>,
    ) -> Position {
        let key = key_of(said.key);
        let seal = |text: &mut PrivateText, field: &str| {
            let text_now = text.as_plain().unwrap_or("[\"sealed\"]").to_owned();
            text.set_sealed(Sealed { key, commit, field: field.to_owned(), text: text_now });
        };
        for field in events.iter_mut().flat_map(Event::private_texts) {
            seal(field.text, field.field);
        }
        let reason = said.reason.map(|reason| {
            let mut text = PrivateText::plain(reason);
            seal(&mut text, "reason");
            text
        });
        let expected = self.streams.lock().get(stream).copied().unwrap_or_default();
        let mut envelope = self.envelope(stream, expected, at, commit, said);
        envelope.reason = reason;
        envelope.events = events.iter().map(|event| StoredEvent::encode(event).unwrap()).collect();
        let append = Append::new(envelope).unwrap();
        let position = self.log.try_append(&append).await.unwrap();
        self.streams.lock().insert(stream.clone(), position);
        position
    }

    fn envelope(
        &self,
        stream: &StreamName,
        prev: Position,
        at: Time,
        commit: CommitId,
        said: &Said,
    ) -> Envelope {
        Envelope {
            ticket: said.ticket.map(ToOwned::to_owned),
            ..Envelope::new(self.id, stream, prev, commit, at, said.by.clone())
        }
    }

    /// Appends a record with an event of any stored name.
    pub(crate) async fn say_stored(&self, stream: &StreamName, name: &str) -> Position {
        let commit = CommitId(Uuid::new_v4());
        let prev = self.streams.lock().get(stream).copied().unwrap_or_default();
        let at = self.now().plus_seconds(1);
        let mut envelope = self.envelope(stream, prev, at, commit, &Said::by("a-1"));
        let data = serde_json::value::to_raw_value(&serde_json::json!({})).unwrap();
        envelope.events = vec![StoredEvent { name: name.into(), v: 1, data }];
        let append = Append::new(envelope).unwrap();
        let position = self.log.try_append(&append).await.unwrap();
        self.streams.lock().insert(stream.clone(), position);
        position
    }

    pub(crate) fn options(batch: usize) -> RunnerOptions {
        let longest_pause = Duration::from_millis(100);
        RunnerOptions { batch, longest_pause, ..RunnerOptions::default() }
    }

    pub(crate) fn runner(&self, database: &Database, batch: usize) -> Runner {
        self.runner_with(database, Self::options(batch))
    }

    pub(crate) fn runner_with(&self, database: &Database, options: RunnerOptions) -> Runner {
        Runner::new(Arc::new(self.log.clone()), self.opener.clone(), database.clone(), options)
    }

    pub(crate) fn views(&self, database: &Database) -> Arc<dyn Views> {
        views(database.clone(), Some(Arc::new(self.log.clone())))
    }

    /// Runs until everything on the log is in the tables.
    pub(crate) async fn catch_up(&self, database: &Database, batch: usize) -> Arc<dyn Views> {
        let views = self.views(database);
        let head = self.log.head().await.unwrap().position;
        let caught = async {
            views.wait_for(Model::all(), head, PATIENCE).await.unwrap();
        };
        self.runner(database, batch).run(caught).await;
        views
    }
}

/// Every row of every table, sorted.
pub(crate) async fn dump(database: &Database) -> BTreeMap<String, Vec<Vec<Value>>> {
    let mut all = BTreeMap::new();
    let mut snapshot = database.snapshot().await.unwrap();
    for projection in PROJECTIONS {
        let live = format!(
            "SELECT generation FROM {}progress WHERE projection = $1 AND live",
            snapshot.schema()
        );
        let rows = snapshot.query(&live, &[projection.name().into()]).await.unwrap();
        let generation = rows[0][0].small().unwrap();
        let prefix = snapshot.prefix(projection.name(), projection.version(), generation);
        for table in projection.tables() {
            for side in table.states() {
                let name = format!("{}{}", table.name, side.suffix());
                let sql = format!("SELECT * FROM {prefix}{name}");
                let mut rows = snapshot.query(&sql, &[]).await.unwrap();
                rows.sort();
                all.insert(format!("{}.{name}", projection.name()), rows);
            }
        }
    }
    snapshot.end().await.unwrap();
    all
}

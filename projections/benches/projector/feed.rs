//! The records that are projected: a realistic mix, appended to JetStream beforehand.

use async_trait::async_trait;
use deadpool_postgres::{Manager, Pool, Runtime};
use domain::{
    actor::Actor,
    event::{
        CatalogAudience, Description, EndCause, Event, Grant, GrantEnded, GrantGiven, GrantTerms,
        ItemEvent, ItemRegistered, Provenance, Publication, Published,
    },
    id::{AccountId, CommitId, GrantId, ItemId, ItemRef, KindName, LogId},
    position::Position,
    principal::Grantee,
    private_text::{HoldsPrivateText as _, PrivateField, PrivateText, Sealed},
    role::Role,
    stream::StreamName,
    time::Time,
};
use eventlog::{
    Append, Envelope, LogError, SharedLog, StoredEvent, TextOpener,
    jetstream::{Credentials, JetStreamLog, JetStreamOptions},
};
use futures::{StreamExt as _, stream};
use projections::{
    Database,
    store::postgres::{PostgresOptions, open},
};
use std::sync::Arc;
use tokio_postgres::{Config, NoTls};
use uuid::Uuid;

/// Texts that carry their plain text in the seal.
#[derive(Debug)]
pub(crate) struct Open;

#[async_trait]
impl TextOpener for Open {
    async fn open(&self, _: &StreamName, texts: Vec<PrivateField<'_>>) -> Result<(), LogError> {
        for field in texts {
            let plain = field.text.as_sealed().map(|sealed| sealed.text.clone());
            field.text.set_plain(plain);
        }
        Ok(())
    }
}

/// A database with a random name.
pub(crate) struct Home {
    pub(crate) database: Database,
    pub(crate) pool: Pool,
}

impl Home {
    pub(crate) async fn fresh() -> Self {
        let server = std::env::var("SHARELOG_TEST_POSTGRES").expect("SHARELOG_TEST_POSTGRES");
        let mut config: Config = server.parse().unwrap();
        let (client, connection) = config.connect(NoTls).await.unwrap();
        tokio::spawn(connection);
        let name = format!("bench_{}", Uuid::new_v4().simple());
        client.batch_execute(&format!("CREATE DATABASE {name}")).await.unwrap();
        config.dbname(&name);
        let manager = Manager::new(config, NoTls);
        let pool = Pool::builder(manager).max_size(8).runtime(Runtime::Tokio1).build().unwrap();
        let database = open(pool.clone(), PostgresOptions::default()).await.unwrap();
        Self { database, pool }
    }
}

/// A log with records on it.
pub(crate) struct Feed {
    pub(crate) log: SharedLog,
    pub(crate) head: Position,
    pub(crate) records: usize,
}

fn account(number: usize) -> AccountId {
    AccountId::parse(format!("a-{number}")).unwrap()
}

fn uuid(number: usize) -> Uuid {
    Uuid::from_u128(0x5eed_0000_0000_0000_0000_0000_0000_0000 | number as u128)
}

/// The story of one item: registered, shared five times, one share ended, every tenth published.
fn story(number: usize) -> Vec<Vec<Event>> {
    let text = |text: String| Some(PrivateText::plain(text));
    let description = Description {
        title: text(format!("Sequencing run {number}")),
        description: text("Reads of a run, with their quality".to_owned()),
        ..Description::default()
    };
    let owner = account(number % 1000);
    let new = ItemRegistered { owner, description, in_library: true };
    let mut records = vec![vec![ItemEvent::Registered(new).into()]];
    for share in 0..5 {
        let grant = Grant {
            grant: GrantId(uuid(number * 8 + share)),
            grantee: Grantee::Account(account((number * 31 + share * 7) % 5000)),
            role: Role::Viewer,
            withhold: Vec::new(),
            starts_at: None,
            ends_at: None,
            provenance: Provenance::DIRECT,
        };
        records.push(vec![ItemEvent::GrantGiven(GrantGiven { grant, asked: None }).into()]);
    }
    let ended = GrantEnded {
        grant: GrantId(uuid(number * 8)),
        grantee: Grantee::Account(account((number * 31) % 5000)),
        before: GrantTerms {
            role: Role::Viewer,
            withhold: Vec::new(),
            starts_at: None,
            ends_at: None,
        },
        cause: EndCause::Unshared,
        effective_at: None,
    };
    records.push(vec![ItemEvent::GrantEnded(ended).into()]);
    if number.is_multiple_of(10) {
        let publication = Publication {
            audience: CatalogAudience::Anyone,
            groups: Vec::new(),
            slug: None,
            title: format!("Sequencing run {number}"),
            description: Some("Reads of a run, with their quality".to_owned()),
            tags: vec!["rna".to_owned(), format!("lab-{}", number % 50)],
            preview: None,
        };
        records.push(vec![ItemEvent::Published(Published { publication }).into()]);
    }
    records
}

fn append(log: LogId, item: &ItemRef, expected: Position, mut events: Vec<Event>) -> Append {
    let commit = CommitId(Uuid::new_v4());
    for field in events.iter_mut().flat_map(Event::private_texts) {
        let text = field.text.as_plain().unwrap_or_default().to_owned();
        let (key, named) = (Uuid::from_u128(1), field.field.to_owned());
        field.text.set_sealed(Sealed { key, commit, field: named, text });
    }
    let at = Time::from_micros(1_770_000_000_000_000).unwrap();
    let (stream, actor) = (StreamName::Item(item.clone()), Actor::account(account(1)));
    let envelope = Envelope {
        events: events.iter().map(|event| StoredEvent::encode(event).unwrap()).collect(),
        ..Envelope::new(log, &stream, expected, commit, at, actor)
    };
    Append::new(envelope).unwrap()
}

impl Feed {
    /// So many records, about, of many items written side by side.
    pub(crate) async fn filled(records: usize) -> Self {
        let setting = |name| std::env::var(name).ok();
        let credentials = match setting("SHARELOG_TEST_NATS_USER") {
            Some(user) => {
                let password = setting("SHARELOG_TEST_NATS_PASSWORD").unwrap_or_default();
                Credentials::UserPassword(user, password)
            }
            None => Credentials::None,
        };
        let name = Uuid::new_v4().simple().to_string();
        let options = JetStreamOptions {
            urls: vec![setting("SHARELOG_TEST_NATS").expect("SHARELOG_TEST_NATS")],
            credentials,
            stream: format!("BENCH_{name}"),
            prefix: format!("bench.{name}"),
            ..JetStreamOptions::default()
        };
        let log: SharedLog = Arc::new(JetStreamLog::connect(options).await.unwrap());
        let id = LogId(Uuid::new_v4());
        let write = |number: usize| {
            let log = log.clone();
            async move {
                let kind = KindName::parse("history").unwrap();
                let item = ItemRef { kind, id: ItemId::parse(format!("h-{number}")).unwrap() };
                let mut at = Position::START;
                for events in story(number) {
                    at = log.try_append(&append(id, &item, at, events)).await.unwrap();
                }
            }
        };
        stream::iter((0..records / 7).map(write)).buffer_unordered(128).count().await;
        let head = log.head().await.unwrap().position;
        Self { log, head, records: usize::try_from(head.0).unwrap() }
    }
}

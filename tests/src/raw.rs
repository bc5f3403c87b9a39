//! What is really stored: bytes and rows, read without any of our own code.

use crate::world::{Pair, World};
use async_nats::jetstream::{self, consumer};
use futures::StreamExt as _;
use rusqlite::{Connection, OpenFlags};
use serde_json::Value;
use std::{collections::BTreeMap, fmt::Write as _, path::Path};

/// One record of the event log as it is stored.
#[derive(Debug, Clone)]
pub struct RawRecord {
    /// Its place.
    pub position: u64,
    /// The envelope, read as plain JSON.
    pub envelope: Value,
    /// Bytes and headers, as text.
    pub text: String,
}

impl RawRecord {
    /// A string in the envelope; empty when there is none.
    pub fn str(&self, field: &str) -> &str {
        self.envelope[field].as_str().unwrap_or_default()
    }

    /// The names of its events.
    pub fn types(&self) -> Vec<&str> {
        let events = self.envelope["events"].as_array();
        events.into_iter().flatten().filter_map(|event| event["type"].as_str()).collect()
    }
}

/// The whole event log, in order. Panics on a gap.
pub async fn log(world: &World) -> Vec<RawRecord> {
    let records = match world.pair {
        Pair::Embedded => sqlite_log(&world.node().data.join("log.db")),
        Pair::Production => {
            let all = messages(world).await.into_iter();
            // The log is the stream whose messages are envelopes.
            all.filter(|(_, record)| record.envelope["events"].is_array())
                .map(|(_, record)| record)
                .collect()
        }
    };
    for (expected, record) in (1..).zip(&records) {
        assert_eq!(record.position, expected, "the log is dense from 1");
    }
    records
}

/// The position of the log's last record.
pub async fn head(world: &World) -> u64 {
    log(world).await.last().map_or(0, |record| record.position)
}

fn read_only(path: &Path) -> Connection {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(path, flags)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn sqlite_log(path: &Path) -> Vec<RawRecord> {
    let connection = read_only(path);
    let query = "SELECT position, message, bytes FROM record ORDER BY position";
    let mut statement = connection.prepare(query).expect("the log's table");
    let rows = statement.query_map([], |row| {
        let bytes: Vec<u8> = row.get(2)?;
        let message: String = row.get(1)?;
        Ok(RawRecord {
            position: u64::try_from(row.get::<_, i64>(0)?).expect("a position"),
            envelope: serde_json::from_slice(&bytes).expect("an envelope"),
            text: format!("{message} {}", String::from_utf8_lossy(&bytes)),
        })
    });
    rows.expect("records").map(|row| row.expect("a record")).collect()
}

/// Every message of every stream on the world's message server: stream name and content.
pub async fn messages(world: &World) -> Vec<(String, RawRecord)> {
    let nats = world.nats.as_ref().expect("a message server");
    let context = jetstream::new(nats.operator().await);
    let names: Vec<_> = context.stream_names().collect().await;
    let mut all = Vec::new();
    for name in names {
        let name = name.expect("a stream's name");
        let stream = context.get_stream(&name).await.expect("the stream");
        let count = stream.cached_info().state.messages;
        all.extend(read(&stream, count).await.into_iter().map(|record| (name.clone(), record)));
    }
    all
}

async fn read(stream: &jetstream::stream::Stream, count: u64) -> Vec<RawRecord> {
    let config = consumer::pull::OrderedConfig::default();
    let consumer = stream.create_consumer(config).await.expect("a plain consumer");
    let messages = consumer.messages().await.expect("its messages");
    let count = usize::try_from(count).expect("a count");
    let taken = messages.take(count).map(|message| {
        let message = message.expect("a message");
        let position = message.info().expect("its place").stream_sequence;
        let envelope = serde_json::from_slice(&message.payload).unwrap_or(Value::Null);
        let mut text = String::from_utf8_lossy(&message.payload).into_owned();
        write!(text, " {} {:?}", message.subject, message.headers).expect("text");
        RawRecord { position, envelope, text }
    });
    taken.collect().await
}

/// What stands where, as text: `log`, `activity`, `views`, `vault`, `service log`.
pub async fn everything(world: &World) -> BTreeMap<String, String> {
    let mut places = BTreeMap::new();
    let service_logs: Vec<String> = world.nodes.iter().map(super::Service::written).collect();
    places.insert("service log".to_owned(), service_logs.concat());
    match world.pair {
        Pair::Embedded => {
            for name in ["log", "activity", "views", "vault"] {
                let path = world.node().data.join(format!("{name}.db"));
                places.insert(name.to_owned(), sqlite_rows(&path));
            }
        }
        Pair::Production => {
            for (stream, record) in messages(world).await {
                let place = if record.envelope["events"].is_array() { "log" } else { "activity" };
                let text: &mut String = places.entry(place.to_owned()).or_default();
                writeln!(text, "{stream} {}", record.text).expect("text");
            }
            for (schema, rows) in postgres_rows(world).await {
                let place = if schema.ends_with("vault") { "vault" } else { "views" };
                places.entry(place.to_owned()).or_default().push_str(&rows);
            }
        }
    }
    places
}

/// Every row of every table, blobs read as text.
fn sqlite_rows(path: &Path) -> String {
    if !path.exists() {
        return String::new();
    }
    let connection = read_only(path);
    let mut statement = connection
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
        .expect("the schema");
    let names = statement.query_map([], |row| row.get::<_, String>(0)).expect("tables");
    let mut text = String::new();
    for name in names.map(|name| name.expect("a name")) {
        // Shadow tables of a text index cannot all be read as they are.
        let Ok(mut rows) = connection.prepare(&format!("SELECT * FROM \"{name}\"")) else {
            continue;
        };
        let columns = rows.column_count();
        let mut rows = rows.query([]).expect("rows");
        while let Some(row) = rows.next().expect("a row") {
            for column in 0..columns {
                let value = row.get_ref(column).expect("a value");
                match value {
                    rusqlite::types::ValueRef::Text(bytes)
                    | rusqlite::types::ValueRef::Blob(bytes) => {
                        text.push_str(&String::from_utf8_lossy(bytes));
                    }
                    other => write!(text, "{other:?}").expect("text"),
                }
                text.push('\t');
            }
            text.push('\n');
        }
    }
    text
}

/// Every row of every table of ours as JSON text, by schema.
async fn postgres_rows(world: &World) -> Vec<(String, String)> {
    let client = world.postgres.as_ref().expect("a database").connect().await;
    let tables = client
        .query(
            "SELECT schemaname::text, tablename::text FROM pg_tables
              WHERE schemaname NOT IN ('pg_catalog', 'information_schema')",
            &[],
        )
        .await
        .expect("tables");
    let mut all = Vec::new();
    for table in tables {
        let (schema, name): (String, String) = (table.get(0), table.get(1));
        let query = format!("SELECT row_to_json(t)::text FROM \"{schema}\".\"{name}\" t");
        let rows = client.query(&query, &[]).await.expect("rows");
        let lines: Vec<String> = rows.iter().map(|row| readable(row.get(0))).collect();
        all.push((schema, lines.join("\n")));
    }
    all
}

/// Binary columns come as hexadecimal; what they hold as text is added.
fn readable(row: String) -> String {
    let mut text = row;
    let found: Vec<String> = text
        .split("\\\\x")
        .skip(1)
        .map(|rest| {
            let digits: Vec<u8> = rest.bytes().take_while(u8::is_ascii_hexdigit).collect();
            let bytes = digits
                .chunks_exact(2)
                .filter_map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
            String::from_utf8_lossy(&bytes.collect::<Vec<u8>>()).into_owned()
        })
        .collect();
    text.push_str(&found.join(" "));
    text
}

/// Every byte of every file below a folder; for looking for what must not be there.
pub fn file_bytes(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            all.extend(file_bytes(&path));
        } else if let Ok(bytes) = std::fs::read(&path) {
            all.push((path.to_string_lossy().into_owned(), bytes));
        }
    }
    all
}

/// Is the text somewhere in the bytes?
pub fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

//! Issues commands while servers die, and checks the log afterwards.

use crate::{Answer, Client, raw::RawRecord, world::item};
use parking_lot::Mutex;
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

/// Items the load works on.
pub const ITEMS: u32 = 6;
/// Accounts it shares with.
pub const ACCOUNTS: u32 = 12;
/// Attempts of a command that carries a key.
const ATTEMPTS: u32 = 200;

/// What the caller knows of one command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Known {
    /// Acknowledged as recorded: command and position as answered.
    Recorded {
        /// The command's id.
        command: String,
        /// The position answered.
        position: u64,
    },
    /// Answered, and certainly not recorded: unchanged, refused, not possible now.
    Nothing(String),
    /// No answer, or one that says so.
    Unknown(String),
}

/// One command as it was issued.
#[derive(Debug, Clone)]
pub struct Issued {
    /// Its ticket; is stored in the log in plain text.
    pub ticket: String,
    /// What it was.
    pub what: String,
    /// What became of it.
    pub known: Known,
}

/// Workers that issue commands until they are stopped.
#[derive(Debug, Clone)]
pub struct Load {
    callers: Vec<Client>,
    issued: Arc<Mutex<Vec<Issued>>>,
    numbers: Arc<AtomicU64>,
    acknowledged: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
}

impl Load {
    /// A load on these callers, one per node; each acts for the owner of all items.
    pub fn new(callers: Vec<Client>) -> Self {
        Self {
            callers,
            issued: Arc::default(),
            numbers: Arc::default(),
            acknowledged: Arc::default(),
            stop: Arc::default(),
        }
    }

    /// Starts workers; each has its own sequence of random choices.
    pub fn start(&self, workers: u32, seed: u64) -> Vec<tokio::task::JoinHandle<()>> {
        (0..u64::from(workers))
            .map(|worker| {
                let load = self.clone();
                let random = StdRng::seed_from_u64(seed.wrapping_add(worker));
                tokio::spawn(async move { load.work(random).await })
            })
            .collect()
    }

    /// How many commands were acknowledged so far.
    pub fn acknowledged(&self) -> u64 {
        self.acknowledged.load(Ordering::Relaxed)
    }

    /// Lets the workers end after the command they are at.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// All commands issued so far.
    pub fn issued(&self) -> Vec<Issued> {
        self.issued.lock().clone()
    }

    async fn work(&self, mut random: StdRng) {
        while !self.stop.load(Ordering::Relaxed) {
            let number = self.numbers.fetch_add(1, Ordering::Relaxed);
            let command = Command::random(number, &mut random);
            let known = self.issue(&command, &mut random).await;
            if matches!(known, Known::Recorded { .. }) {
                self.acknowledged.fetch_add(1, Ordering::Relaxed);
            }
            let Command { ticket, what, .. } = command;
            self.issued.lock().push(Issued { ticket, what, known });
        }
    }

    /// Once without a key; with a key again and again, at any node, until the outcome is known.
    async fn issue(&self, command: &Command, random: &mut StdRng) -> Known {
        let attempts = if command.key.is_some() { ATTEMPTS } else { 1 };
        let mut known = Known::Unknown("never sent".to_owned());
        let mut uncertain = false;
        for _ in 0..attempts {
            let caller = &self.callers[random.random_range(0..self.callers.len())];
            known = match command.call(caller).attempt().await {
                Ok(answer) => judge(&answer),
                Err(error) => Known::Unknown(format!("{error:?}")),
            };
            // A later "not now" says nothing of the attempt before it.
            let open = matches!(&known, Known::Unknown(_)) || not_now(&known);
            uncertain |= matches!(&known, Known::Unknown(_));
            if !open {
                return known;
            }
            if self.stop.load(Ordering::Relaxed) && attempts > 1 {
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        if uncertain && not_now(&known) { Known::Unknown("uncertain".to_owned()) } else { known }
    }
}

fn not_now(known: &Known) -> bool {
    let not_now = |why: &str| why.starts_with("503") || why.starts_with("409 /problems/contended");
    matches!(known, Known::Nothing(why) if not_now(why))
}

fn judge(answer: &Answer) -> Known {
    let status = answer.status.as_u16();
    let problem = answer.body["type"].as_str().unwrap_or_default().to_owned();
    match (status, answer.body["status"].as_str()) {
        (200 | 201, Some("recorded")) => Known::Recorded {
            command: answer.str("/command"),
            position: answer.number("/position"),
        },
        (200, Some("unchanged")) => Known::Nothing("unchanged".to_owned()),
        (500, _) => Known::Unknown(answer.dump()),
        (503, _) if problem.ends_with("outcome-unknown") => Known::Unknown(answer.dump()),
        (400..=499 | 503, _) => Known::Nothing(format!("{status} {problem}")),
        _ => panic!("an answer that means nothing: {}", answer.dump()),
    }
}

/// A command to be issued, perhaps several times.
#[derive(Debug)]
struct Command {
    ticket: String,
    what: String,
    method: &'static str,
    path: String,
    body: Option<Value>,
    key: Option<String>,
}

impl Command {
    fn random(number: u64, random: &mut StdRng) -> Self {
        let path = item("history", &format!("i-{}", random.random_range(0..ITEMS)));
        let account = format!("r-{}", random.random_range(0..ACCOUNTS));
        let role = if random.random() { "viewer" } else { "editor" };
        let (method, path, body) = match random.random_range(0..10) {
            0..4 => {
                let body = json!({"grantees": [{"type": "account", "id": account}], "role": role,
                    "on_existing": "change"});
                ("POST", format!("{path}/grants"), Some(body))
            }
            4 | 5 => ("DELETE", format!("{path}/grants/account/{account}"), None),
            6 => ("PATCH", path, Some(json!({"title": format!("title {number}")}))),
            7 => {
                let visibility = if random.random() { "public" } else { "restricted" };
                ("PUT", format!("{path}/visibility"), Some(json!({"visibility": visibility})))
            }
            8 => ("POST", format!("{path}/links"), Some(json!({"role": role}))),
            _ => {
                let body = json!({"audience": "anyone", "title": format!("public {number}")});
                ("PUT", format!("{path}/publication"), Some(body))
            }
        };
        let ticket = format!("c-{number}");
        let what = format!("{method} {path} {body:?}");
        let key = random.random::<bool>().then(|| format!("key-{number}"));
        Self { ticket, what, method, path, body, key }
    }

    fn call(&self, caller: &Client) -> crate::client::Call {
        let mut call = caller.call(self.method, &self.path).header("Sharelog-Ticket", &self.ticket);
        if let Some(body) = &self.body {
            call = call.body(body);
        }
        if let Some(key) = &self.key {
            call = call.key(key);
        }
        call
    }
}

/// What was acknowledged is there once; what else is there was uncertain; nothing more.
pub fn assert_log_is_what_was_answered(issued: &[Issued], log: &[RawRecord]) {
    let mut by_ticket: BTreeMap<&str, Vec<&RawRecord>> = BTreeMap::new();
    for record in log.iter().filter(|record| !record.str("ticket").is_empty()) {
        by_ticket.entry(record.str("ticket")).or_default().push(record);
    }
    let (mut recorded, mut uncertain, mut extra) = (0, 0, 0);
    for one in issued {
        let records = by_ticket.remove(one.ticket.as_str()).unwrap_or_default();
        match &one.known {
            Known::Recorded { command, position } => {
                recorded += 1;
                assert_eq!(records.len(), 1, "acknowledged, on the log once: {one:?}");
                assert_eq!(records[0].str("command"), command, "{one:?}");
                assert_eq!(records[0].position, *position, "{one:?}");
            }
            Known::Nothing(_) => assert!(records.is_empty(), "reported as not recorded: {one:?}"),
            Known::Unknown(_) => {
                uncertain += 1;
                extra += records.len();
                assert!(records.len() <= 1, "at most once: {one:?}");
            }
        }
    }
    assert!(by_ticket.is_empty(), "records that no command made: {by_ticket:?}");
    println!("{recorded} acknowledged, {uncertain} uncertain of which {extra} are in the log");
}

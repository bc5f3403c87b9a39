//! A receiver of webhooks: a small HTTP server that checks signatures by its own means.

use crate::wait::until;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use parking_lot::Mutex;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::{collections::HashMap, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    task::JoinSet,
};

/// One delivery as it came.
#[derive(Debug, Clone)]
pub struct Received {
    /// `webhook-id`.
    pub id: String,
    /// `webhook-timestamp`.
    pub timestamp: String,
    /// `webhook-signature`.
    pub signatures: String,
    /// The bytes.
    pub text: String,
    /// The same, read.
    pub body: Value,
}

impl Received {
    /// The id of the event in it.
    pub fn event(&self) -> String {
        self.body["data"]["id"].as_str().expect("an event's id").to_owned()
    }

    /// How many of its signatures this secret made.
    pub fn signed_by(&self, secret: &str) -> usize {
        let secret = secret.strip_prefix("whsec_").expect("a secret of a webhook");
        let key = BASE64_STANDARD.decode(secret).expect("base64");
        let content = format!("{}.{}.{}", self.id, self.timestamp, self.text);
        let expected = format!("v1,{}", BASE64_STANDARD.encode(hmac(&key, content.as_bytes())));
        self.signatures.split(' ').filter(|signature| *signature == expected).count()
    }
}

/// HMAC-SHA256 as RFC 2104 writes it, so that the service is not checked by its own library.
fn hmac(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut block = [0u8; 64];
    block[..key.len()].copy_from_slice(key);
    let pad = |with: u8| block.map(|byte| byte ^ with);
    let inner = Sha256::new().chain_update(pad(0x36)).chain_update(message).finalize();
    Sha256::new().chain_update(pad(0x5c)).chain_update(inner).finalize().to_vec()
}

#[derive(Debug, Default)]
struct Shared {
    received: Mutex<Vec<Received>>,
    /// What is answered to events of a type; `""` = to all others.
    answers: Mutex<HashMap<String, u16>>,
}

/// A receiver on a loopback port.
#[derive(Debug)]
pub struct Receiver {
    port: u16,
    shared: Arc<Shared>,
    /// Answers are given while there are permits.
    gate: Arc<Semaphore>,
    task: Option<tokio::task::JoinHandle<()>>,
}

impl Receiver {
    /// Starts one that answers 204.
    pub async fn start() -> Self {
        let gate = Arc::new(Semaphore::new(Semaphore::MAX_PERMITS));
        let mut receiver = Self { port: 0, shared: Arc::default(), gate, task: None };
        receiver.listen().await;
        receiver
    }

    /// Where deliveries go.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/in", self.port)
    }

    /// Listens, again on the same port.
    pub async fn listen(&mut self) {
        let listener = TcpListener::bind(("127.0.0.1", self.port)).await.expect("the port");
        self.port = listener.local_addr().expect("its address").port();
        let (shared, gate) = (self.shared.clone(), self.gate.clone());
        self.task = Some(tokio::spawn(async move {
            let mut open = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                open.spawn(serve(stream, shared.clone(), gate.clone()));
            }
        }));
    }

    /// Goes away, with all connections.
    pub async fn leave(&mut self) {
        if let Some(task) = self.task.take() {
            task.abort();
            drop(task.await);
        }
    }

    /// Answers no request until [`Receiver::wake`].
    pub fn sleep(&self) {
        self.gate.forget_permits(Semaphore::MAX_PERMITS);
    }

    /// Answers again.
    pub fn wake(&self) {
        self.gate.add_permits(1_000_000);
    }

    /// From now on answers events of a type (`""` = all others) with a status.
    pub fn answer(&self, kind: &str, status: u16) {
        self.shared.answers.lock().insert(kind.to_owned(), status);
    }

    /// What came so far.
    pub fn received(&self) -> Vec<Received> {
        self.shared.received.lock().clone()
    }

    /// Waits until all these events have come at least once.
    pub async fn wait_for(&self, events: &[String]) {
        until("every event is delivered", Duration::from_mins(1), || async {
            let came: Vec<String> = self.received().iter().map(Received::event).collect();
            events.iter().all(|event| came.contains(event)).then_some(())
        })
        .await;
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

async fn serve(stream: TcpStream, shared: Arc<Shared>, gate: Arc<Semaphore>) {
    let mut stream = BufReader::new(stream);
    while let Some(received) = read(&mut stream).await {
        let kind = received.body["type"].as_str().unwrap_or_default().to_owned();
        let status = {
            let answers = shared.answers.lock();
            answers.get(&kind).or_else(|| answers.get("")).copied().unwrap_or(204)
        };
        shared.received.lock().push(received);
        gate.acquire().await.expect("the gate").forget();
        gate.add_permits(1);
        let answer = format!("HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n");
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

async fn read(stream: &mut BufReader<TcpStream>) -> Option<Received> {
    let mut headers = HashMap::new();
    let mut line = String::new();
    stream.read_line(&mut line).await.ok().filter(|read| *read > 0)?;
    assert!(line.starts_with("POST /in HTTP/1.1"), "{line}");
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.ok().filter(|read| *read > 0)?;
        let Some((name, value)) = line.trim().split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length")?.parse().ok()?;
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    assert_eq!(headers.get("content-type").map(String::as_str), Some("application/json"));
    let text = String::from_utf8(body).expect("text");
    let header = |name: &str| headers.get(name).cloned().unwrap_or_default();
    Some(Received {
        id: header("webhook-id"),
        timestamp: header("webhook-timestamp"),
        signatures: header("webhook-signature"),
        body: serde_json::from_str(&text).expect("JSON"),
        text,
    })
}

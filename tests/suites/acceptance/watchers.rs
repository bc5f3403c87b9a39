//! A thousand readers get every event on time, though some of them sleep, within bounded memory.

use std::time::{Duration, Instant};
use tests::{Client, World, json, on_both_pairs, raw, world::item};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpSocket, TcpStream},
    sync::mpsc,
};

on_both_pairs!(a_thousand_readers_are_on_time_though_some_sleep);

const READERS: usize = 984;
/// Those that sleep. What is written for them is about 11 MB each: kept for all of them, it would
/// be almost three times their bound.
const SLEEPERS: usize = 16;
const COMMANDS: usize = 10;
/// Written to other items, for those that sleep: far more than connections keep.
const LARGE: usize = 300;
/// The service may grow by so many kilobytes for the readers: about 64 each.
const READERS_KB: u64 = 64 * 1024;
/// And by so many while some sleep: the events at hand (16 MiB) and what the load itself needs.
const SLEEPER_KB: u64 = 64 * 1024;

/// A reader that costs the test little; small buffers, so that sleep is felt at once.
async fn connect(caller: &Client, query: &str) -> TcpStream {
    let (base, token) = caller.address();
    let address = base.trim_start_matches("http://").parse().expect("an address");
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_recv_buffer_size(8 * 1024).expect("a small buffer");
    let mut stream = socket.connect(address).await.expect("a connection");
    let request = format!(
        "GET /v1/watch{query} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.expect("a request");
    stream
}

/// Reads ids of events until the end; says when each came.
async fn ids(mut stream: TcpStream, seen: mpsc::UnboundedSender<(String, Instant)>) {
    let (mut text, mut buffer) = (String::new(), vec![0; 8 * 1024]);
    while let Ok(read @ 1..) = stream.read(&mut buffer).await {
        text.push_str(&String::from_utf8_lossy(&buffer[..read]));
        while let Some((block, rest)) = text.split_once("\n\n") {
            let id = block.lines().find_map(|line| line.strip_prefix("id: "));
            if let Some(id) = id.filter(|_| block.contains("\nevent: ")) {
                let id = id.to_owned();
                if seen.send((id, Instant::now())).is_err() {
                    return;
                }
            }
            text = rest.to_owned();
        }
    }
}

async fn ready(stream: &mut TcpStream) {
    let (mut text, mut buffer) = (String::new(), [0; 512]);
    while !text.contains("retry: ") {
        let read = stream.read(&mut buffer).await.expect("an answer");
        assert!(read > 0, "{text}");
        text.push_str(&String::from_utf8_lossy(&buffer[..read]));
    }
    assert!(text.starts_with("HTTP/1.1 200"), "{text}");
}

async fn a_thousand_readers_are_on_time_though_some_sleep(mut world: World) {
    world.node_mut().start_again_unrounded().await;
    let app = world.app().await;
    world.register("history", "watched", "a-17").await;
    world.register("history", "other", "a-17").await;
    let before = world.node().resident();
    let start = raw::head(&world).await;
    let sleepers = readers(&app, "", SLEEPERS).await;
    let (seen, mut came) = mpsc::unbounded_channel();
    for stream in readers(&app, "?item=history:watched", READERS).await {
        tokio::spawn(ids(stream, seen.clone()));
    }
    let with_readers = world.node().resident();
    println!("1000 readers: {} KiB each", (with_readers - before) / 1000);
    assert!(with_readers - before < READERS_KB, "{before} -> {with_readers} KiB");

    asleep_through_a_load(&app).await;
    let asleep = world.node().resident();
    println!("{SLEEPERS} asleep through {LARGE} events: {with_readers} -> {asleep} KiB");
    assert!(asleep - with_readers < SLEEPER_KB, "{with_readers} -> {asleep} KiB");

    let mut slowest = Duration::ZERO;
    for number in 0..COMMANDS {
        let title = json!({"title": format!("title {number}")});
        let answer = app.patch(&item("history", "watched"), title).await;
        let (id, recorded) = (format!("{}-0", answer.number("/position")), Instant::now());
        for _ in 0..READERS {
            let next = tokio::time::timeout(Duration::from_secs(20), came.recv()).await;
            let (got, at) = next.expect("every reader gets it").expect("readers");
            assert_eq!(got, id, "in order and once");
            slowest = slowest.max(at.saturating_duration_since(recorded));
        }
    }
    println!("the last of {READERS} readers had an event {slowest:?} after its acknowledgement");
    assert!(slowest < Duration::from_secs(5), "{slowest:?}");

    let mut awake = Vec::new();
    // They wake and have missed nothing.
    let head = raw::head(&world).await;
    let expected: Vec<String> =
        (start + 1..=head).map(|position| format!("{position}-0")).collect();
    for stream in sleepers {
        let (seen, mut came) = mpsc::unbounded_channel();
        tokio::spawn(ids(stream, seen));
        for id in &expected {
            let next = tokio::time::timeout(Duration::from_secs(20), came.recv()).await;
            assert_eq!(next.expect("it comes").expect("a reader").0, *id, "in order and once");
        }
        awake.push(came);
    }
    let metrics = world.without_token().get("/metrics").await;
    assert!(metrics.text.contains("sharelog_feed_readers 1000"), "all were there at once");
}

/// So many readers, each of which has its starting position.
async fn readers(caller: &Client, query: &str, count: usize) -> Vec<TcpStream> {
    let opened = (0..count).map(|_| async {
        let mut stream = connect(caller, query).await;
        ready(&mut stream).await;
        stream
    });
    futures::future::join_all(opened).await
}

/// Many large events that the others' filter does not pass.
async fn asleep_through_a_load(app: &Client) {
    let path = item("history", "other");
    for number in 0..LARGE {
        let description = format!("{number} {}", "x".repeat(19_000));
        app.patch(&path, json!({"description": description})).await.is(200);
    }
}

//! The HTTP client of the benchmarks: of few instructions, because it shares the processor with
//! the service.

use std::time::{Duration, Instant};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpStream,
    task::JoinSet,
};

/// One connection, kept open.
#[derive(Debug)]
pub struct Wire {
    stream: BufReader<TcpStream>,
    line: String,
    /// The body of the last answer.
    pub body: Vec<u8>,
}

/// A request as it is sent. `address` is host and port.
pub fn request(method: &str, address: &str, path: &str, token: &str, body: &str) -> String {
    format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

impl Wire {
    /// Connects to a host and port.
    pub async fn connect(address: &str) -> Self {
        let stream = TcpStream::connect(address).await.expect("the service");
        stream.set_nodelay(true).expect("no delay");
        Self { stream: BufReader::new(stream), line: String::new(), body: Vec::new() }
    }

    /// Sends a request and reads its answer; the status.
    pub async fn ask(&mut self, request: &str) -> u16 {
        self.stream.write_all(request.as_bytes()).await.expect("a request");
        let status = self.head().await;
        let status = status.split(' ').nth(1).and_then(|code| code.parse().ok());
        let mut length = 0;
        while self.head().await != "\r\n" {
            if let Some((name, value)) = self.line.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse().expect("a length");
            }
        }
        self.body.resize(length, 0);
        self.stream.read_exact(&mut self.body).await.expect("the body");
        status.expect("a status")
    }

    async fn head(&mut self) -> &str {
        self.line.clear();
        let read = self.stream.read_line(&mut self.line).await.expect("an answer");
        assert!(read > 0, "the service closed the connection");
        &self.line
    }
}

/// What a load saw.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// Answers a second.
    pub rate: f64,
    /// How long each took, ascending.
    pub took: Vec<Duration>,
}

impl Seen {
    /// A quantile of how long answers took, e.g. 0.99.
    pub fn quantile(&self, part: f64) -> Duration {
        quantile(&self.took, part)
    }
}

/// A quantile of ascending durations.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "an index into a short list"
)]
pub fn quantile(ascending: &[Duration], part: f64) -> Duration {
    let place = (ascending.len() as f64 * part) as usize;
    let last = ascending.len().saturating_sub(1);
    ascending.get(place.min(last)).copied().unwrap_or_default()
}

/// How long after its time a load may go on: for the calls that are under way then.
const LOAD_GRACE: Duration = Duration::from_secs(30);

/// So many connections for so long, each asking one thing after the other. `next` makes the request
/// of a connection and a number; every answer must be as expected.
pub async fn load<F>(
    address: &str,
    connections: usize,
    time: Duration,
    next: F,
    status: u16,
) -> Seen
where
    F: Fn(usize, usize) -> String + Clone + Send + 'static,
{
    let mut tasks = JoinSet::new();
    let begun = Instant::now();
    for connection in 0..connections {
        let (address, next) = (address.to_owned(), next.clone());
        tasks.spawn(async move {
            let mut wire = Wire::connect(&address).await;
            let mut took = Vec::new();
            for number in 0.. {
                let asked = next(connection, number);
                let start = Instant::now();
                let came = wire.ask(&asked).await;
                took.push(start.elapsed());
                let body = || String::from_utf8_lossy(&wire.body).into_owned();
                assert_eq!(came, status, "{}", body());
                if begun.elapsed() >= time {
                    break;
                }
            }
            took
        });
    }
    let all = tokio::time::timeout(time + LOAD_GRACE, tasks.join_all()).await;
    let mut took: Vec<Duration> = all.expect("every call is answered").concat();
    #[expect(clippy::cast_precision_loss, reason = "a rate need not be exact")]
    let rate = took.len() as f64 / begun.elapsed().as_secs_f64();
    took.sort_unstable();
    Seen { rate, took }
}

/// The middle of some figures.
pub fn median(figures: impl IntoIterator<Item = f64>) -> f64 {
    let mut figures: Vec<f64> = figures.into_iter().collect();
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}

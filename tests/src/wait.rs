//! Waits for a condition, with a bound; never for a time.

use std::{future::Future, time::Duration};
use tokio::time::{Instant, sleep};

/// Asks again until there is an answer; panics with `what` when the bound has passed.
pub async fn until<T, F, Asked>(what: &str, bound: Duration, mut ask: F) -> T
where
    F: FnMut() -> Asked,
    Asked: Future<Output = Option<T>>,
{
    let end = Instant::now() + bound;
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(Instant::now() < end, "still waiting after {bound:?} for: {what}");
        sleep(Duration::from_millis(20)).await;
    }
}

/// A port on which nothing listens. It lies below those of outgoing connections, because one of
/// these could take it first, and a test that looks whether something listens could meet itself.
pub fn free_port() -> u16 {
    let free = |port: &u16| std::net::TcpListener::bind(("127.0.0.1", *port)).is_ok();
    let mut tried = std::iter::repeat_with(|| rand::random_range(10_000..32_000)).take(1_000);
    tried.find(free).expect("a free port")
}

/// Does anybody listen there?
pub async fn listens(port: u16) -> bool {
    tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok()
}

/// An instant this many milliseconds from now, as RFC 3339.
#[expect(
    clippy::disallowed_methods,
    reason = "what ends soon must end soon by the service's clock"
)]
pub fn soon(milliseconds: i64) -> String {
    (jiff::Timestamp::now() + jiff::SignedDuration::from_millis(milliseconds)).to_string()
}

//! Connection limits: how many are open, and how long each may keep the service waiting.
//!
//! A client that sends slowly, or nothing, holds a connection for a bounded time only; how long an
//! answer takes, and for how long events are watched, is bounded elsewhere or not at all.

use axum::{body::Body, extract::Request, response::Response};
use hyper::{
    body::{Body as HttpBody, Bytes, Frame, Incoming, SizeHint},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::{
    convert::Infallible,
    io::ErrorKind,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    task::JoinSet,
    time::{Sleep, sleep},
};
use tower::Service;

/// How long the head of a request may take, from when the connection is free for it.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a body may take, from when it is waited for.
const BODY_TIMEOUT: Duration = Duration::from_mins(1);

/// Limits of connections.
#[derive(Debug, Clone, Copy)]
pub(super) struct ConnectionLimits {
    /// Maximum number; others are accepted when one of them ends.
    connections: usize,
    head: Duration,
    body: Duration,
}

impl ConnectionLimits {
    /// At most so many connections.
    pub(super) const fn new(connections: usize) -> Self {
        Self { connections, head: HEAD_TIMEOUT, body: BODY_TIMEOUT }
    }
}

/// Serves until `ending` is ready, then finishes the requests under way. Dropping the future cuts
/// them off.
pub(super) async fn serve<S>(
    listener: TcpListener,
    service: impl Fn(SocketAddr) -> S,
    limits: ConnectionLimits,
    ending: impl Future<Output = ()>,
) where
    S: Service<Request, Response = Response, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    let mut limiter = ConnectionLimiter::new(limits.connections);
    let ends = watch::Sender::new(false);
    let mut connections = JoinSet::new();
    let mut ending = std::pin::pin!(ending);
    loop {
        let accepted = async {
            let permit = limiter.acquire().await;
            (accept(&listener).await, permit)
        };
        tokio::select! {
            ((stream, peer), permit) = accepted => {
                let serving = connection(stream, service(peer), limits, ends.subscribe());
                connections.spawn(async move {
                    serving.await;
                    drop(permit);
                });
            }
            Some(_) = connections.join_next() => {}
            () = &mut ending => break,
        }
    }
    drop(listener);
    ends.send_replace(true);
    while connections.join_next().await.is_some() {}
}

/// Limits the number of open connections.
struct ConnectionLimiter {
    free: Arc<Semaphore>,
    most: usize,
    /// Was the warning about the limit logged?
    warned: bool,
}

impl ConnectionLimiter {
    fn new(most: usize) -> Self {
        let most = most.min(Semaphore::MAX_PERMITS);
        Self { free: Arc::new(Semaphore::new(most)), most, warned: false }
    }

    /// Never `None`: the semaphore is not closed.
    async fn acquire(&mut self) -> Option<OwnedSemaphorePermit> {
        let free = self.free.available_permits();
        if free == 0 && !self.warned {
            self.warned = true;
            tracing::warn!(most = self.most, "connection limit reached; new connections wait");
        } else if free > self.most / 10 {
            self.warned = false;
        }
        self.free.clone().acquire_owned().await.ok()
    }
}

async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                // Small answers go out at once.
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::debug!(%error, "a connection keeps the delay of small packets");
                }
                return (stream, peer);
            }
            Err(error) if concerns_one_connection(error.kind()) => {}
            Err(error) => {
                tracing::error!(%error, "cannot accept connections; tries again in a second");
                sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

fn concerns_one_connection(error: ErrorKind) -> bool {
    [ErrorKind::ConnectionRefused, ErrorKind::ConnectionAborted, ErrorKind::ConnectionReset]
        .contains(&error)
}

async fn connection<S>(
    stream: TcpStream,
    service: S,
    limits: ConnectionLimits,
    mut ends: watch::Receiver<bool>,
) where
    S: Service<Request, Response = Response, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    let answer = service_fn(move |request: hyper::Request<Incoming>| {
        let request = request.map(|body| with_deadline(body, limits.body));
        let mut service = service.clone();
        async move {
            let ready = std::future::poll_fn(|context| service.poll_ready(context)).await;
            match ready {
                Ok(()) => service.call(request).await,
                Err(never) => match never {},
            }
        }
    });
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head)
        .serve_connection(TokioIo::new(stream), answer);
    let mut serving = std::pin::pin!(serving);
    let told = async { drop(ends.wait_for(|ends| *ends).await) };
    let ended = tokio::select! {
        ended = serving.as_mut() => Some(ended),
        () = told => None,
    };
    let ended = if let Some(ended) = ended {
        ended
    } else {
        serving.as_mut().graceful_shutdown();
        serving.await
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "connection failed");
    }
}

fn with_deadline(body: Incoming, time: Duration) -> Body {
    if body.is_end_stream() {
        Body::empty()
    } else {
        Body::new(DeadlineBody { body, time, waited: false, end: None })
    }
}

/// The body of a request with a deadline.
struct DeadlineBody {
    body: Incoming,
    time: Duration,
    /// Was a poll answered `Pending` before?
    waited: bool,
    /// The deadline; set when the body is first waited for.
    end: Option<Pin<Box<Sleep>>>,
}

/// Why the rest of a body is not read.
#[derive(Debug, thiserror::Error)]
enum BodyError {
    #[error("the body did not arrive in time")]
    Late,
    #[error(transparent)]
    Connection(#[from] hyper::Error),
}

impl HttpBody for DeadlineBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = &mut *self;
        if let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(context) {
            return Poll::Ready(frame.map(|frame| frame.map_err(BodyError::from)));
        }
        // What came with the head is handed over once it was asked for; a clock runs for the few
        // bodies that come later.
        if !std::mem::replace(&mut this.waited, true) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let end = this.end.get_or_insert_with(|| Box::pin(sleep(this.time)));
        end.as_mut().poll(context).map(|()| Some(Err(BodyError::Late)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::{body::to_bytes, http::StatusCode, response::IntoResponse as _};
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        sync::oneshot,
        task::JoinHandle,
        time::{Instant, timeout},
    };

    const SHORT: Duration = Duration::from_millis(400);
    const PATIENCE: Duration = Duration::from_secs(20);

    /// `/slow` takes its time, `/watch` says something now and then, all else reads the body.
    async fn answer(request: Request) -> Result<Response, Infallible> {
        let answer = match request.uri().path() {
            "/slow" => {
                sleep(SHORT).await;
                "in the end".into_response()
            }
            "/watch" => {
                let told = futures::stream::unfold(0, |told| async move {
                    sleep(SHORT).await;
                    (told < 4).then(|| (Ok::<_, Infallible>(format!("told {told}\n")), told + 1))
                });
                Body::from_stream(told).into_response()
            }
            _ => match to_bytes(request.into_body(), 1_000).await {
                Ok(body) => body.into_response(),
                Err(_) => StatusCode::BAD_REQUEST.into_response(),
            },
        };
        Ok(answer)
    }

    struct Served {
        address: SocketAddr,
        end: oneshot::Sender<()>,
        serving: JoinHandle<()>,
    }

    async fn served(connections: usize) -> Served {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (end, ended) = oneshot::channel();
        let limits = ConnectionLimits { connections, head: SHORT, body: SHORT };
        let ending = async { ended.await.unwrap_or_default() };
        let service = |_| tower::service_fn(answer);
        let serving = tokio::spawn(serve(listener, service, limits, ending));
        Served { address, end, serving }
    }

    impl Served {
        async fn say(&self, text: &str) -> TcpStream {
            let mut stream = TcpStream::connect(self.address).await.unwrap();
            stream.write_all(text.as_bytes()).await.unwrap();
            stream
        }
    }

    /// All that comes until the connection is closed.
    async fn rest(stream: &mut TcpStream) -> String {
        let mut text = Vec::new();
        let read = timeout(PATIENCE, stream.read_to_end(&mut text)).await;
        let read = read.expect("the connection is closed");
        assert!(read.is_ok() || !text.is_empty(), "{read:?}");
        String::from_utf8(text).unwrap()
    }

    #[tokio::test]
    async fn a_head_that_does_not_end_is_not_waited_for() {
        let served = served(9).await;
        let began = Instant::now();
        let mut stream = served.say("GET /slow HTTP/1.1\r\nHost: x\r\n").await;
        assert_eq!(rest(&mut stream).await, "");
        assert!(began.elapsed() >= SHORT);
        // Nor is another request, after one that was answered: however slow that was.
        let mut stream = served.say("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n").await;
        assert!(rest(&mut stream).await.ends_with("in the end"));
        assert!(began.elapsed() >= 3 * SHORT);
    }

    #[tokio::test]
    async fn a_body_that_drips_is_not_waited_for() {
        let served = served(9).await;
        let mut stream = served.say("POST / HTTP/1.1\r\nContent-Length: 900\r\n\r\n").await;
        let (mut reading, mut writing) = stream.split();
        let drip = async {
            while writing.write_all(b"x").await.is_ok() {
                sleep(SHORT / 8).await;
            }
        };
        let mut text = [0; 512];
        let answered = async { reading.read(&mut text).await.unwrap() };
        let read = tokio::select! {
            read = timeout(PATIENCE, answered) => read.unwrap(),
            () = drip => 0,
        };
        let text = String::from_utf8_lossy(&text[..read]);
        assert!(text.starts_with("HTTP/1.1 400 "), "{text}");
        let mut stream = served.say("POST / HTTP/1.1\r\nContent-Length: 4\r\n\r\nwhole").await;
        let mut whole = [0; 512];
        let read = timeout(PATIENCE, stream.read(&mut whole)).await.unwrap().unwrap();
        assert!(String::from_utf8_lossy(&whole[..read]).ends_with("whol"));
    }

    #[tokio::test]
    async fn an_answer_may_take_as_long_as_it_likes() {
        let served = served(9).await;
        let request = "GET /watch HTTP/1.1\r\nConnection: close\r\n\r\n";
        let text = rest(&mut served.say(request).await).await;
        assert!(text.contains("told 0") && text.contains("told 3"), "{text}");
    }

    #[tokio::test]
    async fn who_comes_when_all_places_are_taken_waits_for_one() {
        let served = served(2).await;
        let request = "GET /watch HTTP/1.1\r\nConnection: close\r\n\r\n";
        let (first, _second) = (served.say(request).await, served.say(request).await);
        sleep(SHORT / 4).await;
        let began = Instant::now();
        let mut third = served.say("GET / HTTP/1.1\r\nConnection: close\r\n\r\n").await;
        assert!(timeout(SHORT, third.read_u8()).await.is_err(), "it is not accepted");
        drop(first);
        assert!(rest(&mut third).await.contains("HTTP/1.1 200") || began.elapsed() > SHORT);
    }

    #[tokio::test]
    async fn the_end_waits_for_what_is_under_way_and_for_nothing_else() {
        let served = served(9).await;
        let mut under_way = served.say("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n").await;
        let mut idle = served.say("GET / HTTP/1.1\r\nHost: x\r\n\r\n").await;
        let mut silent = served.say("").await;
        sleep(SHORT / 4).await;
        let Served { address, end, serving } = served;
        let began = Instant::now();
        end.send(()).unwrap();
        assert!(rest(&mut idle).await.contains("200 OK"));
        assert_eq!(rest(&mut silent).await, "");
        assert!(began.elapsed() < SHORT / 2, "{:?}", began.elapsed());
        assert!(TcpStream::connect(address).await.is_err());
        assert!(rest(&mut under_way).await.ends_with("in the end"));
        timeout(PATIENCE, serving).await.unwrap().unwrap();
    }
}

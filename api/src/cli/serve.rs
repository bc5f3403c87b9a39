//! `sharelog serve`: starts, runs and ends the service.

mod connections;

use super::{
    args::ServeArgs,
    banner,
    context::CliContext,
    local_writer::{kinds, open_commands},
};
use crate::{
    AppDependencies, AppState, Limits,
    clock::SystemClock,
    demo,
    exit::{Exit, Failure},
    health::{self, Operations},
    metrics, pages,
    settings::{ServeSettings, Settings, StoreSettings},
    shutdown::Shutdown,
    terminal,
    v1::watch::Shown,
    webhooks::{WebhookDispatcher, WebhookOptions},
    wiring::{self, DataLock, Engines},
};
use axum::{
    Router,
    extract::{ConnectInfo, Request},
    response::Response,
};
use commands::Commands;
use connections::ConnectionLimits;
use metrics_exporter_prometheus::PrometheusHandle;
use projections::{
    AccessIndex, Generations, IndexOptions, Runner, RunnerOptions, Views,
    feed::{Feed, FeedOptions},
    views,
};
use std::{convert::Infallible, io::ErrorKind, net::SocketAddr, sync::Arc};
use tokio::{net::TcpListener, task::JoinSet, time::timeout};
use tower::{Service as Layered, ServiceExt as _};
use url::Url;

pub(super) async fn run(context: &CliContext, args: ServeArgs) -> Result<(), Failure> {
    let settings = context.serve(args.store, args.serve)?;
    let shutdown = Shutdown::default();
    tokio::spawn(shutdown.clone().listen());
    let start = start(&settings, args.demo, shutdown.clone());
    tokio::select! {
        started = start => started?.run(&settings.serve).await,
        () = shutdown.wait() => {
            terminal::note("stopped before the start was complete");
            Ok(())
        }
    }
}

/// A service that has started, about to answer.
struct Service {
    app: Router,
    listener: TcpListener,
    background: JoinSet<()>,
    /// Ends the background work; after the requests, which may wait for it.
    work_ends: Shutdown,
    engines: Engines,
    index: AccessIndex,
    shutdown: Shutdown,
    // Released last.
    _lock: DataLock,
}

async fn start(settings: &Settings, demo: bool, shutdown: Shutdown) -> Result<Service, Failure> {
    let (store, serve) = (&settings.store, &settings.serve);
    let mut lock = wiring::take_data_folder(store)?;
    let (listener, address) = listen(serve.listen).await?;
    let public_url = public_url(serve, address)?;
    lock.record_holder(&format!("http://{address}"));
    let prometheus =
        metrics::install().map_err(|error| Failure::failed(format!("cannot count: {error}")))?;

    tokio::spawn(metrics::run_upkeep(prometheus.clone()));
    let engines = wiring::open(store, Arc::new(SystemClock)).await?;
    let durability = engines.log.check().await?;
    let file = Some(store.local("index.bin"));
    let index = AccessIndex::open(engines.log.clone(), file, IndexOptions::default()).await?;
    let commands =
        open_commands(&engines, Some(index.clone()), write_settings(store, serve)?).await?;
    let first_token = write_first_token(&commands, store).await?;
    let views = views(engines.database.clone(), Some(engines.log.clone()));
    let work_ends = Shutdown::default();
    let mut background = work(&commands, &engines, &work_ends, serve.projectors);

    let feed = feed(&commands, &views, &engines, &shutdown);
    let deliverer = deliverer(&commands, &feed, settings, &shutdown)?;
    background.spawn(deliverer.run());
    let parts = (&commands, &views, &index, feed);
    let app = app(parts, &engines, &shutdown, prometheus, (serve, &public_url));
    let shown = banner::Banner {
        store,
        durability: &durability,
        warnings: &engines.warnings,
        first_token: first_token.as_deref(),
        address,
        public_url: &public_url,
    };
    terminal::note(shown);
    if demo {
        let world = demo::load(&commands, &public_url).await?;
        terminal::note(banner::demo(&world, store, address));
    }
    Ok(Service { app, listener, background, work_ends, engines, index, shutdown, _lock: lock })
}

async fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), Failure> {
    let failure = |error: std::io::Error| {
        let kind = error.kind();
        let detail = if kind == ErrorKind::AddrInUse {
            "address already in use; choose another one with --listen".to_owned()
        } else if kind == ErrorKind::AddrNotAvailable {
            "this machine does not have this address".to_owned()
        } else {
            error.to_string()
        };
        Failure::unavailable(format!("cannot listen on {address}: {detail}"))
    };
    let listener = TcpListener::bind(address).await.map_err(failure)?;
    let address = listener.local_addr().map_err(failure)?;
    Ok((listener, address))
}

fn public_url(serve: &ServeSettings, address: SocketAddr) -> Result<Url, Failure> {
    match &serve.public_url {
        Some(url) => Ok(url.clone()),
        None => Url::parse(&format!("http://{address}"))
            .map_err(|error| Failure::new(Exit::Usage, format!("setting `listen`: {error}"))),
    }
}

fn write_settings(
    store: &StoreSettings,
    serve: &ServeSettings,
) -> Result<commands::Settings, Failure> {
    Ok(commands::Settings {
        kinds: serve.kinds.as_deref().map(kinds).transpose()?,
        folds: Some(store.local("folds.db")),
        visit_seconds: i64::try_from(serve.visit_life.as_secs()).unwrap_or(i64::MAX),
        ..commands::Settings::default()
    })
}

/// At the first start: the administrator's token, to a file that only its owner can read.
async fn write_first_token(
    commands: &Commands,
    store: &StoreSettings,
) -> Result<Option<String>, Failure> {
    let Some(token) = commands.tokens.issue_first().await? else { return Ok(None) };
    let path = store.local("admin.token");
    wiring::write_secret(&path, token.expose()).map_err(|error| {
        Failure::failed(format!(
            "cannot write {}: {error}; the token is lost, make another one with `sharelog token \
             create --role admin`",
            path.display()
        ))
    })?;
    Ok(Some(path.display().to_string()))
}

/// Starts the background work.
fn work(
    commands: &Commands,
    engines: &Engines,
    shutdown: &Shutdown,
    projectors: bool,
) -> JoinSet<()> {
    let mut background = JoinSet::new();
    if projectors {
        let runner = Runner::new(
            engines.log.clone(),
            commands.text_decryptor(),
            engines.database.clone(),
            RunnerOptions { node: engines.node.clone(), ..RunnerOptions::default() },
        );
        background.spawn(runner.run(shutdown.wait()));
    }
    let (sweeping, ending) = (commands.clone(), shutdown.wait());
    background.spawn(async move {
        tokio::select! {
            () = sweeping.run_expiry_worker() => {}
            () = ending => {}
        }
    });
    let (erasing, ending) = (commands.clone(), shutdown.wait());
    background.spawn(async move {
        tokio::select! {
            () = erasing.run_erasure_worker() => {}
            () = ending => {}
        }
    });
    background
}

/// The dispatcher of webhooks.
fn deliverer(
    commands: &Commands,
    feed: &Feed<Shown>,
    settings: &Settings,
    shutdown: &Shutdown,
) -> Result<WebhookDispatcher, Failure> {
    Ok(WebhookDispatcher::new(
        commands.clone(),
        feed.clone(),
        Arc::new(SystemClock),
        WebhookOptions {
            schedule: settings.serve.webhook_retries.clone(),
            private: settings.serve.webhook_private,
            ..WebhookOptions::default()
        },
        (wiring::node_id(&settings.store.data)?, shutdown.clone()),
        wiring::tls(None)?,
    ))
}

/// The feed; its readers end with the service, so that it need not wait for them.
fn feed(
    commands: &Commands,
    views: &Arc<dyn Views>,
    engines: &Engines,
    shutdown: &Shutdown,
) -> Feed<Shown> {
    let (log, opener) = (engines.log.clone(), commands.text_decryptor());
    let feed = Feed::new(log, opener, views.clone(), FeedOptions::default());
    let (closing, ending) = (feed.clone(), shutdown.wait());
    tokio::spawn(async move {
        ending.await;
        closing.close();
    });
    feed
}

fn app(
    (commands, views, index, feed): (&Commands, &Arc<dyn Views>, &AccessIndex, Feed<Shown>),
    engines: &Engines,
    shutdown: &Shutdown,
    prometheus: PrometheusHandle,
    (serve, public_url): (&ServeSettings, &Url),
) -> Router {
    let state = AppState::new(AppDependencies {
        commands: commands.clone(),
        views: views.clone(),
        generations: Generations::new(engines.database.clone()),
        index: index.clone(),
        log: engines.log.clone(),
        feed,
        activity: engines.activity.clone(),
        clock: Arc::new(SystemClock),
        public_url: public_url.clone(),
        limits: Limits {
            longest_wait: serve.max_wait,
            private_webhooks: serve.webhook_private,
            ..Limits::default()
        },
    });
    let operations = Operations {
        commands: commands.clone(),
        views: views.clone(),
        index: index.clone(),
        log: engines.log.clone(),
        clock: Arc::new(SystemClock),
        shutdown: shutdown.clone(),
        prometheus,
    };
    crate::router(state, pages::routes().merge(health::routes_of(operations)))
}

/// The service for one connection: handlers know where its requests come from.
fn seen_by(
    app: &Router,
    peer: SocketAddr,
) -> impl Layered<Request, Response = Response, Error = Infallible, Future: Send> + Clone + use<> {
    app.clone().map_request(move |mut request: Request| {
        request.extensions_mut().insert(ConnectInfo(peer));
        request
    })
}

impl Service {
    /// Serves until shutdown; then finishes running requests, for a bounded time.
    async fn run(self, serve: &ServeSettings) -> Result<(), Failure> {
        let Self { app, listener, mut background, work_ends, engines, index, shutdown, _lock } =
            self;
        let (limits, ending) = (ConnectionLimits::new(serve.max_connections), shutdown.wait());
        let serving = connections::serve(listener, move |peer| seen_by(&app, peer), limits, ending);
        let mut serving = tokio::spawn(serving);
        let ended = tokio::select! {
            ended = &mut serving => Some(ended),
            () = shutdown.wait() => None,
        };
        if ended.is_none() && timeout(serve.shutdown_grace, &mut serving).await.is_err() {
            tracing::warn!("some requests did not finish in time and are cut off");
            serving.abort();
        }
        work_ends.begin();
        let rest = async { while background.join_next().await.is_some() {} };
        if timeout(serve.shutdown_grace, rest).await.is_err() {
            tracing::warn!("background work did not end in time");
        }
        if timeout(serve.shutdown_grace, index.close()).await.is_err() {
            tracing::warn!("the access index was not saved in time; the next start reads more");
        }
        match timeout(serve.shutdown_grace, engines.activity.flush()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "the last activity entries are lost"),
            Err(_) => tracing::warn!("the last activity entries are lost: no answer in time"),
        }
        tracing::info!("ended");
        match ended {
            Some(Err(error)) => Err(Failure::failed(format!("serving ended: {error}"))),
            Some(Ok(())) | None => Ok(()),
        }
    }
}

//! Shutdown on SIGTERM or SIGINT: running requests finish; a second signal ends the process at
//! once.

use std::future::Future;
use tokio::sync::watch;

/// Signals shutdown to every part. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Shutdown {
    ending: watch::Sender<bool>,
}

impl Default for Shutdown {
    fn default() -> Self {
        Self { ending: watch::Sender::new(false) }
    }
}

impl Shutdown {
    /// Ends the service.
    pub fn begin(&self) {
        self.ending.send_replace(true);
    }

    /// Is it ending?
    pub fn begun(&self) -> bool {
        *self.ending.borrow()
    }

    /// Ready when the service is ending.
    pub fn wait(&self) -> impl Future<Output = ()> + Send + 'static {
        let mut ending = self.ending.subscribe();
        async move {
            // The sender lives as long as the service; its end is the end too.
            drop(ending.wait_for(|ending| *ending).await);
        }
    }

    /// Listens for signals until the process ends: the first begins the shutdown, the second exits.
    pub async fn listen(self) {
        signal().await;
        tracing::info!("ending: running requests finish; a second signal ends at once");
        self.begin();
        signal().await;
        tracing::warn!("second signal: ending at once");
        std::process::exit(130);
    }
}

#[cfg(unix)]
async fn signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let kinds = [SignalKind::terminate(), SignalKind::interrupt()];
    let [Ok(mut terminate), Ok(mut interrupt)] = kinds.map(signal) else {
        tracing::error!("cannot listen for signals; the service ends when killed only");
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}

#[cfg(not(unix))]
async fn signal() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending().await
    }
}

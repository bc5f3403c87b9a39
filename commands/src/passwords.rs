//! Verifies link passwords: Argon2id off the async threads, and a limit on wrong attempts that
//! resets by itself.

use crate::{Clock, CommandError, OpenError, Secret};
use argon2::{
    Argon2,
    password_hash::{PasswordHasher as _, PasswordVerifier as _, phc::PasswordHash},
};
use domain::{id::LinkId, time::Time};
use governor::{
    Quota, RateLimiter, clock::Clock as _, middleware::NoOpMiddleware,
    state::keyed::DashMapStateStore,
};
use std::{fmt, num::NonZeroU32, sync::Arc, time::Duration};
use tokio::sync::Semaphore;

/// Wrong guesses a link takes at once; one more is forgiven every [`LINK_REFILL_INTERVAL`].
const LINK_BURST_ATTEMPTS: NonZeroU32 = NonZeroU32::new(10).unwrap();
const LINK_REFILL_INTERVAL: Duration = Duration::from_secs(6);
/// Wrong guesses a client address has at once, over all links.
const CLIENT_BURST_ATTEMPTS: NonZeroU32 = NonZeroU32::new(20).unwrap();
const CLIENT_REFILL_INTERVAL: Duration = Duration::from_secs(3);

/// Beyond so many keys the idle ones are dropped.
const MAX_TRACKED_KEYS: usize = 50_000;

/// The clock port as the limiter reads it.
#[derive(Debug, Clone)]
struct Instants(Arc<dyn Clock>);

impl governor::clock::Clock for Instants {
    type Instant = Duration;
    fn now(&self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.now().as_micros()).unwrap_or(0))
    }
}

type Limiter = RateLimiter<String, DashMapStateStore<String>, Instants, NoOpMiddleware<Duration>>;

/// Checks passwords and counts wrong ones. Right ones cost nothing, so that a link many people open
/// stays open.
pub(crate) struct PasswordAttemptLimiter {
    clock: Instants,
    links: Limiter,
    clients: Limiter,
    /// Until when a key that had too many wrong guesses waits.
    waiting: moka::future::Cache<String, Time>,
    checks: Arc<Semaphore>,
}

impl fmt::Debug for PasswordAttemptLimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordAttemptLimiter")
    }
}

fn limiter(clock: &Instants, burst: NonZeroU32, refill: Duration) -> Limiter {
    let quota = Quota::with_period(refill)
        .map_or_else(|| Quota::per_minute(burst), |quota| quota.allow_burst(burst));
    RateLimiter::new(quota, DashMapStateStore::default(), clock.clone())
}

impl PasswordAttemptLimiter {
    pub(crate) fn new(clock: Arc<dyn Clock>, checks: usize) -> Self {
        let clock = Instants(clock);
        Self {
            links: limiter(&clock, LINK_BURST_ATTEMPTS, LINK_REFILL_INTERVAL),
            clients: limiter(&clock, CLIENT_BURST_ATTEMPTS, CLIENT_REFILL_INTERVAL),
            waiting: moka::future::Cache::builder()
                .max_capacity(MAX_TRACKED_KEYS as u64)
                .time_to_live(Duration::from_mins(5))
                .build(),
            checks: Arc::new(Semaphore::new(checks.max(1))),
            clock,
        }
    }

    /// Digests a new password.
    pub(crate) async fn digest(&self, password: &Secret) -> Result<String, CommandError> {
        let password = password.clone();
        self.off_thread(move || {
            let digest = Argon2::default().hash_password(password.expose().as_bytes());
            digest.map(|digest| digest.to_string()).map_err(|error| error.to_string())
        })
        .await?
        .map_err(CommandError::Internal)
    }

    /// Checks a guess at the password of a link.
    pub(crate) async fn check(
        &self,
        link: LinkId,
        client: Option<&str>,
        digest: String,
        guess: &Secret,
    ) -> Result<(), OpenError> {
        let link = link.to_string();
        let client = client.map(|address| format!("client {address}"));
        for key in std::iter::once(&link).chain(&client) {
            self.may_guess(key).await?;
        }
        let guess = guess.clone();
        let right = self
            .off_thread(move || {
                PasswordHash::new(&digest).is_ok_and(|digest| {
                    Argon2::default().verify_password(guess.expose().as_bytes(), &digest).is_ok()
                })
            })
            .await?;
        if right {
            return Ok(());
        }
        self.count(&self.links, link).await;
        if let Some(client) = client {
            self.count(&self.clients, client).await;
        }
        Err(OpenError::PasswordWrong)
    }

    async fn may_guess(&self, key: &str) -> Result<(), OpenError> {
        let Some(until) = self.waiting.get(key).await else { return Ok(()) };
        let left = until.as_micros() - self.clock.0.now().as_micros();
        match u64::try_from(left) {
            Ok(left) if left > 0 => {
                Err(OpenError::TooManyAttempts { retry_after: Duration::from_micros(left) })
            }
            _ => Ok(()),
        }
    }

    async fn count(&self, limiter: &Limiter, key: String) {
        if limiter.len() > MAX_TRACKED_KEYS {
            limiter.retain_recent();
        }
        if let Err(not_until) = limiter.check_key(&key) {
            let wait = not_until.wait_time_from(self.clock.now());
            let micros = i64::try_from(wait.as_micros()).unwrap_or(i64::MAX);
            self.waiting.insert(key, self.clock.0.now().plus_micros(micros)).await;
        }
    }

    async fn off_thread<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, CommandError> {
        let failed = |error: &dyn fmt::Display| CommandError::Internal(error.to_string());
        let permit = self.checks.clone().acquire_owned().await.map_err(|e| failed(&e))?;
        tokio::task::spawn_blocking(move || {
            let done = work();
            drop(permit);
            done
        })
        .await
        .map_err(|e| failed(&e))
    }
}

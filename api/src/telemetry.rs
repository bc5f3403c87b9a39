//! Logging: request spans without secrets.

use crate::settings::{LogFormat, SettingsError};
use axum::http::{Request, Uri};
use tracing::Span;
use tracing_subscriber::{EnvFilter, fmt, prelude::*};

/// Starts logging to standard error.
pub fn init(level: &str, format: LogFormat) -> Result<(), SettingsError> {
    let filter = EnvFilter::builder().parse(level).map_err(|_| {
        SettingsError(format!("setting `log_level`: `{level}` is not a valid level or filter"))
    })?;
    let registry = tracing_subscriber::registry().with(filter);
    let layer = fmt::layer().with_writer(std::io::stderr);
    let started = match format {
        LogFormat::Text => {
            let choice = anstream::AutoStream::choice(&std::io::stderr());
            let colours = choice != anstream::ColorChoice::Never;
            registry.with(layer.with_ansi(colours).with_target(false)).try_init()
        }
        LogFormat::Json => registry.with(layer.json().flatten_event(true)).try_init(),
    };
    // A second start in one process (tests) keeps the first.
    drop(started);
    Ok(())
}

/// A path as it may be logged: the secret part of a link's address is left out.
pub fn shown_path(uri: &Uri) -> String {
    let path = uri.path();
    if path.starts_with("/l/") { "/l/***".to_owned() } else { path.chars().take(512).collect() }
}

/// What the log calls requests: `--log-level info,http=debug` tells each.
pub(crate) const REQUESTS: &str = "http";

/// The span of a request: method, path without secrets; never query or headers. There is none
/// unless details are logged: it costs every request, and failures name method and path themselves.
pub fn request_span<B>(request: &Request<B>) -> Span {
    tracing::debug_span!(
        target: REQUESTS,
        "request",
        method = %request.method(),
        path = shown_path(request.uri())
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_secret_of_a_link_is_not_in_the_path_that_is_logged() {
        let shown = |path: &'static str| shown_path(&Uri::from_static(path));
        assert_eq!(shown("/l/AAAAAsecret?x=1"), "/l/***");
        assert_eq!(shown("/l/AAAAA/deeper"), "/l/***");
        assert_eq!(shown("/v1/items/history/8f3a?at=now"), "/v1/items/history/8f3a");
    }
}

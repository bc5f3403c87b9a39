//! Calls a running service over HTTP, with a token that is never printed.

use super::args::RemoteArgs;
use crate::{
    exit::{Exit, Failure},
    settings::{StoreSettings, environment, secret_file},
};
use commands::Secret;
use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde_json::Value;
use std::time::Duration;
use url::Url;

/// A running service.
#[derive(Debug)]
pub(super) struct Remote {
    http: Client,
    base: Url,
    token: Secret,
}

impl Remote {
    /// The service named on the command line; `None` = the data are to be opened instead.
    pub(super) fn find(args: &RemoteArgs, store: &StoreSettings) -> Result<Option<Self>, Failure> {
        let Some(url) = &args.url else { return Ok(None) };
        let base = base(url)?;
        let token = token(args, store)?;
        let http = Client::builder()
            .connect_timeout(Duration::from_secs(5))
            .timeout(Duration::from_mins(1))
            .user_agent(concat!("sharelog/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| Failure::failed(format!("cannot make an HTTP client: {error}")))?;
        Ok(Some(Self { http, base, token }))
    }

    /// GET.
    pub(super) async fn get(&self, path: &str, query: &[(&str, String)]) -> Result<Value, Failure> {
        self.ask(self.request(Method::GET, path, query)?).await
    }

    /// POST.
    pub(super) async fn post(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        self.ask(self.request(Method::POST, path, &[])?.json(body)).await
    }

    /// DELETE.
    pub(super) async fn delete(&self, path: &str) -> Result<Value, Failure> {
        self.ask(self.request(Method::DELETE, path, &[])?).await
    }

    fn request(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, String)],
    ) -> Result<RequestBuilder, Failure> {
        let url = format!("{}{path}", self.base.as_str().trim_end_matches('/'));
        let mut url = Url::parse(&url)
            .map_err(|_| Failure::failed(format!("`{path}` is not a valid path of the service")))?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        Ok(self.http.request(method, url).bearer_auth(self.token.expose()))
    }

    async fn ask(&self, request: RequestBuilder) -> Result<Value, Failure> {
        let lost = |error: &reqwest::Error| {
            let cause = if error.is_timeout() {
                "no answer in time"
            } else if error.is_connect() {
                "connection refused or unknown host"
            } else {
                "connection lost"
            };
            Failure::unavailable(format!("cannot reach the service at {}: {cause}", self.base))
        };
        let response = request.send().await.map_err(|error| lost(&error))?;
        let status = response.status();
        let text = response.text().await.map_err(|error| lost(&error))?;
        let body: Value = serde_json::from_str(&text).unwrap_or(Value::Null);
        if status.is_success() { Ok(body) } else { Err(refused(status, &body)) }
    }
}

fn refused(status: StatusCode, body: &Value) -> Failure {
    let part = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (title, detail) = (part("title"), part("detail"));
    let words = match (title.is_empty(), detail.is_empty()) {
        (true, _) => format!("the service answered {status}"),
        (false, true) => title,
        (false, false) => format!("{title}: {detail}"),
    };
    if status == StatusCode::SERVICE_UNAVAILABLE {
        Failure::unavailable(words)
    } else {
        Failure::failed(words)
    }
}

fn base(url: &str) -> Result<Url, Failure> {
    let usage = |detail: &str| Failure::new(Exit::Usage, format!("--url: {detail}"));
    let base =
        Url::parse(url).map_err(|_| usage("expected an address like http://127.0.0.1:8080"))?;
    match base.scheme() {
        "http" if base.password().is_some() => Err(usage("give the token with --token-file")),
        "http" => Ok(base),
        "https" => Err(usage(
            "this command speaks plain HTTP; name the address that the service listens on itself, \
             e.g. on its own machine or through a tunnel",
        )),
        _ => Err(usage("expected an address like http://127.0.0.1:8080")),
    }
}

fn token(args: &RemoteArgs, store: &StoreSettings) -> Result<Secret, Failure> {
    if let Some(path) = &args.token_file {
        return Ok(Secret::new(secret_file("token_file", path)?));
    }
    if let Some(token) = environment("SHARELOG_TOKEN") {
        return Ok(Secret::new(token));
    }
    let path = store.local("admin.token");
    let text = secret_file("token_file", &path).map_err(|_| {
        Failure::new(
            Exit::Usage,
            format!(
                "no access token: name a file with --token-file, or set SHARELOG_TOKEN ({} is not \
                 there)",
                path.display()
            ),
        )
    })?;
    Ok(Secret::new(text))
}

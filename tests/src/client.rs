//! The HTTP client of the tests: a caller with a token and headers, and answers that explain
//! themselves.

use reqwest::{Method, StatusCode, header::HeaderMap};
use serde_json::Value;
use std::{
    future::{Future, IntoFuture},
    pin::Pin,
    time::Duration,
};

/// A caller: where, with which token, for whom.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    token: Option<String>,
    headers: Vec<(String, String)>,
}

impl Client {
    /// A caller without a token.
    pub fn new(base: &str) -> Self {
        let http = reqwest::Client::builder()
            .timeout(Duration::from_secs(30))
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .expect("an HTTP client");
        Self { http, base: base.to_owned(), token: None, headers: Vec::new() }
    }

    /// The same caller with this bearer token.
    #[must_use]
    pub fn token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    /// The same caller without a token.
    #[must_use]
    pub fn without_token(&self) -> Self {
        Self { token: None, headers: Vec::new(), ..self.clone() }
    }

    /// The same caller at another node.
    #[must_use]
    pub fn at(&self, base: &str) -> Self {
        Self { base: base.to_owned(), ..self.clone() }
    }

    /// An application acting for an account.
    #[must_use]
    pub fn acting_for(&self, account: &str) -> Self {
        self.with("Sharelog-On-Behalf-Of", &format!("account:{account}"))
    }

    /// An application acting for an anonymous visitor.
    #[must_use]
    pub fn anonymous(&self) -> Self {
        self.with("Sharelog-On-Behalf-Of", "anonymous")
    }

    /// The same caller with one more header on every request.
    #[must_use]
    pub fn with(&self, name: &str, value: &str) -> Self {
        let mut client = self.clone();
        client.headers.push((name.to_owned(), value.to_owned()));
        client
    }

    /// The same caller without any more headers.
    #[must_use]
    pub fn plain(&self) -> Self {
        Self { headers: Vec::new(), ..self.clone() }
    }

    /// The same caller, asking for answers that know of this command.
    #[must_use]
    pub fn after(&self, command: &Answer) -> Self {
        let position = command.position_header();
        assert!(!position.is_empty(), "no Sharelog-Position: {}", command.dump());
        self.with("Sharelog-At-Least", &position).with("Prefer", "wait=20")
    }

    /// A call by method and path.
    pub fn call(&self, method: &str, path: &str) -> Call {
        let method: Method = method.parse().expect("a method");
        let mut request = self.http.request(method.clone(), format!("{}{path}", self.base));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        Call { what: format!("{method} {path}"), request }
    }

    /// A GET whose answer goes on for as long as the caller reads.
    pub fn stream(&self, path: &str) -> reqwest::RequestBuilder {
        self.get(path).request.timeout(Duration::from_hours(1))
    }

    /// The address and token of this caller, for callers that speak HTTP by themselves.
    pub fn address(&self) -> (&str, &str) {
        (&self.base, self.token.as_deref().unwrap_or_default())
    }

    /// GET.
    pub fn get(&self, path: &str) -> Call {
        self.call("GET", path)
    }

    /// PUT with a body.
    #[expect(clippy::needless_pass_by_value, reason = "reads best with json!() in place")]
    pub fn put(&self, path: &str, body: Value) -> Call {
        self.call("PUT", path).body(&body)
    }

    /// POST with a body.
    #[expect(clippy::needless_pass_by_value, reason = "reads best with json!() in place")]
    pub fn post(&self, path: &str, body: Value) -> Call {
        self.call("POST", path).body(&body)
    }

    /// PATCH with a body.
    #[expect(clippy::needless_pass_by_value, reason = "reads best with json!() in place")]
    pub fn patch(&self, path: &str, body: Value) -> Call {
        self.call("PATCH", path).body(&body)
    }

    /// DELETE.
    pub fn delete(&self, path: &str) -> Call {
        self.call("DELETE", path)
    }
}

/// A call about to be made; await it.
#[derive(Debug)]
pub struct Call {
    what: String,
    request: reqwest::RequestBuilder,
}

impl Call {
    /// With a JSON body.
    #[must_use]
    pub fn body(self, body: &Value) -> Self {
        Self { request: self.request.json(body), ..self }
    }

    /// With a body that need not be JSON.
    #[must_use]
    pub fn raw(self, content_type: &str, body: &str) -> Self {
        let request = self.request.header("Content-Type", content_type).body(body.to_owned());
        Self { request, ..self }
    }

    /// With one more header.
    #[must_use]
    pub fn header(self, name: &str, value: &str) -> Self {
        Self { request: self.request.header(name, value), ..self }
    }

    /// With `If-Match` of a version.
    #[must_use]
    pub fn if_match(self, version: &Value) -> Self {
        self.header("If-Match", &format!("\"{version}\""))
    }

    /// With an idempotency key.
    #[must_use]
    pub fn key(self, key: &str) -> Self {
        self.header("Idempotency-Key", key)
    }

    /// The answer, or the transport's failure (nothing is known of the outcome then).
    pub async fn attempt(self) -> Result<Answer, reqwest::Error> {
        let what = self.what;
        let response = self.request.send().await?;
        let status = response.status();
        let headers = response.headers().clone();
        let text = response.text().await?;
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        Ok(Answer { what, status, headers, body, text })
    }
}

impl IntoFuture for Call {
    type Output = Answer;
    type IntoFuture = Pin<Box<dyn Future<Output = Answer> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let what = self.what.clone();
            self.attempt().await.unwrap_or_else(|error| panic!("{what}: no answer: {error:?}"))
        })
    }
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Method and path of the call.
    pub what: String,
    /// Status code.
    pub status: StatusCode,
    /// Headers.
    pub headers: HeaderMap,
    /// The body as JSON; null when it is none.
    pub body: Value,
    /// The body as text.
    pub text: String,
}

impl Answer {
    /// Panics unless it succeeded; answers the body.
    #[track_caller]
    pub fn ok(&self) -> &Value {
        assert!(self.status.is_success(), "{}", self.dump());
        &self.body
    }

    /// Panics unless it has this status; answers the body.
    #[track_caller]
    pub fn is(&self, status: u16) -> &Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.dump());
        &self.body
    }

    /// Panics unless it is this problem; answers the body.
    #[track_caller]
    pub fn problem(&self, status: u16, name: &str) -> &Value {
        let kind = self.header("Content-Type");
        assert_eq!(self.status.as_u16(), status, "{}", self.dump());
        assert!(kind.starts_with("application/problem+json"), "{}: {kind}", self.dump());
        let expected = format!("/problems/{name}");
        let found = self.body["type"].as_str().unwrap_or_default();
        assert!(found.ends_with(&expected), "expected {expected}: {}", self.dump());
        assert_eq!(self.body["status"], status, "{}", self.dump());
        &self.body
    }

    /// A header; empty when there is none.
    pub fn header(&self, name: &str) -> String {
        let value = self.headers.get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default().to_owned()
    }

    /// The consistency token of a command's answer.
    pub fn position_header(&self) -> String {
        self.header("Sharelog-Position")
    }

    /// A string in the body, by JSON pointer.
    #[track_caller]
    pub fn str(&self, pointer: &str) -> String {
        let found = self.body.pointer(pointer).and_then(Value::as_str);
        found.unwrap_or_else(|| panic!("no string at {pointer}: {}", self.dump())).to_owned()
    }

    /// A whole number in the body, by JSON pointer.
    #[track_caller]
    pub fn number(&self, pointer: &str) -> u64 {
        let found = self.body.pointer(pointer).and_then(Value::as_u64);
        found.unwrap_or_else(|| panic!("no number at {pointer}: {}", self.dump()))
    }

    /// An array in the body, by JSON pointer.
    #[track_caller]
    pub fn list(&self, pointer: &str) -> Vec<Value> {
        let found = self.body.pointer(pointer).and_then(Value::as_array);
        found.unwrap_or_else(|| panic!("no list at {pointer}: {}", self.dump())).clone()
    }

    /// The call and the answer in words, for failure messages.
    pub fn dump(&self) -> String {
        format!("{} answered {}: {}", self.what, self.status, self.text)
    }
}

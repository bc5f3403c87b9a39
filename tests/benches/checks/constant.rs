//! The ceiling: a server that only parses the question, in a process of its own.

use axum::{Json, Router, http::header, response::IntoResponse, routing::post};
use serde::Deserialize;
use std::{path::Path, process::Command, time::Duration};
use tests::{
    process::Process,
    wait::{free_port, listens, until},
};

/// The question, as every implementation must read it.
#[derive(Deserialize)]
struct Evaluation {
    subject: Entity,
    resource: Entity,
    action: Action,
}

#[derive(Deserialize)]
struct Entity {
    r#type: String,
    id: String,
}

#[derive(Deserialize)]
struct Action {
    name: String,
}

const ANSWER: &str =
    r#"{"decision":true,"context":{"paths":["grant"],"valid_until":null,"position":123456}}"#;

async fn answer(Json(asked): Json<Evaluation>) -> impl IntoResponse {
    let Evaluation { subject, resource, action } = asked;
    std::hint::black_box((subject.r#type, subject.id, resource.r#type, resource.id, action.name));
    ([(header::CONTENT_TYPE, "application/json")], ANSWER)
}

/// The port, when this process is to be the ceiling.
pub(crate) fn asked_for() -> Option<u16> {
    let mut arguments = std::env::args().skip_while(|argument| argument != "--constant");
    arguments.nth(1)?.parse().ok()
}

/// Serves until killed.
pub(crate) async fn serve(port: u16) {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await.expect("a port");
    let app = Router::new().route("/access/v1/evaluation", post(answer));
    let listener = axum::serve::ListenerExt::tap_io(listener, |stream| {
        stream.set_nodelay(true).expect("no delay");
    });
    axum::serve(listener, app).await.expect("it serves");
}

/// The running ceiling.
pub(crate) struct Constant {
    _process: Process,
    pub(crate) address: String,
}

impl Constant {
    pub(crate) async fn start(folder: &Path) -> Self {
        let port = free_port();
        let this = std::env::current_exe().expect("this program");
        let mut command = Command::new(this);
        command.args(["--constant", &port.to_string()]);
        let process = Process::start(&mut command, &folder.join("constant.log"));
        let listening = || async move { listens(port).await.then_some(()) };
        until("the ceiling listens", Duration::from_secs(10), listening).await;
        Self { _process: process, address: format!("127.0.0.1:{port}") }
    }
}

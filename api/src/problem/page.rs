//! The pages behind `/problems/NAME`, which explain each problem type.

use super::{Problem, ProblemType};
use crate::routing::Routes;
use axum::{extract::Path, http::Method, response::Html, routing::get};
use std::fmt::Write as _;

/// The pages.
pub fn routes() -> Routes {
    Routes::default().page(&Method::GET, "/problems", get(problem_index)).page(
        &Method::GET,
        "/problems/{name}",
        get(problem_page),
    )
}

fn document(title: &str, main: &str) -> Html<String> {
    Html(format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>{title} · Sharelog</title></head><body><main>{main}</main></body></html>"
    ))
}

/// Text with its `code` marked.
fn marked(text: &str) -> String {
    let parts = text.split('`').enumerate().map(|(index, part)| {
        let part = part.replace('&', "&amp;").replace('<', "&lt;");
        if index % 2 == 1 { format!("<code>{part}</code>") } else { part }
    });
    parts.collect()
}

/// The page of one problem type.
async fn problem_page(Path(name): Path<String>) -> Result<Html<String>, Problem> {
    let kind = ProblemType::ALL
        .iter()
        .find(|kind| kind.name() == name)
        .ok_or_else(|| Problem::not_found("problem type"))?;
    let main = format!(
        "<h1>{}</h1><p>Type <code>/problems/{}</code>, status {}.</p><p>{}</p>\
         <p><a href=\"/problems\">All problem types</a></p>",
        kind.title(),
        kind.name(),
        kind.status().as_u16(),
        marked(kind.explanation()),
    );
    Ok(document(kind.title(), &main))
}

/// The list of all problem types.
async fn problem_index() -> Html<String> {
    let mut rows = String::new();
    for kind in ProblemType::ALL {
        let (status, name, title) = (kind.status().as_u16(), kind.name(), kind.title());
        let row = write!(
            rows,
            "<li>{status} <a href=\"/problems/{name}\"><code>{name}</code></a>: {title}</li>"
        );
        debug_assert!(row.is_ok(), "writing to a string cannot fail");
    }
    document("Problem types", &format!("<h1>Problem types</h1><ul>{rows}</ul>"))
}

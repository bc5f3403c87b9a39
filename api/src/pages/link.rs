//! `/l/{token}`: the page of a link. Looking consumes nothing; opening does.

use super::{
    Visitor, failed,
    item::{ItemPage, target},
    view::{Frame, HtmlPage, set_security_headers},
};
use crate::AppState;
use askama::Template;
use axum::{
    body::Bytes,
    extract::{Path, State, rejection::PathRejection},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse as _, Redirect, Response},
};
use commands::{LinkVisit, OpenError, Secret};
use url::{Url, form_urlencoded};

#[derive(Template)]
#[template(path = "link.html")]
struct LinkPage {
    frame: Frame,
    needs_password: bool,
    notice: Option<&'static str>,
}

fn form(needs_password: bool, notice: Option<&'static str>) -> HtmlPage {
    HtmlPage::new(&LinkPage { frame: Frame, needs_password, notice })
}

/// GET: asks for the password, or shows a button. Consumes nothing, so that previews of chats and
/// mail
/// programs cost nobody a use.
pub(super) async fn show(
    State(app): State<AppState>,
    Visitor(caller): Visitor,
    path: Result<Path<String>, PathRejection>,
) -> HtmlPage {
    let Ok(Path(token)) = path else { return HtmlPage::not_found() };
    match app.commands.peek_link(&caller, &token).await {
        Ok(preview) => {
            form(preview.needs_password, None).leading_to(target(&app, &preview.item).as_deref())
        }
        Err(error) => refused(&error),
    }
}

/// POST: opens it, and leads to where the content is.
pub(super) async fn open(
    State(app): State<AppState>,
    Visitor(caller): Visitor,
    path: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Ok(Path(token)) = path else { return HtmlPage::not_found().into_response() };
    if from_elsewhere(&headers) {
        // Another site must not use up somebody's link; the visitor can still press the button.
        return HtmlPage::message(
            StatusCode::FORBIDDEN,
            "Please open the link itself",
            "Another site tried to open this link for you. Open its address and press the button.",
        )
        .into_response();
    }
    let password = form_urlencoded::parse(&body)
        .find(|(name, _)| name == "password")
        .map(|(_, value)| Secret::new(value.into_owned()))
        .filter(|password| !password.expose().is_empty());
    match app.commands.open_link(&caller, &token, password.as_ref()).await {
        Ok(opened) => lead(&app, &opened).await,
        Err(error) => refused(&error).into_response(),
    }
}

/// The pages of this service set no cookie, so there is nothing to forge; but a use can be wasted.
fn from_elsewhere(headers: &HeaderMap) -> bool {
    headers.get("sec-fetch-site").is_some_and(|site| site == "cross-site")
}

/// To the application, with a code that it swaps for the visit; without one our own page says it
/// all.
async fn lead(app: &AppState, opened: &LinkVisit) -> Response {
    let Some(target) = target(app, &opened.item) else { return shown(opened).into_response() };
    let code = match app.commands.make_code(opened).await {
        Ok(code) => code,
        Err(error) => return failed(&error).into_response(),
    };
    let Ok(mut target) = Url::parse(&target) else {
        tracing::error!(kind = %opened.item.kind, "the url of the kind makes no address");
        return HtmlPage::broken().into_response();
    };
    target.query_pairs_mut().append_pair("sharelog_code", code.expose());
    let mut response = Redirect::to(target.as_str()).into_response();
    set_security_headers(response.headers_mut());
    response
}

fn shown(opened: &LinkVisit) -> HtmlPage {
    let mut page = ItemPage::new(&opened.item, &opened.state, opened.permissions);
    page.facts.push(("Open until", clock_time(&opened.ends_at.to_string())));
    HtmlPage::new(&page)
}

/// `2026-11-21T12:00:00.000000Z` as `2026-11-21 12:00 UTC`.
fn clock_time(time: &str) -> String {
    let minute: String = time.chars().take(16).collect();
    format!("{} UTC", minute.replace('T', " "))
}

fn refused(error: &OpenError) -> HtmlPage {
    match error {
        OpenError::NotFound => HtmlPage::message(
            StatusCode::NOT_FOUND,
            "This link does not open",
            "It may be mistyped or cut off, no longer valid, or never have been. Ask whoever gave \
             it to you for a new one.",
        ),
        OpenError::PasswordRequired => form(true, None).status(StatusCode::FORBIDDEN),
        OpenError::PasswordWrong => {
            form(true, Some("That is not the password.")).status(StatusCode::FORBIDDEN)
        }
        OpenError::TooManyAttempts { retry_after } => {
            form(true, Some("Too many wrong passwords. Please wait a little, then try again."))
                .status(StatusCode::TOO_MANY_REQUESTS)
                .retry_after(retry_after.as_secs())
        }
        OpenError::SignInRequired | OpenError::NotPermitted => HtmlPage::message(
            StatusCode::FORBIDDEN,
            "This link is for people who are signed in",
            "Open it in the application that it comes from, where you are signed in.",
        ),
        OpenError::Command(error) => failed(error),
    }
}

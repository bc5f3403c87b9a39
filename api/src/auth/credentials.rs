//! Finds the caller from its token and headers.

use crate::{
    extract::{is_sent, single},
    problem::{Problem, ProblemType},
};
use axum::http::{HeaderMap, header};
use commands::{Caller, TokenIdentity};
use domain::{event::CallerRole, id::AccountId};
use std::net::IpAddr;

/// The most visits a request may present.
const MAX_VISITS: usize = 20;
/// The longest visit, in characters; ours are far shorter.
const MAX_VISIT_BYTES: usize = 512;

/// The bearer token presented; `None` = no credentials at all. The detail never repeats it.
pub(super) fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let refused = |detail: &str| Problem::new(ProblemType::NotAuthenticated, detail);
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(refused("Authorization is sent more than once"));
    }
    let text = value.to_str().map_err(|_| refused("Authorization is not printable ASCII"))?;
    match text.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => {
            Ok(Some(token.trim()).filter(|token| !token.is_empty()))
        }
        _ => Err(refused("a bearer token is expected: Authorization: Bearer sl_…")),
    }
}

/// For whom an application acts.
enum OnBehalfOf {
    Nobody,
    Account(AccountId),
    Anonymous,
}

fn on_behalf_of(headers: &HeaderMap) -> Result<OnBehalfOf, Problem> {
    const NAME: &str = "Sharelog-On-Behalf-Of";
    match single(headers, NAME)? {
        None => Ok(OnBehalfOf::Nobody),
        Some("anonymous") => Ok(OnBehalfOf::Anonymous),
        Some(text) => match text.strip_prefix("account:") {
            Some(id) => id.parse().map(OnBehalfOf::Account).map_err(|error| {
                Problem::field("header:Sharelog-On-Behalf-Of", format!("{error}"))
            }),
            None => Err(Problem::field(
                "header:Sharelog-On-Behalf-Of",
                "account:ID or anonymous is expected",
            )),
        },
    }
}

fn client_address(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    const NAME: &str = "Sharelog-Client-Address";
    let Some(text) = single(headers, NAME)? else { return Ok(None) };
    let address: IpAddr = text.parse().map_err(|_| {
        Problem::field("header:Sharelog-Client-Address", "an IPv4 or IPv6 address is expected")
    })?;
    Ok(Some(address.to_canonical().to_string()))
}

fn visits(headers: &HeaderMap) -> Result<Vec<String>, Problem> {
    const NAME: &str = "Sharelog-Visit";
    let wrong = |detail: &str| Problem::field("header:Sharelog-Visit", detail);
    let mut found = Vec::new();
    if !is_sent(headers, NAME) {
        return Ok(found);
    }
    for value in headers.get_all(NAME) {
        let text = value.to_str().map_err(|_| wrong("is not printable ASCII"))?;
        for visit in text.split(',').map(str::trim) {
            if visit.is_empty() || visit.len() > MAX_VISIT_BYTES {
                return Err(wrong("is no visit"));
            }
            found.push(visit.to_owned());
        }
    }
    if found.len() > MAX_VISITS {
        return Err(wrong("at most 20 visits are looked at"));
    }
    Ok(found)
}

/// The caller behind a valid token and the headers that go with it; without a token nobody.
pub(super) fn caller(
    identity: Option<&TokenIdentity>,
    headers: &HeaderMap,
) -> Result<Caller, Problem> {
    let acts_for = on_behalf_of(headers)?;
    let address = client_address(headers)?;
    let visits = visits(headers)?;
    let app = identity.is_some_and(|identity| identity.role == CallerRole::App);
    if !app && (address.is_some() || !matches!(acts_for, OnBehalfOf::Nobody)) {
        let detail = "Sharelog-On-Behalf-Of and Sharelog-Client-Address are for applications";
        return Err(Problem::not_permitted(detail));
    }
    let Some(identity) = identity else {
        return Ok(Caller { anonymous: true, visits, ..Caller::default() });
    };
    let (account, anonymous) = match acts_for {
        OnBehalfOf::Nobody => (identity.account.clone(), false),
        OnBehalfOf::Account(id) => (Some(id), false),
        OnBehalfOf::Anonymous => (None, true),
    };
    Ok(Caller {
        token: Some(identity.id),
        role: identity.role,
        label: identity.label.clone(),
        scopes: identity.scopes.clone(),
        account,
        anonymous,
        client_address: address,
        visits,
        ..Caller::default()
    })
}

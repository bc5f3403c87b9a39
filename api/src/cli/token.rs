//! `sharelog token`: issues, lists and revokes access tokens.

use super::{
    args::{TokenCommand, TokenCreateArgs, TokenListArgs, TokenRevokeArgs},
    context::CliContext,
    local_writer::{self, LocalWriter},
    remote::Remote,
};
use crate::{clock::SystemClock, exit::Failure, terminal};
use commands::{Clock as _, NewToken, Status};
use domain::{
    event::{CallerRole, Scope},
    id::TokenId,
    token::TokenState,
};
use serde_json::{Value, json};
use std::io::IsTerminal as _;

pub(super) async fn run(context: &CliContext, command: TokenCommand) -> Result<(), Failure> {
    match command {
        TokenCommand::Create(args) => create(context, *args).await,
        TokenCommand::List(args) => list(context, *args).await,
        TokenCommand::Revoke(args) => revoke(context, *args).await,
    }
}

async fn create(context: &CliContext, args: TokenCreateArgs) -> Result<(), Failure> {
    let store = context.store(args.store)?;
    let token = NewToken {
        role: args.role.into(),
        label: args.label,
        scopes: args.scopes.into_iter().map(Into::into).collect(),
        account: args.account,
        ends_at: args.ends_at,
    };
    let (id, secret) = if let Some(remote) = Remote::find(&args.remote, &store)? {
        create_remotely(&remote, &token).await?
    } else {
        let local = LocalWriter::open(&store).await?;
        let (_, id, secret) = local.commands.tokens.issue(&local_writer::request(), token).await?;
        local.close().await?;
        (id.to_string(), secret.map(|secret| secret.expose().to_owned()).unwrap_or_default())
    };
    terminal::note(format_args!("token {id}; its secret is shown now and never again:"));
    terminal::line(&secret);
    if std::io::stdout().is_terminal() {
        terminal::note(terminal::paint(terminal::DIM, "send it as: Authorization: Bearer sl_…"));
    }
    Ok(())
}

async fn create_remotely(remote: &Remote, token: &NewToken) -> Result<(String, String), Failure> {
    let scopes: Vec<Value> = token.scopes.iter().map(|scope| json!(scope)).collect();
    let mut body = json!({"role": token.role, "label": token.label});
    if let Some(fields) = body.as_object_mut() {
        if !scopes.is_empty() {
            fields.insert("scopes".to_owned(), scopes.into());
        }
        if let Some(account) = &token.account {
            fields.insert("account".to_owned(), json!({"type": "account", "id": account}));
        }
        if let Some(ends_at) = token.ends_at {
            fields.insert("ends_at".to_owned(), json!(ends_at));
        }
    }
    let answer = remote.post("/v1/tokens", &body).await?;
    let part = |name: &str| {
        let value = answer.pointer(&format!("/token/{name}")).and_then(Value::as_str);
        value.map(str::to_owned).ok_or_else(|| {
            Failure::failed(format!("the answer of the service lacks the {name} of the token"))
        })
    };
    Ok((part("id")?, part("secret")?))
}

async fn list(context: &CliContext, args: TokenListArgs) -> Result<(), Failure> {
    let store = context.store(args.store)?;
    let rows = match Remote::find(&args.remote, &store)? {
        Some(remote) => list_remotely(&remote).await?,
        None => list_locally(&LocalWriter::open(&store).await?).await?,
    };
    if args.json {
        for row in rows {
            terminal::line(row);
        }
        return Ok(());
    }
    let cells: Vec<[String; 5]> = rows.iter().map(cells).collect();
    terminal::table(["TOKEN", "ROLE", "LABEL", "STATE", "SCOPES"], &cells);
    Ok(())
}

fn cells(row: &Value) -> [String; 5] {
    let text = |name: &str| row.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let scopes = row
        .get("scopes")
        .and_then(Value::as_array)
        .map(|scopes| scopes.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" "));
    let scopes = scopes.filter(|scopes| !scopes.is_empty()).unwrap_or_else(|| "all".to_owned());
    let state = match (row.get("revoked_at"), row.get("ends_at")) {
        (Some(Value::String(at)), _) => format!("revoked {at}"),
        (_, Some(Value::String(at))) => format!("until {at}"),
        _ => "valid".to_owned(),
    };
    [text("id"), text("role"), text("label"), state, scopes]
}

async fn list_remotely(remote: &Remote) -> Result<Vec<Value>, Failure> {
    let mut rows = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let mut query = vec![("limit", "200".to_owned())];
        query.extend(cursor.take().map(|cursor| ("cursor", cursor)));
        let page = remote.get("/v1/tokens", &query).await?;
        rows.extend(page.get("data").and_then(Value::as_array).cloned().unwrap_or_default());
        cursor = page.get("next").and_then(Value::as_str).map(str::to_owned);
        if cursor.is_none() {
            return Ok(rows);
        }
    }
}

async fn list_locally(local: &LocalWriter) -> Result<Vec<Value>, Failure> {
    const PAGE_SIZE: u32 = 200;
    let mut rows = Vec::new();
    let mut after: Option<TokenId> = None;
    loop {
        let page = local.commands.tokens.list(after, PAGE_SIZE).await?;
        after = page.last().map(|(id, _)| *id);
        rows.extend(page.iter().map(|(id, state)| token_json(*id, state)));
        if page.len() < PAGE_SIZE as usize {
            return Ok(rows);
        }
    }
}

fn token_json(id: TokenId, state: &TokenState) -> Value {
    let issued = state.issued.as_ref();
    let role: Option<CallerRole> = issued.map(|issued| issued.role);
    let scopes: &[Scope] = issued.map(|issued| issued.scopes.as_slice()).unwrap_or_default();
    let ends_at = issued.and_then(|issued| issued.ends_at);
    let ended = ends_at.is_some_and(|end| end <= SystemClock.now());
    json!({
        "id": id, "role": role, "label": issued.map(|issued| &issued.label), "scopes": scopes,
        "account": issued.and_then(|issued| issued.account.as_ref()),
        "issued_at": state.issued_at, "ends_at": ends_at, "ended": ended,
        "revoked_at": state.revoked_at,
    })
}

async fn revoke(context: &CliContext, args: TokenRevokeArgs) -> Result<(), Failure> {
    let store = context.store(args.store)?;
    let token = args.token;
    let changed = if let Some(remote) = Remote::find(&args.remote, &store)? {
        let answer = remote.delete(&format!("/v1/tokens/{token}")).await?;
        answer.get("status").and_then(Value::as_str) != Some("unchanged")
    } else {
        let local = LocalWriter::open(&store).await?;
        let outcome = local.commands.tokens.revoke(&local_writer::request(), token).await?;
        local.close().await?;
        outcome.status != Status::Unchanged
    };
    terminal::line(if changed {
        format!("{token} is revoked")
    } else {
        format!("{token} was already revoked")
    });
    Ok(())
}

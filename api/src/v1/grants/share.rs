//! `POST /v1/items/{kind}/{id}/grants`: shares an item with several grantees, each with its own
//! result.

use crate::{
    extract::{CommandRequest, ItemPath},
    problem::{ApiResult, Problem},
    routing::{ACTORS, RouteAccess, register},
    state::AppState,
    v1::{
        input::Related,
        items::item_answer,
        shape::{Changed, GrantBody, Reply, Warning, grant_body, words},
    },
};
use axum::extract::State;
use commands::{CommandError, GranteeRef};
use domain::{
    event::Scope,
    id::{AccountId, GroupId},
    item::{ItemState, OnExisting, Share},
    rejection::{Reason, Rejection, ShareResult},
    role::{Role, Withheld},
    time::Time,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// At most so many at once.
const MAX_GRANTEES: usize = 500;
/// The longest message, in characters.
const MAX_MESSAGE_CHARS: usize = 1_000;

/// Whom to share with.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
#[serde(expecting = "an object such as {\"type\":\"account\",\"id\":\"a-22\"}")]
pub enum AskedInput {
    /// An account; it need not be registered.
    Account {
        /// Its id.
        #[schema(value_type = String, example = "a-22")]
        id: AccountId,
    },
    /// A group.
    Group {
        /// Its id.
        #[schema(value_type = String, example = "g-3")]
        id: GroupId,
    },
    /// Whoever has this e-mail address.
    Email {
        /// The address.
        #[schema(example = "someone@example.org")]
        address: String,
    },
}

/// Share with some.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "grantees": [{"type": "account", "id": "a-22"}], "role": "viewer",
    "ends_at": "2027-01-01T00:00:00Z"
}))]
pub struct PostGrants {
    /// With whom, at most 500.
    grantees: Vec<AskedInput>,
    /// What the grants permit.
    #[schema(value_type = words::Role)]
    role: Role,
    /// What they hold back of the role.
    #[schema(value_type = Option<Vec<words::Withheld>>)]
    withhold: Option<Vec<Withheld>>,
    /// First instant.
    #[schema(value_type = Option<words::Instant>)]
    starts_at: Option<Time>,
    /// First instant after it.
    #[schema(value_type = Option<words::Instant>)]
    ends_at: Option<Time>,
    /// What happens to those who have a grant already.
    #[serde(default)]
    #[schema(value_type = words::OnExisting)]
    on_existing: OnExisting,
    /// What happens to parts and required items.
    #[serde(default, rename = "related")]
    _related: Related,
    /// A few words to the grantees; at most 1,000 characters.
    message: Option<String>,
    /// Tell the grantees?
    notify: Option<bool>,
}

/// What became of one grantee.
#[derive(Debug, Serialize, ToSchema)]
pub struct GranteeResult {
    /// As asked.
    pub grantee: AskedInput,
    /// `granted`, `changed`, `unchanged`, `invited` or `refused`.
    #[schema(example = "granted")]
    pub result: &'static str,
    /// The grant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grant: Option<GrantBody>,
    /// Why it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "unknown_address")]
    pub reason: Option<Reason>,
    /// The same in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// How many of which result.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct ResultCounts {
    /// New grants.
    pub granted: usize,
    /// Grants changed.
    pub changed: usize,
    /// Those who had it already.
    pub unchanged: usize,
    /// Invitations sent.
    pub invited: usize,
    /// Refused.
    pub refused: usize,
}

/// What a share answers.
#[derive(Debug, Serialize, ToSchema)]
pub struct ShareResource {
    /// One per grantee, in the order asked.
    pub results: Vec<GranteeResult>,
    /// How many of which.
    pub counts: ResultCounts,
}

impl From<AskedInput> for GranteeRef {
    fn from(input: AskedInput) -> Self {
        match input {
            AskedInput::Account { id } => Self::Account(id),
            AskedInput::Group { id } => Self::Group(id),
            AskedInput::Email { address } => Self::Email(address),
        }
    }
}

fn result(grantee: AskedInput, result: &ShareResult, state: Option<&ItemState>) -> GranteeResult {
    let (result, grant, refused) = match result {
        ShareResult::Granted { grant } => ("granted", Some(grant), None),
        ShareResult::Changed { grant } => ("changed", Some(grant), None),
        ShareResult::Unchanged { grant } => ("unchanged", Some(grant), None),
        ShareResult::Refused { reason, detail } => ("refused", None, Some((*reason, detail))),
    };
    let open = grant.and_then(|grant| state?.grants.get(grant));
    GranteeResult {
        grantee,
        result,
        grant: open.map(grant_body),
        reason: refused.map(|(reason, _)| reason),
        detail: refused.map(|(_, detail)| detail.clone()),
    }
}

fn shape(
    asked: &[AskedInput],
    results: &[ShareResult],
    state: Option<&ItemState>,
) -> ShareResource {
    let results: Vec<GranteeResult> = asked
        .iter()
        .zip(results)
        .map(|(grantee, found)| result(grantee.clone(), found, state))
        .collect();
    let count = |name| results.iter().filter(|row| row.result == name).count();
    let counts = ResultCounts {
        granted: count("granted"),
        changed: count("changed"),
        unchanged: count("unchanged"),
        invited: count("invited"),
        refused: count("refused"),
    };
    ShareResource { results, counts }
}

register! {
    post_grants => RouteAccess::command(ACTORS, Scope::Sharing),
        "The result for each grantee", NothingApplied;
}

/// Share an item with some
///
/// Each grantee has a result of its own; the valid ones are applied. 422 `nothing-applied` when
/// all were
/// refused.
#[utoipa::path(post, path = "/v1/items/{kind}/{id}/grants", tag = "grants")]
pub async fn post_grants(
    State(app): State<AppState>,
    ItemPath { item }: ItemPath,
    CommandRequest { request, body, .. }: CommandRequest<PostGrants>,
) -> ApiResult<Changed<ShareResource>> {
    if body.grantees.is_empty() || body.grantees.len() > MAX_GRANTEES {
        return Err(Problem::field("/grantees", format!("1 to {MAX_GRANTEES} grantees")));
    }
    if body.message.as_ref().is_some_and(|text| text.chars().count() > MAX_MESSAGE_CHARS) {
        let detail = format!("has more than {MAX_MESSAGE_CHARS} characters");
        return Err(Problem::field("/message", detail));
    }
    let asked: Vec<GranteeRef> = body.grantees.iter().cloned().map(Into::into).collect();
    let template = Share {
        grantees: Vec::new(),
        role: body.role,
        withhold: body.withhold.unwrap_or_default(),
        starts_at: body.starts_at,
        ends_at: body.ends_at,
        on_existing: body.on_existing,
    };
    let outcome = match app.commands.share(&request, &item, asked, template).await {
        Ok(outcome) => outcome,
        Err(CommandError::Rejected(Rejection::NothingApplied(results))) => {
            let shaped = shape(&body.grantees, &results, None);
            let problem: Problem = Rejection::NothingApplied(Vec::new()).into();
            return Err(problem.with("results", shaped.results).with("counts", shaped.counts));
        }
        Err(error) => return Err(error.into()),
    };
    let resource = shape(&body.grantees, &outcome.results, Some(&outcome.after));
    let mut answer = item_answer(&item, &outcome, resource);
    if body.message.is_some() || body.notify == Some(true) {
        answer.warnings.push(Warning {
            code: "not_notified",
            detail: "messages are not delivered yet; the grantees were not told".to_owned(),
        });
    }
    Ok(Reply::new(&app, &outcome).version(outcome.after.sharing_version).with(answer))
}

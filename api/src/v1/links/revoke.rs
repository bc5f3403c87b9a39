//! `DELETE /v1/items/{kind}/{id}/links/{link}`: ends a link, at once for all.

use super::used_at;
use crate::{
    extract::{CommandRequest, DryRun, LinkPath},
    problem::{ApiResult, Problem, ProblemType, unanswered},
    routing::{ACTORS, Contract, RouteAccess, register},
    state::AppState,
    v1::{
        items::item_answer,
        shape::{LinkBody, PrincipalBody, Removed, Reply, StillOpen, grants_ended, link_body},
    },
};
use axum::extract::State;
use commands::{CommandError, Outcome};
use domain::{
    aggregate::Aggregate as _,
    event::{DecodeError, ProvenanceKind, Scope},
    id::{ItemRef, LinkId},
    item::{ItemCommand, ItemState, OpenLink},
    position::Position,
    private_text::HoldsPrivateText as _,
    stream::StreamName,
    time::Time,
};
use eventlog::TextOpener as _;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// The parameters.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RevokeQuery {
    /// Say what would happen, and record nothing.
    #[serde(default)]
    dry_run: bool,
    /// End the grants that were born from the link too.
    #[serde(default)]
    cascade: bool,
}

impl DryRun for RevokeQuery {
    fn dry_run(&self) -> bool {
        self.dry_run
    }

    fn parameters(contract: &mut Contract) {
        contract.takes_query::<Self>();
    }
}

/// What a revocation answers.
#[derive(Debug, Serialize, ToSchema)]
pub struct RevokedResource {
    /// The link as it last was; also one that had ended before.
    pub link: LinkBody,
}

/// Who joined through the link and keeps access.
fn joined(state: &ItemState, link: LinkId, now: Time) -> Vec<StillOpen> {
    let id = link.to_string();
    let born = state.grants.values().map(|open| &open.grant).filter(|grant| {
        grant.provenance.kind == ProvenanceKind::Link
            && grant.provenance.id.as_ref() == Some(&id)
            && grant.ends_at.is_none_or(|end| end > now)
    });
    born.map(|grant| StillOpen {
        via: "grant",
        role: Some(grant.role),
        grant: Some(grant.grant),
        grantee: Some(PrincipalBody::from(&grant.grantee.principal())),
        ..StillOpen::default()
    })
    .collect()
}

/// A link that had ended before, as it last was: the state keeps open ones only.
async fn ended_before(
    app: &AppState,
    item: &ItemRef,
    link: LinkId,
    outcome: &Outcome<ItemState>,
) -> ApiResult<OpenLink> {
    let stream = StreamName::Item(item.clone());
    let read = app.log.read_stream(&stream, Position::START).await;
    let records = read.map_err(|error| unanswered(outcome, error.into()))?;
    let (mut state, mut last) = (ItemState::default(), ItemState::default());
    for record in records {
        let damaged = |error: DecodeError| CommandError::Internal(error.to_string());
        for recorded in record.events().map_err(damaged)? {
            state.replay(recorded).map_err(damaged)?;
            if let Some(open) = state.links.get(&link) {
                last.links.insert(link, open.clone());
            }
        }
    }
    let opened = app.commands.text_decryptor().open(&stream, last.private_texts()).await;
    opened.map_err(|error| unanswered(outcome, error.into()))?;
    last.links.remove(&link).ok_or_else(|| {
        Problem::new(ProblemType::Internal, "the service failed; its log has the cause")
            .because(format!("{link} has ended, but is in no state"))
    })
}

register! {
    delete_link => RouteAccess::command(ACTORS, Scope::Sharing),
        "The grants that it ended, and who keeps access";
}

/// End a link, at once for all
#[utoipa::path(delete, path = "/v1/items/{kind}/{id}/links/{link}", tag = "links")]
pub async fn delete_link(
    State(app): State<AppState>,
    LinkPath { item, link }: LinkPath,
    call: CommandRequest<crate::extract::NoBody, RevokeQuery>,
) -> ApiResult<Removed<RevokedResource>> {
    let CommandRequest { request, query, .. } = call.with_before();
    let command = ItemCommand::RevokeLink { link, cascade: query.cascade };
    let outcome = app.commands.item(&request, &item, command).await?;
    let before = outcome.before.as_deref().and_then(|before| before.links.get(&link));
    let open = match before {
        Some(open) => open.clone(),
        None => ended_before(&app, &item, link, &outcome).await?,
    };
    let used = used_at(&app, link, &open, &outcome).await?;
    let link_now = link_body(link, &open, used, outcome.at).revoked();
    let mut answer = item_answer(&item, &outcome, RevokedResource { link: link_now });
    answer.ended = Some(grants_ended(&outcome.events));
    answer.still_open = Some(joined(&outcome.after, link, outcome.at));
    Ok(Reply::new(&app, &outcome).with(answer))
}

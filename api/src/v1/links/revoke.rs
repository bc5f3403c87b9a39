//! `DELETE /v1/items/{kind}/{id}/links/{link}`: end a link, at once for all.

use super::used_at;
use crate::{
    extract::{Call, DryRun, LinkPath},
    problem::Fallible,
    state::AppState,
    v1::{
        items::item_answer,
        shape::{Answer, LinkBody, PrincipalBody, Reply, StillOpen, grants_ended, link_body},
    },
};
use axum::{extract::State, response::Response};
use domain::{
    event::ProvenanceKind,
    id::LinkId,
    item::{ItemCommand, ItemState},
    time::Time,
};
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
}

/// What a revocation answers.
#[derive(Debug, Serialize, ToSchema)]
pub struct RevokedResource {
    /// The link; null when it had ended before.
    pub link: Option<LinkBody>,
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

/// End a link, at once for all
#[utoipa::path(delete, path = "/v1/items/{kind}/{id}/links/{link}", tag = "links",
    params(RevokeQuery), responses(
    (status = 200, description = "What it ended, and who keeps \
        access", body = Answer<RevokedResource>)))]
pub async fn delete_link(
    State(app): State<AppState>,
    LinkPath { item, link }: LinkPath,
    call: Call<crate::extract::NoBody, RevokeQuery>,
) -> Fallible<Response> {
    let Call { request, query, .. } = call.with_before();
    let command = ItemCommand::RevokeLink { link, cascade: query.cascade };
    let outcome = app.commands.item(&request, &item, command).await?;
    let before = outcome.before.as_deref().and_then(|before| before.links.get(&link));
    let body = match before {
        Some(open) => {
            let used = used_at(&app, link, open, &outcome).await?;
            Some(link_body(link, open, used, outcome.at).revoked())
        }
        None => None,
    };
    let mut answer = item_answer(&item, &outcome, RevokedResource { link: body });
    answer.ended = Some(grants_ended(&outcome.events));
    answer.still_open = Some(joined(&outcome.after, link, outcome.at));
    Ok(Reply::to(&app, &outcome).json(answer))
}

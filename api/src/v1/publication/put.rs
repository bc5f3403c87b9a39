//! `PUT /v1/items/{kind}/{id}/publication`: list an item in the catalog, or change its entry.

use crate::{
    extract::{CommandRequest, ItemPath},
    problem::{ApiResult, Problem, ProblemType},
    routing::{ACTORS, RouteAccess, register},
    state::AppState,
    v1::{
        input::{Related, no_slug},
        items::item_answer,
        shape::{
            AlsoBody, Changed, PublicationBody, Reply, also, publication_body, still_open_all,
            words,
        },
    },
};
use axum::extract::State;
use domain::{
    event::{CatalogAudience, EventType, Scope},
    id::GroupId,
    item::{ItemCommand, NewPublication},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A catalog entry; what is absent is taken from the item's own description.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"audience": "anyone", "title": "RNA-seq 4", "tags": ["rna"]}))]
pub struct PutPublication {
    /// Slugs are not available yet: null.
    slug: Option<String>,
    /// Who sees it.
    #[schema(value_type = words::CatalogAudience)]
    audience: CatalogAudience,
    /// The groups of audience `groups`.
    #[schema(value_type = Option<Vec<String>>)]
    groups: Option<Vec<GroupId>>,
    /// Title.
    title: Option<String>,
    /// Longer text.
    description: Option<String>,
    /// Tags.
    tags: Option<Vec<String>>,
    /// Address of a preview picture.
    preview: Option<String>,
    /// What happens to parts and required items.
    #[serde(default, rename = "related")]
    _related: Related,
}

/// A related item.
#[derive(Debug, Serialize, ToSchema)]
pub struct RelatedItem {
    /// Its kind.
    pub kind: String,
    /// The application's own id of it.
    pub id: String,
}

/// What publishing answers.
#[derive(Debug, Serialize, ToSchema)]
pub struct PublishedResource {
    /// The entry.
    pub publication: PublicationBody,
    /// What else it changed.
    pub also: Vec<AlsoBody>,
    /// Related items that were opened.
    pub opened: Vec<RelatedItem>,
    /// Related items that were left closed.
    pub left_closed: Vec<RelatedItem>,
}

register! {
    put_publication => RouteAccess::command(ACTORS, Scope::Sharing),
        "The catalog entry";
}

/// List an item in the catalog, or change its entry
///
/// Raises the visibility to the audience in the same commit. A narrower audience narrows the entry
/// only: the visibility stays, and `still_open` tells it with all else that gives access.
#[utoipa::path(put, path = "/v1/items/{kind}/{id}/publication", tag = "publication")]
pub async fn put_publication(
    State(app): State<AppState>,
    ItemPath { item }: ItemPath,
    CommandRequest { request, body, .. }: CommandRequest<PutPublication>,
) -> ApiResult<Changed<PublishedResource>> {
    no_slug(body.slug.as_deref())?;
    let command = ItemCommand::Publish(NewPublication {
        audience: body.audience,
        groups: body.groups.unwrap_or_default(),
        title: body.title,
        description: body.description,
        tags: body.tags,
        preview: body.preview,
    });
    let outcome = app.commands.item(&request, &item, command).await?;
    let open = outcome.after.publication.as_ref().ok_or_else(|| {
        Problem::new(ProblemType::Internal, "the service failed; its log has the cause")
            .because("published without an entry")
    })?;
    let resource = PublishedResource {
        publication: publication_body(&app.public_url, &item, open),
        also: also(&outcome.events, EventType::Published),
        opened: Vec::new(),
        left_closed: Vec::new(),
    };
    let version = open.version;
    let mut answer = item_answer(&item, &outcome, resource);
    answer.still_open = Some(still_open_all(&outcome.after, outcome.at));
    Ok(Reply::new(&app, &outcome).version(version).with(answer))
}

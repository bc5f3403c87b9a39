//! `/i/{kind}/{id}`: what anyone can see of an item. Its address gives no right by itself.

use super::{
    Visitor, failed,
    view::{Frame, HtmlPage},
};
use crate::AppState;
use askama::Template;
use axum::extract::{Path, State, rejection::PathRejection};
use domain::{
    id::{ItemId, ItemRef, KindName},
    item::ItemState,
    position::Position,
    private_text::PrivateText,
    role::{Permission, Permissions},
};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// A page that shows one item.
#[derive(Template)]
#[template(path = "item.html")]
pub(super) struct ItemPage {
    pub(super) frame: Frame,
    pub(super) kind: String,
    pub(super) title: String,
    pub(super) description: Option<String>,
    pub(super) tags: Vec<String>,
    pub(super) can_heading: &'static str,
    pub(super) can: Vec<&'static str>,
    pub(super) facts: Vec<(&'static str, String)>,
    pub(super) target: Option<String>,
}

pub(super) async fn show(
    State(app): State<AppState>,
    Visitor(caller): Visitor,
    path: Result<Path<(String, String)>, PathRejection>,
) -> HtmlPage {
    let item = path.ok().and_then(|Path((kind, id))| {
        Some(ItemRef { kind: KindName::parse(kind).ok()?, id: ItemId::parse(id).ok()? })
    });
    let Some(item) = item else { return HtmlPage::not_found() };
    let state = match app.commands.load_item(&item).await {
        Ok(state) => state,
        Err(error) => return failed(&error),
    };
    let (known, now) = (Position::START, app.clock.now());
    let access = match app.commands.effective_access(&caller, &item, &state, known, now).await {
        Ok(access) => access,
        Err(error) => return failed(&error),
    };
    let may = access.permissions;
    match access.has(Permission::Browse) {
        Ok(true) => {}
        Ok(false) => return HtmlPage::not_found(),
        Err(error) => return failed(&error),
    }
    let mut page = ItemPage::new(&item, &state, may);
    if let Some(entry) = state.publication.as_ref().map(|open| &open.publication) {
        page.title.clone_from(&entry.title);
        page.description.clone_from(&entry.description);
        page.tags.clone_from(&entry.tags);
    }
    if let Some(published) = &state.publication {
        page.facts.push(("Published", published.published_at.day_in_words()));
    }
    page.can_heading = "Anyone may";
    page.target = target(&app, &item);
    HtmlPage::new(&page)
}

impl ItemPage {
    /// What the item says of itself to somebody with these permissions.
    pub(super) fn new(item: &ItemRef, state: &ItemState, may: Permissions) -> Self {
        let text = |text: &Option<PrivateText>| {
            text.as_ref().and_then(PrivateText::as_plain).map(str::to_owned)
        };
        let description = &state.description;
        let tags = text(&description.tags);
        let owner = state.owner.as_ref().map(|owner| ("Owner", owner.to_string()));
        Self {
            frame: Frame,
            kind: item.kind.to_string().replace('_', " "),
            title: text(&description.title).unwrap_or_else(|| item.id.to_string()),
            description: text(&description.description),
            tags: tags.and_then(|tags| serde_json::from_str(&tags).ok()).unwrap_or_default(),
            can_heading: "You may",
            can: may.iter().map(in_words).collect(),
            facts: owner.into_iter().collect(),
            target: None,
        }
    }
}

const fn in_words(permission: Permission) -> &'static str {
    match permission {
        Permission::Browse => "see its title and description",
        Permission::View => "look at it",
        Permission::Download => "download it",
        Permission::Copy => "make a copy of it",
        Permission::Contribute => "add to it",
        Permission::Edit => "change it",
        Permission::Share => "share it with others",
        Permission::Publish => "publish it",
        Permission::Own => "do everything with it",
    }
}

/// Where the item is, in the application that it belongs to; `None` = its kind says nothing of
/// that.
pub(super) fn target(app: &AppState, item: &ItemRef) -> Option<String> {
    let system = app.commands.system();
    let template = system.kinds.get(&item.kind)?.url.as_ref()?;
    let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let kind = encoded(item.kind.as_str());
    Some(template.replace("{kind}", &kind).replace("{id}", &encoded(item.id.as_str())))
}

//! The tables of `access`, as `migrations/` creates them.

use crate::projection::{Column, Shape, Table, flag, instant, int, text};

pub(super) const ITEM: &[&str] = &["item_kind", "item_id"];
/// What a grant was born from.
pub(super) const ORIGIN: &[&str] = &["provenance", "provenance_id"];

/// All of them.
pub const ALL: &[&Table] = &[
    &ITEMS,
    &STATES,
    &VISIBILITIES,
    &PUBLICATIONS,
    &GRANTS,
    &LINKS,
    &ACCOUNTS,
    &SETTINGS,
    &MOMENTS,
];

/// What items say of themselves.
pub static ITEMS: Table = Table {
    name: "items",
    columns: &[
        text("item_kind"),
        text("item_id"),
        text("title"),
        text("title_key"),
        text("description"),
        text("description_key"),
        text("tags"),
        text("tags_key"),
        text("preview"),
        text("preview_key"),
        flag("in_library"),
        instant("registered_at"),
        int("registered_position"),
        instant("updated_at"),
        int("version"),
    ],
    key: 2,
    parents: &[],
    shape: Shape::Plain,
    texts: &[
        ("title", "title_key"),
        ("description", "description_key"),
        ("tags", "tags_key"),
        ("preview", "preview_key"),
    ],
};

/// Who owned an item, and where in its life it was.
pub static STATES: Table = Table {
    name: "states",
    columns: &[
        text("item_kind"),
        text("item_id"),
        text("owner"),
        text("lifecycle"),
        instant("owned_since"),
        text("events"),
    ],
    key: 2,
    parents: &[],
    shape: Shape::Temporal,
    texts: &[],
};

/// Who saw an item without a grant.
pub static VISIBILITIES: Table = Table {
    name: "visibilities",
    columns: &[
        text("item_kind"),
        text("item_id"),
        text("visibility"),
        text("set_by"),
        text("events"),
    ],
    key: 2,
    parents: &[ITEM],
    shape: Shape::Temporal,
    texts: &[],
};

/// Whether an item was in the catalog, and for whom.
pub static PUBLICATIONS: Table = Table {
    name: "publications",
    columns: &[
        text("item_kind"),
        text("item_id"),
        text("audience"),
        instant("published_at"),
        text("events"),
    ],
    key: 2,
    parents: &[ITEM],
    shape: Shape::Temporal,
    texts: &[],
};

/// Grants.
pub static GRANTS: Table = Table {
    name: "grants",
    columns: &[
        text("grant_id"),
        text("item_kind"),
        text("item_id"),
        text("grantee_type"),
        text("grantee_id"),
        text("role"),
        text("withhold"),
        instant("starts_at"),
        instant("ends_at"),
        text("provenance"),
        text("provenance_id"),
        text("given_by"),
        instant("given_at"),
        text("events"),
    ],
    key: 1,
    parents: &[ITEM, ORIGIN],
    shape: Shape::Temporal,
    texts: &[],
};

/// Links, without anything that opens one.
pub static LINKS: Table = Table {
    name: "links",
    columns: &[
        text("link_id"),
        text("item_kind"),
        text("item_id"),
        text("role"),
        text("withhold"),
        text("audience"),
        instant("starts_at"),
        instant("ends_at"),
        int("max_visits"),
        flag("joins"),
        flag("has_password"),
        int("generation"),
        text("created_by"),
        instant("created_at"),
        text("events"),
    ],
    key: 1,
    parents: &[ITEM],
    shape: Shape::Temporal,
    texts: &[],
};

/// Whether an account could use its rights. An account without a row (never registered) can.
pub static ACCOUNTS: Table = Table {
    name: "accounts",
    columns: &[text("account"), text("status")],
    key: 1,
    parents: &[],
    shape: Shape::Temporal,
    texts: &[],
};

/// Rules in force: `rules` = version of the role table, `kinds` = the kinds as JSON.
pub static SETTINGS: Table = Table {
    name: "settings",
    columns: &[text("name"), text("value")],
    key: 1,
    parents: &[],
    shape: Shape::Temporal,
    texts: &[],
};

/// The effective time of each record.
pub static MOMENTS: Table = Table {
    name: "moments",
    columns: MOMENT_COLUMNS,
    key: 1,
    parents: &[],
    shape: Shape::Journal,
    texts: &[],
};

const MOMENT_COLUMNS: &[Column] = &[int("position"), instant("time")];

//! The tables of `access`.

use crate::table::{Table, flag, instant, int, text};

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
pub static ITEMS: Table = Table::plain(
    "items",
    2,
    &[
        text("item_kind"),
        text("item_id"),
        text("title").nullable(),
        text("title_key").nullable(),
        text("description").nullable(),
        text("description_key").nullable(),
        text("tags").nullable(),
        text("tags_key").nullable(),
        text("preview").nullable(),
        text("preview_key").nullable(),
        flag("in_library"),
        instant("registered_at"),
        int("registered_position"),
        instant("updated_at"),
        int("version"),
    ],
)
.with_texts(&[
    ("title", "title_key"),
    ("description", "description_key"),
    ("tags", "tags_key"),
    ("preview", "preview_key"),
]);

/// Who owned an item, and where in its life it was.
pub static STATES: Table = Table::temporal(
    "states",
    2,
    &[
        text("item_kind"),
        text("item_id"),
        text("owner"),
        text("lifecycle"),
        instant("owned_since"),
        text("events"),
    ],
)
.with_indexes(&[&["owner", "item_kind", "item_id"]])
.with_ended_indexes(&[&["owner"]]);

/// Who saw an item without a grant.
pub static VISIBILITIES: Table = Table::temporal(
    "visibilities",
    2,
    &[
        text("item_kind"),
        text("item_id"),
        text("visibility"),
        text("set_by").nullable(),
        text("events"),
    ],
)
.with_parents(&[ITEM]);

/// Whether an item was in the catalog, and for whom.
pub static PUBLICATIONS: Table = Table::temporal(
    "publications",
    2,
    &[
        text("item_kind"),
        text("item_id"),
        text("audience"),
        instant("published_at"),
        text("events"),
    ],
)
.with_parents(&[ITEM]);

/// Grants.
pub static GRANTS: Table = Table::temporal(
    "grants",
    1,
    &[
        text("grant_id"),
        text("item_kind"),
        text("item_id"),
        text("grantee_type"),
        text("grantee_id"),
        text("role"),
        text("withhold"),
        instant("starts_at").nullable(),
        instant("ends_at").nullable(),
        text("provenance"),
        text("provenance_id").nullable(),
        text("given_by").nullable(),
        instant("given_at"),
        text("events"),
    ],
)
.with_parents(&[ITEM, ORIGIN])
.with_indexes(&[
    &["item_kind", "item_id", "grantee_type", "grantee_id"],
    &["grantee_type", "grantee_id", "item_kind", "item_id"],
    &["provenance_id"],
])
.with_ended_indexes(&[&["grantee_type", "grantee_id"]]);

/// Links, without anything that opens one.
pub static LINKS: Table = Table::temporal(
    "links",
    1,
    &[
        text("link_id"),
        text("item_kind"),
        text("item_id"),
        text("role"),
        text("withhold"),
        text("audience"),
        instant("starts_at").nullable(),
        instant("ends_at").nullable(),
        int("max_visits").nullable(),
        flag("joins"),
        flag("has_password"),
        int("generation"),
        text("created_by").nullable(),
        instant("created_at"),
        text("events"),
    ],
)
.with_parents(&[ITEM])
.with_indexes(&[&["item_kind", "item_id"]]);

/// Whether an account could use its rights. An account without a row (never registered) can.
pub static ACCOUNTS: Table = Table::temporal("accounts", 1, &[text("account"), text("status")]);

/// Rules in force: `rules` = version of the role table, `kinds` = the kinds as JSON.
pub static SETTINGS: Table = Table::temporal("settings", 1, &[text("name"), text("value")]);

/// The effective time of each record.
pub static MOMENTS: Table = Table::journal("moments", 1, &[int("position"), instant("time")])
    .with_indexes(&[&["time", "position"]]);

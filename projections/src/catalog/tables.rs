//! The tables of `catalog`, as `migrations/` creates them.

use crate::projection::{Shape, Table, flag, instant, int, json, text};

pub(super) const ITEM: &[&str] = &["item_kind", "item_id"];

/// All of them.
pub const ALL: &[&Table] = &[&OWNERS, &ENTRIES, &WORDS, &TAGS];

/// Who owns each item, published or not.
pub static OWNERS: Table = Table {
    name: "owners",
    columns: &[text("item_kind"), text("item_id"), text("owner")],
    key: 2,
    parents: &[],
    shape: Shape::Plain,
    texts: &[],
};

/// The entries. Their texts are public by intent.
pub static ENTRIES: Table = Table {
    name: "entries",
    columns: &[
        text("item_kind"),
        text("item_id"),
        text("title"),
        text("title_sort"),
        text("description"),
        json("tags"),
        text("preview"),
        text("slug"),
        text("audience"),
        json("groups"),
        flag("featured"),
        instant("published_at"),
        instant("updated_at"),
        int("version"),
    ],
    key: 2,
    parents: &[ITEM],
    shape: Shape::Temporal,
    texts: &[],
};

/// The words of each entry.
pub static WORDS: Table = Table {
    name: "words",
    columns: &[text("item_kind"), text("item_id"), text("word"), int("weight")],
    key: 3,
    parents: &[ITEM],
    shape: Shape::Temporal,
    texts: &[],
};

/// The tags of each entry, lower-cased.
pub static TAGS: Table = Table {
    name: "tags",
    columns: &[text("item_kind"), text("item_id"), text("tag")],
    key: 3,
    parents: &[ITEM],
    shape: Shape::Temporal,
    texts: &[],
};

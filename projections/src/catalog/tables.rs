//! The tables of `catalog`.

use crate::table::{Table, flag, instant, int, json, text};

pub(super) const ITEM: &[&str] = &["item_kind", "item_id"];

/// All of them.
pub const ALL: &[&Table] = &[&OWNERS, &ENTRIES, &WORDS, &TAGS];

/// Who owns each item, published or not.
pub static OWNERS: Table =
    Table::plain("owners", 2, &[text("item_kind"), text("item_id"), text("owner")])
        .with_indexes(&[&["owner", "item_kind", "item_id"]]);

/// The entries. Their texts are public by intent.
pub static ENTRIES: Table = Table::temporal(
    "entries",
    2,
    &[
        text("item_kind"),
        text("item_id"),
        text("title"),
        text("title_sort"),
        text("description").nullable(),
        json("tags"),
        text("preview").nullable(),
        text("slug").nullable(),
        text("audience"),
        json("groups"),
        flag("featured"),
        instant("published_at"),
        instant("updated_at"),
        int("version"),
    ],
)
.with_parents(&[ITEM])
.with_indexes(&[
    &["published_at", "item_kind", "item_id"],
    &["updated_at", "item_kind", "item_id"],
    &["title_sort", "item_kind", "item_id"],
]);

/// The words of each entry.
pub static WORDS: Table =
    Table::temporal("words", 3, &[text("item_kind"), text("item_id"), text("word"), int("weight")])
        .with_parents(&[ITEM])
        .with_indexes(&[&["word", "item_kind", "item_id"]]);

/// The tags of each entry, lower-cased.
pub static TAGS: Table =
    Table::temporal("tags", 3, &[text("item_kind"), text("item_id"), text("tag")])
        .with_parents(&[ITEM])
        .with_indexes(&[&["tag", "item_kind", "item_id"]]);

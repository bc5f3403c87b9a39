//! The tables of `audit`.

use crate::table::{Table, flag, instant, int, json, text};

/// All of them.
pub const ALL: &[&Table] = &[&EVENTS, &TEXTS, &RULES];

/// The events, without private text.
pub static EVENTS: Table = Table::journal(
    "events",
    2,
    &[
        int("position"),
        int("idx"),
        instant("time"),
        text("name"),
        int("v"),
        text("actor").nullable(),
        flag("anonymous"),
        text("system").nullable(),
        text("app").nullable(),
        text("token").nullable(),
        text("item_kind").nullable(),
        text("item_id").nullable(),
        text("target_type").nullable(),
        text("target_id").nullable(),
        json("before").nullable(),
        json("after").nullable(),
        text("ticket").nullable(),
        text("command"),
        text("undoes").nullable(),
        text("source").nullable(),
        text("sentence"),
    ],
)
.with_indexes(&[
    &["item_kind", "item_id", "position", "idx"],
    &["actor", "position", "idx"],
    &["target_id", "target_type", "position", "idx"],
    &["name", "position", "idx"],
    &["time"],
]);

/// The private texts of events: `side` is `reason`, `before` or `after`, `field` the name of the
/// field there.
pub static TEXTS: Table = Table::journal(
    "texts",
    4,
    &[
        int("position"),
        int("idx"),
        text("side"),
        text("field"),
        text("text").nullable(),
        text("text_key").nullable(),
    ],
)
.with_texts(&[("text", "text_key")])
.with_indexes(&[&["text_key"]]);

/// Versions of the role table, from which position on.
pub static RULES: Table = Table::journal("rules", 1, &[int("position"), int("rules")]);

//! The tables of `audit`, as `migrations/` creates them.

use crate::projection::{Shape, Table, flag, instant, int, json, text};

/// All of them.
pub const ALL: &[&Table] = &[&EVENTS, &TEXTS, &RULES];

/// The events, without private text.
pub static EVENTS: Table = Table {
    name: "events",
    columns: &[
        int("position"),
        int("idx"),
        instant("time"),
        text("name"),
        int("v"),
        text("actor"),
        flag("anonymous"),
        text("system"),
        text("app"),
        text("token"),
        text("item_kind"),
        text("item_id"),
        text("target_type"),
        text("target_id"),
        json("before"),
        json("after"),
        text("ticket"),
        text("command"),
        text("undoes"),
        text("source"),
        text("sentence"),
    ],
    key: 2,
    parents: &[],
    shape: Shape::Journal,
    texts: &[],
};

/// The private texts of events: `side` is `reason`, `before` or `after`, `field` the name of the
/// field there.
pub static TEXTS: Table = Table {
    name: "texts",
    columns: &[
        int("position"),
        int("idx"),
        text("side"),
        text("field"),
        text("text"),
        text("text_key"),
    ],
    key: 4,
    parents: &[],
    shape: Shape::Journal,
    texts: &[("text", "text_key")],
};

/// Versions of the role table, from which position on.
pub static RULES: Table = Table {
    name: "rules",
    columns: &[int("position"), int("rules")],
    key: 1,
    parents: &[],
    shape: Shape::Journal,
    texts: &[],
};

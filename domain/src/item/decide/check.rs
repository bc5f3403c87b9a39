//! Validates the fields of a command.

use crate::{
    field::FieldPath,
    private_text::PrivateText,
    rejection::{Reason, Rejection},
    role::{Role, Withheld},
    time::{Time, Window},
};
use std::collections::BTreeSet;

/// The limits of fields and numbers.
pub mod limits {
    /// Characters of a title.
    pub const MAX_TITLE_CHARS: usize = 500;
    /// Characters of a description.
    pub const MAX_DESCRIPTION_CHARS: usize = 20_000;
    /// Tags of an item.
    pub const MAX_TAGS: usize = 50;
    /// Characters of a tag.
    pub const MAX_TAG_CHARS: usize = 100;
    /// Characters of a preview's address.
    pub const MAX_PREVIEW_CHARS: usize = 2_000;
    /// Bytes of stored content.
    pub const MAX_CONTENT_BYTES: usize = 16 * 1024;
    /// Characters of a link's label.
    pub const MAX_LABEL_CHARS: usize = 200;
    /// Bytes of a link's view state.
    pub const MAX_VIEW_STATE_BYTES: usize = 4 * 1024;
    /// Grantees of one call.
    pub const MAX_GRANTEES: usize = 500;
    /// Groups of a catalog entry.
    pub const MAX_CATALOG_GROUPS: usize = 500;
    /// Open grants of an item.
    pub const MAX_OPEN_GRANTS: usize = 10_000;
    /// Open links of an item.
    pub const MAX_OPEN_LINKS: usize = 1_000;
    /// Ends of an item recorded at once: so many fit into a record, whatever they are.
    pub const MAX_EXPIRED_PER_RECORD: usize = 120;
}

/// A field that breaks a rule.
pub(super) fn invalid(field: impl Into<FieldPath>, detail: impl Into<String>) -> Rejection {
    Rejection::InvalidField { field: field.into(), detail: detail.into() }
}

/// A text of one line, of 1 to so many characters.
pub(super) fn text(
    field: impl Into<FieldPath>,
    text: Option<&String>,
    most: usize,
) -> Result<(), Rejection> {
    written(field, text, most, char::is_control)
}

/// A text of several lines, of 1 to so many characters.
fn lines(field: impl Into<FieldPath>, text: Option<&String>, most: usize) -> Result<(), Rejection> {
    written(field, text, most, |c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
}

/// What pages and dashboards show holds no characters that nobody sees, nor any that a database
/// does not take (U+0000).
fn written(
    field: impl Into<FieldPath>,
    text: Option<&String>,
    most: usize,
    refused: fn(char) -> bool,
) -> Result<(), Rejection> {
    let Some(text) = text else { return Ok(()) };
    if text.is_empty() || text.chars().count() > most {
        return Err(invalid(field, format!("1 to {most} characters are allowed")));
    }
    match text.chars().find(|c| refused(*c)) {
        Some(c) => Err(invalid(field, format!("has the control character U+{:04X}", u32::from(c)))),
        None => Ok(()),
    }
}

/// An application's own text of at most so many bytes.
pub(super) fn bytes(
    field: impl Into<FieldPath>,
    text: Option<&String>,
    most: usize,
) -> Result<(), Rejection> {
    match text {
        Some(text) if text.len() > most => {
            Err(invalid(field, format!("at most {most} bytes are allowed")))
        }
        Some(text) if text.contains('\0') => {
            Err(invalid(field, "has the control character U+0000"))
        }
        Some(_) | None => Ok(()),
    }
}

/// At most 50 tags of 1 to 100 characters.
pub(super) fn tags(tags: &[String]) -> Result<(), Rejection> {
    if tags.len() > limits::MAX_TAGS {
        return Err(invalid("tags", format!("at most {} tags are allowed", limits::MAX_TAGS)));
    }
    for (index, tag) in tags.iter().enumerate() {
        text(FieldPath::from("tags").place(index), Some(tag), limits::MAX_TAG_CHARS)?;
    }
    Ok(())
}

/// An http or https address.
pub(super) fn preview(address: Option<&String>) -> Result<(), Rejection> {
    let Some(address) = address else { return Ok(()) };
    let rest = address.strip_prefix("https://").or_else(|| address.strip_prefix("http://"));
    let host = rest.and_then(|rest| rest.split(['/', '?', '#']).next()).unwrap_or_default();
    let clean = !address.chars().any(|c| c.is_whitespace() || c.is_control());
    if host.is_empty() || !clean || address.chars().count() > limits::MAX_PREVIEW_CHARS {
        let most = limits::MAX_PREVIEW_CHARS;
        let detail = format!("an http or https address of at most {most} characters is expected");
        return Err(invalid("preview", detail));
    }
    Ok(())
}

/// The texts of a description or a catalog entry, as requested.
pub(super) fn texts(
    title: Option<&String>,
    description: Option<&String>,
    tags_: &[String],
    preview_: Option<&String>,
) -> Result<(), Rejection> {
    text("title", title, limits::MAX_TITLE_CHARS)?;
    lines("description", description, limits::MAX_DESCRIPTION_CHARS)?;
    tags(tags_)?;
    preview(preview_)
}

/// A role that can be given by a grant.
pub(super) fn grant_role(field: impl Into<FieldPath>, role: Role) -> Result<(), Rejection> {
    if role == Role::Owner {
        return Err(invalid(field, "ownership changes only by transfer; grant `manager` instead"));
    }
    Ok(())
}

/// A role that can be given by a link.
pub(super) fn link_role(role: Role) -> Result<(), Rejection> {
    if role > Role::Editor {
        return Err(invalid("role", "a link gives browser, viewer, contributor or editor"));
    }
    Ok(())
}

/// What is wrong with a window, if anything.
pub(super) fn window(window: Window, now: Time) -> Result<(), Rejection> {
    let detail = match (window.starts_at, window.ends_at) {
        (_, Some(end)) if end <= now => format!("the end {end} has passed"),
        (Some(start), Some(end)) if end <= start => {
            format!("the end {end} does not lie after the start {start}")
        }
        _ => return Ok(()),
    };
    Err(Rejection::Rule { reason: Reason::WindowInPast, detail })
}

/// What is withheld, each once, in one order: so that equal terms are equal.
pub(super) fn withheld(withhold: &[Withheld]) -> Vec<Withheld> {
    let mut sorted = withhold.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    sorted
}

/// Each tag once, in the order given: a repeated one says nothing more.
pub(super) fn distinct(tags: &[String]) -> Vec<String> {
    let mut seen = BTreeSet::new();
    tags.iter().filter(|tag| seen.insert(*tag)).cloned().collect()
}

/// Tags as one private text; none = no text.
pub(super) fn tags_text(tags: &[String]) -> Option<PrivateText> {
    let array = serde_json::Value::from(distinct(tags));
    (!tags.is_empty()).then(|| PrivateText::plain(array.to_string()))
}

/// The tags in a private text; none when it was erased.
pub(super) fn tags_of(text: Option<&PrivateText>) -> Vec<String> {
    let plain = text.and_then(PrivateText::as_plain);
    plain.and_then(|plain| serde_json::from_str(plain).ok()).unwrap_or_default()
}

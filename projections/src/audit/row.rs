//! Turns the cells of the audit trail back into an event.

use crate::{
    AuditRow, Target,
    value::{CellError, Row, Value},
};
use domain::{
    id::{CommandId, ItemRef},
    position::EventId,
    role::Role,
};
use serde_json::{Map, Value as Json};
use uuid::Uuid;

/// A private text of an event: side, field, and the text; a null one was erased.
pub(crate) type TextCell = (String, String, Option<String>);

fn cell(row: &Row, place: usize) -> &Value {
    static NOTHING: Value = Value::Null;
    row.get(place).unwrap_or(&NOTHING)
}

/// Puts private texts back where they were taken from.
fn whole(json: Option<Json>, side: &str, texts: &[TextCell]) -> Option<Json> {
    let mut texts = texts.iter().filter(|(at, ..)| at == side).peekable();
    if texts.peek().is_none() {
        return json;
    }
    let mut map = match json {
        Some(Json::Object(map)) => map,
        Some(_) | None => Map::new(),
    };
    for (_, field, text) in texts {
        let value = match text {
            None => Json::Null,
            Some(text) if field == "tags" => {
                serde_json::from_str(text).unwrap_or_else(|_| text.clone().into())
            }
            Some(text) => text.clone().into(),
        };
        map.insert(field.clone(), value);
    }
    Some(Json::Object(map))
}

/// An event from the cells of its row, in the order of the table, the version of the role table in
/// force behind them; and from its texts.
pub(crate) fn audit_row(row: &Row, texts: &[TextCell]) -> Result<AuditRow, CellError> {
    let text = |place| cell(row, place).optional(|cell| cell.text().map(ToOwned::to_owned));
    let command = |cell: &Value| cell.parse::<Uuid>().map(CommandId);
    let id = EventId { position: cell(row, 0).position()?, index: cell(row, 1).small()? };
    let kind = cell(row, 10).optional(Value::parse)?;
    let item = kind.zip(cell(row, 11).optional(Value::parse)?);
    let before = cell(row, 14).optional(Value::json)?;
    let after = cell(row, 15).optional(Value::json)?;
    let reason = texts.iter().find(|(side, ..)| side == "reason");
    Ok(AuditRow {
        id,
        time: cell(row, 2).time()?,
        name: text(3)?.unwrap_or_default(),
        v: cell(row, 4).small()?,
        actor: cell(row, 5).optional(Value::parse)?,
        anonymous: cell(row, 6).bool()?,
        system: text(7)?,
        app: text(8)?,
        token: cell(row, 9).optional(Value::parse)?,
        item: item.map(|(kind, id)| ItemRef { kind, id }),
        target: text(12)?.zip(text(13)?).map(|(kind, id)| Target { kind, id }),
        before: whole(before, "before", texts),
        after: whole(after, "after", texts),
        reason: reason.and_then(|(_, _, text)| text.clone()),
        ticket: text(16)?,
        command: command(cell(row, 17))?,
        undoes: cell(row, 18).optional(command)?,
        source: text(19)?,
        text: text(20)?.unwrap_or_default(),
        rules: cell(row, 21).optional(Value::small)?.unwrap_or(Role::TABLE_VERSION),
    })
}

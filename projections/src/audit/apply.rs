//! Turns an event into rows of the audit trail.

use super::tables::{EVENTS, RULES, TEXTS};
use crate::{
    projection::{Change, RecordMeta},
    value::Value,
};
use domain::{
    event::{AccountEvent, CatalogEvent as _, Event, Recorded, SystemEvent, summary::sentence},
    id::{AccountId, ItemRef},
    private_text::PrivateText,
    stream::StreamName,
};

pub(super) fn apply(recorded: &Recorded, record: &RecordMeta) -> Vec<Change> {
    let said = recorded.event.payload().audit();
    let (item, target) = about(&record.stream, said.item, said.target);
    let event_type = recorded.event.event_type();
    let actor = &recorded.actor;
    let (target_type, target_id) = target.unzip();
    let row = EVENTS.row([
        ("position", recorded.position().into()),
        ("idx", recorded.id.index.into()),
        ("time", recorded.time.into()),
        ("name", event_type.name().into()),
        ("v", event_type.version().into()),
        ("actor", actor.account.as_ref().map(AccountId::as_str).into()),
        ("anonymous", actor.anonymous.into()),
        ("system", actor.system.clone().into()),
        ("app", actor.app.clone().into()),
        ("token", actor.via.map(|token| token.to_string()).into()),
        ("item_kind", item.as_ref().map(|item| item.kind.as_str()).into()),
        ("item_id", item.as_ref().map(|item| item.id.as_str()).into()),
        ("target_type", target_type.into()),
        ("target_id", target_id.into()),
        ("before", said.before.as_ref().into()),
        ("after", said.after.as_ref().into()),
        ("ticket", record.ticket.clone().into()),
        ("command", record.command.to_string().into()),
        ("undoes", record.undoes.map(|command| command.to_string()).into()),
        ("source", record.source.clone().into()),
        ("sentence", sentence(recorded, &record.stream).into()),
    ]);
    let mut changes = vec![Change::Put(&EVENTS, row)];
    changes.extend(record.reason.iter().map(|reason| text(recorded, "reason", "", reason)));
    changes.extend(
        said.texts.iter().map(|(side, field, private)| text(recorded, side.name(), field, private)),
    );
    changes.extend(beside(recorded));
    changes
}

/// Item and target of an event: what its stream says, else what the payload says.
fn about(
    stream: &StreamName,
    item: Option<ItemRef>,
    target: Option<(&'static str, String)>,
) -> (Option<ItemRef>, Option<(&'static str, String)>) {
    if let StreamName::Item(item) = stream {
        return (Some(item.clone()), target);
    }
    let id = stream.id().map(|id| (stream.kind().name(), id));
    (item, id.or(target))
}

fn text(recorded: &Recorded, side: &str, field: &str, text: &PrivateText) -> Change {
    let row = TEXTS.row([
        ("position", recorded.position().into()),
        ("idx", recorded.id.index.into()),
        ("side", side.into()),
        ("field", field.into()),
        ("text", text.as_plain().into()),
        ("text_key", text.as_sealed().map(|sealed| sealed.key.to_string()).into()),
    ]);
    Change::Put(&TEXTS, row)
}

/// What an event changes beside its own row.
fn beside(recorded: &Recorded) -> Option<Change> {
    if let Event::Account(AccountEvent::Erased(data)) = &recorded.event {
        (!data.keys.is_empty()).then(|| Change::Erase(&TEXTS, data.keys.clone()))
    } else if let Event::System(SystemEvent::RulesChanged(data)) = &recorded.event {
        let rules = Value::Int(i64::from(data.after));
        Some(Change::Put(&RULES, vec![recorded.position().into(), rules]))
    } else {
        None
    }
}

//! Turns an event into rows of the audit trail.

use super::{
    payload::{Side, said},
    tables::{EVENTS, RULES, TEXTS},
};
use crate::{
    projection::{Change, RecordMeta},
    value::Value,
};
use domain::{
    event::{AccountEvent, Event, Recorded, SystemEvent, summary::sentence},
    id::AccountId,
    private_text::PrivateText,
};

pub(super) fn apply(recorded: &Recorded, record: &RecordMeta) -> Vec<Change> {
    let said = said(recorded, &record.stream);
    let (name, v) = recorded.event.stored();
    let actor = &recorded.actor;
    let (target_type, target_id) = said.target.unzip();
    let row = EVENTS.row([
        ("position", recorded.position().into()),
        ("idx", recorded.id.index.into()),
        ("time", recorded.time.into()),
        ("name", name.into()),
        ("v", v.into()),
        ("actor", actor.account.as_ref().map(AccountId::as_str).into()),
        ("anonymous", actor.anonymous.into()),
        ("system", actor.system.clone().into()),
        ("app", actor.app.clone().into()),
        ("token", actor.via.map(|token| token.to_string()).into()),
        ("item_kind", said.item.as_ref().map(|item| item.kind.as_str()).into()),
        ("item_id", said.item.as_ref().map(|item| item.id.as_str()).into()),
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
    changes.extend(said.texts.iter().map(|(side, field, private)| {
        let side = match side {
            Side::Before => "before",
            Side::After => "after",
        };
        text(recorded, side, field, private)
    }));
    changes.extend(beside(recorded));
    changes
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
    match &recorded.event {
        Event::Account(AccountEvent::Erased(data)) if !data.keys.is_empty() => {
            Some(Change::Erase(&TEXTS, data.keys.clone()))
        }
        Event::System(SystemEvent::RulesChanged(data)) => {
            let rules = Value::Int(i64::from(data.after));
            Some(Change::Put(&RULES, vec![recorded.position().into(), rules]))
        }
        Event::Account(_)
        | Event::System(_)
        | Event::Item(_)
        | Event::Link(_)
        | Event::Token(_)
        | Event::Webhook(_) => None,
    }
}

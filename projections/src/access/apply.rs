//! Applies each event to the tables of `access`.

use super::tables::{
    ACCOUNTS, GRANTS, ITEM, ITEMS, LINKS, MOMENTS, ORIGIN, PUBLICATIONS, SETTINGS, STATES,
    VISIBILITIES,
};
use crate::{
    projection::{Change, Edit, Edits, RecordMeta},
    value::{Row, Value, name_of},
};
use domain::{
    event::{
        AccessEvent, AccountEvent, DescriptionPart, Grant, GrantTerms, ItemEvent, ItemRegistered,
        ItemReopened, LinkCreated, LinkTerms, ProvenanceKind, Recorded, Restore, SystemEvent,
        Visibility,
    },
    id::{AccountId, ItemRef},
    principal::Grantee,
    private_text::PrivateText,
    role::Withheld,
};

pub(super) fn apply(recorded: &Recorded, record: &RecordMeta) -> Vec<Change> {
    let mut changes = match recorded.event.access(&record.stream) {
        Some(AccessEvent::Item(item, event)) => of_item(recorded, event, item),
        Some(AccessEvent::Account(account, event)) => of_account(event, account.as_str()),
        Some(AccessEvent::System(event)) => of_system(event),
        None => Vec::new(),
    };
    if recorded.id.index == 0 {
        let row =
            MOMENTS.row([("position", recorded.position().into()), ("time", recorded.time.into())]);
        changes.push(Change::Put(&MOMENTS, row));
    }
    changes
}

fn key(item: &ItemRef) -> Row {
    vec![item.kind.as_str().into(), item.id.as_str().into()]
}

fn withheld(list: &[Withheld]) -> Value {
    list.iter().map(|held| held.name()).collect::<Vec<_>>().join(" ").into()
}

fn set(name: &'static str, value: impl Into<Value>) -> (&'static str, Edit) {
    (name, Edit::Set(value.into()))
}

fn by(recorded: &Recorded) -> Value {
    recorded.actor.account.as_ref().map(AccountId::as_str).into()
}

fn happened(recorded: &Recorded) -> (&'static str, Edit) {
    ("events", Edit::Append(recorded.id.to_string()))
}

fn of_item(recorded: &Recorded, event: &ItemEvent, item: &ItemRef) -> Vec<Change> {
    match event {
        ItemEvent::Registered(data) => registered(recorded, data, item),
        ItemEvent::Described(data) => {
            let mut edits = touched(recorded);
            edits.extend(described(&data.after));
            vec![Change::Edit(&ITEMS, key(item), edits)]
        }
        ItemEvent::VisibilityChanged(data) => {
            let mut changes = seen_by(recorded, item, data.after);
            changes.push(touch(recorded, item));
            changes
        }
        ItemEvent::Closed(_) => ended(recorded, item, "closed"),
        ItemEvent::Retired(_) => ended(recorded, item, "retired"),
        ItemEvent::Reopened(data) => reopened(recorded, data, item),
        ItemEvent::Restored(_) => vec![lives(item, "open"), touch(recorded, item)],
        ItemEvent::GrantGiven(data) => vec![given(recorded, &data.grant, item)],
        ItemEvent::GrantChanged(data) => vec![Change::Revise(
            &GRANTS,
            vec![data.grant.to_string().into()],
            with(grant_terms(&data.after), happened(recorded)),
        )],
        ItemEvent::GrantEnded(data) => {
            vec![Change::End(&GRANTS, vec![data.grant.to_string().into()])]
        }
        ItemEvent::LinkCreated(data) => vec![linked(recorded, data, item)],
        ItemEvent::LinkChanged(data) => {
            revise_link(recorded, data.link.to_string(), link_terms(&data.after))
        }
        ItemEvent::LinkPasswordSet(data) => {
            revise_link(recorded, data.link.to_string(), vec![set("has_password", true)])
        }
        ItemEvent::LinkPasswordCleared(data) => {
            revise_link(recorded, data.link.to_string(), vec![set("has_password", false)])
        }
        ItemEvent::LinkRotated(data) => {
            revise_link(recorded, data.link.to_string(), vec![set("generation", data.after)])
        }
        ItemEvent::LinkRevoked(data) => {
            let link = data.link.to_string();
            let mut changes = vec![Change::End(&LINKS, vec![link.clone().into()])];
            if data.cascade {
                let origin = vec![name_of(&ProvenanceKind::Link), link.into()];
                changes.push(Change::EndAll(&GRANTS, ORIGIN, origin));
            }
            changes
        }
        ItemEvent::LinkExpired(data) => {
            vec![Change::End(&LINKS, vec![data.link.to_string().into()])]
        }
        ItemEvent::Published(data) => vec![Change::Open(
            &PUBLICATIONS,
            PUBLICATIONS.row([
                ("item_kind", item.kind.as_str().into()),
                ("item_id", item.id.as_str().into()),
                ("audience", name_of(&data.publication.audience)),
                ("published_at", recorded.time.into()),
                ("events", recorded.id.to_string().into()),
            ]),
        )],
        ItemEvent::PublicationUpdated(data) => vec![Change::Revise(
            &PUBLICATIONS,
            key(item),
            vec![set("audience", name_of(&data.after.audience)), happened(recorded)],
        )],
        ItemEvent::PublicationWithdrawn(_) => vec![Change::End(&PUBLICATIONS, key(item))],
    }
}

fn with(mut edits: Edits, last: (&'static str, Edit)) -> Edits {
    edits.push(last);
    edits
}

fn registered(recorded: &Recorded, data: &ItemRegistered, item: &ItemRef) -> Vec<Change> {
    let text = |text: &Option<PrivateText>| text.as_ref().map_or((Value::Null, Value::Null), open);
    let (title, title_key) = text(&data.description.title);
    let (description, description_key) = text(&data.description.description);
    let (tags, tags_key) = text(&data.description.tags);
    let (preview, preview_key) = text(&data.description.preview);
    let row = ITEMS.row([
        ("item_kind", item.kind.as_str().into()),
        ("item_id", item.id.as_str().into()),
        ("title", title),
        ("title_key", title_key),
        ("description", description),
        ("description_key", description_key),
        ("tags", tags),
        ("tags_key", tags_key),
        ("preview", preview),
        ("preview_key", preview_key),
        ("in_library", data.in_library.into()),
        ("registered_at", recorded.time.into()),
        ("registered_position", recorded.position().into()),
        ("updated_at", recorded.time.into()),
        ("version", recorded.position().into()),
    ]);
    let state = STATES.row([
        ("item_kind", item.kind.as_str().into()),
        ("item_id", item.id.as_str().into()),
        ("owner", data.owner.as_str().into()),
        ("lifecycle", "open".into()),
        ("owned_since", recorded.time.into()),
        ("events", recorded.id.to_string().into()),
    ]);
    vec![Change::Put(&ITEMS, row), Change::Open(&STATES, state)]
}

/// The text as opened, and the key that sealed it.
fn open(text: &PrivateText) -> (Value, Value) {
    let sealed_with = text.as_sealed().map(|sealed| sealed.key.to_string());
    (text.as_plain().into(), sealed_with.into())
}

fn described(after: &DescriptionPart) -> Edits {
    let fields = [
        ("title", "title_key", &after.title),
        ("description", "description_key", &after.description),
        ("tags", "tags_key", &after.tags),
        ("preview", "preview_key", &after.preview),
    ];
    let mut edits = Vec::new();
    for (name, key_name, field) in fields {
        if let Some(text) = field {
            let (text, sealed_with) = text.as_ref().map_or((Value::Null, Value::Null), open);
            edits.extend([(name, Edit::Set(text)), (key_name, Edit::Set(sealed_with))]);
        }
    }
    edits.extend(after.in_library.map(|listed| set("in_library", listed)));
    edits
}

fn touched(recorded: &Recorded) -> Edits {
    vec![set("updated_at", recorded.time), set("version", recorded.position())]
}

fn touch(recorded: &Recorded, item: &ItemRef) -> Change {
    Change::Edit(&ITEMS, key(item), touched(recorded))
}

fn lives(item: &ItemRef, lifecycle: &str) -> Change {
    Change::Revise(&STATES, key(item), vec![set("lifecycle", lifecycle)])
}

/// Restricted is no row: only what opens an item stands in the table.
fn seen_by(recorded: &Recorded, item: &ItemRef, visibility: Visibility) -> Vec<Change> {
    let end = Change::End(&VISIBILITIES, key(item));
    if visibility == Visibility::Restricted {
        return vec![end];
    }
    let row = VISIBILITIES.row([
        ("item_kind", item.kind.as_str().into()),
        ("item_id", item.id.as_str().into()),
        ("visibility", name_of(&visibility)),
        ("set_by", by(recorded)),
        ("events", recorded.id.to_string().into()),
    ]);
    vec![end, Change::Open(&VISIBILITIES, row)]
}

/// One event ends everything below the item.
fn ended(recorded: &Recorded, item: &ItemRef, lifecycle: &str) -> Vec<Change> {
    let mut changes = vec![lives(item, lifecycle), touch(recorded, item)];
    let below = [&GRANTS, &LINKS, &VISIBILITIES, &PUBLICATIONS];
    changes.extend(below.map(|table| Change::EndAll(table, ITEM, key(item))));
    changes
}

fn reopened(recorded: &Recorded, data: &ItemReopened, item: &ItemRef) -> Vec<Change> {
    let mut changes = vec![lives(item, "open"), touch(recorded, item)];
    changes.extend(seen_by(recorded, item, data.visibility));
    if data.restore == Restore::All {
        let reopen = |table, edits| Change::Reopen(table, ITEM, key(item), data.closed_at, edits);
        let again = ("generation", Edit::Add(1));
        changes.push(reopen(&GRANTS, vec![happened(recorded)]));
        changes.push(reopen(&LINKS, vec![again, happened(recorded)]));
        changes.push(reopen(&PUBLICATIONS, vec![happened(recorded)]));
    }
    changes
}

fn given(recorded: &Recorded, grant: &Grant, item: &ItemRef) -> Change {
    let (grantee_type, grantee_id) = match &grant.grantee {
        Grantee::Account(id) => ("account", id.as_str()),
        Grantee::Group(id) => ("group", id.as_str()),
    };
    let row = GRANTS.row([
        ("grant_id", grant.grant.to_string().into()),
        ("item_kind", item.kind.as_str().into()),
        ("item_id", item.id.as_str().into()),
        ("grantee_type", grantee_type.into()),
        ("grantee_id", grantee_id.into()),
        ("role", grant.role.name().into()),
        ("withhold", withheld(&grant.withhold)),
        ("starts_at", grant.starts_at.into()),
        ("ends_at", grant.ends_at.into()),
        ("provenance", name_of(&grant.provenance.kind)),
        ("provenance_id", grant.provenance.id.clone().into()),
        ("given_by", by(recorded)),
        ("given_at", recorded.time.into()),
        ("events", recorded.id.to_string().into()),
    ]);
    Change::Open(&GRANTS, row)
}

fn grant_terms(terms: &GrantTerms) -> Edits {
    vec![
        set("role", terms.role.name()),
        set("withhold", withheld(&terms.withhold)),
        set("starts_at", terms.starts_at),
        set("ends_at", terms.ends_at),
    ]
}

fn linked(recorded: &Recorded, data: &LinkCreated, item: &ItemRef) -> Change {
    let terms = &data.terms;
    let row = LINKS.row([
        ("link_id", data.link.to_string().into()),
        ("item_kind", item.kind.as_str().into()),
        ("item_id", item.id.as_str().into()),
        ("role", terms.role.name().into()),
        ("withhold", withheld(&terms.withhold)),
        ("audience", name_of(&terms.audience)),
        ("starts_at", terms.starts_at.into()),
        ("ends_at", terms.ends_at.into()),
        ("max_visits", terms.max_visits.into()),
        ("joins", terms.joins.into()),
        ("has_password", data.password.is_some().into()),
        ("generation", data.generation.into()),
        ("created_by", by(recorded)),
        ("created_at", recorded.time.into()),
        ("events", recorded.id.to_string().into()),
    ]);
    Change::Open(&LINKS, row)
}

fn link_terms(terms: &LinkTerms) -> Edits {
    vec![
        set("role", terms.role.name()),
        set("withhold", withheld(&terms.withhold)),
        set("audience", name_of(&terms.audience)),
        set("starts_at", terms.starts_at),
        set("ends_at", terms.ends_at),
        set("max_visits", terms.max_visits),
        set("joins", terms.joins),
    ]
}

fn revise_link(recorded: &Recorded, link: String, edits: Edits) -> Vec<Change> {
    vec![Change::Revise(&LINKS, vec![link.into()], with(edits, happened(recorded)))]
}

fn of_account(event: &AccountEvent, account: &str) -> Vec<Change> {
    let becomes = |status: &str| {
        let row = ACCOUNTS.row([("account", account.into()), ("status", status.into())]);
        vec![Change::End(&ACCOUNTS, vec![account.into()]), Change::Open(&ACCOUNTS, row)]
    };
    match event {
        AccountEvent::Registered(_) | AccountEvent::Reactivated(_) => becomes("active"),
        AccountEvent::Changed(_) => Vec::new(),
        AccountEvent::Deactivated(_) => becomes("deactivated"),
        AccountEvent::Erased(data) => {
            let mut changes = becomes("erased");
            if !data.keys.is_empty() {
                changes.push(Change::Erase(&ITEMS, data.keys.clone()));
            }
            changes
        }
    }
}

fn of_system(event: &SystemEvent) -> Vec<Change> {
    let becomes = |name: &str, value: String| {
        let row = SETTINGS.row([("name", name.into()), ("value", value.into())]);
        vec![Change::End(&SETTINGS, vec![name.into()]), Change::Open(&SETTINGS, row)]
    };
    match event {
        SystemEvent::RulesChanged(data) => becomes("rules", data.after.to_string()),
        SystemEvent::KindsChanged(data) => {
            becomes("kinds", serde_json::to_string(&data.after).unwrap_or_default())
        }
        SystemEvent::LogStarted(_)
        | SystemEvent::LevelRaised(_)
        | SystemEvent::KeyRotated(_)
        | SystemEvent::ExportMade(_) => Vec::new(),
    }
}

//! Applies each event to the tables of `catalog`.

use super::tables::{ENTRIES, ITEM, OWNERS, TAGS, WORDS};
use crate::{
    projection::{Change, Edit, RecordMeta},
    tokenizer::{sort_key, weighted_words},
    value::{Row, Value, name_of},
};
use domain::{
    event::{AccessEvent, ItemEvent, ItemReopened, Publication, Recorded, Restore},
    id::ItemRef,
};
use std::collections::BTreeSet;

pub(super) fn apply(recorded: &Recorded, record: &RecordMeta) -> Vec<Change> {
    match recorded.event.access(&record.stream) {
        Some(AccessEvent::Item(item, event)) => of_item(recorded, event, item),
        Some(AccessEvent::Account(..) | AccessEvent::System(_)) | None => Vec::new(),
    }
}

fn key(item: &ItemRef) -> Row {
    vec![item.kind.as_str().into(), item.id.as_str().into()]
}

fn of_item(recorded: &Recorded, event: &ItemEvent, item: &ItemRef) -> Vec<Change> {
    match event {
        ItemEvent::Registered(data) => {
            let mut row = key(item);
            row.push(data.owner.as_str().into());
            vec![Change::Put(&OWNERS, row)]
        }
        ItemEvent::Published(data) => {
            let mut changes =
                vec![Change::Open(&ENTRIES, entry(recorded, &data.publication, item))];
            changes.extend(found_by(&data.publication, item));
            changes
        }
        ItemEvent::PublicationUpdated(data) => updated(recorded, &data.after, item),
        ItemEvent::PublicationWithdrawn(_) | ItemEvent::Closed(_) | ItemEvent::Retired(_) => {
            [&ENTRIES, &WORDS, &TAGS].map(|table| Change::EndAll(table, ITEM, key(item))).to_vec()
        }
        ItemEvent::Reopened(data) => reopened(recorded, data, item),
        ItemEvent::Described(_)
        | ItemEvent::VisibilityChanged(_)
        | ItemEvent::Restored(_)
        | ItemEvent::GrantGiven(_)
        | ItemEvent::GrantChanged(_)
        | ItemEvent::GrantEnded(_)
        | ItemEvent::LinkCreated(_)
        | ItemEvent::LinkChanged(_)
        | ItemEvent::LinkPasswordSet(_)
        | ItemEvent::LinkPasswordCleared(_)
        | ItemEvent::LinkRotated(_)
        | ItemEvent::LinkRevoked(_)
        | ItemEvent::LinkExpired(_) => Vec::new(),
    }
}

fn list<T: serde::Serialize>(values: &[T]) -> Value {
    Value::from(&serde_json::to_value(values).unwrap_or_default())
}

fn entry(recorded: &Recorded, publication: &Publication, item: &ItemRef) -> Row {
    ENTRIES.row([
        ("item_kind", item.kind.as_str().into()),
        ("item_id", item.id.as_str().into()),
        ("title", publication.title.as_str().into()),
        ("title_sort", sort_key(&publication.title).into()),
        ("description", publication.description.clone().into()),
        ("tags", list(&publication.tags)),
        ("preview", publication.preview.clone().into()),
        ("slug", publication.slug.clone().into()),
        ("audience", name_of(&publication.audience)),
        ("groups", list(&publication.groups)),
        ("featured", false.into()),
        ("published_at", recorded.time.into()),
        ("updated_at", recorded.time.into()),
        ("version", recorded.position().into()),
    ])
}

fn updated(recorded: &Recorded, after: &Publication, item: &ItemRef) -> Vec<Change> {
    let set = |name, value| (name, Edit::Set(value));
    let edits = vec![
        set("title", after.title.as_str().into()),
        set("title_sort", sort_key(&after.title).into()),
        set("description", after.description.clone().into()),
        set("tags", list(&after.tags)),
        set("preview", after.preview.clone().into()),
        set("slug", after.slug.clone().into()),
        set("audience", name_of(&after.audience)),
        set("groups", list(&after.groups)),
        set("updated_at", recorded.time.into()),
        set("version", recorded.position().into()),
    ];
    let mut changes = vec![Change::Revise(&ENTRIES, key(item), edits)];
    changes.extend([&WORDS, &TAGS].map(|table| Change::EndAll(table, ITEM, key(item))));
    changes.extend(found_by(after, item));
    changes
}

/// The words and tags by which an entry is found.
fn found_by(publication: &Publication, item: &ItemRef) -> Vec<Change> {
    let all =
        weighted_words(&publication.title, &publication.tags, publication.description.as_deref());
    let words = all.into_iter().map(|(word, weight)| {
        let mut row = key(item);
        row.extend([word.into(), Value::Int(weight)]);
        Change::Open(&WORDS, row)
    });
    let tags: BTreeSet<String> = publication.tags.iter().map(|tag| sort_key(tag)).collect();
    let tags = tags.into_iter().map(|tag| {
        let mut row = key(item);
        row.push(tag.into());
        Change::Open(&TAGS, row)
    });
    words.chain(tags).collect()
}

fn reopened(recorded: &Recorded, data: &ItemReopened, item: &ItemRef) -> Vec<Change> {
    if data.restore == Restore::Nothing {
        return Vec::new();
    }
    let touched = vec![
        ("updated_at", Edit::Set(recorded.time.into())),
        ("version", Edit::Set(recorded.position().into())),
    ];
    [(&ENTRIES, touched), (&WORDS, Vec::new()), (&TAGS, Vec::new())]
        .into_iter()
        .map(|(table, edits)| Change::Reopen(table, ITEM, key(item), data.closed_at, edits))
        .collect()
}

//! What each event says of before and after, and which target it is about.
//!
//! Private texts are taken out of the JSON and kept as rows of their own, each with the key that
//! sealed it, so that erasure removes exactly them. Ids of vault rows are no part of the trail.

use domain::{
    event::{
        AccountEvent, Description, DescriptionPart, Event, GrantChanged, GrantEnded, GrantTerms,
        ItemEvent, LinkChanged, LinkCreated, LinkTerms, LinkUseEvent, Recorded, SystemEvent,
        TokenEvent, TokenIssued, WebhookEvent, WebhookTerms,
    },
    id::{GrantId, ItemRef},
    principal::Grantee,
    private_text::PrivateText,
    stream::StreamName,
};
use serde::Serialize;
use serde_json::{Map, Value, json};

/// On which side of a change a text stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Before,
    After,
}

/// What an event says.
#[derive(Debug, Default)]
pub(super) struct Said {
    pub(super) before: Option<Value>,
    pub(super) after: Option<Value>,
    pub(super) texts: Vec<(Side, &'static str, PrivateText)>,
    pub(super) target: Option<(&'static str, String)>,
    pub(super) item: Option<ItemRef>,
}

impl Said {
    fn change(before: impl Serialize, after: impl Serialize) -> Self {
        Self { before: value(before), after: value(after), ..Self::default() }
    }
    fn start(after: impl Serialize) -> Self {
        Self { after: value(after), ..Self::default() }
    }
    fn about(mut self, kind: &'static str, id: &impl ToString) -> Self {
        self.target = Some((kind, id.to_string()));
        self
    }
    fn to(self, grantee: &Grantee) -> Self {
        match grantee {
            Grantee::Account(id) => self.about("account", id),
            Grantee::Group(id) => self.about("group", id),
        }
    }
    fn text(&mut self, side: Side, field: &'static str, text: Option<&PrivateText>) {
        self.texts.extend(text.map(|text| (side, field, text.clone())));
    }
}

/// Every payload serialises once its private texts are taken out; null would be a bug seen by the
/// tests.
fn value(from: impl Serialize) -> Option<Value> {
    serde_json::to_value(from).ok().filter(|value| !value.is_null())
}

pub(super) fn said(recorded: &Recorded, stream: &StreamName) -> Said {
    let mut said = match &recorded.event {
        Event::Item(event) => of_item(event),
        Event::Account(event) => of_account(event),
        Event::Link(LinkUseEvent::Used(data)) => {
            let mut said = Said::start(json!({
                "generation": data.generation, "visit": data.visit, "used": data.used
            }));
            said.item = Some(data.item.clone());
            said
        }
        Event::Token(TokenEvent::Issued(data)) => Said::start(token(data)),
        Event::Token(TokenEvent::Revoked(_)) => Said::default(),
        Event::Webhook(WebhookEvent::Changed(data)) => {
            Said::change(data.before.as_ref().map(webhook), data.after.as_ref().map(webhook))
        }
        Event::System(event) => of_system(event),
    };
    match stream {
        StreamName::Item(item) => said.item = Some(item.clone()),
        StreamName::Account(id) => said = said.about("account", id),
        StreamName::Group(id) => said = said.about("group", id),
        StreamName::Link(id) => said = said.about("link", id),
        StreamName::Token(id) => said = said.about("token", id),
        StreamName::Webhook(id) => said = said.about("webhook", id),
        StreamName::System => {}
    }
    said
}

fn token(data: &TokenIssued) -> Value {
    json!({
        "role": data.role, "label": data.label, "scopes": data.scopes, "account": data.account,
        "ends_at": data.ends_at,
    })
}

fn webhook(terms: &WebhookTerms) -> Value {
    let ends: Vec<_> = terms.secrets.iter().map(|secret| secret.until).collect();
    json!({
        "url": terms.url, "label": terms.label, "types": terms.types, "item": terms.item,
        "account": terms.account, "status": terms.status, "secrets_end": ends,
    })
}

fn of_item(event: &ItemEvent) -> Said {
    match event {
        ItemEvent::Registered(data) => {
            let mut said =
                Said::start(json!({ "owner": data.owner, "in_library": data.in_library }));
            describe(&mut said, &data.description);
            said
        }
        ItemEvent::Described(data) => {
            let mut said = Said::change(part(&data.before), part(&data.after));
            part_texts(&mut said, Side::Before, &data.before);
            part_texts(&mut said, Side::After, &data.after);
            said
        }
        ItemEvent::VisibilityChanged(data) => Said::change(data.before, data.after),
        ItemEvent::Closed(data) => Said::change(
            json!({ "state": "open", "visibility": data.visibility }),
            json!({ "state": "closed", "ended": data.ended }),
        ),
        ItemEvent::Reopened(data) => Said::change(json!({ "state": "closed" }), {
            json!({
                "state": "open", "visibility": data.visibility, "restore": data.restore,
                "restored": data.restored, "closed_at": data.closed_at,
            })
        }),
        ItemEvent::Retired(data) => Said::change(
            json!({ "visibility": data.visibility }),
            json!({ "state": "retired", "ended": data.ended }),
        ),
        ItemEvent::Restored(data) => Said::change(
            json!({ "state": "retired" }),
            json!({ "state": "open", "retired_at": data.retired_at }),
        ),
        ItemEvent::GrantGiven(data) => Said::start(data).to(&data.grant.grantee),
        ItemEvent::GrantChanged(data) => grant_changed(data),
        ItemEvent::GrantEnded(data) => grant_ended(data),
        ItemEvent::LinkCreated(data) => link_created(data),
        ItemEvent::LinkChanged(data) => link_changed(data),
        ItemEvent::LinkPasswordSet(data) => Said::change(
            json!({ "has_password": data.before.is_some() }),
            json!({ "has_password": true }),
        )
        .about("link", &data.link),
        ItemEvent::LinkPasswordCleared(data) => {
            Said::change(json!({ "has_password": true }), json!({ "has_password": false }))
                .about("link", &data.link)
        }
        ItemEvent::LinkRotated(data) => {
            Said::change(json!({ "generation": data.before }), json!({ "generation": data.after }))
                .about("link", &data.link)
        }
        ItemEvent::LinkRevoked(data) => {
            let after =
                json!({ "status": "revoked", "cascade": data.cascade, "ended": data.ended });
            Said::start(after).about("link", &data.link)
        }
        ItemEvent::LinkExpired(data) => {
            Said::start(json!({ "status": "expired", "effective_at": data.effective_at }))
                .about("link", &data.link)
        }
        ItemEvent::Published(data) => Said::start(&data.publication),
        ItemEvent::PublicationUpdated(data) => Said::change(&data.before, &data.after),
        ItemEvent::PublicationWithdrawn(data) => {
            Said::change(json!({ "audience": data.audience }), json!({ "cause": data.cause }))
        }
    }
}

fn grant_changed(data: &GrantChanged) -> Said {
    let asked = data.asked.as_ref().and_then(value);
    let before = terms(data.grant, &data.before, None);
    Said::change(before, terms(data.grant, &data.after, asked)).to(&data.grantee)
}

fn grant_ended(data: &GrantEnded) -> Said {
    let mut after = json!({ "cause": data.cause });
    if let (Some(at), Some(map)) = (data.effective_at, after.as_object_mut()) {
        map.insert("effective_at".to_owned(), json!(at));
    }
    Said::change(terms(data.grant, &data.before, None), after).to(&data.grantee)
}

fn terms(grant: GrantId, terms: &GrantTerms, asked: Option<Value>) -> Value {
    let mut all = fields(terms);
    all.insert("grant".to_owned(), json!(grant));
    all.extend(asked.map(|asked| ("asked".to_owned(), asked)));
    Value::Object(all)
}

fn fields(from: impl Serialize) -> Map<String, Value> {
    match serde_json::to_value(from) {
        Ok(Value::Object(map)) => map,
        Ok(_) | Err(_) => Map::new(),
    }
}

fn link_created(data: &LinkCreated) -> Said {
    let mut after = link(&data.terms);
    after.insert("link".to_owned(), json!(data.link));
    after.insert("generation".to_owned(), json!(data.generation));
    after.insert("has_password".to_owned(), json!(data.password.is_some()));
    let asked = data.asked.as_ref().and_then(value);
    after.extend(asked.map(|asked| ("asked".to_owned(), asked)));
    let mut said = Said::start(after).about("link", &data.link);
    link_texts(&mut said, Side::After, &data.terms);
    said
}

fn link_changed(data: &LinkChanged) -> Said {
    let mut said = Said::change(link(&data.before), link(&data.after)).about("link", &data.link);
    link_texts(&mut said, Side::Before, &data.before);
    link_texts(&mut said, Side::After, &data.after);
    said
}

fn link(terms: &LinkTerms) -> Map<String, Value> {
    fields(LinkTerms { label: None, state: None, ..terms.clone() })
}

fn link_texts(said: &mut Said, side: Side, terms: &LinkTerms) {
    said.text(side, "label", terms.label.as_ref());
    said.text(side, "state", terms.state.as_ref());
}

fn describe(said: &mut Said, description: &Description) {
    said.text(Side::After, "title", description.title.as_ref());
    said.text(Side::After, "description", description.description.as_ref());
    said.text(Side::After, "tags", description.tags.as_ref());
    said.text(Side::After, "preview", description.preview.as_ref());
    said.text(Side::After, "content", description.content.as_ref());
}

#[expect(clippy::option_option, reason = "absent, none and a text are three things here")]
fn part_fields(part: &DescriptionPart) -> [(&'static str, &Option<Option<PrivateText>>); 5] {
    [
        ("title", &part.title),
        ("description", &part.description),
        ("tags", &part.tags),
        ("preview", &part.preview),
        ("content", &part.content),
    ]
}

fn part(part: &DescriptionPart) -> Map<String, Value> {
    let mut map = Map::new();
    for (name, field) in part_fields(part) {
        if matches!(field, Some(None)) {
            map.insert(name.to_owned(), Value::Null);
        }
    }
    map.extend(part.in_library.map(|listed| ("in_library".to_owned(), json!(listed))));
    map
}

fn part_texts(said: &mut Said, side: Side, part: &DescriptionPart) {
    for (name, field) in part_fields(part) {
        said.text(side, name, field.as_ref().and_then(Option::as_ref));
    }
}

fn of_account(event: &AccountEvent) -> Said {
    match event {
        AccountEvent::Registered(data) => {
            Said::start(json!({ "status": "active", "has_profile": data.profile.is_some() }))
        }
        AccountEvent::Changed(data) => Said::change(
            json!({ "has_profile": data.before.is_some() }),
            json!({ "has_profile": data.after.is_some() }),
        ),
        AccountEvent::Deactivated(_) => {
            Said::change(json!({ "status": "active" }), json!({ "status": "deactivated" }))
        }
        AccountEvent::Reactivated(_) => {
            Said::change(json!({ "status": "deactivated" }), json!({ "status": "active" }))
        }
        AccountEvent::Erased(_) => Said::start(json!({ "status": "erased" })),
    }
}

fn of_system(event: &SystemEvent) -> Said {
    match event {
        SystemEvent::LogStarted(data) => Said::start(data),
        SystemEvent::LevelRaised(data) => {
            Said::change(json!({ "level": data.before }), json!({ "level": data.after }))
        }
        SystemEvent::KindsChanged(data) => Said::change(&data.before, &data.after),
        SystemEvent::RulesChanged(data) => {
            let before = data.before.map(|rules| json!({ "rules": rules }));
            Said::change(before, json!({ "rules": data.after }))
        }
        SystemEvent::KeyRotated(data) => {
            let before = data.before.map(|key| json!({ "key": key }));
            let after =
                json!({ "purpose": data.purpose, "key": data.after, "retired": data.retired });
            Said::change(before, after)
        }
        SystemEvent::ExportMade(data) => Said::start(data),
    }
}

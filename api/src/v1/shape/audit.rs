//! The body of an audit event.

use super::{PrincipalBody, words};
use domain::{
    actor::Actor,
    id::{CommandId, ItemRef, TokenId},
    position::{EventId, Position},
    time::Time,
};
use projections::AuditRow;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// Who did it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ActorBody {
    /// `account`, `anonymous`, `app`, `token` or `system`.
    #[serde(rename = "type")]
    #[schema(example = "account")]
    pub kind: &'static str,
    /// The account, the application's label, the token, or the part of the service.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "a-17")]
    pub id: Option<String>,
}

/// Through what it was done.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct EventVia {
    /// The label of the application's token.
    pub app: Option<String>,
    /// The token.
    #[schema(value_type = Option<String>)]
    pub token: Option<TokenId>,
}

/// Who or what an event is about, beside its item.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TargetBody {
    /// `account`, `group`, `link` or `token`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its id.
    pub id: String,
}

/// Which item an event is about.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct EventItem {
    /// Its kind.
    pub kind: String,
    /// The application's own id of it.
    pub id: String,
}

impl From<ItemRef> for EventItem {
    fn from(item: ItemRef) -> Self {
        Self { kind: item.kind.into(), id: item.id.into() }
    }
}

/// An event of the audit trail.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AuditEvent {
    /// Position and index.
    #[schema(value_type = String, example = "42-0")]
    pub id: EventId,
    /// When it took effect.
    #[schema(value_type = words::Instant)]
    pub time: Time,
    /// The command that it belongs to.
    #[schema(value_type = String, format = "uuid")]
    pub command: CommandId,
    /// Stored name.
    #[serde(rename = "type")]
    #[schema(example = "grant.given")]
    pub name: String,
    /// Stored version.
    pub v: u32,
    /// What became of the command.
    #[schema(example = "recorded")]
    pub outcome: &'static str,
    /// Who did it.
    pub actor: ActorBody,
    /// Through what.
    pub via: EventVia,
    /// The item.
    pub item: Option<EventItem>,
    /// Who or what else it is about.
    pub target: Option<TargetBody>,
    /// What was before.
    pub before: Option<Value>,
    /// What is after.
    pub after: Option<Value>,
    /// Why, in the actor's words.
    pub reason: Option<String>,
    /// The ticket.
    pub ticket: Option<String>,
    /// The command that this one undoes.
    #[schema(value_type = Option<String>)]
    pub undoes: Option<CommandId>,
    /// Where it was imported from.
    pub source: Option<String>,
    /// Version of the role table in force.
    pub rules: u32,
    /// The position of its record.
    #[schema(value_type = u64)]
    pub position: Position,
    /// In plain words, without private text.
    #[schema(example = "a-17 granted a-22 the role viewer on history 8f3a until 1 January 2027")]
    pub text: String,
}

impl ActorBody {
    /// As a record names it.
    pub fn from_actor(actor: &Actor) -> Self {
        let (kind, id) = match (&actor.account, &actor.system) {
            (Some(account), _) => ("account", Some(account.to_string())),
            (None, Some(part)) => ("system", Some(part.clone())),
            (None, None) if actor.anonymous => ("anonymous", None),
            (None, None) => match (&actor.app, actor.via) {
                (Some(app), _) => ("app", Some(app.clone())),
                (None, token) => ("token", token.map(|token| token.to_string())),
            },
        };
        Self { kind, id }
    }
}

fn actor(row: &AuditRow) -> ActorBody {
    let (kind, id) = match (&row.actor, &row.system) {
        (Some(account), _) => {
            let PrincipalBody { kind, id } = PrincipalBody::account(account);
            (kind, id)
        }
        (None, Some(part)) => ("system", Some(part.clone())),
        (None, None) if row.anonymous => ("anonymous", None),
        (None, None) => match (&row.app, row.token) {
            (Some(app), _) => ("app", Some(app.clone())),
            (None, token) => ("token", token.map(|token| token.to_string())),
        },
    };
    ActorBody { kind, id }
}

impl From<AuditRow> for AuditEvent {
    fn from(row: AuditRow) -> Self {
        let actor = actor(&row);
        Self {
            id: row.id,
            time: row.time,
            command: row.command,
            name: row.name,
            v: row.v,
            outcome: "recorded",
            actor,
            via: EventVia { app: row.app, token: row.token },
            item: row.item.map(Into::into),
            target: row.target.map(|target| TargetBody { kind: target.kind, id: target.id }),
            before: row.before,
            after: row.after,
            reason: row.reason,
            ticket: row.ticket,
            undoes: row.undoes,
            source: row.source,
            rules: row.rules,
            position: row.id.position,
            text: row.text,
        }
    }
}

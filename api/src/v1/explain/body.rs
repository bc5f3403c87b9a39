//! How does an explanation look?

use crate::v1::{
    access::AsOfBody,
    shape::{ActorBody, EventItem, EventVia, PrincipalBody, ProvenanceBody, words},
};
use domain::{
    event::Visibility,
    id::{AccountId, GrantId, ItemRef, LinkId},
    item::Lifecycle,
    position::{EventId, Position},
    role::{Permission, Permissions, Role, Withheld},
    time::{Time, Window},
};
use projections::{Had, index::Refusal};
use serde::Serialize;
use utoipa::ToSchema;

/// An act that made a way.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ActBody {
    /// Position and index of its event.
    #[schema(value_type = String, example = "42-0")]
    pub id: EventId,
    /// When it took effect.
    #[schema(value_type = words::Instant)]
    pub time: Time,
    /// Stored name of the event.
    #[serde(rename = "type")]
    #[schema(example = "grant.given")]
    pub name: &'static str,
    #[serde(skip)]
    pub(super) by: Option<AccountId>,
    /// Who did it.
    pub actor: ActorBody,
    /// Through what.
    pub via: EventVia,
    /// The ticket.
    pub ticket: Option<String>,
    /// In plain words, without private text.
    #[schema(example = "a-17 gave a-22 the role viewer on history 8f3a until 1 January 2027")]
    pub text: String,
}

/// A way that permits it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct WayBody {
    /// `owner`, `grant`, `group`, `library`, `container`, `visibility` or `link`.
    #[schema(example = "grant")]
    pub via: &'static str,
    /// The container that it lies on; absent = the item itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container: Option<EventItem>,
    /// The grant.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub grant: Option<GrantId>,
    /// To whom the grant was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<PrincipalBody>,
    /// The link.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub link: Option<LinkId>,
    /// Whose library is open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub library_of: Option<PrincipalBody>,
    /// To whom the item is open.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<words::Visibility>)]
    pub open_to: Option<Visibility>,
    /// The role it gives.
    #[schema(value_type = words::Role)]
    pub role: Role,
    /// What it holds back of the role.
    #[schema(value_type = Vec<words::Withheld>)]
    pub withhold: Vec<Withheld>,
    /// What it permits.
    #[schema(value_type = Vec<words::Permission>)]
    pub permissions: Permissions,
    /// First instant.
    #[schema(value_type = Option<words::Instant>)]
    pub starts_at: Option<Time>,
    /// First instant after it.
    #[schema(value_type = Option<words::Instant>)]
    pub ends_at: Option<Time>,
    /// Where a grant came from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provenance: Option<ProvenanceBody>,
    /// Who gave it; null = the service itself, or an application for nobody.
    pub given_by: Option<PrincipalBody>,
    /// The events that made it and last changed it.
    #[schema(value_type = Vec<String>, example = json!(["42-0", "44-0"]))]
    pub events: Vec<EventId>,
    /// The same as acts.
    pub acts: Vec<ActBody>,
}

impl WayBody {
    pub(super) fn new(
        via: &'static str,
        role: Role,
        permissions: Permissions,
        window: Window,
    ) -> Self {
        Self {
            via,
            container: None,
            grant: None,
            to: None,
            link: None,
            library_of: None,
            open_to: None,
            role,
            withhold: Vec::new(),
            permissions,
            starts_at: window.starts_at,
            ends_at: window.ends_at,
            provenance: None,
            given_by: None,
            events: Vec::new(),
            acts: Vec::new(),
        }
    }

    /// With the acts that made it.
    pub(super) fn tell(&mut self, acts: Vec<ActBody>) {
        let first = acts.first().and_then(|act| act.by.as_ref());
        self.given_by = first.map(PrincipalBody::account);
        self.events = acts.iter().map(|act| act.id).collect();
        self.acts = acts;
    }
}

/// The nearest reason for a refusal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RefusalBody {
    /// `unknown_item`, `item_retired`, `account_inactive`, `item_closed`, `not_yet`, `ended`,
    /// `withheld`, `role_too_low` or `nothing`.
    #[schema(example = "ended")]
    pub reason: &'static str,
    /// In plain words.
    pub detail: String,
    /// When it starts, or when it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<words::Instant>)]
    pub at: Option<Time>,
    /// The role that there is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<words::Role>)]
    pub role: Option<Role>,
}

impl RefusalBody {
    pub(super) fn of(refusal: &Refusal, action: Permission) -> Self {
        let action = action.name();
        let (reason, detail, at, role) = match refusal {
            Refusal::UnknownItem => {
                ("unknown_item", "the item was never registered".to_owned(), None, None)
            }
            Refusal::Retired => ("item_retired", "the item is retired".to_owned(), None, None),
            Refusal::AccountInactive => {
                let detail = "the account is deactivated or erased".to_owned();
                ("account_inactive", detail, None, None)
            }
            Refusal::Closed => {
                let detail = "the item is closed: it is its owner's only".to_owned();
                ("item_closed", detail, None, None)
            }
            Refusal::NotYet { starts_at } => {
                let detail = format!("what permits {action} starts at {starts_at}");
                ("not_yet", detail, Some(*starts_at), None)
            }
            Refusal::Ended { ends_at } => {
                let detail = format!("what permitted {action} ended at {ends_at}");
                ("ended", detail, Some(*ends_at), None)
            }
            Refusal::Withheld { role } => {
                let detail = format!("the role {role} permits {action}, but it is withheld");
                ("withheld", detail, None, Some(*role))
            }
            Refusal::RoleTooLow { role } => {
                let detail = format!("the role {role} does not permit {action}");
                ("role_too_low", detail, None, Some(*role))
            }
            Refusal::Nothing => ("nothing", "nothing gives access".to_owned(), None, None),
        };
        Self { reason, detail, at, role }
    }

    /// The nearest reason at a past moment.
    pub(super) fn then(had: &Had, action: Permission) -> Self {
        let at = had.as_of.0;
        let refusal = match had.lifecycle {
            None | Some(Lifecycle::Unknown) => Refusal::UnknownItem,
            Some(Lifecycle::Retired) => Refusal::Retired,
            Some(_) if had.barred => Refusal::AccountInactive,
            Some(Lifecycle::Closed) => Refusal::Closed,
            Some(Lifecycle::Open) => nearest(had, action, at),
        };
        Self::of(&refusal, action)
    }
}

fn nearest(had: &Had, action: Permission, at: Time) -> Refusal {
    let wanted = |permissions: Permissions| permissions.has(action);
    let outside = had.paths.iter().filter(|path| wanted(path.permissions()));
    let windows: Vec<Window> = outside.map(projections::AccessPath::window).collect();
    let ahead = windows.iter().filter(|window| !window.ended(at));
    if let Some(starts_at) = ahead.filter_map(|window| window.starts_at).min() {
        return Refusal::NotYet { starts_at };
    }
    if let Some(ends_at) = windows.iter().filter_map(|window| window.ends_at).max() {
        return Refusal::Ended { ends_at };
    }
    let held_back = had.holding().filter(|path| wanted(path.role.permissions()));
    if let Some(role) = held_back.map(|path| path.role).max() {
        return Refusal::Withheld { role };
    }
    match had.holding().map(|path| path.role).max() {
        Some(role) => Refusal::RoleTooLow { role },
        None => Refusal::Nothing,
    }
}

/// Why somebody may do something with an item, or why not.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Explanation {
    /// About whom.
    pub subject: PrincipalBody,
    /// With what.
    pub item: EventItem,
    /// What.
    pub action: &'static str,
    /// May it?
    pub decision: bool,
    /// The moment.
    pub as_of: AsOfBody,
    /// When the item was registered: before, access is unknown, not nobody.
    #[schema(value_type = Option<words::Instant>)]
    pub known_from: Option<Time>,
    /// Version of the role table in force then.
    pub rules: u32,
    /// The strongest role within all that it may do.
    #[schema(value_type = Option<words::Role>)]
    pub role: Option<Role>,
    /// All that it may do.
    #[schema(value_type = Vec<words::Permission>)]
    pub permissions: Permissions,
    /// First instant at which that could change by the clock alone; null = none, or in the past.
    #[schema(value_type = Option<words::Instant>)]
    pub valid_until: Option<Time>,
    /// The ways that permit it.
    pub paths: Vec<WayBody>,
    /// Why not; null = it may.
    pub refusal: Option<RefusalBody>,
    /// Why openings of links that were presented gave nothing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// The last position known.
    #[schema(value_type = u64)]
    pub position: Position,
}

impl Explanation {
    pub(super) fn empty(
        subject: PrincipalBody,
        item: &ItemRef,
        action: Permission,
        time: Time,
        position: Position,
    ) -> Self {
        Self {
            subject,
            item: item.clone().into(),
            action: action.name(),
            decision: false,
            as_of: AsOfBody { time, position },
            known_from: None,
            rules: 0,
            role: None,
            permissions: Permissions::NONE,
            valid_until: None,
            paths: Vec::new(),
            refusal: None,
            warnings: Vec::new(),
            position,
        }
    }
}

//! The extra parts of a dry run's answer.

use super::{PrincipalBody, words};
use domain::{
    account::AccountState,
    aggregate::Aggregate,
    event::{CatalogEvent, Recorded, summary},
    item::{AccessChange, ItemState, access_diff},
    principal::Principal,
    role::Permissions,
    stream::StreamName,
    time::Time,
    token::TokenState,
    webhook::WebhookState,
};
use serde::Serialize;
use utoipa::ToSchema;

/// At most so many who gain or lose are listed.
const SAMPLE: usize = 20;

/// An event that would be recorded.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PlannedEvent {
    /// Its stored name.
    #[serde(rename = "type")]
    pub name: &'static str,
    /// Its stored version.
    pub v: u32,
    /// In plain words.
    pub text: String,
}

impl PlannedEvent {
    /// From what was decided.
    pub fn of(recorded: &Recorded<impl CatalogEvent>, stream: &StreamName) -> Self {
        let event_type = recorded.event.event_type();
        let (name, v) = (event_type.name(), event_type.version());
        Self { name, v, text: summary::sentence(recorded, stream) }
    }
}

/// Somebody whose permissions would change.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SampleBody {
    /// Who; an account without an id stands for every account that is not named: whoever is signed
    /// in.
    pub principal: PrincipalBody,
    /// What is gained or lost.
    #[schema(value_type = Vec<words::Permission>)]
    pub permissions: Permissions,
}

/// Who would gain, or who would lose.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SideBody {
    /// How many; all accounts that are not named count as one.
    pub count: usize,
    /// The first of them, at most 20; those who are many come first.
    pub sample: Vec<SampleBody>,
    /// Does the sample name everybody? Not when there are more, and not when accounts that it does
    /// not name are meant too.
    pub complete: bool,
}

impl SideBody {
    /// Nobody.
    const NOBODY: Self = Self { count: 0, sample: Vec::new(), complete: true };

    /// Those whose permissions differ, and what every other account gains or loses.
    fn of(mut changes: Vec<AccessChange>, others: Permissions) -> Self {
        changes.sort_by_key(|change| change.principal != Principal::Anonymous);
        let any_account = PrincipalBody { kind: "account", id: None };
        let any_account = SampleBody { principal: any_account, permissions: others };
        let any_account = Some(any_account).filter(|_| !others.is_empty());
        let count = changes.len() + usize::from(any_account.is_some());
        let named = changes.iter().map(|change| SampleBody {
            principal: PrincipalBody::from(&change.principal),
            permissions: change.permissions,
        });
        let sample = any_account.into_iter().chain(named).take(SAMPLE).collect();
        Self { count, sample, complete: others.is_empty() && count <= SAMPLE }
    }
}

/// A state whose change can be told in gains and losses of access.
pub trait Planned: Aggregate {
    /// Who gains and who loses between two states at an instant.
    fn sides(before: &Self, after: &Self, at: Time) -> (SideBody, SideBody);
}

impl Planned for ItemState {
    fn sides(before: &Self, after: &Self, at: Time) -> (SideBody, SideBody) {
        let effect = access_diff(before, after, at);
        (
            SideBody::of(effect.gains, effect.others_gain),
            SideBody::of(effect.loses, effect.others_lose),
        )
    }
}

/// The access of an account to items is not listed here: items are streams of their own.
impl Planned for AccountState {
    fn sides(_: &Self, _: &Self, _: Time) -> (SideBody, SideBody) {
        (SideBody::NOBODY, SideBody::NOBODY)
    }
}

impl Planned for WebhookState {
    fn sides(_: &Self, _: &Self, _: Time) -> (SideBody, SideBody) {
        (SideBody::NOBODY, SideBody::NOBODY)
    }
}

impl Planned for TokenState {
    fn sides(_: &Self, _: &Self, _: Time) -> (SideBody, SideBody) {
        (SideBody::NOBODY, SideBody::NOBODY)
    }
}

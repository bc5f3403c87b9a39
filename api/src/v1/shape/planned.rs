//! What would a command do? The extra parts of a dry run's answer.

use super::words;
use domain::{
    account::AccountState,
    event::{Recorded, text},
    item::{Change, ItemState, effect},
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
    pub fn of(recorded: &Recorded, stream: &StreamName) -> Self {
        let (name, v) = recorded.event.stored();
        Self { name, v, text: text::sentence(recorded, stream) }
    }
}

/// Somebody whose permissions would change.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SampleBody {
    /// Who.
    #[schema(value_type = super::principal::PrincipalBody)]
    pub principal: Principal,
    /// What is gained or lost.
    #[schema(value_type = Vec<words::Permission>)]
    pub permissions: Permissions,
}

/// Who would gain, or who would lose.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SideBody {
    /// How many.
    pub count: usize,
    /// The first of them, at most 20.
    pub sample: Vec<SampleBody>,
    /// Is the sample all of them?
    pub complete: bool,
}

impl From<Vec<Change>> for SideBody {
    fn from(changes: Vec<Change>) -> Self {
        let count = changes.len();
        let sample = changes
            .into_iter()
            .take(SAMPLE)
            .map(|change| SampleBody {
                principal: change.principal,
                permissions: change.permissions,
            })
            .collect();
        Self { count, sample, complete: count <= SAMPLE }
    }
}

/// A state whose change can be told in gains and losses of access.
pub trait Planned: Sized {
    /// Who gains and who loses between two states at an instant.
    fn sides(before: &Self, after: &Self, at: Time) -> (SideBody, SideBody);
}

impl Planned for ItemState {
    fn sides(before: &Self, after: &Self, at: Time) -> (SideBody, SideBody) {
        let effect = effect(before, after, at);
        (effect.gains.into(), effect.loses.into())
    }
}

/// The access of an account to items is not listed here: items are streams of their own.
impl Planned for AccountState {
    fn sides(_: &Self, _: &Self, _: Time) -> (SideBody, SideBody) {
        (Vec::new().into(), Vec::new().into())
    }
}

impl Planned for WebhookState {
    fn sides(_: &Self, _: &Self, _: Time) -> (SideBody, SideBody) {
        (Vec::new().into(), Vec::new().into())
    }
}

impl Planned for TokenState {
    fn sides(_: &Self, _: &Self, _: Time) -> (SideBody, SideBody) {
        (Vec::new().into(), Vec::new().into())
    }
}

//! The catalogue of events: their stored names and versions.
//!
//! Stored names and versions are a storage format: they are written out here, never derived from
//! Rust names, and never changed. A changed payload gets a new version, an upcast in [`upcast`] and
//! a new frozen sample; old samples stay.

use crate::{
    actor::Actor,
    id::{AccountId, CommitId, ItemRef},
    position::{EventId, Position},
    private_text::{HoldsPrivateText, PrivateField},
    stream::{StreamKind, StreamName},
    time::Time,
};
use catalog::catalog;
use serde_json::{
    Value,
    value::{RawValue, to_raw_value},
};
use std::fmt;

pub mod account;
pub mod audit;
mod catalog;
pub mod item;
pub mod link_use;
pub mod summary;
pub mod system;
pub mod token;
pub mod upcast;
pub mod webhook;

pub use account::*;
pub use audit::{AuditPayload, AuditSide};
pub use item::*;
pub use link_use::*;
pub use system::*;
pub use token::*;
pub use webhook::*;

/// Why a stored event could not be read. Nothing that reads events may skip one: it stops.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The name, or a version above the newest known: written by a newer release.
    #[error(
        "event `{name}` version {version} is unknown to this release; upgrade before reading on"
    )]
    Unknown {
        /// Stored name.
        name: String,
        /// Stored version.
        version: u32,
    },
    /// Known name and version, but the payload does not fit.
    #[error("event `{name}` version {version} has a damaged payload: {detail}")]
    Undecodable {
        /// Stored name.
        name: String,
        /// Stored version.
        version: u32,
        /// What does not fit.
        detail: String,
    },
    /// The event stands in the stream of another aggregate.
    #[error("event `{event_type}` is stored in a stream of kind `{}`", stream.name())]
    Misplaced {
        /// Its type.
        event_type: EventType,
        /// What the stream is about.
        stream: StreamKind,
    },
}

/// A text that is not the stored name of an event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not the name of an event")]
pub struct UnknownEventType(String);

/// What is declared once of an event, at its payload.
pub trait Payload: HoldsPrivateText {
    /// What happened to the target, in plain words, e.g. `closed history 8f3a`. Holds ids, roles,
    /// days and numbers only.
    fn summary(&self, target: &str) -> String;

    /// What the audit trail keeps of it.
    fn audit(&self) -> AuditPayload;

    /// Does it create what its command names?
    fn creates(&self) -> bool {
        false
    }
}

/// What every event of the catalogue has, alone and as one of its aggregate.
pub trait CatalogEvent: HoldsPrivateText {
    /// Its type.
    fn event_type(&self) -> EventType;
    /// What is declared at its payload.
    fn payload(&self) -> &dyn Payload;
    /// The payload as it is stored; fails on a private text that was not sealed.
    fn to_stored(&self) -> Result<Box<RawValue>, serde_json::Error>;
}

/// An event of one aggregate.
pub trait AggregateEvent:
    CatalogEvent
    + Into<Event>
    + TryFrom<Event, Error = EventType>
    + Clone
    + fmt::Debug
    + Send
    + Sync
    + 'static
{
    /// The kind of streams that it is stored in.
    const STREAM: StreamKind;
}

impl fmt::Display for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl EventType {
    /// The part of the name before the dot.
    pub fn family(self) -> &'static str {
        self.name().split_once('.').map_or(self.name(), |(family, _)| family)
    }

    /// Does a filter mean it? A filter is a name, or the beginning of names that ends in a dot.
    pub fn passes(self, filter: &str) -> bool {
        self.name() == filter || (filter.ends_with('.') && self.name().starts_with(filter))
    }

    fn undecodable(self, version: u32, detail: String) -> DecodeError {
        DecodeError::Undecodable { name: self.name().to_owned(), version, detail }
    }
}

/// The type of a stored name, when this release knows it in that version.
fn known(name: &str, version: u32) -> Result<EventType, DecodeError> {
    let known =
        name.parse().ok().filter(|known: &EventType| (1..=known.version()).contains(&version));
    known.ok_or_else(|| DecodeError::Unknown { name: name.to_owned(), version })
}

// WHEN ADDING AN EVENT: a line here, its payload type, `evolve` and `decide` of its aggregate, and
// its frozen sample in `domain/samples/`. The compiler lists the projections that must consider it.
catalog! {
    Item(ItemEvent) {
        Registered(ItemRegistered) = "item.registered" v 1;
        Described(ItemDescribed) = "item.described" v 1;
        VisibilityChanged(VisibilityChanged) = "item.visibility_changed" v 1;
        Closed(ItemClosed) = "item.closed" v 1;
        Reopened(ItemReopened) = "item.reopened" v 1;
        Retired(ItemRetired) = "item.retired" v 1;
        Restored(ItemRestored) = "item.restored" v 1;
        GrantGiven(GrantGiven) = "grant.given" v 1;
        GrantChanged(GrantChanged) = "grant.changed" v 1;
        GrantEnded(GrantEnded) = "grant.ended" v 1;
        LinkCreated(LinkCreated) = "link.created" v 1;
        LinkChanged(LinkChanged) = "link.changed" v 1;
        LinkPasswordSet(LinkPasswordSet) = "link.password_set" v 1;
        LinkPasswordCleared(LinkPasswordCleared) = "link.password_cleared" v 1;
        LinkRotated(LinkRotated) = "link.rotated" v 1;
        LinkRevoked(LinkRevoked) = "link.revoked" v 1;
        LinkExpired(LinkExpired) = "link.expired" v 1;
        Published(Published) = "publication.published" v 1;
        PublicationUpdated(PublicationUpdated) = "publication.updated" v 1;
        PublicationWithdrawn(PublicationWithdrawn) = "publication.withdrawn" v 1;
    }
    Account(AccountEvent) {
        Registered(AccountRegistered) = "account.registered" v 1;
        Changed(AccountChanged) = "account.changed" v 1;
        Deactivated(AccountDeactivated) = "account.deactivated" v 1;
        Reactivated(AccountReactivated) = "account.reactivated" v 1;
        Erased(AccountErased) = "account.erased" v 1;
    }
    Link(LinkUseEvent) {
        Used(LinkUsed) = "link.used" v 1;
    }
    Token(TokenEvent) {
        Issued(TokenIssued) = "token.issued" v 1;
        Revoked(TokenRevoked) = "token.revoked" v 1;
    }
    Webhook(WebhookEvent) {
        Changed(WebhookChanged) = "webhook.changed" v 1;
    }
    System(SystemEvent) {
        LogStarted(LogStarted) = "log.started" v 1;
        LevelRaised(LevelRaised) = "log.level_raised" v 1;
        KindsChanged(KindsChanged) = "kinds.changed" v 1;
        RulesChanged(RulesChanged) = "rules.changed" v 1;
        KeyRotated(KeyRotated) = "key.rotated" v 1;
        ExportMade(ExportMade) = "export.made" v 1;
    }
}

/// An event that says something about access, with what it is about.
#[derive(Debug, Clone, Copy)]
pub enum AccessEvent<'a> {
    /// Of an item and its sharing.
    Item(&'a ItemRef, &'a ItemEvent),
    /// Of an account.
    Account(&'a AccountId, &'a AccountEvent),
    /// Of the deployment.
    System(&'a SystemEvent),
}

impl Event {
    /// What it says about access; `None` = it is of an aggregate that says nothing about it. An
    /// event in the stream of another aggregate does not get this far: decoding a record refuses it
    /// ([`DecodeError::Misplaced`]).
    pub fn access<'a>(&'a self, stream: &'a StreamName) -> Option<AccessEvent<'a>> {
        match (self, stream) {
            (Self::Item(event), StreamName::Item(item)) => Some(AccessEvent::Item(item, event)),
            (Self::Account(event), StreamName::Account(account)) => {
                Some(AccessEvent::Account(account, event))
            }
            (Self::System(event), StreamName::System) => Some(AccessEvent::System(event)),
            (
                Self::Item(_)
                | Self::Account(_)
                | Self::System(_)
                | Self::Link(_)
                | Self::Token(_)
                | Self::Webhook(_),
                _,
            ) => None,
        }
    }
}

/// An event as it is stored in the log, with what its record says of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded<E = Event> {
    /// Where it stands.
    pub id: EventId,
    /// The commit it belongs to.
    pub commit: CommitId,
    /// Effective time of its record when read in the order of the log. When one stream is read
    /// alone it is the time stamped by the writer; no decision depends on the difference.
    pub time: Time,
    /// Who did it.
    pub actor: Actor,
    /// What happened.
    pub event: E,
}

impl<E> Recorded<E> {
    /// The position of the record.
    pub const fn position(&self) -> Position {
        self.id.position
    }

    /// The same with another form of the event.
    pub fn map<F>(self, convert: impl FnOnce(E) -> F) -> Recorded<F> {
        let Self { id, commit, time, actor, event } = self;
        Recorded { id, commit, time, actor, event: convert(event) }
    }
}

impl Recorded {
    /// The same as an event of one aggregate; an event of another one is damage.
    pub fn of_aggregate<E: AggregateEvent>(self) -> Result<Recorded<E>, DecodeError> {
        let Self { id, commit, time, actor, event } = self;
        let event = E::try_from(event)
            .map_err(|event_type| DecodeError::Misplaced { event_type, stream: E::STREAM })?;
        Ok(Recorded { id, commit, time, actor, event })
    }
}

/// Keeps "absent" apart from "null" in partial payloads.
#[expect(clippy::option_option, reason = "absent, null and set are three things")]
pub(crate) fn present<'de, D, T>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: serde::Deserialize<'de>,
{
    serde::Deserialize::deserialize(deserializer).map(Some)
}

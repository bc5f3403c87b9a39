//! The catalogue of events: their stored names and versions.
//!
//! Stored names and versions are a storage format: they are written out here, never derived from
//! Rust names, and never changed. A changed payload gets a new version, an upcast in [`upcast`] and
//! a new frozen sample; old samples stay.

use crate::{
    actor::Actor,
    id::CommitId,
    position::{EventId, Position},
    private_text::{HoldsPrivateText, PrivateField},
    time::Time,
};
use serde_json::{
    Value,
    value::{RawValue, to_raw_value},
};

pub mod account;
pub mod item;
pub mod link_use;
pub mod summary;
pub mod system;
pub mod token;
pub mod upcast;
pub mod webhook;

pub use account::*;
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
}

macro_rules! catalog {
    ($($group:ident($events:ident) {
        $($variant:ident($payload:ident) = $name:literal v $version:literal;)*
    })*) => {
        $(
            #[doc = concat!("The events of `", stringify!($group), "` streams.")]
            #[derive(Debug, Clone, PartialEq)]
            #[allow(clippy::large_enum_variant, reason = "few are held at once, none is copied")]
            pub enum $events {
                $(#[doc = concat!("`", $name, "`")] $variant($payload),)*
            }

            impl $events {
                /// Stored name and current version.
                pub const fn stored(&self) -> (&'static str, u32) {
                    match self { $(Self::$variant(_) => ($name, $version),)* }
                }
            }

            impl From<$events> for Event {
                fn from(event: $events) -> Self {
                    Self::$group(event)
                }
            }
        )*

        /// Every event that can stand on the log.
        #[derive(Debug, Clone, PartialEq)]
        #[allow(clippy::large_enum_variant, reason = "few are held at once, none is copied")]
        pub enum Event {
            $(
                #[doc = concat!("An event of a `", stringify!($group), "` stream.")]
                $group($events),
            )*
        }

        /// Every stored name with its current version, in the order of the catalogue.
        pub const CATALOG: &[(&str, u32)] = &[$($(($name, $version),)*)*];

        impl Event {
            /// Stored name and current version.
            pub const fn stored(&self) -> (&'static str, u32) {
                match self { $(Self::$group(event) => event.stored(),)* }
            }

            /// The payload as it is stored; fails on a private text that was not sealed.
            pub fn payload(&self) -> Result<Box<RawValue>, serde_json::Error> {
                match self {
                    $($(
                        Self::$group($events::$variant(payload)) => to_raw_value(payload),
                    )*)*
                }
            }

            /// Reads a stored event of any version this release knows.
            pub fn decode(name: &str, version: u32, data: Value) -> Result<Self, DecodeError> {
                let current = CATALOG.iter().find(|(known, _)| *known == name).map(|(_, v)| *v);
                let known = |current: &u32| (1..=*current).contains(&version);
                let Some(current) = current.filter(known) else {
                    return Err(DecodeError::Unknown { name: name.to_owned(), version });
                };
                let undecodable = |detail: String| {
                    DecodeError::Undecodable { name: name.to_owned(), version, detail }
                };
                let data = upcast::to_version(name, version, current, data).map_err(undecodable)?;
                match name {
                    $($($name => serde_json::from_value(data)
                        .map(|payload| Self::$group($events::$variant(payload)))
                        .map_err(|error| undecodable(error.to_string())),)*)*
                    _ => Err(DecodeError::Unknown { name: name.to_owned(), version }),
                }
            }

            /// Reads a stored event from its bytes: straight into the payload where nothing has to
            /// be raised.
            pub fn read(name: &str, version: u32, data: &str) -> Result<Self, DecodeError> {
                let undecodable = |error: serde_json::Error| DecodeError::Undecodable {
                    name: name.to_owned(),
                    version,
                    detail: error.to_string(),
                };
                match (name, version) {
                    $($(($name, $version) => serde_json::from_str(data)
                        .map(|payload| Self::$group($events::$variant(payload)))
                        .map_err(undecodable),)*)*
                    _ => Self::decode(
                        name,
                        version,
                        serde_json::from_str(data).map_err(undecodable)?,
                    ),
                }
            }
        }

        /// The schema of every payload, by stored name: what the payload table is made from.
        #[cfg(feature = "docs")]
        pub fn schemas(
            generator: &mut schemars::SchemaGenerator,
        ) -> Vec<(&'static str, u32, schemars::Schema)> {
            vec![$($(($name, $version, generator.root_schema_for::<$payload>()),)*)*]
        }

        impl HoldsPrivateText for Event {
            fn private_texts(&mut self) -> Vec<PrivateField<'_>> {
                match self {
                    $($(Self::$group($events::$variant(payload)) => payload.private_texts(),)*)*
                }
            }
        }
    };
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

/// An event as it stands on the log, with what its record says of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
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
    pub event: Event,
}

impl Recorded {
    /// The position of the record.
    pub const fn position(&self) -> Position {
        self.id.position
    }
}

/// The private texts of payloads that hold none.
macro_rules! no_private_text {
    ($($payload:ty),* $(,)?) => {$(
        impl $crate::private_text::HoldsPrivateText for $payload {
            fn private_texts(&mut self) -> Vec<$crate::private_text::PrivateField<'_>> {
                Vec::new()
            }
        }
    )*};
}
pub(crate) use no_private_text;

/// Keeps "absent" apart from "null" in partial payloads.
#[expect(clippy::option_option, reason = "absent, null and set are three things")]
pub(crate) fn present<'de, D, T>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: serde::Deserialize<'de>,
{
    serde::Deserialize::deserialize(deserializer).map(Some)
}

//! The command authorisation table: the permission each event requires of its actor.

use crate::{event::EventType, role::Permission};

/// Permission, and the events of an item's stream that need it.
///
/// `decide` asks this table before anything else. Beside it stand four exceptions, each in the file
/// of its area: registering needs to be the owner; the grantee ends the own grants (leaves) without
/// `share`; who made a link may rename, protect, rotate and revoke it without `share`; a link for
/// the entitled (audience `named`), which gives nothing, needs `view` only. What ends by the clock
/// is recorded by the service.
pub const AUTHORITY: &[(Permission, &[EventType])] = &[
    (Permission::Edit, &[EventType::ItemDescribed]),
    (
        Permission::Share,
        &[
            EventType::GrantGiven,
            EventType::GrantChanged,
            EventType::GrantEnded,
            EventType::LinkCreated,
            EventType::LinkChanged,
            EventType::LinkPasswordSet,
            EventType::LinkPasswordCleared,
            EventType::LinkRotated,
            EventType::LinkRevoked,
            EventType::LinkExpired,
        ],
    ),
    (
        Permission::Publish,
        &[
            EventType::VisibilityChanged,
            EventType::Published,
            EventType::PublicationUpdated,
            EventType::PublicationWithdrawn,
        ],
    ),
    (
        Permission::Own,
        &[
            EventType::ItemRegistered,
            EventType::ItemClosed,
            EventType::ItemReopened,
            EventType::ItemRetired,
            EventType::ItemRestored,
        ],
    ),
];

/// The permission an event needs; what the table does not list needs everything.
pub fn required(event: EventType) -> Permission {
    AUTHORITY
        .iter()
        .find(|(_, events)| events.contains(&event))
        .map_or(Permission::Own, |(permission, _)| *permission)
}

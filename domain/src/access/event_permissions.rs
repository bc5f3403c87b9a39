//! The command authorisation table: the permission each event requires of its actor.

use crate::{event::ItemEvent, role::Permission};

/// Permission, and the events of an item's stream that need it, by stored name.
///
/// `decide` asks this table before anything else. Beside it stand four exceptions, each in the file
/// of its area: registering needs to be the owner; the grantee ends the own grants (leaves) without
/// `share`; who made a link may rename, protect, rotate and revoke it without `share`; a link for
/// the entitled (audience `named`), which gives nothing, needs `view` only. What ends by the clock
/// is recorded by the service.
pub const AUTHORITY: &[(Permission, &[&str])] = &[
    (Permission::Edit, &["item.described"]),
    (
        Permission::Share,
        &[
            "grant.given",
            "grant.changed",
            "grant.ended",
            "link.created",
            "link.changed",
            "link.password_set",
            "link.password_cleared",
            "link.rotated",
            "link.revoked",
            "link.expired",
        ],
    ),
    (
        Permission::Publish,
        &[
            "item.visibility_changed",
            "publication.published",
            "publication.updated",
            "publication.withdrawn",
        ],
    ),
    (
        Permission::Own,
        &["item.registered", "item.closed", "item.reopened", "item.retired", "item.restored"],
    ),
];

/// The permission an event needs.
pub fn required(event: &ItemEvent) -> Permission {
    required_by_name(event.stored().0)
}

/// The same by stored name; a name that the table does not list needs everything.
pub fn required_by_name(name: &str) -> Permission {
    AUTHORITY
        .iter()
        .find(|(_, events)| events.contains(&name))
        .map_or(Permission::Own, |(permission, _)| *permission)
}

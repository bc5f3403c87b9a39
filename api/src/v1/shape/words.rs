//! OpenAPI schemas of the closed lists of words.

use std::borrow::Cow;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{KnownFormat, ObjectBuilder, RefOr, Schema, SchemaFormat, schema::Type},
};

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident = [$($value:literal),+];)*) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub enum $name {}

        impl $name {
            /// The words.
            pub const WORDS: &[&str] = &[$($value),+];
        }

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                let words = Some([$($value),+]);
                ObjectBuilder::new().schema_type(Type::String).enum_values(words).into()
            }
        }

        impl ToSchema for $name {
            fn name() -> Cow<'static, str> {
                Cow::Borrowed(stringify!($name))
            }
        }
    )*};
}

words! {
    /// Roles of grants, links and rows.
    Role = ["browser", "viewer", "contributor", "editor", "manager", "owner"];
    /// Permissions.
    Permission = ["browse", "view", "download", "copy", "contribute", "edit", "share",
        "publish", "own"];
    /// What can be held back of a role.
    Withheld = ["download", "copy", "share", "metadata"];
    /// Who sees an item without a grant.
    Visibility = ["restricted", "internal", "public"];
    /// Who may open a link.
    LinkAudience = ["named", "internal", "anyone"];
    /// Who sees a catalog entry.
    CatalogAudience = ["groups", "internal", "anyone"];
    /// Where in its life an item is.
    Lifecycle = ["open", "closed", "retired"];
    /// Where in its life an account is.
    AccountStatus = ["active", "deactivated", "erased"];
    /// Where in its life a link is.
    LinkStatus = ["active", "scheduled", "expired", "used_up", "revoked"];
    /// What became of a command.
    Status = ["recorded", "unchanged", "planned"];
    /// What a caller may be.
    CallerRole = ["admin", "auditor", "app", "account"];
    /// What an application's token may be used for.
    Scope = ["items", "sharing", "visits", "accounts", "read", "webhooks"];
    /// What kind of act a grant came from.
    ProvenanceKind = ["direct", "invitation", "link", "transfer", "request", "reshare"];
    /// What happens to a grantee who has a grant already.
    OnExisting = ["keep", "change"];
    /// What happens to parts and required items.
    Related = ["ask", "leave", "share"];
    /// What a reopening brings back.
    Restore = ["nothing", "all"];
    /// Types of principals.
    PrincipalType = ["account", "group", "link", "anonymous"];
    /// Does access to a container flow to its parts?
    PartsAccess = ["follow", "separate"];
}

/// An instant: RFC 3339, UTC, microseconds.
#[derive(Debug)]
pub enum Instant {}

impl PartialSchema for Instant {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
            .examples(["2026-11-21T12:00:00.123456Z"])
            .into()
    }
}

impl ToSchema for Instant {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("Instant")
    }
}

#[cfg(test)]
mod tests {
    use domain::role;

    #[test]
    fn the_words_are_those_of_the_domain() {
        let roles: Vec<_> = role::Role::ALL.iter().map(|r| r.name()).collect();
        assert_eq!(roles, super::Role::WORDS);
        let permissions: Vec<_> = role::Permission::ALL.iter().map(|p| p.name()).collect();
        assert_eq!(permissions, super::Permission::WORDS);
    }
}

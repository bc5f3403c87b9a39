//! Which forms of input do several routes share?

use super::shape::words;
use crate::problem::{Fallible, Problem};
use commands::Secret;
use domain::{
    id::{AccountId, GroupId},
    principal::Grantee,
};
use serde::Deserialize;
use std::borrow::Cow;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, schema::Type},
};

/// The type `account`.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AccountType {
    /// An account.
    Account,
}

/// An account as a principal.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AccountInput {
    /// Always `account`.
    #[serde(rename = "type")]
    _kind: AccountType,
    /// Its id.
    #[schema(value_type = String, example = "a-17")]
    pub id: AccountId,
}

/// Whom a grant is for.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum GranteeInput {
    /// An account; it need not be registered.
    Account {
        /// Its id.
        #[schema(value_type = String, example = "a-22")]
        id: AccountId,
    },
    /// A group.
    Group {
        /// Its id.
        #[schema(value_type = String, example = "g-3")]
        id: GroupId,
    },
}

impl From<GranteeInput> for Grantee {
    fn from(input: GranteeInput) -> Self {
        match input {
            GranteeInput::Account { id } => Self::Account(id),
            GranteeInput::Group { id } => Self::Group(id),
        }
    }
}

/// What happens to parts and required items. Items have none so far, so that nothing follows from
/// it.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Related {
    /// Tell which would have to be opened.
    #[default]
    Ask,
    /// They stay as they are.
    Leave,
    /// They are opened too.
    Share,
}

impl PartialSchema for Related {
    fn schema() -> RefOr<Schema> {
        words::Related::schema()
    }
}

impl ToSchema for Related {
    fn name() -> Cow<'static, str> {
        words::Related::name()
    }
}

/// A password or token in a body; does not print.
#[derive(Debug, Clone)]
pub struct SecretInput(pub Secret);

impl<'de> Deserialize<'de> for SecretInput {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self(Secret::new(text)))
    }
}

impl PartialSchema for SecretInput {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::String).into()
    }
}

impl ToSchema for SecretInput {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("Secret")
    }
}

/// The longest password, in bytes.
const LONGEST_PASSWORD: usize = 1024;

impl SecretInput {
    /// A password of a usable length.
    pub fn password(self, pointer: &str) -> Fallible<Secret> {
        let length = self.0.expose().len();
        if (1..=LONGEST_PASSWORD).contains(&length) {
            Ok(self.0)
        } else {
            Err(Problem::field(pointer, format!("1 to {LONGEST_PASSWORD} bytes")))
        }
    }
}

/// Refuses links that make collaborators, as nobody can join through them yet.
pub fn no_joins(joins: Option<bool>) -> Fallible<()> {
    match joins {
        None | Some(false) => Ok(()),
        Some(true) => {
            let detail = "links that people join by are not available yet; send false, or share \
                          with those who should keep access";
            Err(Problem::field("/joins", detail))
        }
    }
}

/// Refuses slugs, which are not available yet.
pub fn no_slug(slug: Option<&str>) -> Fallible<()> {
    match slug {
        None => Ok(()),
        Some(_) => Err(Problem::field("/slug", "slugs are not available yet; send null")),
    }
}

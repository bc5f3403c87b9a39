//! Forms of input that several routes share.

use super::shape::words;
use crate::problem::{ApiResult, Problem};
use commands::Secret;
use domain::{
    id::{AccountId, GroupId, IdError},
    principal::Grantee,
};
use serde::Deserialize;
use std::{borrow::Cow, str::FromStr};
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
#[serde(
    deny_unknown_fields,
    expecting = "an object such as {\"type\":\"account\",\"id\":\"a-17\"}"
)]
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
#[serde(expecting = "an object such as {\"type\":\"account\",\"id\":\"a-22\"}")]
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

/// An account in a filter: `account:ID`, or the id alone.
///
/// Colons may stand in ids. A value that begins like one of another type is refused, as it would
/// find nothing; an account with such an id is written with `account:` in front.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct AccountFilter(AccountId);

/// Who can do something, or be meant by something, besides accounts.
const OTHERS: [(&str, &str); 5] = [
    ("group", "a group"),
    ("link", "a link"),
    ("app", "an application"),
    ("token", "a token"),
    ("system", "a part of the service"),
];

impl FromStr for AccountFilter {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (kind, id) = text.split_once(':').unwrap_or((text, ""));
        let id = if kind == "account" && text != kind { id } else { text };
        let other = match OTHERS.iter().find(|(name, _)| *name == kind && text != kind) {
            Some((_, words)) => Some(*words),
            None if text == "anonymous" => Some("somebody not signed in"),
            None => None,
        };
        if let Some(other) = other {
            return Err(format!(
                "`{text}` names {other}, and only accounts can be asked for here: a-17 or \
                 account:a-17 (an account that is called so: account:{text})"
            ));
        }
        id.parse().map(Self).map_err(|error: IdError| error.to_string())
    }
}

impl TryFrom<String> for AccountFilter {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<AccountFilter> for AccountId {
    fn from(AccountFilter(id): AccountFilter) -> Self {
        id
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
const MAX_PASSWORD_BYTES: usize = 1024;

impl SecretInput {
    /// A password of a usable length.
    pub fn password(self, pointer: &str) -> ApiResult<Secret> {
        let length = self.0.expose().len();
        if (1..=MAX_PASSWORD_BYTES).contains(&length) {
            Ok(self.0)
        } else {
            Err(Problem::field(pointer, format!("1 to {MAX_PASSWORD_BYTES} bytes")))
        }
    }
}

/// Refuses links that make collaborators, as nobody can join through them yet.
pub fn no_joins(joins: Option<bool>) -> ApiResult<()> {
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
pub fn no_slug(slug: Option<&str>) -> ApiResult<()> {
    match slug {
        None => Ok(()),
        Some(_) => Err(Problem::field("/slug", "slugs are not available yet; send null")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_takes_an_account_with_its_type_and_without() {
        let cases = [
            ("a-17", "a-17"),
            ("account:a-17", "a-17"),
            ("account:account:a-17", "account:a-17"),
            ("account:app:lab", "app:lab"),
            ("account:anonymous", "anonymous"),
            ("urn:x:17", "urn:x:17"),
            ("group", "group"),
            ("account", "account"),
        ];
        for (text, id) in cases {
            assert_eq!(text.parse(), Ok(AccountFilter(id.parse().unwrap())), "{text}");
        }
        for wrong in ["group:g-3", "link:ln_1", "app:lab", "token:tk_1", "system:x", "anonymous"] {
            let error = wrong.parse::<AccountFilter>().unwrap_err();
            assert!(error.contains(&format!("account:{wrong}")), "{error}");
        }
        for wrong in ["", "account:", "me", "a b"] {
            let error = wrong.parse::<AccountFilter>().unwrap_err();
            assert!(error.contains("is not a valid account id"), "{error}");
        }
    }
}

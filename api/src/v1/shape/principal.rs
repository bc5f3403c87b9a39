//! The body of a principal.

use super::words;
use domain::{id::AccountId, principal::Principal};
use serde::Serialize;
use utoipa::ToSchema;

/// Somebody: `{"type","id"}`; anonymous has no id, and neither has any account there may be.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PrincipalBody {
    /// What kind of principal.
    #[serde(rename = "type")]
    #[schema(value_type = words::PrincipalType)]
    pub kind: &'static str,
    /// Its id.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "a-17")]
    pub id: Option<String>,
}

impl PrincipalBody {
    /// An account.
    pub fn account(id: &AccountId) -> Self {
        Self { kind: "account", id: Some(id.to_string()) }
    }
}

impl From<&Principal> for PrincipalBody {
    fn from(principal: &Principal) -> Self {
        let (kind, id) = match principal {
            Principal::Account(id) => ("account", Some(id.to_string())),
            Principal::Group(id) => ("group", Some(id.to_string())),
            Principal::Link(id) => ("link", Some(id.to_string())),
            Principal::Anonymous => ("anonymous", None),
        };
        Self { kind, id }
    }
}

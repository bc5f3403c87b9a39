//! The body of an account.

use super::words;
use commands::{Address, Profile};
use domain::{
    account::{AccountState, AccountStatus},
    id::AccountId,
    position::Position,
    time::Time,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An e-mail address of a person.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AddressBody {
    /// As given.
    pub address: String,
    /// Did somebody prove that it is theirs?
    pub verified: bool,
}

/// An e-mail address as sent.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddressInput {
    /// The address.
    #[schema(example = "someone@example.org")]
    pub address: String,
    /// Did somebody prove that it is theirs?
    #[serde(default)]
    pub verified: bool,
}

impl From<AddressInput> for Address {
    fn from(input: AddressInput) -> Self {
        Self { address: input.address, verified: input.verified }
    }
}

/// An account.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AccountBody {
    /// The application's own id of it.
    #[schema(value_type = String, example = "a-17")]
    pub id: AccountId,
    /// Where in its life it is.
    #[schema(value_type = words::AccountStatus)]
    pub status: AccountStatus,
    /// The name to show.
    pub name: Option<String>,
    /// E-mail addresses; absent for callers who may not see them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub addresses: Option<Vec<AddressBody>>,
    /// When it was registered.
    #[schema(value_type = words::Instant)]
    pub registered_at: Time,
    /// Position of its last change.
    #[schema(value_type = u64)]
    pub version: Position,
}

impl AccountBody {
    /// From its state and what the vault holds of it.
    pub fn new(
        id: AccountId,
        state: &AccountState,
        profile: Option<Profile>,
        with_addresses: bool,
    ) -> Self {
        let Profile { name, addresses } = profile.unwrap_or_default();
        let addresses = addresses
            .into_iter()
            .map(|Address { address, verified }| AddressBody { address, verified })
            .collect();
        Self {
            id,
            status: state.status,
            name,
            addresses: with_addresses.then_some(addresses),
            registered_at: state.registered_at,
            version: state.position,
        }
    }
}

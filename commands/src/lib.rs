//! The write side: commands become events. Load, decide, append; vault; links; expiry.

mod accounts;
mod authority;
mod clock;
mod commands;
mod erasure_worker;
mod error;
mod expiry_worker;
mod handler;
mod items;
mod links;
mod passwords;
mod random;
mod request;
mod secret;
mod settings;
mod signing;
mod system;
mod tokens;
pub mod vault;
mod webhooks;

pub use authority::{AccountFacts, Authority, EffectiveAccess, KnownEnds};
pub use clock::{Clock, ManualClock};
pub use commands::Commands;
pub use error::{CommandError, CommandFuture, OpenError, StartError};
pub use request::{
    AccountCommand, Address, Caller, GranteeRef, LinkPreview, LinkVisit, NewToken, Outcome,
    Profile, ProfilePatch, Request, Status, TokenIdentity, WriteHealth,
};
pub use secret::Secret;
pub use settings::{Dependencies, Settings};
pub use tokens::TokenService;
pub use webhooks::{Attempt, AttemptOutcome, Deliveries, Lease, RetryState, WebhookService};

//! Links and visits: how links are opened although the log holds nothing that opens them.
//!
//! A link's token and a visit are signed texts: forged and mistyped ones are refused before any
//! look-up. Which item a link belongs to is kept in a vault row that is written before the link is
//! recorded; without the row the link opens nothing.

mod keys;
mod opening;
mod password;
mod tokens;
mod visits;

pub(crate) use keys::SecretKeys;
pub(crate) use password::PasswordAttemptLimiter;

use crate::{CommandError, Secret, core::Core};
use domain::{event::KeyPurpose, id::LinkId};

/// The secret part of a link's address.
pub(crate) fn token(core: &Core, link: LinkId, generation: u32) -> Result<Secret, CommandError> {
    let state = core.in_force.read().clone();
    let (number, key) = core.signing_key(&state, KeyPurpose::Link)?;
    let contents = tokens::link_contents(link, generation);
    tokens::sign(tokens::TokenKind::Link, number, &key, &contents)
        .map(Secret::new)
        .ok_or_else(|| CommandError::Internal("a link could not be signed".to_owned()))
}

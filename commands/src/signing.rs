//! Signed texts: the secrets of links, visits and codes, and the keys that sign them. Forged and
//! mistyped ones are refused before any look-up.

mod keys;
pub(crate) mod tokens;
pub(crate) mod visits;

pub(crate) use keys::SigningKeys;
pub(crate) use visits::VisitService;

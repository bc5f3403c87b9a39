//! A short-lived cache of verified bearer tokens, which answers without the log.
//!
//! INVARIANT (no stale caller): an answer from here is at most a second old, knows everything up to
//! the position that the request names, and everything up to the last revocation that this node
//! has made or seen on the log.

use crate::TokenIdentity;
use domain::{position::Position, time::Time};
use parking_lot::RwLock;
use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

/// For how long an identity is used without looking again, in microseconds.
const RECENT_MICROS: i64 = 1_000_000;
/// The most identities that are kept; then all are forgotten.
const MAX_IDENTITIES: usize = 50_000;

/// A caller that was found valid.
#[derive(Debug, Clone)]
struct Known {
    identity: Arc<TokenIdentity>,
    /// First instant at which the token is no longer valid.
    ends_at: Option<Time>,
    /// Everything up to here is considered.
    confirmed: Position,
    looked_at: Time,
}

/// The callers that this node knows.
#[derive(Debug, Default)]
pub(crate) struct Identities {
    known: RwLock<HashMap<[u8; 32], Known>>,
    /// What was found out before this position does not count any more.
    floor: AtomicU64,
}

impl Identities {
    /// Whose token has this digest, if that is known well enough.
    pub(crate) fn get(
        &self,
        digest: &[u8; 32],
        now: Time,
        at_least: Position,
    ) -> Option<Arc<TokenIdentity>> {
        let wanted = at_least.max(self.floor());
        let known = self.known.read();
        let found = known.get(digest)?;
        let fresh = found.looked_at <= now && now < found.looked_at.plus_micros(RECENT_MICROS);
        let valid = found.ends_at.is_none_or(|end| end > now);
        (fresh && valid && found.confirmed >= wanted).then(|| found.identity.clone())
    }

    /// Keeps what was found at an instant, with everything up to a position considered.
    pub(crate) fn keep(
        &self,
        digest: [u8; 32],
        identity: &Arc<TokenIdentity>,
        ends_at: Option<Time>,
        (confirmed, looked_at): (Position, Time),
    ) {
        let mut known = self.known.write();
        if known.len() >= MAX_IDENTITIES && !known.contains_key(&digest) {
            known.clear();
        }
        known.insert(digest, Known { identity: identity.clone(), ends_at, confirmed, looked_at });
    }

    /// A token was revoked at this position.
    pub(crate) fn revoked(&self, position: Position) {
        self.floor.fetch_max(position.0, Ordering::AcqRel);
    }

    /// What a look must consider at the least.
    pub(crate) fn floor(&self) -> Position {
        Position(self.floor.load(Ordering::Acquire))
    }

    /// Forgets all; after an erasure.
    pub(crate) fn clear(&self) {
        self.known.write().clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{event::CallerRole, id::TokenId};

    const DIGEST: [u8; 32] = [7; 32];

    fn kept(ends_at: Option<Time>) -> (Identities, Time) {
        let now: Time = "2026-11-21T12:00:00Z".parse().unwrap();
        let identity = Arc::new(TokenIdentity {
            id: TokenId(uuid::Uuid::nil()),
            role: CallerRole::App,
            label: "lab".to_owned(),
            scopes: Vec::new(),
            account: None,
        });
        let identities = Identities::default();
        identities.keep(DIGEST, &identity, ends_at, (Position(10), now));
        (identities, now)
    }

    #[test]
    fn an_identity_is_known_for_a_second() {
        let (identities, now) = kept(None);
        assert!(identities.get(&DIGEST, now, Position::START).is_some());
        let later = now.plus_micros(RECENT_MICROS);
        assert!(identities.get(&DIGEST, later, Position::START).is_none());
        let earlier = now.plus_micros(-1);
        assert!(identities.get(&DIGEST, earlier, Position::START).is_none(), "a clock set back");
        assert!(identities.get(&[8; 32], now, Position::START).is_none());
    }

    #[test]
    fn a_revocation_makes_everybody_look_again() {
        let (identities, now) = kept(None);
        identities.revoked(Position(10));
        assert!(identities.get(&DIGEST, now, Position::START).is_some(), "it was considered");
        identities.revoked(Position(11));
        assert!(identities.get(&DIGEST, now, Position::START).is_none());
        identities.revoked(Position(3));
        assert_eq!(identities.floor(), Position(11));
    }

    #[test]
    fn a_position_beyond_what_was_considered_makes_one_look_again() {
        let (identities, now) = kept(None);
        assert!(identities.get(&DIGEST, now, Position(10)).is_some());
        assert!(identities.get(&DIGEST, now, Position(11)).is_none());
    }

    #[test]
    fn a_token_that_is_over_is_not_known() {
        let now: Time = "2026-11-21T12:00:00Z".parse().unwrap();
        let (identities, _) = kept(Some(now.plus_micros(5)));
        assert!(identities.get(&DIGEST, now.plus_micros(4), Position::START).is_some());
        assert!(identities.get(&DIGEST, now.plus_micros(5), Position::START).is_none());
    }
}

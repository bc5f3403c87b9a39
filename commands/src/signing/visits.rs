//! Validates a visit, again at each use.

use super::{
    SigningKeys,
    tokens::{self, TokenKind, Unverified},
};
use crate::CommandError;
use domain::{
    access::{Subject, Visit},
    event::{Audience, KeyPurpose},
    id::{LinkId, VisitId},
    item::{ItemState, OpenLink},
    lifecycle::Lifecycle,
    time::Time,
};
use std::sync::Arc;

/// Why a visit gives nothing, in words for a warning.
type Ignored = &'static str;

const FORGED: Ignored = "visit ignored: invalid signature";
const OVER: Ignored = "visit ignored: expired";
const OTHER_ITEM: Ignored = "visit ignored: its link is not open on this item";
const ROTATED: Ignored = "visit ignored: its link was rotated";
const PASSWORD: Ignored = "visit ignored: the password of its link was changed";
const AUDIENCE: Ignored = "visit ignored: its link requires sign-in";

/// Signs, reads and validates visits.
#[derive(Debug)]
pub(crate) struct VisitService {
    pub(crate) keys: Arc<SigningKeys>,
}

impl VisitService {
    /// A visit as presented with a request on an item, if it is good; else why not.
    pub(crate) async fn validate(
        &self,
        text: &str,
        subject: &Subject,
        state: &ItemState,
        now: Time,
    ) -> Result<Result<Visit, Ignored>, CommandError> {
        Ok(match self.read(text).await? {
            Some((visit, _)) => still_good(&visit, subject, state, now).map(|_| visit),
            None => Err(FORGED),
        })
    }

    /// A visit whose signature is ours.
    pub(crate) async fn read(&self, text: &str) -> Result<Option<(Visit, VisitId)>, CommandError> {
        let Some(read) = Unverified::parse(TokenKind::Visit, tokens::VISIT_BYTES, text) else {
            return Ok(None);
        };
        let key = self.keys.checking_key(KeyPurpose::Visit, read.key()).await?;
        Ok(key.and_then(|key| read.verify(&key).and_then(tokens::read_visit)))
    }

    /// Signs a visit.
    pub(crate) async fn sign(&self, visit: &Visit, id: VisitId) -> Result<String, CommandError> {
        self.keys
            .sign(KeyPurpose::Visit, TokenKind::Visit, &tokens::visit_contents(visit, id))
            .await
    }
}

/// The open link of a visit, if the visit is good on it now.
pub(crate) fn still_good<'a>(
    visit: &Visit,
    subject: &Subject,
    state: &'a ItemState,
    now: Time,
) -> Result<&'a OpenLink, Ignored> {
    if visit.ends_at <= now {
        return Err(OVER);
    }
    let link = open_link(state, visit.link, now).ok_or(OTHER_ITEM)?;
    if link.generation != visit.generation {
        return Err(ROTATED);
    }
    if link.password_version != visit.password_version {
        return Err(PASSWORD);
    }
    if link.terms.audience != Audience::Anyone && !subject.is_signed_in() {
        return Err(AUDIENCE);
    }
    Ok(link)
}

/// A link that opens now, its uses apart.
pub(crate) fn open_link(state: &ItemState, link: LinkId, now: Time) -> Option<&OpenLink> {
    let open = state.links.get(&link).filter(|_| state.lifecycle == Lifecycle::Open)?;
    let window =
        domain::time::Window { starts_at: open.terms.starts_at, ends_at: open.terms.ends_at };
    window.holds(now).then_some(open)
}

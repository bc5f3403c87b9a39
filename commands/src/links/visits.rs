//! Validates a visit, again at each use.

use super::tokens::{self, TokenKind, Unverified};
use crate::{CommandError, core::Core};
use domain::{
    access::{Subject, Visit},
    event::{Audience, KeyPurpose},
    id::{LinkId, VisitId},
    item::{ItemState, OpenLink},
    lifecycle::Lifecycle,
    time::Time,
};

/// Why a visit gives nothing, in words for a warning.
type Ignored = &'static str;

const FORGED: Ignored = "a visit was ignored: it is not one of this service";
const OVER: Ignored = "a visit was ignored: it is over";
const OTHER_ITEM: Ignored = "a visit was ignored: its link is not open on this item";
const ROTATED: Ignored = "a visit was ignored: its link has a new secret";
const PASSWORD: Ignored = "a visit was ignored: its link's password has changed";
const AUDIENCE: Ignored = "a visit was ignored: its link is for people who are signed in";

impl Core {
    /// A visit as presented with a request on an item, if it is good; else why not.
    pub(crate) async fn visit(
        &self,
        text: &str,
        subject: &Subject,
        state: &ItemState,
        now: Time,
    ) -> Result<Result<Visit, Ignored>, CommandError> {
        Ok(match self.read_visit(text).await? {
            Some((visit, _)) => still_good(&visit, subject, state, now).map(|_| visit),
            None => Err(FORGED),
        })
    }

    /// A visit whose signature is ours.
    pub(crate) async fn read_visit(
        &self,
        text: &str,
    ) -> Result<Option<(Visit, VisitId)>, CommandError> {
        let Some(read) = Unverified::parse(TokenKind::Visit, tokens::VISIT_BYTES, text) else {
            return Ok(None);
        };
        let key = self.checking_key(KeyPurpose::Visit, read.key()).await?;
        Ok(key.and_then(|key| read.verify(&key).and_then(tokens::read_visit)))
    }

    /// Signs a visit.
    pub(crate) async fn sign_visit(
        &self,
        visit: &Visit,
        id: VisitId,
    ) -> Result<String, CommandError> {
        self.sign(KeyPurpose::Visit, TokenKind::Visit, &tokens::visit_contents(visit, id)).await
    }

    pub(crate) async fn sign(
        &self,
        purpose: KeyPurpose,
        kind: TokenKind,
        contents: &[u8],
    ) -> Result<String, CommandError> {
        let state = self.in_force().await?;
        if self.signing_key(&state, purpose).is_err() {
            // Another node rotated the key.
            self.learn_keys(crate::core::purpose_name(purpose)).await?;
        }
        let (number, key) = self.signing_key(&state, purpose)?;
        tokens::sign(kind, number, &key, contents)
            .ok_or_else(|| CommandError::Internal("a text could not be signed".to_owned()))
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

//! Signed tokens of links, visits and codes: fixed layouts with an HMAC tag.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use domain::{
    access::Visit,
    id::{LinkId, VisitId},
    time::Time,
};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;
use uuid::Uuid;

/// Bytes of a tag: half of SHA-256.
const TAG_BYTES: usize = 16;

/// What a text is; its first byte, so that none passes for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum TokenKind {
    /// The secret part of a link's address.
    Link = 1,
    /// An opening.
    Visit = 2,
    /// Stands for an opening during a redirect.
    Code = 3,
}

/// A text whose layout fits; its tag is not checked yet.
#[derive(Debug)]
pub(crate) struct Unverified {
    key: u8,
    bytes: Vec<u8>,
}

fn tag(key: &[u8; 32], body: &[u8]) -> Option<[u8; TAG_BYTES]> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    mac.update(body);
    mac.finalize().into_bytes().first_chunk::<TAG_BYTES>().copied()
}

/// Signs: form, key number, contents, tag.
pub(crate) fn sign(kind: TokenKind, number: u8, key: &[u8; 32], contents: &[u8]) -> Option<String> {
    let mut bytes = vec![kind as u8, number];
    bytes.extend_from_slice(contents);
    bytes.extend_from_slice(&tag(key, &bytes)?);
    Some(BASE64_URL_SAFE_NO_PAD.encode(bytes))
}

impl Unverified {
    /// Reads the layout of a text; `None` = it cannot be one of these.
    pub(crate) fn parse(kind: TokenKind, contents: usize, text: &str) -> Option<Self> {
        let length = 2 + contents + TAG_BYTES;
        if text.len() != (length * 4).div_ceil(3) {
            return None;
        }
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
        if bytes.len() != length || bytes.first() != Some(&(kind as u8)) {
            return None;
        }
        let key = *bytes.get(1)?;
        Some(Self { key, bytes })
    }

    /// The number of the key it claims to be signed with.
    pub(crate) const fn key(&self) -> u8 {
        self.key
    }

    /// Its contents, if the key signed them.
    pub(crate) fn verify(&self, key: &[u8; 32]) -> Option<&[u8]> {
        let (body, signed) =
            self.bytes.split_at_checked(self.bytes.len().checked_sub(TAG_BYTES)?)?;
        let expected = tag(key, body)?;
        bool::from(expected.ct_eq(signed)).then_some(())?;
        body.get(2..)
    }
}

/// Length of a link token's contents.
pub(crate) const LINK_BYTES: usize = 4 + 16;
/// Length of a visit's contents.
pub(crate) const VISIT_BYTES: usize = 16 + 4 + 8 + 8 + 16;
/// Length of a code's contents: when it ends, randomness, the visit.
pub(crate) const CODE_BYTES: usize = 8 + 16 + VISIT_BYTES;

/// Contents of a link token: generation, link.
pub(crate) fn link_contents(link: LinkId, generation: u32) -> [u8; LINK_BYTES] {
    let mut out = [0; LINK_BYTES];
    let (first, rest) = out.split_at_mut(4);
    first.copy_from_slice(&generation.to_be_bytes());
    rest.copy_from_slice(link.0.as_bytes());
    out
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (first, others) = rest.split_first_chunk::<N>()?;
    *rest = others;
    Some(*first)
}

/// Link and generation of a link token's contents.
pub(crate) fn read_link(mut contents: &[u8]) -> Option<(LinkId, u32)> {
    let generation = u32::from_be_bytes(take(&mut contents)?);
    let link = LinkId(Uuid::from_bytes(take(&mut contents)?));
    Some((link, generation))
}

/// Contents of a visit.
pub(crate) fn visit_contents(visit: &Visit, id: VisitId) -> Vec<u8> {
    let mut out = Vec::with_capacity(VISIT_BYTES);
    out.extend_from_slice(visit.link.0.as_bytes());
    out.extend_from_slice(&visit.generation.to_be_bytes());
    out.extend_from_slice(&visit.password_version.to_be_bytes());
    out.extend_from_slice(&visit.ends_at.as_micros().to_be_bytes());
    out.extend_from_slice(id.0.as_bytes());
    out
}

/// The visit of a visit's contents.
pub(crate) fn read_visit(mut contents: &[u8]) -> Option<(Visit, VisitId)> {
    let link = LinkId(Uuid::from_bytes(take(&mut contents)?));
    let generation = u32::from_be_bytes(take(&mut contents)?);
    let password_version = u64::from_be_bytes(take(&mut contents)?);
    let ends_at = Time::from_micros(i64::from_be_bytes(take(&mut contents)?)).ok()?;
    let id = VisitId(Uuid::from_bytes(take(&mut contents)?));
    Some((Visit { link, generation, password_version, ends_at }, id))
}

/// Contents of a code.
pub(crate) fn code_contents(ends_at: Time, nonce: [u8; 16], visit: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(CODE_BYTES);
    out.extend_from_slice(&ends_at.as_micros().to_be_bytes());
    out.extend_from_slice(&nonce);
    out.extend_from_slice(visit);
    out
}

/// End of a code, and the contents of its visit.
pub(crate) fn read_code(mut contents: &[u8]) -> Option<(Time, &[u8])> {
    let ends_at = Time::from_micros(i64::from_be_bytes(take(&mut contents)?)).ok()?;
    take::<16>(&mut contents)?;
    Some((ends_at, contents))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn token(key: &[u8; 32], link: [u8; 16], generation: u32) -> String {
        let link = LinkId(Uuid::from_bytes(link));
        sign(TokenKind::Link, 7, key, &link_contents(link, generation)).unwrap()
    }

    proptest! {
        #[test]
        fn a_link_token_says_what_was_signed(key: [u8; 32], link: [u8; 16], generation: u32) {
            let text = token(&key, link, generation);
            let read = Unverified::parse(TokenKind::Link, LINK_BYTES, &text).unwrap();
            prop_assert_eq!(read.key(), 7);
            let contents = read.verify(&key).unwrap();
            let signed = (LinkId(Uuid::from_bytes(link)), generation);
            prop_assert_eq!(read_link(contents), Some(signed));
        }

        #[test]
        fn a_link_token_with_any_bit_flipped_opens_nothing(
            key: [u8; 32],
            link: [u8; 16],
            generation: u32,
            bit in 0usize..(2 + LINK_BYTES + TAG_BYTES) * 8,
        ) {
            let mut bytes = BASE64_URL_SAFE_NO_PAD.decode(token(&key, link, generation)).unwrap();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let text = BASE64_URL_SAFE_NO_PAD.encode(bytes);
            let read = Unverified::parse(TokenKind::Link, LINK_BYTES, &text);
            prop_assert!(read.is_none_or(|read| read.verify(&key).is_none()));
        }

        #[test]
        fn a_link_token_with_any_character_changed_opens_nothing(
            key: [u8; 32], link: [u8; 16], at in 0usize..51, other in "[A-Za-z0-9_-]",
        ) {
            let text = token(&key, link, 1);
            let mut changed = text.clone();
            changed.replace_range(at..=at, &other);
            let read = Unverified::parse(TokenKind::Link, LINK_BYTES, &changed);
            prop_assert!(changed == text || read.is_none_or(|read| read.verify(&key).is_none()));
        }

        #[test]
        fn arbitrary_text_is_read_without_harm(text: String) {
            let kinds = [
                (TokenKind::Link, LINK_BYTES),
                (TokenKind::Visit, VISIT_BYTES),
                (TokenKind::Code, CODE_BYTES),
            ];
            for (kind, length) in kinds {
                let read = Unverified::parse(kind, length, &text);
                prop_assert!(read.is_none_or(|read| read.verify(&[1; 32]).is_none()));
            }
        }
    }
}

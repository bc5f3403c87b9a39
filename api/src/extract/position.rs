//! Positions as opaque text: the value of `Sharelog-Position`.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{id::LogId, position::Position};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

const VERSION: u8 = 1;
const TAG_BYTES: usize = 4;

/// A position together with the log that it belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PositionToken {
    /// The log.
    pub log: LogId,
    /// The place on it.
    pub position: Position,
}

impl PositionToken {
    /// The text: base64url of version, log, position and a checksum, which finds mistyped ones.
    pub fn encode(self) -> String {
        let mut bytes = vec![VERSION];
        bytes.extend_from_slice(self.log.0.as_bytes());
        bytes.extend_from_slice(&self.position.0.to_be_bytes());
        let tag = Sha256::digest(&bytes);
        bytes.extend(tag.iter().take(TAG_BYTES));
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads the text; `None` = it is none of ours.
    pub fn decode(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (content, tag) = bytes.split_at_checked(bytes.len().checked_sub(TAG_BYTES)?)?;
        if Sha256::digest(content).get(..TAG_BYTES)? != tag {
            return None;
        }
        let (version, rest) = content.split_first()?;
        let (log, position) = rest.split_at_checked(16)?;
        (*version == VERSION).then_some(())?;
        Some(Self {
            log: LogId(Uuid::from_slice(log).ok()?),
            position: Position(u64::from_be_bytes(position.try_into().ok()?)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_position_survives_its_text(log: u128, position: u64) {
            let log = LogId(Uuid::from_u128(log));
            let token = PositionToken { log, position: Position(position) };
            prop_assert_eq!(PositionToken::decode(&token.encode()), Some(token));
        }

        #[test]
        fn arbitrary_text_is_read_without_harm(text in ".*") {
            prop_assert_eq!(PositionToken::decode(&text), None);
        }
    }
}

//! The only source of randomness of the write side.

use uuid::Uuid;

/// Random bytes, fit for keys.
pub(crate) fn bytes<const N: usize>() -> [u8; N] {
    rand::random()
}

/// A random id.
pub(crate) fn id() -> Uuid {
    uuid::Builder::from_random_bytes(bytes()).into_uuid()
}

/// An id that grows with time (version 7), for commits and commands.
pub(crate) fn ordered_id(now: domain::time::Time) -> Uuid {
    let millis = u64::try_from(now.as_micros() / 1000).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &bytes()).into_uuid()
}

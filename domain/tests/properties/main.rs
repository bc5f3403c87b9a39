//! What holds for every history, id, name and byte string?

mod access;
mod decoding;
mod histories;
mod names;

//! Payloads of the events on an item's stream. A storage format: see the catalogue.

mod description;
mod grant;
mod lifecycle;
mod link;
mod publication;

pub use description::*;
pub use grant::*;
pub use lifecycle::*;
pub use link::*;
pub use publication::*;

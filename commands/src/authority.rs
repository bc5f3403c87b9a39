//! What may a caller do with an item, and as of which position is that known?

use crate::{Caller, CommandError, Rights};
use async_trait::async_trait;
use domain::{id::ItemRef, item::ItemState, position::Position, time::Time};
use std::fmt;

/// Answers the rights of callers. The first implementation judges from the item alone.
#[async_trait]
pub trait Authority: Send + Sync + fmt::Debug {
    /// The rights on an item, known at least up to a position. `item` is its state as the command decides
    /// on it.
    async fn rights(
        &self,
        caller: &Caller,
        item: &ItemRef,
        state: &ItemState,
        at_least: Position,
        now: Time,
    ) -> Result<Rights, CommandError>;
}

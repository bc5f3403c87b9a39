//! A list of event ids that grows at its end and is cheap to copy.

use crate::position::EventId;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{fmt, sync::Arc};

/// Events that are shared by all copies together.
const SHARED_RUN_LEN: usize = 32;

/// The events that made something what it is, oldest first. A copy costs the same however long it
/// is: only the last events are copied, those before are shared. Most hold one or two,
/// which are one short `Vec`.
#[derive(Clone, Default)]
pub struct EventIds {
    earlier: Option<Arc<Run>>,
    recent: Vec<EventId>,
}

/// Events before others.
struct Run {
    earlier: Option<Arc<Self>>,
    events: Vec<EventId>,
}

/// Not one within the other, which a long trail would have no stack for.
impl Drop for Run {
    fn drop(&mut self) {
        let mut next = self.earlier.take();
        while let Some(mut run) = next.and_then(Arc::into_inner) {
            next = run.earlier.take();
        }
    }
}

impl EventIds {
    /// Adds what happened last.
    pub fn push(&mut self, event: EventId) {
        if self.recent.len() == SHARED_RUN_LEN {
            let events = std::mem::take(&mut self.recent);
            self.earlier = Some(Arc::new(Run { earlier: self.earlier.take(), events }));
        }
        self.recent.push(event);
    }

    fn runs(&self) -> impl Iterator<Item = &Run> {
        std::iter::successors(self.earlier.as_deref(), |run| run.earlier.as_deref())
    }

    /// What began it.
    pub fn first(&self) -> Option<EventId> {
        self.runs().last().map_or(&self.recent, |run| &run.events).first().copied()
    }

    /// Is there none?
    pub fn is_empty(&self) -> bool {
        self.recent.is_empty()
    }

    /// All of them.
    pub fn to_vec(&self) -> Vec<EventId> {
        let mut runs: Vec<&[EventId]> = self.runs().map(|run| run.events.as_slice()).collect();
        runs.reverse();
        runs.push(&self.recent);
        runs.concat()
    }
}

impl From<EventId> for EventIds {
    fn from(first: EventId) -> Self {
        Self { earlier: None, recent: vec![first] }
    }
}

impl FromIterator<EventId> for EventIds {
    fn from_iter<I: IntoIterator<Item = EventId>>(events: I) -> Self {
        let mut trail = Self::default();
        events.into_iter().for_each(|event| trail.push(event));
        trail
    }
}

impl PartialEq for EventIds {
    fn eq(&self, other: &Self) -> bool {
        self.recent == other.recent && self.to_vec() == other.to_vec()
    }
}

impl Eq for EventIds {}

impl fmt::Debug for EventIds {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_vec().fmt(formatter)
    }
}

impl Serialize for EventIds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_vec().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for EventIds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Vec::deserialize(deserializer)?.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::position::Position;
    use proptest::prelude::*;

    fn events(count: u64) -> Vec<EventId> {
        (0..count).map(|number| EventId { position: Position(number + 1), index: 0 }).collect()
    }

    proptest! {
        #[test]
        fn a_trail_is_the_list_of_what_was_added(count in 0_u64..200, more in 0_u64..80) {
            let all = events(count + more);
            let (first, rest) = all.split_at(usize::try_from(count).unwrap());
            let before: EventIds = first.iter().copied().collect();
            let mut after = before.clone();
            for event in rest {
                after.push(*event);
            }
            prop_assert_eq!(before.to_vec(), first);
            prop_assert_eq!(after.to_vec(), all.clone());
            prop_assert_eq!(after.first(), all.first().copied());
            prop_assert_eq!(after.is_empty(), all.is_empty());
            prop_assert_eq!(after == before, more == 0);
            let text = serde_json::to_string(&after).unwrap();
            prop_assert_eq!(&text, &serde_json::to_string(&all).unwrap());
            prop_assert_eq!(serde_json::from_str::<EventIds>(&text).unwrap(), after);
        }
    }

    #[test]
    fn a_very_long_trail_is_dropped() {
        let trail: EventIds = events(10_000_000).into_iter().collect();
        drop(trail);
    }
}

//! The interner: names are numbered in the order in which the log mentions them first, so that
//! every node gives the same numbers.

use super::persistent_vec::PersistentVec;
use domain::id::LogId;
use siphasher::sip::SipHasher13;
use std::hash::Hasher as _;

/// Where the text of a name stands: place and length.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct TextRange(u64);

impl TextRange {
    fn new(at: usize, len: usize) -> Self {
        Self((at as u64) << 8 | (len as u64 & 0xff))
    }
    const fn at(self) -> usize {
        (self.0 >> 8) as usize
    }
    const fn len(self) -> usize {
        (self.0 & 0xff) as usize
    }
}

/// Texts of names, and a table that finds their numbers. A slot is 0 or holds half of the name's
/// hash and its number plus one.
#[derive(Debug, Clone, Default)]
pub(super) struct Interner {
    text: PersistentVec<u8, 4096>,
    slots: PersistentVec<u64, 512>,
    used: usize,
}

/// Hash of a name within a space of names (a kind; accounts; groups). Keyed by the log's identity,
/// so that nobody can choose names that collide.
#[inline]
pub(super) fn hash(log: Option<LogId>, space: u16, name: &str) -> u32 {
    let key = log.map_or(0, |log| log.0.as_u128());
    #[expect(clippy::cast_possible_truncation, reason = "two halves of a key")]
    let mut hasher = SipHasher13::new_with_keys((key >> 64) as u64, key as u64);
    hasher.write_u16(space);
    hasher.write(name.as_bytes());
    #[expect(clippy::cast_possible_truncation, reason = "half of the hash")]
    let half = hasher.finish() as u32;
    half
}

#[expect(clippy::cast_possible_truncation, reason = "the two halves of a slot")]
const fn read(slot: u64) -> (u32, u32) {
    ((slot >> 32) as u32, (slot as u32).wrapping_sub(1))
}

impl Interner {
    /// The number of a name with this hash; `fits` tells where the name of a number stands, if that
    /// one belongs to the same space.
    #[inline]
    pub(super) fn find(
        &self,
        name: &str,
        hash: u32,
        place: impl Fn(u32) -> Option<TextRange>,
    ) -> Option<u32> {
        let mask = self.slots.len().checked_sub(1)?;
        let mut at = hash as usize & mask;
        loop {
            let slot = *self.slots.get(at)?;
            if slot == 0 {
                return None;
            }
            let (half, number) = read(slot);
            if half == hash && place(number).is_some_and(|place| self.is(place, name)) {
                return Some(number);
            }
            at = (at + 1) & mask;
        }
    }

    #[inline]
    fn is(&self, place: TextRange, name: &str) -> bool {
        self.text.slice(place.at(), place.len()) == Some(name.as_bytes())
    }

    /// The text of a name.
    pub(super) fn text(&self, place: TextRange) -> &str {
        let bytes = self.text.slice(place.at(), place.len()).unwrap_or_default();
        str::from_utf8(bytes).unwrap_or_default()
    }

    /// Takes a name in that is not there; it gets this number.
    pub(super) fn add(&mut self, name: &str, hash: u32, number: u32) -> TextRange {
        // At most 7 of 10 slots are used.
        if (self.used + 1) * 10 > self.slots.len() * 7 {
            self.grow((self.slots.len() * 2).max(512));
        }
        self.used += 1;
        self.occupy(hash, number);
        TextRange::new(self.text.append(name.as_bytes()), name.len())
    }

    /// Makes room for so many names, before any is there.
    pub(super) fn reserve(&mut self, names: usize) {
        let slots = (names * 10 / 7 + 1).next_power_of_two().max(512);
        if slots > self.slots.len() {
            self.grow(slots);
        }
    }

    fn occupy(&mut self, hash: u32, number: u32) {
        let Some(mask) = self.slots.len().checked_sub(1) else { return };
        let mut at = hash as usize & mask;
        while self.slots.get(at).is_some_and(|slot| *slot != 0) {
            at = (at + 1) & mask;
        }
        if let Some(slot) = self.slots.get_mut(at) {
            *slot = u64::from(hash) << 32 | u64::from(number.wrapping_add(1));
        }
    }

    fn grow(&mut self, slots: usize) {
        let old = std::mem::take(&mut self.slots);
        self.slots.resize(slots);
        for slot in old.iter().filter(|slot| **slot != 0) {
            let (hash, number) = read(*slot);
            self.occupy(hash, number);
        }
    }

    /// Bytes in memory.
    pub(super) fn bytes(&self) -> usize {
        self.text.len() + self.slots.len() * size_of::<u64>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_by_their_space_and_no_others() {
        let mut names = Interner::default();
        let mut places = Vec::new();
        for number in 0..5_000_u32 {
            let (space, name) = (u16::try_from(number % 3).unwrap(), format!("n-{}", number / 3));
            let hash = hash(None, space, &name);
            places.push((space, names.add(&name, hash, number)));
        }
        for (number, (space, place)) in places.iter().enumerate() {
            let name = format!("n-{}", number / 3);
            assert_eq!(names.text(*place), name);
            let at = |other: u32| {
                places.get(other as usize).filter(|(s, _)| s == space).map(|(_, place)| *place)
            };
            let found = names.find(&name, hash(None, *space, &name), at);
            assert_eq!(found.map(|found| found as usize), Some(number));
        }
        assert_eq!(names.find("other", hash(None, 0, "other"), |_| None), None);
        assert_eq!(Interner::default().find("other", 7, |_| None), None);
    }
}

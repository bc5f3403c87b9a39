//! Sorted edges of one thing, in chunks that a writer copies one at a time.

use std::{fmt::Debug, mem, sync::Arc};

/// Something with a place in an order.
pub(super) trait Keyed: Clone {
    /// What it is ordered by; unique in a list.
    type Key: Copy + Ord + Debug;
    /// Its key.
    fn key(&self) -> Self::Key;
}

impl Keyed for u32 {
    type Key = Self;
    fn key(&self) -> Self {
        *self
    }
}

type Chunk<T> = Arc<[T]>;
/// With the key of its first.
type KeyedChunk<T> = (<T as Keyed>::Key, Chunk<T>);
type Chunks<T> = Arc<[KeyedChunk<T>]>;

/// A list without doubles. Most are short and stand in one chunk.
#[derive(Debug, Clone, Default)]
pub(super) enum SortedChunks<T: Keyed> {
    #[default]
    None,
    One(Chunk<T>),
    /// Each with the key of its first.
    Many(Chunks<T>),
}

impl<T: Keyed> SortedChunks<T> {
    /// The most a chunk holds, some kilobytes.
    const MAX_CHUNK_LEN: usize = 4096 / size_of::<T>();

    /// From what is in order already.
    pub(super) fn from_sorted(all: Vec<T>) -> Self {
        if all.is_empty() {
            return Self::None;
        }
        if all.len() <= Self::MAX_CHUNK_LEN {
            return Self::One(all.into());
        }
        // Not full, so that the next insertions find room.
        let chunks = all.chunks(Self::MAX_CHUNK_LEN * 3 / 4);
        Self::Many(chunks.filter_map(|chunk| Some((chunk.first()?.key(), chunk.into()))).collect())
    }

    pub(super) fn is_empty(&self) -> bool {
        matches!(self, Self::None)
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Self::None => 0,
            Self::One(chunk) => chunk.len(),
            Self::Many(chunks) => chunks.iter().map(|(_, chunk)| chunk.len()).sum(),
        }
    }

    /// The chunk in which a key stands or would stand.
    #[inline]
    fn place(chunks: &[KeyedChunk<T>], key: T::Key) -> usize {
        chunks.partition_point(|(first, _)| *first <= key).saturating_sub(1)
    }

    /// Everything from a key on.
    #[inline]
    pub(super) fn from(&self, key: T::Key) -> impl Iterator<Item = &T> {
        let (chunk, rest): (&[T], &[KeyedChunk<T>]) = match self {
            Self::None => (&[], &[]),
            Self::One(chunk) => (chunk, &[]),
            Self::Many(chunks) => {
                let place = Self::place(chunks, key);
                let chunk = chunks.get(place).map_or(&[][..], |(_, chunk)| chunk);
                (chunk, chunks.get(place + 1..).unwrap_or_default())
            }
        };
        let first = chunk.partition_point(|one| one.key() < key);
        let chunk = chunk.get(first..).unwrap_or_default();
        chunk.iter().chain(rest.iter().flat_map(|(_, chunk)| chunk.iter()))
    }

    /// Everything in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        let (chunk, rest): (&[T], &[KeyedChunk<T>]) = match self {
            Self::None => (&[], &[]),
            Self::One(chunk) => (chunk, &[]),
            Self::Many(chunks) => (&[], chunks),
        };
        chunk.iter().chain(rest.iter().flat_map(|(_, chunk)| chunk.iter()))
    }

    pub(super) fn get(&self, key: T::Key) -> Option<&T> {
        self.from(key).next().filter(|one| one.key() == key)
    }

    pub(super) fn contains(&self, key: T::Key) -> bool {
        self.get(key).is_some()
    }

    /// Puts one in, in place of the one with its key; answers that.
    pub(super) fn insert(&mut self, one: T) -> Option<T> {
        let key = one.key();
        match self {
            Self::None => {
                *self = Self::One([one].into());
                None
            }
            Self::One(chunk) => {
                let old = put(chunk, one);
                if chunk.len() > Self::MAX_CHUNK_LEN {
                    let all = mem::replace(chunk, [].into());
                    *self = Self::from_sorted(all.to_vec());
                }
                old
            }
            Self::Many(chunks) => {
                let place = Self::place(chunks, key);
                let (first, chunk) = Arc::make_mut(chunks).get_mut(place)?;
                let old = put(chunk, one);
                *first = (*first).min(key);
                if chunk.len() > Self::MAX_CHUNK_LEN {
                    self.split(place);
                }
                old
            }
        }
    }

    /// Puts many in, each in place of the one with its key; answers those. Each chunk is copied
    /// once, not once for each.
    pub(super) fn extend(&mut self, mut many: Vec<T>) -> Vec<T> {
        // Of equal keys the last one counts, as if they came one by one.
        many.sort_by_key(Keyed::key);
        // Much longer lists are not copied whole.
        if many.len() < 2 || self.len() / many.len() > Self::MAX_CHUNK_LEN / 2 {
            return many.into_iter().filter_map(|one| self.insert(one)).collect();
        }
        let mut all: Vec<T> = Vec::with_capacity(self.len() + many.len());
        let mut replaced = Vec::new();
        let mut put = |one: T| match all.last_mut().filter(|last| last.key() == one.key()) {
            Some(last) => replaced.push(mem::replace(last, one)),
            None => all.push(one),
        };
        let mut many = many.into_iter().peekable();
        for old in self.iter() {
            while let Some(before) = many.next_if(|one| one.key() < old.key()) {
                put(before);
            }
            put(old.clone());
        }
        many.for_each(put);
        *self = Self::from_sorted(all);
        replaced
    }

    fn split(&mut self, place: usize) {
        let Self::Many(chunks) = self else { return };
        let split = |(at, pair): (usize, &KeyedChunk<T>)| {
            let (left, right) = pair.1.split_at(if at == place { pair.1.len() / 2 } else { 0 });
            [left, right].map(|chunk| Some((chunk.first()?.key(), Chunk::from(chunk))))
        };
        let all: Vec<_> = chunks
            .iter()
            .enumerate()
            .flat_map(
                |(at, pair)| {
                    if at == place { split((at, pair)) } else { [Some(pair.clone()), None] }
                },
            )
            .flatten()
            .collect();
        *chunks = all.into();
    }

    /// Changes one in place; answers whether it was there. The key must stay.
    pub(super) fn change(&mut self, key: T::Key, change: impl FnOnce(&mut T)) -> bool {
        let chunk = match self {
            Self::None => return false,
            Self::One(chunk) => chunk,
            Self::Many(chunks) => {
                let place = Self::place(chunks, key);
                match Arc::make_mut(chunks).get_mut(place) {
                    Some((_, chunk)) => chunk,
                    None => return false,
                }
            }
        };
        let Ok(at) = chunk.binary_search_by(|one| one.key().cmp(&key)) else { return false };
        match Arc::make_mut(chunk).get_mut(at) {
            Some(one) => change(one),
            None => return false,
        }
        true
    }

    /// Takes one out.
    pub(super) fn remove(&mut self, key: T::Key) -> Option<T> {
        let found = self.get(key)?.clone();
        let without = |chunk: &Chunk<T>| -> Chunk<T> {
            let at = chunk.partition_point(|one| one.key() < key);
            let (left, right) = chunk.split_at_checked(at).unwrap_or((chunk, &[]));
            left.iter().chain(right.iter().skip(1)).cloned().collect()
        };
        match self {
            Self::None => {}
            Self::One(chunk) => {
                let rest = without(chunk);
                *self = if rest.is_empty() { Self::None } else { Self::One(rest) };
            }
            Self::Many(chunks) => {
                let place = Self::place(chunks, key);
                let rest = chunks.get(place).map(|(_, chunk)| without(chunk)).unwrap_or_default();
                if let (Some(first), Some(pair)) =
                    (rest.first().map(Keyed::key), Arc::make_mut(chunks).get_mut(place))
                {
                    *pair = (first, rest);
                } else {
                    let others = chunks.iter().enumerate().filter(|(at, _)| *at != place);
                    let others: Vec<_> = others.map(|(_, pair)| pair.clone()).collect();
                    *self = match <[_; 1]>::try_from(others) {
                        Ok([(_, chunk)]) => Self::One(chunk),
                        Err(others) => Self::Many(others.into()),
                    };
                }
            }
        }
        Some(found)
    }
}

fn put<T: Keyed>(chunk: &mut Chunk<T>, one: T) -> Option<T> {
    match chunk.binary_search_by(|other| other.key().cmp(&one.key())) {
        Ok(at) => Arc::make_mut(chunk).get_mut(at).map(|slot| mem::replace(slot, one)),
        Err(at) => {
            let (left, right) = chunk.split_at_checked(at).unwrap_or((chunk, &[]));
            let left = left.iter().cloned();
            *chunk = left.chain([one]).chain(right.iter().cloned()).collect();
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn same(list: &SortedChunks<u32>, set: &BTreeSet<u32>) {
        assert!(list.iter().eq(set.iter()));
        assert_eq!((list.len(), list.is_empty()), (set.len(), set.is_empty()));
        for key in (0..4000).step_by(37) {
            assert!(list.from(key).eq(set.range(key..)), "from {key}");
            assert_eq!(list.contains(key), set.contains(&key));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn it_is_a_sorted_set(
            steps in prop::collection::vec((any::<bool>(), 0_u32..4000), 0..3000),
            more in prop::collection::vec(0_u32..4000, 0..2000),
            chunk in 1_usize..300,
        ) {
            let (mut list, mut set) = (SortedChunks::None, BTreeSet::new());
            let (mut early, mut early_set) = (SortedChunks::None, BTreeSet::new());
            for (at, (add, key)) in steps.into_iter().enumerate() {
                if add || at % 5 != 0 {
                    assert_eq!(list.insert(key).is_none(), set.insert(key));
                } else {
                    assert_eq!(list.remove(key).is_some(), set.remove(&key));
                    assert!(!list.change(key, |_| ()));
                }
                if at == 700 {
                    (early, early_set) = (list.clone(), set.clone());
                }
            }
            same(&list, &set);
            same(&early, &early_set);
            same(&SortedChunks::from_sorted(set.iter().copied().collect()), &set);
            let (mut long, mut long_set) = (list.clone(), set.clone());
            for many in more.chunks(chunk) {
                let doubles = many.iter().filter(|key| !long_set.insert(**key)).count();
                assert_eq!(long.extend(many.to_vec()).len(), doubles);
            }
            same(&long, &long_set);
            same(&list, &set);
            for key in set.clone() {
                assert!(list.change(key, |_| ()));
                assert_eq!(list.remove(key), Some(key));
                set.remove(&key);
            }
            same(&list, &set);
        }
    }
}

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

type Piece<T> = Arc<[T]>;
/// With the key of its first.
type Pair<T> = (<T as Keyed>::Key, Piece<T>);
type Pieces<T> = Arc<[Pair<T>]>;

/// A list without doubles. Most are short and stand in one piece.
#[derive(Debug, Clone, Default)]
pub(super) enum Sorted<T: Keyed> {
    #[default]
    None,
    One(Piece<T>),
    /// Each with the key of its first.
    Many(Pieces<T>),
}

impl<T: Keyed> Sorted<T> {
    /// The most a piece holds, some kilobytes.
    const MOST: usize = 4096 / size_of::<T>();

    /// From what is in order already.
    pub(super) fn from_sorted(all: Vec<T>) -> Self {
        if all.is_empty() {
            return Self::None;
        }
        if all.len() <= Self::MOST {
            return Self::One(all.into());
        }
        // Not full, so that the next insertions find room.
        let pieces = all.chunks(Self::MOST * 3 / 4);
        Self::Many(pieces.filter_map(|piece| Some((piece.first()?.key(), piece.into()))).collect())
    }

    pub(super) fn is_empty(&self) -> bool {
        matches!(self, Self::None)
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Self::None => 0,
            Self::One(piece) => piece.len(),
            Self::Many(pieces) => pieces.iter().map(|(_, piece)| piece.len()).sum(),
        }
    }

    /// The piece in which a key stands or would stand.
    #[inline]
    fn place(pieces: &[Pair<T>], key: T::Key) -> usize {
        pieces.partition_point(|(first, _)| *first <= key).saturating_sub(1)
    }

    /// Everything from a key on.
    #[inline]
    pub(super) fn from(&self, key: T::Key) -> impl Iterator<Item = &T> {
        let (piece, rest): (&[T], &[Pair<T>]) = match self {
            Self::None => (&[], &[]),
            Self::One(piece) => (piece, &[]),
            Self::Many(pieces) => {
                let place = Self::place(pieces, key);
                let piece = pieces.get(place).map_or(&[][..], |(_, piece)| piece);
                (piece, pieces.get(place + 1..).unwrap_or_default())
            }
        };
        let first = piece.partition_point(|one| one.key() < key);
        let piece = piece.get(first..).unwrap_or_default();
        piece.iter().chain(rest.iter().flat_map(|(_, piece)| piece.iter()))
    }

    /// Everything in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        let (piece, rest): (&[T], &[Pair<T>]) = match self {
            Self::None => (&[], &[]),
            Self::One(piece) => (piece, &[]),
            Self::Many(pieces) => (&[], pieces),
        };
        piece.iter().chain(rest.iter().flat_map(|(_, piece)| piece.iter()))
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
            Self::One(piece) => {
                let old = put(piece, one);
                if piece.len() > Self::MOST {
                    let all = mem::replace(piece, [].into());
                    *self = Self::from_sorted(all.to_vec());
                }
                old
            }
            Self::Many(pieces) => {
                let place = Self::place(pieces, key);
                let (first, piece) = Arc::make_mut(pieces).get_mut(place)?;
                let old = put(piece, one);
                *first = (*first).min(key);
                if piece.len() > Self::MOST {
                    self.split(place);
                }
                old
            }
        }
    }

    /// Puts many in, each in place of the one with its key; answers those. Each piece is copied
    /// once, not once for each.
    pub(super) fn extend(&mut self, mut many: Vec<T>) -> Vec<T> {
        // Of equal keys the last one counts, as if they came one by one.
        many.sort_by_key(Keyed::key);
        // Much longer lists are not copied whole.
        if many.len() < 2 || self.len() / many.len() > Self::MOST / 2 {
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
        let Self::Many(pieces) = self else { return };
        let split = |(at, pair): (usize, &Pair<T>)| {
            let (left, right) = pair.1.split_at(if at == place { pair.1.len() / 2 } else { 0 });
            [left, right].map(|piece| Some((piece.first()?.key(), Piece::from(piece))))
        };
        let all: Vec<_> = pieces
            .iter()
            .enumerate()
            .flat_map(
                |(at, pair)| {
                    if at == place { split((at, pair)) } else { [Some(pair.clone()), None] }
                },
            )
            .flatten()
            .collect();
        *pieces = all.into();
    }

    /// Changes one in place; answers whether it was there. The key must stay.
    pub(super) fn change(&mut self, key: T::Key, change: impl FnOnce(&mut T)) -> bool {
        let piece = match self {
            Self::None => return false,
            Self::One(piece) => piece,
            Self::Many(pieces) => {
                let place = Self::place(pieces, key);
                match Arc::make_mut(pieces).get_mut(place) {
                    Some((_, piece)) => piece,
                    None => return false,
                }
            }
        };
        let Ok(at) = piece.binary_search_by(|one| one.key().cmp(&key)) else { return false };
        match Arc::make_mut(piece).get_mut(at) {
            Some(one) => change(one),
            None => return false,
        }
        true
    }

    /// Takes one out.
    pub(super) fn remove(&mut self, key: T::Key) -> Option<T> {
        let found = self.get(key)?.clone();
        let without = |piece: &Piece<T>| -> Piece<T> {
            let at = piece.partition_point(|one| one.key() < key);
            let (left, right) = piece.split_at_checked(at).unwrap_or((piece, &[]));
            left.iter().chain(right.iter().skip(1)).cloned().collect()
        };
        match self {
            Self::None => {}
            Self::One(piece) => {
                let rest = without(piece);
                *self = if rest.is_empty() { Self::None } else { Self::One(rest) };
            }
            Self::Many(pieces) => {
                let place = Self::place(pieces, key);
                let rest = pieces.get(place).map(|(_, piece)| without(piece)).unwrap_or_default();
                if let (Some(first), Some(pair)) =
                    (rest.first().map(Keyed::key), Arc::make_mut(pieces).get_mut(place))
                {
                    *pair = (first, rest);
                } else {
                    let others = pieces.iter().enumerate().filter(|(at, _)| *at != place);
                    let others: Vec<_> = others.map(|(_, pair)| pair.clone()).collect();
                    *self = match <[_; 1]>::try_from(others) {
                        Ok([(_, piece)]) => Self::One(piece),
                        Err(others) => Self::Many(others.into()),
                    };
                }
            }
        }
        Some(found)
    }
}

fn put<T: Keyed>(piece: &mut Piece<T>, one: T) -> Option<T> {
    match piece.binary_search_by(|other| other.key().cmp(&one.key())) {
        Ok(at) => Arc::make_mut(piece).get_mut(at).map(|slot| mem::replace(slot, one)),
        Err(at) => {
            let (left, right) = piece.split_at_checked(at).unwrap_or((piece, &[]));
            let left = left.iter().cloned();
            *piece = left.chain([one]).chain(right.iter().cloned()).collect();
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn same(list: &Sorted<u32>, set: &BTreeSet<u32>) {
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
            let (mut list, mut set) = (Sorted::None, BTreeSet::new());
            let (mut early, mut early_set) = (Sorted::None, BTreeSet::new());
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
            same(&Sorted::from_sorted(set.iter().copied().collect()), &set);
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

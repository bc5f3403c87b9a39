//! A persistent vector: a copy shares all pages, and a writer copies those it touches, each once
//! as long as no other copy is taken.

use std::{array, sync::Arc};

/// Pages below one node.
const NODE: usize = 64;

type SharedPage<T, const PAGE: usize> = Arc<[T; PAGE]>;
type Node<T, const PAGE: usize> = Arc<[SharedPage<T, PAGE>; NODE]>;

/// A growing table of rows. Copies share what no one has changed since.
#[derive(Debug, Clone)]
pub(super) struct PersistentVec<T, const PAGE: usize> {
    nodes: Vec<Node<T, PAGE>>,
    len: usize,
}

impl<T, const PAGE: usize> Default for PersistentVec<T, PAGE> {
    fn default() -> Self {
        Self { nodes: Vec::new(), len: 0 }
    }
}

impl<T: Clone + Default, const PAGE: usize> PersistentVec<T, PAGE> {
    /// So many rows.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    #[inline]
    fn page(&self, row: usize) -> Option<&[T; PAGE]> {
        let node = self.nodes.get(row / (PAGE * NODE))?;
        node.get(row / PAGE % NODE).map(|page| &**page)
    }

    fn page_mut(&mut self, row: usize) -> Option<&mut [T; PAGE]> {
        let node = self.nodes.get_mut(row / (PAGE * NODE))?;
        Arc::make_mut(node).get_mut(row / PAGE % NODE).map(Arc::make_mut)
    }

    /// A row.
    #[inline]
    pub(super) fn get(&self, row: usize) -> Option<&T> {
        self.page(row)?.get(row % PAGE)
    }

    /// A row to be changed.
    pub(super) fn get_mut(&mut self, row: usize) -> Option<&mut T> {
        if row >= self.len {
            return None;
        }
        self.page_mut(row)?.get_mut(row % PAGE)
    }

    /// Some rows of one page.
    #[inline]
    pub(super) fn slice(&self, from: usize, count: usize) -> Option<&[T]> {
        let from_in_page = from % PAGE;
        self.page(from)?.get(from_in_page..from_in_page + count)
    }

    /// All rows in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        let pages = self.nodes.iter().flat_map(|node| node.iter());
        pages.flat_map(|page| page.iter()).take(self.len)
    }

    /// One more row; answers its place.
    pub(super) fn push(&mut self, row: T) -> usize {
        let place = self.len;
        self.resize(place + 1);
        if let Some(slot) = self.get_mut(place) {
            *slot = row;
        }
        place
    }

    /// Rows that stand in one page together; answers the place of the first.
    pub(super) fn append(&mut self, rows: &[T]) -> usize {
        let left = PAGE - self.len % PAGE;
        let first = if rows.len() > left { self.len + left } else { self.len };
        self.resize(first + rows.len());
        let in_page = first % PAGE;
        let slots =
            self.page_mut(first).and_then(|page| page.get_mut(in_page..in_page + rows.len()));
        if let Some(slots) = slots {
            slots.clone_from_slice(rows);
        }
        first
    }

    /// At least so many rows, new ones empty.
    pub(super) fn resize(&mut self, len: usize) {
        while self.nodes.len() * PAGE * NODE < len {
            let empty: SharedPage<T, PAGE> = Arc::new(array::from_fn(|_| T::default()));
            self.nodes.push(Arc::new(array::from_fn(|_| empty.clone())));
        }
        self.len = self.len.max(len);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_stays_as_it_was() {
        let mut table: PersistentVec<u32, 4> = PersistentVec::default();
        for row in 0..1000 {
            assert_eq!(table.push(row), row as usize);
        }
        let before = table.clone();
        *table.get_mut(517).unwrap() = 7;
        table.push(1000);
        assert_eq!(before.get(517), Some(&517));
        assert_eq!(table.get(517), Some(&7));
        assert_eq!((before.len(), table.len()), (1000, 1001));
        assert_eq!(before.iter().copied().collect::<Vec<_>>(), (0..1000).collect::<Vec<_>>());
        assert!(table.get_mut(1001).is_none());
    }

    #[test]
    fn what_is_appended_together_stands_in_one_page() {
        let mut text: PersistentVec<u8, 8> = PersistentVec::default();
        let words: [&[u8]; 4] = [b"abcde", b"fgh", b"ijklm", b"nopq"];
        for word in words {
            let place = text.append(word);
            assert_eq!(text.slice(place, word.len()), Some(word));
            assert_eq!(place / 8, (place + word.len() - 1) / 8);
        }
    }
}

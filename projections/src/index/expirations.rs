//! The expirations that the index knows, so that the whole log need not be read for them.

use super::{snapshot::Snapshot, tables::Tables};
use domain::{id::ItemRef, time::Time};
use std::collections::BinaryHeap;
use uuid::Uuid;

/// The end of an open grant or link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expiration {
    /// When it ends, or has ended without a record that says so.
    pub at: Time,
    /// The id of the grant or link.
    pub id: Uuid,
    /// The item it is on.
    pub item: ItemRef,
}

/// The earliest ends that were seen, the latest of them on top.
struct Earliest {
    most: usize,
    kept: BinaryHeap<(i64, [u8; 16], u32)>,
    left_out: Option<i64>,
}

impl Earliest {
    fn see(&mut self, ends: i64, id: [u8; 16], item: u32) {
        if ends == i64::MAX {
            return;
        }
        self.kept.push((ends, id, item));
        if self.kept.len() > self.most
            && let Some((ends, ..)) = self.kept.pop()
        {
            self.left_out = Some(self.left_out.map_or(ends, |before| before.min(ends)));
        }
    }

    fn from_tables(tables: &Tables, most: usize) -> Self {
        let mut earliest = Self { most, kept: BinaryHeap::new(), left_out: None };
        for (item, row) in (0..).zip(tables.items.iter()) {
            for edge in row.grants.iter() {
                if let Some(extras) = &edge.extras {
                    earliest.see(extras.span.ends, edge.grant, item);
                }
            }
            for link in row.extras.iter().flat_map(|extras| &extras.links) {
                earliest.see(link.span.ends, *link.link.0.as_bytes(), item);
            }
        }
        earliest
    }
}

impl Snapshot {
    /// The earliest ends of open grants and links, at most so many, in order; and when the first of
    /// those ends that are left out. Looks at every grant: no question for every request.
    pub fn expirations(&self, most: usize) -> (Vec<Expiration>, Option<Time>) {
        let tables = &*self.0;
        let time = |micros| Time::EPOCH.plus_micros(micros);
        let Earliest { kept, left_out, .. } = Earliest::from_tables(tables, most);
        let end = |(ends, id, item): (i64, [u8; 16], u32)| {
            let item = tables.item_ref(item)?;
            Some(Expiration { at: time(ends), id: Uuid::from_bytes(id), item })
        };
        let ends = kept.into_sorted_vec().into_iter().filter_map(end);
        (ends.collect(), left_out.map(time))
    }
}

//! Builds an index without a log, for tests, benchmarks and generators, by the same code that
//! applies records.

use super::{
    file::{self, LoadError},
    relationships::Relationship,
    snapshot::Snapshot,
    tables::Tables,
};
use domain::{event::Recorded, id::LogId, kind::Kinds, position::EventId, stream::StreamName};
use std::{io, path::Path, sync::Arc};

/// An index in the making.
#[derive(Debug, Clone)]
pub struct IndexBuilder {
    pub(super) tables: Tables,
}

impl IndexBuilder {
    /// An empty one, as of a log that has nothing but an identity and kinds.
    pub fn new(log: LogId, kinds: &Kinds) -> Self {
        let mut tables = Tables { log: Some(log), ..Tables::default() };
        tables.set_kinds(kinds);
        Self { tables }
    }

    /// Takes in an event of a stream.
    pub fn event(&mut self, stream: &StreamName, recorded: &Recorded) {
        self.tables.apply(stream, recorded);
        self.tables.reached(recorded.position(), recorded.time, recorded.commit);
    }

    /// From an event on a relation holds, or holds no longer.
    pub fn relation(&mut self, relation: &Relationship, holds: bool, made: EventId) {
        self.tables.relate(relation, holds, made);
    }

    /// The view of now; what comes later does not change it.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot(Arc::new(self.tables.clone()))
    }

    /// Writes it to a file, as [`AccessIndex`](super::AccessIndex) does.
    pub fn save(&self, path: &Path) -> io::Result<()> {
        file::save(&self.tables, path)
    }

    /// Reads such a file.
    pub fn load(path: &Path) -> Result<Self, LoadError> {
        Ok(Self { tables: file::load(path)? })
    }

    /// Bytes in memory, as [`IndexStatus::bytes`](super::IndexStatus::bytes) tells them.
    pub fn bytes(&self) -> u64 {
        self.tables.bytes()
    }
}

//! The engine that keeps everything in memory: for tests, and the model of what an engine does.

/// A log in memory; several handles (clones) share it like nodes share a broker.
#[derive(Debug, Clone, Default)]
pub struct MemoryLog {}

impl MemoryLog {
    /// An empty log.
    pub fn new() -> Self {
        Self::default()
    }
}

/// An activity log in memory.
#[derive(Debug, Default)]
pub struct MemoryActivity {}

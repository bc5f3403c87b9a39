//! The vault engine that keeps everything in memory: for tests, and the model of what an engine does.

/// A vault in memory.
#[derive(Debug, Default)]
pub struct MemoryVault {}

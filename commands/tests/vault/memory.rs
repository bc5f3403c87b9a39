//! The engine in memory.

use commands::vault::memory::MemoryVault;

async fn make() -> (MemoryVault, ()) {
    (MemoryVault::default(), ())
}

crate::conforms!(make());

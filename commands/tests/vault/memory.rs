//! The engine in memory.

use commands::vault::memory::MemoryVault;

crate::conforms!(std::future::ready((MemoryVault::default(), ())));

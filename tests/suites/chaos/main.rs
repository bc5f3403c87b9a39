//! Every acknowledged command survives `kill -9` of anything, exactly once.

mod kills;

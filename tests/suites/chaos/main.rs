//! Does every acknowledged command survive `kill -9` of anything, exactly once?

mod kills;

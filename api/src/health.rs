//! Is this node alive, and can it do its work?

//! The repository keeps the rules that no lint knows.

mod architecture;
mod circles;
mod dependencies;
mod soak;
mod sources;
mod structure;
mod syntax;

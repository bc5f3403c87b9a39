//! The repository keeps the rules that no lint knows.

mod architecture;
mod dependencies;
mod sources;

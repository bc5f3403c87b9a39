//! Does the repository keep the rules that no lint knows?

mod architecture;
mod dependencies;
mod sources;

//! Names the tables of a generation. A version of a projection may have several generations beside
//! each other.

use crate::{
    projection::{Projection, Shape, Table},
    store::RowState,
};

/// One generation of a projection's tables, at the version that this release knows.
#[derive(Debug, Clone, Copy)]
pub struct Generation {
    /// The projection.
    pub projection: &'static dyn Projection,
    /// Counted from 0, the tables that migrations made.
    pub generation: u32,
}

impl Generation {
    /// The tables that migrations made.
    pub const fn first(projection: &'static dyn Projection) -> Self {
        Self { projection, generation: 0 }
    }

    /// The projection's name.
    pub fn name(&self) -> &'static str {
        self.projection.name()
    }

    /// What stands before the names of its tables.
    pub fn prefix(&self) -> String {
        prefix(self.name(), self.projection.version(), self.generation)
    }

    /// Every table, with both sides of temporal ones.
    pub fn sides(&self) -> impl Iterator<Item = (&'static Table, RowState)> + use<> {
        self.projection.tables().iter().flat_map(|table| {
            let ended = (table.shape == Shape::Temporal).then_some((*table, RowState::Ended));
            std::iter::once((*table, RowState::Open)).chain(ended)
        })
    }
}

/// What stands before the names of the tables of a generation.
pub fn prefix(projection: &str, version: u32, generation: u32) -> String {
    match generation {
        0 => format!("{projection}_v{version}_"),
        _ => format!("{projection}_v{version}_g{generation}_"),
    }
}

/// Is this the name of a table of the generation with this prefix? Names of later generations
/// begin like those of the first one.
pub(crate) fn belongs(table: &str, prefix: &str) -> bool {
    let Some(rest) = table.strip_prefix(prefix) else { return false };
    let digits = rest.strip_prefix('g').map(|rest| rest.trim_start_matches(char::is_numeric));
    let later = digits.is_some_and(|after| {
        after.starts_with('_') && rest.len() > after.len() + 1 // a number stands between
    });
    !later
}

#[cfg(test)]
mod tests {
    use super::{belongs, prefix};

    #[test]
    fn a_table_belongs_to_its_own_generation_only() {
        let (first, third) = (prefix("access", 1, 0), prefix("access", 1, 3));
        assert!(belongs("access_v1_grants", &first));
        assert!(belongs("access_v1_g_words", &first), "no number, no generation");
        assert!(!belongs("access_v1_g3_grants", &first));
        assert!(belongs("access_v1_g3_grants", &third));
        assert!(!belongs("access_v1_g31_grants", &third));
        assert!(!belongs("catalog_v1_words", &first));
    }
}

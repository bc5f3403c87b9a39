//! Names the tables of a generation. A version of a projection may have several generations beside
//! each other.

use crate::{
    projection::Projection,
    table::{RowState, Table},
};

/// One generation of a projection's tables, at the version that this release knows.
#[derive(Debug, Clone, Copy)]
pub struct Generation {
    /// The projection.
    pub projection: &'static dyn Projection,
    /// Counted from 0, the tables that the first start made.
    pub generation: u32,
}

impl Generation {
    /// The tables that the first start made.
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

    /// Every table in the database, with both of temporal ones.
    pub fn tables(&self) -> impl Iterator<Item = (&'static Table, RowState)> + use<> {
        let tables = self.projection.tables().iter();
        tables.flat_map(|table| table.states().iter().map(|state| (*table, *state)))
    }

    /// The name of one of them.
    pub(crate) fn table_name(&self, table: &Table, state: RowState) -> String {
        format!("{}{}{}", self.prefix(), table.name, state.suffix())
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

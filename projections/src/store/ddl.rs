//! The DDL of further generations, taken from the statements of the migrations that made the first
//! one.
//!
//! A version's tables are made by `CREATE TABLE` and `CREATE INDEX` and never altered (another
//! meaning is another version), so these statements say all there is to say.

use super::generation::{Generation, prefix};
use crate::{
    projection::{Projection, Table},
    store::{RowState, StoreError},
};

/// The statements that make a generation.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Ddl {
    /// The tables, with their keys.
    pub(crate) tables: Vec<String>,
    /// The indexes by which the runner finds rows.
    pub(crate) needed: Vec<String>,
    /// The indexes that only questions use; cheaper to make when the rows are there.
    pub(crate) later: Vec<String>,
}

/// Reads them from the texts of migrations.
pub(crate) fn of<'a>(texts: impl IntoIterator<Item = &'a str>, target: &Generation) -> Ddl {
    let base = prefix(target.name(), target.projection.version(), 0);
    let mut ddl = Ddl::default();
    for text in texts {
        let code: Vec<&str> = text.lines().filter(|line| !line.starts_with("--")).collect();
        for statement in code.join("\n").split(';').map(str::trim) {
            let made = statement.replace(&base, &target.prefix());
            if statement.starts_with(&format!("CREATE TABLE {base}")) {
                ddl.tables.push(made);
            } else if statement.starts_with(&format!("CREATE INDEX {base}")) {
                let made = made.replacen("CREATE INDEX", "CREATE INDEX IF NOT EXISTS", 1);
                let place =
                    if needed(statement, &base, target) { &mut ddl.needed } else { &mut ddl.later };
                place.push(made);
            }
        }
    }
    ddl
}

/// Does the runner find rows by this index: by a parent, or by the key that sealed a text?
fn needed(statement: &str, base: &str, target: &Generation) -> bool {
    let table = statement.split_once(" ON ").and_then(|(_, rest)| rest.split_once(" ("));
    let Some((name, columns)) = table else { return true };
    let first = columns.split([',', ')']).next().unwrap_or_default().trim();
    let name = name.strip_prefix(base).unwrap_or(name);
    let used = |table: &Table| {
        table.parents.iter().any(|parent| parent.contains(&first))
            || table.texts.iter().any(|(_, key)| *key == first)
    };
    target
        .sides()
        .find(|(table, side)| {
            name.strip_prefix(table.name).is_some_and(|rest| rest == side.suffix())
        })
        .is_none_or(|(table, _)| used(table))
}

/// Indexes that came after the tables; for whichever generation is read.
pub(crate) const INDEXES: &str = include_str!("../../migrations/indexes.sql");

/// The statements that make those of the generation that is read, where they are missing.
pub(crate) fn missing_indexes(
    projection: &'static dyn Projection,
    generation: i64,
) -> Result<String, StoreError> {
    let generation = u32::try_from(generation)
        .map_err(|_| StoreError::Refused(format!("there is no generation {generation}")))?;
    let ddl = of([INDEXES], &Generation { projection, generation });
    Ok([ddl.needed, ddl.later].concat().join(";\n"))
}

/// The name of a table of a generation.
pub(crate) fn table_name(target: &Generation, table: &Table, side: RowState) -> String {
    format!("{}{}{}", target.prefix(), table.name, side.suffix())
}

#[cfg(test)]
mod tests {
    use super::{INDEXES, of, table_name};
    use crate::{projection, store::generation::Generation};

    const TEXTS: [&str; 2] = [
        include_str!("../../migrations/postgres/V1__tables.sql"),
        include_str!("../../migrations/sqlite/V1__tables.sql"),
    ];

    #[test]
    fn every_declared_table_is_made_for_any_generation() {
        for text in TEXTS {
            for projection in projection::all() {
                let target = Generation { projection, generation: 12 };
                let ddl = of([text], &target);
                let begins = |table: &str| {
                    let start = format!("CREATE TABLE {table} (");
                    ddl.tables.iter().filter(|made| made.starts_with(&start)).count()
                };
                for (table, side) in target.sides() {
                    let name = table_name(&target, table, side);
                    assert_eq!(begins(&name), 1, "{name}");
                }
                assert_eq!(ddl.tables.len(), target.sides().count());
            }
        }
    }

    #[test]
    fn indexes_that_only_questions_use_wait_for_the_rows() {
        let target = Generation { projection: projection::all()[0], generation: 1 };
        let ddl = of(TEXTS[..1].iter().copied(), &target);
        let has = |list: &[String], name: &str| {
            list.iter().any(|made| made.starts_with(&format!("CREATE INDEX IF NOT EXISTS {name} ")))
        };
        assert!(has(&ddl.needed, "access_v1_g1_grants_by_item_grantee_type_grantee_id"));
        assert!(has(&ddl.needed, "access_v1_g1_grants_by_provenance_id"));
        assert!(has(&ddl.later, "access_v1_g1_grants_by_grantee_type_grantee_id_item"));
        assert!(has(&ddl.later, "access_v1_g1_moments_by_time_position"));
    }

    #[test]
    fn indexes_that_came_later_belong_to_declared_tables() {
        let projection = projection::all()[0];
        let ddl = of([INDEXES], &Generation { projection, generation: 4 });
        let made = INDEXES.lines().filter(|line| line.starts_with("CREATE INDEX ")).count();
        assert_eq!((ddl.tables.len(), ddl.needed.len(), ddl.later.len()), (0, 0, made));
        for index in ddl.later {
            assert!(index.contains(" ON access_v1_g4_"), "{index}");
        }
    }
}

//! The DDL of both engines, generated from the declared tables.
//!
//! Tables of a version are never altered (another meaning is another version). An index that is
//! declared later is made at the next start, where it is missing.

use crate::{
    store::generation::Generation,
    table::{Index, Kind, RowState, Table},
};

/// How an engine writes what they write differently.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dialect {
    column_type: fn(Kind) -> &'static str,
    /// What a `CREATE TABLE` ends with.
    table_options: &'static str,
}

/// Ids are compared byte by byte, instants and JSON are types that dashboards understand.
pub(crate) const POSTGRES: Dialect = Dialect {
    column_type: |kind| match kind {
        Kind::Text => r#"text COLLATE "C""#,
        Kind::Int | Kind::Bool | Kind::Time | Kind::Json => postgres_type(kind),
    },
    table_options: "",
};

/// Instants are microseconds since 1970.
pub(crate) const SQLITE: Dialect = Dialect {
    column_type: |kind| match kind {
        Kind::Text | Kind::Json => "TEXT",
        Kind::Int | Kind::Bool | Kind::Time => "INTEGER",
    },
    table_options: " STRICT",
};

/// The PostgreSQL type of a cell.
pub(crate) const fn postgres_type(kind: Kind) -> &'static str {
    match kind {
        Kind::Text => "text",
        Kind::Int => "bigint",
        Kind::Bool => "boolean",
        Kind::Time => "timestamptz",
        Kind::Json => "jsonb",
    }
}

/// Which indexes of a generation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Indexes {
    All,
    /// Those by which the runner finds rows.
    UsedByRunner,
    /// Those that only questions use; cheaper to make when the rows are there.
    ForQuestions,
}

impl Dialect {
    /// The statements that make the tables of a generation, with their keys.
    pub(crate) fn create_tables(self, generation: &Generation) -> Vec<String> {
        generation
            .tables()
            .map(|(table, state)| self.create_table(generation, table, state))
            .collect()
    }

    fn create_table(self, generation: &Generation, table: &Table, state: RowState) -> String {
        let name = generation.table_name(table, state);
        let columns = table.columns_of(state).into_iter().map(|column| {
            let null = if column.nullable { "" } else { " NOT NULL" };
            format!("    {} {}{null},\n", column.name, (self.column_type)(column.kind))
        });
        let (columns, key) = (columns.collect::<String>(), table.primary_key(state).join(", "));
        format!("CREATE TABLE {name} (\n{columns}    PRIMARY KEY ({key})\n){}", self.table_options)
    }
}

/// The names of indexes of a generation, and the statements that make them where they are missing;
/// equal on both engines.
pub(crate) fn create_indexes(generation: &Generation, which: Indexes) -> Vec<(String, String)> {
    let tables = generation.projection.tables().iter();
    let indexes =
        tables.flat_map(|table| table.indexes().into_iter().map(move |one| (*table, one)));
    let wanted = |(table, index): &(&Table, Index)| match which {
        Indexes::All => true,
        Indexes::UsedByRunner => table.used_by_runner(index),
        Indexes::ForQuestions => !table.used_by_runner(index),
    };
    let indexes = indexes.filter(wanted);
    indexes.map(|(table, index)| create_index(generation, table, &index)).collect()
}

fn create_index(generation: &Generation, table: &Table, index: &Index) -> (String, String) {
    let table = generation.table_name(table, index.state);
    let name = format!("{table}{}", index.suffix());
    let mut sql =
        format!("CREATE INDEX IF NOT EXISTS {name} ON {table} ({})", index.columns.join(", "));
    if let Some(first) = index.columns.first().filter(|_| index.not_null) {
        sql = format!("{sql} WHERE {first} IS NOT NULL");
    }
    (name, sql)
}

/// The statements only, as one text.
pub(crate) fn index_statements(generation: &Generation, which: Indexes) -> String {
    let all = create_indexes(generation, which).into_iter().map(|(_, sql)| sql);
    all.collect::<Vec<_>>().join(";\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_temporal_table_is_two_tables_with_the_columns_that_the_runner_keeps() {
        let generation = Generation { projection: &crate::catalog::Catalog, generation: 12 };
        let made = POSTGRES.create_tables(&generation);
        let ended = "CREATE TABLE catalog_v1_g12_tags_ended (\n    \
             item_kind text COLLATE \"C\" NOT NULL,\n    item_id text COLLATE \"C\" NOT NULL,\n    \
             tag text COLLATE \"C\" NOT NULL,\n    recorded_from timestamptz NOT NULL,\n    \
             from_position bigint NOT NULL,\n    recorded_to timestamptz NOT NULL,\n    \
             to_position bigint NOT NULL,\n    \
             PRIMARY KEY (item_kind, item_id, tag, from_position)\n)";
        assert_eq!(made.last().map(String::as_str), Some(ended));
        let nullable = SQLITE.create_tables(&generation).concat();
        assert!(nullable.contains("    slug TEXT,\n    audience TEXT NOT NULL,\n"), "{nullable}");
        assert!(nullable.ends_with(") STRICT"), "{nullable}");
    }

    #[test]
    fn indexes_that_only_questions_use_wait_for_the_rows() {
        let generation = Generation { projection: &crate::access::Access, generation: 1 };
        let names = |which| -> Vec<String> {
            create_indexes(&generation, which).into_iter().map(|(name, _)| name).collect()
        };
        let (needed, later) = (names(Indexes::UsedByRunner), names(Indexes::ForQuestions));
        let has = |list: &[String], name: &str| list.iter().any(|made| made == name);
        assert!(has(&needed, "access_v1_g1_grants_by_item_grantee_type_grantee_id"));
        assert!(has(&needed, "access_v1_g1_grants_by_provenance_id"));
        assert!(has(&needed, "access_v1_g1_grants_ended_by_item_to_position"));
        assert!(has(&later, "access_v1_g1_grants_by_grantee_type_grantee_id_item"));
        assert!(has(&later, "access_v1_g1_moments_by_time_position"));
        assert!(has(&later, "access_v1_g1_states_ended_by_owner_to_position"));
        assert_eq!(names(Indexes::All).len(), needed.len() + later.len());
    }

    #[test]
    fn an_index_of_a_parent_that_may_be_null_leaves_those_rows_out() {
        let generation = Generation::first(&crate::access::Access);
        let all = index_statements(&generation, Indexes::All);
        let partial = "CREATE INDEX IF NOT EXISTS access_v1_grants_by_provenance_id \
                       ON access_v1_grants (provenance_id) WHERE provenance_id IS NOT NULL";
        assert!(all.contains(partial), "{all}");
        assert_eq!(all.matches("WHERE").count(), 1);
    }
}

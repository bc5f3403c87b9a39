//! Binds the views for dashboards to the live generation: their texts are replaced whenever it
//! changes.
//!
//! `CREATE OR REPLACE VIEW` keeps the view itself, so that rights on it and views of others on top
//! of it stay. It needs the view for a moment alone: it waits for readers a short time only, gives
//! up and tries again, because new readers wait behind it meanwhile.

use super::{PostgresOptions, failed};
use crate::{
    projection,
    store::{StoreError, generation::prefix},
};
use deadpool_postgres::Object;
use std::time::Duration;

/// Raised whenever a text changes, so that the next start puts it in force. A release never puts
/// back an older one: views only gain columns.
const LEVEL: i64 = 2;

/// The texts, by projection.
const TEXTS: [(&str, &str); 3] = [
    ("access", include_str!("../../../migrations/postgres/views/access.sql")),
    ("catalog", include_str!("../../../migrations/postgres/views/catalog.sql")),
    ("audit", include_str!("../../../migrations/postgres/views/audit.sql")),
];
const COMMON: &str = include_str!("../../../migrations/postgres/views/common.sql");

/// How often a start tries, and how long it waits in between.
const TRIES: u32 = 100;
const PAUSE: Duration = Duration::from_millis(100);

fn filled(text: &str, options: &PostgresOptions, tables: &str) -> String {
    text.replace("{data}", &options.data())
        .replace("{views}", &PostgresOptions::quoted(&options.views_schema))
        .replace("{reader}", &PostgresOptions::quoted(&options.reader_role))
        .replace("{tables}", tables)
}

/// Puts texts in force in one statement, which therefore is over within 60 ms or fails: readers
/// that come meanwhile wait for no longer.
fn at_once(texts: &str) -> String {
    format!(
        "SET LOCAL lock_timeout = '25ms'; SET LOCAL statement_timeout = '60ms'; \
         DO $views$ BEGIN EXECUTE $texts${texts}$texts$; END $views$; \
         SET LOCAL statement_timeout = 0"
    )
}

/// Points the views of a projection at the tables with this prefix.
pub(super) fn pointing(options: &PostgresOptions, projection: &str, prefix: &str) -> String {
    let tables = format!("{}.{prefix}", options.data());
    let text = TEXTS.iter().find(|(name, _)| *name == projection).map(|(_, text)| *text);
    at_once(&filled(text.unwrap_or_default(), options, &tables))
}

/// Puts the texts of this release in force over the live generations, unless they are.
pub(super) async fn refresh(client: &Object, options: &PostgresOptions) -> Result<(), StoreError> {
    let data = options.data();
    let sql = format!("SELECT coalesce(max(level), 0) FROM {data}.view_texts");
    let level: i64 = client.query_one(&sql, &[]).await.map_err(|error| failed(&error))?.get(0);
    if level >= LEVEL {
        return Ok(());
    }
    let mut tries = 0;
    loop {
        tries += 1;
        match put_in_force(client, options).await {
            Err(StoreError::Unavailable(why)) if tries < TRIES && !client.is_closed() => {
                tracing::info!(%why, "a reader keeps the views for dashboards; tries again");
                client.batch_execute("ROLLBACK").await.map_err(|error| failed(&error))?;
                tokio::time::sleep(PAUSE).await;
            }
            answer => return answer,
        }
    }
}

async fn put_in_force(client: &Object, options: &PostgresOptions) -> Result<(), StoreError> {
    let data = options.data();
    client.batch_execute("BEGIN").await.map_err(|error| failed(&error))?;
    let sql = format!(
        "SELECT projection, version, generation FROM {data}.progress WHERE live FOR UPDATE"
    );
    let live = client.query(&sql, &[]).await.map_err(|error| failed(&error))?;
    let mut texts = String::new();
    for row in live {
        let (name, version, generation): (String, i64, i64) = (row.get(0), row.get(1), row.get(2));
        let known = projection::all().into_iter().find(|projection| projection.name() == name);
        // Tables of another version get their views with the switch to this one.
        let Some(known) = known.filter(|known| i64::from(known.version()) == version) else {
            continue;
        };
        let generation = u32::try_from(generation).unwrap_or_default();
        let tables = format!("{data}.{}", prefix(&name, known.version(), generation));
        let text = TEXTS.iter().find(|(of, _)| *of == name).map(|(_, text)| *text);
        texts.push_str(&filled(text.unwrap_or_default(), options, &tables));
    }
    texts.push_str(&filled(COMMON, options, ""));
    client.batch_execute(&at_once(&texts)).await.map_err(|error| failed(&error))?;
    let sql = format!("INSERT INTO {data}.view_texts VALUES ({LEVEL}); COMMIT");
    client.batch_execute(&sql).await.map_err(|error| failed(&error))
}

#[cfg(test)]
mod tests {
    use super::TEXTS;
    use crate::projection;

    #[test]
    fn every_projection_has_its_views() {
        let with_views = TEXTS.map(|(name, _)| name);
        assert_eq!(projection::all().map(projection::Projection::name), with_views);
    }
}

//! Binds the views for dashboards to the live generation: their texts are replaced whenever it
//! changes.
//!
//! `CREATE OR REPLACE VIEW` keeps the view itself, so that rights on it and views of others on top
//! of it stay. It needs the view for a moment alone: it waits for readers a short time only, gives
//! up and tries again, because new readers wait behind it meanwhile.

use super::{PostgresOptions, failed};
use crate::{
    PROJECTIONS,
    store::{Generation, StoreError},
};
use deadpool_postgres::Object;
use std::time::Duration;

/// The level of [`COMMON`], raised whenever it changes; that of all texts is the sum with those of
/// the projections. What changes the sum is put in force by the next start. A release never puts
/// back an older one: views only gain columns.
const COMMON_LEVEL: i64 = 1;
const COMMON: &str = include_str!("../../../migrations/postgres/views/common.sql");

/// How often a start tries, and how long it waits in between.
const MAX_TRIES: u32 = 100;
const RETRY_PAUSE: Duration = Duration::from_millis(100);

/// The level of all texts.
fn level() -> i64 {
    PROJECTIONS.iter().map(|one| one.dashboard_views().level).sum::<i64>() + COMMON_LEVEL
}

/// The views of a projection over the tables of a generation.
fn views_over(options: &PostgresOptions, generation: &Generation) -> String {
    let tables = format!("{}.{}", options.data(), generation.prefix());
    options.filled(generation.projection.dashboard_views().sql).replace("{tables}", &tables)
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

/// What points the views of a projection at the tables of a generation, if it has views.
pub(super) fn pointing(options: &PostgresOptions, generation: &Generation) -> Option<String> {
    let sql = views_over(options, generation);
    (!sql.is_empty()).then(|| at_once(&sql))
}

/// Puts the texts of this release in force over the live generations, unless they are.
pub(super) async fn refresh(client: &Object, options: &PostgresOptions) -> Result<(), StoreError> {
    let data = options.data();
    let sql = format!("SELECT coalesce(max(level), 0) FROM {data}.view_texts");
    let known: i64 = client.query_one(&sql, &[]).await.map_err(|error| failed(&error))?.get(0);
    if known >= level() {
        return Ok(());
    }
    let mut tries = 0;
    loop {
        tries += 1;
        match put_in_force(client, options, known == 0).await {
            Err(StoreError::Unavailable(why)) if tries < MAX_TRIES && !client.is_closed() => {
                tracing::info!(%why, "a reader keeps the views for dashboards; tries again");
                client.batch_execute("ROLLBACK").await.map_err(|error| failed(&error))?;
                tokio::time::sleep(RETRY_PAUSE).await;
            }
            answer => return answer,
        }
    }
}

async fn put_in_force(
    client: &Object,
    options: &PostgresOptions,
    first: bool,
) -> Result<(), StoreError> {
    let data = options.data();
    client.batch_execute("BEGIN").await.map_err(|error| failed(&error))?;
    let sql = format!(
        "SELECT projection, version, generation FROM {data}.progress WHERE live FOR UPDATE"
    );
    let live = client.query(&sql, &[]).await.map_err(|error| failed(&error))?;
    let mut texts = String::new();
    for projection in PROJECTIONS {
        let row = live.iter().find(|row| row.get::<_, &str>(0) == projection.name());
        // Tables of another version get their views with the switch to this one.
        let row = row.filter(|row| row.get::<_, i64>(1) == i64::from(projection.version()));
        let Some(row) = row else { continue };
        let generation = u32::try_from(row.get::<_, i64>(2)).unwrap_or_default();
        texts.push_str(&views_over(options, &Generation { projection: *projection, generation }));
    }
    let names: Vec<&str> = PROJECTIONS.iter().map(|projection| projection.name()).collect();
    texts.push_str(&options.filled(COMMON).replace("{projections}", &names.join(" | ")));
    // Nobody reads views that are not there yet.
    let sql = if first { texts } else { at_once(&texts) };
    client.batch_execute(&sql).await.map_err(|error| failed(&error))?;
    let sql = format!("INSERT INTO {data}.view_texts VALUES ({}); COMMIT", level());
    client.batch_execute(&sql).await.map_err(|error| failed(&error))
}

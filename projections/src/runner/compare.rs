//! Compares the tables that are read with what follows from the log. Both generations are compared
//! at one position, while the runner and readers go on.

use super::{BuildTarget, POLL_INTERVAL, Runner, Stop};
use crate::{
    generations::{self, Comparison, Difference, LiveGeneration, TableRows},
    store::{Generation, ReadTransaction, StoreError},
    table::{RowState, Table},
    value::{Row, Value},
};
use domain::position::Position;
use eventlog::consumer::Batches;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// How long to wait for the tables that are read to come further.
const WAIT_TIMEOUT: Duration = Duration::from_secs(20);
/// Rows looked at in one go when tables differ.
const CHUNK_ROWS: usize = 500;
/// Of a cell that differs, so much is reported.
const MAX_CELL_CHARS: usize = 200;

/// Both generations in a snapshot each.
struct Pair<'a> {
    read: &'a mut dyn ReadTransaction,
    built: &'a mut dyn ReadTransaction,
    read_prefix: String,
    built_prefix: String,
    target: Generation,
}

fn not_compared(position: Position, why: String) -> Comparison {
    let (tables, difference) = (Vec::new(), None);
    Comparison { position, equal: None, tables, difference, why_not: Some(why) }
}

impl Runner {
    /// Compares what this target filled with what is read. The filling ends at the same position.
    pub(super) async fn compare(
        &self,
        target: &BuildTarget,
        batches: &mut Batches,
    ) -> Result<Comparison, Stop> {
        let began = Instant::now();
        let mut again = None;
        loop {
            let mut snapshot = self.database.snapshot().await?;
            let read =
                generations::live_generation(snapshot.as_mut(), target.target.name()).await?;
            let at = read.progress.position;
            let built = self.generations.progress(&target.target).await?;
            if let Some(why) = self.incomparable(&read, target, began).await? {
                snapshot.end().await?;
                return Ok(not_compared(built.position, why));
            }
            if built.position > at || again.is_some_and(|again| at < again) {
                snapshot.end().await?;
                if began.elapsed() > WAIT_TIMEOUT {
                    let why = format!("the tables that are read stay at position {at}");
                    return Ok(not_compared(built.position, why));
                }
                sleep(POLL_INTERVAL).await;
                continue;
            }
            self.advance(target, at, batches).await?;
            let comparison = self.compare_at(target, snapshot.as_mut(), &read).await?;
            snapshot.end().await?;
            let head = self.head(at).await?;
            if comparison.equal == Some(false) && again.is_none() && head > at {
                // A key may have been destroyed between the record that says so and its taking
                // effect here: further on, both know it.
                again = Some(head);
                continue;
            }
            return Ok(comparison);
        }
    }

    /// Why there is nothing to compare.
    async fn incomparable(
        &self,
        read: &LiveGeneration,
        target: &BuildTarget,
        began: Instant,
    ) -> Result<Option<String>, Stop> {
        let at = read.progress.position;
        if read.version != target.target.projection.version() {
            return Ok(Some(format!("version {} is read", read.version)));
        }
        let built = self.generations.progress(&target.target).await?;
        let identity = self.log.identity().await.map_err(|error| Stop::from_log(&error, at))?;
        if read.progress.log != identity {
            return Ok(Some("the tables that are read are of another log, or empty".to_owned()));
        }
        if self.head(at).await? < at {
            return Ok(Some(format!("the tables that are read are at {at}, beyond the log's end")));
        }
        let stands = read.stopped.is_some() || read.paused.is_some();
        if stands && built.position > at && began.elapsed() > POLL_INTERVAL {
            return Ok(Some(format!("the tables that are read stay at position {at}")));
        }
        Ok(None)
    }

    async fn compare_at(
        &self,
        target: &BuildTarget,
        read: &mut dyn ReadTransaction,
        standing: &LiveGeneration,
    ) -> Result<Comparison, Stop> {
        let (name, version) = (target.target.name(), target.target.projection.version());
        let mut built = self.database.snapshot().await?;
        let mut pair = Pair {
            read_prefix: read.prefix(name, version, standing.generation),
            built_prefix: built.prefix(name, version, target.target.generation),
            read,
            built: built.as_mut(),
            target: target.target,
        };
        let comparison = pair.compare(standing.progress.position).await?;
        built.end().await?;
        Ok(comparison)
    }
}

impl Pair<'_> {
    async fn compare(&mut self, position: Position) -> Result<Comparison, StoreError> {
        let (mut tables, mut difference) = (Vec::new(), None);
        for (table, side) in self.target.tables() {
            let name = format!("{}{}", table.name, side.suffix());
            let read = self.read.digest(&format!("{}{name}", self.read_prefix)).await?;
            let built = self.built.digest(&format!("{}{name}", self.built_prefix)).await?;
            let equal = read == built;
            if !equal && difference.is_none() {
                difference = self.first_difference(table, side).await?;
            }
            tables.push(TableRows { table: name, read: read.rows, from_log: built.rows, equal });
        }
        let equal = Some(tables.iter().all(|table| table.equal));
        Ok(Comparison { position, equal, tables, difference, why_not: None })
    }

    /// Walks both tables in the order of their keys.
    async fn first_difference(
        &mut self,
        table: &'static Table,
        side: RowState,
    ) -> Result<Option<Difference>, StoreError> {
        let columns = table.column_names(side);
        let mut keys: Vec<usize> = (0..table.key).collect();
        if side == RowState::Ended {
            keys.extend(columns.iter().position(|name| *name == "from_position"));
        }
        let key = |row: &Row| -> Row {
            keys.iter().filter_map(|place| row.get(*place)).cloned().collect()
        };
        let mut after: Option<Row> = None;
        loop {
            let sql = chunk(&columns, &keys, after.is_some());
            let parameters = after.clone().unwrap_or_default();
            let name = format!("{}{}", table.name, side.suffix());
            let of = |prefix: &str| sql.replace('@', &format!("{prefix}{name}"));
            let read = self.read.query(&of(&self.read_prefix), &parameters).await?;
            let built = self.built.query(&of(&self.built_prefix), &parameters).await?;
            for place in 0..read.len().max(built.len()) {
                let (one, other) = (read.get(place), built.get(place));
                if one != other {
                    let rows = match (one, other) {
                        // The lesser key is the one that the other side lacks.
                        (Some(one), Some(other)) if key(one) < key(other) => (Some(one), None),
                        (Some(one), Some(other)) if key(one) > key(other) => (None, Some(other)),
                        rows => rows,
                    };
                    return Ok(Some(difference(table, side, &columns, rows, key)));
                }
            }
            match read.last() {
                Some(last) if read.len() == CHUNK_ROWS => after = Some(key(last)),
                _ => return Ok(None),
            }
        }
    }
}

fn chunk(columns: &[&str], keys: &[usize], further: bool) -> String {
    let list = |names: &[&str]| {
        names.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ")
    };
    let keys: Vec<&str> = keys.iter().filter_map(|place| columns.get(*place)).copied().collect();
    let after = if further {
        let places: Vec<String> = (1..=keys.len()).map(|place| format!("${place}")).collect();
        format!(" WHERE ({}) > ({})", list(&keys), places.join(", "))
    } else {
        String::new()
    };
    format!("SELECT {} FROM @{after} ORDER BY {} LIMIT {CHUNK_ROWS}", list(columns), list(&keys))
}

fn difference(
    table: &Table,
    side: RowState,
    columns: &[&str],
    (read, built): (Option<&Row>, Option<&Row>),
    key: impl Fn(&Row) -> Row,
) -> Difference {
    let key = read.or(built).map(key).unwrap_or_default();
    let key = key.iter().filter_map(words).collect::<Vec<_>>().join(" ");
    let name = format!("{}{}", table.name, side.suffix());
    let mut difference = Difference { table: name, key, column: None, read: None, from_log: None };
    if let (Some(read), Some(built)) = (read, built) {
        let differing = columns.iter().zip(read.iter().zip(built)).find(|(_, (a, b))| a != b);
        if let Some((column, (read, built))) = differing {
            difference.column = Some((*column).to_owned());
            // Private text is not reported.
            if !table.texts.iter().any(|(text, _)| text == column) {
                difference.read = words(read);
                difference.from_log = words(built);
            }
        }
    }
    difference
}

fn words(cell: &Value) -> Option<String> {
    let text = match cell {
        Value::Null => return None,
        Value::Int(number) | Value::Time(number) => number.to_string(),
        Value::Bool(yes) => yes.to_string(),
        Value::Text(text) | Value::Json(text) => text.clone(),
    };
    Some(text.chars().take(MAX_CELL_CHARS).collect())
}

//! Finds the moment of a question in the log, and the rows that were open then.

use super::{ModelReader, cell};
use crate::{
    AsOf, ViewError,
    value::{Row, Value},
};
use domain::{id::ItemRef, position::Position, role::Role, time::Time};

/// The moment of a question, found in the log.
#[derive(Debug, Clone, Copy)]
pub(super) struct When {
    /// Windows are judged at this instant.
    pub(super) time: Time,
    /// Rows open at this position count; with [`When::now`] that is the last one.
    pub(super) position: Position,
    pub(super) now: bool,
}

impl When {
    /// The number of the first parameter after those that [`ModelReader::of_item`] names itself.
    pub(super) const fn next_parameter(self) -> usize {
        if self.now { 3 } else { 4 }
    }
}

/// `SELECT` of the rows of a temporal table that were open at the moment, `$1` being its position
/// in the past.
pub(super) fn open_then(when: When, table: &str, columns: &str, condition: &str) -> String {
    if when.now {
        return format!("SELECT {columns} FROM @{table} t WHERE {condition}");
    }
    format!(
        "SELECT {columns} FROM @{table} t WHERE {condition} AND t.from_position <= $1 \
         UNION ALL \
         SELECT {columns} FROM @{table}_ended t \
         WHERE {condition} AND t.to_position > $1 AND t.from_position <= $1"
    )
}

/// A condition: no row of `accounts` bars the account that an expression names.
pub(super) fn not_inactive(account: &str, past: bool) -> String {
    let open = if past { " AND a.from_position <= $1" } else { "" };
    let mut text = format!(
        "NOT EXISTS (SELECT 1 FROM @accounts a WHERE a.account = {account} \
         AND a.status <> 'active'{open})"
    );
    if past {
        text = format!(
            "{text} AND NOT EXISTS (SELECT 1 FROM @accounts_ended a WHERE a.account = {account} \
             AND a.status <> 'active' AND a.to_position > $1 AND a.from_position <= $1)"
        );
    }
    text
}

impl ModelReader {
    /// The last position with an effective time at or before this one.
    pub(super) async fn position_at(&mut self, time: Time) -> Result<Option<Position>, ViewError> {
        let sql = "SELECT position FROM @moments WHERE time <= $1 \
                   ORDER BY time DESC, position DESC LIMIT 1";
        let rows = self.rows(sql, &[time.into()]).await?;
        Ok(rows.first().map(|row| cell(row, 0).position()).transpose()?)
    }

    pub(super) async fn when(&mut self, as_of: AsOf, now: Time) -> Result<When, ViewError> {
        match as_of {
            AsOf::Now => Ok(When { time: now, position: self.position, now: true }),
            AsOf::Time(time) => {
                let position = self.position_at(time).await?.unwrap_or_default();
                Ok(When { time, position, now: false })
            }
            AsOf::Position(asked) if asked > self.position => {
                Err(ViewError::Future { asked, position: self.position })
            }
            AsOf::Position(position) => {
                let sql = "SELECT time FROM @moments WHERE position = $1";
                let rows = self.rows(sql, &[position.into()]).await?;
                let time = rows.first().map(|row| cell(row, 0).time()).transpose()?;
                Ok(When { time: time.unwrap_or_default(), position, now: false })
            }
        }
    }

    /// Rows of an item that were open then and fit a condition with parameters of its own; the item
    /// is `$2`, `$3` in the past, `$1`, `$2` now.
    pub(super) async fn of_item(
        &mut self,
        when: When,
        table: &str,
        columns: &str,
        item: &ItemRef,
        (condition, own): (&str, &[Value]),
    ) -> Result<Vec<Row>, ViewError> {
        let named = if when.now { ("$1", "$2") } else { ("$2", "$3") };
        let condition =
            format!("t.item_kind = {} AND t.item_id = {} AND {condition}", named.0, named.1);
        let mut parameters = Vec::new();
        if !when.now {
            parameters.push(when.position.into());
        }
        parameters.extend([item.kind.as_str().into(), item.id.as_str().into()]);
        parameters.extend_from_slice(own);
        let sql = open_then(when, table, columns, &condition);
        self.rows(&sql, &parameters).await
    }

    /// When an item was registered.
    pub(super) async fn known_from(&mut self, item: &ItemRef) -> Result<Option<Time>, ViewError> {
        let sql = "SELECT registered_at FROM @items WHERE item_kind = $1 AND item_id = $2";
        let named = [item.kind.as_str().into(), item.id.as_str().into()];
        let rows = self.rows(sql, &named).await?;
        Ok(rows.first().map(|row| cell(row, 0).time()).transpose()?)
    }

    pub(super) async fn rules(&mut self, when: When) -> Result<u32, ViewError> {
        let sql = open_then(when, "settings", "t.value", "t.name = 'rules'");
        let parameters = if when.now { Vec::new() } else { vec![when.position.into()] };
        let rows = self.rows(&sql, &parameters).await?;
        Ok(rows.first().map_or(Ok(Role::TABLE_VERSION), |row| cell(row, 0).parse())?)
    }
}

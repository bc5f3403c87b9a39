//! What it means that the control tables cannot be brought up to date, the same for both engines.

use super::{StoreError, error_chain};

/// The refusal for a failed migration.
pub(super) fn migration_failed(error: &refinery::Error) -> StoreError {
    use refinery::error::Kind::{DivergentVersion, MissingVersion};
    if let DivergentVersion(applied, _) | MissingVersion(applied) = error.kind() {
        return StoreError::Refused(format!(
            "the read models were created by another release (migration `{applied}`); they hold \
             nothing of their own: delete the file `views.db`, or in PostgreSQL the schemas of \
             tables and views, and start again to rebuild them from the log"
        ));
    }
    StoreError::Refused(error_chain(error))
}

//! The promises of the vault: one suite, one module per engine.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails says so"
)]

mod memory;
mod postgres;
mod sqlite;
mod suite;

/// Calls every function of the suite with an engine.
#[macro_export]
macro_rules! conforms {
    ($make:expr; $($promise:ident)*) => {$(
        #[tokio::test]
        async fn $promise() {
            let (vault, _kept) = $make.await;
            $crate::suite::$promise(&vault).await;
        }
    )*};
    ($make:expr) => {
        $crate::conforms! { $make;
            a_row_is_read_back_as_it_was_put
            a_row_is_put_once
            what_is_missing_is_none
            rows_are_found_by_kind_and_digest
            rows_are_listed_by_kind_in_pages
            a_key_owner_has_one_data_key
            two_that_add_a_data_key_get_the_same
            forgetting_leaves_a_tombstone_and_nothing_else
            forgetting_who_never_had_a_key_keeps_one_from_being_made
            secret_keys_are_kept_once
            a_code_is_used_once
            a_checkpoint_never_goes_back
            unchecked_rows_come_oldest_first_and_once_a_mark
            a_note_changes_only_for_who_knows_its_version
            notes_are_listed_and_dropped_by_the_beginning_of_their_names
        }
    };
}

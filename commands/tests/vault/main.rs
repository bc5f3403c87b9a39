//! Conformance of the vault engines: one suite, one module per engine.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails says so"
)]

mod memory;
mod postgres;
mod records;
mod sqlite;
mod suite;

/// Calls every function of the suite, and of what is built over it, with an engine.
#[macro_export]
macro_rules! conforms {
    ($make:expr; $($module:ident: $($promise:ident)*;)*) => {$($(
        #[tokio::test]
        async fn $promise() {
            let (vault, _kept) = $make.await;
            $crate::$module::$promise(&vault).await;
        }
    )*)*};
    ($make:expr) => {
        $crate::conforms! { $make;
            suite:
                an_entry_is_read_back_as_it_was_put
                what_is_missing_is_none
                an_entry_changes_only_for_who_knows_its_version
                a_change_replaces_owner_and_lookups
                entries_are_listed_by_the_beginning_of_their_keys_in_pages
                entries_are_found_by_digest_below_a_prefix
                an_entry_is_removed_with_all_below_it
                forgetting_leaves_a_tombstone_and_nothing_else
                forgetting_who_never_had_anything_leaves_a_tombstone
                a_tombstone_is_neither_changed_nor_removed;
            records:
                a_row_is_read_back_as_it_was_added
                a_row_is_added_once
                rows_that_are_missing_are_none
                rows_are_found_by_kind_and_digest
                rows_are_listed_by_kind_in_pages
                a_key_owner_has_one_data_key
                two_that_add_a_data_key_get_the_same
                forgetting_an_owner_destroys_key_and_rows
                forgetting_who_never_had_a_key_keeps_one_from_being_made
                secret_keys_are_kept_once
                a_code_is_used_once
                a_checkpoint_never_goes_back
                every_row_is_checked_once_a_round
                a_row_is_unreferenced_until_it_is_referred_to_or_removed;
        }
    };
}

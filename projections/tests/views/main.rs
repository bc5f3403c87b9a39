//! Both engines hold and answer the same: one suite, run over SQLite and over PostgreSQL.
//!
//! PostgreSQL comes from `SHARELOG_TEST_POSTGRES`: the connection string of a server on which
//! databases and roles may be created.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod access;
mod access_at;
mod audit;
mod catalog;
mod engine;
mod lists;
mod postgres_board;
mod postgres_contract;
mod postgres_rebuild;
mod rebuilding;
mod resources;
mod revoked_access;
mod running;
mod world;

/// The same tests on both engines.
macro_rules! on_both_engines {
    ($($module:ident :: $test:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                crate::$module::$test(crate::engine::Engine::sqlite()).await;
            })*
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                crate::$module::$test(crate::engine::Engine::postgres().await).await;
            })*
        }
    };
}

on_both_engines![
    access::rows_equal_the_oracle_now_and_at_any_moment,
    access::rows_equal_the_paths_of_the_domain,
    access::the_list_is_paged_by_principal,
    access::a_moment_before_registration_is_unknown_and_one_beyond_the_end_is_refused,
    access::closing_ends_all_and_reopening_brings_back_what_has_not_passed,
    access::until_names_the_first_end_that_takes_something_away,
    access_at::one_principal_had_what_the_oracle_says,
    access_at::who_opened_a_link_had_what_the_oracle_says,
    revoked_access::what_was_lost_was_had_until_it_ended,
    revoked_access::every_way_that_ends_is_found_with_its_end,
    revoked_access::what_stands_in_another_shape_is_not_lost,
    resources::items_are_found_that_one_principal_had,
    resources::a_search_for_items_regards_ways_windows_and_what_is_withheld,
    resources::a_search_for_items_goes_on_with_its_own_cursor_only,
    lists::items_are_listed_by_relation,
    lists::items_are_found_by_name_in_the_order_asked,
    catalog::words_are_beginnings_that_must_all_occur_and_rank_alike,
    catalog::filters_facets_and_counts_regard_the_viewer,
    catalog::every_order_pages_through_everything_once,
    catalog::a_cursor_of_another_question_is_refused,
    audit::the_trail_says_before_and_after_in_any_order,
    audit::the_trail_is_filtered,
    audit::erasure_takes_the_texts_of_destroyed_keys_and_no_others,
    running::one_record_at_a_time_gives_the_same_tables_as_thousands,
    running::a_runner_that_is_cut_off_again_and_again_goes_on,
    running::two_runners_have_the_effect_of_one,
    running::an_unknown_event_stops_where_it_stands_and_says_why,
    running::a_misfit_stops_its_projection_and_the_others_go_on,
    running::another_log_or_one_that_was_set_back_stops_it,
    running::many_that_wait_look_once,
    running::waiting_ends_when_the_position_is_reached_or_the_time_is_up,
    running::tables_and_indexes_are_made_as_they_are_declared,
    running::texts_that_no_database_takes_are_kept_readable,
    rebuilding::a_rebuild_at_any_point_of_a_history_equals_the_tables_that_were_read,
    rebuilding::questions_are_answered_alike_while_tables_are_built_again_and_again,
    rebuilding::two_nodes_that_ask_at_once_make_one_build,
    rebuilding::a_build_that_is_cut_off_again_and_again_goes_on,
    rebuilding::verifying_names_the_first_row_that_does_not_follow_from_the_log,
    rebuilding::a_projection_that_stands_for_damage_is_mended_by_a_rebuild,
    rebuilding::a_paused_projection_stands_on_every_node_until_it_is_resumed,
    rebuilding::a_build_waits_while_its_projection_is_paused_and_no_other_does,
    rebuilding::old_tables_go_when_nobody_can_be_at_them_any_more,
    rebuilding::tables_of_an_older_version_are_rebuilt_without_being_asked,
];

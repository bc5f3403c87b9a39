//! Dashboards can rely on the views of PostgreSQL and read nothing else; the runner survives
//! losses of the server.

mod postgres {
    use crate::{
        access::{given, on},
        engine::fresh_database,
        world::{PATIENCE, Said, World, dump},
    };
    use domain::{
        access::{AccessPath, PathSource},
        event::Visibility,
        id::ItemRef,
        position::Position,
        principal::Principal,
        role::Role,
        testing::{Generator, history, hour, item, registered, to_account},
        time::Time,
    };
    use projections::{
        AsOf, Database, Model, Page,
        store::postgres::{PostgresOptions, open},
    };
    use std::collections::BTreeSet;
    use tokio_postgres::{Client, NoTls, Row, error::SqlState};

    const VIEWS: [&str; 10] = [
        "access_list",
        "accounts",
        "audit_trail",
        "freshness",
        "grants",
        "items",
        "links",
        "published_catalog",
        "totals_daily",
        "visibilities",
    ];

    async fn opened() -> (Database, Client) {
        let (pool, config) = fresh_database().await;
        let database = open(pool, PostgresOptions::default()).await.unwrap();
        let (client, connection) = config.connect(NoTls).await.unwrap();
        tokio::spawn(connection);
        (database, client)
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn the_reader_reads_the_views_and_nothing_else() {
        let (database, client) = opened().await;
        let world = World::of(&history(5, 80).steps).await;
        world.catch_up(&database, 100).await;
        let vault = "CREATE SCHEMA sharelog_vault; CREATE TABLE sharelog_vault.keys (key text)";
        client.batch_execute(vault).await.unwrap();
        let tables = client
            .query(
                "SELECT schemaname || '.' || tablename FROM pg_tables \
                 WHERE schemaname IN ('sharelog_data', 'sharelog_vault')",
                &[],
            )
            .await
            .unwrap();
        assert!(tables.len() > 25);
        client.batch_execute("SET ROLE sharelog_reader").await.unwrap();
        for view in VIEWS {
            client.query(&format!("SELECT * FROM sharelog.{view}"), &[]).await.unwrap();
        }
        for table in tables {
            let name: String = table.get(0);
            let refused = client.query(&format!("SELECT * FROM {name}"), &[]).await.unwrap_err();
            assert_eq!(refused.code(), Some(&SqlState::INSUFFICIENT_PRIVILEGE), "{name}");
        }
        for writing in [
            "DELETE FROM sharelog.grants",
            "UPDATE sharelog.accounts SET status = 'active'",
            "CREATE TABLE sharelog.mine (x int)",
        ] {
            assert!(client.batch_execute(writing).await.is_err(), "{writing}");
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn views_and_functions_say_what_the_questions_say() {
        let (database, client) = opened().await;
        let history = history(6, 120);
        let world = World::of(&history.steps).await;
        let views = world.catch_up(&database, 100).await;
        client.batch_execute("SET ROLE sharelog_reader").await.unwrap();
        let mut links = 0;
        for step in history.steps.iter().step_by(7) {
            let time = step.time.plus_micros(1);
            for it in Generator::items() {
                let page = Page { limit: 1000, ..Page::default() };
                let list = views.access_list(&it, AsOf::Time(time), time, &page).await.unwrap();
                let ways = list.rows.iter();
                let expected: BTreeSet<Shown> = ways
                    .flat_map(|row| row.paths.iter().map(|path| shown(&row.principal, path)))
                    .collect();
                let mut found = access_of(&client, &it, time).await;
                let internal = |way: &Shown| way.principal == "internal";
                let to_any_account = found.iter().any(internal);
                assert_eq!(to_any_account, list.open_to == Visibility::Internal, "{it} {time}");
                found.retain(|way| !internal(way));
                links += found.iter().filter(|way| way.via == "link").count();
                assert_eq!(found, expected, "{it} {time}");
            }
        }
        assert!(links > 0, "links are among them");
        let commented = "SELECT count(*) FROM pg_views v \
             WHERE schemaname = 'sharelog' \
             AND obj_description((schemaname || '.' || viewname)::regclass) IS NULL";
        let missing: i64 = client.query_one(commented, &[]).await.unwrap().get(0);
        assert_eq!(missing, 0);
        let events: i64 = client
            .query_one("SELECT count(*) FROM sharelog.audit_trail", &[])
            .await
            .unwrap()
            .get(0);
        assert_eq!(usize::try_from(events).unwrap(), history.entries.len());
    }

    /// A way to an item, as dashboards see it; instants in microseconds.
    #[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
    struct Shown {
        principal: String,
        via: String,
        via_id: Option<String>,
        role: String,
        withhold: String,
        since: i64,
        ends_at: Option<i64>,
        event: Option<String>,
    }

    /// As the questions say it.
    fn shown(principal: &Principal, path: &AccessPath) -> Shown {
        let withhold: Vec<_> = path.withhold.iter().map(|held| held.name()).collect();
        let grant = path.source.grant().map(|grant| grant.to_string());
        Shown {
            principal: principal.to_string(),
            via: path.source.name().to_owned(),
            via_id: grant.or(path.source.link().map(|link| link.to_string())),
            role: path.role.to_string(),
            withhold: withhold.join(" "),
            since: path.since.unwrap().as_micros(),
            ends_at: path.window.ends_at.map(Time::as_micros),
            // The view names none for owners.
            event: path
                .events
                .last()
                .filter(|_| path.source != PathSource::Owner)
                .map(ToString::to_string),
        }
    }

    /// As the function for dashboards says it.
    async fn access_of(client: &Client, item: &ItemRef, at: Time) -> BTreeSet<Shown> {
        let micros = |column: &str| format!("(extract(epoch FROM {column}) * 1000000)::bigint");
        let sql = format!(
            "SELECT coalesce(principal_type || ':' || principal_id, principal_type), via, via_id, \
             role, array_to_string(withhold, ' '), {}, {}, event_id \
             FROM sharelog.access_of($1, $2, $3::text::timestamptz)",
            micros("since"),
            micros("ends_at")
        );
        let (kind, id) = (item.kind.to_string(), item.id.to_string());
        let rows = client.query(&sql, &[&kind, &id, &at.to_string()]).await.unwrap();
        let shown = |row: &Row| Shown {
            principal: row.get(0),
            via: row.get(1),
            via_id: row.get(2),
            role: row.get(3),
            withhold: row.get(4),
            since: row.get(5),
            ends_at: row.get(6),
            event: row.get(7),
        };
        rows.iter().map(shown).collect()
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn columns_are_never_taken_away() {
        let (_database, client) = opened().await;
        let sql = "SELECT table_name || ': ' || string_agg(column_name, ' ' ORDER BY \
        ordinal_position) \
                   FROM information_schema.columns WHERE table_schema = 'sharelog' \
                   GROUP BY table_name ORDER BY table_name";
        let rows = client.query(sql, &[]).await.unwrap();
        let found: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
        // Only ever added to, at the end of a line.
        let promised = [
            "access_list: account principal_type principal_id kind id role withhold via via_id \
            since ends_at event_id",
            "accounts: account status recorded_from recorded_to from_position to_position",
            "audit_trail: event_id position time type v actor anonymous system app token item \
            item_kind item_id \
             target target_type target_id before after reason ticket command undoes source rules \
             text",
            "freshness: time projection version position updated_at stopped_position stopped_why \
            generation paused_at",
            "grants: grant_id kind id grantee_type grantee_id role withhold starts_at ends_at \
            provenance \
             provenance_id given_by given_at event_ids recorded_from recorded_to from_position \
             to_position",
            "items: kind id owner lifecycle title description in_library registered_at updated_at \
            recorded_from \
             recorded_to from_position to_position",
            "links: link_id kind id role withhold audience starts_at ends_at max_visits joins \
            has_password generation \
             created_by created_at event_ids recorded_from recorded_to from_position to_position",
            "published_catalog: kind id title description tags owner slug preview audience groups \
            featured \
             published_at updated_at version",
            "totals_daily: time items_registered grants_given grants_ended links_created \
            links_ended published unpublished items grants_open links_open published_open",
            "visibilities: kind id visibility set_by event_ids recorded_from recorded_to \
            from_position to_position",
        ];
        assert_eq!(found.len(), promised.len());
        for (found, promised) in found.iter().zip(promised) {
            assert!(found.starts_with(promised), "{found}");
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn views_of_dashboards_survive_another_start() {
        let (pool, config) = fresh_database().await;
        let database = open(pool.clone(), PostgresOptions::default()).await.unwrap();
        let world = World::new();
        let it = item("history", "8f3a");
        let by = Said::by("a-1");
        world.say(&on(&it), &by, vec![registered("a-1").into()]).await;
        let ends = Some(hour(1_000_000));
        world.say(&on(&it), &by, vec![given(1, to_account("b-1"), Role::Editor, ends)]).await;
        world.catch_up(&database, 100).await;
        let (client, connection) = config.connect(NoTls).await.unwrap();
        tokio::spawn(connection);
        let mine = "CREATE VIEW mine AS SELECT account, role FROM sharelog.access_list";
        client.batch_execute(mine).await.unwrap();
        // As if this release brought other texts.
        client.batch_execute("DELETE FROM sharelog_data.view_texts").await.unwrap();
        open(pool, PostgresOptions::default()).await.unwrap();
        let rows = client.query("SELECT account, role FROM mine ORDER BY 1", &[]).await.unwrap();
        let found: Vec<(String, String)> =
            rows.iter().map(|row| (row.get(0), row.get(1))).collect();
        let expected = [("a-1", "owner"), ("b-1", "editor")];
        assert_eq!(found, expected.map(|(who, what)| (who.to_owned(), what.to_owned())));
        let sql = "SELECT kind || ':' || id FROM sharelog.items_of('b-1')";
        assert_eq!(client.query_one(sql, &[]).await.unwrap().get::<_, String>(0), "history:8f3a");
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn the_runner_outlives_lost_connections() {
        let (database, client) = opened().await;
        let world = World::of(&history(7, 150).steps).await;
        let views = world.views(&database);
        let kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                    WHERE datname = current_database() AND pid <> pg_backend_pid()";
        let done = async {
            for reached in [10, 40, 70, 100, 130, 150] {
                let reached = Position(reached);
                while views.wait_for(Model::all(), reached, PATIENCE).await.is_err() {
                    tokio::task::yield_now().await;
                }
                client.query(kill, &[]).await.unwrap();
            }
        };
        world.runner(&database, 2).run(done).await;
        let (other, _) = opened().await;
        world.catch_up(&other, 100).await;
        assert_eq!(dump(&database).await, dump(&other).await);
    }
}

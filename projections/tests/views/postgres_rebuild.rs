//! Views of dashboards, their rights and readers get through a rebuild unharmed; daily totals
//! report what happened.

mod postgres {
    use crate::{
        access::{given, on},
        engine::fresh_database,
        rebuilding::names,
        world::{PATIENCE, Said, World},
    };
    use domain::{
        event::{
            CatalogAudience, EndCause, Ended, Event, GrantChanged, GrantEnded, GrantTerms,
            ItemClosed, ItemEvent, ItemReopened, Publication, Published, Restore, Visibility,
        },
        position::Position,
        role::Role,
        testing::{grant_id, history, item, registered, to_account},
    };
    use eventlog::EventLog as _;
    use projections::{
        BuildState, Database, Generations, Model, Purpose, Views,
        store::postgres::{PostgresOptions, open},
    };
    use std::{
        sync::Arc,
        time::{Duration, Instant},
    };
    use tokio::sync::oneshot;
    use tokio_postgres::{Client, Config, NoTls, Row};
    use uuid::Uuid;

    const DAY: i64 = 86_400;

    async fn connected(config: &Config) -> Client {
        let (client, connection) = config.connect(NoTls).await.unwrap();
        tokio::spawn(connection);
        client
    }

    async fn rebuild_all(database: &Database, views: &Arc<dyn Views>, world: &World) {
        let generations = Generations::new(database.clone());
        for name in names() {
            generations.request(name, Purpose::Rebuild).await.unwrap();
        }
        for name in names() {
            loop {
                let build = generations.last(name, Purpose::Rebuild).await.unwrap().unwrap();
                if build.ended_at.is_some() {
                    assert_eq!(build.state, BuildState::Done, "{build:?}");
                    break;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
        let head = world.log.head().await.unwrap().position;
        views.wait_for(Model::all(), head, PATIENCE).await.unwrap();
    }

    /// Asks again and again as a dashboard does; answers how often, and the longest it waited for
    /// our views, and for nothing (this machine's own pauses).
    async fn reader(config: Config, mut stop: oneshot::Receiver<()>) -> (u32, Duration, Duration) {
        let client = connected(&config).await;
        client.batch_execute("SET ROLE sharelog_reader").await.unwrap();
        let mut seen = (0, Duration::ZERO, Duration::ZERO);
        while stop.try_recv().is_err() {
            for view in ["grants", "published_catalog", "audit_trail", "freshness"] {
                let began = Instant::now();
                client
                    .query_one(&format!("SELECT count(*) FROM sharelog.{view}"), &[])
                    .await
                    .unwrap();
                seen = (seen.0 + 1, seen.1.max(began.elapsed()), seen.2);
                let began = Instant::now();
                client.query_one("SELECT count(*) FROM pg_class", &[]).await.unwrap();
                seen.2 = seen.2.max(began.elapsed());
            }
        }
        seen
    }

    /// Not longer than 100 ms, unless this machine paused everybody.
    fn not_paused(longest: Duration, otherwise: Duration) {
        let limit = Duration::from_millis(100).max(otherwise * 2);
        assert!(longest < limit, "a reader waited {longest:?}, others {otherwise:?}");
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn views_on_top_of_ours_and_rights_survive_and_readers_are_not_paused() {
        let (pool, config) = fresh_database().await;
        let database = open(pool, PostgresOptions::default()).await.unwrap();
        let world = World::of(&history(41, 200).steps).await;
        let views = world.catch_up(&database, 100).await;
        let client = connected(&config).await;
        // Roles belong to the whole server.
        let board = format!("board_{}", Uuid::new_v4().simple());
        let mine = format!(
            "CREATE VIEW mine AS SELECT g.role, count(*) AS grants FROM sharelog.grants g \
             JOIN sharelog.items i USING (kind, id) GROUP BY g.role; \
             CREATE VIEW mine_too AS SELECT a.*, m.grants FROM sharelog.access_list a, mine m; \
             CREATE ROLE {board} NOLOGIN; GRANT USAGE ON SCHEMA sharelog TO {board}; \
             GRANT SELECT ON sharelog.grants TO {board}"
        );
        client.batch_execute(&mine).await.unwrap();
        let sql = "SELECT role, grants FROM mine ORDER BY role";
        let before: Vec<(String, i64)> = rows(&client, sql).await;
        let (stop, stopped) = oneshot::channel();
        let reading = tokio::spawn(reader(config.clone(), stopped));
        let all = async {
            for _ in 0..3 {
                rebuild_all(&database, &views, &world).await;
            }
        };
        world.runner(&database, 100).run(all).await;
        stop.send(()).unwrap();
        let (asked, longest, otherwise) = reading.await.unwrap();
        assert!(asked > 20, "{asked}");
        not_paused(longest, otherwise);
        assert_eq!(rows::<(String, i64)>(&client, sql).await, before);
        client.query("SELECT * FROM mine_too", &[]).await.unwrap();
        client.batch_execute(&format!("SET ROLE {board}")).await.unwrap();
        client.query("SELECT * FROM sharelog.grants", &[]).await.unwrap();
        let gone = format!("RESET ROLE; DROP OWNED BY {board}; DROP ROLE {board}");
        client.batch_execute(&gone).await.unwrap();
        // The views read the new tables.
        let sql = "SELECT pg_get_viewdef('sharelog.grants'::regclass)";
        let text: String = client.query_one(sql, &[]).await.unwrap().get(0);
        assert!(text.contains("access_v1_g3_grants"), "{text}");
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_long_question_of_a_dashboard_is_waited_for_and_nobody_behind_it() {
        let (pool, config) = fresh_database().await;
        let database = open(pool, PostgresOptions::default()).await.unwrap();
        let world = World::of(&history(42, 60).steps).await;
        let views = world.catch_up(&database, 100).await;
        let long = connected(&config).await;
        long.batch_execute("BEGIN; SELECT count(*) FROM sharelog.grants").await.unwrap();
        let generations = Generations::new(database.clone());
        generations.request("access", Purpose::Rebuild).await.unwrap();
        let (stop, stopped) = oneshot::channel();
        let reading = tokio::spawn(reader(config.clone(), stopped));
        let all = async {
            let waits = loop {
                let build = generations.last("access", Purpose::Rebuild).await.unwrap().unwrap();
                if let Some(why) = build.why {
                    break why;
                }
                assert_eq!(build.ended_at, None);
                tokio::time::sleep(Duration::from_millis(5)).await;
            };
            assert!(waits.contains("readers"), "{waits}");
            // Meanwhile everything goes on.
            world
                .say(&on(&item("album", "z")), &Said::by("a-1"), vec![registered("a-1").into()])
                .await;
            views.wait_for(Model::all(), Position(61), PATIENCE).await.unwrap();
            long.batch_execute("COMMIT").await.unwrap();
            while generations
                .last("access", Purpose::Rebuild)
                .await
                .unwrap()
                .unwrap()
                .ended_at
                .is_none()
            {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        world.runner(&database, 100).run(all).await;
        stop.send(()).unwrap();
        let (_, longest, otherwise) = reading.await.unwrap();
        not_paused(longest, otherwise);
    }

    trait Of: Sized {
        fn of(row: &Row) -> Self;
    }

    impl Of for (String, i64) {
        fn of(row: &Row) -> Self {
            (row.get(0), row.get(1))
        }
    }

    impl Of for (String, Vec<i64>) {
        fn of(row: &Row) -> Self {
            (row.get(0), (1..row.len()).map(|place| row.get(place)).collect())
        }
    }

    async fn rows<T: Of>(client: &Client, sql: &str) -> Vec<T> {
        client.query(sql, &[]).await.unwrap().iter().map(T::of).collect()
    }

    const TOTALS: &str = "SELECT (time AT TIME ZONE 'UTC')::date::text, items_registered, \
        grants_given, grants_ended, links_created, links_ended, published, unpublished, items, \
        grants_open, links_open, published_open FROM sharelog.totals_daily ORDER BY time";

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn totals_count_each_day_what_happened_and_what_was_open_at_its_end() {
        let (pool, config) = fresh_database().await;
        let database = open(pool, PostgresOptions::default()).await.unwrap();
        let world = World::new();
        let it = item("history", "8f3a");
        let by = Said::by("a-1");
        let say = async |event: Event| world.say(&on(&it), &by, vec![event]).await;
        say(registered("a-1").into()).await;
        for number in 1..=3 {
            let grantee = to_account(&format!("b-{number}"));
            say(given(number, grantee, Role::Viewer, None)).await;
        }
        let terms = |role| GrantTerms { role, withhold: vec![], starts_at: None, ends_at: None };
        let changed = ItemEvent::GrantChanged(GrantChanged {
            grant: grant_id(1),
            grantee: to_account("b-1"),
            before: terms(Role::Viewer),
            after: terms(Role::Editor),
            asked: None,
        });
        say(changed.into()).await;
        world.pass(2 * DAY);
        let ended = ItemEvent::GrantEnded(GrantEnded {
            grant: grant_id(2),
            grantee: to_account("b-2"),
            before: terms(Role::Viewer),
            cause: EndCause::Unshared,
            effective_at: None,
        });
        say(ended.into()).await;
        let publication = Publication {
            audience: CatalogAudience::Anyone,
            groups: vec![],
            slug: None,
            title: "T".to_owned(),
            description: None,
            tags: vec![],
            preview: None,
        };
        say(ItemEvent::Published(Published { publication }).into()).await;
        world.pass(DAY);
        let visibility = Visibility::Restricted;
        let closed = ItemEvent::Closed(ItemClosed { ended: Ended::default(), visibility });
        let closed_at = say(closed.into()).await;
        world.pass(DAY);
        let reopened = ItemReopened {
            restore: Restore::All,
            closed_at,
            restored: Ended::default(),
            visibility,
        };
        say(ItemEvent::Reopened(reopened).into()).await;
        world.catch_up(&database, 100).await;
        let client = connected(&config).await;
        client
            .batch_execute("SET TIME ZONE 'America/New_York'; SET ROLE sharelog_reader")
            .await
            .unwrap();
        let found = rows::<(String, Vec<i64>)>(&client, TOTALS).await;
        let found: Vec<Vec<i64>> = found.into_iter().map(|(_, numbers)| numbers).collect();
        // items, grants +, grants -, links +, -, published +, -, then what was open.
        let expected = [
            vec![1, 3, 0, 0, 0, 0, 0, 1, 3, 0, 0],
            vec![0, 0, 0, 0, 0, 0, 0, 1, 3, 0, 0],
            vec![0, 0, 1, 0, 0, 1, 0, 1, 2, 0, 1],
            vec![0, 0, 2, 0, 0, 0, 1, 1, 0, 0, 0],
            vec![0, 2, 0, 0, 0, 1, 0, 1, 2, 0, 1],
        ];
        assert_eq!(found, expected);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn totals_of_a_history_are_what_was_open_at_the_last_record_of_each_day() {
        let (pool, config) = fresh_database().await;
        let database = open(pool, PostgresOptions::default()).await.unwrap();
        let world = World::of(&history(43, 200).steps).await;
        world.catch_up(&database, 100).await;
        let client = connected(&config).await;
        let days = rows::<(String, Vec<i64>)>(&client, TOTALS).await;
        assert!(days.len() > 2, "{days:?}");
        let mut before = vec![0; 11];
        for (day, numbers) in days {
            for (place, table) in
                [(8, "access_v1_grants"), (9, "access_v1_links"), (10, "access_v1_publications")]
            {
                let sql = format!(
                    "WITH last AS (SELECT max(position) AS p FROM sharelog_data.access_v1_moments \
                     WHERE time < '{day}Z'::timestamptz + interval '1 day') \
                     SELECT '', (SELECT count(*) FROM sharelog_data.{table}, last \
                     WHERE from_position <= p) \
                     + (SELECT count(*) FROM sharelog_data.{table}_ended, last \
                     WHERE from_position <= p AND to_position > p)"
                );
                let open = rows::<(String, i64)>(&client, &sql).await[0].1;
                assert_eq!(numbers[place], open, "{table} on {day}");
                let (begun, ended) = (numbers[place * 2 - 15], numbers[place * 2 - 14]);
                assert_eq!(open - before[place], begun - ended, "{table} on {day}");
            }
            before = numbers;
        }
    }
}

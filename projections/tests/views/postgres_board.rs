//! The queries of the Grafana board answer, run as the role that dashboards have.

mod postgres {
    use crate::{engine::fresh_database, world::World};
    use domain::testing::history;
    use projections::store::postgres::{PostgresOptions, open};
    use serde_json::Value;
    use std::collections::BTreeSet;
    use tokio_postgres::{NoTls, types::Type};

    const BOARD: &str = include_str!("../../../deploy/grafana/sharelog.json");
    const VARIABLE: &str = "${datasource}";

    /// A query as Grafana sends it: variables and macros filled in.
    fn filled(sql: &str, board: &Value) -> String {
        let mut sql = sql.to_owned();
        for variable in board["templating"]["list"].as_array().unwrap() {
            if variable["type"] != "datasource" {
                let name = format!("${{{}}}", variable["name"].as_str().unwrap());
                sql = sql.replace(&name, variable["query"].as_str().unwrap());
            }
        }
        while let Some((before, rest)) = sql.split_once("$__timeFilter(") {
            let (column, after) = rest.split_once(')').unwrap();
            let range = "BETWEEN '2000-01-01T00:00:00Z' AND '2100-01-01T00:00:00Z'";
            sql = format!("{before}{column} {range}{after}");
        }
        assert!(!sql.contains('$'), "{sql}");
        sql
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn every_query_of_the_board_answers_the_reader() {
        let (pool, config) = fresh_database().await;
        let database = open(pool, PostgresOptions::default()).await.unwrap();
        let world = World::of(&history(51, 300).steps).await;
        world.catch_up(&database, 100).await;
        let (client, connection) = config.connect(NoTls).await.unwrap();
        tokio::spawn(connection);
        client.batch_execute("SET ROLE sharelog_reader").await.unwrap();
        let board: Value = serde_json::from_str(BOARD).unwrap();
        assert_eq!(board["templating"]["list"][0]["name"], "datasource");
        let (mut ids, mut asked, mut answered) = (BTreeSet::new(), 0, 0);
        for panel in board["panels"].as_array().unwrap() {
            let title = panel["title"].as_str().unwrap();
            assert!(ids.insert(panel["id"].as_u64().unwrap()), "{title}");
            assert_eq!(panel["datasource"]["uid"], VARIABLE, "{title}");
            for target in panel["targets"].as_array().unwrap() {
                assert_eq!(target["datasource"]["uid"], VARIABLE, "{title}");
                let sql = filled(target["rawSql"].as_str().unwrap(), &board);
                let statement = client.prepare(&sql).await.unwrap_or_else(|error| {
                    panic!("{title}: {error:?}\n{sql}");
                });
                let rows = client.query(&statement, &[]).await.unwrap();
                let first = &statement.columns()[0];
                if target["format"] == "time_series" {
                    assert_eq!(
                        (first.name(), first.type_()),
                        ("time", &Type::TIMESTAMPTZ),
                        "{title}"
                    );
                }
                asked += 1;
                answered += usize::from(!rows.is_empty());
            }
        }
        assert!(asked >= 10, "{asked}");
        // Nothing need end soon or be wide open.
        assert!(answered + 3 >= asked, "{answered} of {asked}");
    }
}

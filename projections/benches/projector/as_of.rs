//! The cost of the access list of a past moment beside that of now.

use super::feed::Home;
use domain::{
    id::ItemRef,
    position::Position,
    testing::{hour, item},
};
use projections::{AsOf, Page, Views, views};
use std::time::{Duration, Instant};

const OPEN: u32 = 200;
const ENDED: [u32; 5] = [0, 25, 50, 100, 200];

/// Items `o-N`: 200 open grants and N that ended since position 1000, in tables with so many other
/// rows.
async fn fill(home: &Home, rows: u64) {
    let client = home.pool.get().await.unwrap();
    let others = rows / 400;
    let grants = |table: &str, columns: &str, item: &str, count: &str, more: &str| {
        format!(
            "INSERT INTO sharelog_data.access_v1_{table} (grant_id, item_kind, item_id, \
             grantee_type, grantee_id, role, withhold, provenance, given_at, events, \
             recorded_from, \
             from_position{columns}) \
             SELECT 'gr_' || md5({item} || '{table}' || n) , 'history', {item}, 'account', \
             'b-' || n, \
             'viewer', '', 'direct', '2026-01-01', '1-0', '2026-01-01', 1{more} \
             FROM {count}"
        )
    };
    let ended = (", recorded_to, to_position", ", '2026-02-01', 2000");
    let states = "INSERT INTO sharelog_data.access_v1_states SELECT 'history', i, 'a-1', 'open', \
                  '2026-01-01', '1-0', '2026-01-01', 1 FROM";
    let mut all = vec![
        format!("{states} (SELECT 'x-' || g AS i FROM generate_series(1, {others}) g) s"),
        grants(
            "grants",
            "",
            "'x-' || g",
            &format!("generate_series(1, {others}) g, generate_series(1, 200) n"),
            "",
        ),
        grants(
            "grants_ended",
            ended.0,
            "'x-' || g",
            &format!("generate_series(1, {others}) g, generate_series(1, 200) n"),
            ended.1,
        ),
        "INSERT INTO sharelog_data.access_v1_moments SELECT p, \
         timestamptz '2026-01-01' + p * interval '1 s' \
         FROM generate_series(1, 3000) p"
            .to_owned(),
        "UPDATE sharelog_data.progress SET position = 3000, time = '2026-01-02'".to_owned(),
    ];
    for count in ENDED {
        let name = format!("'o-{count}'");
        all.push(format!("{states} (SELECT {name} AS i) s"));
        let open = format!("generate_series(1, {OPEN}) n");
        all.push(grants("grants", "", &name, &open, ""));
        let gone = format!("generate_series(1001, 1000 + {count}) n");
        all.push(grants("grants_ended", ended.0, &name, &gone, ended.1));
        // What ended before the moment asked about must cost nothing.
        let long = "generate_series(5001, 10000) n";
        all.push(grants("grants_ended", ended.0, &name, long, ", '2026-01-15', 500"));
    }
    all.push("ANALYZE".to_owned());
    for sql in all {
        client.batch_execute(&sql).await.unwrap();
    }
}

/// The median time of an answer.
async fn median(views: &dyn Views, item: &ItemRef, as_of: AsOf, rows: usize) -> Duration {
    let page = Page { limit: 1000, ..Page::default() };
    let mut times = Vec::new();
    for _ in 0..60 {
        let began = Instant::now();
        let answer = views.access_list(item, as_of, hour(100), &page).await.unwrap();
        times.push(began.elapsed());
        assert_eq!(answer.rows.len(), rows);
    }
    times.sort();
    times[times.len() / 2]
}

pub(crate) async fn curve(rows: u64) {
    let home = Home::fresh().await;
    fill(&home, rows).await;
    let views = views(home.database.clone(), None);
    for count in ENDED {
        let it = item("history", &format!("o-{count}"));
        let open = OPEN as usize + 1;
        let now = median(views.as_ref(), &it, AsOf::Now, open).await;
        let past = AsOf::Position(Position(1000));
        let then = median(views.as_ref(), &it, past, open + count as usize).await;
        println!(
            "bench | access list as of, 200 open, {count} ended since, {rows} rows; beside now \
             | {then:.0?} | {now:.0?} | {:.2} | <= 2 up to 200 ended",
            then.as_secs_f64() / now.as_secs_f64()
        );
    }
}

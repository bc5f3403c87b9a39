//! Every record takes effect exactly once, whatever happens to the runner.

use crate::{
    access::{given, on},
    engine::{Engine, Place},
    world::{PATIENCE, Said, World, dump},
};
use async_trait::async_trait;
use domain::testing::soak::seeds;
use domain::{
    event::{
        CatalogAudience, EventType, GrantChanged, GrantTerms, ItemEvent, Publication, Published,
    },
    position::Position,
    role::Role,
    testing::{grant_id, history, hour, item, registered, to_account},
};
use eventlog::EventLog as _;
use projections::{
    AsOf, AuditFilter, Database, Model, PROJECTIONS, Page, StoreError, ViewError,
    store::{Batch, Control, Generation, ReadTransaction, Store},
};
use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::sync::watch;

pub(crate) async fn one_record_at_a_time_gives_the_same_tables_as_thousands(engine: Engine) {
    for seed in seeds(4) {
        let world = World::of(&history(seed, 150).steps).await;
        let whole = engine.fresh().await;
        world.catch_up(&whole, 5000).await;
        let expected = dump(&whole).await;
        for batch in [1, 2, 17] {
            let database = engine.fresh().await;
            world.catch_up(&database, batch).await;
            assert_eq!(dump(&database).await, expected, "seed {seed}, {batch} at a time");
        }
    }
}

pub(crate) async fn a_runner_that_is_cut_off_again_and_again_goes_on(engine: Engine) {
    let world = World::of(&history(11, 150).steps).await;
    let whole = engine.fresh().await;
    world.catch_up(&whole, 5000).await;
    let place = engine.place();
    for after in 0_u64..25 {
        let database = place.open().await;
        let enough = tokio::time::sleep(Duration::from_millis(after));
        world.runner(&database, 3).run(enough).await;
    }
    let database = place.open().await;
    world.catch_up(&database, 3).await;
    assert_eq!(dump(&database).await, dump(&whole).await);
}

pub(crate) async fn two_runners_have_the_effect_of_one(engine: Engine) {
    let world = World::of(&history(12, 200).steps).await;
    let whole = engine.fresh().await;
    world.catch_up(&whole, 5000).await;
    let place = engine.place();
    let (one, two) = (place.open().await, place.open().await);
    futures::join!(world.catch_up(&one, 5), world.catch_up(&two, 3));
    assert_eq!(dump(&one).await, dump(&whole).await);
    assert_eq!(dump(&two).await, dump(&whole).await);
}

/// One that this release does not know, and one that belongs to another aggregate.
pub(crate) async fn an_unknown_event_stops_where_it_stands_and_says_why(engine: Engine) {
    for name in ["item.dreamt", EventType::TokenRevoked.name()] {
        an_event_stops_where_it_stands(&engine, name).await;
    }
}

async fn an_event_stops_where_it_stands(engine: &Engine, name: &str) {
    let world = World::new();
    let it = item("history", "8f3a");
    let by = Said::by("a-1");
    world.say(&on(&it), &by, vec![registered("a-1").into()]).await;
    world.say_stored(&on(&it), name).await;
    world.say(&on(&it), &by, vec![given(1, to_account("b-1"), Role::Viewer, None)]).await;
    let database = engine.fresh().await;
    let views = world.views(&database);
    let stopped = async {
        loop {
            let error = views.wait_for(Model::all(), Position(3), PATIENCE).await.unwrap_err();
            let ViewError::Stopped { position, why, .. } = error else { panic!("{error:?}") };
            assert_eq!(position, Position(1));
            assert!(why.contains(name), "{why}");
            let statuses = views.statuses(world.now()).await.unwrap();
            if statuses.iter().all(|status| status.stopped.is_some()) {
                break;
            }
        }
    };
    world.runner(&database, 100).run(stopped).await;
    for status in views.statuses(world.now()).await.unwrap() {
        assert_eq!(status.stopped.unwrap().position, Position(2));
        assert_eq!((status.position, status.lag_records), (Position(1), Some(2)));
    }
    let page = views.access_list(&it, AsOf::Now, world.now(), &Page::default()).await.unwrap();
    assert_eq!((page.rows.len(), page.position), (1, Position(1)));
}

pub(crate) async fn a_misfit_stops_its_projection_and_the_others_go_on(engine: Engine) {
    let world = World::new();
    let it = item("history", "8f3a");
    let by = Said::by("a-1");
    world.say(&on(&it), &by, vec![registered("a-1").into()]).await;
    let terms = GrantTerms { role: Role::Viewer, withhold: vec![], starts_at: None, ends_at: None };
    let changed = ItemEvent::GrantChanged(GrantChanged {
        grant: grant_id(77),
        grantee: to_account("b-1"),
        before: terms.clone(),
        after: terms,
        asked: None,
    });
    world.say(&on(&it), &by, vec![changed.into()]).await;
    let publication = Publication {
        audience: CatalogAudience::Anyone,
        groups: vec![],
        slug: None,
        title: "after".to_owned(),
        description: None,
        tags: vec![],
        preview: None,
    };
    let published = ItemEvent::Published(Published { publication });
    world.say(&on(&it), &by, vec![published.into()]).await;
    let database = engine.fresh().await;
    let views = world.views(&database);
    let done = async {
        let access = views.wait_for(&[Model::ACCESS], Position(3), PATIENCE).await;
        let Err(ViewError::Stopped { position, why, .. }) = access else { panic!("{access:?}") };
        assert_eq!(position, Position(1));
        assert!(why.contains(&grant_id(77).to_string()), "{why}");
        let others = [Model::CATALOG, Model::AUDIT];
        assert_eq!(views.wait_for(&others, Position(3), PATIENCE).await, Ok(Position(3)));
    };
    world.runner(&database, 100).run(done).await;
    let trail = views.audit(&AuditFilter::default(), &Page::default()).await.unwrap();
    assert_eq!(trail.rows.len(), 3);
}

pub(crate) async fn another_log_or_one_that_was_set_back_stops_it(engine: Engine) {
    let world = World::of(&history(3, 20).steps).await;
    let database = engine.fresh().await;
    world.catch_up(&database, 100).await;
    let before = dump(&database).await;
    for (records, word) in [(40, "another log"), (5, "beyond the end")] {
        let other = World::of(&history(4, records).steps).await;
        let views = other.views(&database);
        let stopped = async {
            while views.statuses(hour(0)).await.unwrap().iter().any(|status| {
                status.stopped.as_ref().is_none_or(|stopped| !stopped.why.contains(word))
            }) {
                tokio::task::yield_now().await;
            }
        };
        other.runner(&database, 100).run(stopped).await;
        let error = views.wait_for(Model::all(), Position(30), PATIENCE).await.unwrap_err();
        assert!(matches!(error, ViewError::Stopped { .. }), "{error:?}");
    }
    assert_eq!(dump(&database).await, before);
    // With its own log it goes on, and what was noted is gone.
    world.say(&on(&item("album", "z")), &Said::by("a-1"), vec![registered("a-1").into()]).await;
    let views = world.views(&database);
    let goes_on = async {
        while views
            .statuses(hour(0))
            .await
            .unwrap()
            .iter()
            .any(|status| status.stopped.is_some() || status.position != Position(21))
        {
            tokio::task::yield_now().await;
        }
    };
    world.runner(&database, 100).run(goes_on).await;
}

pub(crate) async fn waiting_ends_when_the_position_is_reached_or_the_time_is_up(engine: Engine) {
    let world = World::new();
    let it = item("history", "8f3a");
    let place = engine.place();
    let (ours, theirs) = (place.open().await, place.open().await);
    let (views, elsewhere) = (world.views(&ours), world.views(&theirs));
    let short = Duration::from_millis(50);
    let early = views.wait_for(Model::all(), Position(1), short).await;
    assert_eq!(early, Err(ViewError::NotYet { position: Position(0) }));
    assert_eq!(views.wait_for(Model::all(), Position(0), short).await, Ok(Position(0)));
    let seen = async {
        world.say(&on(&it), &Said::by("a-1"), vec![registered("a-1").into()]).await;
        let both = futures::join!(
            views.wait_for(Model::all(), Position(1), PATIENCE),
            elsewhere.wait_for(Model::all(), Position(1), PATIENCE)
        );
        assert_eq!(both, (Ok(Position(1)), Ok(Position(1))));
    };
    world.runner(&ours, 100).run(seen).await;
    let statuses = views.statuses(hour(9)).await.unwrap();
    let names: Vec<_> = statuses.iter().map(|status| status.name.as_str()).collect();
    assert_eq!(names, PROJECTIONS.iter().map(|one| one.name()).collect::<Vec<_>>());
    for status in statuses {
        assert_eq!((status.position, status.head), (Position(1), Some(Position(1))));
        assert_eq!((status.lag_records, status.lag_seconds), (Some(0), Some(0.0)));
        assert!(status.updated_at > hour(0));
    }
}

/// A database that counts how often it is looked at.
#[derive(Debug)]
struct Counted(Database, AtomicUsize);

#[async_trait]
impl Store for Counted {
    async fn begin(&self, target: &Generation) -> Result<Box<dyn Batch>, StoreError> {
        self.0.begin(target).await
    }
    async fn control(&self) -> Result<Box<dyn Control>, StoreError> {
        self.0.control().await
    }
    async fn snapshot(&self) -> Result<Box<dyn ReadTransaction>, StoreError> {
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0.snapshot().await
    }
    fn filling(&self) -> Duration {
        self.0.filling()
    }
    fn moved(&self) -> &watch::Sender<u64> {
        self.0.moved()
    }
}

pub(crate) async fn many_that_wait_look_once(engine: Engine) {
    const WAITING: usize = 50;
    let world = World::new();
    let counted = Arc::new(Counted(engine.fresh().await, AtomicUsize::new(0)));
    let database: Database = counted.clone();
    let views = world.views(&database);
    let looks = || counted.1.load(Ordering::Relaxed);
    let wait = |time| views.wait_for(Model::all(), Position(1), time);
    let all = |time| futures::future::join_all((0..WAITING).map(move |_| wait(time)));
    let not_yet = Err(ViewError::NotYet { position: Position(0) });
    let short = all(Duration::from_secs(1)).await;
    assert!(short.iter().all(|answer| *answer == not_yet));
    assert!(looks() < WAITING + 60, "{} looks for {WAITING} that waited a second", looks());
    // Nobody looks when nobody waits, and those who come later are told as well.
    tokio::time::sleep(Duration::from_millis(200)).await;
    let before = looks();
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(looks(), before);
    let it = item("history", "8f3a");
    let told = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        world.say(&on(&it), &Said::by("a-1"), vec![registered("a-1").into()]).await;
        let answers = all(PATIENCE).await;
        assert!(answers.iter().all(|answer| *answer == Ok(Position(1))), "{answers:?}");
    };
    world.runner(&database, 100).run(told).await;
}

pub(crate) async fn tables_and_indexes_are_made_as_they_are_declared(engine: Engine) {
    let place = engine.place();
    let database = place.open().await;
    let mut snapshot = database.snapshot().await.unwrap();
    for projection in PROJECTIONS {
        let start = format!("{}_v{}_", projection.name(), projection.version());
        for table in projection.tables() {
            for side in table.states() {
                let name = format!("{start}{}{}", table.name, side.suffix());
                let sql = match &place {
                    Place::Sqlite(_) => {
                        format!("SELECT name FROM pragma_table_info('{name}') ORDER BY cid")
                    }
                    Place::Postgres(_, options) => format!(
                        "SELECT column_name::text FROM information_schema.columns \
                         WHERE table_schema = '{}' AND table_name = '{name}' \
                         ORDER BY ordinal_position",
                        options.data_schema
                    ),
                };
                let rows = snapshot.query(&sql, &[]).await.unwrap();
                let found: Vec<_> = rows.iter().map(|row| row[0].text().unwrap()).collect();
                assert_eq!(found, table.column_names(*side), "{name}");
                let sql = match &place {
                    Place::Sqlite(_) => format!(
                        "SELECT name FROM sqlite_schema WHERE type = 'index' \
                         AND tbl_name = '{name}' AND sql IS NOT NULL"
                    ),
                    Place::Postgres(_, options) => format!(
                        "SELECT indexname::text FROM pg_indexes WHERE schemaname = '{}' \
                         AND tablename = '{name}' AND indexname <> '{name}_pkey'",
                        options.data_schema
                    ),
                };
                let rows = snapshot.query(&sql, &[]).await.unwrap();
                let found: BTreeSet<_> = rows.iter().map(|row| row[0].text().unwrap()).collect();
                let indexes = table.indexes().into_iter().filter(|index| index.state == *side);
                let indexes: Vec<_> =
                    indexes.map(|index| format!("{name}{}", index.suffix())).collect();
                assert_eq!(found, indexes.iter().map(String::as_str).collect(), "{name}");
            }
        }
    }
    for model in [Model::ACCESS, Model::CATALOG, Model::AUDIT] {
        assert!(Model::all().contains(&model), "{}", model.name());
    }
    snapshot.end().await.unwrap();
}

pub(crate) async fn texts_that_no_database_takes_are_kept_readable(engine: Engine) {
    let world = World::new();
    let it = item("history", "8f3a");
    let by = Said { reason: Some("nul \0 \u{1F600}"), ticket: Some("\0"), ..Said::by("a-1") };
    world.say(&on(&it), &by, vec![registered("a-1").into()]).await;
    let publication = Publication {
        audience: CatalogAudience::Anyone,
        groups: vec![],
        slug: None,
        title: format!("T\0 {}", "long ".repeat(1000)),
        description: Some("x".repeat(10_000)),
        tags: vec!["\0".to_owned(), "\\u0000".to_owned(), "y".repeat(5_000)],
        preview: None,
    };
    let published = ItemEvent::Published(Published { publication });
    world.say(&on(&it), &by, vec![published.into()]).await;
    let views = world.catch_up(&engine.fresh().await, 100).await;
    let trail = views.audit(&AuditFilter::default(), &Page::default()).await.unwrap();
    assert_eq!(trail.rows[1].reason.as_deref(), Some("nul \u{fffd} \u{1F600}"));
    let tags = trail.rows[0].after.as_ref().unwrap()["tags"].clone();
    assert_eq!((tags[0].as_str(), tags[1].as_str()), (Some("\u{fffd}"), Some("\\u0000")));
    let head = world.log.head().await.unwrap().position;
    assert_eq!(trail.position, head);
}

mod sqlite {
    use crate::world::World;
    use domain::{position::Position, testing::history};
    use projections::{
        AuditFilter, PROJECTIONS, Page, StoreError,
        store::{
            Generation,
            sqlite::{OpenMode, open},
        },
        views,
    };

    #[tokio::test]
    async fn tables_of_another_release_are_refused_in_words() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("views.db");
        let old = rusqlite::Connection::open(&path).unwrap();
        old.execute_batch(
            "CREATE TABLE migrations (version INT4 PRIMARY KEY, name VARCHAR(255), \
             applied_on VARCHAR(255), checksum VARCHAR(255)); \
             INSERT INTO migrations VALUES (1, 'tables', '2026-11-20T00:00:00Z', '42')",
        )
        .unwrap();
        drop(old);
        let refused = open(&path, OpenMode::ReadWrite).await.unwrap_err();
        let StoreError::Refused(why) = refused else { panic!("{refused:?}") };
        assert!(why.contains("another release") && why.contains("views.db"), "{why}");
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_file_opened_for_reading_answers_and_refuses_to_be_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("views.db");
        assert!(open(&path, OpenMode::ReadOnly).await.is_err());
        let world = World::of(&history(2, 30).steps).await;
        let writing = open(&path, OpenMode::ReadWrite).await.unwrap();
        world.catch_up(&writing, 100).await;
        let mut writing = Some(writing);
        for beside_a_writer in [true, false] {
            if !beside_a_writer {
                drop(writing.take());
            }
            let reading = open(&path, OpenMode::ReadOnly).await.unwrap();
            let trail = views(reading.clone(), None)
                .audit(&AuditFilter::default(), &Page::default())
                .await
                .unwrap();
            assert_eq!(trail.position, Position(30));
            let refused = reading.begin(&Generation::first(PROJECTIONS[0])).await.err();
            assert!(matches!(refused, Some(StoreError::Refused(_))), "{refused:?}");
        }
    }
}

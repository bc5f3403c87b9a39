//! Tables are rebuilt beside those that are read, take their place, and are compared with them,
//! whatever happens meanwhile.

use crate::{
    access::{given, on},
    engine::{Engine, Place},
    world::{PATIENCE, Said, World, dump},
};
use domain::{
    event::{Ended, ItemClosed, ItemEvent, Visibility},
    position::Position,
    role::Role,
    testing::{Generator, grant_id, history, item, registered, to_account},
};
use eventlog::EventLog as _;
use projections::{
    AsOf, AuditFilter, Build, BuildState, CatalogQuery, Comparison, Database, Generations, Model,
    Page, ProjectionStatus, Purpose, RequestError, RunnerOptions, Stopped, ViewError, Viewer,
    Views, store::Generation, value::Value,
};
use std::{sync::Arc, time::Duration};
use tokio::sync::oneshot;

/// The names of all projections.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    projections::PROJECTIONS.iter().map(|projection| projection.name())
}

async fn status(views: &Arc<dyn Views>, world: &World, name: &str) -> ProjectionStatus {
    let all = views.statuses(world.now()).await.unwrap();
    all.into_iter().find(|status| status.name == name).unwrap()
}

/// Waits until the last build of a projection has ended.
async fn ended(views: &Arc<dyn Views>, world: &World, name: &str) -> Build {
    loop {
        let build = status(views, world, name).await.build;
        match build.filter(|build| build.ended_at.is_some()) {
            Some(build) => return build,
            None => tokio::task::yield_now().await,
        }
    }
}

/// Asks for all and waits until all have ended.
async fn build_all(
    database: &Database,
    world: &World,
    views: &Arc<dyn Views>,
    purpose: Purpose,
) -> Vec<Build> {
    let generations = Generations::new(database.clone());
    for name in names() {
        generations.request(name, purpose).await.unwrap();
    }
    let mut builds = Vec::new();
    for name in names() {
        builds.push(ended(views, world, name).await);
    }
    builds
}

fn comparison(build: &Build) -> &Comparison {
    assert_eq!(build.state, BuildState::Done, "{build:?}");
    build.comparison.as_ref().unwrap()
}

/// Changes what is read, behind the runner's back: with the rights of a runner that holds the
/// checkpoint.
async fn damage(database: &Database, target: &Generation, table: &str, row: Vec<Value>) {
    let table = target.projection.tables().iter().find(|one| one.name == table).unwrap();
    let mut batch = database.begin(target).await.unwrap();
    let known = batch.start().progress.clone();
    batch.remove(table, vec![row]).await.unwrap();
    batch.commit(&known).await.unwrap();
}

pub(crate) async fn a_rebuild_at_any_point_of_a_history_equals_the_tables_that_were_read(
    engine: Engine,
) {
    for (seed, before) in [(21, 0), (22, 1), (23, 57), (24, 149), (25, 150)] {
        let steps = history(seed, 150).steps;
        let world = World::of(&steps[..before]).await;
        let database = engine.fresh().await;
        let views = world.catch_up(&database, 40).await;
        let all = async {
            for build in build_all(&database, &world, &views, Purpose::Rebuild).await {
                let compared = comparison(&build);
                assert_eq!(compared.equal, Some(true), "{compared:?}");
                assert_eq!(compared.position.0, before as u64);
            }
            world.go_on(&steps[before..]).await;
            let head = world.log.head().await.unwrap().position;
            views.wait_for(Model::all(), head, PATIENCE).await.unwrap();
        };
        world.runner(&database, 40).run(all).await;
        for name in names() {
            assert_eq!(status(&views, &world, name).await.generation, 1);
        }
        let whole = engine.fresh().await;
        world.catch_up(&whole, 5000).await;
        assert_eq!(dump(&database).await, dump(&whole).await, "seed {seed}");
    }
}

/// A question to each model: the position that it was evaluated at, and how many rows it has. The
/// trail says how far it must reach.
async fn asked(views: &dyn Views, world: &World) -> [(Position, usize); 3] {
    let (mut reached, mut holders) = (Position(u64::MAX), 0);
    for item in Generator::items() {
        let page = Page { limit: 200, ..Page::default() };
        let list = views.access_list(&item, AsOf::Now, world.now(), &page).await.unwrap();
        reached = reached.min(list.position);
        holders += list.rows.len();
    }
    let query = CatalogQuery { viewer: Viewer::Everything, ..CatalogQuery::default() };
    let catalog = views.catalog(&query).await.unwrap();
    let trail = views.audit(&AuditFilter::default(), &Page::default()).await.unwrap();
    let newest = trail.rows.first().map(|row| row.id.position);
    assert_eq!(newest, Some(trail.position), "no event is missing at the end");
    [(reached, holders), (catalog.position, catalog.rows.len()), (trail.position, trail.rows.len())]
}

pub(crate) async fn questions_are_answered_alike_while_tables_are_built_again_and_again(
    engine: Engine,
) {
    let steps = history(31, 220).steps;
    let world = World::of(&steps[..60]).await;
    let database = engine.fresh().await;
    let views = world.catch_up(&database, 100).await;
    let (done, mut rebuilt) = oneshot::channel();
    let rebuilding = async {
        for _ in 0..3 {
            build_all(&database, &world, &views, Purpose::Rebuild).await;
        }
        done.send(()).unwrap();
    };
    let writing = async {
        for step in &steps[60..] {
            world.go_on(std::slice::from_ref(step)).await;
            let head = world.log.head().await.unwrap().position;
            let reached = views.wait_for(Model::all(), head, PATIENCE).await.unwrap();
            assert!(reached >= head);
        }
    };
    let asking = async {
        let mut last = [Position::START; 3];
        let mut seen = [0; 3];
        while rebuilt.try_recv().is_err() {
            let answers = asked(views.as_ref(), &world).await;
            for (place, (position, rows)) in answers.into_iter().enumerate() {
                assert!(position >= last[place], "{position} after {}", last[place]);
                last[place] = position;
                seen[place] = rows.max(seen[place]);
            }
            tokio::task::yield_now().await;
        }
        assert!(seen.iter().all(|rows| *rows > 0), "every question has answers: {seen:?}");
    };
    let all = async {
        futures::join!(rebuilding, writing, asking);
    };
    world.runner(&database, 7).run(all).await;
    let whole = engine.fresh().await;
    world.catch_up(&whole, 5000).await;
    assert_eq!(dump(&database).await, dump(&whole).await);
    assert_eq!(status(&views, &world, "access").await.generation, 3);
}

pub(crate) async fn two_nodes_that_ask_at_once_make_one_build(engine: Engine) {
    let world = World::of(&history(32, 120).steps).await;
    let place = engine.place();
    let (one, two) = (place.open().await, place.open().await);
    let views = world.catch_up(&one, 50).await;
    let (ours, theirs) = (Generations::new(one.clone()), Generations::new(two.clone()));
    let (a, b) = futures::join!(
        ours.request("access", Purpose::Rebuild),
        theirs.request("access", Purpose::Rebuild)
    );
    let (a, b) = (a.unwrap(), b.unwrap());
    assert_eq!((a.generation, b.generation), (1, 1));
    let refused = theirs.request("access", Purpose::Verify).await;
    assert!(matches!(refused, Err(RequestError::Busy(..))), "{refused:?}");
    let unknown = ours.request("nothing", Purpose::Rebuild).await;
    assert_eq!(unknown, Err(RequestError::Unknown("nothing".to_owned())));
    let (done, stop) = oneshot::channel::<()>();
    let both = async {
        ended(&views, &world, "access").await;
        done.send(()).unwrap();
    };
    let beside = async {
        let options = RunnerOptions { node: "other".to_owned(), ..World::options(9) };
        world.runner_with(&two, options).run(async { stop.await.unwrap() }).await;
    };
    futures::join!(world.runner(&one, 9).run(both), beside);
    assert_eq!(status(&views, &world, "access").await.generation, 1);
    let whole = engine.fresh().await;
    world.catch_up(&whole, 5000).await;
    assert_eq!(dump(&two).await, dump(&whole).await);
}

pub(crate) async fn a_build_that_is_cut_off_again_and_again_goes_on(engine: Engine) {
    let world = World::of(&history(33, 150).steps).await;
    let place = engine.place();
    let database = place.open().await;
    let views = world.catch_up(&database, 100).await;
    let generations = Generations::new(database.clone());
    generations.request("access", Purpose::Rebuild).await.unwrap();
    let mut seen = Position::START;
    for after in 0_u64..20 {
        let enough = tokio::time::sleep(Duration::from_millis(after * 3));
        let options = RunnerOptions { filling: 5, ..World::options(5) };
        world.runner_with(&place.open().await, options).run(enough).await;
        let build = status(&views, &world, "access").await.build.unwrap();
        assert!(build.position >= seen, "{build:?}");
        seen = build.position;
    }
    let all = async {
        assert_eq!(comparison(&ended(&views, &world, "access").await).equal, Some(true));
    };
    world.runner(&database, 100).run(all).await;
    let whole = engine.fresh().await;
    world.catch_up(&whole, 5000).await;
    assert_eq!(dump(&database).await, dump(&whole).await);
}

pub(crate) async fn verifying_names_the_first_row_that_does_not_follow_from_the_log(
    engine: Engine,
) {
    let world = World::new();
    let it = item("history", "8f3a");
    let by = Said::by("a-1");
    world.say(&on(&it), &by, vec![registered("a-1").into()]).await;
    for number in 1..=3 {
        let grantee = to_account(&format!("b-{number}"));
        world.say(&on(&it), &by, vec![given(number, grantee, Role::Viewer, None)]).await;
    }
    let database = engine.fresh().await;
    let views = world.catch_up(&database, 100).await;
    let sound = async {
        for build in build_all(&database, &world, &views, Purpose::Verify).await {
            assert_eq!(comparison(&build).equal, Some(true), "{build:?}");
        }
    };
    world.runner(&database, 100).run(sound).await;
    assert_eq!(status(&views, &world, "access").await.generation, 0, "nothing is switched");
    let target = Generation::first(projections::PROJECTIONS[0]);
    damage(&database, &target, "grants", vec![grant_id(2).to_string().into()]).await;
    let damaged = async {
        let builds = build_all(&database, &world, &views, Purpose::Verify).await;
        let compared = comparison(&builds[0]);
        assert_eq!(compared.equal, Some(false));
        let difference = compared.difference.clone().unwrap();
        assert_eq!((difference.table.as_str(), difference.column), ("grants", None));
        assert_eq!(difference.key, grant_id(2).to_string());
        let grants = compared.tables.iter().find(|table| table.table == "grants").unwrap();
        assert_eq!((grants.read, grants.from_log), (2, 3));
        // A rebuild says the same, and then it is right.
        let generations = Generations::new(database.clone());
        generations.request("access", Purpose::Rebuild).await.unwrap();
        let rebuilt = ended(&views, &world, "access").await;
        assert_eq!(comparison(&rebuilt).equal, Some(false));
    };
    world.runner(&database, 100).run(damaged).await;
    let page = views.access_list(&it, AsOf::Now, world.now(), &Page::default()).await.unwrap();
    assert_eq!(page.rows.len(), 4, "the owner and three grants");
}

pub(crate) async fn a_projection_that_stands_for_damage_is_mended_by_a_rebuild(engine: Engine) {
    let world = World::new();
    let it = item("history", "8f3a");
    let by = Said::by("a-1");
    world.say(&on(&it), &by, vec![registered("a-1").into()]).await;
    let database = engine.fresh().await;
    let views = world.catch_up(&database, 100).await;
    let target = Generation::first(projections::PROJECTIONS[0]);
    let key = vec!["history".into(), "8f3a".into()];
    damage(&database, &target, "states", key).await;
    let visibility = Visibility::Restricted;
    let closed = ItemEvent::Closed(ItemClosed { ended: Ended::default(), visibility });
    world.say(&on(&it), &by, vec![closed.into()]).await;
    let all = async {
        let stopped = loop {
            match status(&views, &world, "access").await.stopped {
                Some(stopped) => break stopped,
                None => tokio::task::yield_now().await,
            }
        };
        assert_eq!(stopped.position, Position(2));
        let waited = views.wait_for(&[Model::ACCESS], Position(2), PATIENCE).await;
        assert!(matches!(waited, Err(ViewError::Stopped { .. })), "{waited:?}");
        let generations = Generations::new(database.clone());
        // To try again alone does not help: it stands for the same reason.
        generations.resume("access").await.unwrap();
        generations.request("access", Purpose::Rebuild).await.unwrap();
        ended(&views, &world, "access").await;
        let another = on(&item("album", "z"));
        world.say(&another, &by, vec![registered("a-1").into()]).await;
        views.wait_for(Model::all(), Position(3), PATIENCE).await.unwrap();
    };
    world.runner(&database, 100).run(all).await;
    assert_eq!(status(&views, &world, "access").await.stopped, None::<Stopped>);
    let whole = engine.fresh().await;
    world.catch_up(&whole, 5000).await;
    assert_eq!(dump(&database).await, dump(&whole).await);
}

pub(crate) async fn a_paused_projection_stands_on_every_node_until_it_is_resumed(engine: Engine) {
    let world = World::new();
    let it = item("history", "8f3a");
    let by = Said::by("a-1");
    world.say(&on(&it), &by, vec![registered("a-1").into()]).await;
    let place = engine.place();
    let database = place.open().await;
    let views = world.catch_up(&database, 100).await;
    let generations = Generations::new(database.clone());
    generations.pause("access").await.unwrap();
    world.say(&on(&it), &by, vec![given(1, to_account("b-1"), Role::Viewer, None)]).await;
    // A runner that starts afterwards, as another node or after a restart, stands too.
    let other = place.open().await;
    let paused = async {
        let others = [Model::CATALOG, Model::AUDIT];
        views.wait_for(&others, Position(2), PATIENCE).await.unwrap();
        let waited = views.wait_for(Model::all(), Position(2), PATIENCE).await;
        let Err(ViewError::Paused { since, position, .. }) = waited else { panic!("{waited:?}") };
        assert_eq!(position, Position(1));
        let standing = status(&views, &world, "access").await;
        assert_eq!(standing.paused, Some(since));
        assert_eq!((standing.lag_records, standing.stopped), (Some(1), None));
    };
    world.runner(&other, 100).run(paused).await;
    let resumed = async {
        generations.resume("access").await.unwrap();
        assert_eq!(status(&views, &world, "access").await.paused, None);
        while views.wait_for(Model::all(), Position(2), PATIENCE).await.is_err() {
            tokio::task::yield_now().await;
        }
        // While it runs.
        generations.pause("access").await.unwrap();
        world.say(&on(&it), &by, vec![given(2, to_account("b-2"), Role::Viewer, None)]).await;
        views.wait_for(&[Model::AUDIT], Position(3), PATIENCE).await.unwrap();
        assert_eq!(status(&views, &world, "access").await.position, Position(2));
        generations.resume("access").await.unwrap();
        while views.wait_for(Model::all(), Position(3), PATIENCE).await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    world.runner(&other, 100).run(resumed).await;
}

pub(crate) async fn a_build_waits_while_its_projection_is_paused_and_no_other_does(engine: Engine) {
    let world = World::of(&history(35, 400).steps).await;
    let place = engine.place();
    let database = place.open().await;
    let views = world.catch_up(&database, 100).await;
    let generations = Generations::new(database.clone());
    generations.pause("access").await.unwrap();
    for purpose in [Purpose::Rebuild, Purpose::Verify] {
        let asked = generations.request("access", purpose).await;
        assert_eq!(asked.unwrap_err(), RequestError::Paused("access".to_owned()));
    }
    generations.resume("access").await.unwrap();
    generations.request("access", Purpose::Rebuild).await.unwrap();
    generations.pause("access").await.unwrap();
    generations.request("catalog", Purpose::Rebuild).await.unwrap();
    let build = async |name: &str| status(&views, &world, name).await.build.unwrap();
    let paused = async {
        while build("catalog").await.ended_at.is_none() {
            tokio::task::yield_now().await;
        }
        assert_eq!(build("access").await.ended_at, None);
        generations.resume("access").await.unwrap();
        while build("access").await.ended_at.is_none() {
            tokio::task::yield_now().await;
        }
        assert_eq!(build("access").await.state, BuildState::Done);
    };
    world.runner(&database, 50).run(paused).await;
}

pub(crate) async fn old_tables_go_when_nobody_can_be_at_them_any_more(engine: Engine) {
    let world = World::of(&history(34, 60).steps).await;
    let place = engine.place();
    let database = place.open().await;
    let views = world.catch_up(&database, 100).await;
    let kept = async {
        build_all(&database, &world, &views, Purpose::Rebuild).await;
    };
    world.runner(&database, 100).run(kept).await;
    assert!(tables(&database, &place).await.contains(&"access_v1_grants".to_owned()));
    let options = RunnerOptions { keep: Duration::ZERO, ..World::options(100) };
    let gone = async {
        let first = |name: &String| !name.contains("_g");
        while tables(&database, &place).await.iter().any(first) {
            tokio::task::yield_now().await;
        }
    };
    world.runner_with(&database, options).run(gone).await;
    assert!(tables(&database, &place).await.contains(&"access_v1_g1_grants".to_owned()));
    // Another start finds everything as it was left.
    let again = place.open().await;
    let views = world.catch_up(&again, 100).await;
    assert_eq!(status(&views, &world, "access").await.generation, 1);
    let whole = engine.fresh().await;
    world.catch_up(&whole, 5000).await;
    assert_eq!(dump(&again).await, dump(&whole).await);
}

/// The tables of all generations.
async fn tables(database: &Database, place: &Place) -> Vec<String> {
    let mut snapshot = database.snapshot().await.unwrap();
    let sql = match place {
        Place::Sqlite(_) => "SELECT name FROM sqlite_schema WHERE type = 'table'".to_owned(),
        Place::Postgres(_, options) => format!(
            "SELECT tablename::text FROM pg_tables WHERE schemaname = '{}'",
            options.data_schema
        ),
    };
    let rows = snapshot.query(&sql, &[]).await.unwrap();
    snapshot.end().await.unwrap();
    let names = rows.iter().map(|row| row[0].text().unwrap().to_owned());
    names.filter(|name| name.contains("_v1_")).collect()
}

pub(crate) async fn tables_of_an_older_version_are_rebuilt_without_being_asked(engine: Engine) {
    let world = World::of(&history(35, 80).steps).await;
    let database = engine.fresh().await;
    let views = world.catch_up(&database, 100).await;
    let mut control = database.control().await.unwrap();
    // As if this release had raised the version.
    let sql =
        format!("UPDATE {}progress SET version = 0 WHERE projection = 'audit'", control.schema());
    control.execute(&sql, &[]).await.unwrap();
    control.commit().await.unwrap();
    let refused = views.audit(&AuditFilter::default(), &Page::default()).await;
    assert!(matches!(refused, Err(ViewError::Unavailable(_))), "{refused:?}");
    let all = async {
        let build = ended(&views, &world, "audit").await;
        assert_eq!(comparison(&build).equal, None, "versions are not comparable");
    };
    world.runner(&database, 100).run(all).await;
    let whole = engine.fresh().await;
    world.catch_up(&whole, 5000).await;
    assert_eq!(dump(&database).await, dump(&whole).await);
}

//! The saved file is used when it is good, and only then.

use crate::{
    oracle::compare,
    relations::{self, Both, acts},
    world::{PATIENCE, World},
};
use domain::{
    position::Position,
    testing::{History, history},
};
use eventlog::EventLog as _;
use projections::index::{AccessIndex, IndexBuilder, IndexOptions, Snapshot, Started, inspect};
use proptest::prelude::*;
use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tempfile::TempDir;

async fn open(world: &World, file: &Path) -> AccessIndex {
    let log = Arc::new(world.log.clone());
    AccessIndex::open(log, Some(file.to_owned()), IndexOptions::default()).await.unwrap()
}

async fn at_head(world: &World, index: &AccessIndex) -> Snapshot {
    let head = world.log.head().await.unwrap().position;
    index.wait_for(head, PATIENCE).await.unwrap()
}

/// Numbers that look random and are the same each time.
fn random(seed: &mut u64) -> u64 {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    *seed >> 33
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_index_that_is_closed_and_opened_again_and_again_equals_the_oracle() {
    let mut seed = 1;
    for number in 30..33 {
        let history = history(number, 120);
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("index.bin");
        let world = World::new();
        let mut index = open(&world, &file).await;
        let mut known = Position::START;
        for step in &history.steps {
            world.step(step).await;
            if random(&mut seed).is_multiple_of(8) {
                let snapshot = at_head(&world, &index).await;
                compare(&history, &snapshot);
                index.close().await;
                assert_eq!(inspect(&file).unwrap().position, snapshot.position());
                index = open(&world, &file).await;
                assert_eq!(index.status().started, Started::FromFile(snapshot.position()));
                known = snapshot.position();
                compare(&history, &at_head(&world, &index).await);
            }
        }
        compare(&history, &at_head(&world, &index).await);
        assert!(known > Position::START);
        index.close().await;
    }
}

/// A world, its history and a saved index of it.
async fn saved(number: u64) -> (World, History, TempDir, PathBuf) {
    let history = history(number, 80);
    let world = World::of(&history.steps).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("index.bin");
    let index = open(&world, &file).await;
    at_head(&world, &index).await;
    index.close().await;
    (world, history, folder, file)
}

async fn is_read_from_the_log(world: &World, history: &History, file: &Path, thorough: bool) {
    let index = open(world, file).await;
    assert_eq!(index.status().started, Started::FromLog);
    let snapshot = at_head(world, &index).await;
    if thorough {
        compare(history, &snapshot);
    }
    assert_eq!(snapshot.position(), world.log.head().await.unwrap().position);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_file_is_never_used() {
    let (world, history, folder, file) = saved(40).await;
    let good = fs::read(&file).unwrap();
    let other = folder.path().join("damaged.bin");
    let mut seed = 2;
    for round in 0..400 {
        let mut bad = good.clone();
        let place = usize::try_from(random(&mut seed)).unwrap() % bad.len();
        match round % 4 {
            0 | 1 => bad[place] ^= 1 << (random(&mut seed) % 8),
            2 => bad.truncate(place),
            _ => bad.insert(place, bad[place] ^ 1),
        }
        fs::write(&other, &bad).unwrap();
        assert!(inspect(&other).is_err(), "round {round}");
        is_read_from_the_log(&world, &history, &other, round % 80 == 0).await;
    }
    for end in [vec![], vec![0], b"SLINDEX\n".to_vec(), [good.clone(), vec![0]].concat()] {
        fs::write(&other, &end).unwrap();
        is_read_from_the_log(&world, &history, &other, false).await;
    }
    let index = open(&world, &file).await;
    assert_eq!(index.status().started, Started::FromFile(history.head()));
    compare(&history, &at_head(&world, &index).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_of_another_log_is_not_used() {
    let (_, _, _folder, file) = saved(41).await;
    let history = history(42, 200);
    let other = World::of(&history.steps).await;
    is_read_from_the_log(&other, &history, &file, true).await;
    // Nor by a log that is still empty.
    is_read_from_the_log(&World::new(), &history, &file, false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_knows_more_or_other_things_than_the_log_is_not_used() {
    let (world, known, _folder, file) = saved(43).await;
    let shorter = world.again();
    for step in known.steps.iter().take(50) {
        shorter.step(step).await;
    }
    let past = History { steps: known.steps[..50].to_vec(), ..known.clone() };
    is_read_from_the_log(&shorter, &past, &file, true).await;
    let (parted, history) = (world.again(), history(44, 200));
    for step in &history.steps {
        parted.step(step).await;
    }
    is_read_from_the_log(&parted, &history, &file, true).await;
}

/// The file that saves write first is a pipe here: it shows what is written, and when it is.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_save_waits_for_the_one_that_runs_and_makes_up_for_one_that_failed() {
    let history = history(48, 60);
    let (first, rest) = history.steps.split_at(30);
    let world = World::of(first).await;
    let folder = tempfile::tempdir().unwrap();
    let (file, beside) = (folder.path().join("index.bin"), folder.path().join("index.new"));
    let made = std::process::Command::new("mkfifo").arg(&beside).status().unwrap();
    assert!(made.success());
    let log = Arc::new(world.log.clone());
    let options =
        IndexOptions { save_records: 1, save_every: Duration::ZERO, ..IndexOptions::default() };
    let index = AccessIndex::open(log, Some(file.clone()), options).await.unwrap();
    at_head(&world, &index).await;
    // With the next records a save begins. It stands before the pipe, which nobody reads.
    world.go_on(rest).await;
    at_head(&world, &index).await;
    let closing = tokio::spawn({
        let index = index.clone();
        async move { index.close().await }
    });
    tokio::time::sleep(Duration::from_millis(200)).await;
    let written = tokio::task::spawn_blocking({
        let beside = beside.clone();
        move || fs::read(beside).unwrap()
    });
    let written = written.await.unwrap();
    tokio::time::timeout(PATIENCE, closing).await.unwrap().unwrap();

    // One image, whole: nobody else wrote into it.
    let alone = folder.path().join("alone.bin");
    fs::write(&alone, written).unwrap();
    let first = inspect(&alone).unwrap().position;
    assert!(Position::START < first && first < history.head(), "{first}");
    // It could not be brought on disk; what the end saved instead is all there is to know.
    assert!(!beside.exists(), "nothing half done is left");
    assert_eq!(inspect(&file).unwrap().position, history.head());
    assert_eq!(index.status().saved, history.head());
    let again = open(&world, &file).await;
    assert_eq!(again.status().started, Started::FromFile(history.head()));
    compare(&history, &at_head(&world, &again).await);
}

proptest! {
    #![proptest_config(domain::testing::soak::config(24))]
    /// They have no events yet; what those will lead to is saved all the same.
    #[test]
    fn groups_libraries_and_parts_survive_their_file(before in acts(), after in acts()) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("index.bin");
        let mut both = Both::new();
        for act in before {
            both.act(act);
        }
        both.builder.save(&file).unwrap();
        let saved = fs::read(&file).unwrap();
        both.builder = IndexBuilder::load(&file).unwrap();
        relations::compare(&both.naive, &both.builder.snapshot());
        both.builder.save(&file).unwrap();
        prop_assert!(fs::read(&file).unwrap() == saved, "saved again it is another file");
        // What was loaded is changed as what was built.
        for act in after {
            both.act(act);
            relations::compare(&both.naive, &both.builder.snapshot());
        }
    }
}

//! Kills of the service, of NATS and of PostgreSQL while commands run. The seed is printed;
//! `SHARELOG_SEED` repeats one.

use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use std::time::Duration;
use tests::{
    Pair, World,
    load::{Load, assert_log_is_what_was_answered},
    process::seed,
    raw, reading, rebuilds,
    wait::until,
};

/// What can be killed.
#[derive(Debug, Clone, Copy)]
enum Victim {
    Service,
    Nats,
    Postgres,
}

mod embedded {
    use super::{Pair, Victim, rebuild, survive};

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn what_was_acknowledged_survives_every_kill_once() {
        survive(Pair::Embedded, &[Victim::Service; 22]).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_rebuild_goes_on_after_every_kill() {
        rebuild(Pair::Embedded, &[Victim::Service; 6]).await;
    }
}

mod production {
    use super::{Pair, Victim, rebuild, survive};

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn what_was_acknowledged_survives_every_kill_once() {
        let mut victims = vec![Victim::Service; 8];
        victims.extend([Victim::Nats; 7]);
        victims.extend([Victim::Postgres; 7]);
        survive(Pair::Production, &victims).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_rebuild_goes_on_after_every_kill() {
        let (service, postgres) = (Victim::Service, Victim::Postgres);
        let victims = [service, Victim::Nats, postgres, service, postgres, service];
        rebuild(Pair::Production, &victims).await;
    }
}

/// How often a kill may come after the end of the rebuild that it was meant for.
const MAX_TRIES: usize = 10;

/// Everything is rebuilt again and again, and something dies in the middle each time.
async fn rebuild(pair: Pair, victims: &[Victim]) {
    let mut world = World::start_alone(pair).await;
    reading::prepare(&mut world).await;
    let load = Load::new(vec![world.account("a-17").await]);
    let workers = load.start(4, seed());
    some_progress(&load, 300).await;
    let admin = world.admin();
    for (round, victim) in victims.iter().enumerate() {
        let mut met = false;
        for _ in 0..MAX_TRIES {
            let before = rebuilds::under_way(&admin).await;
            kill(&mut world, *victim).await;
            let after = rebuilds::ended(&admin).await;
            rebuilds::assert_equal(&after);
            // A service that was killed too late has nothing to take up again.
            met =
                !matches!(victim, Victim::Service) || rebuilds::was_taken_up_again(&before, &after);
            if met {
                break;
            }
        }
        assert!(met, "{MAX_TRIES} kills met no rebuild, round {round}");
        some_progress(&load, 5).await;
    }
    load.stop();
    for worker in workers {
        worker.await.expect("a worker");
    }
    assert_log_is_what_was_answered(&load.issued(), &raw::log(&world).await);
    reading::assert_equal_to_a_fresh_rebuild(&mut world).await;
}

async fn survive(pair: Pair, victims: &[Victim]) {
    let seed = seed();
    let mut random = StdRng::seed_from_u64(seed);
    let mut order = victims.to_vec();
    for place in (1..order.len()).rev() {
        order.swap(place, random.random_range(0..=place));
    }
    let mut world = World::start_alone(pair).await;
    reading::prepare(&mut world).await;
    let load = Load::new(vec![world.account("a-17").await]);
    let workers = load.start(6, seed);
    for victim in order {
        some_progress(&load, random.random_range(5..30)).await;
        kill(&mut world, victim).await;
    }
    some_progress(&load, 20).await;
    load.stop();
    for worker in workers {
        worker.await.expect("a worker");
    }
    let issued = load.issued();
    println!("{} commands, {} kills", issued.len(), victims.len());
    assert_log_is_what_was_answered(&issued, &raw::log(&world).await);
    reading::assert_equal_to_a_fresh_rebuild(&mut world).await;
}

async fn some_progress(load: &Load, more: u64) {
    let wanted = load.acknowledged() + more;
    until("commands are acknowledged again", Duration::from_mins(1), || async {
        (load.acknowledged() >= wanted).then_some(())
    })
    .await;
}

async fn kill(world: &mut World, victim: Victim) {
    match victim {
        Victim::Service => {
            world.node_mut().kill();
            world.node_mut().start_again().await;
        }
        Victim::Nats => {
            let nats = world.nats.as_mut().expect("a message server");
            nats.kill();
            nats.start_again().await;
        }
        Victim::Postgres => {
            let postgres = world.postgres.as_mut().expect("a database");
            postgres.kill().await;
            postgres.start_again().await;
        }
    }
}

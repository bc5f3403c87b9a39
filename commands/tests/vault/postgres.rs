//! The engine in PostgreSQL. Needs `SHARELOG_TEST_POSTGRES`: the connection string of a server on
//! which databases may be created; every test makes one of its own.

use commands::vault::{Vault, postgres::PostgresVault};
use deadpool_postgres::{Manager, Pool};
use domain::position::Position;
use std::str::FromStr as _;
use tokio_postgres::{Config, NoTls};

const ADDRESS: &str = "SHARELOG_TEST_POSTGRES";

fn server() -> Config {
    #[expect(clippy::disallowed_methods, reason = "tests find their server in the environment")]
    let address = std::env::var(ADDRESS);
    let address = address.unwrap_or_else(|_| {
        panic!("set {ADDRESS}; `scripts/services.sh start` and `env` give an address")
    });
    Config::from_str(&address).unwrap()
}

async fn pool() -> Pool {
    let mut config = server();
    let (client, connection) = config.connect(NoTls).await.unwrap();
    tokio::spawn(connection);
    let name = format!("vault_{}", uuid::Uuid::new_v4().simple());
    client.batch_execute(&format!("CREATE DATABASE {name}")).await.unwrap();
    config.dbname(&name);
    Pool::builder(Manager::new(config, NoTls)).max_size(4).build().unwrap()
}

async fn make() -> (PostgresVault, ()) {
    (PostgresVault::open(pool().await, PostgresVault::SCHEMA).await.unwrap(), ())
}

crate::conforms!(make());

#[tokio::test]
async fn several_nodes_open_a_new_vault_at_the_same_time() {
    let pool = pool().await;
    let mut all = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let pool = pool.clone();
        all.spawn(async move { PostgresVault::open(pool, "some vault").await.map(drop) });
    }
    while let Some(opened) = all.join_next().await {
        opened.unwrap().unwrap();
    }
}

#[tokio::test]
async fn two_schemas_in_one_database_are_two_vaults() {
    let pool = pool().await;
    let one = PostgresVault::open(pool.clone(), "one").await.unwrap();
    let two = PostgresVault::open(pool, "two").await.unwrap();
    let (one, two): (&dyn Vault, &dyn Vault) = (&one, &two);
    one.advance("eraser", Position(3)).await.unwrap();
    assert_eq!(two.checkpoint("eraser").await.unwrap(), Position(0));
}

#[tokio::test]
async fn a_vault_of_an_earlier_format_is_refused_in_words() {
    let pool = pool().await;
    let client = pool.get().await.unwrap();
    let earlier = "CREATE SCHEMA old; CREATE TABLE old.data_keys (id uuid PRIMARY KEY)";
    client.batch_execute(earlier).await.unwrap();
    drop(client);
    let refused = PostgresVault::open(pool.clone(), "old").await.unwrap_err().to_string();
    assert!(refused.contains("earlier format"), "{refused}");
    PostgresVault::open(pool, "new").await.unwrap();
}

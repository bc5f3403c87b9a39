//! The engine in a file.

use commands::vault::{Entry, Vault, sqlite::SqliteVault};
use domain::position::Position;

async fn make() -> (SqliteVault, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let vault = SqliteVault::open(&folder.path().join("vault.db")).await.unwrap();
    (vault, folder)
}

crate::conforms!(make());

#[tokio::test]
async fn what_was_kept_is_there_after_opening_again() {
    let (vault, folder) = make().await;
    (&vault as &dyn Vault).advance("eraser", Position(42)).await.unwrap();
    drop(vault);
    let vault = SqliteVault::open(&folder.path().join("vault.db")).await.unwrap();
    let reached = (&vault as &dyn Vault).checkpoint("eraser").await;
    assert_eq!(reached.unwrap(), Position(42));
}

#[tokio::test]
async fn nothing_of_a_forgotten_key_owner_stays_in_the_files() {
    let (engine, folder) = make().await;
    let vault: &dyn Vault = &engine;
    let secret = b"WRAPPED-KEY-OF-THE-FORGOTTEN";
    let mut row = crate::records::row(1);
    row.body = b"PROFILE-OF-THE-FORGOTTEN".repeat(400);
    row.lookups = vec![b"DIGEST-OF-THE-FORGOTTEN".to_vec()];
    vault.add_row(row).await.unwrap();
    vault.add_data_key(crate::records::key(1, "account/a-1", secret)).await.unwrap();
    let key_owner = Some("account/a-1".to_owned());
    let other = Entry { key_owner, ..Entry::new("other", b"VALUE-OF-THE-FORGOTTEN".to_vec()) };
    for version in 0..3 {
        assert!(vault.put(Entry { version, ..other.clone() }).await.unwrap());
    }
    vault.forget_owner("account/a-1").await.unwrap();
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let path = entry.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        let found = bytes.windows(16).any(|part| part == b"OF-THE-FORGOTTEN");
        assert!(!found, "{}", path.display());
    }
}

#[tokio::test]
async fn a_vault_of_an_earlier_format_is_refused_in_words() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vault.db");
    let earlier = rusqlite::Connection::open(&path).unwrap();
    earlier.execute_batch("CREATE TABLE data_keys (id BLOB PRIMARY KEY)").unwrap();
    drop(earlier);
    let refused = SqliteVault::open(&path).await.unwrap_err().to_string();
    assert!(refused.contains("earlier format"), "{refused}");
}

#[cfg(unix)]
#[tokio::test]
async fn only_the_owner_reads_the_file() {
    use std::os::unix::fs::PermissionsExt as _;
    let (_vault, folder) = make().await;
    let mode = std::fs::metadata(folder.path().join("vault.db")).unwrap().permissions().mode();
    assert_eq!(mode & 0o077, 0);
}

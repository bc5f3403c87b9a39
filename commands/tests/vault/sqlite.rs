//! The engine in a file.

use commands::vault::{Vault as _, sqlite::SqliteVault};
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
    vault.advance("eraser", Position(42)).await.unwrap();
    drop(vault);
    let vault = SqliteVault::open(&folder.path().join("vault.db")).await.unwrap();
    assert_eq!(vault.checkpoint("eraser").await.unwrap(), Position(42));
}

#[tokio::test]
async fn nothing_of_a_forgotten_key_owner_stays_in_the_files() {
    let (vault, folder) = make().await;
    let secret = b"WRAPPED-KEY-OF-THE-FORGOTTEN";
    let mut row = crate::suite::row(1);
    row.body = b"PROFILE-OF-THE-FORGOTTEN".repeat(400);
    vault.put(row).await.unwrap();
    vault.add_data_key(crate::suite::key(1, "account/a-1", secret)).await.unwrap();
    vault.forget("account/a-1").await.unwrap();
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let path = entry.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        let found = bytes.windows(16).any(|part| part == b"OF-THE-FORGOTTEN");
        assert!(!found, "{}", path.display());
    }
}

#[cfg(unix)]
#[tokio::test]
async fn only_the_owner_reads_the_file() {
    use std::os::unix::fs::PermissionsExt as _;
    let (_vault, folder) = make().await;
    let mode = std::fs::metadata(folder.path().join("vault.db")).unwrap().permissions().mode();
    assert_eq!(mode & 0o077, 0);
}

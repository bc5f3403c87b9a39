//! What every vault engine promises.

use commands::vault::{DataKeyRow, Row, RowKind, Vault};
use domain::{id::VaultId, position::Position, time::Time};
use uuid::Uuid;

pub(crate) fn id(n: u8) -> VaultId {
    VaultId(Uuid::from_bytes([n; 16]))
}

pub(crate) fn at(seconds: i64) -> Time {
    Time::default().plus_seconds(seconds)
}

pub(crate) fn row(n: u8) -> Row {
    Row {
        id: id(n),
        kind: RowKind::Profile,
        stream: "account/a-1".to_owned(),
        key_owner: Some("account/a-1".to_owned()),
        lookups: vec![vec![n; 32]],
        body: vec![n; 5],
        written_at: at(i64::from(n)),
        unreferenced_since: None,
    }
}

pub(crate) fn key(n: u8, key_owner: &str, wrapped: &[u8]) -> DataKeyRow {
    let id = Uuid::from_bytes([n; 16]);
    DataKeyRow { id, key_owner: key_owner.to_owned(), wrapped: Some(wrapped.to_vec()) }
}

pub(crate) async fn a_row_is_read_back_as_it_was_put(vault: &dyn Vault) {
    for kind in [RowKind::Profile, RowKind::Password, RowKind::Token, RowKind::Link] {
        let mut row = row(kind as u8 + 1);
        row.kind = kind;
        row.key_owner = (kind != RowKind::Link).then(|| "account/a-1".to_owned());
        row.lookups = vec![vec![1; 32], vec![2; 32]];
        vault.put(row.clone()).await.unwrap();
        assert_eq!(vault.get(row.id).await.unwrap(), Some(row));
    }
}

pub(crate) async fn a_row_is_put_once(vault: &dyn Vault) {
    vault.put(row(1)).await.unwrap();
    let mut other = row(1);
    other.body = vec![9];
    vault.put(other).await.unwrap_err();
    assert_eq!(vault.get(id(1)).await.unwrap(), Some(row(1)));
}

pub(crate) async fn what_is_missing_is_none(vault: &dyn Vault) {
    assert_eq!(vault.get(id(1)).await.unwrap(), None);
    assert_eq!(vault.data_key(Uuid::nil()).await.unwrap(), None);
    assert_eq!(vault.data_key_of("account/a-1").await.unwrap(), None);
    assert_eq!(vault.find(RowKind::Token, &[1; 32]).await.unwrap(), []);
    assert_eq!(vault.secret_keys("link").await.unwrap(), []);
    assert_eq!(vault.checkpoint("eraser").await.unwrap(), Position(0));
    vault.remove(id(1)).await.unwrap();
    vault.mark(id(1), at(1), None).await.unwrap();
}

pub(crate) async fn rows_are_found_by_kind_and_digest(vault: &dyn Vault) {
    let mut token = row(3);
    token.kind = RowKind::Token;
    token.lookups = vec![vec![7; 32]];
    let (mut early, mut late) = (row(9), row(2));
    for (row, seconds) in [(&mut early, 1), (&mut late, 2)] {
        row.lookups = vec![vec![7; 32]];
        row.written_at = at(seconds);
    }
    for row in [&late, &early, &token, &row(4)] {
        vault.put(row.clone()).await.unwrap();
    }
    assert_eq!(vault.find(RowKind::Profile, &[7; 32]).await.unwrap(), [early, late.clone()]);
    assert_eq!(vault.find(RowKind::Token, &[7; 32]).await.unwrap(), [token]);
    vault.remove(id(9)).await.unwrap();
    assert_eq!(vault.find(RowKind::Profile, &[7; 32]).await.unwrap(), [late]);
}

pub(crate) async fn rows_are_listed_by_kind_in_pages(vault: &dyn Vault) {
    for n in [5, 3, 1, 4, 2] {
        vault.put(row(n)).await.unwrap();
    }
    let mut other = row(6);
    other.kind = RowKind::Link;
    vault.put(other).await.unwrap();
    let first = vault.list(RowKind::Profile, None, 3).await.unwrap();
    assert_eq!(first, [row(1), row(2), row(3)]);
    let rest = vault.list(RowKind::Profile, Some(id(3)), 3).await.unwrap();
    assert_eq!(rest, [row(4), row(5)]);
}

pub(crate) async fn a_key_owner_has_one_data_key(vault: &dyn Vault) {
    let first = key(1, "account/a-1", b"one");
    assert_eq!(vault.add_data_key(first.clone()).await.unwrap(), first);
    let second = key(2, "account/a-1", b"two");
    assert_eq!(vault.add_data_key(second.clone()).await.unwrap(), first);
    assert_eq!(vault.data_key_of("account/a-1").await.unwrap(), Some(first.clone()));
    assert_eq!(vault.data_key(first.id).await.unwrap(), Some(first));
    assert_eq!(vault.data_key(second.id).await.unwrap(), None);
}

pub(crate) async fn two_that_add_a_data_key_get_the_same(vault: &dyn Vault) {
    let adds = (1..9).map(|n| vault.add_data_key(key(n, "account/a-1", &[n])));
    let kept = futures::future::try_join_all(adds).await.unwrap();
    assert!(kept.iter().all(|row| *row == kept[0]));
}

pub(crate) async fn forgetting_leaves_a_tombstone_and_nothing_else(vault: &dyn Vault) {
    let mut other = row(2);
    other.key_owner = Some("account/a-2".to_owned());
    let mut nobodys = row(3);
    nobodys.key_owner = None;
    for row in [row(1), other.clone(), nobodys.clone()] {
        vault.put(row).await.unwrap();
    }
    let (one, two) = (key(1, "account/a-1", b"one"), key(2, "account/a-2", b"two"));
    vault.add_data_key(one.clone()).await.unwrap();
    vault.add_data_key(two.clone()).await.unwrap();
    for _ in 0..2 {
        vault.forget("account/a-1").await.unwrap();
    }
    assert_eq!(vault.get(id(1)).await.unwrap(), None);
    assert_eq!(vault.find(RowKind::Profile, &[1; 32]).await.unwrap(), []);
    assert_eq!(vault.list(RowKind::Profile, None, 9).await.unwrap(), [other, nobodys]);
    let tombstone = DataKeyRow { wrapped: None, ..one };
    assert_eq!(vault.data_key(tombstone.id).await.unwrap(), Some(tombstone.clone()));
    let again = vault.add_data_key(key(3, "account/a-1", b"new")).await.unwrap();
    assert_eq!(again, tombstone);
    assert_eq!(vault.data_key_of("account/a-2").await.unwrap(), Some(two));
}

pub(crate) async fn forgetting_who_never_had_a_key_keeps_one_from_being_made(vault: &dyn Vault) {
    vault.forget("account/a-1").await.unwrap();
    let kept = vault.add_data_key(key(1, "account/a-1", b"one")).await.unwrap();
    assert_eq!(kept.wrapped, None);
}

pub(crate) async fn secret_keys_are_kept_once(vault: &dyn Vault) {
    assert_eq!(vault.add_secret_key("link", 2, b"two".to_vec()).await.unwrap(), b"two");
    assert_eq!(vault.add_secret_key("link", 1, b"one".to_vec()).await.unwrap(), b"one");
    assert_eq!(vault.add_secret_key("link", 1, b"other".to_vec()).await.unwrap(), b"one");
    assert_eq!(vault.add_secret_key("visit", 255, b"v".to_vec()).await.unwrap(), b"v");
    let keys = vault.secret_keys("link").await.unwrap();
    assert_eq!(keys, [(1, b"one".to_vec()), (2, b"two".to_vec())]);
}

pub(crate) async fn a_code_is_used_once(vault: &dyn Vault) {
    assert!(vault.use_code(b"code", at(60), at(0)).await.unwrap());
    assert!(!vault.use_code(b"code", at(60), at(59)).await.unwrap());
    let uses = (0..8).map(|_| vault.use_code(b"other", at(90), at(1)));
    let uses = futures::future::try_join_all(uses).await.unwrap();
    assert_eq!(uses.iter().filter(|used| **used).count(), 1);
    // Long over, it is forgotten; whoever checks codes refuses it by its end.
    assert!(vault.use_code(b"code", at(200), at(100)).await.unwrap());
}

pub(crate) async fn a_checkpoint_never_goes_back(vault: &dyn Vault) {
    for (to, then) in [(5, 5), (3, 5), (9, 9)] {
        vault.advance("eraser", Position(to)).await.unwrap();
        assert_eq!(vault.checkpoint("eraser").await.unwrap(), Position(then));
    }
    assert_eq!(vault.checkpoint("other").await.unwrap(), Position(0));
}

pub(crate) async fn unchecked_rows_come_oldest_first_and_once_a_mark(vault: &dyn Vault) {
    for n in [3, 1, 2] {
        vault.put(row(n)).await.unwrap();
    }
    let ids = |rows: Vec<Row>| rows.iter().map(|row| row.id).collect::<Vec<_>>();
    assert_eq!(ids(vault.unchecked(at(3), 9).await.unwrap()), [id(1), id(2)]);
    assert_eq!(ids(vault.unchecked(at(9), 1).await.unwrap()), [id(1)]);
    vault.mark(id(1), at(10), Some(at(7))).await.unwrap();
    assert_eq!(ids(vault.unchecked(at(9), 9).await.unwrap()), [id(2), id(3)]);
    assert_eq!(ids(vault.unchecked(at(11), 9).await.unwrap()), [id(2), id(3), id(1)]);
    assert_eq!(vault.get(id(1)).await.unwrap().unwrap().unreferenced_since, Some(at(7)));
    vault.mark(id(1), at(11), None).await.unwrap();
    assert_eq!(vault.get(id(1)).await.unwrap().unwrap().unreferenced_since, None);
}

pub(crate) async fn a_note_changes_only_for_who_knows_its_version(vault: &dyn Vault) {
    assert_eq!(vault.note("a").await.unwrap(), None);
    assert!(!vault.put_note("a", 1, b"early".to_vec()).await.unwrap());
    let adds = (0..8u8).map(|n| vault.put_note("a", 0, vec![n]));
    let added = futures::future::try_join_all(adds).await.unwrap();
    assert_eq!(added.iter().filter(|added| **added).count(), 1);
    let changes = (0..8u8).map(|n| vault.put_note("a", 1, vec![100 + n]));
    let done = futures::future::try_join_all(changes).await.unwrap();
    assert_eq!(done.iter().filter(|done| **done).count(), 1);
    let note = vault.note("a").await.unwrap().unwrap();
    assert_eq!((note.name.as_str(), note.version), ("a", 2));
    assert!(note.body[0] >= 100);
}

pub(crate) async fn notes_are_listed_and_dropped_by_the_beginning_of_their_names(
    vault: &dyn Vault,
) {
    for name in ["w/2/x", "w/1/y", "w/1/x", "w/1", "v", "w/10"] {
        assert!(vault.put_note(name, 0, name.into()).await.unwrap());
    }
    let names = |notes: Vec<commands::vault::Note>| {
        notes.into_iter().map(|note| note.name).collect::<Vec<_>>()
    };
    let some = vault.notes("w/1/", None, 9).await.unwrap();
    assert_eq!(names(some), ["w/1/x", "w/1/y"]);
    assert_eq!(names(vault.notes("w/", Some("w/1"), 2).await.unwrap()), ["w/1/x", "w/1/y"]);
    vault.drop_notes("w/1/").await.unwrap();
    assert_eq!(names(vault.notes("", None, 9).await.unwrap()), ["v", "w/1", "w/10", "w/2/x"]);
}

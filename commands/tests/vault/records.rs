//! What the vault keeps in its entries, the same over every engine.

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
    }
}

pub(crate) fn key(n: u8, key_owner: &str, wrapped: &[u8]) -> DataKeyRow {
    let id = Uuid::from_bytes([n; 16]);
    DataKeyRow { id, key_owner: key_owner.to_owned(), wrapped: Some(wrapped.to_vec()) }
}

async fn profiles(vault: &dyn Vault) -> Vec<Row> {
    vault.list_rows(RowKind::Profile, None, 9).await.unwrap()
}

pub(crate) async fn a_row_is_read_back_as_it_was_added(vault: &dyn Vault) {
    for kind in [RowKind::Profile, RowKind::Password, RowKind::Token, RowKind::Link] {
        let mut row = row(kind as u8 + 1);
        row.kind = kind;
        row.key_owner = (kind != RowKind::Link).then(|| "account/a-1".to_owned());
        row.lookups = vec![vec![1; 32], vec![2; 32]];
        row.body = b"a\nb\n".to_vec();
        vault.add_row(row.clone()).await.unwrap();
        assert_eq!(vault.row(kind, row.id).await.unwrap(), Some(row));
    }
}

pub(crate) async fn a_row_is_added_once(vault: &dyn Vault) {
    vault.add_row(row(1)).await.unwrap();
    let mut other = row(1);
    other.body = vec![9];
    vault.add_row(other).await.unwrap_err();
    assert_eq!(vault.row(RowKind::Profile, id(1)).await.unwrap(), Some(row(1)));
}

pub(crate) async fn rows_that_are_missing_are_none(vault: &dyn Vault) {
    assert_eq!(vault.row(RowKind::Profile, id(1)).await.unwrap(), None);
    assert_eq!(vault.data_key(Uuid::nil()).await.unwrap(), None);
    assert_eq!(vault.data_key_of("account/a-1").await.unwrap(), None);
    assert_eq!(vault.find_rows(RowKind::Token, &[1; 32]).await.unwrap(), []);
    assert_eq!(vault.secret_keys("link").await.unwrap(), []);
    assert_eq!(vault.checkpoint("eraser").await.unwrap(), Position(0));
    assert_eq!(vault.unreferenced_since(&row(1)).await.unwrap(), None);
    vault.remove_row(&row(1)).await.unwrap();
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
        vault.add_row(row.clone()).await.unwrap();
    }
    let found = |kind| vault.find_rows(kind, &[7; 32]);
    assert_eq!(found(RowKind::Profile).await.unwrap(), [early.clone(), late.clone()]);
    assert_eq!(found(RowKind::Token).await.unwrap(), [token]);
    vault.remove_row(&early).await.unwrap();
    assert_eq!(found(RowKind::Profile).await.unwrap(), [late]);
}

pub(crate) async fn rows_are_listed_by_kind_in_pages(vault: &dyn Vault) {
    for n in [5, 3, 1, 4, 2] {
        vault.add_row(row(n)).await.unwrap();
    }
    let mut other = row(6);
    other.kind = RowKind::Link;
    vault.add_row(other).await.unwrap();
    let first = vault.list_rows(RowKind::Profile, None, 3).await.unwrap();
    assert_eq!(first, [row(1), row(2), row(3)]);
    let rest = vault.list_rows(RowKind::Profile, Some(id(3)), 3).await.unwrap();
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

pub(crate) async fn forgetting_an_owner_destroys_key_and_rows(vault: &dyn Vault) {
    let mut other = row(2);
    other.key_owner = Some("account/a-2".to_owned());
    let mut nobodys = row(3);
    nobodys.key_owner = None;
    for row in [row(1), other.clone(), nobodys.clone()] {
        vault.add_row(row.clone()).await.unwrap();
        vault.set_unreferenced(&row, Some(at(1))).await.unwrap();
    }
    let (one, two) = (key(1, "account/a-1", b"one"), key(2, "account/a-2", b"two"));
    vault.add_data_key(one.clone()).await.unwrap();
    vault.add_data_key(two.clone()).await.unwrap();
    for _ in 0..2 {
        vault.forget_owner("account/a-1").await.unwrap();
    }
    assert_eq!(vault.row(RowKind::Profile, id(1)).await.unwrap(), None);
    assert_eq!(vault.unreferenced_since(&row(1)).await.unwrap(), None);
    assert_eq!(vault.find_rows(RowKind::Profile, &[1; 32]).await.unwrap(), []);
    assert_eq!(profiles(vault).await, [other, nobodys]);
    let tombstone = DataKeyRow { wrapped: None, ..one };
    assert_eq!(vault.data_key(tombstone.id).await.unwrap(), Some(tombstone.clone()));
    let again = vault.add_data_key(key(3, "account/a-1", b"new")).await.unwrap();
    assert_eq!(again, tombstone);
    assert_eq!(vault.data_key_of("account/a-2").await.unwrap(), Some(two));
}

pub(crate) async fn forgetting_who_never_had_a_key_keeps_one_from_being_made(vault: &dyn Vault) {
    vault.forget_owner("account/a-1").await.unwrap();
    let kept = vault.add_data_key(key(1, "account/a-1", b"one")).await.unwrap();
    assert_eq!(kept.wrapped, None);
}

pub(crate) async fn secret_keys_are_kept_once(vault: &dyn Vault) {
    assert_eq!(vault.add_secret_key("link", 2, b"two".to_vec()).await.unwrap(), b"two");
    assert_eq!(vault.add_secret_key("link", 1, b"one".to_vec()).await.unwrap(), b"one");
    assert_eq!(vault.add_secret_key("link", 1, b"other".to_vec()).await.unwrap(), b"one");
    assert_eq!(vault.add_secret_key("visit", 255, b"v".to_vec()).await.unwrap(), b"v");
    assert_eq!(vault.secret_keys("visit").await.unwrap(), [(255, b"v".to_vec())]);
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
    assert!(vault.use_code(b"third", at(200), at(100)).await.unwrap());
    assert!(vault.use_code(b"code", at(60), at(100)).await.unwrap());
}

pub(crate) async fn a_checkpoint_never_goes_back(vault: &dyn Vault) {
    for (to, then) in [(5, 5), (3, 5), (9, 9)] {
        vault.advance("eraser", Position(to)).await.unwrap();
        assert_eq!(vault.checkpoint("eraser").await.unwrap(), Position(then));
    }
    let advances = (10..18).map(|to| vault.advance("eraser", Position(to)));
    futures::future::try_join_all(advances).await.unwrap();
    assert_eq!(vault.checkpoint("eraser").await.unwrap(), Position(17));
    assert_eq!(vault.checkpoint("other").await.unwrap(), Position(0));
}

pub(crate) async fn every_row_is_checked_once_a_round(vault: &dyn Vault) {
    for n in [3, 1, 2, 9] {
        vault.add_row(row(n)).await.unwrap();
    }
    let next = |before, now| async move {
        let rows = vault.rows_to_check(at(before), at(now), 2).await.unwrap();
        rows.iter().map(|row| row.id).collect::<Vec<_>>()
    };
    assert_eq!(next(4, 100).await, [id(1), id(2)]);
    assert_eq!(next(4, 101).await, [id(3)], "what was written later is left out");
    assert_eq!(next(4, 102).await, []);
    assert_eq!(next(99, 199).await, [], "the last round began no earlier");
    assert_eq!(next(100, 200).await, [id(1), id(2)]);
    let both = futures::future::join(next(100, 201), next(100, 201)).await;
    assert_eq!([both.0, both.1].concat().len(), 2, "each row goes to one node");
}

pub(crate) async fn a_row_is_unreferenced_until_it_is_referred_to_or_removed(vault: &dyn Vault) {
    let row = row(1);
    vault.add_row(row.clone()).await.unwrap();
    let since = || vault.unreferenced_since(&row);
    for (set, then) in [(Some(at(7)), Some(at(7))), (Some(at(8)), Some(at(7))), (None, None)] {
        vault.set_unreferenced(&row, set).await.unwrap();
        assert_eq!(since().await.unwrap(), then);
    }
    vault.set_unreferenced(&row, Some(at(9))).await.unwrap();
    vault.remove_row(&row).await.unwrap();
    assert_eq!(since().await.unwrap(), None);
    assert_eq!(profiles(vault).await, []);
}

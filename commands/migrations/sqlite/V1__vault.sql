-- What must not stand on the log. Rows are opaque here: what is in them is sealed above.

CREATE TABLE data_keys (
    id BLOB PRIMARY KEY,
    holder TEXT NOT NULL UNIQUE,
    wrapped BLOB -- NULL = destroyed, for ever
) WITHOUT ROWID;

CREATE TABLE vault_rows (
    id BLOB PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('profile', 'password', 'token', 'link')),
    stream TEXT NOT NULL,
    holder TEXT,
    body BLOB NOT NULL,
    written_at INTEGER NOT NULL, -- microseconds since 1970
    checked_at INTEGER,
    unreferenced_since INTEGER
) WITHOUT ROWID;
CREATE INDEX vault_rows_by_kind ON vault_rows (kind, id);
CREATE INDEX vault_rows_by_holder ON vault_rows (holder);
CREATE INDEX vault_rows_by_check ON vault_rows (coalesce(checked_at, written_at));

CREATE TABLE row_lookups (
    kind TEXT NOT NULL,
    digest BLOB NOT NULL,
    row_id BLOB NOT NULL REFERENCES vault_rows (id) ON DELETE CASCADE,
    PRIMARY KEY (kind, digest, row_id)
) WITHOUT ROWID;
CREATE INDEX row_lookups_by_row ON row_lookups (row_id);

CREATE TABLE secret_keys (
    purpose TEXT NOT NULL,
    number INTEGER NOT NULL,
    wrapped BLOB NOT NULL,
    PRIMARY KEY (purpose, number)
) WITHOUT ROWID;

CREATE TABLE used_codes (
    digest BLOB PRIMARY KEY,
    until INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX used_codes_by_end ON used_codes (until);

CREATE TABLE followers (
    name TEXT PRIMARY KEY,
    position INTEGER NOT NULL
) WITHOUT ROWID;

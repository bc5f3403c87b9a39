-- Versioned keys and values that must not stand on the log. Values are opaque here: what is in them is
-- sealed above.

CREATE TABLE entries (
    key TEXT PRIMARY KEY,
    version INTEGER NOT NULL,
    key_owner TEXT,
    value BLOB -- NULL = a tombstone: destroyed permanently
) WITHOUT ROWID;
CREATE INDEX entries_by_owner ON entries (key_owner) WHERE key_owner IS NOT NULL;

CREATE TABLE lookups (
    digest BLOB NOT NULL,
    key TEXT NOT NULL REFERENCES entries (key) ON DELETE CASCADE,
    PRIMARY KEY (digest, key)
) WITHOUT ROWID;
CREATE INDEX lookups_by_key ON lookups (key);

-- Versioned keys and values that must not stand on the log. Values are opaque here: what is in them is
-- sealed above. Names are looked up in the vault's own schema, which the migration's session has as its
-- search path.

CREATE TABLE entries (
    key text COLLATE "C" PRIMARY KEY,
    version bigint NOT NULL,
    key_owner text COLLATE "C",
    lookups bytea[] NOT NULL,
    value bytea
);
COMMENT ON COLUMN entries.value IS 'null = a tombstone: destroyed permanently';
CREATE INDEX entries_by_owner ON entries (key_owner) WHERE key_owner IS NOT NULL;
CREATE INDEX entries_by_lookup ON entries USING gin (lookups) WITH (fastupdate = off);

-- What must not stand on the log. Rows are opaque here: what is in them is sealed above.
-- Names are looked up in the vault's own schema, which the migration's session has as its search path.

CREATE TABLE data_keys (
    id uuid PRIMARY KEY,
    holder text COLLATE "C" NOT NULL UNIQUE,
    wrapped bytea
);
COMMENT ON COLUMN data_keys.wrapped IS 'wrapped by the server key; null = destroyed, for ever';

CREATE TABLE vault_rows (
    id uuid PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('profile', 'password', 'token', 'link')),
    stream text COLLATE "C" NOT NULL,
    holder text COLLATE "C",
    body bytea NOT NULL,
    written_at bigint NOT NULL,
    checked_at bigint,
    unreferenced_since bigint
);
COMMENT ON COLUMN vault_rows.written_at IS 'microseconds since 1970';
CREATE INDEX vault_rows_by_kind ON vault_rows (kind, id);
CREATE INDEX vault_rows_by_holder ON vault_rows (holder);
CREATE INDEX vault_rows_by_check ON vault_rows (coalesce(checked_at, written_at));

CREATE TABLE row_lookups (
    kind text NOT NULL,
    digest bytea NOT NULL,
    row_id uuid NOT NULL REFERENCES vault_rows (id) ON DELETE CASCADE,
    PRIMARY KEY (kind, digest, row_id)
);
CREATE INDEX row_lookups_by_row ON row_lookups (row_id);

CREATE TABLE secret_keys (
    purpose text NOT NULL,
    number smallint NOT NULL,
    wrapped bytea NOT NULL,
    PRIMARY KEY (purpose, number)
);

CREATE TABLE used_codes (
    digest bytea PRIMARY KEY,
    until bigint NOT NULL
);
CREATE INDEX used_codes_by_end ON used_codes (until);

CREATE TABLE followers (
    name text PRIMARY KEY,
    position bigint NOT NULL
);

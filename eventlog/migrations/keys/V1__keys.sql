-- Where commands with an idempotency key were recorded. Rebuilt from the log when lost.
CREATE TABLE key (
    key      TEXT    PRIMARY KEY,          -- fingerprint
    position INTEGER NOT NULL              -- of the first commit
) STRICT, WITHOUT ROWID;

-- How far this index has come on which log.
CREATE TABLE progress (
    one      INTEGER PRIMARY KEY CHECK (one = 1),
    log      TEXT    NOT NULL,
    position INTEGER NOT NULL
) STRICT;

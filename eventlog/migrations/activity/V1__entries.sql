-- Evidence that decides nothing and ages out.
CREATE TABLE entry (
    batch    INTEGER NOT NULL,             -- place: batch, then index in it
    idx      INTEGER NOT NULL,
    at       INTEGER NOT NULL,             -- microseconds since 1970
    item     TEXT,
    link     TEXT,
    account  TEXT,
    body     TEXT    NOT NULL,             -- the entry as JSON
    PRIMARY KEY (batch, idx)
) STRICT, WITHOUT ROWID;

CREATE INDEX entry_at ON entry (at);
CREATE INDEX entry_item ON entry (item) WHERE item IS NOT NULL;
CREATE INDEX entry_link ON entry (link) WHERE link IS NOT NULL;
CREATE INDEX entry_account ON entry (account) WHERE account IS NOT NULL;

-- Which batches were written: a run whose last batch does not say that it was settled lost what came after.
CREATE TABLE batch (
    batch    INTEGER PRIMARY KEY AUTOINCREMENT,
    node     TEXT    NOT NULL,
    run      TEXT    NOT NULL,
    seq      INTEGER NOT NULL,
    settled  INTEGER NOT NULL,
    UNIQUE (run, seq)
) STRICT;

-- The event log of the embedded engine. Rows are added at the end and never touched again.
CREATE TABLE record (
    position INTEGER PRIMARY KEY,          -- dense from 1
    stream   TEXT    NOT NULL,             -- e.g. item/history/8f3a
    message  TEXT    NOT NULL UNIQUE,      -- k:<fingerprint of the idempotency key>, else the commit id
    time     INTEGER NOT NULL,             -- effective time, microseconds since 1970
    bytes    BLOB    NOT NULL              -- the envelope as it was encoded
) STRICT;

-- Holds the position too (it is the row id): the last record of a stream is one step away.
CREATE INDEX record_stream ON record (stream);

CREATE TRIGGER record_is_never_changed BEFORE UPDATE ON record
BEGIN
    SELECT RAISE(ABORT, 'the event log is append-only: records cannot be changed');
END;

CREATE TRIGGER record_is_never_deleted BEFORE DELETE ON record
BEGIN
    SELECT RAISE(ABORT, 'the event log is append-only: records cannot be deleted');
END;

-- Refuses gaps, and with them `INSERT OR REPLACE` over a record that stands.
CREATE TRIGGER record_stands_at_the_end BEFORE INSERT ON record
WHEN NEW.position IS NOT (SELECT coalesce(max(position), 0) + 1 FROM record)
BEGIN
    SELECT RAISE(ABORT, 'the event log is append-only: a record is added at its end');
END;

-- `INSERT OR REPLACE` would drop an earlier record with the same message id without asking the trigger above.
CREATE TRIGGER record_message_is_new BEFORE INSERT ON record
WHEN EXISTS (SELECT 1 FROM record WHERE message = NEW.message)
BEGIN
    SELECT RAISE(ABORT, 'the event log is append-only: this message is recorded');
END;

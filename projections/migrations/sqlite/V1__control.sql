-- The control tables, in SQLite; the same as migrations/postgres. Tables of projections are generated from their
-- declarations (src/store/ddl.rs). Instants are microseconds since 1970.

-- How far each generation of a projection's tables has come. `live`: the one that questions read.
CREATE TABLE progress (
    projection TEXT NOT NULL,
    version INTEGER NOT NULL,
    live INTEGER NOT NULL,
    log TEXT,
    position INTEGER NOT NULL,
    time INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    stopped_position INTEGER,
    stopped_why TEXT,
    generation INTEGER NOT NULL DEFAULT 0,
    -- When it ceased to be read, or to be wanted; its tables are dropped a while later.
    retired_at INTEGER,
    PRIMARY KEY (projection, version, generation)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX progress_by_live ON progress (projection) WHERE live;

-- What operators asked for. No row = nothing.
CREATE TABLE controls (
    projection TEXT NOT NULL,
    -- Null = it is not paused.
    paused_at INTEGER,
    -- Raised by every resumption: a stopped projection tries again.
    resumptions INTEGER NOT NULL,
    PRIMARY KEY (projection)
) STRICT, WITHOUT ROWID;

-- Generations that were requested beside the one that is read.
CREATE TABLE builds (
    projection TEXT NOT NULL,
    version INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    purpose TEXT NOT NULL,
    state TEXT NOT NULL,
    requested_at INTEGER NOT NULL,
    -- When and where its builder took it up.
    started_at INTEGER,
    started_position INTEGER NOT NULL,
    ended_at INTEGER,
    comparison TEXT,
    why TEXT,
    -- Who builds it, and until when nobody else may.
    builder TEXT,
    builder_until INTEGER,
    PRIMARY KEY (projection, version, generation)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX builds_by_open ON builds (projection) WHERE ended_at IS NULL;

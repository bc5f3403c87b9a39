-- The control tables, in PostgreSQL; the same as migrations/sqlite. Tables of projections are generated from their
-- declarations (src/store/ddl.rs), the views for dashboards stand in views/.

-- How far each generation of a projection's tables has come. `live`: the one that questions read. Tables of generation 0
-- are {projection}_v{version}_{table}, of generation n {projection}_v{version}_g{n}_{table}.
CREATE TABLE progress (
    projection text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    live boolean NOT NULL,
    log text COLLATE "C",
    position bigint NOT NULL,
    time timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    stopped_position bigint,
    stopped_why text COLLATE "C",
    generation bigint NOT NULL DEFAULT 0,
    -- When it ceased to be read, or to be wanted; its tables are dropped a while later.
    retired_at timestamptz,
    PRIMARY KEY (projection, version, generation)
);

CREATE UNIQUE INDEX progress_by_live ON progress (projection) WHERE live;

-- What operators asked for. No row = nothing.
CREATE TABLE controls (
    projection text COLLATE "C" NOT NULL,
    -- Null = it is not paused.
    paused_at timestamptz,
    -- Raised by every resumption: a stopped projection tries again.
    resumptions bigint NOT NULL,
    PRIMARY KEY (projection)
);

-- Generations that were requested beside the one that is read.
CREATE TABLE builds (
    projection text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    generation bigint NOT NULL,
    purpose text COLLATE "C" NOT NULL,
    state text COLLATE "C" NOT NULL,
    requested_at timestamptz NOT NULL,
    -- When and where its builder took it up.
    started_at timestamptz,
    started_position bigint NOT NULL,
    ended_at timestamptz,
    comparison text COLLATE "C",
    why text COLLATE "C",
    -- Who builds it, and until when nobody else may.
    builder text COLLATE "C",
    builder_until timestamptz,
    PRIMARY KEY (projection, version, generation)
);

CREATE UNIQUE INDEX builds_by_open ON builds (projection) WHERE ended_at IS NULL;

-- Which level of the texts of the views for dashboards is in force.
CREATE TABLE view_texts (
    level bigint NOT NULL
);

REVOKE ALL ON SCHEMA {data} FROM PUBLIC;
GRANT USAGE ON SCHEMA {views} TO {reader};
ALTER DEFAULT PRIVILEGES IN SCHEMA {views} GRANT SELECT ON TABLES TO {reader};

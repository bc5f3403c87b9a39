-- Several generations of a version's tables beside each other: one is read, one may be built, old ones wait to be
-- dropped. Tables of generation 0 are {projection}_v{version}_{table}, of generation n {projection}_v{version}_g{n}_{table}.

ALTER TABLE progress ADD COLUMN generation bigint NOT NULL DEFAULT 0;
-- When it ceased to be read, or to be wanted; its tables are dropped a while later.
ALTER TABLE progress ADD COLUMN retired_at timestamptz;
ALTER TABLE progress DROP CONSTRAINT progress_pkey;
ALTER TABLE progress ADD PRIMARY KEY (projection, version, generation);
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

-- Generations that were asked for beside the one that is read.
CREATE TABLE builds (
    projection text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    generation bigint NOT NULL,
    purpose text COLLATE "C" NOT NULL,
    state text COLLATE "C" NOT NULL,
    requested_at timestamptz NOT NULL,
    -- When and where whoever builds it took it up.
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

-- Which text of the views for dashboards is in force; see views/.
CREATE TABLE view_texts (
    level bigint NOT NULL
);

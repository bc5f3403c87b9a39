-- Tables of the projections, version 1. Temporal tables: open rows in one table, ended ones in `…_ended`.
-- Names are {projection}_v{version}_{table}; declared in src/{access,catalog,audit}/tables.rs, compared by a test.

-- How far each projection has come. `live`: the version that questions read.
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
    PRIMARY KEY (projection, version)
);

CREATE TABLE access_v1_items (
    item_kind text COLLATE "C" NOT NULL,
    item_id text COLLATE "C" NOT NULL,
    title text COLLATE "C",
    title_key text COLLATE "C",
    description text COLLATE "C",
    description_key text COLLATE "C",
    tags text COLLATE "C",
    tags_key text COLLATE "C",
    preview text COLLATE "C",
    preview_key text COLLATE "C",
    in_library boolean NOT NULL,
    registered_at timestamptz NOT NULL,
    registered_position bigint NOT NULL,
    updated_at timestamptz NOT NULL,
    version bigint NOT NULL,
    PRIMARY KEY (item_kind, item_id)
);

CREATE TABLE access_v1_states (
    item_kind text COLLATE "C" NOT NULL,
    item_id text COLLATE "C" NOT NULL,
    owner text COLLATE "C" NOT NULL,
    lifecycle text COLLATE "C" NOT NULL,
    owned_since timestamptz NOT NULL,
    events text COLLATE "C" NOT NULL,
    recorded_from timestamptz NOT NULL,
    from_position bigint NOT NULL,
    PRIMARY KEY (item_kind, item_id)
);

CREATE INDEX access_v1_states_by_owner_item ON access_v1_states (owner, item_kind, item_id);

CREATE TABLE access_v1_states_ended (
    item_kind text COLLATE "C" NOT NULL,
    item_id text COLLATE "C" NOT NULL,
    owner text COLLATE "C" NOT NULL,
    lifecycle text COLLATE "C" NOT NULL,
    owned_since timestamptz NOT NULL,
    events text COLLATE "C" NOT NULL,
    recorded_from timestamptz NOT NULL,
    from_position bigint NOT NULL,
    recorded_to timestamptz NOT NULL,
    to_position bigint NOT NULL,
    PRIMARY KEY (item_kind, item_id, from_position)
);

CREATE INDEX access_v1_states_ended_by_item_to_position ON access_v1_states_ended (item_kind, item_id, to_position);

CREATE TABLE access_v1_visibilities (
    item_kind text COLLATE "C" NOT NULL,
    item_id text COLLATE "C" NOT NULL,
    visibility text COLLATE "C" NOT NULL,
    set_by text COLLATE "C",
    events text COLLATE "C" NOT NULL,
    recorded_from timestamptz NOT NULL,
    from_position bigint NOT NULL,
    PRIMARY KEY (item_kind, item_id)
);

CREATE TABLE access_v1_visibilities_ended (
    item_kind text COLLATE "C" NOT NULL,
    item_id text COLLATE "C" NOT NULL,
    visibility text COLLATE "C" NOT NULL,
    set_by text COLLATE "C",
    events text COLLATE "C" NOT NULL,
    recorded_from timestamptz NOT NULL,
    from_position bigint NOT NULL,
    recorded_to timestamptz NOT NULL,
    to_position bigint NOT NULL,
    PRIMARY KEY (item_kind, item_id, from_position)
);

CREATE INDEX access_v1_visibilities_ended_by_item_to_position ON access_v1_visibilities_ended (item_kind, item_id, to_position);

CREATE TABLE access_v1_publications (
    item_kind text COLLATE "C" NOT NULL,
    item_id text COLLATE "C" NOT NULL,
    audience text COLLATE "C" NOT NULL,
    published_at timestamptz NOT NULL,
    events text COLLATE "C" NOT NULL,
    recorded_from timestamptz NOT NULL,
    from_position bigint NOT NULL,
    PRIMARY KEY (item_kind, item_id)
);

CREATE TABLE access_v1_publications_ended (
    item_kind text COLLATE "C" NOT NULL,
    item_id text COLLATE "C" NOT NULL,
    audience text COLLATE "C" NOT NULL,
    published_at timestamptz NOT NULL,
    events text COLLATE "C" NOT NULL,
    recorded_from timestamptz NOT NULL,
    from_position bigint NOT NULL,
    recorded_to timestamptz NOT NULL,
    to_position bigint NOT NULL,
    PRIMARY KEY (item_kind, item_id, from_position)
);

CREATE INDEX access_v1_publications_ended_by_item_to_position ON access_v1_publications_ended (item_kind, item_id, to_position);

CREATE TABLE access_v1_grants (
    grant_id text COLLATE "C" NOT NULL,
    item_kind text COLLATE "C" NOT NULL,
    item_id text COLLATE "C" NOT NULL,
    grantee_type text COLLATE "C" NOT NULL,
    grantee_id text COLLATE "C" NOT NULL,
    role text COLLATE "C" NOT NULL,
    withhold text COLLATE "C" NOT NULL,
    starts_at timestamptz,
    ends_at timestamptz,
    provenance text COLLATE "C" NOT NULL,
    provenance_id text COLLATE "C",
    given_by text COLLATE "C",
    given_at timestamptz NOT NULL,
    events text COLLATE "C" NOT NULL,
    recorded_from timestamptz NOT NULL,
    from_position bigint NOT NULL,
    PRIMARY KEY (grant_id)
);

CREATE INDEX access_v1_grants_by_item_grantee_type_grantee_id ON access_v1_grants (item_kind, item_id, grantee_type, grantee_id);

CREATE INDEX access_v1_grants_by_grantee_type_grantee_id_item ON access_v1_grants (grantee_type, grantee_id, item_kind, item_id);

CREATE INDEX access_v1_grants_by_provenance_id ON access_v1_grants (provenance_id) WHERE provenance_id IS NOT NULL;

CREATE TABLE access_v1_grants_ended (
    grant_id text COLLATE "C" NOT NULL,
    item_kind text COLLATE "C" NOT NULL,
    item_id text COLLATE "C" NOT NULL,
    grantee_type text COLLATE "C" NOT NULL,
    grantee_id text COLLATE "C" NOT NULL,
    role text COLLATE "C" NOT NULL,
    withhold text COLLATE "C" NOT NULL,
    starts_at timestamptz,
    ends_at timestamptz,
    provenance text COLLATE "C" NOT NULL,
    provenance_id text COLLATE "C",
    given_by text COLLATE "C",
    given_at timestamptz NOT NULL,
    events text COLLATE "C" NOT NULL,
    recorded_from timestamptz NOT NULL,
    from_position bigint NOT NULL,
    recorded_to timestamptz NOT NULL,
    to_position bigint NOT NULL,
    PRIMARY KEY (grant_id, from_position)
);

CREATE INDEX access_v1_grants_ended_by_item_to_position ON access_v1_grants_ended (item_kind, item_id, to_position);

CREATE INDEX access_v1_grants_ended_by_grantee_type_grantee_id_to_position ON access_v1_grants_ended (grantee_type, grantee_id, to_position);

CREATE TABLE access_v1_links (
    link_id text COLLATE "C" NOT NULL,
    item_kind text COLLATE "C" NOT NULL,
    item_id text COLLATE "C" NOT NULL,
    role text COLLATE "C" NOT NULL,
    withhold text COLLATE "C" NOT NULL,
    audience text COLLATE "C" NOT NULL,
    starts_at timestamptz,
    ends_at timestamptz,
    max_visits bigint,
    joins boolean NOT NULL,
    has_password boolean NOT NULL,
    generation bigint NOT NULL,
    created_by text COLLATE "C",
    created_at timestamptz NOT NULL,
    events text COLLATE "C" NOT NULL,
    recorded_from timestamptz NOT NULL,
    from_position bigint NOT NULL,
    PRIMARY KEY (link_id)
);

CREATE INDEX access_v1_links_by_item ON access_v1_links (item_kind, item_id);

CREATE TABLE access_v1_links_ended (
    link_id text COLLATE "C" NOT NULL,
    item_kind text COLLATE "C" NOT NULL,
    item_id text COLLATE "C" NOT NULL,
    role text COLLATE "C" NOT NULL,
    withhold text COLLATE "C" NOT NULL,
    audience text COLLATE "C" NOT NULL,
    starts_at timestamptz,
    ends_at timestamptz,
    max_visits bigint,
    joins boolean NOT NULL,
    has_password boolean NOT NULL,
    generation bigint NOT NULL,
    created_by text COLLATE "C",
    created_at timestamptz NOT NULL,
    events text COLLATE "C" NOT NULL,
    recorded_from timestamptz NOT NULL,
    from_position bigint NOT NULL,
    recorded_to timestamptz NOT NULL,
    to_position bigint NOT NULL,
    PRIMARY KEY (link_id, from_position)
);

CREATE INDEX access_v1_links_ended_by_item_to_position ON access_v1_links_ended (item_kind, item_id, to_position);

CREATE TABLE access_v1_accounts (
    account text COLLATE "C" NOT NULL,
    status text COLLATE "C" NOT NULL,
    recorded_from timestamptz NOT NULL,
    from_position bigint NOT NULL,
    PRIMARY KEY (account)
);

CREATE TABLE access_v1_accounts_ended (
    account text COLLATE "C" NOT NULL,
    status text COLLATE "C" NOT NULL,
    recorded_from timestamptz NOT NULL,
    from_position bigint NOT NULL,
    recorded_to timestamptz NOT NULL,
    to_position bigint NOT NULL,
    PRIMARY KEY (account, from_position)
);

CREATE INDEX access_v1_accounts_ended_by_account_to_position ON access_v1_accounts_ended (account, to_position);

CREATE TABLE access_v1_settings (
    name text COLLATE "C" NOT NULL,
    value text COLLATE "C" NOT NULL,
    recorded_from timestamptz NOT NULL,
    from_position bigint NOT NULL,
    PRIMARY KEY (name)
);

CREATE TABLE access_v1_settings_ended (
    name text COLLATE "C" NOT NULL,
    value text COLLATE "C" NOT NULL,
    recorded_from timestamptz NOT NULL,
    from_position bigint NOT NULL,
    recorded_to timestamptz NOT NULL,
    to_position bigint NOT NULL,
    PRIMARY KEY (name, from_position)
);

CREATE INDEX access_v1_settings_ended_by_name_to_position ON access_v1_settings_ended (name, to_position);

CREATE TABLE access_v1_moments (
    position bigint NOT NULL,
    time timestamptz NOT NULL,
    PRIMARY KEY (position)
);

CREATE INDEX access_v1_moments_by_time_position ON access_v1_moments (time, position);

CREATE TABLE catalog_v1_owners (
    item_kind text COLLATE "C" NOT NULL,
    item_id text COLLATE "C" NOT NULL,
    owner text COLLATE "C" NOT NULL,
    PRIMARY KEY (item_kind, item_id)
);

CREATE INDEX catalog_v1_owners_by_owner_item ON catalog_v1_owners (owner, item_kind, item_id);

CREATE TABLE catalog_v1_entries (
    item_kind text COLLATE "C" NOT NULL,
    item_id text COLLATE "C" NOT NULL,
    title text COLLATE "C" NOT NULL,
    title_sort text COLLATE "C" NOT NULL,
    description text COLLATE "C",
    tags jsonb NOT NULL,
    preview text COLLATE "C",
    slug text COLLATE "C",
    audience text COLLATE "C" NOT NULL,
    groups jsonb NOT NULL,
    featured boolean NOT NULL,
    published_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    version bigint NOT NULL,
    recorded_from timestamptz NOT NULL,
    from_position bigint NOT NULL,
    PRIMARY KEY (item_kind, item_id)
);

CREATE INDEX catalog_v1_entries_by_published_at_item ON catalog_v1_entries (published_at, item_kind, item_id);

CREATE INDEX catalog_v1_entries_by_updated_at_item ON catalog_v1_entries (updated_at, item_kind, item_id);

CREATE INDEX catalog_v1_entries_by_title_sort_item ON catalog_v1_entries (title_sort, item_kind, item_id);

CREATE TABLE catalog_v1_entries_ended (
    item_kind text COLLATE "C" NOT NULL,
    item_id text COLLATE "C" NOT NULL,
    title text COLLATE "C" NOT NULL,
    title_sort text COLLATE "C" NOT NULL,
    description text COLLATE "C",
    tags jsonb NOT NULL,
    preview text COLLATE "C",
    slug text COLLATE "C",
    audience text COLLATE "C" NOT NULL,
    groups jsonb NOT NULL,
    featured boolean NOT NULL,
    published_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    version bigint NOT NULL,
    recorded_from timestamptz NOT NULL,
    from_position bigint NOT NULL,
    recorded_to timestamptz NOT NULL,
    to_position bigint NOT NULL,
    PRIMARY KEY (item_kind, item_id, from_position)
);

CREATE INDEX catalog_v1_entries_ended_by_item_to_position ON catalog_v1_entries_ended (item_kind, item_id, to_position);

CREATE TABLE catalog_v1_words (
    item_kind text COLLATE "C" NOT NULL,
    item_id text COLLATE "C" NOT NULL,
    word text COLLATE "C" NOT NULL,
    weight bigint NOT NULL,
    recorded_from timestamptz NOT NULL,
    from_position bigint NOT NULL,
    PRIMARY KEY (item_kind, item_id, word)
);

CREATE INDEX catalog_v1_words_by_word_item ON catalog_v1_words (word, item_kind, item_id);

CREATE TABLE catalog_v1_words_ended (
    item_kind text COLLATE "C" NOT NULL,
    item_id text COLLATE "C" NOT NULL,
    word text COLLATE "C" NOT NULL,
    weight bigint NOT NULL,
    recorded_from timestamptz NOT NULL,
    from_position bigint NOT NULL,
    recorded_to timestamptz NOT NULL,
    to_position bigint NOT NULL,
    PRIMARY KEY (item_kind, item_id, word, from_position)
);

CREATE INDEX catalog_v1_words_ended_by_item_to_position ON catalog_v1_words_ended (item_kind, item_id, to_position);

CREATE TABLE catalog_v1_tags (
    item_kind text COLLATE "C" NOT NULL,
    item_id text COLLATE "C" NOT NULL,
    tag text COLLATE "C" NOT NULL,
    recorded_from timestamptz NOT NULL,
    from_position bigint NOT NULL,
    PRIMARY KEY (item_kind, item_id, tag)
);

CREATE INDEX catalog_v1_tags_by_tag_item ON catalog_v1_tags (tag, item_kind, item_id);

CREATE TABLE catalog_v1_tags_ended (
    item_kind text COLLATE "C" NOT NULL,
    item_id text COLLATE "C" NOT NULL,
    tag text COLLATE "C" NOT NULL,
    recorded_from timestamptz NOT NULL,
    from_position bigint NOT NULL,
    recorded_to timestamptz NOT NULL,
    to_position bigint NOT NULL,
    PRIMARY KEY (item_kind, item_id, tag, from_position)
);

CREATE INDEX catalog_v1_tags_ended_by_item_to_position ON catalog_v1_tags_ended (item_kind, item_id, to_position);

CREATE TABLE audit_v1_events (
    position bigint NOT NULL,
    idx bigint NOT NULL,
    time timestamptz NOT NULL,
    name text COLLATE "C" NOT NULL,
    v bigint NOT NULL,
    actor text COLLATE "C",
    anonymous boolean NOT NULL,
    system text COLLATE "C",
    app text COLLATE "C",
    token text COLLATE "C",
    item_kind text COLLATE "C",
    item_id text COLLATE "C",
    target_type text COLLATE "C",
    target_id text COLLATE "C",
    before jsonb,
    after jsonb,
    ticket text COLLATE "C",
    command text COLLATE "C" NOT NULL,
    undoes text COLLATE "C",
    source text COLLATE "C",
    sentence text COLLATE "C" NOT NULL,
    PRIMARY KEY (position, idx)
);

CREATE INDEX audit_v1_events_by_item_position ON audit_v1_events (item_kind, item_id, position, idx);

CREATE INDEX audit_v1_events_by_actor_position ON audit_v1_events (actor, position, idx);

CREATE INDEX audit_v1_events_by_target_id_target_type_position ON audit_v1_events (target_id, target_type, position, idx);

CREATE INDEX audit_v1_events_by_name_position ON audit_v1_events (name, position, idx);

CREATE INDEX audit_v1_events_by_time ON audit_v1_events (time);

CREATE TABLE audit_v1_texts (
    position bigint NOT NULL,
    idx bigint NOT NULL,
    side text COLLATE "C" NOT NULL,
    field text COLLATE "C" NOT NULL,
    text text COLLATE "C",
    text_key text COLLATE "C",
    PRIMARY KEY (position, idx, side, field)
);

CREATE INDEX audit_v1_texts_by_text_key ON audit_v1_texts (text_key);

CREATE TABLE audit_v1_rules (
    position bigint NOT NULL,
    rules bigint NOT NULL,
    PRIMARY KEY (position)
);

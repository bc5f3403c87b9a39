-- Tables of the projections, version 1; the same as migrations/postgres. Instants are microseconds since 1970.

-- How far each projection has come. `live`: the version that questions read.
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
    PRIMARY KEY (projection, version)
) STRICT, WITHOUT ROWID;

CREATE TABLE access_v1_items (
    item_kind TEXT NOT NULL,
    item_id TEXT NOT NULL,
    title TEXT,
    title_key TEXT,
    description TEXT,
    description_key TEXT,
    tags TEXT,
    tags_key TEXT,
    preview TEXT,
    preview_key TEXT,
    in_library INTEGER NOT NULL,
    registered_at INTEGER NOT NULL,
    registered_position INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (item_kind, item_id)
) STRICT;

CREATE TABLE access_v1_states (
    item_kind TEXT NOT NULL,
    item_id TEXT NOT NULL,
    owner TEXT NOT NULL,
    lifecycle TEXT NOT NULL,
    owned_since INTEGER NOT NULL,
    events TEXT NOT NULL,
    recorded_from INTEGER NOT NULL,
    from_position INTEGER NOT NULL,
    PRIMARY KEY (item_kind, item_id)
) STRICT;

CREATE INDEX access_v1_states_by_owner_item ON access_v1_states (owner, item_kind, item_id);

CREATE TABLE access_v1_states_ended (
    item_kind TEXT NOT NULL,
    item_id TEXT NOT NULL,
    owner TEXT NOT NULL,
    lifecycle TEXT NOT NULL,
    owned_since INTEGER NOT NULL,
    events TEXT NOT NULL,
    recorded_from INTEGER NOT NULL,
    from_position INTEGER NOT NULL,
    recorded_to INTEGER NOT NULL,
    to_position INTEGER NOT NULL,
    PRIMARY KEY (item_kind, item_id, from_position)
) STRICT;

CREATE INDEX access_v1_states_ended_by_item_to_position ON access_v1_states_ended (item_kind, item_id, to_position);

CREATE TABLE access_v1_visibilities (
    item_kind TEXT NOT NULL,
    item_id TEXT NOT NULL,
    visibility TEXT NOT NULL,
    set_by TEXT,
    events TEXT NOT NULL,
    recorded_from INTEGER NOT NULL,
    from_position INTEGER NOT NULL,
    PRIMARY KEY (item_kind, item_id)
) STRICT;

CREATE TABLE access_v1_visibilities_ended (
    item_kind TEXT NOT NULL,
    item_id TEXT NOT NULL,
    visibility TEXT NOT NULL,
    set_by TEXT,
    events TEXT NOT NULL,
    recorded_from INTEGER NOT NULL,
    from_position INTEGER NOT NULL,
    recorded_to INTEGER NOT NULL,
    to_position INTEGER NOT NULL,
    PRIMARY KEY (item_kind, item_id, from_position)
) STRICT;

CREATE INDEX access_v1_visibilities_ended_by_item_to_position ON access_v1_visibilities_ended (item_kind, item_id, to_position);

CREATE TABLE access_v1_publications (
    item_kind TEXT NOT NULL,
    item_id TEXT NOT NULL,
    audience TEXT NOT NULL,
    published_at INTEGER NOT NULL,
    events TEXT NOT NULL,
    recorded_from INTEGER NOT NULL,
    from_position INTEGER NOT NULL,
    PRIMARY KEY (item_kind, item_id)
) STRICT;

CREATE TABLE access_v1_publications_ended (
    item_kind TEXT NOT NULL,
    item_id TEXT NOT NULL,
    audience TEXT NOT NULL,
    published_at INTEGER NOT NULL,
    events TEXT NOT NULL,
    recorded_from INTEGER NOT NULL,
    from_position INTEGER NOT NULL,
    recorded_to INTEGER NOT NULL,
    to_position INTEGER NOT NULL,
    PRIMARY KEY (item_kind, item_id, from_position)
) STRICT;

CREATE INDEX access_v1_publications_ended_by_item_to_position ON access_v1_publications_ended (item_kind, item_id, to_position);

CREATE TABLE access_v1_grants (
    grant_id TEXT NOT NULL,
    item_kind TEXT NOT NULL,
    item_id TEXT NOT NULL,
    grantee_type TEXT NOT NULL,
    grantee_id TEXT NOT NULL,
    role TEXT NOT NULL,
    withhold TEXT NOT NULL,
    starts_at INTEGER,
    ends_at INTEGER,
    provenance TEXT NOT NULL,
    provenance_id TEXT,
    given_by TEXT,
    given_at INTEGER NOT NULL,
    events TEXT NOT NULL,
    recorded_from INTEGER NOT NULL,
    from_position INTEGER NOT NULL,
    PRIMARY KEY (grant_id)
) STRICT;

CREATE INDEX access_v1_grants_by_item_grantee_type_grantee_id ON access_v1_grants (item_kind, item_id, grantee_type, grantee_id);

CREATE INDEX access_v1_grants_by_grantee_type_grantee_id_item ON access_v1_grants (grantee_type, grantee_id, item_kind, item_id);

CREATE INDEX access_v1_grants_by_provenance_id ON access_v1_grants (provenance_id) WHERE provenance_id IS NOT NULL;

CREATE TABLE access_v1_grants_ended (
    grant_id TEXT NOT NULL,
    item_kind TEXT NOT NULL,
    item_id TEXT NOT NULL,
    grantee_type TEXT NOT NULL,
    grantee_id TEXT NOT NULL,
    role TEXT NOT NULL,
    withhold TEXT NOT NULL,
    starts_at INTEGER,
    ends_at INTEGER,
    provenance TEXT NOT NULL,
    provenance_id TEXT,
    given_by TEXT,
    given_at INTEGER NOT NULL,
    events TEXT NOT NULL,
    recorded_from INTEGER NOT NULL,
    from_position INTEGER NOT NULL,
    recorded_to INTEGER NOT NULL,
    to_position INTEGER NOT NULL,
    PRIMARY KEY (grant_id, from_position)
) STRICT;

CREATE INDEX access_v1_grants_ended_by_item_to_position ON access_v1_grants_ended (item_kind, item_id, to_position);

CREATE INDEX access_v1_grants_ended_by_grantee_type_grantee_id_to_position ON access_v1_grants_ended (grantee_type, grantee_id, to_position);

CREATE TABLE access_v1_links (
    link_id TEXT NOT NULL,
    item_kind TEXT NOT NULL,
    item_id TEXT NOT NULL,
    role TEXT NOT NULL,
    withhold TEXT NOT NULL,
    audience TEXT NOT NULL,
    starts_at INTEGER,
    ends_at INTEGER,
    max_visits INTEGER,
    joins INTEGER NOT NULL,
    has_password INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    created_by TEXT,
    created_at INTEGER NOT NULL,
    events TEXT NOT NULL,
    recorded_from INTEGER NOT NULL,
    from_position INTEGER NOT NULL,
    PRIMARY KEY (link_id)
) STRICT;

CREATE INDEX access_v1_links_by_item ON access_v1_links (item_kind, item_id);

CREATE TABLE access_v1_links_ended (
    link_id TEXT NOT NULL,
    item_kind TEXT NOT NULL,
    item_id TEXT NOT NULL,
    role TEXT NOT NULL,
    withhold TEXT NOT NULL,
    audience TEXT NOT NULL,
    starts_at INTEGER,
    ends_at INTEGER,
    max_visits INTEGER,
    joins INTEGER NOT NULL,
    has_password INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    created_by TEXT,
    created_at INTEGER NOT NULL,
    events TEXT NOT NULL,
    recorded_from INTEGER NOT NULL,
    from_position INTEGER NOT NULL,
    recorded_to INTEGER NOT NULL,
    to_position INTEGER NOT NULL,
    PRIMARY KEY (link_id, from_position)
) STRICT;

CREATE INDEX access_v1_links_ended_by_item_to_position ON access_v1_links_ended (item_kind, item_id, to_position);

CREATE TABLE access_v1_accounts (
    account TEXT NOT NULL,
    status TEXT NOT NULL,
    recorded_from INTEGER NOT NULL,
    from_position INTEGER NOT NULL,
    PRIMARY KEY (account)
) STRICT;

CREATE TABLE access_v1_accounts_ended (
    account TEXT NOT NULL,
    status TEXT NOT NULL,
    recorded_from INTEGER NOT NULL,
    from_position INTEGER NOT NULL,
    recorded_to INTEGER NOT NULL,
    to_position INTEGER NOT NULL,
    PRIMARY KEY (account, from_position)
) STRICT;

CREATE INDEX access_v1_accounts_ended_by_account_to_position ON access_v1_accounts_ended (account, to_position);

CREATE TABLE access_v1_settings (
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    recorded_from INTEGER NOT NULL,
    from_position INTEGER NOT NULL,
    PRIMARY KEY (name)
) STRICT;

CREATE TABLE access_v1_settings_ended (
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    recorded_from INTEGER NOT NULL,
    from_position INTEGER NOT NULL,
    recorded_to INTEGER NOT NULL,
    to_position INTEGER NOT NULL,
    PRIMARY KEY (name, from_position)
) STRICT;

CREATE INDEX access_v1_settings_ended_by_name_to_position ON access_v1_settings_ended (name, to_position);

CREATE TABLE access_v1_moments (
    position INTEGER NOT NULL,
    time INTEGER NOT NULL,
    PRIMARY KEY (position)
) STRICT;

CREATE INDEX access_v1_moments_by_time_position ON access_v1_moments (time, position);

CREATE TABLE catalog_v1_owners (
    item_kind TEXT NOT NULL,
    item_id TEXT NOT NULL,
    owner TEXT NOT NULL,
    PRIMARY KEY (item_kind, item_id)
) STRICT;

CREATE INDEX catalog_v1_owners_by_owner_item ON catalog_v1_owners (owner, item_kind, item_id);

CREATE TABLE catalog_v1_entries (
    item_kind TEXT NOT NULL,
    item_id TEXT NOT NULL,
    title TEXT NOT NULL,
    title_sort TEXT NOT NULL,
    description TEXT,
    tags TEXT NOT NULL,
    preview TEXT,
    slug TEXT,
    audience TEXT NOT NULL,
    groups TEXT NOT NULL,
    featured INTEGER NOT NULL,
    published_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    version INTEGER NOT NULL,
    recorded_from INTEGER NOT NULL,
    from_position INTEGER NOT NULL,
    PRIMARY KEY (item_kind, item_id)
) STRICT;

CREATE INDEX catalog_v1_entries_by_published_at_item ON catalog_v1_entries (published_at, item_kind, item_id);

CREATE INDEX catalog_v1_entries_by_updated_at_item ON catalog_v1_entries (updated_at, item_kind, item_id);

CREATE INDEX catalog_v1_entries_by_title_sort_item ON catalog_v1_entries (title_sort, item_kind, item_id);

CREATE TABLE catalog_v1_entries_ended (
    item_kind TEXT NOT NULL,
    item_id TEXT NOT NULL,
    title TEXT NOT NULL,
    title_sort TEXT NOT NULL,
    description TEXT,
    tags TEXT NOT NULL,
    preview TEXT,
    slug TEXT,
    audience TEXT NOT NULL,
    groups TEXT NOT NULL,
    featured INTEGER NOT NULL,
    published_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    version INTEGER NOT NULL,
    recorded_from INTEGER NOT NULL,
    from_position INTEGER NOT NULL,
    recorded_to INTEGER NOT NULL,
    to_position INTEGER NOT NULL,
    PRIMARY KEY (item_kind, item_id, from_position)
) STRICT;

CREATE INDEX catalog_v1_entries_ended_by_item_to_position ON catalog_v1_entries_ended (item_kind, item_id, to_position);

CREATE TABLE catalog_v1_words (
    item_kind TEXT NOT NULL,
    item_id TEXT NOT NULL,
    word TEXT NOT NULL,
    weight INTEGER NOT NULL,
    recorded_from INTEGER NOT NULL,
    from_position INTEGER NOT NULL,
    PRIMARY KEY (item_kind, item_id, word)
) STRICT;

CREATE INDEX catalog_v1_words_by_word_item ON catalog_v1_words (word, item_kind, item_id);

CREATE TABLE catalog_v1_words_ended (
    item_kind TEXT NOT NULL,
    item_id TEXT NOT NULL,
    word TEXT NOT NULL,
    weight INTEGER NOT NULL,
    recorded_from INTEGER NOT NULL,
    from_position INTEGER NOT NULL,
    recorded_to INTEGER NOT NULL,
    to_position INTEGER NOT NULL,
    PRIMARY KEY (item_kind, item_id, word, from_position)
) STRICT;

CREATE INDEX catalog_v1_words_ended_by_item_to_position ON catalog_v1_words_ended (item_kind, item_id, to_position);

CREATE TABLE catalog_v1_tags (
    item_kind TEXT NOT NULL,
    item_id TEXT NOT NULL,
    tag TEXT NOT NULL,
    recorded_from INTEGER NOT NULL,
    from_position INTEGER NOT NULL,
    PRIMARY KEY (item_kind, item_id, tag)
) STRICT;

CREATE INDEX catalog_v1_tags_by_tag_item ON catalog_v1_tags (tag, item_kind, item_id);

CREATE TABLE catalog_v1_tags_ended (
    item_kind TEXT NOT NULL,
    item_id TEXT NOT NULL,
    tag TEXT NOT NULL,
    recorded_from INTEGER NOT NULL,
    from_position INTEGER NOT NULL,
    recorded_to INTEGER NOT NULL,
    to_position INTEGER NOT NULL,
    PRIMARY KEY (item_kind, item_id, tag, from_position)
) STRICT;

CREATE INDEX catalog_v1_tags_ended_by_item_to_position ON catalog_v1_tags_ended (item_kind, item_id, to_position);

CREATE TABLE audit_v1_events (
    position INTEGER NOT NULL,
    idx INTEGER NOT NULL,
    time INTEGER NOT NULL,
    name TEXT NOT NULL,
    v INTEGER NOT NULL,
    actor TEXT,
    anonymous INTEGER NOT NULL,
    system TEXT,
    app TEXT,
    token TEXT,
    item_kind TEXT,
    item_id TEXT,
    target_type TEXT,
    target_id TEXT,
    before TEXT,
    after TEXT,
    ticket TEXT,
    command TEXT NOT NULL,
    undoes TEXT,
    source TEXT,
    sentence TEXT NOT NULL,
    PRIMARY KEY (position, idx)
) STRICT;

CREATE INDEX audit_v1_events_by_item_position ON audit_v1_events (item_kind, item_id, position, idx);

CREATE INDEX audit_v1_events_by_actor_position ON audit_v1_events (actor, position, idx);

CREATE INDEX audit_v1_events_by_target_id_target_type_position ON audit_v1_events (target_id, target_type, position, idx);

CREATE INDEX audit_v1_events_by_name_position ON audit_v1_events (name, position, idx);

CREATE INDEX audit_v1_events_by_time ON audit_v1_events (time);

CREATE TABLE audit_v1_texts (
    position INTEGER NOT NULL,
    idx INTEGER NOT NULL,
    side TEXT NOT NULL,
    field TEXT NOT NULL,
    text TEXT,
    text_key TEXT,
    PRIMARY KEY (position, idx, side, field)
) STRICT;

CREATE INDEX audit_v1_texts_by_text_key ON audit_v1_texts (text_key);

CREATE TABLE audit_v1_rules (
    position INTEGER NOT NULL,
    rules INTEGER NOT NULL,
    PRIMARY KEY (position)
) STRICT;

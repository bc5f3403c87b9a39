-- What dashboards read: views and functions over the tables of version 1. The contract of this schema: columns are
-- only ever added; a breaking change gets a new view name. The role {reader} reads it and nothing else.

CREATE VIEW {views}.freshness AS
SELECT time, projection, version, position, updated_at, stopped_position, stopped_why
  FROM {data}.progress
 WHERE live;

CREATE VIEW {views}.accounts AS
SELECT account, status, recorded_from, NULL::timestamptz AS recorded_to, from_position, NULL::bigint AS to_position
  FROM {data}.access_v1_accounts
UNION ALL
SELECT account, status, recorded_from, recorded_to, from_position, to_position
  FROM {data}.access_v1_accounts_ended;

CREATE VIEW {views}.items AS
SELECT s.item_kind AS kind, s.item_id AS id, s.owner, s.lifecycle, i.title, i.description, i.in_library,
       i.registered_at, i.updated_at,
       s.recorded_from, s.recorded_to, s.from_position, s.to_position
  FROM (
SELECT item_kind, item_id, owner, lifecycle, recorded_from, NULL::timestamptz AS recorded_to, from_position,
       NULL::bigint AS to_position
  FROM {data}.access_v1_states
UNION ALL
SELECT item_kind, item_id, owner, lifecycle, recorded_from, recorded_to, from_position, to_position
  FROM {data}.access_v1_states_ended) s
  JOIN {data}.access_v1_items i USING (item_kind, item_id);

CREATE VIEW {views}.visibilities AS
SELECT item_kind AS kind, item_id AS id, visibility, set_by, string_to_array(events, ' ') AS event_ids, recorded_from, NULL::timestamptz AS recorded_to, from_position, NULL::bigint AS to_position
  FROM {data}.access_v1_visibilities
UNION ALL
SELECT item_kind AS kind, item_id AS id, visibility, set_by, string_to_array(events, ' ') AS event_ids, recorded_from, recorded_to, from_position, to_position
  FROM {data}.access_v1_visibilities_ended;

CREATE VIEW {views}.grants AS
SELECT grant_id, item_kind AS kind, item_id AS id, grantee_type, grantee_id, role,
       coalesce(string_to_array(nullif(withhold, ''), ' '), '{}') AS withhold, starts_at, ends_at,
       provenance, provenance_id, given_by, given_at, string_to_array(events, ' ') AS event_ids, recorded_from, NULL::timestamptz AS recorded_to, from_position, NULL::bigint AS to_position
  FROM {data}.access_v1_grants
UNION ALL
SELECT grant_id, item_kind AS kind, item_id AS id, grantee_type, grantee_id, role,
       coalesce(string_to_array(nullif(withhold, ''), ' '), '{}') AS withhold, starts_at, ends_at,
       provenance, provenance_id, given_by, given_at, string_to_array(events, ' ') AS event_ids, recorded_from, recorded_to, from_position, to_position
  FROM {data}.access_v1_grants_ended;

CREATE VIEW {views}.links AS
SELECT link_id, item_kind AS kind, item_id AS id, role,
       coalesce(string_to_array(nullif(withhold, ''), ' '), '{}') AS withhold, audience, starts_at, ends_at,
       max_visits, joins, has_password, generation, created_by, created_at, string_to_array(events, ' ') AS event_ids, recorded_from, NULL::timestamptz AS recorded_to, from_position, NULL::bigint AS to_position
  FROM {data}.access_v1_links
UNION ALL
SELECT link_id, item_kind AS kind, item_id AS id, role,
       coalesce(string_to_array(nullif(withhold, ''), ' '), '{}') AS withhold, audience, starts_at, ends_at,
       max_visits, joins, has_password, generation, created_by, created_at, string_to_array(events, ' ') AS event_ids, recorded_from, recorded_to, from_position, to_position
  FROM {data}.access_v1_links_ended;

-- Who has access at an instant: windows, lifecycle and accounts as they were then.
CREATE FUNCTION {views}.access_at(at timestamptz)
RETURNS TABLE (account text, principal_type text, principal_id text, kind text, id text, role text,
               withhold text[], via text, via_id text, since timestamptz, ends_at timestamptz, event_id text)
LANGUAGE sql STABLE AS $$
  WITH alive AS NOT MATERIALIZED (
    SELECT i.kind, i.id, i.owner, i.lifecycle, i.registered_at
      FROM {views}.items i
     WHERE i.recorded_from <= at AND (i.recorded_to IS NULL OR i.recorded_to > at)
       AND i.lifecycle <> 'retired'
  ), barred AS NOT MATERIALIZED (
    SELECT a.account
      FROM {views}.accounts a
     WHERE a.recorded_from <= at AND (a.recorded_to IS NULL OR a.recorded_to > at)
       AND a.status <> 'active'
  )
  SELECT i.owner, 'account', i.owner, i.kind, i.id, 'owner', '{}'::text[], 'owner', NULL::text,
         i.registered_at, NULL::timestamptz, NULL::text
    FROM alive i
   WHERE NOT EXISTS (SELECT FROM barred b WHERE b.account = i.owner)
  UNION ALL
  SELECT CASE WHEN g.grantee_type = 'account' THEN g.grantee_id END, g.grantee_type, g.grantee_id, g.kind, g.id,
         g.role, g.withhold, 'grant', g.grant_id, g.given_at, g.ends_at, g.event_ids[cardinality(g.event_ids)]
    FROM {views}.grants g
    JOIN alive i USING (kind, id)
   WHERE g.recorded_from <= at AND (g.recorded_to IS NULL OR g.recorded_to > at)
     AND (g.starts_at IS NULL OR g.starts_at <= at) AND (g.ends_at IS NULL OR g.ends_at > at)
     AND i.lifecycle = 'open'
     AND NOT (g.grantee_type = 'account' AND EXISTS (SELECT FROM barred b WHERE b.account = g.grantee_id))
  UNION ALL
  SELECT NULL, 'link', l.link_id, l.kind, l.id, l.role, l.withhold, 'link', l.link_id, l.created_at, l.ends_at,
         l.event_ids[cardinality(l.event_ids)]
    FROM {views}.links l
    JOIN alive i USING (kind, id)
   WHERE l.recorded_from <= at AND (l.recorded_to IS NULL OR l.recorded_to > at)
     AND (l.starts_at IS NULL OR l.starts_at <= at) AND (l.ends_at IS NULL OR l.ends_at > at)
     AND i.lifecycle = 'open'
  UNION ALL
  SELECT NULL, CASE v.visibility WHEN 'public' THEN 'anonymous' ELSE 'internal' END, NULL, v.kind, v.id, 'viewer',
         '{}'::text[], 'visibility', NULL, v.recorded_from, NULL::timestamptz,
         v.event_ids[cardinality(v.event_ids)]
    FROM {views}.visibilities v
    JOIN alive i USING (kind, id)
   WHERE v.recorded_from <= at AND (v.recorded_to IS NULL OR v.recorded_to > at)
     AND i.lifecycle = 'open'
$$;

CREATE VIEW {views}.access_list AS
SELECT * FROM {views}.access_at(now());

CREATE FUNCTION {views}.access_of(kind text, id text, at timestamptz DEFAULT now())
RETURNS TABLE (account text, principal_type text, principal_id text, role text, withhold text[], via text,
               via_id text, since timestamptz, ends_at timestamptz, event_id text)
LANGUAGE sql STABLE AS $$
  SELECT a.account, a.principal_type, a.principal_id, a.role, a.withhold, a.via, a.via_id, a.since, a.ends_at,
         a.event_id
    FROM {views}.access_at(access_of.at) a
   WHERE a.kind = access_of.kind AND a.id = access_of.id
$$;

CREATE FUNCTION {views}.items_of(account text, at timestamptz DEFAULT now())
RETURNS TABLE (kind text, id text, role text, withhold text[], via text, via_id text, since timestamptz,
               ends_at timestamptz, event_id text)
LANGUAGE sql STABLE AS $$
  SELECT a.kind, a.id, a.role, a.withhold, a.via, a.via_id, a.since, a.ends_at, a.event_id
    FROM {views}.access_at(items_of.at) a
   WHERE a.account = items_of.account
$$;

CREATE VIEW {views}.published_catalog AS
SELECT e.item_kind AS kind, e.item_id AS id, e.title, e.description,
       ARRAY(SELECT jsonb_array_elements_text(e.tags)) AS tags,
       o.owner, e.slug, e.preview, e.audience, ARRAY(SELECT jsonb_array_elements_text(e.groups)) AS groups,
       e.featured, e.published_at, e.updated_at, e.version
  FROM {data}.catalog_v1_entries e
  JOIN {data}.catalog_v1_owners o USING (item_kind, item_id);

CREATE VIEW {views}.audit_trail AS
SELECT e.position || '-' || e.idx AS event_id, e.position, e.time, e.name AS type, e.v, e.actor, e.anonymous,
       e.system, e.app, e.token, e.item_kind || ':' || e.item_id AS item, e.item_kind, e.item_id,
       e.target_type || ':' || e.target_id AS target, e.target_type, e.target_id,
       coalesce(coalesce(e.before, '{}') || (
         SELECT jsonb_object_agg(t.field, CASE WHEN t.field = 'tags' AND t.text LIKE '[%' THEN t.text::jsonb ELSE to_jsonb(t.text) END)
           FROM {data}.audit_v1_texts t
          WHERE t.position = e.position AND t.idx = e.idx AND t.side = 'before'), e.before) AS before,
       coalesce(coalesce(e.after, '{}') || (
         SELECT jsonb_object_agg(t.field, CASE WHEN t.field = 'tags' AND t.text LIKE '[%' THEN t.text::jsonb ELSE to_jsonb(t.text) END)
           FROM {data}.audit_v1_texts t
          WHERE t.position = e.position AND t.idx = e.idx AND t.side = 'after'), e.after) AS after,
       (SELECT t.text FROM {data}.audit_v1_texts t
         WHERE t.position = e.position AND t.idx = e.idx AND t.side = 'reason' AND t.field = '') AS reason,
       e.ticket, e.command, e.undoes, e.source,
       (SELECT r.rules FROM {data}.audit_v1_rules r
         WHERE r.position <= e.position ORDER BY r.position DESC LIMIT 1) AS rules,
       e.sentence AS text
  FROM {data}.audit_v1_events e;

COMMENT ON VIEW {views}.freshness IS 'How far each projection has come; what it does not know yet is in no other view.';
COMMENT ON VIEW {views}.accounts IS 'Whether accounts could use their rights, over time. An account without a row can.';
COMMENT ON VIEW {views}.items IS 'Items, their owner and state over time. recorded_to null = still so.';
COMMENT ON VIEW {views}.visibilities IS 'Items open to more than their grants, over time. An item without a row is restricted.';
COMMENT ON VIEW {views}.grants IS 'Grants over time. recorded_*: when the log said so; starts_at, ends_at: when it holds.';
COMMENT ON VIEW {views}.links IS 'Links over time, without anything that opens one.';
COMMENT ON VIEW {views}.access_list IS 'Who may do what now. Groups are not expanded yet.';
COMMENT ON VIEW {views}.published_catalog IS 'The catalog now.';
COMMENT ON VIEW {views}.audit_trail IS 'Every recorded event. Texts of erased people are null.';
COMMENT ON COLUMN {views}.freshness.time IS 'Effective time of the last record taken in.';
COMMENT ON COLUMN {views}.freshness.projection IS 'access | catalog | audit';
COMMENT ON COLUMN {views}.freshness.stopped_why IS 'Null = it goes on.';
COMMENT ON COLUMN {views}.accounts.status IS 'active | deactivated | erased';
COMMENT ON COLUMN {views}.items.lifecycle IS 'open | closed | retired';
COMMENT ON COLUMN {views}.visibilities.visibility IS 'internal | public';
COMMENT ON COLUMN {views}.grants.grantee_type IS 'account | group';
COMMENT ON COLUMN {views}.grants.role IS 'browser | viewer | contributor | editor | manager';
COMMENT ON COLUMN {views}.grants.withhold IS 'Any of download, copy, share, metadata.';
COMMENT ON COLUMN {views}.grants.provenance IS 'direct | invitation | link | transfer | request | reshare';
COMMENT ON COLUMN {views}.grants.event_ids IS 'The events that made it what it is; audit_trail.event_id.';
COMMENT ON COLUMN {views}.links.role IS 'browser | viewer | contributor | editor';
COMMENT ON COLUMN {views}.links.withhold IS 'Any of download, copy, share, metadata.';
COMMENT ON COLUMN {views}.links.audience IS 'named | internal | anyone';
COMMENT ON COLUMN {views}.links.generation IS 'Raised by every rotation.';
COMMENT ON COLUMN {views}.access_list.account IS 'Null = the principal is no account.';
COMMENT ON COLUMN {views}.access_list.principal_type IS 'account | group | link | internal | anonymous';
COMMENT ON COLUMN {views}.access_list.role IS 'browser | viewer | contributor | editor | manager | owner';
COMMENT ON COLUMN {views}.access_list.withhold IS 'Any of download, copy, share, metadata.';
COMMENT ON COLUMN {views}.access_list.via IS 'owner | grant | link | visibility';
COMMENT ON COLUMN {views}.access_list.via_id IS 'The grant or link.';
COMMENT ON COLUMN {views}.access_list.since IS 'When it was first given.';
COMMENT ON COLUMN {views}.access_list.ends_at IS 'Null = does not end by itself.';
COMMENT ON COLUMN {views}.published_catalog.audience IS 'groups | internal | anyone';
COMMENT ON COLUMN {views}.audit_trail.event_id IS 'Position and index of the event, e.g. 42-0.';
COMMENT ON COLUMN {views}.audit_trail.type IS 'Stored name, e.g. grant.given.';
COMMENT ON COLUMN {views}.audit_trail.system IS 'Set when the service itself acted: sweeper | start | command-line.';
COMMENT ON COLUMN {views}.audit_trail.target_type IS 'account | group | link | token';
COMMENT ON COLUMN {views}.audit_trail.rules IS 'Version of the role table in force.';
COMMENT ON COLUMN {views}.audit_trail.text IS 'The event in plain words, without private text.';

REVOKE ALL ON SCHEMA {data} FROM PUBLIC;
GRANT USAGE ON SCHEMA {views} TO {reader};
GRANT SELECT ON ALL TABLES IN SCHEMA {views} TO {reader};
ALTER DEFAULT PRIVILEGES IN SCHEMA {views} GRANT SELECT ON TABLES TO {reader};

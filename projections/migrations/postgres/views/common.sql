-- Views for dashboards of no generation: freshness, functions over the other views, comments, rights. Applied with the
-- other texts; columns are only ever added, at the end, and a text that changes raises COMMON_LEVEL in
-- src/store/postgres/views.rs.

CREATE OR REPLACE VIEW {views}.freshness AS
SELECT p.time, p.projection, p.version, p.position, p.updated_at, p.stopped_position, p.stopped_why, p.generation,
       c.paused_at
  FROM {data}.progress p
  LEFT JOIN {data}.controls c USING (projection)
 WHERE p.live;

-- Who has access at an instant: windows, lifecycle and accounts as they were then. An existing-access link gives
-- nothing: it leads to the item those who have access anyway.
CREATE OR REPLACE FUNCTION {views}.access_at(at timestamptz)
RETURNS TABLE (account text, principal_type text, principal_id text, kind text, id text, role text,
               withhold text[], via text, via_id text, since timestamptz, ends_at timestamptz, event_id text)
LANGUAGE sql STABLE AS $$
  WITH alive AS NOT MATERIALIZED (
    SELECT i.kind, i.id, i.owner, i.lifecycle, i.registered_at
      FROM {views}.items i
     WHERE i.recorded_from <= at AND (i.recorded_to IS NULL OR i.recorded_to > at)
       AND i.lifecycle <> 'retired'
  ), inactive AS NOT MATERIALIZED (
    SELECT a.account
      FROM {views}.accounts a
     WHERE a.recorded_from <= at AND (a.recorded_to IS NULL OR a.recorded_to > at)
       AND a.status <> 'active'
  )
  SELECT i.owner, 'account', i.owner, i.kind, i.id, 'owner', '{}'::text[], 'owner', NULL::text,
         i.registered_at, NULL::timestamptz, NULL::text
    FROM alive i
   WHERE NOT EXISTS (SELECT FROM inactive d WHERE d.account = i.owner)
  UNION ALL
  SELECT CASE WHEN g.grantee_type = 'account' THEN g.grantee_id END, g.grantee_type, g.grantee_id, g.kind, g.id,
         g.role, g.withhold, 'grant', g.grant_id, g.given_at, g.ends_at, g.event_ids[cardinality(g.event_ids)]
    FROM {views}.grants g
    JOIN alive i USING (kind, id)
   WHERE g.recorded_from <= at AND (g.recorded_to IS NULL OR g.recorded_to > at)
     AND (g.starts_at IS NULL OR g.starts_at <= at) AND (g.ends_at IS NULL OR g.ends_at > at)
     AND i.lifecycle = 'open'
     AND NOT (g.grantee_type = 'account' AND EXISTS (SELECT FROM inactive d WHERE d.account = g.grantee_id))
  UNION ALL
  SELECT NULL, 'link', l.link_id, l.kind, l.id, l.role, l.withhold, 'link', l.link_id, l.created_at, l.ends_at,
         l.event_ids[cardinality(l.event_ids)]
    FROM {views}.links l
    JOIN alive i USING (kind, id)
   WHERE l.recorded_from <= at AND (l.recorded_to IS NULL OR l.recorded_to > at)
     AND (l.starts_at IS NULL OR l.starts_at <= at) AND (l.ends_at IS NULL OR l.ends_at > at)
     AND i.lifecycle = 'open' AND l.audience <> 'named'
  UNION ALL
  SELECT NULL, CASE v.visibility WHEN 'public' THEN 'anonymous' ELSE 'internal' END, NULL, v.kind, v.id, 'viewer',
         '{}'::text[], 'visibility', NULL, v.recorded_from, NULL::timestamptz,
         v.event_ids[cardinality(v.event_ids)]
    FROM {views}.visibilities v
    JOIN alive i USING (kind, id)
   WHERE v.recorded_from <= at AND (v.recorded_to IS NULL OR v.recorded_to > at)
     AND i.lifecycle = 'open'
$$;

CREATE OR REPLACE VIEW {views}.access_list AS
SELECT * FROM {views}.access_at(now());

CREATE OR REPLACE FUNCTION {views}.access_of(kind text, id text, at timestamptz DEFAULT now())
RETURNS TABLE (account text, principal_type text, principal_id text, role text, withhold text[], via text,
               via_id text, since timestamptz, ends_at timestamptz, event_id text)
LANGUAGE sql STABLE AS $$
  SELECT a.account, a.principal_type, a.principal_id, a.role, a.withhold, a.via, a.via_id, a.since, a.ends_at,
         a.event_id
    FROM {views}.access_at(access_of.at) a
   WHERE a.kind = access_of.kind AND a.id = access_of.id
$$;

CREATE OR REPLACE FUNCTION {views}.items_of(account text, at timestamptz DEFAULT now())
RETURNS TABLE (kind text, id text, role text, withhold text[], via text, via_id text, since timestamptz,
               ends_at timestamptz, event_id text)
LANGUAGE sql STABLE AS $$
  SELECT a.kind, a.id, a.role, a.withhold, a.via, a.via_id, a.since, a.ends_at, a.event_id
    FROM {views}.access_at(items_of.at) a
   WHERE a.account = items_of.account
$$;

COMMENT ON VIEW {views}.freshness IS 'How far each projection has come; what it does not know yet is in no other view.';
COMMENT ON VIEW {views}.access_list IS 'Who may do what now. Groups are not expanded yet.';
COMMENT ON COLUMN {views}.freshness.time IS 'Effective time of the last record taken in.';
COMMENT ON COLUMN {views}.freshness.projection IS '{projections}';
COMMENT ON COLUMN {views}.freshness.stopped_why IS 'Null = it goes on.';
COMMENT ON COLUMN {views}.access_list.account IS 'Null = the principal is no account.';
COMMENT ON COLUMN {views}.access_list.principal_type IS 'account | group | link | internal | anonymous';
COMMENT ON COLUMN {views}.access_list.role IS 'browser | viewer | contributor | editor | manager | owner';
COMMENT ON COLUMN {views}.access_list.withhold IS 'Any of download, copy, share, metadata.';
COMMENT ON COLUMN {views}.access_list.via IS 'owner | grant | link | visibility';
COMMENT ON COLUMN {views}.access_list.via_id IS 'The grant or link.';
COMMENT ON COLUMN {views}.access_list.since IS 'When it was first given.';
COMMENT ON COLUMN {views}.access_list.ends_at IS 'Null = does not end by itself.';
COMMENT ON COLUMN {views}.freshness.version IS 'Version of the tables that are read.';
COMMENT ON COLUMN {views}.freshness.position IS 'The last record taken in.';
COMMENT ON COLUMN {views}.freshness.updated_at IS 'When that was, by this server''s clock.';
COMMENT ON COLUMN {views}.freshness.stopped_position IS 'The record that it could not take in.';
COMMENT ON COLUMN {views}.freshness.generation IS 'Raised by every rebuild.';
COMMENT ON COLUMN {views}.freshness.paused_at IS 'Since when it is paused; null = it is not.';

GRANT SELECT ON ALL TABLES IN SCHEMA {views} TO {reader};

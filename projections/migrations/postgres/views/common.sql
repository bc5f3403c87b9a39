-- What belongs to no generation: freshness, functions over the other views, comments, rights. Applied with the other
-- texts; columns are only ever added, and a text that changes raises LEVEL in src/store/postgres/views.rs.

CREATE OR REPLACE VIEW {views}.freshness AS
SELECT p.time, p.projection, p.version, p.position, p.updated_at, p.stopped_position, p.stopped_why, p.generation,
       c.paused_at
  FROM {data}.progress p
  LEFT JOIN {data}.controls c USING (projection)
 WHERE p.live;

-- Who has access at an instant: windows, lifecycle and accounts as they were then. A link for the entitled gives
-- nothing: it leads there who has access anyway.
CREATE OR REPLACE FUNCTION {views}.access_at(at timestamptz)
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

COMMENT ON COLUMN {views}.freshness.version IS 'Version of the tables that are read.';
COMMENT ON COLUMN {views}.freshness.position IS 'The last record taken in.';
COMMENT ON COLUMN {views}.freshness.updated_at IS 'When that was, by this server''s clock.';
COMMENT ON COLUMN {views}.freshness.stopped_position IS 'The record that it could not take in.';
COMMENT ON COLUMN {views}.freshness.generation IS 'Raised by every rebuild.';
COMMENT ON COLUMN {views}.freshness.paused_at IS 'Since when it is paused; null = it is not.';
COMMENT ON VIEW {views}.totals_daily IS 'What happened day by day, and what was open at the end of the day; as recorded.';
COMMENT ON COLUMN {views}.totals_daily.time IS 'The day (its beginning in UTC), by effective time. Days without records are there too.';
COMMENT ON COLUMN {views}.totals_daily.items_registered IS 'Items registered that day.';
COMMENT ON COLUMN {views}.totals_daily.grants_given IS 'Grants that began that day; those that a reopened item brought back count again.';
COMMENT ON COLUMN {views}.totals_daily.grants_ended IS 'Grants that ended that day, whatever ended them.';
COMMENT ON COLUMN {views}.totals_daily.links_created IS 'Links that began that day; those that a reopened item brought back count again.';
COMMENT ON COLUMN {views}.totals_daily.links_ended IS 'Links that ended that day: revoked, expired, or with their item.';
COMMENT ON COLUMN {views}.totals_daily.published IS 'Items that came into the catalog that day.';
COMMENT ON COLUMN {views}.totals_daily.unpublished IS 'Items that left the catalog that day.';
COMMENT ON COLUMN {views}.totals_daily.items IS 'Items registered up to the end of the day; closed and retired ones count.';
COMMENT ON COLUMN {views}.totals_daily.grants_open IS 'Grants on the log at the end of the day, whether or not their window was open.';
COMMENT ON COLUMN {views}.totals_daily.links_open IS 'Links on the log at the end of the day.';
COMMENT ON COLUMN {views}.totals_daily.published_open IS 'Items in the catalog at the end of the day.';

GRANT SELECT ON ALL TABLES IN SCHEMA {views} TO {reader};

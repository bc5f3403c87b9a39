-- The views for dashboards over `access`, in force for the generation of its tables that is read: {tables} stands before
-- their names. Columns are only ever added, at the end; a text that changes raises the level in src/access.rs.

CREATE OR REPLACE VIEW {views}.accounts AS
SELECT account, status, recorded_from, NULL::timestamptz AS recorded_to, from_position, NULL::bigint AS to_position
  FROM {tables}accounts
UNION ALL
SELECT account, status, recorded_from, recorded_to, from_position, to_position
  FROM {tables}accounts_ended;

CREATE OR REPLACE VIEW {views}.items AS
SELECT s.item_kind AS kind, s.item_id AS id, s.owner, s.lifecycle, i.title, i.description, i.in_library,
       i.registered_at, i.updated_at,
       s.recorded_from, s.recorded_to, s.from_position, s.to_position
  FROM (
SELECT item_kind, item_id, owner, lifecycle, recorded_from, NULL::timestamptz AS recorded_to, from_position,
       NULL::bigint AS to_position
  FROM {tables}states
UNION ALL
SELECT item_kind, item_id, owner, lifecycle, recorded_from, recorded_to, from_position, to_position
  FROM {tables}states_ended) s
  JOIN {tables}items i USING (item_kind, item_id);

CREATE OR REPLACE VIEW {views}.visibilities AS
SELECT item_kind AS kind, item_id AS id, visibility, set_by, string_to_array(events, ' ') AS event_ids, recorded_from, NULL::timestamptz AS recorded_to, from_position, NULL::bigint AS to_position
  FROM {tables}visibilities
UNION ALL
SELECT item_kind AS kind, item_id AS id, visibility, set_by, string_to_array(events, ' ') AS event_ids, recorded_from, recorded_to, from_position, to_position
  FROM {tables}visibilities_ended;

CREATE OR REPLACE VIEW {views}.grants AS
SELECT grant_id, item_kind AS kind, item_id AS id, grantee_type, grantee_id, role,
       coalesce(string_to_array(nullif(withhold, ''), ' '), '{}') AS withhold, starts_at, ends_at,
       provenance, provenance_id, given_by, given_at, string_to_array(events, ' ') AS event_ids, recorded_from, NULL::timestamptz AS recorded_to, from_position, NULL::bigint AS to_position
  FROM {tables}grants
UNION ALL
SELECT grant_id, item_kind AS kind, item_id AS id, grantee_type, grantee_id, role,
       coalesce(string_to_array(nullif(withhold, ''), ' '), '{}') AS withhold, starts_at, ends_at,
       provenance, provenance_id, given_by, given_at, string_to_array(events, ' ') AS event_ids, recorded_from, recorded_to, from_position, to_position
  FROM {tables}grants_ended;

CREATE OR REPLACE VIEW {views}.links AS
SELECT link_id, item_kind AS kind, item_id AS id, role,
       coalesce(string_to_array(nullif(withhold, ''), ' '), '{}') AS withhold, audience, starts_at, ends_at,
       max_visits, joins, has_password, generation, created_by, created_at, string_to_array(events, ' ') AS event_ids, recorded_from, NULL::timestamptz AS recorded_to, from_position, NULL::bigint AS to_position
  FROM {tables}links
UNION ALL
SELECT link_id, item_kind AS kind, item_id AS id, role,
       coalesce(string_to_array(nullif(withhold, ''), ' '), '{}') AS withhold, audience, starts_at, ends_at,
       max_visits, joins, has_password, generation, created_by, created_at, string_to_array(events, ' ') AS event_ids, recorded_from, recorded_to, from_position, to_position
  FROM {tables}links_ended;

-- A grant, link or listing that changes ends one row and begins the next with the same record: neither counts.
CREATE OR REPLACE VIEW {views}.totals_daily AS
WITH happened AS (
  SELECT registered_at AS at, 'item' AS what
    FROM {tables}items
  UNION ALL
  SELECT r.recorded_from, 'grant given'
    FROM (SELECT grant_id, recorded_from, from_position FROM {tables}grants
          UNION ALL
          SELECT grant_id, recorded_from, from_position FROM {tables}grants_ended) r
   WHERE NOT EXISTS (SELECT FROM {tables}grants_ended b
                      WHERE b.grant_id = r.grant_id AND b.to_position = r.from_position)
  UNION ALL
  SELECT r.recorded_to, 'grant ended'
    FROM {tables}grants_ended r
   WHERE NOT EXISTS (SELECT FROM {tables}grants_ended n
                      WHERE n.grant_id = r.grant_id AND n.from_position = r.to_position)
     AND NOT EXISTS (SELECT FROM {tables}grants n
                      WHERE n.grant_id = r.grant_id AND n.from_position = r.to_position)
  UNION ALL
  SELECT r.recorded_from, 'link created'
    FROM (SELECT link_id, recorded_from, from_position FROM {tables}links
          UNION ALL
          SELECT link_id, recorded_from, from_position FROM {tables}links_ended) r
   WHERE NOT EXISTS (SELECT FROM {tables}links_ended b
                      WHERE b.link_id = r.link_id AND b.to_position = r.from_position)
  UNION ALL
  SELECT r.recorded_to, 'link ended'
    FROM {tables}links_ended r
   WHERE NOT EXISTS (SELECT FROM {tables}links_ended n
                      WHERE n.link_id = r.link_id AND n.from_position = r.to_position)
     AND NOT EXISTS (SELECT FROM {tables}links n
                      WHERE n.link_id = r.link_id AND n.from_position = r.to_position)
  UNION ALL
  SELECT r.recorded_from, 'published'
    FROM (SELECT item_kind, item_id, recorded_from, from_position FROM {tables}publications
          UNION ALL
          SELECT item_kind, item_id, recorded_from, from_position FROM {tables}publications_ended) r
   WHERE NOT EXISTS (SELECT FROM {tables}publications_ended b
                      WHERE b.item_kind = r.item_kind AND b.item_id = r.item_id AND b.to_position = r.from_position)
  UNION ALL
  SELECT r.recorded_to, 'unpublished'
    FROM {tables}publications_ended r
   WHERE NOT EXISTS (SELECT FROM {tables}publications_ended n
                      WHERE n.item_kind = r.item_kind AND n.item_id = r.item_id AND n.from_position = r.to_position)
     AND NOT EXISTS (SELECT FROM {tables}publications n
                      WHERE n.item_kind = r.item_kind AND n.item_id = r.item_id AND n.from_position = r.to_position)
), counted AS (
  SELECT date_trunc('day', at AT TIME ZONE 'UTC') AS day, what, count(*) AS number
    FROM happened
   GROUP BY 1, 2
), days AS (
  SELECT generate_series(
           (SELECT min(day) FROM counted),
           (SELECT date_trunc('day', p.time AT TIME ZONE 'UTC') FROM {data}.progress p
             WHERE p.projection = 'access' AND p.live),
           interval '1 day') AS day
), sums AS (
  SELECT d.day,
         coalesce(sum(c.number) FILTER (WHERE c.what = 'item'), 0)::bigint AS items_registered,
         coalesce(sum(c.number) FILTER (WHERE c.what = 'grant given'), 0)::bigint AS grants_given,
         coalesce(sum(c.number) FILTER (WHERE c.what = 'grant ended'), 0)::bigint AS grants_ended,
         coalesce(sum(c.number) FILTER (WHERE c.what = 'link created'), 0)::bigint AS links_created,
         coalesce(sum(c.number) FILTER (WHERE c.what = 'link ended'), 0)::bigint AS links_ended,
         coalesce(sum(c.number) FILTER (WHERE c.what = 'published'), 0)::bigint AS published,
         coalesce(sum(c.number) FILTER (WHERE c.what = 'unpublished'), 0)::bigint AS unpublished
    FROM days d
    LEFT JOIN counted c USING (day)
   GROUP BY d.day
)
SELECT day AT TIME ZONE 'UTC' AS time, items_registered, grants_given, grants_ended, links_created, links_ended,
       published, unpublished,
       (sum(items_registered) OVER running)::bigint AS items,
       (sum(grants_given - grants_ended) OVER running)::bigint AS grants_open,
       (sum(links_created - links_ended) OVER running)::bigint AS links_open,
       (sum(published - unpublished) OVER running)::bigint AS published_open
  FROM sums
WINDOW running AS (ORDER BY day);

COMMENT ON VIEW {views}.accounts IS 'Whether accounts could use their rights, over time. An account without a row can.';
COMMENT ON VIEW {views}.items IS 'Items, their owner and state over time. recorded_to null = still so.';
COMMENT ON VIEW {views}.visibilities IS 'Items open to more than their grants, over time. An item without a row is restricted.';
COMMENT ON VIEW {views}.grants IS 'Grants over time. recorded_*: when the log said so; starts_at, ends_at: when it holds.';
COMMENT ON VIEW {views}.links IS 'Links over time, without anything that opens one.';
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

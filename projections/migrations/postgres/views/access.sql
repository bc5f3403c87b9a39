-- The views over `access`, in force for whichever generation of its tables is read: {tables} stands before their names.
-- Columns are only ever added, at the end; a text that changes raises LEVEL in src/store/postgres/views.rs.

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

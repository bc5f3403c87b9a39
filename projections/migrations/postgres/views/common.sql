-- What belongs to no generation: freshness, comments, rights. Applied with the other texts.

CREATE OR REPLACE VIEW {views}.freshness AS
SELECT p.time, p.projection, p.version, p.position, p.updated_at, p.stopped_position, p.stopped_why, p.generation,
       c.paused_at
  FROM {data}.progress p
  LEFT JOIN {data}.controls c USING (projection)
 WHERE p.live;

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

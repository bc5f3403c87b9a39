-- The views for dashboards over `audit`, in force for the generation of its tables that is read: {tables} stands before
-- their names. Columns are only ever added, at the end; a text that changes raises the level in src/audit.rs.

CREATE OR REPLACE VIEW {views}.audit_trail AS
SELECT e.position || '-' || e.idx AS event_id, e.position, e.time, e.name AS type, e.v, e.actor, e.anonymous,
       e.system, e.app, e.token, e.item_kind || ':' || e.item_id AS item, e.item_kind, e.item_id,
       e.target_type || ':' || e.target_id AS target, e.target_type, e.target_id,
       coalesce(coalesce(e.before, '{}') || (
         SELECT jsonb_object_agg(t.field, CASE WHEN t.field = 'tags' AND t.text LIKE '[%' THEN t.text::jsonb ELSE to_jsonb(t.text) END)
           FROM {tables}texts t
          WHERE t.position = e.position AND t.idx = e.idx AND t.side = 'before'), e.before) AS before,
       coalesce(coalesce(e.after, '{}') || (
         SELECT jsonb_object_agg(t.field, CASE WHEN t.field = 'tags' AND t.text LIKE '[%' THEN t.text::jsonb ELSE to_jsonb(t.text) END)
           FROM {tables}texts t
          WHERE t.position = e.position AND t.idx = e.idx AND t.side = 'after'), e.after) AS after,
       (SELECT t.text FROM {tables}texts t
         WHERE t.position = e.position AND t.idx = e.idx AND t.side = 'reason' AND t.field = '') AS reason,
       e.ticket, e.command, e.undoes, e.source,
       (SELECT r.rules FROM {tables}rules r
         WHERE r.position <= e.position ORDER BY r.position DESC LIMIT 1) AS rules,
       e.sentence AS text
  FROM {tables}events e;

COMMENT ON VIEW {views}.audit_trail IS 'Every recorded event. Texts of erased people are null.';
COMMENT ON COLUMN {views}.audit_trail.event_id IS 'Position and index of the event, e.g. 42-0.';
COMMENT ON COLUMN {views}.audit_trail.type IS 'Stored name, e.g. grant.given.';
COMMENT ON COLUMN {views}.audit_trail.system IS 'Set when the service itself acted: sweeper | start | command-line.';
COMMENT ON COLUMN {views}.audit_trail.target_type IS 'account | group | link | token';
COMMENT ON COLUMN {views}.audit_trail.rules IS 'Version of the role table in force.';
COMMENT ON COLUMN {views}.audit_trail.text IS 'The event in plain words, without private text.';

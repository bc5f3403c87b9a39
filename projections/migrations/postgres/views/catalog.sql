-- The views for dashboards over `catalog`, in force for the generation of its tables that is read: {tables} stands before
-- their names. Columns are only ever added, at the end; a text that changes raises the level in src/catalog.rs.

CREATE OR REPLACE VIEW {views}.published_catalog AS
SELECT e.item_kind AS kind, e.item_id AS id, e.title, e.description,
       ARRAY(SELECT jsonb_array_elements_text(e.tags)) AS tags,
       o.owner, e.slug, e.preview, e.audience, ARRAY(SELECT jsonb_array_elements_text(e.groups)) AS groups,
       e.featured, e.published_at, e.updated_at, e.version
  FROM {tables}entries e
  JOIN {tables}owners o USING (item_kind, item_id);

COMMENT ON VIEW {views}.published_catalog IS 'The catalog now.';
COMMENT ON COLUMN {views}.published_catalog.audience IS 'groups | internal | anyone';

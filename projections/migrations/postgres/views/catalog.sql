-- The views over `catalog`, in force for whichever generation of its tables is read: {tables} stands before their names.
-- Columns are only ever added, at the end; a text that changes raises LEVEL in src/store/postgres/views.rs.

CREATE OR REPLACE VIEW {views}.published_catalog AS
SELECT e.item_kind AS kind, e.item_id AS id, e.title, e.description,
       ARRAY(SELECT jsonb_array_elements_text(e.tags)) AS tags,
       o.owner, e.slug, e.preview, e.audience, ARRAY(SELECT jsonb_array_elements_text(e.groups)) AS groups,
       e.featured, e.published_at, e.updated_at, e.version
  FROM {tables}entries e
  JOIN {tables}owners o USING (item_kind, item_id);

-- +goose Up

-- What a rebuild fills are staging tables, what it replaced are previous tables
-- (docs/glossary.md).
ALTER SCHEMA read_next RENAME TO read_staging;
ALTER SCHEMA read_kept RENAME TO read_previous;
COMMENT ON SCHEMA read_staging IS 'Tables of projections that are being rebuilt; they move to schema read.';
COMMENT ON SCHEMA read_previous IS 'Tables of projections as they were before the last rebuild; they can move back.';

ALTER TABLE rebuilds RENAME COLUMN projector TO projection;
ALTER TABLE rebuilds RENAME CONSTRAINT rebuilds_projector_fkey TO rebuilds_projection_fkey;
ALTER TABLE rebuilds RENAME COLUMN next_position TO staging_position;
ALTER TABLE rebuilds RENAME COLUMN kept_position TO previous_position;
ALTER TABLE rebuilds RENAME COLUMN kept_version TO previous_version;
COMMENT ON TABLE rebuilds IS 'The last rebuild of each projection, or the one under way.';
COMMENT ON COLUMN rebuilds.projection IS 'The projection.';
COMMENT ON COLUMN rebuilds.kind IS 'rebuild, from the first event; or rollback, from the previous tables.';
COMMENT ON COLUMN rebuilds.accepts IS 'Whether the staging tables may differ from those in use.';
COMMENT ON COLUMN rebuilds.version IS 'Version of the code that fills the staging tables.';
COMMENT ON COLUMN rebuilds.staging_position IS 'Every event up to here is in the tables in read_staging; null: there are none.';
COMMENT ON COLUMN rebuilds.moved_at IS 'When staging_position or phase last changed.';
COMMENT ON COLUMN rebuilds.previous_position IS 'Position of the tables in read_previous; null: there are none to go back to.';
COMMENT ON COLUMN rebuilds.previous_version IS 'Version of the code that built those.';

COMMENT ON SCHEMA read IS 'Projections: built from the log, safe to rebuild, written by nobody else. What analysts may read, and all of it.';
COMMENT ON COLUMN read.tickets.internal_comments IS 'Number of internal notes.';

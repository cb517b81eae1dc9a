-- +goose Up

CREATE SCHEMA read_next;
COMMENT ON SCHEMA read_next IS 'Tables of read models that are being built anew; they move to schema read.';
CREATE SCHEMA read_kept;
COMMENT ON SCHEMA read_kept IS 'Tables of read models as they were before they were last built anew; they can move back.';

ALTER TABLE checkpoints
    ADD COLUMN paused_at timestamptz,
    ADD COLUMN version integer NOT NULL DEFAULT 1;
COMMENT ON COLUMN checkpoints.paused_at IS 'Since when an operator holds the follower; null: it follows.';
COMMENT ON COLUMN checkpoints.version IS 'Version of the code that built the tables; another one in the program asks for a rebuild.';

CREATE TABLE rebuilds (
    projector      text PRIMARY KEY REFERENCES checkpoints (name),
    run            uuid NOT NULL,
    kind           text NOT NULL CHECK (kind IN ('rebuild', 'rollback')),
    phase          text NOT NULL CHECK (phase IN ('waiting', 'filling', 'indexing', 'comparing', 'swapping', 'done', 'failed')),
    background     boolean NOT NULL,
    accepts        boolean NOT NULL,
    version        integer NOT NULL,
    next_position  bigint,
    error          text,
    error_position bigint,
    began_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    run_at         timestamptz NOT NULL DEFAULT clock_timestamp(),
    run_from       bigint NOT NULL DEFAULT 0,
    moved_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    ended_at       timestamptz,
    kept_position  bigint,
    kept_version   integer
) WITH (fillfactor = 10);
COMMENT ON TABLE rebuilds IS 'The last rebuild of each read model, or the one under way.';
COMMENT ON COLUMN rebuilds.projector IS 'The projector.';
COMMENT ON COLUMN rebuilds.run IS 'Who is at work on it: a process whose run is not this one any more writes nothing.';
COMMENT ON COLUMN rebuilds.kind IS 'rebuild, from the first event; or rollback, from the tables that were kept.';
COMMENT ON COLUMN rebuilds.phase IS 'waiting, filling, indexing, comparing, swapping, and in the end done or failed.';
COMMENT ON COLUMN rebuilds.background IS 'Whether the service is to do it: then any of its processes goes on with it.';
COMMENT ON COLUMN rebuilds.accepts IS 'Whether the new tables may differ from the old ones.';
COMMENT ON COLUMN rebuilds.version IS 'Version of the code that builds the new tables.';
COMMENT ON COLUMN rebuilds.next_position IS 'Every event up to here is in the tables in read_next; null: there are none.';
COMMENT ON COLUMN rebuilds.error IS 'Why it failed.';
COMMENT ON COLUMN rebuilds.error_position IS 'Position of the event it failed at, where it was one.';
COMMENT ON COLUMN rebuilds.began_at IS 'When it was asked for.';
COMMENT ON COLUMN rebuilds.run_at IS 'When the present run began: an interrupted rebuild has several.';
COMMENT ON COLUMN rebuilds.run_from IS 'The position it began at.';
COMMENT ON COLUMN rebuilds.moved_at IS 'When next_position or phase last changed.';
COMMENT ON COLUMN rebuilds.ended_at IS 'When it was done or failed; null: it is under way.';
COMMENT ON COLUMN rebuilds.kept_position IS 'Position of the tables in read_kept; null: there are none to go back to.';
COMMENT ON COLUMN rebuilds.kept_version IS 'Version of the code that built those.';

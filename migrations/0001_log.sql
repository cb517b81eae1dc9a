-- +goose Up

CREATE TABLE log_head (
    id          smallint PRIMARY KEY DEFAULT 1 CHECK (id = 1),
    position    bigint NOT NULL,
    recorded_at timestamptz NOT NULL
) WITH (fillfactor = 10, autovacuum_vacuum_threshold = 500, autovacuum_vacuum_scale_factor = 0);
COMMENT ON TABLE log_head IS 'One row: the newest position of the log. Its row lock puts appends in commit order.';
COMMENT ON COLUMN log_head.id IS 'Always 1. By its uniqueness the planner knows that there is one row.';
COMMENT ON COLUMN log_head.position IS 'Position of the newest event; 0 while the log is empty.';
COMMENT ON COLUMN log_head.recorded_at IS 'recorded_at of the newest event; the next one is never earlier.';
INSERT INTO log_head (position, recorded_at) VALUES (0, '-infinity');

CREATE TABLE streams (
    stream_id   uuid PRIMARY KEY,
    stream_type text NOT NULL,
    version     integer NOT NULL CHECK (version > 0)
) WITH (fillfactor = 80);
COMMENT ON TABLE streams IS 'One row per stream; the authority for the expected-version check.';
COMMENT ON COLUMN streams.stream_id IS 'Id of the aggregate.';
COMMENT ON COLUMN streams.stream_type IS 'Kind of aggregate: ticket, user.';
COMMENT ON COLUMN streams.version IS 'Version of the newest event of the stream, from 1.';

-- json, not jsonb: the bytes that were written are the bytes that are read.
CREATE TABLE events (
    position       bigint PRIMARY KEY,
    stream_id      uuid NOT NULL,
    stream_type    text NOT NULL,
    version        integer NOT NULL,
    event_id       uuid NOT NULL,
    type           text NOT NULL,
    schema_version integer NOT NULL,
    data           json NOT NULL,
    actor_kind     text NOT NULL,
    actor_id       uuid,
    correlation_id text NOT NULL,
    causation_id   uuid,
    command_id     uuid,
    occurred_at    timestamptz NOT NULL,
    recorded_at    timestamptz NOT NULL,
    CONSTRAINT events_stream_version UNIQUE (stream_id, version)
);
COMMENT ON TABLE events IS 'The log: every change that ever happened, in commit order, never altered.';
COMMENT ON COLUMN events.position IS 'Place in the log: 1, 2, 3 … without a hole, in the order of commit.';
COMMENT ON COLUMN events.stream_id IS 'The aggregate the event belongs to.';
COMMENT ON COLUMN events.stream_type IS 'Kind of aggregate.';
COMMENT ON COLUMN events.version IS 'Place in the stream: 1, 2, 3 … without a hole.';
COMMENT ON COLUMN events.event_id IS 'UUIDv7 made by the writer; tells a lost answer from a lost append.';
COMMENT ON COLUMN events.type IS 'Stored name of the event, such as ticket.assigned.';
COMMENT ON COLUMN events.schema_version IS 'Version of the shape of data.';
COMMENT ON COLUMN events.data IS 'The event itself, the exact bytes written.';
COMMENT ON COLUMN events.actor_kind IS 'user, token, system, timer or import.';
COMMENT ON COLUMN events.actor_id IS 'The person behind it; null for the service itself.';
COMMENT ON COLUMN events.correlation_id IS 'Request that began the chain of causes.';
COMMENT ON COLUMN events.causation_id IS 'Id of the event or timer that directly caused this; null when a person did.';
COMMENT ON COLUMN events.command_id IS 'The command that appended it, where it had an id.';
COMMENT ON COLUMN events.occurred_at IS 'When it happened; earlier than recorded_at only for what was imported.';
COMMENT ON COLUMN events.recorded_at IS 'When the database took it in, by the database clock; never decreases along position.';

CREATE TABLE commands (
    command_id     uuid PRIMARY KEY,
    stream_id      uuid NOT NULL,
    first_position bigint NOT NULL,
    last_position  bigint NOT NULL,
    version        integer NOT NULL,
    recorded_at    timestamptz NOT NULL
);
COMMENT ON TABLE commands IS 'Commands that were carried out, so that a repeat is recognised.';
COMMENT ON COLUMN commands.command_id IS 'From the Idempotency-Key, or the id of an outbox row.';
COMMENT ON COLUMN commands.stream_id IS 'Stream the command appended to.';
COMMENT ON COLUMN commands.first_position IS 'Position of its first event.';
COMMENT ON COLUMN commands.last_position IS 'Position of its last event.';
COMMENT ON COLUMN commands.version IS 'Version of the stream after it.';
COMMENT ON COLUMN commands.recorded_at IS 'When it was carried out; old rows may be removed after the promised 24 hours.';
CREATE INDEX commands_recorded_at ON commands (recorded_at);

-- +goose StatementBegin
CREATE FUNCTION refuse_change_of_history() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the log is append-only: % on % is refused', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;
-- +goose StatementEnd
CREATE TRIGGER events_are_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_history();

CREATE SEQUENCE ticket_numbers;
COMMENT ON SEQUENCE ticket_numbers IS 'The human numbers of tickets.';

CREATE TABLE checkpoints (
    name     text PRIMARY KEY,
    position bigint NOT NULL DEFAULT 0,
    moved_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 10, autovacuum_vacuum_threshold = 500, autovacuum_vacuum_scale_factor = 0);
COMMENT ON TABLE checkpoints IS 'How far each follower of the log has come.';
COMMENT ON COLUMN checkpoints.name IS 'The follower.';
COMMENT ON COLUMN checkpoints.position IS 'Every event up to here was applied or parked.';
COMMENT ON COLUMN checkpoints.moved_at IS 'When the position last moved.';

CREATE TABLE parked_events (
    follower  text NOT NULL REFERENCES checkpoints (name),
    position  bigint NOT NULL,
    stream_id uuid NOT NULL,
    error     text NOT NULL,
    parked_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (follower, position)
);
COMMENT ON TABLE parked_events IS 'Events a follower could not apply, and those of the same streams behind them.';
COMMENT ON COLUMN parked_events.follower IS 'The follower that is missing the event.';
COMMENT ON COLUMN parked_events.position IS 'Position of the event.';
COMMENT ON COLUMN parked_events.stream_id IS 'Its stream: later events of it wait here too, to keep their order.';
COMMENT ON COLUMN parked_events.error IS 'Why it was not applied.';
COMMENT ON COLUMN parked_events.parked_at IS 'When it was set aside.';
CREATE INDEX parked_events_stream ON parked_events (follower, stream_id);

CREATE TABLE service_keys (
    name       text PRIMARY KEY,
    key        bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE service_keys IS 'Random keys that every process of the service shares.';
COMMENT ON COLUMN service_keys.name IS 'What the key is for.';
COMMENT ON COLUMN service_keys.key IS 'The key, 32 random bytes.';
COMMENT ON COLUMN service_keys.created_at IS 'When it was made.';

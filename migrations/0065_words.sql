-- +goose Up

-- Tables, columns and followers get the names that the rest of the field knows them by
-- (docs/glossary.md).
ALTER TABLE answers RENAME TO idempotency_keys;
ALTER INDEX answers_pkey RENAME TO idempotency_keys_pkey;
ALTER INDEX answers_created RENAME TO idempotency_keys_created;

ALTER TABLE parked_events RENAME TO failed_events;
ALTER TABLE failed_events RENAME COLUMN parked_at TO failed_at;
ALTER INDEX parked_events_pkey RENAME TO failed_events_pkey;
ALTER INDEX parked_events_stream RENAME TO failed_events_stream;
ALTER TABLE failed_events RENAME CONSTRAINT parked_events_follower_fkey TO failed_events_follower_fkey;
ALTER VIEW read.projection_status RENAME COLUMN parked_events TO failed_events;

ALTER TABLE saga.outbox RENAME COLUMN parked_at TO failed_at;
ALTER INDEX saga.outbox_parked RENAME TO outbox_failed;
ALTER TABLE saga.letters_from RENAME TO emails_from;
ALTER SEQUENCE saga.claimants RENAME TO workers;

-- Commands that wait to be carried out name the email by the new word.
UPDATE saga.outbox
SET payload = (payload::jsonb - 'letter' || jsonb_build_object('email', payload::jsonb -> 'letter'))::json
WHERE payload::jsonb ? 'letter';

-- A follower goes on under its new name from where it was under the old one. An older
-- process cannot go on beside it: the name it knows is refused.
INSERT INTO checkpoints SELECT (jsonb_populate_record(c, '{"name": "emails"}')).*
FROM checkpoints AS c WHERE c.name = 'letters' FOR UPDATE;
UPDATE failed_events SET follower = 'emails' WHERE follower = 'letters';
DELETE FROM checkpoints WHERE name = 'letters';
ALTER TABLE checkpoints DROP CONSTRAINT follower_of_an_older_program;
ALTER TABLE checkpoints ADD CONSTRAINT follower_of_an_older_program
    CHECK (name NOT IN ('ticket_measures', 'ticket_reports', 'ticket_search', 'letters'));

-- Tables that a rebuild fills, or that it replaced, have the same columns.
-- +goose StatementBegin
DO $$
DECLARE
    c record;
BEGIN
    FOR c IN
        SELECT table_schema, table_name, column_name
        FROM information_schema.columns
        WHERE table_schema IN ('read', 'read_next', 'read_kept') AND column_name IN ('came_at', 'came_position')
    LOOP
        EXECUTE format('ALTER TABLE %I.%I RENAME COLUMN %I TO %I',
            c.table_schema, c.table_name, c.column_name, replace(c.column_name, 'came_', 'entered_'));
    END LOOP;
    -- The columns of an index keep the name that the table's had when it was made.
    FOR c IN
        SELECT n.nspname, i.relname, a.attname
        FROM pg_attribute AS a
        JOIN pg_class AS i ON i.oid = a.attrelid AND i.relkind = 'i'
        JOIN pg_namespace AS n ON n.oid = i.relnamespace
        WHERE n.nspname IN ('read', 'read_next', 'read_kept') AND a.attname IN ('came_at', 'came_position')
    LOOP
        EXECUTE format('ALTER TABLE %I.%I RENAME COLUMN %I TO %I',
            c.nspname, c.relname, c.attname, replace(c.attname, 'came_', 'entered_'));
    END LOOP;
END
$$;
-- +goose StatementEnd

-- What tables and columns are for is said in the same words.
-- +goose StatementBegin
DO $$
DECLARE
    d record;
    kind text;
    words text;
BEGIN
    FOR d IN
        SELECT c.oid, c.relkind, c.oid::regclass AS relation, a.attname, p.description
        FROM pg_description AS p
        JOIN pg_class AS c ON p.classoid = 'pg_class'::regclass AND c.oid = p.objoid
        LEFT JOIN pg_attribute AS a ON p.objsubid > 0 AND a.attrelid = c.oid AND a.attnum = p.objsubid
        WHERE c.relnamespace IN (SELECT oid FROM pg_namespace WHERE nspname IN ('public', 'saga', 'read'))
            AND c.relkind IN ('r', 'v', 'S')
            AND p.description ~ '[Ll]etter|among staff|[Pp]arked|[Pp]rojector|want(s)? work|set aside|wanted work|carr(y|ies) out commands'
    LOOP
        words := d.description;
        words := replace(words, 'the letters process manager', 'the process manager of email notifications');
        words := replace(words, 'a letter', 'an email notification');
        words := replace(words, 'letter', 'email notification');
        words := replace(words, 'Letter', 'Email notification');
        words := replace(words, 'notes among staff', 'internal notes');
        words := replace(words, 'note among staff', 'internal note');
        words := replace(words, 'parked', 'failed');
        words := replace(words, 'projector', 'projection');
        words := replace(words, 'Projector', 'Projection');
        words := replace(words, 'that want work', 'that are active');
        words := replace(words, 'it wants work', 'it is active');
        words := replace(words, 'When it was set aside.', 'When it failed.');
        kind := CASE d.relkind WHEN 'v' THEN 'VIEW' WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END;
        IF d.attname IS NULL THEN
            EXECUTE format('COMMENT ON %s %s IS %L', kind, d.relation, words);
        ELSE
            EXECUTE format('COMMENT ON COLUMN %s.%I IS %L', d.relation, d.attname, words);
        END IF;
    END LOOP;
END
$$;
-- +goose StatementEnd

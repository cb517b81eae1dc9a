-- +goose Up

-- Words of a new text are put behind those its ticket has, and a ticket of which a text
-- changed is read from the log anew: the words of each text are not kept. The follower
-- has another name, for an older process would go on with the words of each text.
ALTER TABLE read.ticket_search
    ADD COLUMN chars integer NOT NULL DEFAULT 0,
    ADD COLUMN public_chars integer NOT NULL DEFAULT 0;
DROP INDEX read.ticket_search_public, read.ticket_search_all; -- made again when the rows are written
UPDATE read.ticket_search AS s SET chars = t.chars, public_chars = t.public_chars
FROM (
    SELECT ticket_id, sum(chars) AS chars, coalesce(sum(chars) FILTER (WHERE NOT internal), 0) AS public_chars
    FROM read.search_texts
    GROUP BY ticket_id
) AS t
WHERE t.ticket_id = s.ticket_id;
CREATE INDEX ticket_search_public ON read.ticket_search USING gin (public_words);
CREATE INDEX ticket_search_all ON read.ticket_search USING gin (all_words);
COMMENT ON COLUMN read.ticket_search.chars IS 'Characters of all its texts; the first 100,000 are searched.';
COMMENT ON COLUMN read.ticket_search.public_chars IS 'Characters of those that are no internal notes.';
DROP TABLE read.search_texts;
DROP TABLE IF EXISTS read_staging.search_texts, read_staging.ticket_search, read_staging.active_search;
DROP TABLE IF EXISTS read_previous.search_texts, read_previous.ticket_search, read_previous.active_search;
DELETE FROM rebuilds WHERE projection = 'text_search';

INSERT INTO checkpoints SELECT (jsonb_populate_record(c, '{"name": "ticket_words"}')).*
FROM checkpoints AS c WHERE c.name = 'text_search' FOR UPDATE;
UPDATE failed_events SET follower = 'ticket_words' WHERE follower = 'text_search';
DELETE FROM checkpoints WHERE name = 'text_search';
ALTER TABLE checkpoints DROP CONSTRAINT follower_of_an_older_program;
ALTER TABLE checkpoints ADD CONSTRAINT follower_of_an_older_program
    CHECK (name NOT IN ('ticket_measures', 'ticket_reports', 'ticket_search', 'letters', 'text_search'));

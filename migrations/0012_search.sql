-- +goose Up

CREATE AGGREGATE read.words_together (tsvector) (SFUNC = tsvector_concat, STYPE = tsvector);
COMMENT ON AGGREGATE read.words_together (tsvector) IS 'One text search vector of several, in their order.';

CREATE TABLE read.search_texts (
    ticket_id uuid NOT NULL,
    part      uuid NOT NULL,
    internal  boolean NOT NULL,
    position  bigint NOT NULL,
    chars     integer NOT NULL,
    words     tsvector NOT NULL,
    PRIMARY KEY (ticket_id, part)
);
COMMENT ON TABLE read.search_texts IS 'The words of each title, description and comment, from which read.ticket_search is put together.';
COMMENT ON COLUMN read.search_texts.ticket_id IS 'The ticket.';
COMMENT ON COLUMN read.search_texts.part IS 'The comment; for the title an id that ends in 1, for the description in 2.';
COMMENT ON COLUMN read.search_texts.internal IS 'Whether it is a note among staff.';
COMMENT ON COLUMN read.search_texts.position IS 'Position of the event that first brought it.';
COMMENT ON COLUMN read.search_texts.chars IS 'Length of the text in characters.';
COMMENT ON COLUMN read.search_texts.words IS 'Its words: of a title with weight A, a description B, a comment C.';

CREATE TABLE read.ticket_search (
    ticket_id    uuid PRIMARY KEY,
    public_words tsvector NOT NULL,
    all_words    tsvector
);
COMMENT ON TABLE read.ticket_search IS 'The words of each ticket that was not deleted, its comments'' among them, for the search by text.';
COMMENT ON COLUMN read.ticket_search.ticket_id IS 'The ticket.';
COMMENT ON COLUMN read.ticket_search.public_words IS 'Words of title, description and public comments.';
COMMENT ON COLUMN read.ticket_search.all_words IS 'The same with those of notes among staff; null: there are none.';
CREATE INDEX ticket_search_public ON read.ticket_search USING gin (public_words);
CREATE INDEX ticket_search_all ON read.ticket_search USING gin (all_words);

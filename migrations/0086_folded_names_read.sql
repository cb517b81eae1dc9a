-- +goose Up

-- People are found without regard to accents.
CREATE FUNCTION read.folded(text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN translate(replace(lower(regexp_replace(normalize($1, NFKD), '[\u0300-\u036f]', '', 'g')), 'ß', 'ss'), 'øłđı', 'oldi');
COMMENT ON FUNCTION read.folded(text) IS 'A name as searches compare it: without case and accents.';
DROP INDEX read.users_names, read.users_search;
CREATE INDEX users_names ON read.users USING gin (read.folded(username || ' ' || first_name || ' ' || last_name) gin_trgm_ops);
CREATE INDEX users_search ON read.users USING gin (read.folded(username || ' ' || first_name || ' ' || last_name || ' ' || email) gin_trgm_ops);
-- Tables whose indexes are others are neither gone on with nor back to.
UPDATE rebuilds SET staging_position = NULL, previous_position = NULL WHERE projection = 'user_list';

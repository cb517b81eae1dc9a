-- +goose Up

CREATE SCHEMA audit;
COMMENT ON SCHEMA audit IS 'The Merkle tree over the log, and what was signed of it.';

CREATE TABLE audit.tiles (
    level      smallint NOT NULL,
    tile_index bigint NOT NULL,
    hashes     bytea NOT NULL CHECK (octet_length(hashes) = 8192),
    PRIMARY KEY (level, tile_index)
);
ALTER TABLE audit.tiles ALTER hashes SET STORAGE EXTERNAL; -- hashes do not compress
COMMENT ON TABLE audit.tiles IS 'The full tiles of the tree (C2SP tlog-tiles): 256 hashes each, never altered.';
COMMENT ON COLUMN audit.tiles.level IS 'Level of the tile; 0 holds the hashes of entries.';
COMMENT ON COLUMN audit.tiles.tile_index IS 'Place of the tile in its level, from 0.';
COMMENT ON COLUMN audit.tiles.hashes IS 'Its 256 hashes of 32 bytes, one after the other.';
CREATE TRIGGER tiles_are_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON audit.tiles
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_history();

CREATE TABLE audit.edge (
    level      smallint PRIMARY KEY,
    tile_index bigint NOT NULL,
    hashes     bytea NOT NULL CHECK (octet_length(hashes) % 32 = 0 AND octet_length(hashes) < 8192)
) WITH (autovacuum_vacuum_threshold = 500, autovacuum_vacuum_scale_factor = 0);
ALTER TABLE audit.edge ALTER hashes SET STORAGE EXTERNAL;
COMMENT ON TABLE audit.edge IS 'The tiles at the right edge of the tree, one a level, that are not full yet.';
COMMENT ON COLUMN audit.edge.level IS 'Level of the tile. The row of level 0 is always there: it says how large the tree is.';
COMMENT ON COLUMN audit.edge.tile_index IS 'Place of the tile in its level.';
COMMENT ON COLUMN audit.edge.hashes IS 'The hashes that are there, up to 255.';
INSERT INTO audit.edge (level, tile_index, hashes) VALUES (0, 0, '');

CREATE TABLE audit.keys (
    id          integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    vkey        text NOT NULL UNIQUE,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    size        bigint NOT NULL DEFAULT 0,
    checkpoint  text,
    signed_at   timestamptz
) WITH (fillfactor = 50);
COMMENT ON TABLE audit.keys IS 'The keys that checkpoints are signed with, the present one last, and what each signed last.';
COMMENT ON COLUMN audit.keys.id IS 'Order of the keys.';
COMMENT ON COLUMN audit.keys.vkey IS 'The public key, as signed notes write it.';
COMMENT ON COLUMN audit.keys.recorded_at IS 'When it was taken into use.';
COMMENT ON COLUMN audit.keys.size IS 'Size of the tree that its newest checkpoint names; 0: it signed none.';
COMMENT ON COLUMN audit.keys.checkpoint IS 'Its newest checkpoint, a signed note (C2SP tlog-checkpoint).';
COMMENT ON COLUMN audit.keys.signed_at IS 'When that was signed.';

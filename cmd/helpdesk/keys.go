package main

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"

	"github.com/jackc/pgx/v5/pgxpool"

	"helpdesk/eventstore"
	"helpdesk/keyring"
)

// keyConns is how many database connections the keys of people take. They are
// the ring's own, for whoever wants a key may hold one of another pool.
const keyConns = 2

// codec returns the codec of all events, which opens and seals the texts of
// people in a database, and the pool it takes their keys through.
func (c Config) codec(ctx context.Context, db *database, log *slog.Logger) (*eventstore.Codec, *pgxpool.Pool, error) {
	master, err := c.master(log)
	if err != nil {
		return nil, nil, err
	}
	pool, err := db.connect(ctx, "helpdesk keys", keyConns, nil)
	if err != nil {
		return nil, nil, err
	}
	ring, err := keyring.Open(ctx, pool, master)
	if err != nil {
		pool.Close()
		return nil, nil, fmt.Errorf("HELPDESK_MASTER_KEY or %s: %w", c.masterFile(), err)
	}
	return eventstore.NewCodec(ring), pool, nil
}

func (c Config) masterFile() string { return filepath.Join(c.DataDir, "keys", "master.key") }

// master returns the master key that is configured, else that of its file.
func (c Config) master(log *slog.Logger) (keyring.Master, error) {
	if c.MasterKey != "" {
		master, err := keyring.ParseMaster(c.MasterKey)
		if err != nil {
			return master, fmt.Errorf("HELPDESK_MASTER_KEY: %w", err)
		}
		return master, nil
	}
	master, made, err := keyring.MasterFile(c.masterFile())
	if made {
		log.Info("made the master key: keep a copy of it apart from backups of the database", "file", c.masterFile())
	}
	return master, err
}

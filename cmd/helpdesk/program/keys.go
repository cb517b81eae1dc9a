package program

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/jackc/pgx/v5/pgxpool"

	"helpdesk/cmd/helpdesk/config"
	"helpdesk/eventstore"
	"helpdesk/keyring"
)

// keyConns is how many database connections the keys of people take. They are
// the ring's own, for whoever wants a key may hold one of another pool.
const keyConns = 2

// Open returns the codec of all events, which opens and seals the texts of
// people in a database, and the pool it takes their keys through.
func (m Modules) Open(ctx context.Context, c config.Config, db *Database, log *slog.Logger) (_ *eventstore.Codec, _ *pgxpool.Pool, err error) {
	pool, err := db.connect(ctx, db.ServiceURL, "helpdesk keys", keyConns, ofKeys, nil)
	if err != nil {
		return nil, nil, err
	}
	defer func() {
		if err != nil {
			pool.Close()
		}
	}()
	// A key is made for a database that has none. Of one that was lost another would
	// take the place, and hide that.
	begun, err := keyring.Begun(ctx, pool)
	if err != nil {
		return nil, nil, err
	}
	find := c.Master
	if db.Use != Share && !begun {
		find = func() (keyring.Master, error) { return c.MakeMaster(log) }
	}
	master, err := find()
	if err != nil {
		return nil, nil, err
	}
	ring, err := keyring.Open(ctx, pool, master)
	if err != nil {
		return nil, nil, fmt.Errorf("HELPDESK_MASTER_KEY or %s: %w", c.MasterFile(), err)
	}
	return m.Codec(ring), pool, nil
}

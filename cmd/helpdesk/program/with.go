package program

import (
	"context"
	"errors"
	"os"

	"helpdesk/cmd/helpdesk/config"
)

// WithDatabase runs an operator's command on the configured database, migrated.
func (m Modules) WithDatabase(ctx context.Context, use Use, work func(context.Context, config.Config, *Database) error) error {
	return m.withDatabase(ctx, use, func(ctx context.Context, c config.Config, db *Database) error {
		if err := db.Migrate(ctx); err != nil {
			return err
		}
		return work(ctx, c, db)
	})
}

// WithDatabaseAsItIs runs an operator's command on the configured database,
// whatever the version of its schema.
func (m Modules) WithDatabaseAsItIs(ctx context.Context, work func(context.Context, config.Config, *Database) error) error {
	return m.withDatabase(ctx, Share, work)
}

func (m Modules) withDatabase(ctx context.Context, use Use, work func(context.Context, config.Config, *Database) error) (err error) {
	c, _, err := m.Load(os.Environ())
	if err != nil {
		return err
	}
	db, err := Open(ctx, c, c.Logger(os.Stderr), use)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if use == Share {
		if err := db.begun(ctx); err != nil {
			return err
		}
	}
	return work(ctx, c, db)
}

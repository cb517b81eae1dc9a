package eventstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// undoTimeout bounds the undoing of a savepoint, whose own time may be up.
const undoTimeout = 5 * time.Second

// errIgnored means that Apply went on after a statement had failed: Postgres
// takes nothing more in that savepoint.
var errIgnored = errors.New("an error of the database was ignored")

// inSavepoint runs fn in a savepoint of tx and undoes what it wrote when it
// fails or panics. [pgx.BeginFunc] will not do: once ctx has ended it undoes
// nothing, and what is left would be committed with the transaction. Where even
// this fails, the connection is closed, and the transaction with it.
func inSavepoint(ctx context.Context, tx pgx.Tx, fn func(pgx.Tx) error) (err error) {
	savepoint, err := tx.Begin(ctx)
	if err != nil {
		return fmt.Errorf("set a savepoint: %w", err)
	}
	released := false
	defer func() {
		if released {
			return
		}
		undo, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoTimeout)
		defer cancel()
		if savepoint.Rollback(undo) != nil {
			_ = tx.Conn().Close(undo) // it cannot be used any more either way
		}
	}()
	if err := fn(savepoint); err != nil {
		return err
	}
	if tx.Conn().PgConn().TxStatus() == 'E' {
		return errIgnored
	}
	if err := savepoint.Commit(ctx); err != nil {
		return fmt.Errorf("release the savepoint: %w", err)
	}
	released = true
	return nil
}

package follow

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
		if !released {
			undoing(ctx, tx, savepoint.Rollback)
		}
	}()
	if err := noneIgnored(tx, fn(savepoint)); err != nil {
		return err
	}
	if err := savepoint.Commit(ctx); err != nil {
		return fmt.Errorf("release the savepoint: %w", err)
	}
	released = true
	return nil
}

// The savepoint of a page costs no round trip: it is set together with the
// first statements, and released by the acknowledgement.
const (
	setPageSQL     = `SAVEPOINT page`
	undoPageSQL    = `ROLLBACK TO SAVEPOINT page`
	releasePageSQL = `RELEASE SAVEPOINT page`
)

// setSavepoint sets the savepoint that the acknowledgement releases, for a message
// with nothing to be done.
func setSavepoint(ctx context.Context, tx pgx.Tx) error {
	if _, err := tx.Exec(ctx, setPageSQL); err != nil {
		return fmt.Errorf("set a savepoint: %w", err)
	}
	return nil
}

// inPageSavepoint is [inSavepoint] for the savepoint of a page, which fn has to
// set first.
func inPageSavepoint(ctx context.Context, tx pgx.Tx, fn func() error) (err error) {
	done := false
	defer func() {
		if done {
			return
		}
		undoing(ctx, tx, func(undo context.Context) error {
			_, err := tx.Exec(undo, undoPageSQL)
			return err
		})
	}()
	if err := noneIgnored(tx, fn()); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil { // whatever fn says: it may have given up half way
		return err
	}
	done = true
	return nil
}

// undoing undoes what was written since a savepoint, whatever has ended.
func undoing(ctx context.Context, tx pgx.Tx, undo func(context.Context) error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoTimeout)
	defer cancel()
	if undo(ctx) != nil {
		_ = tx.Conn().Close(ctx) // it cannot be used any more either way
	}
}

// noneIgnored returns err, or [errIgnored] when there should be one.
func noneIgnored(tx pgx.Tx, err error) error {
	if err == nil && tx.Conn().PgConn().TxStatus() == 'E' {
		return errIgnored
	}
	return err
}

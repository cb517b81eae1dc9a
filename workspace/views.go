package workspace

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"helpdesk/domain"
	"helpdesk/eventstore"
)

// Bounds of saved views.
const (
	MaxViews = 30 // a person
	NameMax  = 60 // characters
	queryMax = 1_000
)

// ErrTooManyViews: [MaxViews] are enough.
var ErrTooManyViews = &domain.Error{
	Kind: domain.KindRejected, Code: "too_many_views", Message: fmt.Sprintf("you have %d views; remove one", MaxViews), Field: "name",
}

// View is a view of the queue that somebody saved.
type View struct {
	Name  string `json:"name"`
	Query string `json:"query"` // of the page's address
}

// Views keeps saved views. It is safe for concurrent use, by several processes
// too.
type Views struct{ pool *pgxpool.Pool }

// NewViews makes it over a pool.
func NewViews(pool *pgxpool.Pool) *Views { return &Views{pool: pool} }

// List returns the person's views, by name.
func (v *Views) List(ctx context.Context, owner domain.UserID) ([]View, error) {
	const q = `SELECT name, query FROM saved_views WHERE user_id = $1 ORDER BY lower(name), name`
	rows, _ := v.pool.Query(ctx, q, owner.UUID) // CollectRows answers its error
	views, err := pgx.CollectRows(rows, pgx.RowToStructByName[View])
	if err != nil {
		return nil, eventstore.Unreachable(fmt.Errorf("list saved views: %w", err))
	}
	return views, nil
}

// Save keeps a view under its name, in the place of one of that name. It refuses
// with [ErrTooManyViews], and a name or query out of shape as [domain.Line] does.
func (v *Views) Save(ctx context.Context, owner domain.UserID, view View) error {
	name, err := domain.Line("name", view.Name, NameMax)
	if err != nil {
		return err
	}
	if len(view.Query) > queryMax {
		return domain.ErrTooLong.On("query")
	}
	// Two at once may come to one more than allowed: that harms nobody.
	const q = `
		INSERT INTO saved_views (user_id, name, query)
		SELECT $1, $2, $3
		WHERE (SELECT count(*) FROM saved_views WHERE user_id = $1 AND name <> $2) < $4
		ON CONFLICT (user_id, name) DO UPDATE
		SET query = excluded.query,
		    created_at = now()`
	tag, err := v.pool.Exec(ctx, q, owner.UUID, name, view.Query, MaxViews)
	if err != nil {
		return eventstore.Unreachable(fmt.Errorf("save a view: %w", err))
	}
	if tag.RowsAffected() == 0 {
		return ErrTooManyViews
	}
	return nil
}

// Remove forgets a view. That there is none is no error.
func (v *Views) Remove(ctx context.Context, owner domain.UserID, name string) error {
	const q = `DELETE FROM saved_views WHERE user_id = $1 AND name = $2`
	if _, err := v.pool.Exec(ctx, q, owner.UUID, name); err != nil {
		return eventstore.Unreachable(fmt.Errorf("remove a saved view: %w", err))
	}
	return nil
}

// Forget removes all that is kept of a person, within the transaction that
// erases them.
func Forget(person uuid.UUID) eventstore.InTx {
	return func(ctx context.Context, tx pgx.Tx) error {
		for _, q := range []string{
			`DELETE FROM saved_views WHERE user_id = $1`,
			`DELETE FROM ticket_viewers WHERE user_id = $1`,
		} {
			if _, err := tx.Exec(ctx, q, person); err != nil {
				return fmt.Errorf("forget the workspace of %s: %w", person, err)
			}
		}
		return nil
	}
}

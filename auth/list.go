package auth

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"helpdesk/domain/user"
)

// Each calls f with every account, by username, until it returns an error.
func (a *Accounts) Each(ctx context.Context, f func(user.Account) error) error {
	const q = `
		SELECT user_id AS id,
		       username,
		       email,
		       role,
		       is_active AS active
		FROM accounts
		ORDER BY lower(username)`
	rows, _ := a.pool.Query(ctx, q) // ForEachRow returns its error
	var account user.Account
	columns := []any{&account.ID, &account.Username, &account.Email, &account.Role, &account.Active}
	if _, err := pgx.ForEachRow(rows, columns, func() error { return f(account) }); err != nil {
		return fmt.Errorf("list the accounts: %w", err)
	}
	return nil
}

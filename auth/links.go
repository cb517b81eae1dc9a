package auth

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"helpdesk/domain"
	"helpdesk/domain/user"
	"helpdesk/eventstore"
)

// ErrNoLink is the one answer to a password link that sets nothing, whatever the reason.
var ErrNoLink = &domain.Error{
	Kind: domain.KindNotFound, Code: "link_not_valid",
	Message: "this link was used, replaced or is older than a day: ask an admin for a new one",
}

// NewLink returns a token for a password link, and the hash that is stored of it.
func NewLink() (token string, hash []byte) {
	token = newToken()
	return token, tokenHash(token)
}

// KeepLink stores the hash of a password link of an active account, in place of an earlier
// one: [user.ErrInactive] where it is not active any more.
func (*Accounts) KeepLink(id user.ID, hash []byte, until time.Time) eventstore.InTx {
	return func(ctx context.Context, tx pgx.Tx) error {
		a, err := lockAccount(ctx, tx, id)
		if err != nil {
			return err
		}
		if !a.Active {
			return user.ErrInactive
		}
		const q = `
			INSERT INTO password_links (user_id, token_hash, expires_at)
			VALUES ($1, $2, $3)
			ON CONFLICT (user_id) DO UPDATE
			SET token_hash = excluded.token_hash,
			    created_at = now(),
			    expires_at = excluded.expires_at`
		if _, err := tx.Exec(ctx, q, id.UUID, hash, until); err != nil {
			return fmt.Errorf("store a password link of account %s: %w", id, err)
		}
		return nil
	}
}

// SetPassword stores the hash and ends every session of the person but the one
// with the token hash keep; nil keeps none. A password link ends, too. API tokens stay: they were made to
// outlive sign-ins, and nobody can make one without a session.
func (*Accounts) SetPassword(id user.ID, passwordHash string, keep []byte) eventstore.InTx {
	return func(ctx context.Context, tx pgx.Tx) error {
		const q = `
			UPDATE accounts
			SET password_hash = $2,
			    password_changed_at = now()
			WHERE user_id = $1`
		tag, err := tx.Exec(ctx, q, id.UUID, passwordHash)
		if err != nil {
			return fmt.Errorf("set the password of account %s: %w", id, err)
		}
		if tag.RowsAffected() == 0 {
			return fmt.Errorf("set the password of account %s: %w", id, domain.ErrNotFound)
		}
		if err := endLink(ctx, tx, id); err != nil {
			return err
		}
		return endSessions(ctx, tx, id, keep)
	}
}

// UseLink is [Accounts.SetPassword] by the link with this hash, which is used up:
// [ErrNoLink] where it is not there any more. No session is kept.
func (a *Accounts) UseLink(id user.ID, passwordHash string, hash []byte) eventstore.InTx {
	return func(ctx context.Context, tx pgx.Tx) error {
		// The row's lock: of two who use the link at once, one finds it gone.
		const q = `
			DELETE FROM password_links
			WHERE user_id = $1
			  AND token_hash = $2
			  AND expires_at > now()`
		tag, err := tx.Exec(ctx, q, id.UUID, hash)
		if err != nil {
			return fmt.Errorf("use a password link of account %s: %w", id, err)
		}
		if tag.RowsAffected() == 0 {
			return ErrNoLink
		}
		return a.SetPassword(id, passwordHash, nil)(ctx, tx)
	}
}

// Linked returns the active account whose password the link with this token sets, and the
// hash of the token, else [ErrNoLink].
func (a *Accounts) Linked(ctx context.Context, token string) (user.Account, []byte, error) {
	const q = selectLogin + `
		JOIN password_links USING (user_id)
		WHERE token_hash = $1
		  AND expires_at > now()
		  AND is_active`
	hash := tokenHash(token)
	l, err := a.one(ctx, q, hash)
	if errors.Is(err, domain.ErrNotFound) {
		err = ErrNoLink
	}
	return l.Account, hash, err
}

// endLink ends the person's password link, if there is one.
func endLink(ctx context.Context, tx pgx.Tx, id user.ID) error {
	if _, err := tx.Exec(ctx, `DELETE FROM password_links WHERE user_id = $1`, id.UUID); err != nil {
		return fmt.Errorf("end the password link of account %s: %w", id, err)
	}
	return nil
}

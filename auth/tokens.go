package auth

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"helpdesk/domain"
	"helpdesk/domain/access"
	"helpdesk/domain/user"
	"helpdesk/eventstore"
	"helpdesk/internal/batch"
)

// TokenPrefix begins every API token, so that one that leaked is recognised.
const TokenPrefix = "hd_"

// MaxTokens is how many API tokens a person may have.
const MaxTokens = 100

// Refusals of API tokens.
var (
	// ErrNoToken is the one answer to an API token that opens nothing, whatever
	// the reason.
	ErrNoToken = &domain.Error{Kind: domain.KindUnauthenticated, Code: "invalid_token", Message: "the token is unknown, revoked or expired"}
	// ErrTooManyTokens: [MaxTokens] are enough.
	ErrTooManyTokens = &domain.Error{Kind: domain.KindRejected, Code: "too_many_tokens", Message: fmt.Sprintf("you have %d tokens; revoke one", MaxTokens)}
)

// Token is an API token without its secret.
type Token struct {
	ID         uuid.UUID  `json:"id"`
	Name       string     `json:"name"`
	ReadOnly   bool       `json:"read_only"` // whether it may only read
	CreatedAt  time.Time  `json:"created_at"`
	ExpiresAt  *time.Time `json:"expires_at"`   // nil: never
	LastUsedAt *time.Time `json:"last_used_at"` // nil: never; no more than a minute late
	// UseDue: the use of the token, which was looked up, was not recorded
	// within the last hour; see [Tokens.RecordUse].
	UseDue bool `json:"-" db:"-"`
}

// Tokens is the API tokens, in the table tokens. It is safe for concurrent
// use, by several processes too. Instants are the database's.
type Tokens struct {
	pool  *pgxpool.Pool
	found *batch.Queries[[]byte, foundToken]
}

// NewTokens keeps tokens beside the accounts they are for.
func NewTokens(accounts *Accounts) *Tokens {
	ts := &Tokens{pool: accounts.pool}
	ts.found = batch.New(ts.find)
	return ts
}

const tokenColumns = `id, name, read_only, created_at, expires_at, last_used_at`

// Create makes a token of the person's under t's id, with its name, expiry and
// whether it may only read, and returns its secret, which is stored nowhere.
// Where the id is there already, an attempt that did not live to tell made it:
// its secret is replaced. It refuses with [ErrTooManyTokens], and with
// [ErrNoSession] when there is no such active account. Tokens of the person that
// have expired are removed.
func (ts *Tokens) Create(ctx context.Context, owner user.ID, t Token) (secret string, made Token, err error) {
	secret = TokenPrefix + newToken()
	err = pgx.BeginFunc(ctx, ts.pool, func(tx pgx.Tx) error {
		// The account's lock: a deactivation sees this token, or is seen here; and
		// two at once cannot both be the hundredth.
		a, err := lockAccount(ctx, tx, owner)
		if errors.Is(err, domain.ErrNotFound) || (err == nil && !a.Active) {
			return ErrNoSession
		}
		if err != nil {
			return err
		}
		if err := makeRoom(ctx, tx, owner, t.ID); err != nil {
			return err
		}
		const q = `
			INSERT INTO tokens AS t (id, user_id, name, token_hash, read_only, expires_at)
			VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (id) DO UPDATE SET token_hash = excluded.token_hash
			WHERE t.user_id = excluded.user_id
			RETURNING ` + tokenColumns
		rows, _ := tx.Query(ctx, q, t.ID, owner.UUID, t.Name, tokenHash(secret), t.ReadOnly, t.ExpiresAt) // its error is in rows, too
		made, err = pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Token])
		return err
	})
	if err != nil {
		return "", Token{}, eventstore.Unreachable(fmt.Errorf("make a token of account %s: %w", owner, err))
	}
	return secret, made, nil
}

// makeRoom removes the person's expired tokens and refuses where there would be
// too many with id.
func makeRoom(ctx context.Context, tx pgx.Tx, owner user.ID, id uuid.UUID) error {
	if _, err := tx.Exec(ctx, `DELETE FROM tokens WHERE user_id = $1 AND expires_at <= now()`, owner.UUID); err != nil {
		return fmt.Errorf("remove expired tokens: %w", err)
	}
	var others int
	if err := tx.QueryRow(ctx, `SELECT count(*) FROM tokens WHERE user_id = $1 AND id <> $2`, owner.UUID, id).Scan(&others); err != nil {
		return fmt.Errorf("count the tokens: %w", err)
	}
	if others >= MaxTokens {
		return ErrTooManyTokens
	}
	return nil
}

// List returns the person's tokens, newest first; at most [MaxTokens].
func (ts *Tokens) List(ctx context.Context, owner user.ID) ([]Token, error) {
	const q = `SELECT ` + tokenColumns + ` FROM tokens WHERE user_id = $1 ORDER BY created_at DESC, id DESC`
	rows, _ := ts.pool.Query(ctx, q, owner.UUID) // its error is in rows, too
	all, err := pgx.CollectRows(rows, pgx.RowToStructByName[Token])
	if err != nil {
		return nil, eventstore.Unreachable(fmt.Errorf("list the tokens of account %s: %w", owner, err))
	}
	return all, nil
}

// Revoke ends a token of the person's at once: [domain.ErrNotFound] when they
// have none of that id.
func (ts *Tokens) Revoke(ctx context.Context, owner user.ID, id uuid.UUID) error {
	tag, err := ts.pool.Exec(ctx, `DELETE FROM tokens WHERE user_id = $1 AND id = $2`, owner.UUID, id)
	if err != nil {
		return eventstore.Unreachable(fmt.Errorf("revoke token %s: %w", id, err))
	}
	if tag.RowsAffected() == 0 {
		return domain.ErrNotFound
	}
	return nil
}

// Lookup returns the token of this secret and the account it acts for, as they
// are now: [ErrNoToken] when it is unknown, expired or of an account that is not
// active. It notes the use, at most once a minute.
func (ts *Tokens) Lookup(ctx context.Context, secret string) (Token, user.Account, error) {
	if !strings.HasPrefix(secret, TokenPrefix) || len(secret) != len(TokenPrefix)+len(newToken()) {
		return Token{}, user.Account{}, ErrNoToken
	}
	found, err := ts.found.Ask(ctx, tokenHash(secret))
	switch {
	case err != nil:
		return Token{}, user.Account{}, eventstore.Unreachable(fmt.Errorf("look up a token: %w", err))
	case found.ID == uuid.Nil:
		return Token{}, user.Account{}, ErrNoToken
	case found.due:
		err = ts.use(ctx, found.ID)
	}
	if err != nil {
		return Token{}, user.Account{}, err
	}
	return found.Token, found.account, nil
}

// foundToken is a token as it was looked up, without an ID where there is none.
type foundToken struct {
	Token
	account user.Account
	due     bool // whether its use is to be noted
}

// find looks up tokens by the hashes of their secrets.
func (ts *Tokens) find(ctx context.Context, hashes [][]byte) ([]foundToken, error) {
	const q = `
		SELECT t.token_hash,
		       t.id,
		       t.name,
		       t.read_only,
		       t.created_at,
		       t.expires_at,
		       t.last_used_at,
		       t.last_used_at IS NULL OR t.last_used_at <= now() - interval '1 minute',
		       t.use_recorded_at IS NULL OR t.use_recorded_at <= now() - interval '1 hour',
		       a.user_id,
		       a.username,
		       a.email,
		       a.role,
		       a.is_active
		FROM tokens t
		JOIN accounts a USING (user_id)
		WHERE t.token_hash = ANY ((SELECT $1::bytea[])::bytea[])
		  AND (t.expires_at IS NULL OR t.expires_at > now())
		  AND a.is_active`
	rows, _ := ts.pool.Query(ctx, q, hashes) // ForEachRow returns its error
	byHash := make(map[string]foundToken, len(hashes))
	var hash []byte
	var f foundToken
	a := &f.account
	_, err := pgx.ForEachRow(rows, []any{
		&hash, &f.ID, &f.Name, &f.ReadOnly, &f.CreatedAt, &f.ExpiresAt, &f.LastUsedAt, &f.due, &f.UseDue,
		&a.ID, &a.Username, &a.Email, &a.Role, &a.Active,
	}, func() error {
		byHash[string(hash)] = f
		return nil
	})
	return inOrder(hashes, byHash), err
}

// use notes that the token is used, unless another call just did.
func (ts *Tokens) use(ctx context.Context, id uuid.UUID) error {
	const q = `
		UPDATE tokens
		SET last_used_at = now()
		WHERE id = $1
		  AND (last_used_at IS NULL OR last_used_at <= now() - interval '1 minute')`
	if _, err := ts.pool.Exec(ctx, q, id); err != nil {
		return eventstore.Unreachable(fmt.Errorf("note the use of token %s: %w", id, err))
	}
	return nil
}

// RecordUse notes, in the transaction that records a token's use in the log, that
// it does: [access.ErrRecorded] when another did less than an hour ago.
func (*Tokens) RecordUse(id uuid.UUID) eventstore.InTx {
	return func(ctx context.Context, tx pgx.Tx) error {
		const q = `
			UPDATE tokens
			SET use_recorded_at = now()
			WHERE id = $1
			  AND (use_recorded_at IS NULL OR use_recorded_at <= now() - interval '1 hour')`
		tag, err := tx.Exec(ctx, q, id)
		if err != nil {
			return fmt.Errorf("note that the use of token %s is recorded: %w", id, err)
		}
		if tag.RowsAffected() == 0 {
			return access.ErrRecorded
		}
		return nil
	}
}

// endTokens revokes every token of the person.
func endTokens(ctx context.Context, tx pgx.Tx, owner user.ID) error {
	if _, err := tx.Exec(ctx, `DELETE FROM tokens WHERE user_id = $1`, owner.UUID); err != nil {
		return fmt.Errorf("revoke the tokens of account %s: %w", owner, err)
	}
	return nil
}

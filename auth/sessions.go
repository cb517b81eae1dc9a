package auth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"helpdesk/domain"
	"helpdesk/domain/user"
	"helpdesk/eventstore"
	"helpdesk/internal/batch"
)

// ErrNoSession is the one answer to a token that opens nothing, whatever the
// reason.
var ErrNoSession = &domain.Error{Kind: domain.KindUnauthenticated, Code: "not_authenticated", Message: "you are not signed in"}

// SessionConfig is how long sessions last. The zero value is ready to use.
type SessionConfig struct {
	// Lifetime is how long a session lasts after its last use. Default 14 days.
	Lifetime time.Duration
	// RenewAfter is the shortest time between two renewals of a session: what
	// it lasts at least is Lifetime less this. Default 1 h; MUST be shorter
	// than Lifetime.
	RenewAfter time.Duration
	// SweepEvery is the time between two removals of expired rows. Default 1 h.
	SweepEvery time.Duration
	// Logger takes what goes wrong in [Sessions.Run]. Default [slog.Default].
	Logger *slog.Logger
}

// Session is somebody signed in.
type Session struct {
	TokenHash []byte       // SHA-256 of the token; names the session
	Account   user.Account // as it is now, always active
	ExpiresAt time.Time    // by the database's clock
	// Renewed: ExpiresAt was moved by this lookup, and the cookie should be
	// sent again so that the browser keeps it as long.
	Renewed bool
}

// Sessions is who is signed in, in the table sessions. It is safe for
// concurrent use, by several processes too. Instants are the database's.
type Sessions struct {
	pool     *pgxpool.Pool
	accounts *Accounts
	config   SessionConfig
	found    *batch.Queries[[]byte, foundSession]
}

// NewSessions keeps sessions beside the accounts they are for.
func NewSessions(accounts *Accounts, config SessionConfig) *Sessions {
	if config.Lifetime == 0 {
		config.Lifetime = 14 * 24 * time.Hour
	}
	if config.RenewAfter == 0 {
		config.RenewAfter = time.Hour
	}
	if config.SweepEvery == 0 {
		config.SweepEvery = time.Hour
	}
	if config.Logger == nil {
		config.Logger = slog.Default()
	}
	s := &Sessions{pool: accounts.pool, accounts: accounts, config: config}
	s.found = batch.New(s.find)
	return s
}

// SignIn opens a session for the active account that username and password
// belong to: [ErrCredentials] for whatever reason there is none. The password
// is the account's at the moment the session begins, so that no session begun
// with an old one outlives its change.
func (s *Sessions) SignIn(ctx context.Context, username, password string) (token string, session Session, err error) {
	l, err := s.accounts.authenticate(ctx, username, password)
	if err != nil {
		return "", Session{}, err
	}
	token, expires, err := s.start(ctx, l.ID, &l.PasswordHash)
	if errors.Is(err, ErrNoSession) {
		err = ErrCredentials // changed since it was verified
	}
	if err != nil {
		return "", Session{}, err
	}
	return token, Session{TokenHash: tokenHash(token), Account: l.Account, ExpiresAt: expires}, nil
}

// Start opens a session for somebody known by other means than a password,
// and returns the token for the cookie, which is stored nowhere:
// [ErrNoSession] when there is no such active account.
func (s *Sessions) Start(ctx context.Context, id user.ID) (token string, expires time.Time, err error) {
	return s.start(ctx, id, nil)
}

func (s *Sessions) start(ctx context.Context, id user.ID, passwordHash *string) (string, time.Time, error) {
	// FOR SHARE waits for whoever changes the account at this moment, and then
	// looks at it again; and it makes them wait, so that they see this session.
	const q = `
		INSERT INTO sessions (token_hash, user_id, expires_at)
		SELECT $1::bytea, user_id, now() + $3
		FROM accounts
		WHERE user_id = $2
		  AND is_active
		  AND ($4::text IS NULL OR password_hash = $4)
		FOR SHARE
		RETURNING expires_at`
	token := SessionPrefix + newToken()
	var expires time.Time
	err := s.pool.QueryRow(ctx, q, tokenHash(token), id.UUID, s.config.Lifetime, passwordHash).Scan(&expires)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", time.Time{}, ErrNoSession
	}
	if err != nil {
		return "", time.Time{}, eventstore.Unreachable(fmt.Errorf("start a session of account %s: %w", id, err))
	}
	return token, expires, nil
}

// Lookup returns the session a cookie's token opens: [ErrNoSession] when the
// token is unknown, expired or of an account that is not active. Where the
// last renewal is RenewAfter ago, it renews the session.
func (s *Sessions) Lookup(ctx context.Context, token string) (Session, error) {
	if base64.RawURLEncoding.DecodedLen(len(strings.TrimPrefix(token, SessionPrefix))) != tokenBytes {
		return Session{}, ErrNoSession
	}
	found, err := s.found.Ask(ctx, tokenHash(token))
	switch {
	case err != nil:
		return Session{}, eventstore.Unreachable(fmt.Errorf("look up a session: %w", err))
	case found.TokenHash == nil:
		return Session{}, ErrNoSession
	case found.due:
		err = s.renew(ctx, &found.Session)
	}
	return found.Session, err
}

// foundSession is a session as it was looked up, without a TokenHash where there is
// none.
type foundSession struct {
	Session
	due bool // whether it is to be renewed
}

// find looks up the sessions of tokens by their hashes.
func (s *Sessions) find(ctx context.Context, hashes [][]byte) ([]foundSession, error) {
	const q = `
		SELECT s.token_hash,
		       a.user_id,
		       a.username,
		       a.email,
		       a.role,
		       a.is_active,
		       s.expires_at,
		       s.expires_at <= now() + $2
		FROM sessions s
		JOIN accounts a USING (user_id)
		WHERE s.token_hash = ANY ((SELECT $1::bytea[])::bytea[])
		  AND s.expires_at > now()
		  AND a.is_active`
	rows, _ := s.pool.Query(ctx, q, hashes, s.config.Lifetime-s.config.RenewAfter) // ForEachRow returns its error
	var f foundSession
	a, byHash := &f.Account, make(map[string]foundSession, len(hashes))
	_, err := pgx.ForEachRow(rows, []any{&f.TokenHash, &a.ID, &a.Username, &a.Email, &a.Role, &a.Active, &f.ExpiresAt, &f.due}, func() error {
		byHash[string(f.TokenHash)] = f
		return nil
	})
	return inOrder(hashes, byHash), err
}

// inOrder returns what was found for each of the hashes.
func inOrder[T any](hashes [][]byte, found map[string]T) []T {
	all := make([]T, len(hashes))
	for i, hash := range hashes {
		all[i] = found[string(hash)]
	}
	return all
}

// renew moves the expiry of the session, unless another lookup just did.
func (s *Sessions) renew(ctx context.Context, session *Session) error {
	const q = `
		UPDATE sessions
		SET expires_at = now() + $2
		WHERE token_hash = $1
		  AND expires_at > now()
		  AND expires_at <= now() + $3
		RETURNING expires_at`
	c := s.config
	err := s.pool.QueryRow(ctx, q, session.TokenHash, c.Lifetime, c.Lifetime-c.RenewAfter).Scan(&session.ExpiresAt)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil // renewed or ended since it was read; it was good then
	}
	if err != nil {
		return eventstore.Unreachable(fmt.Errorf("renew a session: %w", err))
	}
	session.Renewed = true
	return nil
}

// End ends the session with this token hash. That there is none is no error.
func (s *Sessions) End(ctx context.Context, tokenHash []byte) error {
	if _, err := s.pool.Exec(ctx, `DELETE FROM sessions WHERE token_hash = $1`, tokenHash); err != nil {
		return eventstore.Unreachable(fmt.Errorf("end a session: %w", err))
	}
	return nil
}

// EndOthers ends every session of the person but the one with the token hash
// keep; nil keeps none.
func (s *Sessions) EndOthers(ctx context.Context, id user.ID, keep []byte) error {
	return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error { return endSessions(ctx, tx, id, keep) })
}

// Run removes expired sessions, at once and then every SweepEvery, until ctx
// ends; it returns nil then. An error is logged and tried again the next time.
func (s *Sessions) Run(ctx context.Context) error {
	ticks := time.NewTicker(s.config.SweepEvery)
	defer ticks.Stop()
	for {
		removed, err := s.runOnce(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			s.config.Logger.ErrorContext(ctx, "expired sessions could not be removed", slog.Any("error", err))
		case removed > 0:
			s.config.Logger.DebugContext(ctx, "expired sessions removed", slog.Int64("count", removed))
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticks.C:
		}
	}
}

// sweepPage is how many rows one statement of runOnce removes at most.
const sweepPage = 1000

// runOnce removes the sessions that are expired and returns how many.
func (s *Sessions) runOnce(ctx context.Context) (removed int64, err error) {
	// SKIP LOCKED: another process' sweep has those already.
	const q = `
		DELETE FROM sessions
		WHERE token_hash IN (
			SELECT token_hash
			FROM sessions
			WHERE expires_at <= now()
			ORDER BY expires_at
			LIMIT $1
			FOR UPDATE SKIP LOCKED)`
	for {
		tag, err := s.pool.Exec(ctx, q, sweepPage)
		if err != nil {
			return removed, fmt.Errorf("remove expired sessions: %w", err)
		}
		removed += tag.RowsAffected()
		if tag.RowsAffected() < sweepPage {
			return removed, nil
		}
	}
}

func endSessions(ctx context.Context, tx pgx.Tx, id user.ID, keep []byte) error {
	const q = `
		DELETE FROM sessions
		WHERE user_id = $1
		  AND ($2::bytea IS NULL OR token_hash <> $2)`
	if _, err := tx.Exec(ctx, q, id.UUID, keep); err != nil {
		return fmt.Errorf("end the sessions of account %s: %w", id, err)
	}
	return nil
}

// SessionPrefix is what the token of a session begins with, but those of sessions that
// began before cookies had another name over TLS.
const SessionPrefix = "hs_"

const tokenBytes = 32

// newToken returns a token for a cookie: random, base64url without padding.
func newToken() string {
	var b [tokenBytes]byte
	_, _ = rand.Read(b[:]) // it never fails
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// tokenHash returns what is stored of a token. A plain hash is enough: there
// is nothing to guess in 32 random bytes.
func tokenHash(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

// OpenSession is a session that has not ended.
type OpenSession struct {
	CreatedAt time.Time `json:"created_at"`
	ExpiresAt time.Time `json:"expires_at"`
}

// Open returns somebody's sessions that have not ended, the oldest first.
func (s *Sessions) Open(ctx context.Context, id user.ID) ([]OpenSession, error) {
	const q = `
		SELECT created_at,
		       expires_at
		FROM sessions
		WHERE user_id = $1
		  AND expires_at > now()
		ORDER BY created_at`
	rows, _ := s.accounts.pool.Query(ctx, q, id.UUID) // its error is in rows, too
	open, err := pgx.CollectRows(rows, pgx.RowToStructByName[OpenSession])
	if err != nil {
		return nil, eventstore.Unreachable(fmt.Errorf("list the sessions of account %s: %w", id, err))
	}
	return open, nil
}

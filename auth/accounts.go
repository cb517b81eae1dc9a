package auth

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"helpdesk/domain"
	"helpdesk/domain/user"
	"helpdesk/eventstore"
	"helpdesk/internal/batch"
)

// Refusals of a password.
var (
	// ErrCredentials is the one answer to every sign-in that is not let in.
	ErrCredentials = &domain.Error{Kind: domain.KindUnauthenticated, Code: "invalid_credentials", Message: "the username, the address or the password is wrong"}
	// ErrWrongPassword is for somebody signed in, hence no 401.
	ErrWrongPassword = &domain.Error{Kind: domain.KindRejected, Code: "wrong_password", Message: "this is not your current password", Field: "current_password"}
)

// lastAdminLock is held until its end by every transaction that takes an
// active admin away. The number means nothing, it only has to be its own.
const lastAdminLock = 7_205_759_411

// Accounts is the write side's index of users, in the table accounts. It is
// safe for concurrent use, by several processes too.
type Accounts struct {
	pool   *pgxpool.Pool
	hasher *Hasher
	named  *batch.Queries[[]uuid.UUID, map[uuid.UUID]string]
}

// NewAccounts makes the index over a pool.
func NewAccounts(pool *pgxpool.Pool, hasher *Hasher) *Accounts {
	a := &Accounts{pool: pool, hasher: hasher}
	a.named = batch.New(a.findUsernames)
	return a
}

// Insert adds the account: [user.ErrUsernameTaken] or [user.ErrEmailTaken]
// when another has the name, one that looks like it, or the address. While the other is
// still being written, it waits to see what becomes of it; names that look alike are
// both taken then.
func (*Accounts) Insert(a user.Account, passwordHash string) eventstore.InTx {
	return func(ctx context.Context, tx pgx.Tx) error {
		const q = `
			WITH inserted AS (
				INSERT INTO accounts (user_id, username, email, role, is_active, password_hash, lookalikes)
				VALUES ($1, $2, $3, $4, $5, $6, $7)
			)
			SELECT username
			FROM accounts
			WHERE lookalikes && $7::text[]`
		rows, _ := tx.Query(ctx, q, a.ID.UUID, a.Username, a.Email, a.Role, a.Active, passwordHash, lookalikes(a.Username)) // CollectRows returns its error
		alike, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err == nil {
			err = lookingLike(a.Username, alike)
		}
		if err != nil {
			return fmt.Errorf("insert account %s: %w", a.ID, taken(err))
		}
		return nil
	}
}

// Update brings address, role and activity of the account to a; a username
// never changes. It ends the person's sessions and API tokens when the role
// changed or they are not active: no token comes to more than it was made with,
// and what a session may do is read anew at the next sign-in.
// It refuses with [user.ErrEmailTaken], or with [user.ErrLastAdmin] when no
// active admin would be left.
//
// Two admins who demote each other would each still see the other. Hence
// whoever takes an active admin away first takes one advisory lock, kept until
// the transaction ends, and looks for others in a statement of its own after
// that: its snapshot has what the holder before committed. The transaction
// MUST be READ COMMITTED. The account's own row is locked before, and nobody
// who holds the advisory lock waits for another account's row, so that there
// is no deadlock, as there could be when locking the rows of all admins.
func (*Accounts) Update(a user.Account) eventstore.InTx {
	return func(ctx context.Context, tx pgx.Tx) error {
		was, err := lockAccount(ctx, tx, a.ID)
		if err != nil {
			return err
		}
		if activeAdmin(was) && !activeAdmin(a) {
			if err := keepAnAdmin(ctx, tx, a.ID); err != nil {
				return err
			}
		}
		const q = `
			UPDATE accounts
			SET email = $2,
			    role = $3,
			    is_active = $4
			WHERE user_id = $1`
		if _, err := tx.Exec(ctx, q, a.ID.UUID, a.Email, a.Role, a.Active); err != nil {
			return fmt.Errorf("update account %s: %w", a.ID, taken(err))
		}
		if a.Active && a.Role == was.Role {
			return nil
		}
		if !a.Active {
			if err := endLink(ctx, tx, a.ID); err != nil {
				return err
			}
		}
		if err := endTokens(ctx, tx, a.ID); err != nil {
			return err
		}
		return endSessions(ctx, tx, a.ID, nil)
	}
}

// Erase takes all that is personal out of the account and ends its sessions and
// its API tokens. What is left names nobody, is not active, and no password is
// its own. It refuses with [user.ErrLastAdmin] as [Accounts.Update] does.
func (a *Accounts) Erase(id user.ID) eventstore.InTx {
	return func(ctx context.Context, tx pgx.Tx) error {
		was, err := lockAccount(ctx, tx, id)
		if err != nil {
			return err
		}
		if activeAdmin(was) {
			if err := keepAnAdmin(ctx, tx, id); err != nil {
				return err
			}
		}
		if err := endTokens(ctx, tx, id); err != nil {
			return err
		}
		if err := endSessions(ctx, tx, id, nil); err != nil {
			return err
		}
		if err := forgetReadings(ctx, tx, id); err != nil {
			return err
		}
		if err := endLink(ctx, tx, id); err != nil {
			return err
		}
		// Unique, and like no name or address that anybody may take.
		const q = `
			UPDATE accounts
			SET username = $2 || ' ' || user_id,
			    email = $2 || ' ' || user_id,
			    lookalikes = NULL,
			    is_active = false,
			    password_hash = $3
			WHERE user_id = $1`
		if _, err := tx.Exec(ctx, q, id.UUID, domain.Erased, a.hasher.dummy); err != nil {
			return fmt.Errorf("erase account %s: %w", id, err)
		}
		return nil
	}
}

// Find returns the account with this id or, without regard to case, this
// username, active or not: [domain.ErrNotFound] when there is none.
func (a *Accounts) Find(ctx context.Context, nameOrID string) (user.Account, error) {
	l, err := a.find(ctx, nameOrID)
	return l.Account, err
}

// Authenticate returns the active account that username (without regard to
// case) and password belong to: [ErrCredentials] for whatever reason there is
// none. A hash made with other parameters than the present is replaced.
//
// To open a session use [Sessions.SignIn], which can't be overtaken by a
// change of the password.
func (a *Accounts) Authenticate(ctx context.Context, username, password string) (user.Account, error) {
	l, err := a.authenticate(ctx, username, password)
	return l.Account, err
}

// CheckPassword returns [ErrWrongPassword] when password is not the one of the
// active account id, as something known again before it is changed.
func (a *Accounts) CheckPassword(ctx context.Context, id user.ID, password string) error {
	l, err := a.find(ctx, id.String())
	if err != nil {
		return err
	}
	match, err := a.hasher.Verify(ctx, password, l.PasswordHash)
	if err != nil {
		return fmt.Errorf("account %s: %w", id, err)
	}
	if !match || !l.Active {
		return ErrWrongPassword
	}
	return nil
}

// NoPassword returns the hash of a password that nobody knows, for who has none.
func (a *Accounts) NoPassword() string { return a.hasher.dummy }

// Count returns how many accounts there are, active or not. It reads them all.
func (a *Accounts) Count(ctx context.Context) (int, error) {
	var n int
	if err := a.pool.QueryRow(ctx, `SELECT count(*) FROM accounts`).Scan(&n); err != nil {
		return 0, fmt.Errorf("count the accounts: %w", err)
	}
	return n, nil
}

// HasAdmin reports whether there is an active admin. Without one the service
// says how the first is made.
func (a *Accounts) HasAdmin(ctx context.Context) (bool, error) {
	has, err := otherAdmin(ctx, a.pool, user.ID{})
	if err != nil {
		return false, fmt.Errorf("look for an admin: %w", err)
	}
	return has, nil
}

// login is an account with its secret.
type login struct {
	user.Account
	PasswordHash string
}

// authenticate is [Accounts.Authenticate] that also returns the stored hash
// the password was found to match.
func (a *Accounts) authenticate(ctx context.Context, username, password string) (login, error) {
	l, err := a.byName(ctx, strings.TrimSpace(username))
	unknown := errors.Is(err, domain.ErrNotFound)
	if err != nil && !unknown {
		return login{}, err
	}
	if unknown {
		l.PasswordHash = a.hasher.dummy
	}
	// Always, and before anything is decided: this is what takes the time.
	match, current, err := a.hasher.verify(ctx, password, l.PasswordHash)
	if err != nil {
		return login{}, fmt.Errorf("account %s: %w", l.ID, err)
	}
	if !match || unknown || !l.Active {
		return login{}, ErrCredentials
	}
	if !current {
		return a.rehash(ctx, l, password)
	}
	return l, nil
}

// rehash stores the password of l with the present parameters, unless it was
// changed meanwhile.
func (a *Accounts) rehash(ctx context.Context, l login, password string) (login, error) {
	hash, err := a.hasher.Hash(ctx, password)
	if err != nil {
		return login{}, err
	}
	const q = `
		UPDATE accounts
		SET password_hash = $3
		WHERE user_id = $1
		  AND password_hash = $2`
	tag, err := a.pool.Exec(ctx, q, l.ID.UUID, l.PasswordHash, hash)
	if err != nil {
		return login{}, fmt.Errorf("rehash the password of account %s: %w", l.ID, err)
	}
	if tag.RowsAffected() == 1 {
		l.PasswordHash = hash
	}
	return l, nil
}

func (a *Accounts) find(ctx context.Context, nameOrID string) (login, error) {
	// Only the form with hyphens: the others [uuid.Parse] takes can be names.
	if id, err := uuid.Parse(nameOrID); err == nil && len(nameOrID) == len(uuid.UUID{}.String()) {
		return a.one(ctx, selectLogin+`WHERE user_id = $1`, id)
	}
	return a.byName(ctx, nameOrID)
}

func (a *Accounts) byName(ctx context.Context, name string) (login, error) {
	// Postgres would answer such text with an error, not with no row.
	if !utf8.ValidString(name) || strings.ContainsRune(name, 0) {
		return login{}, domain.ErrNotFound
	}
	if strings.Contains(name, "@") {
		return a.one(ctx, selectLogin+`WHERE lower(email) = lower($1)`, name)
	}
	return a.one(ctx, selectLogin+`WHERE lower(username) = lower($1)`, name)
}

const selectLogin = `
	SELECT user_id AS id,
	       username,
	       email,
	       role,
	       is_active AS active,
	       password_hash
	FROM accounts
	`

func (a *Accounts) one(ctx context.Context, q string, key any) (login, error) {
	rows, _ := a.pool.Query(ctx, q, key) // its error is in rows, too
	l, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[login])
	if errors.Is(err, pgx.ErrNoRows) {
		return login{}, domain.ErrNotFound
	}
	if err != nil {
		return login{}, eventstore.Unreachable(fmt.Errorf("find an account: %w", err))
	}
	return l, nil
}

func activeAdmin(a user.Account) bool { return a.Active && a.Role == domain.RoleAdmin }

// lockAccount returns the account as it is now and keeps others from changing
// it, or opening a session for it, until tx ends.
func lockAccount(ctx context.Context, tx pgx.Tx, id user.ID) (user.Account, error) {
	const q = `
		SELECT user_id AS id,
		       username,
		       email,
		       role,
		       is_active AS active
		FROM accounts
		WHERE user_id = $1
		FOR NO KEY UPDATE`
	rows, _ := tx.Query(ctx, q, id.UUID) // its error is in rows, too
	a, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[user.Account])
	if errors.Is(err, pgx.ErrNoRows) {
		err = domain.ErrNotFound
	}
	if err != nil {
		return user.Account{}, fmt.Errorf("lock account %s: %w", id, err)
	}
	return a, nil
}

// keepAnAdmin returns [user.ErrLastAdmin] when id is the only active admin. It
// is the only one to ask until tx ends.
func keepAnAdmin(ctx context.Context, tx pgx.Tx, id user.ID) error {
	if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1)`, lastAdminLock); err != nil {
		return fmt.Errorf("wait for other changes of admins: %w", err)
	}
	others, err := otherAdmin(ctx, tx, id)
	if err != nil {
		return fmt.Errorf("look for an admin beside %s: %w", id, err)
	}
	if !others {
		return user.ErrLastAdmin
	}
	return nil
}

type querier interface {
	QueryRow(ctx context.Context, q string, args ...any) pgx.Row
}

// otherAdmin reports whether somebody but id is an active admin.
func otherAdmin(ctx context.Context, db querier, id user.ID) (bool, error) {
	const q = `
		SELECT EXISTS (
			SELECT FROM accounts
			WHERE role = 'admin'
			  AND is_active
			  AND user_id <> $1)` // the index accounts_active_admins
	var others bool
	err := db.QueryRow(ctx, q, id.UUID).Scan(&others)
	return others, err
}

// uniqueViolation is Postgres' unique_violation.
const uniqueViolation = "23505"

// taken returns the refusal that a violated unique index stands for, and every
// other error as it is.
func taken(err error) error {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) || pg.Code != uniqueViolation {
		return err
	}
	switch pg.ConstraintName {
	case "accounts_username":
		return user.ErrUsernameTaken
	case "accounts_email":
		return user.ErrEmailTaken
	}
	return err
}

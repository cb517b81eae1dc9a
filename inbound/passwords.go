package inbound

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"helpdesk/domain/mailbox"
	"helpdesk/eventstore"
)

// Passwords seals the passwords of mailboxes, each under a key of its mailbox, and opens
// them for who fetches. It is safe for concurrent use.
type Passwords struct {
	pool *pgxpool.Pool
	keys eventstore.Keys
}

// NewPasswords returns the passwords in a database.
func NewPasswords(pool *pgxpool.Pool, keys eventstore.Keys) *Passwords {
	return &Passwords{pool: pool, keys: keys}
}

// boundPassword is what a sealed password is bound to, beside the id of its mailbox.
const boundPassword = "imap password"

func boundTo(id uuid.UUID) []byte { return append(id[:], boundPassword...) }

var errPassword = errors.New("the password of the mailbox cannot be opened: set it again")

// Seal returns a password as it is stored of a mailbox: the nonce, then what is sealed.
func (p *Passwords) Seal(ctx context.Context, id mailbox.ID, password string) ([]byte, error) {
	key, ok, err := p.keys.Sealing(ctx, id.UUID)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, errPassword
	}
	nonce := make([]byte, key.NonceSize())
	rand.Read(nonce) // it never fails
	return key.Seal(nonce, nonce, []byte(password), boundTo(id.UUID)), nil
}

func (p *Passwords) open(ctx context.Context, id uuid.UUID, sealed []byte) (string, error) {
	keys, err := p.keys.Opening(ctx, []uuid.UUID{id})
	if err != nil {
		return "", err
	}
	key := keys[id]
	if key == nil || len(sealed) < key.NonceSize() {
		return "", errPassword
	}
	password, err := key.Open(nil, sealed[:key.NonceSize()], sealed[key.NonceSize():], boundTo(id))
	if err != nil {
		return "", errPassword
	}
	return string(password), nil
}

// Fetched is a mailbox whose messages are fetched.
type Fetched struct {
	ID       mailbox.ID
	Name     string
	IMAP     mailbox.IMAP
	Password string
}

type sealedFetched struct {
	ID       uuid.UUID
	Name     string
	URL      string
	After    string
	Password []byte
}

// Fetched returns the mailboxes whose messages are fetched. One whose password cannot be
// opened has none.
func (p *Passwords) Fetched(ctx context.Context) ([]Fetched, error) {
	const q = `SELECT id, name, imap_url, imap_after, imap_password FROM mailboxes WHERE is_active AND imap_url IS NOT NULL ORDER BY name`
	rows, _ := p.pool.Query(ctx, q) // CollectRows returns its error
	sealed, err := pgx.CollectRows(rows, pgx.RowToStructByPos[sealedFetched])
	if err != nil {
		return nil, eventstore.Unreachable(fmt.Errorf("list the mailboxes that are fetched: %w", err))
	}
	all := make([]Fetched, len(sealed))
	for i, s := range sealed {
		all[i] = Fetched{ID: mailbox.ID{UUID: s.ID}, Name: s.Name, IMAP: mailbox.IMAP{URL: s.URL, After: s.After}}
		if all[i].Password, err = p.open(ctx, s.ID, s.Password); err != nil && !errors.Is(err, errPassword) {
			return nil, err
		}
	}
	return all, nil
}

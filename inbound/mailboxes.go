package inbound

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"helpdesk/domain"
	"helpdesk/domain/mailbox"
	"helpdesk/eventstore"
)

// Mailboxes is the write side's index of mailboxes, in the table mailboxes. It is safe for
// concurrent use.
type Mailboxes struct{ pool *pgxpool.Pool }

// NewMailboxes makes the index over a pool.
func NewMailboxes(pool *pgxpool.Pool) *Mailboxes { return &Mailboxes{pool: pool} }

// uniqueViolation is the SQLSTATE of a value that another row has.
const uniqueViolation = "23505"

// Keep brings the index to how a mailbox is now: [mailbox.ErrNameTaken] or
// [mailbox.ErrAddressTaken] when another has the name or the address, archived ones too.
// password is that of IMAP as [Passwords.Seal] returned it; nil: it stays.
func (*Mailboxes) Keep(id mailbox.ID, s mailbox.State, password []byte) eventstore.InTx {
	return func(ctx context.Context, tx pgx.Tx) error {
		const q = `
INSERT INTO mailboxes AS m (id, name, address, is_active, imap_url, imap_after, imap_password) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (id) DO UPDATE SET name = excluded.name, address = excluded.address, is_active = excluded.is_active,
    imap_url = excluded.imap_url, imap_after = excluded.imap_after, imap_password = coalesce(excluded.imap_password, m.imap_password)`
		var url, after *string
		if s.IMAP != (mailbox.IMAP{}) {
			url, after = &s.IMAP.URL, &s.IMAP.After
		}
		if _, err := tx.Exec(ctx, q, id.UUID, s.Name, s.Address, s.Active, url, after, password); err != nil {
			return fmt.Errorf("keep mailbox %s: %w", id, taken(err))
		}
		return nil
	}
}

func taken(err error) error {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	if !ok || pg.Code != uniqueViolation {
		return err
	}
	switch pg.ConstraintName {
	case "mailboxes_name":
		return mailbox.ErrNameTaken
	case "mailboxes_address":
		return mailbox.ErrAddressTaken
	}
	return err
}

// Named returns the mailbox of that name, without regard to case: [domain.ErrNotFound]
// where there is none.
func (m *Mailboxes) Named(ctx context.Context, name string) (mailbox.ID, error) {
	return m.one(ctx, `SELECT id FROM mailboxes WHERE lower(name) = lower($1)`, name)
}

// Addressed returns the mailbox of that address, without regard to case: [domain.ErrNotFound]
// where there is none that takes messages.
func (m *Mailboxes) Addressed(ctx context.Context, address string) (mailbox.ID, error) {
	return m.one(ctx, `SELECT id FROM mailboxes WHERE lower(address) = lower($1) AND is_active`, address)
}

func (m *Mailboxes) one(ctx context.Context, sql, key string) (id mailbox.ID, err error) {
	if !utf8.ValidString(key) || strings.ContainsRune(key, 0) { // Postgres takes no such text
		return id, domain.ErrNotFound
	}
	err = m.pool.QueryRow(ctx, sql, key).Scan(&id.UUID)
	if errors.Is(err, pgx.ErrNoRows) {
		return id, domain.ErrNotFound
	}
	if err != nil {
		return id, eventstore.Unreachable(fmt.Errorf("look for a mailbox: %w", err))
	}
	return id, nil
}

// Addresses returns the addresses of all mailboxes, archived ones too.
func (m *Mailboxes) Addresses(ctx context.Context) ([]string, error) {
	rows, _ := m.pool.Query(ctx, `SELECT address FROM mailboxes`) // CollectRows returns its error
	all, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, eventstore.Unreachable(fmt.Errorf("list the addresses of mailboxes: %w", err))
	}
	return all, nil
}

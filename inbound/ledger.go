package inbound

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"helpdesk/attachments"
	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/domain/mailbox"
	"helpdesk/domain/message"
	"helpdesk/domain/ticket"
	"helpdesk/domain/user"
	"helpdesk/eventstore"
	"helpdesk/inbound/eml"
)

// Files keeps the bytes of messages, and the files in them; see [attachments.Files].
type Files interface {
	Keep(ctx context.Context, id uuid.UUID, by domain.UserID, name string, r io.Reader, most int64) (ticket.Attachment, error)
	Discard(ctx context.Context, id uuid.UUID) error
	Take(ctx context.Context, id uuid.UUID, by domain.UserID, name, declared string, r io.Reader) (ticket.Attachment, error)
	Find(ctx context.Context, ids ...uuid.UUID) (map[uuid.UUID]attachments.Upload, error)
	Open(ctx context.Context, u attachments.Upload) io.ReadSeekCloser
}

// Accounts finds people by id, username or address: [domain.ErrNotFound] where there is
// nobody.
type Accounts interface {
	Find(ctx context.Context, name string) (user.Account, error)
}

// Ledger takes messages in. It is safe for concurrent use.
type Ledger struct {
	pool      *pgxpool.Pool
	files     Files
	accounts  Accounts
	mailboxes *commands.Mailboxes
	messages  *commands.Messages
	most      int64
	now       func() time.Time
}

// NewLedger makes the ledger over a log. most is how many bytes a message may have: of a
// larger one its header is kept.
func NewLedger(pool *pgxpool.Pool, log commands.Log, files Files, accounts Accounts, most int64) *Ledger {
	return &Ledger{
		pool: pool, files: files, accounts: accounts, most: most, now: time.Now,
		mailboxes: commands.NewMailboxes(log, NewMailboxes(pool)), messages: commands.NewMessages(log),
	}
}

// Refusals of messages.
var (
	ErrNoMessage = &domain.Error{Kind: domain.KindInvalid, Code: "no_message", Message: "there is no message (RFC 5322): not even a field of a header"}
	ErrArchived  = &domain.Error{Kind: domain.KindRejected, Code: "mailbox_archived", Message: "the mailbox is archived and takes no messages"}
)

// errSame means that the message is there already.
var errSame = errors.New("the message was received before")

// rawName is what the bytes of a message are called.
const rawName = "message.eml"

// Receive takes in a message for a mailbox, and returns it once it is durable: as it was
// received before, where it is the same. Its refusals are [domain.ErrNotFound] for a
// mailbox that is not there, [ErrArchived] and [ErrNoMessage]; the errors of r are returned
// as they are.
func (l *Ledger) Receive(ctx context.Context, q commands.Request, to mailbox.ID, r io.Reader) (commands.Outcome, error) {
	box, err := l.mailboxes.State(ctx, to)
	switch {
	case err != nil:
		return commands.Outcome{}, err
	case !box.Exists:
		return commands.Outcome{}, domain.ErrNotFound
	case !box.Active:
		return commands.Outcome{}, ErrArchived
	}
	body := bufio.NewReaderSize(r, 64<<10)
	head, err := eml.TakeHeader(body)
	if errors.Is(err, eml.ErrNone) {
		err = ErrNoMessage
	}
	if err != nil {
		return commands.Outcome{}, err
	}
	id := message.ID{UUID: uuid.Must(uuid.NewV7())}
	h := eml.ParseHeader(head)
	from, err := l.sender(ctx, id, h.From().Address)
	if err != nil {
		return commands.Outcome{}, err
	}
	sender := from
	if h.ReportOfServer() { // it is about somebody else, with whom it goes
		sender = domain.UserID{UUID: id.UUID}
	}
	kept, err := l.keep(ctx, id, sender, head, h, body)
	if err != nil {
		return commands.Outcome{}, err
	}
	came := message.Received{
		Mailbox: to.UUID, Sender: sender, MessageID: cut(h.MessageID()), From: cut(h.From().Address), To: cut(recipients(h)), Subject: cut(h.Get("Subject")),
		Size: kept.Size, Digest: kept.Digest, Truncated: kept.truncated, At: l.now().UTC().Truncate(time.Microsecond),
	}
	q.ID = uuid.Nil // the message itself tells a repeat
	out, err := l.messages.Receive(ctx, q, id, message.Receive{By: byService, Received: came},
		eventstore.InTurn(insertReceived(id, from, came, kept), attachments.Claim(id.UUID, id.UUID)))
	if err == nil {
		return out, nil
	}
	if errors.Is(err, errSame) {
		out, err = l.earlier(ctx, to, kept)
	}
	return out, errors.Join(err, l.files.Discard(context.WithoutCancel(ctx), id.UUID))
}

// byService is the actor of what the service does with messages.
var byService = message.By{Actor: domain.System()}

// recipients returns the addresses that a message names, as the ledger has them.
func recipients(h eml.Header) string {
	var all []string
	for _, a := range h.Recipients() {
		all = append(all, a.Address)
	}
	return strings.Join(all, ", ")
}

// factMost is how many bytes of a field the ledger has.
const factMost = 1000

// cut returns the beginning of a field, of whole characters.
func cut(text string) string {
	if len(text) > factMost {
		text = strings.ToValidUTF8(text[:factMost], "")
	}
	return text
}

// kept is what is stored of a message.
type kept struct {
	ticket.Attachment
	truncated                bool
	digest, content, message []byte // see the table received
}

// keep stores the bytes of a message under the key of its sender: of one that is too large,
// its header.
func (l *Ledger) keep(ctx context.Context, id message.ID, sender domain.UserID, head []byte, h eml.Header, body io.Reader) (k kept, err error) {
	whole, content := sha256.New(), sha256.New()
	fmt.Fprintf(content, "%q\n%q\n%q\n%q\n", h.MessageID(), h.From().Address, h.Get("Subject"), h.Date())
	read := io.TeeReader(io.MultiReader(bytes.NewReader(head), io.TeeReader(body, content)), whole)
	k.Attachment, err = l.files.Keep(ctx, id.UUID, sender, rawName, read, l.most)
	if errors.Is(err, attachments.ErrTooLarge) {
		whole.Reset()
		k.truncated = true
		k.Attachment, err = l.files.Keep(ctx, id.UUID, sender, rawName, io.TeeReader(bytes.NewReader(head), whole), int64(len(head)))
	}
	k.digest = whole.Sum(nil)
	if !k.truncated {
		k.content = content.Sum(nil)
	}
	if id := h.MessageID(); id != "" {
		k.message = digestOf(id)
	}
	return k, err
}

// digestOf returns what a Message-ID is looked up by.
func digestOf(messageID string) []byte {
	sum := sha256.Sum256([]byte(messageID))
	return sum[:]
}

func insertReceived(id message.ID, from domain.UserID, m message.Received, k kept) eventstore.InTx {
	return func(ctx context.Context, tx pgx.Tx) error {
		const q = `INSERT INTO received (id, mailbox_id, sender_id, at, digest, content, message_id) VALUES ($1, $2, $3, $4, $5, $6, $7)`
		_, err := tx.Exec(ctx, q, id.UUID, m.Mailbox, from.UUID, m.At, k.digest, k.content, k.message)
		if pg, ok := errors.AsType[*pgconn.PgError](err); ok && pg.ConstraintName == "received_digest" {
			return errSame
		}
		if err != nil {
			return fmt.Errorf("note a message: %w", err)
		}
		return nil
	}
}

// Holds reports whether a message that was received has the bytes that r brings: of one
// that was too large those of its header. Of one whose bytes were erased nobody knows, and
// it has any.
func (l *Ledger) Holds(ctx context.Context, id message.ID, r io.Reader) (bool, error) {
	var kept []byte
	if err := l.pool.QueryRow(ctx, `SELECT digest FROM received WHERE id = $1`, id.UUID).Scan(&kept); err != nil {
		return false, eventstore.Unreachable(fmt.Errorf("look for the bytes of message %s: %w", id, err))
	}
	body := bufio.NewReaderSize(r, 64<<10)
	head, err := eml.TakeHeader(body)
	if err != nil && !errors.Is(err, eml.ErrNone) {
		return false, err
	}
	whole := sha256.New()
	whole.Write(head)
	ofHead := whole.Sum(nil)
	if _, err := io.Copy(whole, io.LimitReader(body, l.most)); err != nil {
		return false, err
	}
	return kept == nil || bytes.Equal(kept, whole.Sum(nil)) || bytes.Equal(kept, ofHead), nil
}

// earlier returns the message that was received before with the same bytes.
func (l *Ledger) earlier(ctx context.Context, to mailbox.ID, k kept) (commands.Outcome, error) {
	var id message.ID
	err := l.pool.QueryRow(ctx, `SELECT id FROM received WHERE mailbox_id = $1 AND digest = $2`, to.UUID, k.digest).Scan(&id.UUID)
	if err != nil {
		return commands.Outcome{}, eventstore.Unreachable(fmt.Errorf("look for a message that was received before: %w", err))
	}
	return l.messages.Outcome(ctx, id)
}

// sender returns who has an address, or will have it once they are a contact. Of a message
// without one it is the message itself, which is then sealed under a key of its own.
func (l *Ledger) sender(ctx context.Context, id message.ID, address string) (domain.UserID, error) {
	if address == "" {
		return domain.UserID{UUID: id.UUID}, nil
	}
	account, err := l.accounts.Find(ctx, address)
	if !errors.Is(err, domain.ErrNotFound) {
		return account.ID, err
	}
	const q = `
INSERT INTO senders (address, id) VALUES (lower($1), $2)
ON CONFLICT (address) DO UPDATE SET address = excluded.address
RETURNING id`
	var sender domain.UserID
	if err := l.pool.QueryRow(ctx, q, address, uuid.Must(uuid.NewV7())).Scan(&sender.UUID); err != nil {
		return sender, eventstore.Unreachable(fmt.Errorf("note the sender of a message: %w", err))
	}
	return sender, nil
}

// Stranger returns the id of who wrote from an address and is no contact:
// [domain.ErrNotFound] where nobody did.
func Stranger(ctx context.Context, pool *pgxpool.Pool, accounts Accounts, address string) (id domain.UserID, err error) {
	err = pool.QueryRow(ctx, `SELECT id FROM senders WHERE address = lower($1)`, address).Scan(&id.UUID)
	if errors.Is(err, pgx.ErrNoRows) {
		return id, domain.ErrNotFound
	}
	if err != nil {
		return id, eventstore.Unreachable(fmt.Errorf("look for who wrote from an address: %w", err))
	}
	if _, err = accounts.Find(ctx, id.String()); err == nil { // they have another address by now
		return id, domain.ErrNotFound
	}
	if errors.Is(err, domain.ErrNotFound) {
		err = nil
	}
	return id, err
}

// Aliases returns the ids beside their own under whose keys is what came in of a person, or
// about them: those that their addresses had before they were theirs, and the reports of
// mail servers on emails to them, or from an address of theirs.
func Aliases(ctx context.Context, pool *pgxpool.Pool, person domain.UserID, words []string) ([]domain.UserID, error) {
	const q = `
WITH people AS (
    SELECT $2::uuid AS id UNION SELECT id FROM senders WHERE address IN (SELECT lower(word) FROM unnest($1::text[]) AS w (word))
), emails AS (
    SELECT DISTINCT stream_id::text AS id FROM events WHERE person_id = $2
)
SELECT id FROM people WHERE id <> $2
UNION
SELECT r.id FROM received AS r JOIN people ON r.sender_id = people.id JOIN events AS e ON e.stream_id = r.id AND e.person_id = r.id
UNION
SELECT e.stream_id FROM events AS e JOIN emails ON emails.id = e.data ->> 'email' WHERE e.type = $3 AND e.person_id = e.stream_id`
	rows, _ := pool.Query(ctx, q, words, person.UUID, message.Judged{}.EventType()) // CollectRows returns its error
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (id domain.UserID, err error) { return id, row.Scan(&id.UUID) })
	if err != nil {
		return nil, eventstore.Unreachable(fmt.Errorf("look for what came in of a person under other keys: %w", err))
	}
	return all, nil
}

// Forget returns what removes what stands of a person in the tables of this package, as
// part of their erasure.
func Forget(person domain.UserID) eventstore.InTx {
	return func(ctx context.Context, tx pgx.Tx) error {
		for _, q := range []string{
			`UPDATE received SET digest = NULL, content = NULL, message_id = NULL WHERE sender_id = $1 OR id = $1`,
			`DELETE FROM senders WHERE id = $1`,
		} {
			if _, err := tx.Exec(ctx, q, person.UUID); err != nil {
				return fmt.Errorf("forget the messages of %s: %w", person, err)
			}
		}
		return nil
	}
}

package attachments

import (
	"bufio"
	"context"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/gabriel-vasile/mimetype"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"helpdesk/attachments/blobs"
	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/eventstore"
)

// Limits are what may be uploaded.
type Limits struct {
	File    int64    // bytes of one file
	Loose   int64    // bytes of all files of a person that are attached to nothing yet
	Blocked []string // endings of names, with their dots
	// Scan begins to look for malware in a file; nil: nothing does.
	Scan func(context.Context) (Scan, error)
}

// Scan looks at a file for malware: it is written, and then judged. It MUST be closed.
type Scan interface {
	io.WriteCloser
	// Verdict ends the file and returns the name of the malware in it, "" where there is none.
	Verdict() (malware string, err error)
}

// Refusals of uploads.
var (
	ErrEmpty     = &domain.Error{Kind: domain.KindInvalid, Code: "empty_file", Message: "the file is empty"}
	ErrBlocked   = &domain.Error{Kind: domain.KindRejected, Code: "attachment_blocked", Message: "files of this kind are not taken"}
	ErrManyLoose = &domain.Error{Kind: domain.KindRejected, Code: "too_many_uploads", Message: "you have too many uploads that are attached to nothing; attach or remove some, or wait a day"}
	ErrErased    = &domain.Error{Kind: domain.KindForbidden, Code: "forbidden", Message: "who brings the file was erased"}
)

// ErrNoScan is the error for a file that the scanner could not look at.
var ErrNoScan = &domain.Error{Kind: domain.KindUnavailable, Code: "scanner_unavailable", Message: "files cannot be looked at for malware now; try again later"}

// ErrTooLarge refuses a file of more bytes than are allowed.
var ErrTooLarge = &domain.Error{Kind: domain.KindRejected, Code: "body_too_large", Message: "the file is too large"}

func tooLarge(most int64) error { return ErrTooLarge.With("a file may have at most %d bytes", most) }

// Check refuses a name, or a size that is known before a file comes; 0: it is not.
func (l Limits) Check(name string, size int64) error {
	if size > l.File {
		return tooLarge(l.File)
	}
	parts := strings.Split(strings.ToLower(looksLike(ticket.Filename(name))), ".")
	for _, ending := range parts[max(1, len(parts)-2):] {
		if ending = strings.TrimSpace(ending); slices.Contains(l.Blocked, "."+ending) {
			return ErrBlocked.With("files that end in .%s are not taken", ending).On("file")
		}
	}
	return nil
}

// looksLike returns a name without what nobody sees of it, nor the dots and spaces at its
// end, which some systems leave out when they write the file.
func looksLike(name string) string {
	seen := strings.Map(func(r rune) rune {
		if r != ' ' && !domain.Visible(string(r)) {
			return -1
		}
		return r
	}, name)
	return strings.TrimRight(seen, ". ")
}

// head is how much of a file is looked at to know its type.
const head = 3072

// Take keeps what r reads as a file of somebody's, under an id that is new, and returns
// it once it is durable. Its refusals are those of this package and [domain.ErrNotFound]
// for who was erased; the errors of r are returned as they are.
func (f *Files) Take(ctx context.Context, id uuid.UUID, by domain.UserID, name, declared string, r io.Reader) (a ticket.Attachment, err error) {
	if err := f.limits.Check(name, 0); err != nil {
		return a, err
	}
	if err := f.room(ctx, by); err != nil {
		return a, err
	}
	return f.keep(ctx, id, by, ticket.Filename(name), declared, r, f.limits)
}

// Keep keeps what r reads, at most so many bytes, under an id that is new, sealed as the
// files of somebody are and as durable, for [Claim] to say what it is of. Nothing looks for
// malware in it. Its refusals are those of [Files.Take].
func (f *Files) Keep(ctx context.Context, id uuid.UUID, by domain.UserID, name string, r io.Reader, most int64) (ticket.Attachment, error) {
	return f.keep(ctx, id, by, name, "", r, Limits{File: most, Loose: math.MaxInt64})
}

func (f *Files) keep(ctx context.Context, id uuid.UUID, by domain.UserID, name, declared string, r io.Reader, within Limits) (a ticket.Attachment, err error) {
	owner, ok, err := f.keys.Sealing(ctx, by.UUID)
	if err == nil && !ok {
		err = ErrErased
	}
	if err != nil {
		return a, err
	}
	buffered := bufio.NewReaderSize(r, head)
	begins, err := buffered.Peek(head)
	switch {
	case err != nil && !errors.Is(err, io.EOF):
		return a, err
	case len(begins) == 0:
		return a, ErrEmpty.On("file")
	}
	u := Upload{key: blobs.NewKey()}
	u.Attachment = ticket.Attachment{
		ID: ticket.AttachmentID{UUID: id}, By: by, Filename: name, DeclaredType: declared,
		ContentType: mimetype.Detect(begins).String(),
	}
	plain := &bounded{r: buffered, most: within.File}
	looked, err := look(ctx, within.Scan, plain)
	if err != nil {
		return a, err
	}
	defer looked.Close()
	sealed, err := blobs.Seal(looked, u.key)
	if err != nil {
		return a, err
	}
	digest := sha256.New()
	if err = f.store.Put(ctx, id, io.TeeReader(sealed, digest)); err == nil {
		u.Scanned, err = looked.clean()
	}
	if u.Size, u.Digest = plain.read, hex.EncodeToString(digest.Sum(nil)); err == nil {
		u.AddedAt, err = f.insert(ctx, owner, u, within.Loose)
	}
	if err != nil {
		cleanup, done := context.WithTimeout(context.WithoutCancel(ctx), cleanupTime)
		defer done()
		return a, errors.Join(err, f.store.Delete(cleanup, id))
	}
	return u.Attachment, nil
}

// room refuses somebody who has too many loose uploads already.
func (f *Files) room(ctx context.Context, by domain.UserID) error {
	var loose int64
	if err := f.pool.QueryRow(ctx, `SELECT `+looseOf, by).Scan(&loose); err != nil {
		return eventstore.Unreachable(fmt.Errorf("add up loose uploads: %w", err))
	}
	if loose >= f.limits.Loose {
		return ErrManyLoose
	}
	return nil
}

const looseOf = `(SELECT coalesce(sum(size), 0)::bigint FROM uploads WHERE uploaded_by = $1 AND attached_to IS NULL AND doomed_at IS NULL)`

// insert notes an upload, and returns when.
func (f *Files) insert(ctx context.Context, owner cipher.AEAD, u Upload, loose int64) (at time.Time, err error) {
	const q = `
INSERT INTO uploads (id, uploaded_by, sealed_key, sealed_name, content_type, declared_type, size, digest, scanned)
SELECT $2, $1, $3, $4, $5, $6, $7, $8, $10 WHERE ` + looseOf + ` + $7 <= $9
RETURNING created_at`
	err = f.pool.QueryRow(ctx, q, u.By, u.ID, sealed(owner, u.key, bound(u.ID.UUID, boundKey)),
		sealed(owner, []byte(u.Filename), bound(u.ID.UUID, boundName)), u.ContentType, u.DeclaredType, u.Size, u.Digest, loose, u.Scanned).Scan(&at)
	if errors.Is(err, pgx.ErrNoRows) {
		return at, ErrManyLoose
	}
	if err != nil {
		return at, eventstore.Unreachable(fmt.Errorf("note an upload: %w", err))
	}
	return at, nil
}

func sealed(key cipher.AEAD, plain, bound []byte) []byte {
	nonce := make([]byte, key.NonceSize())
	rand.Read(nonce) // never fails: crypto/rand
	return key.Seal(nonce, nonce, plain, bound)
}

// bounded reads at most so many bytes: one more is [ErrTooLarge]. What breaks off says so
// in other words than [io.ErrUnexpectedEOF], which sio takes for an end like any other.
type bounded struct {
	r          io.Reader
	read, most int64
}

// Read implements [io.Reader].
func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if err == io.ErrUnexpectedEOF {
		err = fmt.Errorf("the file broke off: %w", err)
	}
	if b.read += int64(n); b.read > b.most {
		return 0, tooLarge(b.most)
	}
	return n, err
}

package attachments_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"helpdesk/attachments"
	"helpdesk/attachments/blobs"
	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/eventstore"
	"helpdesk/keyring"
	"helpdesk/test/keys"
	"helpdesk/test/kit"
	"helpdesk/test/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// desk is files with a database of their own.
type desk struct {
	*attachments.Files
	pool  *pgxpool.Pool
	store blobs.Store
	ring  *keyring.Ring
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	pool := pgtest.New(t).Pool(t)
	master, err := keyring.ParseMaster(keys.Master)
	if err != nil {
		t.Fatal(err)
	}
	ring, err := keyring.Open(t.Context(), pool, master)
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{pool: pool, store: blobs.NewPostgres(pool), ring: ring}
	d.Files = attachments.New(pool, ring, d.store, attachments.Limits{File: 1 << 20, Loose: 2 << 20, Blocked: []string{".exe", ".js"}})
	return d
}

var ann, bob = domain.UserID{UUID: uuid.UUID{15: 1}}, domain.UserID{UUID: uuid.UUID{15: 2}}

func (d *desk) take(t *testing.T, by domain.UserID, name string, b []byte) ticket.Attachment {
	t.Helper()
	u, err := d.Take(t.Context(), kit.NewID(), by, name, "text/x-log", iotest.OneByteReader(bytes.NewReader(b)))
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// in runs something in a transaction.
func (d *desk) in(do eventstore.InTx) error {
	return pgx.BeginFunc(context.Background(), d.pool, func(tx pgx.Tx) error { return do(context.Background(), tx) })
}

// content returns the bytes of a file as they are read by its id.
func (d *desk) content(t *testing.T, id ticket.AttachmentID) ([]byte, bool) {
	t.Helper()
	found, err := d.Find(t.Context(), id.UUID)
	if err != nil {
		t.Fatal(err)
	}
	u, ok := found[id.UUID]
	if !ok {
		return nil, false
	}
	r := d.Open(t.Context(), u)
	defer r.Close()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return b, true
}

func (d *desk) stored(t *testing.T) (n int) {
	t.Helper()
	if err := d.store.Each(t.Context(), func(blobs.Stored) error { n++; return nil }); err != nil {
		t.Fatal(err)
	}
	return n
}

func adding(u ticket.Attachment) domain.Event {
	return ticket.AttachmentAdded{AttachmentID: u.ID, AddedBy: u.By}
}

var printer = ticket.ID{UUID: uuid.UUID{0: 7}}

func TestAFileIsReadAsItWasBrought(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	b := []byte(strings.Repeat("All is well.\n", 20_000))
	u := d.take(t, ann, "/var/log/äpp.log", b)
	if u.Filename != "äpp.log" || u.DeclaredType != "text/x-log" || u.ContentType != "text/plain; charset=utf-8" || u.Size != int64(len(b)) {
		t.Errorf("it is %+v", u)
	}
	if got, _ := d.content(t, u.ID); !bytes.Equal(got, b) {
		t.Errorf("%d bytes are read", len(got))
	}
	raw, err := d.store.Open(t.Context(), u.ID.UUID, 0)
	if err != nil {
		t.Fatal(err)
	}
	stored, err := io.ReadAll(raw)
	if sum := sha256.Sum256(stored); err != nil || hex.EncodeToString(sum[:]) != u.Digest || bytes.Contains(stored, []byte("well")) {
		t.Errorf("what is stored is not sealed, or has another digest: %v", err)
	}
	if n := kit.One[int](t, d.pool, `SELECT count(*) FROM uploads WHERE uploads::text LIKE '%pp.log%'`); n != 0 {
		t.Error("its name can be read in the database")
	}
}

func TestWhatIsNotTaken(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	broken := errors.New("the line broke")
	for name, c := range map[string]struct {
		file string
		r    io.Reader
		want error
	}{
		"nothing":                   {"a.txt", strings.NewReader(""), attachments.ErrEmpty},
		"too much":                  {"a.txt", bytes.NewReader(make([]byte, 1<<20+1)), attachments.ErrTooLarge},
		"an ending":                 {"a.EXE", strings.NewReader("MZ"), attachments.ErrBlocked},
		"the last but one":          {"a.js.txt", strings.NewReader("1"), attachments.ErrBlocked},
		"one that breaks off":       {"a.txt", io.MultiReader(bytes.NewReader(make([]byte, 5000)), iotest.ErrReader(broken)), broken},
		"one that breaks off early": {"a.txt", iotest.ErrReader(broken), broken},
		"one that a client left":    {"a.txt", io.MultiReader(bytes.NewReader(make([]byte, 200<<10)), iotest.ErrReader(io.ErrUnexpectedEOF)), io.ErrUnexpectedEOF},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := d.Take(t.Context(), kit.NewID(), ann, c.file, "", c.r)
			if !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
	if n := d.stored(t); n != 0 {
		t.Errorf("%d blobs are left", n)
	}
	d.take(t, ann, "exe", []byte("no ending"))
	if err := d.in(keyring.Destroy(bob.UUID)); err != nil {
		t.Fatal(err)
	}
	if err := d.ring.Forget(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Take(t.Context(), kit.NewID(), bob, "a.txt", "", strings.NewReader("a")); !errors.Is(err, attachments.ErrErased) {
		t.Errorf("of somebody who was erased: %v", err)
	}
}

func TestLooseUploadsOfAPersonAreBounded(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	half := make([]byte, 1<<20-10)
	rand.Read(half)
	first := d.take(t, ann, "a", half)
	d.take(t, ann, "b", half)
	if _, err := d.Take(t.Context(), kit.NewID(), ann, "c", "", bytes.NewReader(half)); !errors.Is(err, attachments.ErrManyLoose) {
		t.Errorf("a third: %v", err)
	}
	d.take(t, bob, "c", half)
	if err := d.in(attachments.InTheAppend(printer, []domain.Event{adding(first)})); err != nil {
		t.Fatal(err)
	}
	d.take(t, ann, "c", half)
}

func TestAnUploadIsAttachedOnce(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	one, two := d.take(t, ann, "one", []byte("1")), d.take(t, ann, "two", []byte("2"))
	if do := attachments.InTheAppend(printer, []domain.Event{ticket.Closed{}}); do != nil {
		t.Error("there is something to do for what is no file")
	}
	if err := d.in(attachments.InTheAppend(printer, []domain.Event{adding(one)})); err != nil {
		t.Fatal(err)
	}
	if err := d.in(attachments.InTheAppend(printer, []domain.Event{adding(two), adding(one)})); !errors.Is(err, ticket.ErrAttached) {
		t.Errorf("once more: %v", err)
	}
	found, err := d.Find(t.Context(), one.ID.UUID, two.ID.UUID)
	if err != nil || found[one.ID.UUID].To != printer || found[two.ID.UUID].To != (ticket.ID{}) {
		t.Errorf("attached are %v, %v", found, err)
	}
	if err := d.Drop(t.Context(), ann, one.ID); !errors.Is(err, domain.ErrNotFound) {
		t.Errorf("dropping what is attached: %v", err)
	}
	if err := d.Drop(t.Context(), bob, two.ID); !errors.Is(err, domain.ErrNotFound) {
		t.Errorf("dropping another's: %v", err)
	}
	if err := d.Drop(t.Context(), ann, two.ID); err != nil {
		t.Error(err)
	}
	if _, there := d.content(t, two.ID); there {
		t.Error("what was dropped can be read")
	}
}

func TestWhatIsRemovedOrErasedIsDestroyed(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	removed, hers, his := d.take(t, bob, "removed", []byte("1")), d.take(t, ann, "hers", []byte("2")), d.take(t, bob, "his", []byte("3"))
	for _, do := range []eventstore.InTx{
		attachments.InTheAppend(printer, []domain.Event{adding(removed), adding(hers), adding(his)}),
		attachments.InTheAppend(printer, []domain.Event{ticket.AttachmentRemoved{AttachmentID: removed.ID}}),
		attachments.Forget(ann.UUID), attachments.Forget(ann.UUID),
	} {
		if err := d.in(do); err != nil {
			t.Fatal(err)
		}
	}
	for _, u := range []ticket.Attachment{removed, hers} {
		if _, there := d.content(t, u.ID); there {
			t.Errorf("%s can be read", u.Filename)
		}
	}
	if n := kit.One[int](t, d.pool, `SELECT count(*) FROM uploads WHERE doomed_at IS NOT NULL AND sealed_key IS NULL AND sealed_name IS NULL`); n != 2 {
		t.Errorf("%d keys are destroyed", n)
	}
	if n, err := d.Collect(t.Context(), false); n != 2 || err != nil || d.stored(t) != 1 {
		t.Errorf("collected are %d, %v; left are %d", n, err, d.stored(t))
	}
	if b, _ := d.content(t, his.ID); string(b) != "3" {
		t.Errorf("another's file reads %q", b)
	}
}

func TestFilesAreHeldAgainstTheLog(t *testing.T) {
	t.Parallel()
	log := kit.New(t)
	store, err := blobs.NewFolder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{pool: log.Pool, store: store}
	d.Files = attachments.New(log.Pool, log.Codec().Keys(), store, attachments.Limits{File: 1 << 20, Loose: 2 << 20})
	names := []string{"sound", "removed", "erased", "missing", "altered"}
	files := map[string]ticket.Attachment{}
	for _, name := range names {
		by := ann
		if name == "erased" {
			by = bob
		}
		u := d.take(t, by, name, []byte(name))
		files[name] = u
		events := []domain.Event{ticket.AttachmentAdded{AttachmentID: u.ID, AddedBy: by, Filename: name, Digest: u.Digest}}
		if name == "removed" {
			events = append(events, ticket.AttachmentRemoved{AttachmentID: u.ID})
		}
		if _, err := log.Append(t.Context(), eventstore.Append{StreamID: kit.NewID(), StreamType: domain.TicketStream, Events: events}); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.in(keyring.Destroy(bob.UUID)); err != nil {
		t.Fatal(err)
	}
	if err := log.Codec().ForgetDestroyed(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"removed", "erased", "missing", "altered"} {
		if err := store.Delete(t.Context(), files[name].ID.UUID); err != nil {
			t.Fatal(err)
		}
	}
	if err := store.Put(t.Context(), files["altered"].ID.UUID, strings.NewReader("other")); err != nil {
		t.Fatal(err)
	}
	found := map[uuid.UUID]string{}
	v, err := d.Verify(t.Context(), log, func(f attachments.Fault) { found[f.Attachment] = f.What }, func(int, int) {})
	if want := (attachments.Verified{Sound: 1, Removed: 1, Erased: 1, Faulty: 2}); err != nil || v != want {
		t.Errorf("got %+v, %v, want %+v", v, err, want)
	}
	if found[files["missing"].ID.UUID] != "missing" || found[files["altered"].ID.UUID] != "altered" {
		t.Errorf("faults are %v", found)
	}
}

func TestBlobsMoveToAnotherStore(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	to, err := blobs.NewFolder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	u := d.take(t, ann, "one", make([]byte, 300<<10))
	d.take(t, ann, "two", []byte("2"))
	_ = d.store.Put(t.Context(), kit.NewID(), io.MultiReader(strings.NewReader("half"), iotest.ErrReader(io.ErrUnexpectedEOF)))
	var carried []int64
	for range 2 {
		if err := attachments.Move(t.Context(), d.store, to, false, func(_ int, bytes int64) { carried = append(carried, bytes) }, func(id uuid.UUID, err error) { t.Errorf("%s: %v", id, err) }); err != nil {
			t.Fatal(err)
		}
	}
	if len(carried) != 4 || carried[1] < 300<<10 || carried[3] != 0 {
		t.Errorf("carried are %d bytes", carried)
	}
	if err := attachments.Move(t.Context(), d.store, to, true, func(int, int64) {}, func(id uuid.UUID, err error) { t.Errorf("%s: %v", id, err) }); err != nil {
		t.Fatal(err)
	}
	moved := &desk{pool: d.pool, store: to, Files: attachments.New(d.pool, d.ring, to, attachments.Limits{})}
	if b, there := moved.content(t, u.ID); !there || len(b) != 300<<10 {
		t.Errorf("%d bytes are read from there", len(b))
	}
	if d.stored(t) != 1 || moved.stored(t) != 2 {
		t.Errorf("%d are left here, %d are there", d.stored(t), moved.stored(t))
	}
}

func TestWhatIsLooseGoesAfterADay(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	old, kept, young := d.take(t, ann, "old", []byte("1")), d.take(t, ann, "kept", []byte("2")), d.take(t, ann, "young", []byte("3"))
	if err := d.in(attachments.InTheAppend(printer, []domain.Event{adding(kept)})); err != nil {
		t.Fatal(err)
	}
	for range 2 { // uploads that broke off: long ago, and just now
		_ = d.store.Put(t.Context(), kit.NewID(), io.MultiReader(strings.NewReader("half"), iotest.ErrReader(io.ErrUnexpectedEOF)))
	}
	ago := time.Now().Add(-25 * time.Hour)
	for _, q := range []string{
		`UPDATE uploads SET created_at = $1 WHERE id IN ($2, $3)`, `UPDATE blobs.blobs SET begun_at = $1 WHERE id IN ($2, $3)`,
	} {
		if _, err := d.pool.Exec(t.Context(), q, ago, old.ID, kept.ID); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := d.pool.Exec(t.Context(), `UPDATE blobs.blobs SET begun_at = $1 WHERE id = (SELECT max(id::text)::uuid FROM blobs.blobs WHERE size IS NULL)`, ago); err != nil {
		t.Fatal(err)
	}
	if n, err := d.Collect(t.Context(), false); n != 1 || err != nil {
		t.Errorf("collected are %d, %v", n, err)
	}
	if n, err := d.Collect(t.Context(), true); n != 1 || err != nil || d.stored(t) != 3 {
		t.Errorf("swept are %d, %v; left are %d", n, err, d.stored(t))
	}
	for _, u := range []ticket.Attachment{kept, young} {
		if _, there := d.content(t, u.ID); !there {
			t.Errorf("%s is gone", u.Filename)
		}
	}
}

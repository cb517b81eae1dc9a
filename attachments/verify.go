package attachments

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"github.com/google/uuid"

	"helpdesk/attachments/blobs"
	"helpdesk/domain/ticket"
	"helpdesk/domain/user"
	"helpdesk/eventstore"
)

// Log is the part of the event store that files are held against.
type Log interface {
	Head(ctx context.Context) (int64, error)
	Select(ctx context.Context, which eventstore.Selection, limit int) ([]eventstore.Recorded, error)
	Codec() *eventstore.Codec
}

// Verified is what became of the files that the log names.
type Verified struct {
	Sound   int // their bytes are as they were attached
	Removed int // somebody removed them
	Erased  int // of people who were erased
	Faulty  int // their bytes are missing, or others
}

// Fault is a file whose bytes are not what the log says.
type Fault struct {
	Attachment uuid.UUID
	Ticket     uuid.UUID
	Position   int64 // of the event that attached it
	What       string
}

// named is a file as an event names it.
type named struct {
	ticket.AttachmentAdded
	eventstore.Recorded
}

// Verify holds the bytes of all files against the log, calls fault for each that is not
// what it says, and progress with how far it is. It stops where ctx ends.
func (f *Files) Verify(ctx context.Context, log Log, fault func(Fault), progress func(done, of int)) (v Verified, err error) {
	files, err := recordOf(ctx, log)
	if err != nil {
		return v, err
	}
	for i, a := range files.all {
		progress(i, len(files.all))
		if files.removed[a.AttachmentID] {
			v.Removed++
			continue
		}
		there, err := log.Codec().HaveKeys(ctx, []uuid.UUID{a.AddedBy.UUID})
		if err != nil {
			return v, err
		}
		if !there {
			v.Erased++
			continue
		}
		what, err := compare(ctx, f.store, a.AttachmentAdded)
		if err != nil {
			return v, err
		}
		v.count(a, what, fault)
	}
	progress(len(files.all), len(files.all))
	return v, nil
}

// count counts a file whose bytes should be there, and are not as the log says in what.
func (v *Verified) count(a named, what string, fault func(Fault)) {
	if what == "" {
		v.Sound++
		return
	}
	v.Faulty++
	fault(Fault{Attachment: a.AttachmentID.UUID, Ticket: a.StreamID, Position: a.Position, What: what})
}

// record is what a log ever said of files.
type record struct {
	all     []named
	removed map[ticket.AttachmentID]bool
	erased  map[uuid.UUID]bool // people
}

// recorded are the types of events that a record is made of.
var recorded = eventstore.Types(ticket.AttachmentAdded{}, ticket.AttachmentRemoved{}, user.Erased{})

func newRecord() record {
	return record{removed: map[ticket.AttachmentID]bool{}, erased: map[uuid.UUID]bool{}}
}

// add notes an event. What files are called stays sealed.
func (r *record) add(codec *eventstore.Codec, at eventstore.Recorded) error {
	e, err := codec.Decode(at.Type, at.SchemaVersion, at.Data)
	if err != nil {
		return fmt.Errorf("event at position %d: %w", at.Position, err)
	}
	switch e := e.(type) {
	case ticket.AttachmentAdded:
		r.all = append(r.all, named{e, at})
	case ticket.AttachmentRemoved:
		r.removed[e.AttachmentID] = true
	case user.Erased:
		r.erased[at.StreamID] = true
	}
	return nil
}

// gone returns why there are no bytes of a file, "" where there are.
func (r record) gone(a ticket.AttachmentAdded) (state string) {
	switch {
	case r.removed[a.AttachmentID]:
		return Removed
	case r.erased[a.AddedBy.UUID]:
		return Erased
	}
	return ""
}

// recordOf returns what a log ever said of files.
func recordOf(ctx context.Context, log Log) (all record, err error) {
	head, err := log.Head(ctx)
	if err != nil {
		return all, err
	}
	all = newRecord()
	which := eventstore.Selection{Upto: head, Types: recorded}
	const page = 1000
	for {
		events, err := log.Select(ctx, which, page)
		if err != nil {
			return all, err
		}
		for _, e := range events {
			if err := all.add(log.Codec(), e); err != nil {
				return all, err
			}
			which.After = e.Position
		}
		if len(events) < page {
			return all, nil
		}
	}
}

// compare returns how the bytes of a file in a store differ from what the log says, "" for
// not at all.
func compare(ctx context.Context, in blobs.Store, a ticket.AttachmentAdded) (what string, err error) {
	r, err := in.Open(ctx, a.AttachmentID.UUID, 0)
	if errors.Is(err, blobs.ErrMissing) {
		return Missing, nil
	}
	if err != nil {
		return "", err
	}
	defer r.Close()
	digest := sha256.New()
	_, err = io.Copy(digest, r)
	switch {
	case ctx.Err() != nil:
		return "", ctx.Err()
	case eventstore.Transient(err) && !errors.Is(err, io.ErrUnexpectedEOF):
		return "", err
	case err != nil:
		return Altered + ": " + err.Error(), nil
	case hex.EncodeToString(digest.Sum(nil)) != a.Digest:
		return Altered, nil
	}
	return "", nil
}

// Move carries blobs that are not there yet from one store to another, as they are, and
// with remove takes each from where it came. It calls progress with how many were looked
// at and how many bytes carried, and failed for each that cannot be read or written, which
// stays where it is; it may be begun again where it was broken off. The stores MUST NOT be
// the same.
func Move(ctx context.Context, from, to blobs.Store, remove bool, progress func(looked int, carried int64), failed func(uuid.UUID, error)) error {
	there := map[uuid.UUID]int64{}
	if err := to.Each(ctx, func(b blobs.Stored) error { there[b.ID] = b.Size; return nil }); err != nil {
		return err
	}
	looked, carried := 0, int64(0)
	return from.Each(ctx, func(b blobs.Stored) error {
		size, ok := there[b.ID]
		if !ok || size != b.Size {
			err := carry(ctx, from, to, b.ID)
			if errors.Is(err, blobs.ErrMissing) { // not whole, or deleted meanwhile
				return nil
			}
			if err != nil && ctx.Err() == nil {
				failed(b.ID, err)
				return nil
			}
			if err != nil {
				return err
			}
			carried += b.Size
		}
		looked++
		progress(looked, carried)
		if !remove {
			return nil
		}
		return from.Delete(ctx, b.ID)
	})
}

func carry(ctx context.Context, from, to blobs.Store, id uuid.UUID) error {
	r, err := from.Open(ctx, id, 0)
	if err != nil {
		return err
	}
	defer r.Close()
	if err := to.Delete(ctx, id); err != nil { // what an earlier run left unfinished
		return err
	}
	return to.Put(ctx, id, r)
}

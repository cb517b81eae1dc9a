package commands

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/uuid"

	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/eventstore"
	"helpdesk/test/kit"
)

// counted is a log that counts how often streams are loaded.
type counted struct {
	*eventstore.Store
	loads  int
	erased bool // whether somebody was, of whom there are texts
}

func (c *counted) Outline(ctx context.Context, ids ...uuid.UUID) ([]eventstore.Envelope, error) {
	c.loads++
	return c.Store.Outline(ctx, ids...)
}

func (c *counted) HaveKeys(ctx context.Context, people []uuid.UUID) (bool, error) {
	if c.erased {
		return false, nil
	}
	return c.Store.HaveKeys(ctx, people)
}

func (c *counted) want(t *testing.T, what string, loads int) {
	t.Helper()
	if c.loads != loads {
		t.Errorf("%s: %d loads, want %d", what, c.loads, loads)
	}
	c.loads = 0
}

func titled(title string) ticket.EditTicket { return ticket.EditTicket{By: as(ann), Title: ptr(title)} }

func TestAStreamIsNotLoadedForTheNextCommand(t *testing.T) {
	t.Parallel()
	d := newLog(t)
	l := &counted{Store: d.Store}
	here := NewTickets(l, d.Store)
	id := newTicketID()
	d.must(t)(here.Open(kit.Context(t), Request{}, id, opening()))
	for _, title := range []string{"a", "b", "c"} {
		d.must(t)(here.Do(kit.Context(t), Request{}, id, titled(title)))
	}
	l.want(t, "commands that one process carries out", 0)
	out := d.must(t)(here.Do(kit.Context(t), Request{}, id, titled("d")))
	checkDiff(t, "the events of the outcome", d.Stream(t, id.UUID), out.Events)

	l.erased = true
	d.must(t)(here.Do(kit.Context(t), Request{}, id, titled("e")))
	l.want(t, "somebody was erased", 1)
}

// What others wrote is seen whatever a command leads to, on whichever state it was
// decided first.
func TestAKeptStreamIsNeverOlderThanWhatOthersWrote(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		request Request
		when    ticket.Command
		want    error
		version int
		loads   int
	}{
		"a change":                   {when: titled("mine"), version: 3, loads: 1},
		"nothing to change now":      {when: titled("theirs"), version: 2, loads: 1},
		"something to change now":    {when: titled("Printer"), version: 3, loads: 1},
		"the version before":         {request: Request{IfMatch: 1}, when: titled("mine"), want: domain.ErrStale, loads: 1},
		"the version since":          {request: Request{IfMatch: 2}, when: titled("mine"), version: 3, loads: 1},
		"refused whatever was added": {when: ticket.DeleteTicket{By: as(eve)}, want: domain.ErrForbidden, loads: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newLog(t)
			l := &counted{Store: d.Store}
			here := NewTickets(l, d.Store)
			id := newTicketID()
			d.must(t)(here.Open(kit.Context(t), Request{}, id, opening()))
			d.must(t)(d.Do(kit.Context(t), Request{}, id, titled("theirs"))) // another process
			out, err := here.Do(kit.Context(t), c.request, id, c.when)
			if !errors.Is(err, c.want) || out.Version != c.version {
				t.Errorf("version %d, %v; want %d, %v", out.Version, err, c.version, c.want)
			}
			l.want(t, "a command", c.loads)
		})
	}
}

func TestARedactedTextIsNotKept(t *testing.T) {
	t.Parallel()
	d := newLog(t)
	id := d.open(t)
	there := NewTickets(d.Store, d.Store) // another process
	d.must(t)(there.Do(kit.Context(t), Request{}, id, titled("Printer again")))
	redact := ticket.RedactText{By: as(rob), Subject: ticket.Subject{Field: ticket.FieldDescription}, Reason: "personal"}
	d.must(t)(d.Do(kit.Context(t), Request{}, id, redact))
	for _, tickets := range []*Tickets{d.Tickets, there} {
		out := d.must(t)(tickets.Do(kit.Context(t), Request{}, id, titled("of "+newTicketID().String())))
		if opened := out.Events[0].Event.(ticket.Opened); opened.Description != domain.Redacted {
			t.Errorf("the description is %q still", opened.Description)
		}
	}
}

// unerased is a log of whom nobody was erased.
type unerased struct{ Log }

func (unerased) HaveKeys(context.Context, []uuid.UUID) (bool, error) { return true, nil }

func TestAMemoryIsBounded(t *testing.T) {
	t.Parallel()
	m := newMemory[ticket.State]()
	of := func(bytes int) stream[ticket.State] {
		return stream[ticket.State]{history: []eventstore.Envelope{{Recorded: eventstore.Recorded{Data: []byte(strings.Repeat(" ", bytes/2))}}}}
	}
	kept := func(id uuid.UUID) bool { _, ok := m.recall(t.Context(), id, unerased{}); return ok }
	first := uuid.New()
	m.keep(first, of(streamBytes/2))
	if !kept(first) {
		t.Error("a stream is not kept")
	}
	m.keep(first, of(streamBytes))
	if kept(first) {
		t.Error("a stream that is too long is kept, or what it was before")
	}
	var newest uuid.UUID
	for range 3 * memoryBytes / streamBytes {
		newest = uuid.New()
		m.keep(newest, of(streamBytes/2))
	}
	if !kept(newest) || m.bytes > memoryBytes || m.bytes < memoryBytes-streamBytes {
		t.Errorf("%d bytes are kept, want at most %d and hardly less", m.bytes, memoryBytes)
	}
	for id := range m.streams {
		m.forget(id)
	}
	if m.bytes != 0 {
		t.Errorf("%d bytes are kept of no stream", m.bytes)
	}
}

package eventstore

import (
	"math"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"helpdesk/domain"
	"helpdesk/domain/ticket"
)

// TestAnOutlineIsTheStreamWithoutItsLongTexts compares both of a long stream, some of
// whose texts were redacted and some are of somebody who was erased.
func TestAnOutlineIsTheStreamWithoutItsLongTexts(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		comments int
		brief    bool
	}{"a long stream": {12, true}, "a short one": {1, false}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLog(t)
			keys := l.sealing(t)
			id, text := newID(t), strings.Repeat("Grüße, \"ü\"\n", 700)
			events := []domain.Event{
				ticket.Opened{Number: 1, Title: "Printer", Description: text, CreatedBy: ann, OpenedBy: ann},
				ticket.Retitled{Title: "Scanner"},
				ticket.CommentAdded{CommentID: comment, Author: ann, Text: text[1:], AddedAt: instant},
			}
			for i := range c.comments {
				events = append(events, ticket.CommentAdded{CommentID: ticket.CommentID{UUID: newID(t)}, Author: bob, Text: text[i:], AddedAt: instant})
			}
			events = append(events, ticket.CommentEdited{CommentID: comment, Text: text[3:]}, ticket.Resolved{Reason: text[:900]})
			a := appending(id, 0, events...)
			a.Person = bob
			l.mustAppend(t, a)
			l.redaction(t, a, len(events), TextOf{3, "text"})
			check := func(what string) {
				t.Helper()
				whole, err := l.Load(testContext(t), id)
				if err != nil {
					t.Fatal(err)
				}
				outline, err := l.Outline(testContext(t), id)
				if err != nil {
					t.Fatal(err)
				}
				var places []int
				for i, e := range outline {
					said, long := texts(t, l.Codec(), e.Event), len(whole[i].Data) > longEvent
					if e.Brief != (c.brief && long) {
						t.Errorf("%s: event %d brief %t", what, i+1, e.Brief)
					}
					if diff := cmp.Diff(lengths(texts(t, l.Codec(), whole[i].Event)), lengths(said)); diff != "" {
						t.Errorf("%s: lengths of event %d (-whole +outline):\n%s", what, i+1, diff)
					}
					if e.Brief && strings.Contains(strings.Join(said, ""), "Gr") {
						t.Errorf("%s: event %d says %q", what, i+1, said)
					}
					if i%2 == 0 {
						places = append(places, i)
					}
				}
				full, err := l.InFull(testContext(t), outline, places)
				if err != nil {
					t.Fatal(err)
				}
				for _, i := range places {
					if diff := cmp.Diff(whole[i], full[i]); diff != "" {
						t.Errorf("%s: event %d in full (-want +got):\n%s", what, i+1, diff)
					}
				}
			}
			check("as written")
			keys.Destroy(bob.UUID)
			check("once bob is erased")
		})
	}
}

func texts(t *testing.T, c *Codec, e domain.Event) (all []string) {
	t.Helper()
	of := c.types[e.EventType()]
	if !of.Personal() {
		return nil
	}
	if _, err := of.ChangeTexts(e, func(_ domain.Member, text string) (string, error) { all = append(all, text); return text, nil }); err != nil {
		t.Fatal(err)
	}
	return all
}

func lengths(all []string) (n []int) {
	for _, text := range all {
		n = append(n, len(text))
	}
	return n
}

// TestAnOutlineKeepsNothingOfLongTexts counts the bytes that are made for one.
func TestAnOutlineKeepsNothingOfLongTexts(t *testing.T) {
	const comments, size = 100, 16_000
	l := newLog(t)
	l.sealing(t)
	id := newID(t)
	events := []domain.Event{ticket.Opened{Number: 1, Title: "Printer", Description: "It smokes.", CreatedBy: ann, OpenedBy: ann}}
	for range comments {
		events = append(events, ticket.CommentAdded{CommentID: ticket.CommentID{UUID: newID(t)}, Author: bob, Text: strings.Repeat("x", size), AddedAt: instant})
	}
	l.mustAppend(t, appending(id, 0, events...))
	bytes := func(read func() ([]Envelope, error)) uint64 {
		t.Helper()
		least := uint64(math.MaxUint64) // others in the process make some meanwhile, and the first look what later ones need not
		for range 5 {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			if got, err := read(); err != nil || len(got) != comments+1 {
				t.Fatalf("%d events, %v", len(got), err)
			}
			runtime.ReadMemStats(&after)
			least = min(least, after.TotalAlloc-before.TotalAlloc)
		}
		return least
	}
	whole := bytes(func() ([]Envelope, error) { return l.Load(testContext(t), id) })
	outline := bytes(func() ([]Envelope, error) { return l.Outline(testContext(t), id) })
	// The race detector keeps less for later use, so that both take more.
	if outline > whole/4 || whole < comments*size {
		t.Errorf("an outline takes %d bytes, want at most a quarter of the %d that the stream takes with its %d bytes of texts", outline, whole, comments*size)
	}
}

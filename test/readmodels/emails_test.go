package readmodels

import (
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"

	"helpdesk/domain/email"
	"helpdesk/projections"
	"helpdesk/test/kit"
)

func TestListsOfEmails(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	counts := map[email.Status]int{}
	for _, e := range w.want.emails {
		counts[e.Status]++
	}
	if len(counts) < 2 {
		t.Fatalf("the emails are all alike: %v", counts)
	}
	for _, statuses := range [][]email.Status{nil, {email.StatusFailed, email.StatusUncertain}, {email.StatusSent}} {
		var want, got, back []uuid.UUID
		for _, e := range w.want.emails {
			if len(statuses) == 0 || slices.Contains(statuses, e.Status) {
				want = append(want, e.ID)
			}
		}
		var last *projections.Cursor
		for p := (projections.Page{Size: 2}); ; {
			slice, err := w.Emails(kit.Context(t), statuses, p)
			if err != nil {
				t.Fatal(err)
			}
			for i, e := range slice.Items {
				got = append(got, e.ID)
				if i > 0 && e.QueuedAt.After(slice.Items[i-1].QueuedAt) {
					t.Errorf("email %s comes after an older one", e.ID)
				}
			}
			if last = slice.Previous; slice.Next == nil {
				break
			}
			p.Cursor = slice.Next
		}
		for last != nil {
			slice, err := w.Emails(kit.Context(t), statuses, projections.Page{Size: 2, Cursor: last})
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range slice.Items {
				back = append(back, e.ID)
			}
			last = slice.Previous
		}
		less := func(a, b uuid.UUID) bool { return a.String() < b.String() }
		if diff := gocmp.Diff(want, got, cmpopts.SortSlices(less), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("emails of %v (-want +got):\n%s", statuses, diff)
		}
		if len(got) > 2 && len(back) < len(got)-2 {
			t.Errorf("the way back has %d emails of %d", len(back), len(got))
		}
	}
	got, err := w.CountEmails(kit.Context(t), 1000)
	for _, status := range email.Statuses() {
		if got[status] != counts[status] {
			t.Errorf("%d emails are %s, want %d (%v)", got[status], status, counts[status], err)
		}
	}
	got, err = w.CountEmails(kit.Context(t), 1)
	for status, n := range got {
		if n > 1 {
			t.Errorf("%s was counted to %d, beyond 1", status, n)
		}
	}
	if err != nil {
		t.Error(err)
	}
}

func TestTicketsByTheirIDs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ids := []uuid.UUID{uuid.New()}
	for id := range w.states {
		ids = append(ids, id)
	}
	for name, viewer := range everybody {
		got, err := w.TicketsByID(kit.Context(t), viewer, ids)
		if err != nil {
			t.Fatal(err)
		}
		for id, s := range w.states {
			if _, there := got[id]; there != s.VisibleTo(viewer) {
				t.Errorf("%s has ticket %d: %t, want %t", name, s.Number, there, !there)
			}
		}
	}
}

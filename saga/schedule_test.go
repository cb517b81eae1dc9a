package saga

import (
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/test/kit"
)

func TestTheScheduleTellsWhenTicketsEscalate(t *testing.T) {
	t.Parallel()
	d := newService(t)
	d.follow(t, quick)
	ann := d.register(t, "ann", domain.RoleUser)
	began := time.Now().Add(-time.Minute).Truncate(time.Microsecond)
	waits := d.open(t, ann, ticket.Medium, began)
	never := d.open(t, ann, ticket.Low, time.Time{})
	done := d.open(t, ann, ticket.Medium, time.Time{})
	schedule := NewSchedule(d.Pool)
	ids := []uuid.UUID{waits.UUID, never.UUID, done.UUID, uuid.New()}
	due := func() map[uuid.UUID]time.Time {
		due, err := schedule.Due(kit.Context(t), ids)
		if err != nil {
			t.Fatal(err)
		}
		return due
	}
	kit.Poll(t, "the timers", func() bool { return len(due()) == 2 })
	d.do(t, done, become(ticket.StatusResolved))
	kit.Poll(t, "the timer called off", func() bool { return len(due()) == 1 })
	if got, want := due()[waits.UUID], began.Add(time.Hour); !got.Equal(want) {
		t.Errorf("due at %v, want %v", got, want)
	}
}

func TestTheScheduleListsWhatIsPendingInParts(t *testing.T) {
	t.Parallel()
	d := newService(t)
	d.follow(t, quick)
	ann := d.register(t, "ann", domain.RoleUser)
	began := time.Now().Truncate(time.Microsecond)
	var want []uuid.UUID
	for i := range 5 {
		want = append(want, d.open(t, ann, ticket.Medium, began.Add(time.Duration(i)*time.Second)).UUID)
	}
	schedule := NewSchedule(d.Pool)
	kit.Poll(t, "the timers", func() bool {
		due, err := schedule.Due(kit.Context(t), want)
		return err == nil && len(due) == len(want)
	})
	var got []uuid.UUID
	var last Pending
	for {
		page, err := schedule.Pending(kit.Context(t), last.DueAt, last.TimerID, 2)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range page {
			got, last = append(got, p.TicketID), p
		}
		if len(page) < 2 {
			break
		}
	}
	if !slices.Equal(got, want) || last.Due {
		t.Errorf("pending are %v, want %v; the last is due: %t", got, want, last.Due)
	}
}

package saga

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"helpdesk/domain"
	"helpdesk/domain/ticket"
)

func TestTheScheduleTellsWhenTicketsEscalate(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.follow(t, quick)
	ann := d.register(t, "ann", domain.RoleUser)
	began := time.Now().Add(-time.Minute).Truncate(time.Microsecond)
	waits := d.open(t, ann, ticket.Medium, began)
	never := d.open(t, ann, ticket.Low, time.Time{})
	done := d.open(t, ann, ticket.Medium, time.Time{})
	schedule := NewSchedule(d.pool)
	ids := []uuid.UUID{waits.UUID, never.UUID, done.UUID, uuid.New()}
	due := func() map[uuid.UUID]time.Time {
		due, err := schedule.Due(testContext(t), ids)
		if err != nil {
			t.Fatal(err)
		}
		return due
	}
	poll(t, "the timers", func() bool { return len(due()) == 2 })
	d.do(t, done, become(ticket.StatusResolved))
	poll(t, "the timer called off", func() bool { return len(due()) == 1 })
	if got, want := due()[waits.UUID], began.Add(time.Hour); !got.Equal(want) {
		t.Errorf("due at %v, want %v", got, want)
	}
}

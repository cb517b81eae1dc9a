package demo

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/domain/user"
)

var end = time.Date(2030, 6, 12, 15, 30, 0, 0, time.UTC) // a Wednesday

func TestPeopleAreAllAccepted(t *testing.T) {
	names := map[string]bool{}
	count := map[domain.Role]int{}
	for _, p := range People(end) {
		if _, err := user.Decide(user.State{}, p.Register); err != nil {
			t.Errorf("%s: %v", p.Username, err)
		}
		if names[p.Username] {
			t.Errorf("there are two called %s", p.Username)
		}
		names[p.Username] = true
		count[p.Role]++
	}
	want := map[domain.Role]int{domain.RoleAdmin: 1, domain.RoleAuditor: 1, domain.RoleAgent: 50, domain.RoleUser: 600}
	if diff := cmp.Diff(want, count); diff != "" {
		t.Error(diff)
	}
}

func TestTheSameEndGivesTheSameYear(t *testing.T) {
	people := People(end)
	one := slices.Collect(Tickets(end, people, 300))
	two := slices.Collect(Tickets(end, People(end), 300))
	if diff := cmp.Diff(one, two, cmpopts.EquateComparable()); diff != "" {
		t.Error(diff)
	}
}

// TestEveryHistoryIsOneThatCouldHaveHappened decides each command on what the
// ones before it led to.
func TestEveryHistoryIsOneThatCouldHaveHappened(t *testing.T) {
	ids := map[ticket.ID]bool{}
	previous := end.Add(-Length)
	for told := range Tickets(end, People(end), 2000) {
		if ids[told.ID] {
			t.Fatalf("two tickets are called %v", told.ID)
		}
		ids[told.ID] = true
		if at := told.Past[0].At; at.Before(previous) {
			t.Errorf("a ticket of %v comes after one of %v", at, previous)
		}
		previous = told.Past[0].At
		var state ticket.State
		at := previous
		for _, p := range told.Past {
			if p.At.Before(at) || p.At.After(end) {
				t.Errorf("%T at %v: it was %v already, and the year ends %v", p.Command, p.At, at, end)
			}
			at = p.At
			events, err := ticket.Decide(state, p.Command)
			if err != nil {
				t.Fatalf("%T in status %s: %v", p.Command, state.Status, err)
			}
			for _, e := range events {
				state = ticket.Evolve(state, e)
			}
		}
	}
}

// TestAYearLooksLikeOne counts what a reader of the reports would notice.
func TestAYearLooksLikeOne(t *testing.T) {
	const n = 4000
	var weekend, office, escalated, reopened, unfinished, events int
	for told := range Tickets(end, People(end), n) {
		var state ticket.State
		again := false
		for _, p := range told.Past {
			decided, _ := ticket.Decide(state, p.Command)
			for _, e := range decided {
				state = ticket.Evolve(state, e)
				events++
				switch e.(type) {
				case ticket.Escalated:
					escalated++
				case ticket.Reopened:
					again = true
				}
			}
		}
		at := told.Past[0].At
		switch {
		case at.Weekday() == time.Saturday, at.Weekday() == time.Sunday:
			weekend++
		case at.Hour() >= officeOpens && at.Hour() < officeCloses:
			office++
		}
		if again {
			reopened++
		}
		if state.Status != ticket.StatusClosed && state.Status != ticket.StatusResolved {
			unfinished++
		}
	}
	for _, c := range []struct {
		what        string
		got         int
		least, most float64 // of all tickets
	}{
		{"opened at a weekend", weekend, 0.01, 0.06},
		{"opened in office hours", office, 0.75, 0.95},
		{"escalations", escalated, 0.05, 0.35},
		{"opened again", reopened, 0.04, 0.1},
		{"unfinished at the end", unfinished, 0.005, 0.05},
		{"events", events, 7, 11},
	} {
		if share := float64(c.got) / n; share < c.least || share > c.most {
			t.Errorf("%s: %.3f of the tickets, want %.3f to %.3f", c.what, share, c.least, c.most)
		} else {
			t.Logf("%s: %.3f", c.what, share)
		}
	}
}

func TestOfficeTimePassesInOfficeHoursOnly(t *testing.T) {
	at := func(day, hour, minute int) time.Time { return time.Date(2030, 6, day, hour, minute, 0, 0, time.UTC) }
	for _, c := range []struct {
		name string
		from time.Time
		d    time.Duration
		want time.Time
	}{
		{"within a day", at(12, 9, 0), 2 * time.Hour, at(12, 11, 0)},
		{"before it opens", at(12, 3, 0), time.Hour, at(12, 9, 0)},
		{"over night", at(12, 17, 30), time.Hour, at(13, 8, 30)},
		{"over a weekend", at(14, 17, 0), 90 * time.Minute, at(17, 8, 30)},
		{"from a Sunday over two days", at(16, 12, 0), 11 * time.Hour, at(18, 9, 0)},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := atWork(c.from, c.d); !got.Equal(c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestEverybodyHasWorkAtTheEnd(t *testing.T) {
	for name, end := range map[string]time.Time{"a Wednesday afternoon": end, "a Sunday": end.Add(4 * 24 * time.Hour), "at night": end.Add(11 * time.Hour)} {
		t.Run(name, func(t *testing.T) {
			people := People(end)
			inHand, waits := map[domain.UserID]int{}, 0
			for told := range Tickets(end, people, 4000) {
				var state ticket.State
				for _, p := range told.Past {
					events, _ := ticket.Decide(state, p.Command)
					for _, e := range events {
						state = ticket.Evolve(state, e)
					}
				}
				switch {
				case !state.Exists || !state.Status.Active():
				case state.AssignedTo.IsZero():
					waits++
				default:
					inHand[state.AssignedTo]++
				}
			}
			for _, p := range people {
				if p.Role == domain.RoleAgent && inHand[p.ID] == 0 {
					t.Errorf("%s has nothing to do", p.Username)
				}
			}
			if waits < waiting(4000) {
				t.Errorf("%d tickets wait to be taken up, want %d", waits, waiting(4000))
			}
		})
	}
}

// Whoever is named at the end of the demo has something to do, or to look at.
func TestTheFirstOfEachRoleHasWork(t *testing.T) {
	people := People(end)
	first := map[domain.Role]Person{}
	for _, p := range people {
		if _, known := first[p.Role]; !known {
			first[p.Role] = p
		}
	}
	for _, n := range []int{20, 200} {
		t.Run(fmt.Sprint(n, " tickets"), func(t *testing.T) {
			hold, opened := map[domain.UserID]int{}, map[domain.UserID]int{}
			for told := range Tickets(end, people, n) {
				var state ticket.State
				for _, p := range told.Past {
					events, err := ticket.Decide(state, p.Command)
					if err != nil {
						t.Fatal(err)
					}
					for _, e := range events {
						state = ticket.Evolve(state, e)
					}
				}
				if state.Exists && state.Status.Active() {
					hold[state.AssignedTo]++
					opened[state.CreatedBy]++
				}
			}
			for _, role := range []domain.Role{domain.RoleAgent, domain.RoleAdmin} {
				if hold[first[role].ID] == 0 {
					t.Errorf("%s, %s, has no ticket in hand", first[role].Username, role)
				}
			}
			if got := opened[first[domain.RoleUser].ID]; got < 2 {
				t.Errorf("%s has %d tickets under way", first[domain.RoleUser].Username, got)
			}
		})
	}
}

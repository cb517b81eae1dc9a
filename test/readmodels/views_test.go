package readmodels

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"

	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/eventstore"
	"helpdesk/test/kit"
)

// The rows of the analysts' views, of those columns that say more than a column
// of read.ticket_facts does.
type (
	turnRow struct { // of read.assignments and read.escalations
		Position   int64
		AssignedTo *uuid.UUID
		EndedAt    *time.Time
	}
	dayRow struct {
		Day                                                    time.Time
		Priority                                               ticket.Priority
		Opened, Resolved, Reopened, Escalated, Closed, Backlog int64
	}
	agentRow struct {
		UserID                                                               uuid.UUID
		OpenTickets, Assigned, FirstResponses, Resolved, Reopened, Escalated int64
	}
	waitRow struct {
		TicketID                                   uuid.UUID
		Status                                     string
		FirstResponse, FirstResolution, Resolution *time.Duration
		Stays                                      *time.Duration // of a deleted ticket, all together
	}
)

type views struct {
	changes     []int64 // positions
	assignments []turnRow
	escalations []turnRow
	days        []dayRow
	agents      []agentRow
	waits       []waitRow
}

func (d *models) views(t testing.TB) views {
	t.Helper()
	var changes []int64
	const q = `SELECT coalesce(array_agg(position ORDER BY position), '{}') FROM read.status_changes`
	if err := d.Pool.QueryRow(kit.Context(t), q).Scan(&changes); err != nil {
		t.Fatal(err)
	}
	return views{
		changes:     changes,
		assignments: all[turnRow](t, d, `SELECT position, assigned_to, ended_at FROM read.assignments ORDER BY position`),
		escalations: all[turnRow](t, d, `SELECT position, assigned_to, ended_at FROM read.escalations ORDER BY position`),
		days: all[dayRow](t, d, `SELECT day, priority, opened, resolved, reopened, escalated, closed, backlog FROM read.daily_stats
			WHERE opened + resolved + reopened + escalated + closed + abs(backlog) <> 0 ORDER BY day, priority`),
		agents: all[agentRow](t, d, `SELECT user_id, open_tickets, assigned, first_responses, resolved, reopened, escalated FROM read.agent_stats ORDER BY 1`),
		waits: all[waitRow](t, d, `SELECT ticket_id, status, first_response_time AS first_response, first_resolution_time AS first_resolution,
			resolution_time AS resolution, CASE WHEN status = 'deleted' THEN time_open + time_in_progress + time_escalated + time_resolved + time_closed END AS stays
			FROM read.resolution_times ORDER BY 1`),
	}
}

// foldViews works the views out from the rows that a fold of the log gave.
func foldViews(r tables, today time.Time) (v views) {
	turns := map[uuid.UUID][]factRow{} // the facts of each ticket
	for _, f := range r.facts {
		turns[f.TicketID] = append(turns[f.TicketID], f)
	}
	end := func(f factRow, ends func(factRow) bool) *time.Time {
		for _, later := range turns[f.TicketID] {
			if later.Position > f.Position && ends(later) {
				return ptr(later.OccurredAt)
			}
		}
		return nil
	}
	changed := func(f factRow) bool { return !gocmp.Equal(f.Status, f.StatusBefore) }
	restored := func(f factRow) bool { return f.Fact == "restored" }
	stays := func(f factRow) bool { return restored(f) || (f.Fact == "deleted" && end(f, restored) != nil) } // it ends nothing
	for _, f := range r.facts {
		if changed(f) {
			v.changes = append(v.changes, f.Position)
		}
		switch f.Fact {
		case "assigned":
			v.assignments = append(v.assignments, turnRow{f.Position, f.AssignedTo, end(f, func(l factRow) bool {
				return slices.Contains([]string{"assigned", "unassigned", "deleted"}, l.Fact) && !stays(l)
			})})
		case "escalated":
			v.escalations = append(v.escalations, turnRow{f.Position, f.AssignedTo, end(f, func(l factRow) bool { return changed(l) && !stays(l) })})
		}
	}
	v.days = foldDays(r.facts, today)
	v.agents = foldAgents(r)
	for _, m := range r.measures {
		v.waits = append(v.waits, foldWaits(m))
	}
	return v
}

func active(s *ticket.Status) bool {
	return s != nil && slices.Contains([]ticket.Status{ticket.StatusOpen, ticket.StatusInProgress, ticket.StatusEscalated}, *s)
}

func foldDays(facts []factRow, today time.Time) (rows []dayRow) {
	if len(facts) == 0 {
		return nil
	}
	dayOf := func(at time.Time) time.Time { return at.UTC().Truncate(24 * time.Hour) }
	first, last := today, today
	newest := map[string]factRow{} // of each fact, ticket and day
	for _, f := range facts {
		day := dayOf(f.OccurredAt)
		first, last = slices.MinFunc([]time.Time{first, day}, time.Time.Compare), slices.MaxFunc([]time.Time{last, day}, time.Time.Compare)
		key := fmt.Sprint(f.Fact, f.TicketID, day.Unix())
		if was, met := newest[key]; !met || cmp.Or(f.OccurredAt.Compare(was.OccurredAt), cmp.Compare(f.Position, was.Position)) > 0 {
			newest[key] = f
		}
	}
	at := map[string]*dayRow{}
	for day := first; !day.After(last); day = day.AddDate(0, 0, 1) {
		for _, p := range []ticket.Priority{ticket.High, ticket.Low, ticket.Medium} { // in the order of their names
			rows = append(rows, dayRow{Day: day, Priority: p})
		}
	}
	for i := range rows {
		at[fmt.Sprint(rows[i].Day.Unix(), rows[i].Priority)] = &rows[i]
	}
	for _, f := range newest {
		if f.Priority == nil {
			continue // a deletion
		}
		row := at[fmt.Sprint(dayOf(f.OccurredAt).Unix(), *f.Priority)]
		if n := map[string]*int64{"opened": &row.Opened, "resolved": &row.Resolved, "reopened": &row.Reopened,
			"escalated": &row.Escalated, "closed": &row.Closed}[f.Fact]; n != nil {
			*n++
		}
	}
	move := func(since time.Time, p ticket.Priority, by int64) { // in this backlog and those of later days
		for day := dayOf(since); !day.After(last); day = day.AddDate(0, 0, 1) {
			at[fmt.Sprint(day.Unix(), p)].Backlog += by
		}
	}
	for _, f := range facts {
		if active(f.Status) {
			move(f.OccurredAt, *f.Priority, 1)
		}
		if active(f.StatusBefore) {
			move(f.OccurredAt, *f.PriorityBefore, -1)
		}
	}
	return slices.DeleteFunc(rows, func(r dayRow) bool { return r == dayRow{Day: r.Day, Priority: r.Priority} })
}

func foldAgents(r tables) (rows []agentRow) {
	sets := map[string]map[uuid.UUID]bool{} // tickets by number and person
	add := func(number string, who *uuid.UUID, id uuid.UUID) {
		if who == nil {
			return
		}
		key := fmt.Sprint(number, *who)
		if sets[key] == nil {
			sets[key] = map[uuid.UUID]bool{}
		}
		sets[key][id] = true
	}
	for _, f := range r.facts {
		switch f.Fact {
		case "assigned", "resolved", "reopened", "escalated":
			add(f.Fact, f.AssignedTo, f.TicketID)
			add("any", f.AssignedTo, f.TicketID)
		case "first_response":
			add(f.Fact, f.ActorID, f.TicketID)
		}
	}
	for _, m := range r.measures {
		if active(m.Status) {
			add("open", m.AssignedTo, m.TicketID)
		}
	}
	for _, u := range r.users {
		n := func(number string) int64 { return int64(len(sets[fmt.Sprint(number, u.ID)])) }
		if u.Role == domain.RoleAgent || u.Role == domain.RoleAdmin || n("any") > 0 {
			rows = append(rows, agentRow{u.ID, n("open"), n("assigned"), n("first_response"), n("resolved"), n("reopened"), n("escalated")})
		}
	}
	return rows
}

func foldWaits(m measureRow) waitRow {
	since := func(at *time.Time) *time.Duration {
		if at == nil {
			return nil
		}
		return ptr(max(at.Sub(m.OpenedAt), 0))
	}
	row := waitRow{TicketID: m.TicketID, Status: "deleted", FirstResponse: since(m.FirstResponseAt),
		FirstResolution: since(m.FirstResolvedAt), Resolution: since(m.ResolvedAt)}
	if m.Status != nil {
		row.Status = string(*m.Status)
	} else {
		row.Stays = ptr(time.Duration(m.OpenUS+m.InProgressUS+m.EscalatedUS+m.ResolvedUS+m.ClosedUS) * time.Microsecond)
	}
	return row
}

// checkViews holds the analysts' views against a fold of the log.
func (d *models) checkViews(t testing.TB, log []eventstore.Envelope) {
	t.Helper()
	want, _ := fold(log)
	if diff := gocmp.Diff(foldViews(want, time.Now().UTC().Truncate(24*time.Hour)), d.views(t),
		gocmp.AllowUnexported(views{}), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("views (-fold of the log +view):\n%s", diff)
	}
}

// TestTheReadModelsOfManyCommands holds tables and views against a fold of the
// log after commands at random: FOLD_COMMANDS=100000 for as many as are promised.
func TestTheReadModelsOfManyCommands(t *testing.T) {
	t.Parallel()
	commands := 300
	if text := os.Getenv("FOLD_COMMANDS"); text != "" {
		var err error
		if commands, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	d := newModels(t)
	d.register(t)
	fresh := d.follow(t, 100)
	c := newCrowd(d, 19)
	for range commands {
		c.act(t)
	}
	d.project(t, fresh)
	d.checkTables(t)
	log := d.log(t)
	d.checkViews(t, log)
	t.Logf("%d commands, %d of which changed something, %d events", commands, c.written, len(log))
}

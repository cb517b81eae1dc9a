package queue

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"helpdesk/domain/ticket"
	"helpdesk/projections"
	"helpdesk/web/webtest"
	"helpdesk/workspace"
)

const listPage = "/admin/tickets/"

func TestTheQueueShowsEachRoleWhatItMayDo(t *testing.T) {
	t.Parallel()
	for role, want := range map[string]struct{ has, lacks []string }{
		"user":    {[]string{"Your tickets", "New ticket", "Printer &lt;3"}, []string{"Assignee", "Escalates", `id="bulk"`}},
		"agent":   {[]string{"No active tickets"}, []string{"Printer"}},
		"admin":   {[]string{"Printer &lt;3", `id="bulk"`, "Assign to…", "Delete", "99+", "Escalates"}, nil},
		"auditor": {[]string{"Printer &lt;3", "Escalates"}, []string{`id="bulk"`, "New ticket"}},
	} {
		t.Run(role, func(t *testing.T) {
			t.Parallel()
			open(t).Get(role, listPage).Holds(200, want.has...).Lacks(want.lacks...)
		})
	}
}

func TestFiltersAreLinks(t *testing.T) {
	t.Parallel()
	me := webtest.Account("admin").ID
	for query, want := range map[string]projections.TicketFilter{
		"": {Statuses: statusSets[0].statuses, OrderBy: projections.ByCreated, Descending: true},
		"?status=all&priority=high&assignee=none&order=oldest": {
			Priorities: []ticket.Priority{ticket.High}, Unassigned: true, OrderBy: projections.ByCreated},
		"?status=closed&assignee=me&order=priority": {
			Statuses: []ticket.Status{ticket.StatusClosed}, AssignedTo: &me, OrderBy: projections.ByPriority, Descending: true},
		"?status=all&requester=" + me.String(): {CreatedBy: &me, OrderBy: projections.ByCreated, Descending: true},
		"?q=paper+jam":                         {Statuses: statusSets[0].statuses, Search: "paper jam", OrderBy: projections.ByCreated, Descending: true},
		"?order=best":                          {Statuses: statusSets[0].statuses, OrderBy: projections.ByCreated, Descending: true},
		"?q=paper+jam&order=best":              {Statuses: statusSets[0].statuses, Search: "paper jam", OrderBy: projections.ByRank, Descending: true, CompareMost: 1000},
	} {
		t.Run("by "+query, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			s.Get("admin", listPage+query).Holds(200)
			if diff := cmp.Diff(want, s.filter); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	for name, query := range map[string]string{
		"an unknown status": "?status=lost", "an unknown priority": "?priority=9", "an unknown assignee": "?assignee=x",
		"an unknown order": "?order=x", "an unknown place": "?cursor=x", "a long search": "?q=" + strings.Repeat("x", 2001), "an unknown requester": "?requester=x",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			open(t).Get("admin", listPage+query).Holds(400, "Unknown filter")
		})
	}
	t.Run("links keep the other filters", func(t *testing.T) {
		t.Parallel()
		open(t).Get("admin", listPage+"?status=closed").Holds(200, `href="/admin/tickets/?priority=high&amp;status=closed"`)
	})
}

func TestTheExportHasTheFiltersOfTheQueue(t *testing.T) {
	t.Parallel()
	const active = "status=open%2Cin-progress%2Cescalated"
	for _, c := range []struct{ role, query, want string }{
		{"agent", "", "bom=true&ordering=-created_at&" + active},
		{"user", "", "bom=true&ordering=-created_at"},
		{"admin", "?status=all&priority=high&assignee=none&order=oldest", "assigned_to=none&bom=true&ordering=created_at&priority=high"},
		{"admin", "?q=paper+jam&order=best&status=closed", "bom=true&q=paper+jam&status=closed"},
		{"admin", "?status=all&requester=01900000-0000-7000-8000-00000000000a", "bom=true&created_by=01900000-0000-7000-8000-00000000000a&ordering=-created_at"},
		{"auditor", "?order=priority", "bom=true&ordering=-priority&" + active},
	} {
		t.Run(c.role+" "+c.query, func(t *testing.T) {
			t.Parallel()
			open(t).Get(c.role, listPage+c.query).Holds(200, `href="/api/tickets/export/?`+strings.ReplaceAll(c.want, "&", "&amp;")+`"`)
		})
	}
}

func TestWhatTakesTooLongToCountIsNotCounted(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.uncounted = true
	s.Get("admin", listPage).Holds(200, "Printer", "Escalated").Lacks(`class="count"`)
}

func TestPagesOfTheQueueLeadOn(t *testing.T) {
	t.Parallel()
	long := func(t testing.TB) *site {
		s := open(t)
		s.more = true
		return s
	}
	next := func(s *site) string { return s.Get("admin", listPage+"?status=all").Next() }
	webtest.Each(t, long, map[string]func(*testing.T, *site){
		"for who got the place": func(t *testing.T, s *site) {
			at := next(s)
			s.Get("admin", at).Holds(200)
			if s.page.Cursor == nil || s.page.Cursor.ID != webtest.TicketID.UUID {
				t.Errorf("page %+v of %q", s.page, at)
			}
		},
		"for nobody else": func(_ *testing.T, s *site) { s.Get("auditor", next(s)).Holds(400) },
		"not with another filter": func(_ *testing.T, s *site) {
			s.Get("admin", strings.Replace(next(s), "all", "open", 1)).Holds(400)
		},
	})
}

func TestWordsThatTooManyTicketsHaveComeNewestFirst(t *testing.T) {
	t.Parallel()
	const best, tooCommon = listPage + "?q=printer&order=best", "Too many tickets match"
	long := func(t testing.TB) *site {
		s := open(t)
		s.more, s.common = true, true
		return s
	}
	webtest.Each(t, long, map[string]func(*testing.T, *site){
		"few tickets are not too many": func(_ *testing.T, s *site) {
			s.common = false
			s.Get("admin", best).Holds(200).Lacks("Too many")
		},
		"too many are": func(t *testing.T, s *site) {
			s.Get("admin", best).Holds(200, tooCommon, "Printer &lt;3",
				`href="/admin/tickets/?order=best&amp;priority=high&amp;q=printer"`) // fewer may be left then
			if s.filter.OrderBy != projections.ByCreated || !s.filter.Descending || s.filter.Search != "printer" {
				t.Errorf("filter %+v", s.filter)
			}
		},
		"pages lead on in that order": func(t *testing.T, s *site) {
			next := s.Get("admin", best).Next()
			if strings.Contains(next, "best") {
				t.Errorf("the next page, %s, goes on in another order", next)
			}
			s.Get("admin", next).Holds(200, "Printer &lt;3")
		},
		"a place from when they were fewer begins the list again": func(t *testing.T, s *site) {
			s.common = false
			next := s.Get("admin", best).Next()
			s.common = true
			s.Get("admin", next).Holds(200, tooCommon)
			if s.page.Cursor != nil {
				t.Errorf("page %+v", s.page)
			}
		},
	})
}

func TestSavedViews(t *testing.T) {
	t.Parallel()
	save := func(s *site) *webtest.Answer {
		return s.Post("admin", "/admin/tickets/views/?status=all&priority=high&cursor=x", "name", "Hot")
	}
	webtest.Each(t, open, map[string]func(*testing.T, *site){
		"one is saved": func(t *testing.T, s *site) {
			save(s).Leads("/admin/tickets/?priority=high&status=all")
			if diff := cmp.Diff([]workspace.View{{Name: "Hot", Query: "priority=high&status=all"}}, s.views); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		},
		"one is shown": func(_ *testing.T, s *site) {
			save(s)
			s.Get("admin", listPage).Holds(200, `href="/admin/tickets/?priority=high&amp;status=all"`, "Hot")
		},
		"one without a name": func(_ *testing.T, s *site) {
			s.Post("admin", "/admin/tickets/views/", "name", "").Holds(400, "A value is required.")
		},
		"one is removed": func(t *testing.T, s *site) {
			save(s)
			s.Post("admin", "/admin/tickets/views/remove/", "name", "Hot").Leads(listPage)
			if len(s.views) != 0 {
				t.Errorf("left are %+v", s.views)
			}
		},
	})
}

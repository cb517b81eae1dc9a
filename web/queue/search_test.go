package queue

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"helpdesk/domain"
	"helpdesk/projections/people"
	"helpdesk/projections/view"
	"helpdesk/web"
	"helpdesk/web/webtest"
)

func TestASearchSaysWhichTicketsItSearched(t *testing.T) {
	t.Parallel()
	for at, want := range map[string]string{
		"admin?q=x":                   "Searched all tickets that are active.",
		"admin?q=x&status=all":        "Searched all tickets of any status.",
		"auditor?q=x&status=closed":   "Searched all tickets that are closed.",
		"agent?q=x&status=all":        "Searched your tickets of any status.",
		"user?q=x":                    "Searched your tickets of any status.",
		"user?q=x&status=in-progress": "Searched your tickets that are in progress.",
		"admin?q=%2319":               "Searched all tickets that are active. Ticket #19 comes first whatever it is.",
		"admin?q=7&status=all":        "Searched all tickets of any status.",
		"admin?q=x&status=all&priority=high&assignee=none":                                  "Searched all tickets of any status, of high priority, unassigned.",
		"admin?q=x&status=all&assignee=me&requester=" + webtest.Account("user").ID.String(): "Searched all tickets of any status, assigned to you, created by user.",
	} {
		role, query, _ := strings.Cut(at, "?")
		t.Run(at, func(t *testing.T) {
			t.Parallel()
			open(t).Get(role, listPage+"?"+query).Holds(200, want)
		})
	}
	queue := domain.Actor{Kind: domain.ActorUser, Role: domain.RoleAgent, Visibility: domain.VisibleQueue}
	if got, want := (queueQuery{Search: "x"}).scope(queue, "", ""), "Searched your tickets and unassigned ones that are active."; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	open(t).Get("admin", listPage).Holds(200).Lacks("Searched")
	open(t).Get("admin", listPage+"?q=x").Holds(200, `href="/admin/tickets/?q=x&amp;status=all">Search tickets of any status`)
	open(t).Get("admin", listPage+"?q=x&status=all").Holds(200).Lacks("Search tickets of any status")
}

func TestASearchOfPunctuationAloneSaysSo(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.History = nil
	s.Get("admin", listPage+"?q=%3F%21").Holds(200, "Nothing to search for").Lacks("No results")
	s.Get("admin", listPage+"?q=x").Holds(200, "No results").Lacks("Nothing to search for")
}

func TestASearchFindsPeopleForWhoMaySeeThem(t *testing.T) {
	t.Parallel()
	ids := make([]uuid.UUID, 6)
	for i := range ids {
		ids[i] = uuid.UUID{15: byte(i + 1)}
	}
	some := func(t testing.TB) *site {
		s := open(t)
		for i, id := range ids {
			s.named = append(s.named, view.User{ID: id, Username: fmt.Sprint("lisa", i), FirstName: "Lisa", LastName: "Lind"})
		}
		return s
	}
	webtest.Each(t, some, map[string]func(*testing.T, *site){
		"an admin, by addresses too": func(t *testing.T, s *site) {
			s.Get("admin", listPage+"?q=+%3Clisa%3E").Holds(200, "lisa4", "Lisa Lind", `href="/admin/tickets/?requester=`+ids[0].String()+`&amp;status=all"`,
				`href="`+web.PeoplePath+`?q=lisa"`).Lacks("lisa5")
			if diff := cmp.Diff(people.Filter{Search: "lisa"}, s.people); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		},
		"an agent, by names": func(t *testing.T, s *site) {
			s.Get("agent", listPage+"?q=lisa").Holds(200, "lisa4").Lacks("More people")
			if !s.people.NamesOnly {
				t.Error("an agent finds people by addresses they can't see")
			}
		},
		"no requester":         func(_ *testing.T, s *site) { s.Get("user", listPage+"?q=lisa").Holds(200).Lacks("lisa0", "and people") },
		"not without a search": func(_ *testing.T, s *site) { s.Get("admin", listPage).Holds(200).Lacks("lisa0") },
		"fewer are all": func(_ *testing.T, s *site) {
			s.named = s.named[:5]
			s.Get("admin", listPage+"?q=lisa").Holds(200, "lisa4").Lacks("More people")
		},
	})
}

func TestANumberLeadsToItsTicketWhateverTheFilters(t *testing.T) {
	t.Parallel()
	number := fmt.Sprint("%23", 7)
	s := open(t)
	s.hidden = true // from the list, by a filter
	s.Get("admin", listPage+"?status=closed&q="+number).Holds(200, "Printer &lt;3")
	if s.filter.Except != webtest.TicketID.UUID {
		t.Error("the ticket may be in the list twice")
	}
	s.Get("admin", listPage+"?status=closed&q=printer").Holds(200).Lacks("Printer &lt;3")
	s.Get("agent", listPage+"?q="+number).Holds(200).Lacks("Printer &lt;3")
}

package tickets

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/google/uuid"

	"helpdesk/projections/comments"
	"helpdesk/web/webtest"
)

var (
	earlier = regexp.MustCompile(`href="([^"]*)"[^>]*>Earlier comments<`)
	later   = regexp.MustCompile(`href="([^"]*)"[^>]*>Later comments<`)
)

// link returns the address of a link of an answer.
func link(t *testing.T, a *webtest.Answer, to *regexp.Regexp) string {
	t.Helper()
	found := to.FindStringSubmatch(a.Body.String())
	if found == nil {
		t.Fatalf("there is no link %s", to)
	}
	address, _, _ := strings.Cut(strings.ReplaceAll(found[1], "&amp;", "&"), "#")
	return address
}

func TestALongConversationHasPages(t *testing.T) {
	t.Parallel()
	long := func(t testing.TB) *site {
		s := talked(t)
		s.Room = 1
		return s
	}
	webtest.Each(t, long, map[string]func(*testing.T, *site){
		"the newest comes first, with a link to those before it": func(t *testing.T, s *site) {
			a := s.Get("admin", ticketPage).Holds(http.StatusOK, "He did not.").Lacks("Did &lt;you&gt; try?", "Later comments")
			if s.ThreadAt == nil || *s.ThreadAt != *comments.End() {
				t.Errorf("comments were read from %+v", s.ThreadAt)
			}
			a = s.Get("admin", link(t, a, earlier)).Holds(http.StatusOK, "Later comments")
			if s.ThreadAt.Key != "before" || !s.ThreadAt.Back {
				t.Errorf("the link led to %+v", s.ThreadAt)
			}
			s.Get("admin", link(t, a, later)).Holds(http.StatusOK)
			if s.ThreadAt.Key != "after" {
				t.Errorf("the link back led to %+v", s.ThreadAt)
			}
		},
		"one that the address names is found": func(t *testing.T, s *site) {
			s.Get("admin", ticketPage+"?comment="+uuid.UUID{15: 1}.String()).Holds(http.StatusOK)
			if at := s.ThreadAt; at == nil || at.ID != (uuid.UUID{15: 2}) || !at.Back || at.Key == "infinity" {
				t.Errorf("comments were read from %+v", at)
			}
			for _, none := range []string{"x", uuid.NewString(), (uuid.UUID{15: 2}).String()} {
				s.Get("admin", ticketPage+"?comment="+none).Holds(http.StatusOK, "He did not.")
				if *s.ThreadAt != *comments.End() {
					t.Errorf("%s: comments were read from %+v", none, s.ThreadAt)
				}
			}
		},
		"nor does one whose edit is refused vanish": func(t *testing.T, s *site) {
			s.Post("admin", ticketPage+"comments/"+uuid.UUID{15: 1}.String()+"/", "do", "save", "text", " ", "command", uuid.NewString())
			if at := s.ThreadAt; at == nil || at.ID != (uuid.UUID{15: 2}) {
				t.Errorf("comments were read from %+v", at)
			}
		},
		"but a place in another list is none": func(_ *testing.T, s *site) {
			s.Get("admin", ticketPage+"?comments=x").Holds(http.StatusBadRequest)
		},
		"a past version leads on": func(t *testing.T, s *site) {
			s.more, s.Room = true, 0
			at := link(t, s.Get("admin", ticketPage+"?version=3").Holds(http.StatusOK), later)
			s.Get("admin", at).Holds(http.StatusOK, "Did &lt;you&gt; try?", "version 3 of 4")
		},
	})
}

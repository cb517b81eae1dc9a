package tickets

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/uuid"

	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/domain/user"
	"helpdesk/httpapi/bind"
	"helpdesk/httpapi/problem"
	"helpdesk/projections"
)

// nobody has no accounts.
type nobody struct{}

func (nobody) Find(context.Context, string) (user.Account, error) {
	return user.Account{}, domain.ErrNotFound
}

func FuzzTicketFilter(f *testing.F) {
	for _, seed := range []string{
		"", "status=open,closed&priority=high", "assigned_to=me&created_by=alice", "title=%00", "title=%ff",
		"created_after=2026-01-01T00:00:00Z&created_before=2026-01-01T00:00:00+02:00", "ordering=-priority",
		"page_size=100&count=true", "page_size=1e2", "cursor=AAAA", "status=&status=open", "a;b=c", "q=x",
	} {
		f.Add(seed)
	}
	r := Resource{App: &commands.App{Accounts: nobody{}}}
	b, err := bind.New(TicketQuery{}, bind.Proven)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, query string) {
		var in TicketQuery
		request := &http.Request{Method: http.MethodGet, URL: &url.URL{RawQuery: query}}
		if _, err := b.Bind(nil, request, nil, &in); err != nil {
			if p, known := problem.Of(err); !known || p.Status != http.StatusBadRequest {
				t.Errorf("refused with %v", err)
			}
			return
		}
		filter, err := r.filter(t.Context(), domain.Actor{ID: user.ID{UUID: uuid.New()}, Role: domain.RoleUser}, in)
		if err != nil {
			t.Fatalf("%q: %v", query, err)
		}
		for _, s := range filter.Statuses {
			if !s.Valid() {
				t.Errorf("%q: status %q", query, s)
			}
		}
		for _, p := range filter.Priorities {
			if p.Rank() == 0 {
				t.Errorf("%q: priority %q", query, p)
			}
		}
		switch filter.OrderBy {
		case projections.ByCreated, projections.ByUpdated, projections.ByPriority, projections.ByNumber:
		case projections.ByRank:
			if filter.Search == "" {
				t.Errorf("%q: nothing to rank by", query)
			}
		default:
			t.Errorf("%q: order %q", query, filter.OrderBy)
		}
		if in.PageSize < 0 || in.PageSize > 100 || strings.ContainsRune(filter.Title, 0) {
			t.Errorf("%q: %+v", query, in)
		}
	})
}

package httpapi_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"helpdesk/auth"
	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/domain/access"
	"helpdesk/domain/ticket"
	"helpdesk/domain/user"
	"helpdesk/eventstore"
	"helpdesk/httpapi"
	"helpdesk/httpapi/apitest"
	"helpdesk/httpapi/problem"
	"helpdesk/projections"
	"helpdesk/projections/people"
	"helpdesk/projections/view"
)

var (
	accounts = apitest.Accounts
	aliceID  = accounts["alice"].ID
	agentID  = accounts["agent"].ID
	adminID  = accounts["admin"].ID
	ticketID = ticket.ID{UUID: uuid.MustParse("01900000-0000-7000-8000-0000000000f1")}
	noon     = apitest.Noon
)

// errBehind is why the read side has not come so far.
var errBehind = &domain.Error{Kind: domain.KindUnavailable, Code: "not_yet", Message: "not yet"}

// unexpected is what a test does not expect: it panics.
type unexpected struct{ Reader }

// fakes stand in for everything behind the API: three people, whose session
// tokens are their names, and one ticket of alice's with the number 7. They hold
// to the rules of package ticket, as the real commands do.
type fakes struct {
	t testing.TB // fails where an answer is not as the document says

	userFilter people.Filter // of the last list of users
	unexpected
	People

	history   []domain.Event
	opened    []domain.Event     // of the ticket that was opened last
	requests  []commands.Request // that reached a command
	ended     []string           // sessions
	accesses  []string           // "whose: by whom: what" that were recorded
	recording sync.Mutex         // guards accesses: sign-ins come at once
	deaf      error              // what recording answers
	fresh     error              // what Wait answers
	waited    []int64            // what Await was asked for
	filter    projections.TicketFilter
	page      projections.Page
	thread    projections.Slice[view.Comment]
	slice     projections.Slice[view.Ticket]
	users     []view.User
	readErr   error
	failing   error // what Do returns, when not nil
	nameless  error // what Usernames returns
}

func newFakes() *fakes {
	return &fakes{history: []domain.Event{ticket.Opened{
		Number: 7, Title: "Printer", Description: "It burns.", Priority: ticket.Low, CreatedBy: aliceID, OpenedBy: aliceID,
	}}}
}

func (d *fakes) state() (s ticket.State) {
	for _, e := range d.history {
		s = ticket.Evolve(s, e)
	}
	return s
}

// AttachmentsTo finds none.
func (*fakes) AttachmentsTo(context.Context, domain.Actor, []uuid.UUID) ([]view.Attachment, error) {
	return nil, nil
}

func (d *fakes) Outcome(context.Context, uuid.UUID) (commands.Outcome, error) {
	return commands.Outcome{}, domain.ErrNotFound
}

func (*fakes) InFull(_ context.Context, out commands.Outcome, _ ...ticket.Subject) (commands.Outcome, error) {
	return out, nil
}

func (d *fakes) At(_ context.Context, stream uuid.UUID, version int) (commands.Outcome, error) {
	history := d.history
	if stream != ticketID.UUID {
		history = d.opened
	}
	all := stored(stream, history)
	return commands.Outcome{StreamID: stream, Version: version, Events: all[:version], Since: all[version:]}, nil
}

func (d *fakes) Open(_ context.Context, r commands.Request, id ticket.ID, c ticket.OpenTicket) (commands.Outcome, error) {
	d.requests = append(d.requests, r)
	c.Number = 8
	events, err := ticket.Decide(ticket.State{}, c)
	d.opened = events
	return commands.Outcome{StreamID: id.UUID, Version: 1, Position: 40, Changed: true, Events: stored(id.UUID, events)}, err
}

func (d *fakes) Do(_ context.Context, r commands.Request, id ticket.ID, c ticket.Command) (commands.Outcome, error) {
	d.requests = append(d.requests, r)
	if d.failing != nil {
		return commands.Outcome{}, d.failing
	}
	if id != ticketID {
		return commands.Outcome{}, domain.ErrNotFound
	}
	events, err := ticket.Decide(d.state(), c)
	if err != nil {
		return commands.Outcome{}, err
	}
	if r.IfMatch != 0 && r.IfMatch != len(d.history) {
		return commands.Outcome{}, domain.ErrStale
	}
	d.history = append(d.history, events...)
	return commands.Outcome{
		StreamID: id.UUID, Version: len(d.history), Position: int64(40 + len(d.history)), Changed: len(events) > 0,
		Events: stored(id.UUID, d.history),
	}, nil
}

// stored are events as the log has them.
func stored(stream uuid.UUID, events []domain.Event) (all []eventstore.Envelope) {
	for i, e := range events {
		all = append(all, eventstore.Envelope{Event: e, Recorded: eventstore.Recorded{
			StreamID: stream, Version: i + 1, Position: int64(40 + i), Type: e.EventType(), OccurredAt: noon, RecordedAt: noon,
		}})
	}
	return all
}

func (d *fakes) Find(_ context.Context, name string) (user.Account, error) {
	for _, a := range accounts {
		if strings.EqualFold(a.Username, name) || a.ID.String() == name {
			return a, nil
		}
	}
	return user.Account{}, domain.ErrNotFound
}

func (d *fakes) Usernames(_ context.Context, of []uuid.UUID) (map[uuid.UUID]string, error) {
	names := map[uuid.UUID]string{}
	for _, a := range accounts {
		if slices.Contains(of, a.ID.UUID) {
			names[a.ID.UUID] = a.Username
		}
	}
	return names, d.nameless
}

func (d *fakes) CheckPassword(_ context.Context, _ user.ID, password string) error {
	if password != "right" {
		return auth.ErrWrongPassword
	}
	return nil
}

func (d *fakes) SignIn(_ context.Context, name, password string) (string, auth.Session, error) {
	a, ok := accounts[name]
	if !ok || password != "right" {
		return "", auth.Session{}, auth.ErrCredentials
	}
	return "new-" + name, auth.Session{TokenHash: []byte("new-" + name), Account: a, ExpiresAt: noon.Add(time.Hour)}, nil
}

func (d *fakes) Lookup(_ context.Context, token string) (auth.Session, error) {
	if a, ok := accounts[token]; ok {
		return auth.Session{TokenHash: []byte(token), Account: a, ExpiresAt: noon.Add(time.Hour)}, nil
	}
	return auth.Session{}, auth.ErrNoSession
}

func (d *fakes) End(_ context.Context, hash []byte) error {
	d.ended = append(d.ended, string(hash))
	return nil
}

func (d *fakes) Record(_ context.Context, _ commands.Request, actor domain.Actor, of user.ID, e domain.Event) error {
	d.recording.Lock()
	defer d.recording.Unlock()
	d.accesses = append(d.accesses, fmt.Sprintf("%s: %s: %s %+v", nameOf(of), nameOf(actor.ID), e.EventType(), e))
	return d.deaf
}

func (d *fakes) TokenUsed(ctx context.Context, r commands.Request, actor domain.Actor, token uuid.UUID, from access.From) error {
	return d.Record(ctx, r, actor, actor.ID, access.UseOfToken(token, from))
}

// nameOf returns the name of somebody, "nobody" for nobody.
func nameOf(id user.ID) string {
	for name, a := range accounts {
		if a.ID == id {
			return name
		}
	}
	return "nobody"
}

func (d *fakes) Await(_ context.Context, position int64, _ ...string) (projections.Served, error) {
	d.waited = append(d.waited, position)
	return projections.Served{}, d.fresh
}

func (d *fakes) TicketID(_ context.Context, ref ticket.Ref) (ticket.ID, error) {
	if ref.Number != 7 {
		return ticket.ID{}, domain.ErrNotFound
	}
	return ticketID, nil
}

func (d *fakes) Ticket(ctx context.Context, viewer domain.Actor, ref ticket.Ref) (view.Ticket, error) {
	if err := projections.Fresh(ctx, projections.TicketList); err != nil {
		return view.Ticket{}, err
	}
	s := d.state()
	if d.readErr != nil {
		return view.Ticket{}, d.readErr
	}
	if (ref.ID != ticketID && ref.Number != 7) || !s.VisibleTo(viewer) {
		return view.Ticket{}, domain.ErrNotFound
	}
	return view.Ticket{
		ID: ticketID.UUID, Number: s.Number, Title: s.Title, Description: s.Description, Priority: s.Priority,
		Status: s.Status, CreatedBy: view.Person{ID: aliceID.UUID, Username: "alice"},
		CreatedAt: noon, UpdatedAt: noon, Version: len(d.history), Position: 40,
	}, nil
}

func (d *fakes) Tickets(_ context.Context, _ domain.Actor, f projections.TicketFilter, p projections.Page) (projections.Slice[view.Ticket], error) {
	d.filter, d.page = f, p
	return d.slice, d.readErr
}

func (d *fakes) Thread(ctx context.Context, _ domain.Actor, _ ticket.ID, _ *projections.Cursor) (projections.Slice[view.Comment], error) {
	return d.thread, projections.Fresh(ctx, projections.CommentList)
}

func (d *fakes) Comment(_ context.Context, viewer domain.Actor, id ticket.CommentID) (view.Comment, error) {
	comment, ok := d.state().Comments[id]
	if !ok || !d.state().VisibleTo(viewer) || (comment.Internal && !ticket.SeesInternal(viewer)) {
		return view.Comment{}, domain.ErrNotFound
	}
	return view.Comment{ID: id.UUID, Ticket: ticketID.UUID, TicketNumber: 7, Text: comment.Text, Internal: comment.Internal, CreatedAt: noon}, nil
}

func (d *fakes) User(_ context.Context, id user.ID) (view.User, error) {
	for _, a := range accounts {
		if a.ID == id {
			return view.User{ID: id.UUID, Username: a.Username, Email: a.Email, Role: a.Role, IsActive: true, CreatedAt: noon, UpdatedAt: noon}, nil
		}
	}
	return view.User{}, domain.ErrNotFound
}

func (d *fakes) Users(_ context.Context, f people.Filter, _ projections.Page) (projections.Slice[view.User], error) {
	n := int64(len(d.users))
	d.userFilter = f
	return projections.Slice[view.User]{Items: d.users, Count: &n}, nil
}

// request is one call of a test; name signs in, head is "Name: value" lines.
type request struct {
	name, method, path, body string
	head                     []string
}

// send sends it; an answer of an API over fakes is held against the document.
func (r request) send(h http.Handler) *httptest.ResponseRecorder {
	sent := apitest.Request{As: r.name, Method: r.method, Path: r.path, Body: r.body, Head: r.head}
	if a, ok := h.(*httpapi.API); ok {
		if d, ok := a.Deps.Usernames.(*fakes); ok {
			return sent.Send(d.t, h)
		}
	}
	return sent.Do(h)
}

func decoded[T any](t *testing.T, w *httptest.ResponseRecorder) T {
	t.Helper()
	return apitest.Decoded[T](t, w)
}

func faults(p problem.Problem) []string { return apitest.Faults(p) }

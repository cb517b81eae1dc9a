package program

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// Person is somebody signed in.
type Person struct {
	*Client
	ID       string
	Username string
	Role     string
}

// Object is a JSON object to send.
type Object map[string]any

// With returns a copy of o with more members.
func (o Object) With(more Object) Object {
	out := Object{}
	for _, from := range []Object{o, more} {
		for name, value := range from {
			out[name] = value
		}
	}
	return out
}

// Opening is the body that opens a ticket.
func Opening(title string) Object {
	return Object{"title": title, "description": "It is broken."}
}

// Named is somebody as tickets and comments show them.
type Named struct{ ID, Username string }

// Ticket is a ticket as the API shows it, with its comments where they are shown.
type Ticket struct {
	ID              string
	Number          int64
	Title           string
	Description     string
	Priority        string
	Status          string
	CreatedBy       Named      `json:"created_by"`
	AssignedTo      *Named     `json:"assigned_to"`
	CreatedAt       time.Time  `json:"created_at"`
	UpdatedAt       time.Time  `json:"updated_at"`
	FirstResponseAt *time.Time `json:"first_response_at"`
	ResolvedAt      *time.Time `json:"resolved_at"`
	ClosedAt        *time.Time `json:"closed_at"`
	EscalatedAt     *time.Time `json:"escalated_at"`
	CommentCount    int        `json:"comment_count"`
	AttachmentCount int        `json:"attachment_count"`
	Version         int
	Comments        []Comment
	Attachments     []Attachment
}

// Path returns where the ticket is, or a verb on it.
func (v Ticket) Path(verb ...string) string {
	path := "/api/tickets/" + v.ID + "/"
	for _, part := range verb {
		path += part + "/"
	}
	return path
}

// Comment is a comment as the API shows it.
type Comment struct {
	ID           string
	Ticket       string
	TicketNumber int64 `json:"ticket_number"`
	Author       Named
	Text         string
	Internal     bool
	CreatedAt    time.Time  `json:"created_at"`
	EditedAt     *time.Time `json:"edited_at"`
	Attachments  []Attachment
}

// Attachment is a file as the API shows it.
type Attachment struct {
	ID           string
	Filename     string
	ContentType  string `json:"content_type"`
	Size         int64
	Ticket       *string
	Comment      *string
	CreatedBy    Named     `json:"created_by"`
	ContentURL   *string   `json:"content_url"`
	ThumbnailURL *string   `json:"thumbnail_url"`
	CreatedAt    time.Time `json:"created_at"`
}

// Path returns where the file is, or its bytes.
func (v Attachment) Path(part ...string) string {
	return "/api/attachments/" + v.ID + "/" + strings.Join(append(part, ""), "/")
}

// Path returns where the comment is.
func (v Comment) Path() string { return "/api/comments/" + v.ID + "/" }

// User is somebody as the API shows them.
type User struct {
	ID        string
	Username  string
	FirstName string  `json:"first_name"`
	LastName  string  `json:"last_name"`
	Email     *string // nil: not shown
	Role      *string
	IsActive  *bool   `json:"is_active"`
	NameEmail *string `json:"name_email"`
}

// List is a page of a list.
type List[T any] struct {
	Next     *string
	Previous *string
	Results  []T
	Count    *int64
}

// Read decodes the body of an answer.
func Read[T any](t testing.TB, a Answer) T {
	t.Helper()
	var v T
	a.Into(t, &v)
	return v
}

// Get reads what is at path as p.
func Get[T any](t testing.TB, p *Person, path string) T {
	t.Helper()
	return Read[T](t, p.Must(t, http.StatusOK, "GET", path, nil))
}

// Sends sends a request as p; only what kept it from an answer fails the test.
func (p *Person) Sends(t testing.TB, method, path string, body any, header ...string) Answer {
	t.Helper()
	a, err := p.Do(t.Context(), method, path, body, header...)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	return a
}

// Opens opens a ticket as p.
func (p *Person) Opens(t testing.TB, title string, more ...Object) Ticket {
	t.Helper()
	body := Opening(title)
	for _, m := range more {
		body = body.With(m)
	}
	return Read[Ticket](t, p.Must(t, http.StatusCreated, "POST", "/api/tickets/", body))
}

// Comments adds a comment as p.
func (p *Person) Comments(t testing.TB, on Ticket, text string, internal bool) Comment {
	t.Helper()
	body := Object{"ticket": on.ID, "text": text, "internal": internal}
	return Read[Comment](t, p.Must(t, http.StatusCreated, "POST", "/api/comments/", body))
}

// Uploads brings a file as p, as the body of the call.
func (p *Person) Uploads(t testing.TB, name string, content []byte) Attachment {
	t.Helper()
	return Read[Attachment](t, p.Must(t, http.StatusCreated, "POST", "/api/attachments/", content,
		"Content-Type", "application/octet-stream", "Content-Disposition", "attachment; filename*=UTF-8''"+url.PathEscape(name)))
}

// Does carries out a verb on a ticket as p.
func (p *Person) Does(t testing.TB, on Ticket, verb string) Ticket {
	t.Helper()
	return Read[Ticket](t, p.Must(t, http.StatusOK, "POST", on.Path(verb), Object{}))
}

// Assigns gives a ticket to somebody as p, to nobody with nil.
func (p *Person) Assigns(t testing.TB, on Ticket, to any) Ticket {
	t.Helper()
	return Read[Ticket](t, p.Must(t, http.StatusOK, "POST", on.Path("assign"), Object{"assigned_to": to}))
}

// Sees reads a ticket as p.
func (p *Person) Sees(t testing.TB, v Ticket) Ticket {
	t.Helper()
	return Get[Ticket](t, p, v.Path())
}

// WantsNoEmails has p told of nothing by mail: an email is events, which come
// when they come, and some tests count events.
func (p *Person) WantsNoEmails(t testing.TB) *Person {
	t.Helper()
	none := Object{"escalated": false, "assigned": false, "commented": false, "resolved": false}
	p.Must(t, http.StatusOK, "PATCH", "/api/me/", Object{"notifications": none})
	return p
}

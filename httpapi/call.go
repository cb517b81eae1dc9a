package httpapi

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"helpdesk/auth"
	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/edge"
	"helpdesk/httpapi/bind"
	"helpdesk/httpapi/problem"
	"helpdesk/idempotency"
	"helpdesk/projections"
	"helpdesk/projections/view"
)

// Call is one request on its way through a handler, and what its answer
// carries beside the body. It belongs to one goroutine.
type Call struct {
	Request *http.Request
	ID      string        // of the request; the correlation id of what it causes
	Actor   domain.Actor  // without an ID when nobody is signed in
	Session *auth.Session // nil without one, as for whoever comes with a token
	Token   *auth.Token   // the API token, nil without one
	Header  http.Header   // of the answer
	Guess   Guess         // at a password
	Turn    edge.Turn     // of the caller's

	api      *API
	answer   http.ResponseWriter // for uploads
	whole    context.Context     // of the request, without the bound on its time: for streams
	route    *Route
	handler  Handler // of the route, the one the client chose
	pattern  string  // of the route, as gin writes it, for the log
	position int64   // of what the call wrote, for the log
	visitor  visitor
	key      attempt
	versions []int // that If-Match allows; nil: any
	async    bool
	arrival  *projections.Arrival
}

// newCall makes the call of a request. The caller MUST call done when it has ended.
func newCall(a *API, r *http.Request, id, pattern string, answer http.Header) (c *Call, done context.CancelFunc) {
	whole, arrival := projections.Arrive(r.Context(), a.Freshness)
	within, done := a.front.Within(whole)
	c = &Call{Request: r.WithContext(within), whole: whole, arrival: arrival, ID: id, Actor: domain.Actor{Kind: domain.ActorUser}, Header: answer, api: a, pattern: pattern}
	c.visitor.call, c.key.call, c.Guess.call = c, c, c
	return c, done
}

// Now is the API's clock.
func (c *Call) Now() time.Time { return c.api.now() }

// NewID makes the id of something new: its beginning is the time, which keeps
// new rows together. Under an idempotency key every attempt makes the same.
func (c *Call) NewID() uuid.UUID { return c.key.newID() }

// Unsure keeps the answer from being stored under an idempotency key: a repeat
// may come to another.
func (c *Call) Unsure() { c.key.unsure = true }

// errNotModified ends a read whose answer the client has already.
var errNotModified = errors.New("not modified")

// prepare reads the headers that every call of its method understands.
func (c *Call) prepare(ctx context.Context) error {
	if bind.Safe(c.Request) {
		return minimum(ctx, c)
	}
	var err error
	if c.versions, err = wantedVersions(c.Request.Header); err != nil {
		return err
	}
	c.async = preferred(c.Request.Header, "respond-async")
	if c.key.command, err = commandID(c); c.route.Secret && c.key.credential == "" {
		c.key.command = uuid.Nil // there is nothing to seal the answer with: it is not stored
	}
	return err
}

// minimum reads how new what the call reads has to be at least, and waits until the
// log has come so far.
func minimum(ctx context.Context, c *Call) error {
	const name = "Min-Event-Position"
	text := c.Request.Header.Get(name)
	if text == "" {
		return nil
	}
	position, err := strconv.ParseInt(text, 10, 64)
	if err != nil || position <= 0 {
		return problem.Header(name, "must be a positive whole number")
	}
	c.AtLeast(position)
	return c.arrival.Await(ctx)
}

// AtLeast has what the call reads from now on be no older than a position of the
// log.
func (c *Call) AtLeast(position int64) { c.arrival.AtLeast(position) }

var idempotencyKey = regexp.MustCompile(`^[\x21-\x7E]{1,255}$`)

// commandID derives the command's id from the caller, the method, the path and
// the Idempotency-Key; zero when there is no key.
func commandID(c *Call) (uuid.UUID, error) {
	const name = "Idempotency-Key"
	given := c.Request.Header.Values(name)
	if len(given) == 0 {
		return uuid.Nil, nil
	}
	if len(given) > 1 || !idempotencyKey.MatchString(given[0]) {
		return uuid.Nil, problem.Header(name, "must be 1 to 255 printable ASCII characters without spaces")
	}
	scope := strings.Join([]string{c.Actor.ID.String(), c.Request.Method, c.Request.URL.Path, given[0]}, "\x00")
	return uuid.NewSHA1(commandNamespace, []byte(scope)), nil
}

// Execute carries out a command for a version that If-Match allows, and tells the
// client the position it led to. What an earlier attempt under the same idempotency key led
// to is led to again; a key whose first attempt is forgotten is refused.
func (c *Call) Execute(ctx context.Context, do commands.Do) (commands.Outcome, error) {
	e := commands.Execution{Request: c.Cause(), Versions: c.versions}
	e.ID = c.key.command
	repeated := false
	out, err := c.api.App.Execute(ctx, e, func(r commands.Request) (commands.Outcome, error) {
		out, err := do(r)
		if repeated = errors.Is(err, commands.ErrRepeated); repeated && !c.key.again() {
			return out, errForgotten
		}
		return out, err
	})
	if err != nil {
		return out, err
	}
	if repeated {
		c.Header.Set("Idempotency-Replayed", "true")
	}
	c.key.left = &idempotency.Left{StreamID: out.StreamID, Version: out.Version}
	c.arrived(out.Position)
	return out, nil
}

// InFull returns what a command led to with texts that an answer shows; see
// [commands.Earlier.InFull].
func InFull(ctx context.Context, c *Call, out commands.Outcome, of ...ticket.Subject) (commands.Outcome, error) {
	return c.api.App.Earlier.InFull(ctx, out, of...)
}

// Bulk carries out operations as [commands.App.Bulk] does, each with an id of its
// own under the call's idempotency key.
func (c *Call) Bulk(ctx context.Context, operations []commands.Operation) ([]commands.Result, error) {
	if c.versions != nil {
		return nil, problem.Header("If-Match", "not allowed here: give each operation its own if_match")
	}
	for i := range operations {
		operations[i].ID = c.key.operation(i)
	}
	results, resumed, err := c.api.App.Bulk(ctx, c.ID, operations, c.key.again())
	if err != nil {
		return nil, err
	}
	if resumed {
		c.Header.Set("Idempotency-Replayed", "true")
	}
	var reached int64
	for _, r := range results {
		reached = max(reached, r.Position)
	}
	if reached > 0 {
		c.arrived(reached)
	}
	return results, nil
}

// arrived sets in the header how far the call wrote.
func (c *Call) arrived(position int64) {
	c.AtLeast(position)
	c.setPosition(position)
	if c.async {
		c.Header.Set("Preference-Applied", "respond-async")
	}
}

// setPosition sets in the header where in the log the call ended up.
func (c *Call) setPosition(position int64) {
	c.position = position
	c.Header.Set("Event-Position", strconv.FormatInt(position, 10))
}

// Tag sets the ETag of a version, and ends a read with errNotModified when
// that is the one the client has.
func (c *Call) Tag(version int) error {
	c.Header.Set("ETag", etagOf(version))
	if !bind.Safe(c.Request) {
		return nil
	}
	same, err := unmodified(c.Request.Header, etagOf(version))
	if same && err == nil {
		return errNotModified
	}
	return err
}

// preferred reports whether Prefer holds the preference (RFC 7240).
func preferred(h http.Header, preference string) bool {
	for _, one := range strings.Split(strings.Join(h.Values("Prefer"), ","), ",") {
		name, _, _ := strings.Cut(one, ";")
		if strings.EqualFold(strings.TrimSpace(name), preference) {
			return true
		}
	}
	return false
}

// Names returns the usernames of people, for the answer to a write. The write has
// happened: where they cannot be read, which is logged, people are without names.
func (c *Call) Names(ctx context.Context, ids []uuid.UUID) view.Names {
	names := view.Names{}
	if c.visitor.who != nil && slices.Contains(ids, c.Actor.ID.UUID) {
		names[c.Actor.ID.UUID] = c.visitor.who.account.Username
	}
	others := slices.DeleteFunc(slices.Clone(ids), func(id uuid.UUID) bool { return names[id] != "" })
	if len(others) == 0 {
		return names
	}
	found, err := c.api.Usernames.Usernames(ctx, others)
	if err != nil {
		c.api.Log.LogAttrs(ctx, slog.LevelWarn, "usernames of an answer not read",
			slog.String("request_id", c.ID), slog.Int64("event_position", c.position), slog.Any("error", err))
	}
	maps.Copy(names, found)
	return names
}

package httpapi

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"helpdesk/auth"
	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/idempotency"
)

// freshnessWait is how long a call waits for the read side (API.md "Freshness").
const freshnessWait = 2 * time.Second

// Call is one request on its way through a handler, and what its answer
// carries beside the body. It belongs to one goroutine.
type Call struct {
	Request *http.Request
	ID      string        // of the request; the correlation id of what it causes
	Actor   domain.Actor  // without an ID when nobody is signed in
	Session *auth.Session // nil without one, as for whoever comes with a token
	Token   *auth.Token   // the API token, nil without one

	api      *API
	route    *Route
	handler  Handler     // of the route, the one the client chose
	pattern  string      // of the route, as gin writes it, for the log
	header   http.Header // of the answer
	position int64       // of what the call wrote, for the log
	behind   bool        // whether the read side may not have it yet

	asked  bool    // whether it is known who is calling; see Call.caller
	who    *caller // nil: nobody is signed in
	whoErr error

	credential string              // what the caller proved themselves with; "" for nobody
	held       *idempotency.Claim  // on the call's idempotency key; nil: none
	replay     *idempotency.Answer // the stored answer, when there is one
	unsure     bool                // whether a repeat may come to another answer, whatever the status

	command  commands.Request
	versions []int // that If-Match allows; nil: any
	async    bool
}

// errNotModified ends a read whose answer the client has already.
var errNotModified = errors.New("not modified")

// prepare reads the headers that every call of its method understands, and for
// a read waits until it can be as fresh as asked.
func (c *Call) prepare(ctx context.Context) error {
	if safe(c.Request) {
		return c.awaitMinimum(ctx)
	}
	var err error
	if c.versions, err = wantedVersions(c.Request.Header); err != nil {
		return err
	}
	c.async = preferred(c.Request.Header, "respond-async")
	c.command = commands.Request{CorrelationID: c.ID}
	if c.command.ID, err = c.commandID(); c.route.Secret && c.credential == "" {
		c.command.ID = uuid.Nil // there is nothing to seal the answer with: it is not stored
	}
	return err
}

func (c *Call) awaitMinimum(ctx context.Context) error {
	const name = "Min-Event-Position"
	text := c.Request.Header.Get(name)
	if text == "" {
		return nil
	}
	position, err := strconv.ParseInt(text, 10, 64)
	if err != nil || position <= 0 {
		return invalidHeader(name, "a positive whole number is wanted")
	}
	return c.wait(ctx, position)
}

func (c *Call) wait(ctx context.Context, position int64) error {
	ctx, cancel := context.WithTimeout(ctx, freshnessWait)
	defer cancel()
	return c.api.Freshness.Wait(ctx, position)
}

var idempotencyKey = regexp.MustCompile(`^[\x21-\x7E]{1,255}$`)

// commandID derives the command's id from the caller, the method, the path and
// the Idempotency-Key; zero when there is no key.
func (c *Call) commandID() (uuid.UUID, error) {
	const name = "Idempotency-Key"
	given := c.Request.Header.Values(name)
	if len(given) == 0 {
		return uuid.Nil, nil
	}
	if len(given) > 1 || !idempotencyKey.MatchString(given[0]) {
		return uuid.Nil, invalidHeader(name, "1 to 255 printable ASCII characters without spaces are wanted")
	}
	scope := strings.Join([]string{c.Actor.ID.String(), c.Request.Method, c.Request.URL.Path, given[0]}, "\x00")
	return uuid.NewSHA1(commandNamespace, []byte(scope)), nil
}

// carryOut runs a command for each version that If-Match allows until one is
// not stale, tells the client the position and waits for the read side. The
// call is behind when the read side is not known to have come so far.
func (c *Call) carryOut(ctx context.Context, do func(commands.Request) (commands.Outcome, error)) (commands.Outcome, error) {
	out, err := c.try(do)
	if errors.Is(err, commands.ErrRepeated) {
		out, err = c.repeated(ctx)
	}
	if err != nil {
		return out, err
	}
	c.arrive(ctx, out.Position)
	return out, nil
}

// arrive tells the client how far the call wrote and waits for the read side.
func (c *Call) arrive(ctx context.Context, position int64) {
	c.setPosition(position)
	if c.async {
		c.header.Set("Preference-Applied", "respond-async")
		c.behind = true
		return
	}
	// It is written: whatever keeps the read side, the answer is a success.
	if err := c.wait(ctx, position); err != nil {
		c.behind = true
		c.api.unread(ctx, c, err)
	}
}

// setPosition tells the client where in the log the call ended up.
func (c *Call) setPosition(position int64) {
	c.position = position
	c.header.Set("Event-Position", strconv.FormatInt(position, 10))
}

func (c *Call) try(do func(commands.Request) (commands.Outcome, error)) (out commands.Outcome, err error) {
	if c.versions == nil {
		return do(c.command)
	}
	for _, version := range c.versions {
		r := c.command
		r.IfMatch = version
		if out, err = do(r); !errors.Is(err, domain.ErrStale) {
			return out, err
		}
	}
	if len(c.versions) == 1 && c.versions[0] != noVersion {
		return out, err
	}
	return out, domain.ErrStale.With("it is not at any version you named")
}

// tag sets the ETag of a version, and ends a read with errNotModified when
// that is the one the client has.
func (c *Call) tag(version int) error {
	c.header.Set("ETag", etagOf(version))
	if !safe(c.Request) {
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

func safe(r *http.Request) bool { return r.Method == http.MethodGet || r.Method == http.MethodHead }

// Receipt returns a write that the read side does not show yet.
type Receipt struct {
	ID            uuid.UUID `json:"id" required:"true"`
	Version       int       `json:"version" required:"true"`
	EventPosition int64     `json:"event_position" required:"true" description:"Send it as Min-Event-Position to read what was written."`
}

func receiptOf(out commands.Outcome) *Receipt {
	return &Receipt{ID: out.StreamID, Version: out.Version, EventPosition: out.Position}
}

// Written is the answer to a write: what was written as it is now, or a
// receipt while the read side does not show it.
type Written[T any] struct {
	Value   *T
	Receipt *Receipt
}

// MarshalJSON implements [encoding/json.Marshaler].
func (w Written[T]) MarshalJSON() ([]byte, error) {
	if w.Value != nil {
		return encode(w.Value)
	}
	return encode(w.Receipt)
}

// JSONSchemaOneOf tells the schema what the answer can be.
func (Written[T]) JSONSchemaOneOf() []any { return []any{*new(T), Receipt{}} }

// InlineJSONSchema keeps the type out of the schema's definitions.
func (Written[T]) InlineJSONSchema() {}

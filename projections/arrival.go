package projections

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"helpdesk/domain"
	"helpdesk/eventstore/follow"
)

// The names of the projections, for those who read their tables.
const (
	TicketList     = "ticket_list"
	CommentList    = "comment_list"
	UserList       = "user_list"
	TicketHistory  = "ticket_history"
	TicketFacts    = "ticket_facts"
	EmailLedger    = "email_ledger"
	TicketWords    = "ticket_words"
	AttachmentList = "attachment_list"
	MailboxList    = "mailbox_list"
	InboundLedger  = "inbound_ledger"
)

// ErrPaused is the error of a read of what a projection that an operator holds cannot know.
var ErrPaused = follow.ErrPaused

// freshnessWait is how long a read waits for a projection at most.
const freshnessWait = 2 * time.Second

// Arrival is a request as it came: what it reads is no older than the log was then,
// nor than a position it asks for. It is safe for concurrent use.
type Arrival struct {
	freshness Freshness

	mu      sync.Mutex
	minimum int64
	upto    int64           // position that those known have reached
	known   map[string]bool // projections that are fresh enough
	served  Served
	older   []string // projections of another version; see [Outdated]
}

// Freshness lets reads wait for projections; see [follow.Freshness].
type Freshness interface {
	Await(ctx context.Context, minimum int64, names ...string) (Served, error)
}

// Served is how new the tables are that are read.
type Served = follow.Served

// Arrive returns ctx with a request in it that has just come.
func Arrive(ctx context.Context, f Freshness) (context.Context, *Arrival) {
	a := &Arrival{freshness: f, known: map[string]bool{}}
	return context.WithValue(ctx, arrivalKey{}, a), a
}

type arrivalKey struct{}

// AtLeast has what is read from now on be no older than a position, as after a write
// of the request's own.
func (a *Arrival) AtLeast(position int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if position > a.upto {
		a.minimum, a.known = max(a.minimum, position), map[string]bool{}
	}
}

// Served returns how old what was read is, where an operator holds a projection.
func (a *Arrival) Served() Served {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.served
}

// Fresh returns once the tables of projections are as new as the request in ctx
// asks for, at most after two seconds: [follow.ErrNotYet] where they are not by then,
// [follow.ErrPaused] where they will not be. Without a request in ctx, tables are read
// as they are. Readers call it first.
func Fresh(ctx context.Context, projections ...string) error {
	a, ok := ctx.Value(arrivalKey{}).(*Arrival)
	if !ok || a.knows(projections) {
		return nil
	}
	return a.Await(ctx, projections...)
}

// Outdated reports whether the tables of a projection are those of another version of
// the program, which are served until they are rebuilt. It is known of a request in ctx
// that was [Fresh]; without one they are taken for those of this version.
func Outdated(ctx context.Context, projection string) bool {
	a, ok := ctx.Value(arrivalKey{}).(*Arrival)
	if !ok {
		return false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Contains(a.older, projection)
}

// missing returns the error of a read that found nothing: [domain.ErrNotFound], or
// [follow.ErrPaused] where an operator holds what was read, for it may be newer.
func missing(ctx context.Context) error {
	if a, ok := ctx.Value(arrivalKey{}).(*Arrival); ok {
		if served := a.Served(); served.Paused {
			return fmt.Errorf("not found up to position %d: %w", served.Position, follow.ErrPaused)
		}
	}
	return domain.ErrNotFound
}

// knows reports whether projections are known to be new enough.
func (a *Arrival) knows(projections []string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return !slices.ContainsFunc(projections, func(name string) bool { return !a.known[name] })
}

// Await is [Fresh] for projections of which it is not known yet; with none it waits
// for the log to have come to what the request asks for.
func (a *Arrival) Await(ctx context.Context, projections ...string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, freshnessWait)
	defer cancel()
	served, err := a.freshness.Await(ctx, a.minimum, projections...)
	if err != nil {
		return err
	}
	a.upto, a.older = served.Upto, served.Outdated
	for _, name := range served.Reached {
		a.known[name] = true
	}
	if served.Paused && (!a.served.Paused || served.Position < a.served.Position) {
		a.served = served
	}
	return nil
}

package httpapi

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/google/uuid"

	"helpdesk/domain"
	"helpdesk/domain/user"
	"helpdesk/projections"
)

// Feed tells a viewer what happens to the tickets they see; see
// [projections.Feed].
type Feed interface {
	// Head returns the position of the newest event.
	Head(ctx context.Context) (int64, error)
	// After returns what the viewer is told of the next events after a position,
	// and up to where it looked.
	After(ctx context.Context, viewer domain.Actor, after int64) (told []projections.Occurrence, upto int64, err error)
	// Listen returns a channel that receives when there may be more.
	Listen() (woken <-chan struct{}, stop func())
}

// Paces of an event stream.
const (
	heartbeat  = 15 * time.Second      // between two signs of life
	streamLook = 5 * time.Second       // between two looks at whether the caller is still signed in
	streamPace = 50 * time.Millisecond // at least between two looks at the log
	// maxStreams is how many streams of one person a process serves at once.
	maxStreams = 20
)

// StreamQuery is the parameters of the event stream.
type StreamQuery struct {
	After Optional[int64] `query:"after" minimum:"0" description:"Position to begin after, such as the Event-Position of a write; from now on when left out. The header Last-Event-ID comes before it."`
}

// StreamedEvent is the data of one event of the stream.
type StreamedEvent struct {
	Position     int64           `json:"position"`
	Type         string          `json:"type"`
	Ticket       uuid.UUID       `json:"ticket"`
	TicketNumber int64           `json:"ticket_number"`
	Version      int             `json:"version"`
	Actor        StreamedActor   `json:"actor"`
	OccurredAt   Time            `json:"occurred_at"`
	RecordedAt   Time            `json:"recorded_at"`
	Data         json.RawMessage `json:"data"`
}

// StreamedActor is who caused an event.
type StreamedActor struct {
	Kind     domain.ActorKind `json:"kind"`
	ID       *uuid.UUID       `json:"id"`
	Username *string          `json:"username"`
}

// streams is the event streams under way in this process.
type streams struct {
	mu      sync.Mutex
	of      map[user.ID]int
	wakes   map[chan struct{}]struct{}
	closing chan struct{} // closed: all are to end
	once    sync.Once
}

func newStreams() *streams {
	return &streams{of: map[user.ID]int{}, wakes: map[chan struct{}]struct{}{}, closing: make(chan struct{})}
}

// EndStreams ends the event streams under way and those that come after. It is
// the first step of a shutdown, which otherwise would wait for them.
func (a *API) EndStreams() { a.streams.once.Do(func() { close(a.streams.closing) }) }

// enter counts a stream of the person's until ctx, the request's, ends.
func (s *streams) enter(ctx context.Context, who user.ID) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.of[who] >= maxStreams {
		return tooMany("too_many_streams", "too many event streams of yours are open", heartbeat)
	}
	s.of[who]++
	context.AfterFunc(ctx, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.of[who]--; s.of[who] == 0 {
			delete(s.of, who)
		}
	})
	return nil
}

// wake has every stream look whether its caller is still signed in.
func (s *streams) wake() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for w := range s.wakes {
		select {
		case w <- struct{}{}:
		default:
		}
	}
}

func (s *streams) listen() (woken <-chan struct{}, stop func()) {
	w := make(chan struct{}, 1)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wakes[w] = struct{}{}
	return w, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.wakes, w)
	}
}

// streamEvents returns what happens to the tickets the caller sees, as it
// happens (WHATWG HTML "Server-sent events"). Nothing is kept for a client but
// its place in the log: one that is slow is behind, one that comes again says
// where it was, and neither misses anything.
func (a *API) streamEvents(ctx context.Context, c *Call, in StreamQuery) (Stream, error) {
	at, err := c.streamStart(ctx, in)
	if err != nil {
		return nil, err
	}
	if err := a.streams.enter(c.Request.Context(), c.Actor.ID); err != nil {
		return nil, err
	}
	c.header.Set("X-Accel-Buffering", "no") // a common proxy would wait for more
	return func(ctx context.Context, w *StreamWriter) error {
		return a.follow(ctx, c, &eventWriter{w: w, at: at})
	}, nil
}

// streamStart returns the position the client has come to. One beyond the head,
// as after the restoring of a backup, begins at the head.
func (c *Call) streamStart(ctx context.Context, in StreamQuery) (int64, error) {
	head, err := c.api.Feed.Head(ctx)
	if err != nil {
		return 0, err
	}
	at := head
	if in.After.Set {
		at = in.After.Value
	}
	const name = "Last-Event-ID"
	if text := c.Request.Header.Get(name); text != "" {
		if at, err = strconv.ParseInt(text, 10, 64); err != nil || at < 0 {
			return 0, invalidHeader(name, "the id of an event of this stream is wanted")
		}
	}
	return min(at, head), nil
}

// follow writes events until the client goes, the service ends or the caller is
// not signed in any more.
func (a *API) follow(ctx context.Context, c *Call, w *eventWriter) error {
	woken, stop := a.Feed.Listen()
	defer stop()
	woken, leave := a.streams.listen()
	defer leave()
	beat, look := time.NewTicker(a.heartbeat), time.NewTicker(streamLook)
	defer beat.Stop()
	defer look.Stop()
	if err := w.beat(); err != nil {
		return err
	}
	for {
		if !c.stillSignedIn(ctx) {
			return nil // they come again, and are told so
		}
		if err := a.catchUp(ctx, c, w); err != nil {
			return err
		}
		pause := time.After(streamPace)
		for waiting := true; waiting; {
			select {
			case <-ctx.Done():
				return nil
			case <-a.streams.closing:
				return nil
			case <-beat.C:
				if err := w.beat(); err != nil {
					return err
				}
			case <-pause:
				pause = nil
			case <-onceOver(pause, woken):
				waiting = false
			case <-woken:
				waiting = false
			case <-look.C:
				waiting = false
			}
		}
	}
}

// onceOver returns rung once the pause is over, and before that what never
// receives: the rings of a busy log are heard together.
func onceOver(pause <-chan time.Time, woken <-chan struct{}) <-chan struct{} {
	if pause != nil {
		return nil
	}
	return woken
}

func (a *API) ending() bool {
	select {
	case <-a.streams.closing:
		return true
	default:
		return false
	}
}

// catchUp writes what there is up to the head of the log.
func (a *API) catchUp(ctx context.Context, c *Call, w *eventWriter) error {
	for !a.ending() {
		told, upto, err := a.Feed.After(ctx, c.Actor, w.at)
		if err != nil {
			return err
		}
		if err := w.write(told); err != nil {
			return err
		}
		if upto == w.at {
			return nil
		}
		w.at = upto
	}
	return nil
}

// stillSignedIn looks whether the credential the call came with is good still,
// and takes over what the account has become.
func (c *Call) stillSignedIn(ctx context.Context) bool {
	c.asked = false
	return c.identify(ctx) == nil
}

// eventWriter writes the event stream of a client who has come to position at.
type eventWriter struct {
	w  *StreamWriter
	at int64
}

// write writes events and sends them.
func (e *eventWriter) write(told []projections.Occurrence) error {
	for _, o := range told {
		data, err := encode(streamedView(o))
		if err != nil {
			return fmt.Errorf("write event %d: %w", o.Position, err)
		}
		// data ends in the line's end and has no other.
		if _, err := fmt.Fprintf(e.w, "id: %d\nevent: %s\ndata: %s\n", o.Position, o.Type, data); err != nil {
			return err
		}
	}
	if len(told) == 0 {
		return nil
	}
	return e.w.Flush()
}

// beat shows that both ends are there. Its id, without data, is no event but
// moves the place the client will come again with: it need not look through
// again what was not for it.
func (e *eventWriter) beat() error {
	if _, err := fmt.Fprintf(e.w, ": still here\nid: %d\n\n", e.at); err != nil {
		return err
	}
	return e.w.Flush()
}

func streamedView(o projections.Occurrence) StreamedEvent {
	view := StreamedEvent{
		Position: o.Position, Type: o.Type, Ticket: o.Ticket, TicketNumber: o.TicketNumber, Version: o.Version,
		Actor: StreamedActor{Kind: o.ActorKind}, OccurredAt: Time{o.OccurredAt}, RecordedAt: Time{o.RecordedAt}, Data: o.Data,
	}
	if o.ActorID.Valid {
		view.Actor.ID = &o.ActorID.UUID
	}
	if o.ActorName != "" {
		view.Actor.Username = &o.ActorName
	}
	return view
}

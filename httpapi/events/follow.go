package events

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/google/uuid"

	"helpdesk/domain"
	"helpdesk/httpapi"
	"helpdesk/httpapi/bind"
	"helpdesk/httpapi/encoder"
	"helpdesk/httpapi/problem"
	"helpdesk/httpapi/wire"
	"helpdesk/projections/feed"
)

// Feed reads for a viewer what happens to the tickets they see; see
// [feed.Feed].
type Feed interface {
	// Head returns the position of the newest event.
	Head(ctx context.Context) (int64, error)
	// After returns what the viewer is told of the next events after a position.
	After(ctx context.Context, viewer domain.Actor, after int64) (feed.Told, error)
	// Listen returns a channel that receives when there may be more.
	Listen() (news <-chan struct{}, stop func())
}

// Heartbeat is the time between two signs of life of an event stream.
const Heartbeat = 15 * time.Second

// Paces of an event stream.
const (
	streamLook = 5 * time.Second       // between two looks at whether the caller is still signed in
	streamPace = 50 * time.Millisecond // at least between two looks at the log
	// maxStreams is how many streams of one person a process serves at once.
	maxStreams = 20
)

// StreamQuery is the parameters of the event stream.
type StreamQuery struct {
	After bind.Optional[int64] `query:"after" minimum:"0" description:"Position to begin after, such as the Event-Position of a write; from now on when left out. The header Last-Event-ID comes before it."`
}

// StreamedEvent is the data of one event of the stream.
type StreamedEvent struct {
	Position     int64           `json:"position"`
	Type         string          `json:"type"`
	Ticket       uuid.UUID       `json:"ticket"`
	TicketNumber int64           `json:"ticket_number"`
	Version      int             `json:"version"`
	Actor        StreamedActor   `json:"actor"`
	OccurredAt   wire.Time       `json:"occurred_at"`
	RecordedAt   wire.Time       `json:"recorded_at"`
	Data         json.RawMessage `json:"data"`
}

// StreamedActor is who caused an event.
type StreamedActor struct {
	Kind     domain.ActorKind `json:"kind"`
	ID       *uuid.UUID       `json:"id"`
	Username *string          `json:"username"`
}

// streamEvents returns what happens to the tickets the caller sees, as it
// happens (WHATWG HTML "Server-sent events"). Nothing is kept for a client but
// its place in the log: one that is slow is behind, one that comes again says
// where it was, and neither misses anything.
func (r Resource) stream(ctx context.Context, c *httpapi.Call, in StreamQuery) (httpapi.Stream, error) {
	at, head, err := r.start(ctx, c, in)
	if err != nil {
		return nil, err
	}
	return httpapi.Bounded(c, r.Streams.of, errTooManyStreams, func() (httpapi.Stream, error) {
		c.Header.Set("X-Accel-Buffering", "no") // a common proxy would wait for more
		return func(ctx context.Context, w *httpapi.StreamWriter) error {
			return r.follow(ctx, c, &eventWriter{w: w, at: at, behind: head-at >= feed.PageSize})
		}, nil
	})
}

var errTooManyStreams = problem.TooMany("too_many_streams", "you have too many event streams open", Heartbeat)

// start returns the position the client has come to, and the head. One beyond that, as
// after the restoring of a backup, begins there.
func (r Resource) start(ctx context.Context, c *httpapi.Call, in StreamQuery) (at, head int64, err error) {
	head, err = r.Feed.Head(ctx)
	if err != nil {
		return 0, 0, err
	}
	at = head
	if in.After.Set {
		at = in.After.Value
	}
	const name = "Last-Event-ID"
	if text := c.Request.Header.Get(name); text != "" {
		if at, err = strconv.ParseInt(text, 10, 64); err != nil || at < 0 {
			return 0, 0, problem.Header(name, "must be the id of an event of this stream, a position")
		}
	}
	return min(at, head), head, nil
}

// follow writes events until the client goes, the service ends or the caller is
// not signed in any more.
func (r Resource) follow(ctx context.Context, c *httpapi.Call, w *eventWriter) error {
	news, stop := r.Feed.Listen()
	defer stop()
	woken, leave := r.Streams.listen()
	defer leave()
	beat, look := time.NewTicker(r.Streams.heartbeat), time.NewTicker(streamLook)
	defer beat.Stop()
	defer look.Stop()
	if err := w.beat(); err != nil {
		return err
	}
	signedIn := c.StillSignedIn(ctx)
	for {
		if signedIn {
			var err error
			if signedIn, err = r.catchUp(ctx, c, w); err != nil {
				return err
			}
		}
		if !signedIn {
			return nil // they come again, and are told so
		}
		pause := time.After(streamPace)
		for waiting := true; waiting; {
			select {
			case <-ctx.Done():
				return nil
			case <-r.Streams.closing:
				return nil
			case <-beat.C:
				if err := w.beat(); err != nil {
					return err
				}
			case <-pause:
				pause = nil
			case <-onceOver(pause, news):
				waiting = false
			case <-woken:
				signedIn, waiting = c.StillSignedIn(ctx), false
			case <-look.C:
				signedIn, waiting = c.StillSignedIn(ctx), false
			}
		}
	}
}

// onceOver returns news once the pause is over, and before that what never
// receives: the news of a busy log are taken together.
func onceOver(pause <-chan time.Time, news <-chan struct{}) <-chan struct{} {
	if pause != nil {
		return nil
	}
	return news
}

// catchUp writes what there is up to the head of the log. Before it tells anything, and
// before it goes on, it looks whether the caller is signed in, and as whom: of a thousand
// streams to which an event is no news none has to.
func (r Resource) catchUp(ctx context.Context, c *httpapi.Call, w *eventWriter) (signedIn bool, err error) {
	for more := true; more && !r.Streams.ended(); {
		as := c.Actor
		told, err := r.read(ctx, c, w)
		if err != nil {
			return true, err
		}
		more = told.More
		if len(told.Events) > 0 || more {
			if !c.StillSignedIn(ctx) {
				return false, nil
			}
			if c.Actor != as {
				more = true
				continue
			}
		}
		if err := w.write(told.Events); err != nil {
			return true, err
		}
		w.at = told.Upto
	}
	return true, nil
}

// read reads the next page. Whoever is far behind waits for their turn to: news come to all
// at once, and are few.
func (r Resource) read(ctx context.Context, c *httpapi.Call, w *eventWriter) (feed.Told, error) {
	if w.behind {
		if err := c.Turn.Take(ctx); err != nil {
			return feed.Told{}, err
		}
		defer c.Turn.End()
	}
	told, err := r.Feed.After(ctx, c.Actor, w.at)
	w.behind = told.More
	return told, err
}

// eventWriter writes the event stream of a client who has come to position at.
type eventWriter struct {
	w      *httpapi.StreamWriter
	at     int64
	behind bool   // whether there is a page or more after it
	line   []byte // of an event, to be used again
}

// write writes events and sends them.
func (e *eventWriter) write(told []feed.Occurrence) error {
	for _, o := range told {
		line := fmt.Appendf(e.line[:0], "id: %d\nevent: %s\ndata: ", o.Position, o.Type)
		line, err := encoder.Append(line, streamedView(o)) // which has no line's end
		if err != nil {
			return fmt.Errorf("write event %d: %w", o.Position, err)
		}
		e.line = append(line, "\n\n"...)
		if _, err := e.w.Write(e.line); err != nil {
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

func streamedView(o feed.Occurrence) StreamedEvent {
	view := StreamedEvent{
		Position: o.Position, Type: o.Type, Ticket: o.Ticket, TicketNumber: o.TicketNumber, Version: o.Version,
		Actor: StreamedActor{Kind: o.ActorKind}, OccurredAt: wire.At(o.OccurredAt), RecordedAt: wire.At(o.RecordedAt), Data: o.Data,
	}
	if o.ActorID.Valid {
		view.Actor.ID = &o.ActorID.UUID
	}
	if o.ActorName != "" {
		view.Actor.Username = &o.ActorName
	}
	return view
}

// Package events is the log: as it is, and as it happens.
package events

import (
	"bytes"
	"context"
	"encoding/json"
	"math"
	"net/http"
	"strings"

	"github.com/google/uuid"

	"helpdesk/domain"
	"helpdesk/httpapi"
	"helpdesk/httpapi/bind"
	"helpdesk/httpapi/problem"
	"helpdesk/httpapi/spec"
	"helpdesk/httpapi/wire"
	"helpdesk/projections/feed"
)

// Log reads the log itself; see [feed.Events].
type Log interface {
	Known(eventType string) bool
	Page(ctx context.Context, q feed.EventQuery, limit int) (feed.LogPage, error)
}

// Resource is the calls on the log.
type Resource struct {
	Log     Log
	Feed    Feed
	Streams *Streams
	// Types are those of all events that there may be.
	Types []domain.EventType
}

// Routes lists the calls.
func (r Resource) Routes() []httpapi.Route {
	return httpapi.Tagged("Events", "What happens, as it happens, and the log of all of it.",
		httpapi.Route{
			Method: http.MethodGet, Path: "/api/events/", ID: "listEvents",
			Summary: "Read the log",
			About:   "For admins and auditors: every event there is, in the order of the log, nothing left out. Whoever comes again with the last position as `after` goes on where they were; without a filter every position from 1 to head is there once. As NDJSON an event is a line, and the answer goes on up to the head.",
			Who:     httpapi.SignedIn, Status: http.StatusOK, Handler: httpapi.Handle(r.list).Or(httpapi.ExportOf(ndjsonType, r.lines)),
			Also:   []int{http.StatusForbidden},
			Export: "exportEvents", Choices: r.choices(),
		},
		httpapi.Route{
			Method: http.MethodGet, Path: "/api/events/stream/", ID: "streamEvents",
			Summary: "Follow what happens to tickets",
			About:   "Server-sent events of the tickets the caller sees: `id:` is the event's position, `event:` its type, `data:` a JSON object. It begins now, after `?after=`, or after `Last-Event-ID`. A comment every 15 s keeps the line open.",
			Who:     httpapi.SignedIn, Status: http.StatusOK, Handler: httpapi.StreamOf("text/event-stream", r.stream),
		},
	)
}

// choices describes what the data of an event are, and the names of events in
// histories.
func (r Resource) choices() []spec.Choice {
	all, ofTickets := map[string]any{}, map[string]any{}
	for _, t := range r.Types {
		all[t.Name()] = t.Zero
		if strings.HasPrefix(t.Name(), string(domain.TicketStream)+".") {
			ofTickets[t.Name()] = t.Zero
		}
	}
	return []spec.Choice{
		{Of: LogEvent{}, By: "type", Member: "data", Cases: all, Noun: "Event", Open: "unreadable"},
		{Of: StreamedEvent{}, By: "type", Member: "data", Cases: ofTickets, Noun: "Event"},
		{Of: wire.HistoryEntry{}, By: "type", Cases: all},
	}
}

// ndjsonType is the media type of one JSON object a line.
const ndjsonType = "application/x-ndjson"

const (
	defaultEvents = 100 // a JSON answer holds, when it is not asked for another number
	eventPage     = 200 // an NDJSON answer reads at a time
)

// EventsQuery is the parameters of the log. limit has a default for JSON alone:
// as NDJSON, which is written as it is read, an answer may be of any length.
type EventsQuery struct {
	After  int64              `query:"after" minimum:"0" description:"Position to begin after; from the first event when left out."`
	Limit  bind.Optional[int] `query:"limit" minimum:"1" maximum:"1000" description:"How many events at most. Left out, it is 100 as JSON, and as NDJSON all up to the head."`
	Types  []string           `query:"type" description:"Only events of these types, repeated or separated by commas."`
	Stream string             `query:"stream" minLength:"1" maxLength:"36" description:"Only events of the stream with this id: of a ticket, a user, an email."`
}

// EventList is a part of the log.
type EventList struct {
	Events []LogEvent `json:"events" required:"true" nullable:"false" description:"In the order of positions."`
	Head   int64      `json:"head" required:"true" description:"Position of the newest event when this was read. Fewer events than the limit mean that there are no more up to it."`
}

// LogEvent is an event as the log holds it, with the texts in it opened.
type LogEvent struct {
	Position      int64             `json:"position" required:"true" description:"Place in the log: 1, 2, 3 … without a hole."`
	EventID       uuid.UUID         `json:"event_id" required:"true"`
	StreamType    string            `json:"stream_type" required:"true"`
	StreamID      uuid.UUID         `json:"stream_id" required:"true"`
	Version       int               `json:"version" required:"true" description:"Place in the stream."`
	Type          string            `json:"type" required:"true"`
	SchemaVersion int               `json:"schema_version" required:"true" description:"Of the shape of data."`
	OccurredAt    wire.Time         `json:"occurred_at" required:"true"`
	RecordedAt    wire.Time         `json:"recorded_at" required:"true"`
	Actor         wire.HistoryActor `json:"actor" required:"true"`
	CorrelationID string            `json:"correlation_id" required:"true" description:"The request that began the chain of causes."`
	CausationID   *uuid.UUID        `json:"causation_id" required:"true" description:"The event or timer it came of; null: a person did it of themselves."`
	CommandID     *uuid.UUID        `json:"command_id" required:"true"`
	Data          wire.JSON         `json:"data" required:"true" description:"What happened. Texts of people who were erased are [erased]."`
	Unreadable    bool              `json:"unreadable,omitempty" description:"true: data is as it is stored, for it cannot be read. It was altered, or a newer program wrote it."`
}

// listEvents returns a part of the log.
func (r Resource) list(ctx context.Context, c *httpapi.Call, in EventsQuery) (EventList, error) {
	q, err := r.query(c, in)
	if err != nil {
		return EventList{}, err
	}
	limit := defaultEvents
	if in.Limit.Set {
		limit = in.Limit.Value
	}
	page, err := r.Log.Page(ctx, q, limit)
	if err != nil {
		return EventList{}, err
	}
	out := EventList{Events: make([]LogEvent, len(page.Events)), Head: page.Head}
	for i, e := range page.Events {
		out.Events[i] = logEventView(e)
	}
	return out, nil
}

// writeEvents returns the log up to where it ends now, an event a line. It holds
// a page of it at a time.
func (r Resource) lines(ctx context.Context, c *httpapi.Call, in EventsQuery) (httpapi.Stream, error) {
	q, err := r.query(c, in)
	if err != nil {
		return nil, err
	}
	left := int64(math.MaxInt64)
	if in.Limit.Set {
		left = int64(in.Limit.Value)
	}
	page, err := r.Log.Page(ctx, q, pageOf(left)) // the first, while a refusal can still be told
	if err != nil {
		return nil, err
	}
	q.Upto, left = page.Head, min(left, page.Head)
	return func(ctx context.Context, w *httpapi.StreamWriter) error {
		for {
			for _, e := range page.Events {
				line, err := httpapi.Encode(logEventView(e)) // ends in the line's end
				if err != nil {
					return err
				}
				if _, err := w.Write(line); err != nil {
					return err
				}
			}
			if err := w.Flush(); err != nil {
				return err
			}
			left -= int64(len(page.Events))
			if left <= 0 || len(page.Events) < eventPage {
				return nil
			}
			q.After = page.Events[len(page.Events)-1].Position
			if err := c.GoOn(ctx); err != nil {
				return err
			}
			if page, err = r.Log.Page(ctx, q, pageOf(left)); err != nil {
				return err
			}
		}
	}, nil
}

func pageOf(left int64) int { return int(min(max(left, 1), eventPage)) }

// query returns what the call asks of the log.
func (r Resource) query(c *httpapi.Call, in EventsQuery) (q feed.EventQuery, err error) {
	if err := httpapi.MayOversee(c.Actor); err != nil {
		return q, err
	}
	q.After, q.Upto, q.Types = in.After, math.MaxInt64, in.Types
	for _, name := range in.Types {
		if !r.Log.Known(name) {
			return q, problem.Param("type", "enum", "unknown event type: "+problem.Clip(name))
		}
	}
	if in.Stream != "" {
		if q.Stream, err = bind.ParseUUID(in.Stream); err != nil {
			return q, problem.Param("stream", "format", "must be a UUID")
		}
	}
	return q, nil
}

func logEventView(e feed.LoggedEvent) LogEvent {
	view := LogEvent{
		Position: e.Position, EventID: e.EventID, StreamType: string(e.StreamType), StreamID: e.StreamID, Version: e.Version,
		Type: e.Type, SchemaVersion: e.SchemaVersion, OccurredAt: wire.At(e.OccurredAt), RecordedAt: wire.At(e.RecordedAt),
		Actor: wire.HistoryActor(e.Actor), CorrelationID: e.CorrelationID, Data: wire.JSON{RawMessage: e.Data}, Unreadable: e.Unreadable != nil,
	}
	if view.Unreadable { // whoever stored it may have stored white space too
		var compact bytes.Buffer
		_ = json.Compact(&compact, e.Data) // it is of a column of JSON
		view.Data.RawMessage = compact.Bytes()
	}
	if e.CausationID.Valid {
		view.CausationID = &e.CausationID.UUID
	}
	if e.CommandID.Valid {
		view.CommandID = &e.CommandID.UUID
	}
	return view
}

package httpapi

import (
	"context"
	"encoding/json"

	"github.com/google/uuid"

	"helpdesk/projections"
)

// Events reads the log itself; see [projections.Events].
type Events interface {
	Known(eventType string) bool
	Head(ctx context.Context) (int64, error)
	Select(ctx context.Context, q projections.EventQuery, limit int) ([]projections.LoggedEvent, error)
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
	After  int64         `query:"after" minimum:"0" description:"Position to begin after; from the first event when left out."`
	Limit  Optional[int] `query:"limit" minimum:"1" maximum:"1000" description:"How many events at most. Left out, it is 100 as JSON, and as NDJSON all up to the head."`
	Types  []string      `query:"type" description:"Only events of these types, repeated or separated by commas."`
	Stream string        `query:"stream" minLength:"1" maxLength:"36" description:"Only events of the stream with this id: of a ticket, a user, an email."`
}

// EventList is a part of the log.
type EventList struct {
	Events []LogEvent `json:"events" required:"true" nullable:"false" description:"In the order of positions."`
	Head   int64      `json:"head" required:"true" description:"Position of the newest event when this was read. Fewer events than the limit mean that there are no more up to it."`
}

// LogEvent is an event as the log holds it, with the texts in it opened.
type LogEvent struct {
	Position      int64           `json:"position" required:"true" description:"Place in the log: 1, 2, 3 … without a hole."`
	EventID       uuid.UUID       `json:"event_id" required:"true"`
	StreamType    string          `json:"stream_type" required:"true"`
	StreamID      uuid.UUID       `json:"stream_id" required:"true"`
	Version       int             `json:"version" required:"true" description:"Place in the stream."`
	Type          string          `json:"type" required:"true"`
	SchemaVersion int             `json:"schema_version" required:"true" description:"Of the shape of data."`
	OccurredAt    Time            `json:"occurred_at" required:"true"`
	RecordedAt    Time            `json:"recorded_at" required:"true"`
	Actor         HistoryActor    `json:"actor" required:"true"`
	CorrelationID string          `json:"correlation_id" required:"true" description:"The request that began the chain of causes."`
	CausationID   *uuid.UUID      `json:"causation_id" required:"true" description:"The event or timer it came of; null: a person did it of themselves."`
	CommandID     *uuid.UUID      `json:"command_id" required:"true"`
	Data          json.RawMessage `json:"data" required:"true" description:"What happened. Texts of people who were erased are [erased]."`
	Unreadable    bool            `json:"unreadable,omitempty" description:"true: data is as it is stored, for it cannot be read. It was altered, or a newer program wrote it."`
}

// listEvents returns a part of the log.
func (a *API) listEvents(ctx context.Context, c *Call, in EventsQuery) (EventList, error) {
	q, err := a.eventQuery(ctx, c, in)
	if err != nil {
		return EventList{}, err
	}
	limit := defaultEvents
	if in.Limit.Set {
		limit = in.Limit.Value
	}
	events, err := a.Events.Select(ctx, q, limit)
	if err != nil {
		return EventList{}, err
	}
	out := EventList{Events: make([]LogEvent, len(events)), Head: q.Upto}
	for i, e := range events {
		out.Events[i] = logEventView(e)
	}
	return out, nil
}

// writeEvents returns the log up to where it ends now, an event a line. It holds
// a page of it at a time.
func (a *API) writeEvents(ctx context.Context, c *Call, in EventsQuery) (Stream, error) {
	q, err := a.eventQuery(ctx, c, in)
	if err != nil {
		return nil, err
	}
	left := q.Upto // more than there can be
	if in.Limit.Set {
		left = int64(in.Limit.Value)
	}
	events, err := a.Events.Select(ctx, q, pageOf(left)) // the first, while a refusal can still be told
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, w *StreamWriter) error {
		for {
			for _, e := range events {
				line, err := encode(logEventView(e)) // ends in the line's end
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
			left -= int64(len(events))
			if left <= 0 || len(events) < eventPage {
				return nil
			}
			q.After = events[len(events)-1].Position
			if events, err = a.Events.Select(ctx, q, pageOf(left)); err != nil {
				return err
			}
		}
	}, nil
}

func pageOf(left int64) int { return int(min(max(left, 1), eventPage)) }

// eventQuery returns what the call asks of the log, up to its present head.
func (a *API) eventQuery(ctx context.Context, c *Call, in EventsQuery) (q projections.EventQuery, err error) {
	if err := mayAudit(c.Actor); err != nil {
		return q, err
	}
	q.After, q.Types = in.After, in.Types
	for _, name := range in.Types {
		if !a.Events.Known(name) {
			return q, invalid(Violation{Pointer: "?type", Code: "enum", Detail: "there are no events of the type " + clip(name)})
		}
	}
	if in.Stream != "" {
		if q.Stream, err = parseUUID(in.Stream); err != nil {
			return q, invalid(Violation{Pointer: "?stream", Code: "format", Detail: "a UUID is wanted"})
		}
	}
	q.Upto, err = a.Events.Head(ctx)
	return q, err
}

func logEventView(e projections.LoggedEvent) LogEvent {
	view := LogEvent{
		Position: e.Position, EventID: e.EventID, StreamType: string(e.StreamType), StreamID: e.StreamID, Version: e.Version,
		Type: e.Type, SchemaVersion: e.SchemaVersion, OccurredAt: Time{e.OccurredAt}, RecordedAt: Time{e.RecordedAt},
		Actor: HistoryActor(e.Actor), CorrelationID: e.CorrelationID, Data: e.Data, Unreadable: e.Unreadable != nil,
	}
	if e.CausationID.Valid {
		view.CausationID = &e.CausationID.UUID
	}
	if e.CommandID.Valid {
		view.CommandID = &e.CommandID.UUID
	}
	return view
}

package wire

import (
	"github.com/google/uuid"

	"helpdesk/domain"
	"helpdesk/projections/history"
)

// HistoryEntry is one event of a ticket or of an email about it, or of a user.
type HistoryEntry struct {
	Position   int64           `json:"position" required:"true" description:"Place in the log."`
	Version    int             `json:"version" required:"true" description:"Of the ticket or the user after it; for an event of an email or a record of access, in the stream of these."`
	Type       string          `json:"type" required:"true"`
	Summary    string          `json:"summary" required:"true" description:"What happened, in a sentence."`
	Actor      HistoryActor    `json:"actor" required:"true"`
	Cause      *HistoryCause   `json:"cause" required:"true" description:"What it came of; null: a person did it of themselves."`
	Effects    []HistoryEffect `json:"effects" required:"true" nullable:"false" description:"What it caused that is part of this history: the other way round of cause."`
	Changes    []FieldChange   `json:"changes" required:"true" nullable:"false"`
	OccurredAt Time            `json:"occurred_at" required:"true"`
	RecordedAt Time            `json:"recorded_at" required:"true"`
}

// HistoryActor is who did it.
type HistoryActor struct {
	Kind     domain.ActorKind `json:"kind" required:"true" enum:"user,token,system,timer,import"`
	ID       *uuid.UUID       `json:"id" required:"true" description:"Null for the service itself."`
	Username *string          `json:"username" required:"true"`
}

// HistoryCause is what an event came of.
type HistoryCause struct {
	Kind     string    `json:"kind" required:"true" enum:"event,timer"`
	ID       uuid.UUID `json:"id" required:"true"`
	Position *int64    `json:"position" required:"true" description:"Of the event, or of the one that set the timer; null: not part of this history."`
}

// HistoryEffect is what an event caused.
type HistoryEffect struct {
	Kind     string    `json:"kind" required:"true" enum:"event,timer"`
	ID       uuid.UUID `json:"id" required:"true"`
	Position *int64    `json:"position" required:"true" description:"Of the event, or of the one that the timer caused; null: it caused none, or none yet."`
}

// FieldChange is a member before an event and after it.
type FieldChange struct {
	Field  string `json:"field" required:"true"`
	Before any    `json:"before" required:"true" description:"Null: it was not there."`
	After  any    `json:"after" required:"true" description:"Null: it is not there any more."`
}

// EntryOf writes an entry of a history.
func EntryOf(e history.Entry) HistoryEntry {
	out := HistoryEntry{
		Position: e.Position, Version: e.Version, Type: e.Type, Summary: e.Summary,
		Actor: HistoryActor(e.Actor), Cause: (*HistoryCause)(e.Cause), Changes: make([]FieldChange, len(e.Changes)),
		Effects: make([]HistoryEffect, len(e.Effects)), OccurredAt: Time{e.OccurredAt}, RecordedAt: Time{e.RecordedAt},
	}
	for i, effect := range e.Effects {
		out.Effects[i] = HistoryEffect(effect)
	}
	for i, change := range e.Changes {
		out.Changes[i] = FieldChange(change)
	}
	return out
}

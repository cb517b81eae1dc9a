package audit

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/transparency-dev/merkle/rfc6962"

	"helpdesk/domain"
	"helpdesk/eventstore"
)

// maxEntry is how many bytes an entry may have: C2SP tlog-tiles writes its
// length in 16 bits.
const maxEntry = 1<<16 - 1

// timeFormat is how an instant stands in an entry, in UTC.
const timeFormat = "2006-01-02T15:04:05.000000Z"

// AppendEntry appends the entry of an event to b: the canonical JSON (RFC 8785)
// of all that is stored of it, with the SHA-256 of its data in the place of the
// data. docs/audit-log.md describes it byte by byte. It refuses what the log
// never holds: text that is no UTF-8, years of more than four digits, and an
// entry of more than 65,535 bytes.
func AppendEntry(b []byte, e *eventstore.Recorded) ([]byte, error) {
	began := len(b)
	b, err := appendEvent(b, e, false)
	if err == nil && len(b)-began > maxEntry {
		err = fmt.Errorf("the entry would have %d bytes, and %d are possible", len(b)-began, maxEntry)
	}
	return b, err
}

// appendLine appends the line of an event in an export: its entry with one more
// member, the data.
func appendLine(b []byte, e *eventstore.Recorded) ([]byte, error) { return appendEvent(b, e, true) }

// appendEvent writes the members in the order of their names, which RFC 8785
// §3.2.3 asks for.
func appendEvent(b []byte, e *eventstore.Recorded, withData bool) ([]byte, error) {
	w := writer{b: b}
	w.nullID(`{"actor_id":`, e.ActorID)
	w.text(`,"actor_kind":`, string(e.ActorKind))
	w.nullID(`,"causation_id":`, e.CausationID)
	w.nullID(`,"command_id":`, e.CommandID)
	w.text(`,"correlation_id":`, e.CorrelationID)
	if withData {
		w.text(`,"data":`, string(e.Data))
	}
	sum := sha256.Sum256(e.Data)
	w.b = append(w.b, `,"data_sha256":"`...)
	w.b = append(hex.AppendEncode(w.b, sum[:]), '"')
	w.id(`,"event_id":`, e.EventID)
	w.instant(`,"occurred_at":`, e.OccurredAt)
	w.nullID(`,"person_id":`, e.PersonID)
	w.number(`,"position":`, e.Position)
	w.instant(`,"recorded_at":`, e.RecordedAt)
	w.number(`,"schema_version":`, int64(e.SchemaVersion))
	w.id(`,"stream_id":`, e.StreamID)
	w.text(`,"stream_type":`, string(e.StreamType))
	w.text(`,"type":`, e.Type)
	w.number(`,"version":`, int64(e.Version))
	return append(w.b, '}'), w.err
}

// LeafHash returns the hash of an entry as a leaf of the tree (RFC 6962 §2.1).
func LeafHash(entry []byte) []byte { return rfc6962.DefaultHasher.HashLeaf(entry) }

// leafOf returns the leaf hash of an event. scratch is room for the entry, to be
// given again.
func leafOf(scratch []byte, e *eventstore.Recorded) (leaf, room []byte, err error) {
	entry, err := AppendEntry(scratch[:0], e)
	if err != nil {
		return nil, entry, err
	}
	return LeafHash(entry), entry, nil
}

// writer writes members of an object.
type writer struct {
	b   []byte
	err error // the first
}

func (w *writer) number(name string, n int64) {
	w.b = strconv.AppendInt(append(w.b, name...), n, 10)
}

func (w *writer) id(name string, id uuid.UUID) {
	w.b = append(append(append(append(w.b, name...), '"'), id.String()...), '"')
}

func (w *writer) nullID(name string, id uuid.NullUUID) {
	if id.Valid {
		w.id(name, id.UUID)
		return
	}
	w.b = append(append(w.b, name...), "null"...)
}

func (w *writer) instant(name string, at time.Time) {
	if at = at.UTC(); at.Year() < 0 || at.Year() > 9999 {
		w.fail(fmt.Errorf("the year %d has not four digits", at.Year()))
	}
	w.b = append(append(w.b, name...), '"')
	w.b = append(at.AppendFormat(w.b, timeFormat), '"')
}

// text writes a string as RFC 8785 §3.2.2.2: escaped are the quotation mark, the
// backslash and control characters, everything else stands for itself.
func (w *writer) text(name, s string) {
	if !utf8.ValidString(s) {
		w.fail(errors.New("a text is not UTF-8"))
	}
	b := append(append(w.b, name...), '"')
	from := 0
	for i := range len(s) {
		c := s[i]
		if c >= 0x20 && c != '"' && c != '\\' {
			continue
		}
		b = append(b, s[from:i]...)
		from = i + 1
		switch c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\b':
			b = append(b, '\\', 'b')
		case '\t':
			b = append(b, '\\', 't')
		case '\n':
			b = append(b, '\\', 'n')
		case '\f':
			b = append(b, '\\', 'f')
		case '\r':
			b = append(b, '\\', 'r')
		default:
			const digits = "0123456789abcdef"
			b = append(b, '\\', 'u', '0', '0', digits[c>>4], digits[c&0xF])
		}
	}
	w.b = append(append(b, s[from:]...), '"')
}

func (w *writer) fail(err error) {
	if w.err == nil {
		w.err = err
	}
}

// line is an event as an export holds it.
type line struct {
	ActorID       uuid.NullUUID     `json:"actor_id"`
	ActorKind     domain.ActorKind  `json:"actor_kind"`
	CausationID   uuid.NullUUID     `json:"causation_id"`
	CommandID     uuid.NullUUID     `json:"command_id"`
	CorrelationID string            `json:"correlation_id"`
	Data          string            `json:"data"`
	EventID       uuid.UUID         `json:"event_id"`
	OccurredAt    time.Time         `json:"occurred_at"`
	PersonID      uuid.NullUUID     `json:"person_id"`
	Position      int64             `json:"position"`
	RecordedAt    time.Time         `json:"recorded_at"`
	SchemaVersion int               `json:"schema_version"`
	StreamID      uuid.UUID         `json:"stream_id"`
	StreamType    domain.StreamType `json:"stream_type"`
	Type          string            `json:"type"`
	Version       int               `json:"version"`
}

// parseLine reads a line of an export. It takes nothing but the very bytes that
// appendLine writes.
func parseLine(text []byte) (e eventstore.Recorded, err error) {
	var l line
	if err := json.Unmarshal(text, &l); err != nil {
		return e, fmt.Errorf("the line is not such an object: %w", err)
	}
	e = eventstore.Recorded{
		Position: l.Position, StreamID: l.StreamID, StreamType: l.StreamType, Version: l.Version, EventID: l.EventID,
		Type: l.Type, SchemaVersion: l.SchemaVersion, Data: json.RawMessage(l.Data), ActorKind: l.ActorKind, ActorID: l.ActorID,
		CorrelationID: l.CorrelationID, CausationID: l.CausationID, CommandID: l.CommandID,
		OccurredAt: l.OccurredAt, RecordedAt: l.RecordedAt, PersonID: l.PersonID,
	}
	again, err := appendLine(make([]byte, 0, len(text)), &e)
	if err == nil && string(again) != string(text) {
		err = errors.New("the line is not in its canonical form, or its data are not those of data_sha256")
	}
	return e, err
}

package eventstore

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"helpdesk/domain"
)

// What an outline leaves out: of a stream whose events are stored in more bytes than
// longStream the texts of each that is stored in more than longEvent.
const (
	longStream = 64 << 10
	longEvent  = 512
)

// Outline returns the events of streams in the order of the log, as [Store.LoadAll] does,
// but of a long stream without its long texts: however many bytes of them there are,
// little is decoded and kept. An event without its texts is [Envelope.Brief]. Streams that
// are wanted at the same time are read together.
func (s streams) Outline(ctx context.Context, streamIDs ...uuid.UUID) ([]Envelope, error) {
	if len(streamIDs) == 0 {
		return nil, nil
	}
	read, err := s.outlines.Ask(ctx, streamIDs)
	if err != nil {
		return nil, err
	}
	o := read[streamIDs[0]]
	if len(streamIDs) > 1 {
		o = read.together(streamIDs)
	}
	s.keys.learn(o.recorded)
	return s.codec.outline(ctx, o.recorded, o.left)
}

// outline is one of a stream, in order, as it is read.
type outline struct {
	recorded []Recorded
	left     []leftOut
}

// outlines are those of some streams.
type outlines map[uuid.UUID]outline

// together returns the outlines of streams as one, in the order of the log.
func (all outlines) together(streamIDs []uuid.UUID) (o outline) {
	var events []outlined
	for i, id := range streamIDs {
		if slices.Contains(streamIDs[:i], id) {
			continue
		}
		for j, r := range all[id].recorded {
			events = append(events, outlined{r, all[id].left[j]})
		}
	}
	slices.SortFunc(events, func(a, b outlined) int { return cmp.Compare(a.Position, b.Position) })
	for _, e := range events {
		o.recorded, o.left = append(o.recorded, e.Recorded), append(o.left, e.leftOut)
	}
	return o
}

// readOutlines reads those that are wanted at the same time.
func (s streams) readOutlines(ctx context.Context, wanted [][]uuid.UUID) ([]outlines, error) {
	// The size of what is stored is known without reading it.
	const q = `
		SELECT ` + Columns + `,
		       whole > $2 AND pg_column_size(data) > $3 AS brief
		FROM (
			SELECT *,
			       sum(pg_column_size(data)) OVER (PARTITION BY stream_id) AS whole
			FROM events
			WHERE stream_id = ANY ((SELECT $1::uuid[])::uuid[])) AS events
		ORDER BY stream_id, version`
	ids := slices.Concat(wanted...)
	rows, _ := s.pool.Query(ctx, q, ids, longStream, longEvent) // Err returns its error
	defer rows.Close()
	var next outlined
	all := outlines{}
	into := append(next.Into(), &next.brief)
	into[dataColumn] = nil // taken as it comes: most of it is not kept
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return nil, fmt.Errorf("read the outline of %v: %w", ids, err)
		}
		next.Data = s.codec.short(&next, rows.RawValues()[dataColumn])
		o := all[next.StreamID]
		o.recorded, o.left = append(o.recorded, next.Recorded), append(o.left, next.leftOut)
		all[next.StreamID] = o
	}
	if err := rows.Err(); err != nil {
		return nil, Unreachable(fmt.Errorf("read the outline of %v: %w", ids, err))
	}
	return slices.Repeat([]outlines{all}, len(wanted)), nil
}

// InFull returns the events of outlines with the texts of those at some places in them.
func (s streams) InFull(ctx context.Context, events []Envelope, places []int) ([]Envelope, error) {
	at := map[int64]int{}
	var positions []int64
	for _, i := range places {
		if events[i].Brief {
			at[events[i].Position] = i
			positions = append(positions, events[i].Position)
		}
	}
	if len(positions) == 0 {
		return events, nil
	}
	whole, err := s.At(ctx, positions...)
	if err != nil {
		return nil, err
	}
	events = slices.Clone(events)
	for _, e := range whole {
		events[at[e.Position]] = e
	}
	return events, nil
}

// At returns the events at some positions, in order.
func (s streams) At(ctx context.Context, positions ...int64) ([]Envelope, error) {
	return s.load(ctx, `SELECT `+Columns+` FROM events WHERE position = ANY ((SELECT $1::bigint[])::bigint[]) ORDER BY position`, positions)
}

// outlined is an event of an outline, as it is read.
type outlined struct {
	Recorded
	leftOut
}

// leftOut is what an outline has not of an event.
type leftOut struct {
	brief bool // whether its texts are left out
	short bool // whether Data has their lengths in their place
}

// short returns the data of an event to be kept: of one whose texts are left out, with
// their lengths in their place, if it is stored as events of its type are written now.
func (c *Codec) short(e *outlined, stored []byte) json.RawMessage {
	e.brief = e.brief && e.PersonID.Valid // else they are not sealed: they are not measured
	f, ok := c.forms[e.Type]
	if e.short = e.brief && ok && e.SchemaVersion == c.types[e.Type].SchemaVersion(); e.short {
		data, ok := f.measured(stored, measure, appendPlain)
		if ok {
			return bytes.Clone(data)
		}
		e.short = false
	}
	return bytes.Clone(stored)
}

// lengthMark precedes the length of a text that is left out; nothing that is sealed
// begins with it.
const lengthMark = "#"

// measure returns the length that a sealed text has once it is opened: AES-GCM adds a tag
// of 16 bytes to it (RFC 5116 §5.3), and we a nonce of 12, unless its own key gives that.
func measure(sealed []byte) (string, error) {
	const nonce, tag = 12, 16
	added := nonce + tag
	if form, own := bytes.CutPrefix(sealed, []byte(ownMark)); own {
		sealed, added = form, tag
	} else if form, twice := bytes.CutPrefix(sealed, []byte(twiceMark)); twice {
		sealed, added = form, nonce+2*tag
	}
	size := sealedForm.DecodedLen(len(sealed)) - added
	if size < 0 {
		return "", errSealed
	}
	return lengthMark + strconv.Itoa(size), nil
}

// appendPlain appends a text without anything to escape as JSON.
func appendPlain(b []byte, text string) []byte {
	return append(append(append(b, '"'), text...), '"')
}

// blanks stand for texts that are left out.
var blanks = strings.Repeat(" ", 80_000) // as long as a text becomes

func blank(size int) string {
	if size > len(blanks) {
		return strings.Repeat(" ", size)
	}
	return blanks[:size]
}

// outline returns what events say, those that are brief without their texts.
func (c *Codec) outline(ctx context.Context, recorded []Recorded, left []leftOut) ([]Envelope, error) {
	o, err := c.opener(ctx, recorded)
	if err != nil {
		return nil, err
	}
	events := make([]Envelope, len(recorded))
	for i, r := range recorded {
		read := o.envelope
		if left[i].brief {
			read = func(r Recorded) (Envelope, error) { return o.brief(r, left[i].short) }
		}
		if events[i], err = read(r); err != nil {
			return nil, fmt.Errorf("event at position %d: %w", r.Position, err)
		}
	}
	return events, nil
}

// brief returns what an event says, with blanks in the place of its texts; short reports
// that they are measured already.
func (o *opener) brief(r Recorded, short bool) (Envelope, error) {
	o.openerOf(r)
	e, err := o.codec.decode(r.Type, r.SchemaVersion, r.Data, func(m domain.Member, text string) (string, error) {
		key, there := keyOf(o.own, o.id, m.Name)
		switch {
		case o.key == nil:
			return domain.Erased, nil
		case there && key == nil:
			return domain.Redacted, nil
		}
		if !short {
			var err error
			if text, err = measure([]byte(text)); err != nil {
				return "", err
			}
		}
		size, err := strconv.Atoi(strings.TrimPrefix(text, lengthMark))
		return blank(size), err
	})
	if err != nil {
		return Envelope{}, err
	}
	said := r.with(e)
	said.Brief, said.Data = true, nil
	return said, nil
}

package reports

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"iter"
	"maps"
	"math/bits"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"helpdesk/domain/ticket"
	"helpdesk/projections"
)

// Waits are counted in buckets: those below 128 us have one each, and each doubling
// from there on has 128 of the same width. None is wider than a 128th of its waits.
const bucketBits = 7

// bucketOf returns the bucket of a wait in microseconds, which is not below zero.
func bucketOf(us int64) int16 {
	wider := max(bits.Len64(uint64(us))-bucketBits-1, 0) // each bucket has 2^wider waits
	return int16(wider<<bucketBits + int(us>>wider))
}

// waitCountKey is the key of read.wait_counts.
type waitCountKey struct {
	unitKey
	Fact     string           `json:"fact"`
	Priority *ticket.Priority `json:"priority"`
	AgentID  *uuid.UUID       `json:"agent_id"`
}

// waitCount is a row of read.wait_counts; TotalUS is what is to be added to it.
type waitCount struct {
	waitCountKey
	TotalUS int64   `json:"total_us"`
	Buckets buckets `json:"buckets"`
}

// buckets are those that have waits, in their order: of each its number in two
// bytes, and how many waits it has in four, the highest byte first.
type buckets []byte

func (b *buckets) append(bucket int16, n int64) {
	*b = binary.BigEndian.AppendUint16(*b, uint16(bucket))
	*b = binary.BigEndian.AppendUint32(*b, uint32(n))
}

// all returns each bucket and how many waits it has.
func (b buckets) all() iter.Seq2[int16, int64] {
	return func(yield func(int16, int64) bool) {
		for ; len(b) >= 6; b = b[6:] {
			if !yield(int16(binary.BigEndian.Uint16(b)), int64(binary.BigEndian.Uint32(b[2:]))) {
				return
			}
		}
	}
}

// last returns the last of them, 0 where there are none.
func (b buckets) last() int16 {
	if len(b) < 6 {
		return 0
	}
	return int16(binary.BigEndian.Uint16(b[len(b)-6:]))
}

// MarshalText writes the bytes as SQL has them.
func (b buckets) MarshalText() ([]byte, error) {
	return hex.AppendEncode([]byte(`\x`), b), nil
}

// waitOf is what waits are counted by: the day or month of their end, and a group.
type waitOf struct {
	unitKey
	waitGroup
}

// waitSums is what a page adds to the waits of a key.
type waitSums struct {
	us      int64
	buckets map[int16]int64
}

// countWait adds the wait of a link by times.
func (c *counting) countWait(l factLink, by int64) {
	_, day, month := unitsOf(hourOf(l.OccurredAt))
	bucket := bucketOf(*l.WaitUS)
	add := func(of waitOf) {
		s := c.waits[of]
		if s == nil {
			s = &waitSums{buckets: map[int16]int64{}}
			c.waits[of] = s
		}
		s.us += by * *l.WaitUS
		s.buckets[bucket] += by
	}
	for _, unit := range []unitKey{day, month} {
		add(waitOf{unit, waitGroup{fact: l.Fact, priority: *l.Priority}})
		if l.Fact == factResolved {
			add(waitOf{unit, waitGroup{fact: l.Fact, agent: idOrNil(l.AgentID)}})
		}
	}
}

// key returns the key of the table.
func (o waitOf) key() (k waitCountKey) {
	k.unitKey, k.Fact = o.unitKey, o.fact
	switch {
	case o.priority != "":
		k.Priority = &o.priority
	case o.agent != uuid.Nil:
		k.AgentID = &o.agent
	}
	return k
}

const loadWaitCountsSQL = `
SELECT k.n, c.buckets
FROM json_populate_recordset(NULL::wait_counts, $1::json) WITH ORDINALITY
    AS k (unit, since, fact, priority, agent_id, total_us, buckets, n)
JOIN wait_counts AS c ON c.unit = k.unit AND c.since = k.since AND c.fact = k.fact AND coalesce(c.priority, '') = coalesce(k.priority, '')
    AND coalesce(c.agent_id, ` + nobody + `) = coalesce(k.agent_id, ` + nobody + `)`

const writeWaitCountsSQL = `
INSERT INTO wait_counts AS c
SELECT * FROM json_populate_recordset(NULL::wait_counts, $1::json)
ON CONFLICT (unit, since, fact, coalesce(priority, ''), coalesce(agent_id, ` + nobody + `)) DO UPDATE SET
    total_us = c.total_us + excluded.total_us, buckets = excluded.buckets`

// Where no wait is left there is no row, whatever pages it was counted in.
var dropWaitCountsSQL = dropEmpty("wait_counts", "c.fact = k.fact AND coalesce(c.priority, '') = coalesce(k.priority, '')"+
	" AND coalesce(c.agent_id, "+nobody+") = coalesce(k.agent_id, "+nobody+")", "c.buckets = ''")

// waitCounts returns the rows that the page's waits make of those in the table.
func (c *counting) waitCounts(ctx context.Context, tx pgx.Tx) (rows []*waitCount, err error) {
	if len(c.waits) == 0 {
		return nil, nil
	}
	var sums []*waitSums // of the rows
	for of, s := range c.waits {
		rows = append(rows, &waitCount{waitCountKey: of.key(), TotalUS: s.us})
		sums = append(sums, s)
	}
	var n int64
	var had buckets
	keys := projections.RowsTo("", "", rows)
	if keys.Err != nil {
		return nil, keys.Err
	}
	stored, _ := tx.Query(ctx, loadWaitCountsSQL, keys.Args...) // ForEachRow returns its error
	_, err = pgx.ForEachRow(stored, []any{&n, &had}, func() error {
		for b, waits := range had.all() {
			sums[n-1].buckets[b] += waits
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("load counts of waits: %w", err)
	}
	for i, row := range rows {
		for _, b := range slices.Sorted(maps.Keys(sums[i].buckets)) {
			if n := sums[i].buckets[b]; n != 0 {
				row.Buckets.append(b, n)
			}
		}
	}
	return rows, nil
}

package follow

import (
	stdsql "database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/ThreeDotsLabs/watermill-sql/v4/pkg/sql"
	"github.com/ThreeDotsLabs/watermill/message"
)

// topic is the one topic there is: the log.
const topic = "events"

// page is the part of the log a message stands for: (After, Upto]. The events
// themselves are read by the handler, in the message's transaction, where an
// error of the query is seen; the subscriber would take it for an empty page.
type page struct {
	After int64 `json:"after"`
	Upto  int64 `json:"upto"`
}

// nextPageSQL returns the page a follower has before it, and no row when it is
// at the head or paused, or another process is at work on it. lag is looked at first,
// because FOR UPDATE writes to the row it locks: an idle poll writes nothing.
// Positions have no holes, so the page's end is known without looking at events.
const nextPageSQL = `
WITH lag AS MATERIALIZED (
    SELECT FROM checkpoints JOIN log_head ON log_head.position > checkpoints.position
    WHERE checkpoints.name = $1 AND checkpoints.paused_at IS NULL AND log_head.id = 1
), mine AS MATERIALIZED (
    SELECT position FROM checkpoints
    WHERE name = $1 AND paused_at IS NULL AND EXISTS (SELECT FROM lag)
    FOR UPDATE SKIP LOCKED
)
SELECT mine.position, least(mine.position + $2::bigint, log_head.position)
FROM mine CROSS JOIN log_head
WHERE log_head.id = 1 AND log_head.position > mine.position`

// pageSchema presents the log to watermill-sql: one row, and so one message, a
// page. Nothing is ever inserted through it.
type pageSchema struct {
	follower string
	size     func() int // largest page wanted now, in events
}

var errReadOnly = errors.New("the log is written by eventstore.Store.Append, not by a publisher")

func (pageSchema) InsertQuery(sql.InsertQueryParams) (sql.Query, error) {
	return sql.Query{}, errReadOnly
}

func (s pageSchema) SelectQuery(sql.SelectQueryParams) (sql.Query, error) {
	return sql.Query{Query: nextPageSQL, Args: []any{s.follower, s.size()}}, nil
}

func (s pageSchema) UnmarshalMessage(p sql.UnmarshalMessageParams) (sql.Row, error) {
	var next page
	if err := p.Row.Scan(&next.After, &next.Upto); err != nil {
		return sql.Row{}, fmt.Errorf("read the next page of %s: %w", s.follower, err)
	}
	payload, err := json.Marshal(next)
	if err != nil {
		return sql.Row{}, fmt.Errorf("encode the next page of %s: %w", s.follower, err)
	}
	id := fmt.Sprintf("%s-%d-%d", s.follower, next.After, next.Upto)
	return sql.Row{Offset: next.Upto, Msg: message.NewMessage(id, payload)}, nil
}

func (pageSchema) SchemaInitializingQueries(sql.SchemaInitializingQueriesParams) ([]sql.Query, error) {
	return nil, nil // migrations make the tables
}

// SubscribeIsolationLevel is READ COMMITTED, for a lock that was waited for
// answers the newest row.
func (pageSchema) SubscribeIsolationLevel() stdsql.IsolationLevel {
	return stdsql.LevelReadCommitted
}

// checkpointOffsets leaves the checkpoint to the handler, which moves it by
// compare-and-set together with its effects.
type checkpointOffsets struct{}

func (checkpointOffsets) AckMessageQuery(sql.AckMessageQueryParams) (sql.Query, error) {
	return sql.Query{Query: releasePageSQL}, nil // moved already; this shows that the transaction is alive, too
}

func (checkpointOffsets) ConsumedMessageQuery(sql.ConsumedMessageQueryParams) (sql.Query, error) {
	return sql.Query{}, nil
}

func (checkpointOffsets) NextOffsetQuery(sql.NextOffsetQueryParams) (sql.Query, error) {
	return sql.Query{}, nil // part of nextPageSQL
}

func (checkpointOffsets) SchemaInitializingQueries(sql.OffsetsSchemaInitializingQueriesParams) ([]sql.Query, error) {
	return nil, nil
}

func (checkpointOffsets) BeforeSubscribingQueries(sql.BeforeSubscribingQueriesParams) ([]sql.Query, error) {
	return nil, nil // Followers.register makes the checkpoints; a failure here would end the router
}

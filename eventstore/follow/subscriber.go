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

// page is what a message stands for: followers with the log before them, and where
// its head is. The events themselves are read by the handler, in the message's
// transaction, where an error of the query is seen; the subscriber would take it for
// an empty page.
type page struct {
	Head    int64    `json:"head"`
	First   int64    `json:"first"` // position of the first of all the lane's followers
	Members []member `json:"members"`
	Behind  []string `json:"behind,omitempty"` // of those that are only watched
}

// member is a follower whose checkpoint the message's transaction has locked.
type member struct {
	Name    string `json:"name"`
	After   int64  `json:"after"`   // its position
	Failing bool   `json:"failing"` // whether it may have failed events
}

// nextPageSQL returns which of the followers $1 are behind, and of the followers $2,
// which are watched only; no row when nobody is, or all of them are paused or in the
// hands of another process. Who is behind is looked at first, because FOR UPDATE writes to
// the row it locks: an idle poll writes nothing. Positions have no holes, so the
// page's end is known without looking at events.
const nextPageSQL = `
WITH head AS MATERIALIZED (
    SELECT position FROM log_head WHERE id = 1
), behind AS MATERIALIZED (
    SELECT name FROM checkpoints
    WHERE name = ANY ($1::text[] || $2::text[]) AND paused_at IS NULL AND position < (SELECT position FROM head)
), mine AS MATERIALIZED (
    SELECT name, position, failing FROM checkpoints
    WHERE name = ANY ($1) AND paused_at IS NULL AND name IN (SELECT name FROM behind)
    FOR UPDATE SKIP LOCKED
)
SELECT position,
    (SELECT max(position) FROM checkpoints WHERE name = ANY ($1) AND paused_at IS NULL),
    coalesce((SELECT json_agg(json_build_object('name', name, 'after', position, 'failing', failing)) FROM mine), '[]')::text,
    ARRAY(SELECT name FROM behind WHERE name = ANY ($2))
FROM head WHERE EXISTS (SELECT FROM mine) OR EXISTS (SELECT FROM behind WHERE name = ANY ($2))`

// pageSchema presents the log to watermill-sql: one row, and so one message, a
// page. Nothing is ever inserted through it.
type pageSchema struct {
	lane    string
	members func() []string // followers to look for
	watched func() []string // followers of which it is told whether they are behind
}

var errReadOnly = errors.New("the log is written by eventstore.Store.Append, not by a publisher")

func (pageSchema) InsertQuery(sql.InsertQueryParams) (sql.Query, error) {
	return sql.Query{}, errReadOnly
}

func (s pageSchema) SelectQuery(sql.SelectQueryParams) (sql.Query, error) {
	return sql.Query{Query: nextPageSQL, Args: []any{s.members(), s.watched()}}, nil
}

func (s pageSchema) UnmarshalMessage(p sql.UnmarshalMessageParams) (sql.Row, error) {
	var next page
	var members string
	var first *int64
	if err := p.Row.Scan(&next.Head, &first, &members, &next.Behind); err != nil {
		return sql.Row{}, fmt.Errorf("read the next page of %s: %w", s.lane, err)
	}
	if err := json.Unmarshal([]byte(members), &next.Members); err != nil {
		return sql.Row{}, fmt.Errorf("read the followers of the next page of %s: %w", s.lane, err)
	}
	if first != nil {
		next.First = *first
	}
	payload, err := json.Marshal(next)
	if err != nil {
		return sql.Row{}, fmt.Errorf("encode the next page of %s: %w", s.lane, err)
	}
	id := fmt.Sprintf("%s-%d", s.lane, next.Head)
	return sql.Row{Offset: next.Head, Msg: message.NewMessage(id, payload)}, nil
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

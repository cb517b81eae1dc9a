package eventstore

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"helpdesk/domain"
	"helpdesk/internal/batch"
)

// The refusals of [Store.Append].
var (
	// ErrConflict: the stream is not at the expected version. Nothing was
	// written; load it again and decide anew.
	ErrConflict = errors.New("the stream is not at the expected version")
	// ErrDuplicateCommand: a command with this id was carried out before.
	// Nothing was written.
	ErrDuplicateCommand = errors.New("the command was carried out before")
	// ErrUnavailable: the database can't be reached, and whether the append was
	// written is not known. Repeat it with the same command id, or load the
	// stream, to find out.
	ErrUnavailable = &domain.Error{
		Kind: domain.KindUnavailable, Code: "log_unavailable",
		Message: "the database cannot be reached; whether the change was written is not known",
	}
)

// Store is the log. It is safe for concurrent use.
type Store struct {
	streams
	writer  *writer
	numbers *batch.Queries[struct{}, int64]
}

// New makes the store over a pool. appended is called after every append
// with the types of its events, as [Signals.Appended] or [Notifier.NotifyOf]; it must
// not block. inline is brought up to date with every append.
func New(pool *pgxpool.Pool, codec *Codec, appended func(types []string), inline ...Inline) *Store {
	w := &writer{pool: pool, codec: codec, appended: appended, inline: inline, keys: streamKeys{pool: pool}}
	for _, f := range inline {
		w.inlineNames, w.inlineVersions = append(w.inlineNames, f.Name), append(w.inlineVersions, f.Version)
	}
	s := &Store{streams: streams{pool: pool, codec: codec, keys: &w.keys}, writer: w}
	s.numbers, s.outlines = batch.New(s.drawNumbers), batch.New(s.readOutlines)
	return s
}

// Close waits for the appends under way and refuses later ones.
func (s *Store) Close() { s.writer.close() }

// Recent returns the newest events that were appended through the store.
func (s *Store) Recent() *Recent { return &s.writer.recent }

// Codec returns the codec of the store.
func (s *Store) Codec() *Codec { return s.codec }

// Columns are those of events in the order of [Recorded], for a query whose FROM names
// the table by no other name.
const Columns = `position, stream_id, stream_type, version, event_id, type, schema_version, data,
    actor_kind, actor_id, correlation_id, causation_id, command_id, occurred_at, recorded_at, person_id,
    ` + textKeysColumn + ` AS text_keys`

// dataColumn is the place of data among the [Columns], from 0.
const dataColumn = 7

// ScanRecorded reads a row of [Columns].
func ScanRecorded(row pgx.CollectableRow) (r Recorded, err error) {
	err = row.Scan(r.Into()...)
	return r, err
}

// Into returns where the [Columns] of an event go. pgx would find out the members of
// [Recorded] anew for each row, and what types of ours are made of, which takes as long
// again. As bytes the data are read as they are: as JSON they would lose the white space
// around them, and as text Postgres would convert them first.
func (r *Recorded) Into() []any {
	return []any{
		&r.Position, &r.StreamID, (*string)(&r.StreamType), &r.Version, &r.EventID, &r.Type, &r.SchemaVersion, (*[]byte)(&r.Data),
		(*string)(&r.ActorKind), &r.ActorID, &r.CorrelationID, &r.CausationID, &r.CommandID, &r.OccurredAt, &r.RecordedAt, &r.PersonID,
		&r.TextKeys,
	}
}

// CollectRecorded reads the rows of at most n events.
func CollectRecorded(rows pgx.Rows, n int64) ([]Recorded, error) {
	const most = 20_000 // to make room for ahead: a page without events of the types can be of any length
	var r Recorded
	all, into := make([]Recorded, 0, min(n, most)), r.Into()
	_, err := pgx.ForEachRow(rows, into, func() error {
		all = append(all, r)
		return nil
	})
	return all, err
}

// streams reads streams.
type streams struct {
	pool     *pgxpool.Pool
	codec    *Codec
	keys     *streamKeys
	outlines *batch.Queries[[]uuid.UUID, outlines]
}

// Load returns the events of a stream in order; none when it does not exist.
func (s streams) Load(ctx context.Context, streamID uuid.UUID) ([]Envelope, error) {
	return s.load(ctx, `SELECT `+Columns+` FROM events WHERE stream_id = $1 ORDER BY version`, streamID)
}

// LoadAll returns the events of several streams, in the order of the log.
func (s streams) LoadAll(ctx context.Context, streamIDs []uuid.UUID) ([]Envelope, error) {
	if len(streamIDs) == 0 {
		return nil, nil
	}
	return s.load(ctx, `SELECT `+Columns+` FROM events WHERE stream_id = ANY ((SELECT $1::uuid[])::uuid[]) ORDER BY position`, streamIDs)
}

func (s streams) load(ctx context.Context, sql string, key any) (events []Envelope, err error) {
	rows, _ := s.pool.Query(ctx, sql, key) // CollectRows returns its error
	recorded, err := pgx.CollectRows(rows, ScanRecorded)
	if err != nil {
		return nil, Unreachable(fmt.Errorf("load %v: %w", key, err))
	}
	s.keys.learn(recorded)
	return s.codec.Open(ctx, recorded...)
}

// Read returns up to limit events after a position, in order. The log has no
// holes, so fewer than limit means the head was reached.
func (s *Store) Read(ctx context.Context, after int64, limit int) ([]Recorded, error) {
	rows, err := s.pool.Query(ctx,
		`SELECT `+Columns+` FROM events WHERE position > $1 ORDER BY position LIMIT $2`, after, limit)
	if err != nil {
		return nil, fmt.Errorf("read the log after %d: %w", after, err)
	}
	recorded, err := pgx.CollectRows(rows, ScanRecorded)
	if err != nil {
		return nil, fmt.Errorf("read the log after %d: %w", after, err)
	}
	return recorded, nil
}

// Head returns the position of the newest event, 0 for an empty log.
func (s *Store) Head(ctx context.Context) (int64, error) {
	var position int64
	if err := s.pool.QueryRow(ctx, `SELECT position FROM log_head`).Scan(&position); err != nil {
		return 0, fmt.Errorf("read the head of the log: %w", err)
	}
	return position, nil
}

// HaveKeys reports whether there still are the keys of all these people; see
// [Codec.HaveKeys].
func (s *Store) HaveKeys(ctx context.Context, people []uuid.UUID) (bool, error) {
	return s.codec.HaveKeys(ctx, people)
}

// Version returns the version of a stream, 0 for one that does not exist.
func (s *Store) Version(ctx context.Context, streamID uuid.UUID) (int, error) {
	var version int
	err := s.pool.QueryRow(ctx, `SELECT version FROM streams WHERE stream_id = $1`, streamID).Scan(&version)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return 0, Unreachable(fmt.Errorf("look up the version of %s: %w", streamID, err))
	}
	return version, nil
}

// Carried reports whether a command with this id was carried out.
func (s *Store) Carried(ctx context.Context, commandID uuid.UUID) (bool, error) {
	var done bool
	err := s.pool.QueryRow(ctx, `SELECT EXISTS (SELECT FROM commands WHERE command_id = $1)`, commandID).Scan(&done)
	if err != nil {
		return false, Unreachable(fmt.Errorf("look up command %s: %w", commandID, err))
	}
	return done, nil
}

// NextTicketNumber draws the next human number of a ticket. A number that is
// drawn and not used stays unused.
func (s *Store) NextTicketNumber(ctx context.Context) (int64, error) {
	n, err := s.numbers.Ask(ctx, struct{}{})
	if err != nil {
		return 0, Unreachable(fmt.Errorf("draw a ticket number: %w", err))
	}
	return n, nil
}

// drawNumbers draws a number for each of those who want one.
func (s *Store) drawNumbers(ctx context.Context, wanted []struct{}) ([]int64, error) {
	rows, _ := s.pool.Query(ctx, `SELECT nextval('ticket_numbers') FROM generate_series(1, $1)`, len(wanted)) // CollectRows returns its error
	return pgx.CollectRows(rows, pgx.RowTo[int64])
}

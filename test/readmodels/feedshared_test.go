package readmodels

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/domain/user"
	"helpdesk/eventstore"
	"helpdesk/eventstore/follow"
	"helpdesk/internal/pgid"
	"helpdesk/projections/feed"
	"helpdesk/test/kit"
)

// heardFeed is the feed over a pool of its own, whose statements are listened to.
func (d *models) heardFeed(t *testing.T) (*feed.Feed, *listener) {
	t.Helper()
	config := d.Pool.Config()
	ear := &listener{}
	config.ConnConfig.Tracer = ear
	config.AfterConnect = func(_ context.Context, conn *pgx.Conn) error {
		pgid.Register(conn.TypeMap())
		return nil
	}
	pool, err := pgxpool.NewWithConfig(kit.Context(t), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	store := eventstore.New(pool, d.Store.Codec(), func([]string) {})
	return feed.NewFeed(pool, store, d.Notifier, follow.NewFreshness(pool, eventstore.NewNotifier(), projected()...)), ear
}

// A hundred streams that wait at the head of the log read an event together.
func TestViewersWhoAskTogetherShareWhatIsRead(t *testing.T) {
	t.Parallel()
	const viewers, most = 100, 60
	d := newModels(t)
	d.register(t)
	fresh := d.follow(t, 50)
	before := d.End(t)
	d.append(t, kit.NewID(), 0, time.Time{}, ticket.Opened{
		Number: 1, Title: "x", Description: "y", Priority: ticket.Low, CreatedBy: everybody["ann"].ID, OpenedBy: everybody["ann"].ID,
	})
	d.project(t, fresh)
	f, ear := d.heardFeed(t)
	var wg sync.WaitGroup
	for i := range viewers {
		who, want := "ann", 1
		if i%2 == 0 {
			who, want = "bob", 0
		}
		wg.Go(func() {
			told, err := f.After(kit.Context(t), everybody[who], before)
			if err != nil || len(told.Events) != want || told.Upto != before+1 || told.More {
				t.Errorf("%s is told %d events up to %d, %v; want %d up to %d", who, len(told.Events), told.Upto, err, want, before+1)
			}
		})
	}
	wg.Wait()
	if heard := ear.take(); len(heard) > most {
		t.Errorf("%d statements for %d viewers, want at most %d", len(heard), viewers, most)
	}
}

// What a viewer does not see is not read for them, whatever is in it.
func TestWhatNobodySeesIsNotDecrypted(t *testing.T) {
	t.Parallel()
	d := newModels(t)
	d.register(t)
	fresh := d.follow(t, 50)
	before := d.End(t)
	d.append(t, kit.NewID(), 0, time.Time{}, ticket.Opened{
		Number: 1, Title: "x", Description: "y", Priority: ticket.Low, CreatedBy: everybody["ann"].ID, OpenedBy: everybody["ann"].ID,
	})
	d.project(t, fresh)
	blind := eventstore.NewCodec(nil, user.Events()) // it reads nothing of tickets
	f := feed.NewFeed(d.Pool, eventstore.New(d.Pool, blind, func([]string) {}), d.Notifier, follow.NewFreshness(d.Pool, eventstore.NewNotifier(), projected()...))
	if told, err := f.After(kit.Context(t), everybody["bob"], before); err != nil || told.Events != nil || told.Upto != before+1 {
		t.Errorf("bob, who does not see the ticket: told %v up to %d, %v", told.Events, told.Upto, err)
	}
	if _, err := f.After(kit.Context(t), everybody["ann"], before); err == nil {
		t.Error("ann, whose ticket it is, was told an event that cannot be read")
	}
}

// TestAPageOfTheFeedIsBoundedByBytes counts pages, and the statements that read what they
// hold: somebody who sees none of it has none of it read, and notes are not read for who
// does not see them.
func TestAPageOfTheFeedIsBoundedByBytes(t *testing.T) {
	t.Parallel()
	const comments, size = 60, 16_000
	d := newModels(t)
	d.register(t)
	fresh := d.follow(t, 50)
	before := d.End(t)
	ann, eve := everybody["ann"].ID, everybody["eve"].ID
	long := []domain.Event{
		ticket.Opened{Number: 1, Title: "x", Description: "y", Priority: ticket.Low, CreatedBy: ann, OpenedBy: ann}, ticket.Assigned{AssignedTo: eve},
	}
	for n := range comments {
		long = append(long, ticket.CommentAdded{
			CommentID: ticket.CommentID{UUID: uuid.New()}, Author: eve, Text: strings.Repeat("x", size), Internal: n%3 > 0,
		})
	}
	d.append(t, kit.NewID(), 0, time.Time{}, long...)
	d.project(t, fresh)
	f, ear := d.heardFeed(t)
	for who, want := range map[string]struct{ events, texts int }{"eve": {len(long), comments}, "ann": {2 + comments/3, comments / 3}, "bob": {}} {
		ear.take()
		pages, events, reads := 0, 0, 0
		for after, more := before, true; more; pages++ {
			told, err := f.After(kit.Context(t), everybody[who], after)
			if err != nil {
				t.Fatal(err)
			}
			bytes := 0
			for _, o := range told.Events {
				bytes += len(o.Data)
			}
			if most := feed.PageBytes + 2*size; bytes > most {
				t.Errorf("%s: a page of %d bytes, want at most %d", who, bytes, most)
			}
			events, after, more = events+len(told.Events), told.Upto, told.More
			if !more && after != before+int64(len(long)) {
				t.Errorf("%s: the last page ends at %d", who, after)
			}
		}
		for _, statement := range ear.take() {
			if strings.Contains(statement.sql, "version, event_id, type, schema_version, data") {
				reads++
			}
		}
		most := want.texts*size*3/2/feed.PageBytes + 1
		if events != want.events || pages > most || reads != min(want.events, pages) {
			t.Errorf("%s: %d events, want %d, in %d pages, want at most %d, %d of which were read", who, events, want.events, pages, most, reads)
		}
	}
}

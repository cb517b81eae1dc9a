package readmodels

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"helpdesk/domain/ticket"
	"helpdesk/domain/user"
	"helpdesk/eventstore"
	"helpdesk/eventstore/follow"
	"helpdesk/internal/pgid"
	"helpdesk/projections/feed"
	"helpdesk/test/kit"
)

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
	f := feed.NewFeed(pool, store, d.Notifier, follow.NewFreshness(pool, eventstore.NewNotifier(), projected()...))
	var wg sync.WaitGroup
	for i := range viewers {
		who, want := "ann", 1
		if i%2 == 0 {
			who, want = "bob", 0
		}
		wg.Go(func() {
			told, upto, err := f.After(kit.Context(t), everybody[who], before)
			if err != nil || len(told) != want || upto != before+1 {
				t.Errorf("%s is told %d events up to %d, %v; want %d up to %d", who, len(told), upto, err, want, before+1)
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
	if told, upto, err := f.After(kit.Context(t), everybody["bob"], before); err != nil || told != nil || upto != before+1 {
		t.Errorf("bob, who does not see the ticket: told %v up to %d, %v", told, upto, err)
	}
	if _, _, err := f.After(kit.Context(t), everybody["ann"], before); err == nil {
		t.Error("ann, whose ticket it is, was told an event that cannot be read")
	}
}

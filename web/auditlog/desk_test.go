package auditlog

import (
	"context"
	"io"
	"log/slog"
	"slices"
	"testing"

	"helpdesk/domain"
	"helpdesk/projections/feed"
	"helpdesk/web"
	"helpdesk/web/webtest"
)

// desk stands in for what is behind the section.
type desk struct {
	*webtest.OneTicket
	log       []feed.LoggedEvent
	asked     feed.EventQuery
	head      int64
	unsigned  bool
	proofErr  error
	verifying func() // called within a verification
}

func newDesk() *desk { return &desk{OneTicket: webtest.NewTicket()} }

func newSite(t *testing.T, d *desk) *web.Site {
	t.Helper()
	s := &Section{Events: d, Proof: d, Tickets: d, Accounts: d, Log: slog.New(slog.DiscardHandler)}
	return webtest.Site(t, d.Backend, s.Pages()...)
}

func (d *desk) Newest(context.Context) (Checkpoint, error) {
	if d.unsigned {
		return Checkpoint{}, domain.ErrNotFound
	}
	return Checkpoint{Size: 38, Root: []byte("root"), Note: "desk.example.com\n38\n"}, nil
}

func (d *desk) Verify(_ context.Context, progress func(done, of int64)) (Verification, error) {
	if d.verifying != nil {
		d.verifying()
	}
	progress(10, 40)
	progress(40, 40)
	return Verification{Events: 40, Root: []byte("root"), Checkpoint: Checkpoint{Size: 38}, Checkpoints: 3}, d.proofErr
}

func (d *desk) Export(_ context.Context, w io.Writer) error {
	if d.proofErr != nil {
		return d.proofErr
	}
	_, err := io.WriteString(w, "PK")
	return err
}

func (d *desk) Types() []string {
	return []string{"email.sent", "ticket.assigned", "ticket.opened", "user.registered"}
}

func (d *desk) Known(name string) bool { return slices.Contains(d.Types(), name) }

func (d *desk) Head(context.Context) (int64, error) { return max(d.head, 40), nil }

func (d *desk) Select(_ context.Context, q feed.EventQuery, limit int) ([]feed.LoggedEvent, error) {
	d.asked = q
	last := slices.Clone(d.log[:min(limit, len(d.log))]) // it is kept the newest first
	slices.Reverse(last)
	return last, d.ReadErr
}

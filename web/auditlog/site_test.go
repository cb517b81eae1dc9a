package auditlog

import (
	"context"
	"io"
	"log/slog"
	"slices"
	"testing"

	"helpdesk/domain"
	"helpdesk/projections/feed"
	"helpdesk/web/webtest"
)

// site has the pages of the section, and what is behind them.
type site struct {
	*webtest.Site
	log       []feed.LoggedEvent
	asked     feed.EventQuery
	head      int64
	unsigned  bool
	proofErr  error
	verifying func() // called within a verification
}

func open(t testing.TB) *site {
	s := &site{Site: webtest.New(t)}
	section := &Section{Events: s, Proof: s, Tickets: s, Accounts: s, Log: slog.New(slog.DiscardHandler)}
	s.Serve(section.Pages()...)
	return s
}

func (s *site) Newest(context.Context) (Checkpoint, error) {
	if s.unsigned {
		return Checkpoint{}, domain.ErrNotFound
	}
	return Checkpoint{Size: 38, Root: []byte("root"), Note: "desk.example.com\n38\n"}, nil
}

func (s *site) Verify(_ context.Context, progress func(done, of int64)) (Verification, error) {
	if s.verifying != nil {
		s.verifying()
	}
	progress(10, 40)
	progress(40, 40)
	return Verification{Events: 40, Root: []byte("root"), Checkpoint: Checkpoint{Size: 38}, Checkpoints: 3}, s.proofErr
}

func (s *site) Export(_ context.Context, w io.Writer) error {
	if s.proofErr != nil {
		return s.proofErr
	}
	_, err := io.WriteString(w, "PK")
	return err
}

func (s *site) Types() []string {
	return []string{"email.sent", "ticket.assigned", "ticket.opened", "user.registered"}
}

func (s *site) Known(name string) bool { return slices.Contains(s.Types(), name) }

func (s *site) Head(context.Context) (int64, error) { return max(s.head, 40), nil }

func (s *site) Select(_ context.Context, q feed.EventQuery, limit int) ([]feed.LoggedEvent, error) {
	s.asked = q
	last := slices.Clone(s.log[:min(limit, len(s.log))]) // it is kept the newest first
	slices.Reverse(last)
	return last, s.ReadErr
}

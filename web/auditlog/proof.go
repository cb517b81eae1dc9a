package auditlog

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"

	"github.com/a-h/templ"

	"helpdesk/domain"
	"helpdesk/web"
)

// proofView is what shows that the log was not altered.
type proofView struct {
	Checkpoint *Checkpoint // nil: nothing is signed yet
	Head       int64
	Fault      *web.Fault
}

func (s *Section) showProof(v *web.Visit) (web.Reply, error) { return s.proof(v, nil) }

func (s *Section) proof(v *web.Visit, wrong *web.Fault) (web.Reply, error) {
	view := proofView{Fault: wrong}
	newest, err := s.Proof.Newest(v.Context())
	var rule *domain.Error
	switch {
	case err == nil:
		view.Checkpoint = &newest
	case errors.As(err, &rule) && rule.Kind == domain.KindNotFound:
	default:
		return web.Reply{}, err
	}
	view.Head, err = s.Events.Head(v.Context())
	return web.Show("Proof", proofPageOf(view)).With(wrong), err
}

var errProving = web.NewFailure(http.StatusServiceUnavailable, "The log is in use", "Someone is verifying or downloading the log, which can be done once at a time. Try again in a minute.")

// verify reads the whole log, which takes a while, and streams a page that grows
// meanwhile: nothing has to be kept, and who goes away ends it.
func (s *Section) verify(v *web.Visit) (web.Reply, error) {
	if err := v.RecordReading(); err != nil {
		return web.Reply{}, err
	}
	if !s.proving.TryLock() {
		return web.Reply{}, errProving
	}
	defer s.proving.Unlock()
	body := templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		if err := verifying().Render(ctx, w); err != nil {
			return err
		}
		steps := progress{v: v, w: w, ctx: ctx, last: -1}
		found, err := s.Proof.Verify(ctx, steps.show)
		if ctx.Err() != nil { // nobody is there to be told
			return ctx.Err()
		}
		return s.verdictOf(v, found, err).Render(ctx, w)
	})
	sent, err := v.Stream("Verification", body)
	if err != nil {
		s.Log.LogAttrs(v.Context(), slog.LevelInfo, "a verification was left", slog.String("request_id", v.ID), slog.Any("error", err))
	}
	return sent, nil
}

// verdictOf is the end of the page of a verification.
func (s *Section) verdictOf(v *web.Visit, found Verification, err error) templ.Component {
	var altered *Alteration
	var rule *domain.Error
	switch {
	case err == nil:
		return intact(found)
	case errors.As(err, &altered):
		s.Log.LogAttrs(v.Context(), slog.LevelError, "the log is not as it was recorded",
			slog.String("request_id", v.ID), slog.Int64("position", altered.Position), slog.String("why", altered.Why))
		return notIntact(altered)
	case errors.As(err, &rule):
		return notVerified(web.Sentence(rule.Message), v.ID)
	}
	s.Log.LogAttrs(v.Context(), slog.LevelError, "the log could not be verified", slog.String("request_id", v.ID), slog.Any("error", err))
	return notVerified("The log could not be read to its end, which says nothing about its integrity. Try again in a moment.", v.ID)
}

// progress writes how far something is, a line for each percent; of the lines
// the last alone is to be seen.
type progress struct {
	v    *web.Visit
	w    io.Writer
	ctx  context.Context
	last int64
}

func (p *progress) show(done, of int64) {
	percent := done * 100 / max(of, 1)
	if percent == p.last {
		return
	}
	p.last = percent
	p.v.GoOn()
	if progressLine(done, of).Render(p.ctx, p.w) == nil {
		_ = templ.Flush().Render(templ.WithChildren(p.ctx, templ.NopComponent), p.w) // the client is gone: its context ends the work
	}
}

// export sends the log as a file. Until its first byte a refusal is a page.
func (s *Section) export(v *web.Visit) (web.Reply, error) {
	if err := v.RecordReading(); err != nil {
		return web.Reply{}, err
	}
	if !s.proving.TryLock() {
		return web.Reply{}, errProving
	}
	defer s.proving.Unlock()
	out := web.NewDownload(v, "helpdesk-log.zip", "application/zip")
	v.GoOn()
	err := s.Proof.Export(v.Context(), out)
	switch {
	case err != nil && out.Begun():
		s.Log.LogAttrs(v.Context(), slog.LevelWarn, "a download was cut off", slog.String("request_id", v.ID), slog.Any("error", err))
		panic(http.ErrAbortHandler) // so that nobody takes it for whole
	case err == nil:
		return out.Sent(), nil
	}
	if f := web.FaultOf(err); f != nil {
		return s.proof(v, f)
	}
	return web.Reply{}, err
}

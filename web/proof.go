package web

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/a-h/templ"

	"helpdesk/domain"
)

// proofView is what shows that the log was not altered.
type proofView struct {
	Checkpoint *Checkpoint // nil: nothing is signed yet
	Head       int64
	Fault      *fault
}

func (s *Site) showProof(v *Visit) (reply, error) { return s.proof(v, nil) }

func (s *Site) proof(v *Visit, wrong *fault) (reply, error) {
	view := proofView{Fault: wrong}
	newest, err := s.Proof.Newest(v.ctx())
	var rule *domain.Error
	switch {
	case err == nil:
		view.Checkpoint = &newest
	case errors.As(err, &rule) && rule.Kind == domain.KindNotFound:
	default:
		return reply{}, err
	}
	view.Head, err = s.EventLog.Head(v.ctx())
	return show("Proof", proofPageOf(view)).with(wrong), err
}

var errProving = &failure{http.StatusServiceUnavailable, "The log is being read already", "Somebody verifies or downloads it just now, and it is done once at a time. Try again in a minute."}

// verify reads the whole log, which takes a while, and answers a page that grows
// meanwhile: nothing has to be kept, and who goes away ends it.
func (s *Site) verify(v *Visit) (reply, error) {
	if err := v.recordReading(); err != nil {
		return reply{}, err
	}
	if !s.proving.TryLock() {
		return reply{}, errProving
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
	v.header.Set("Content-Type", "text/html; charset=utf-8")
	v.header.Set("X-Accel-Buffering", "no") // a proxy must not wait for the end
	v.g.Writer.WriteHeader(http.StatusOK)
	if err := layout(s.chrome(v, "Verification"), body).Render(v.ctx(), v.g.Writer); err != nil {
		s.Log.LogAttrs(v.ctx(), slog.LevelInfo, "a verification was left", slog.String("request_id", v.ID), slog.Any("error", err))
	}
	return reply{sent: true}, nil
}

// verdictOf is the end of the page of a verification.
func (s *Site) verdictOf(v *Visit, found Verification, err error) templ.Component {
	var altered *Alteration
	var rule *domain.Error
	switch {
	case err == nil:
		return intact(found)
	case errors.As(err, &altered):
		s.Log.LogAttrs(v.ctx(), slog.LevelError, "the log is not as it was recorded",
			slog.String("request_id", v.ID), slog.Int64("position", altered.Position), slog.String("why", altered.Why))
		return notIntact(altered)
	case errors.As(err, &rule):
		return notVerified(sentence(rule.Message), v.ID)
	}
	s.Log.LogAttrs(v.ctx(), slog.LevelError, "the log could not be verified", slog.String("request_id", v.ID), slog.Any("error", err))
	return notVerified("It could not be read to its end. That says nothing of the log; try again in a moment.", v.ID)
}

// provingPatience is how long a client may take for a part of an answer that is
// written as it comes.
const provingPatience = time.Minute

// goOn lets an answer take longer than the server lets others.
func (v *Visit) goOn() {
	// A server that knows no deadlines, as in tests, has none to move.
	_ = http.NewResponseController(v.g.Writer).SetWriteDeadline(time.Now().Add(provingPatience))
}

// progress writes how far something is, a line for each percent; of the lines
// the last alone is to be seen.
type progress struct {
	v    *Visit
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
	p.v.goOn()
	if progressLine(done, of).Render(p.ctx, p.w) == nil {
		_ = templ.Flush().Render(templ.WithChildren(p.ctx, templ.NopComponent), p.w) // the client is gone: its context ends the work
	}
}

// export sends the log as a file. Until its first byte a refusal is a page.
func (s *Site) export(v *Visit) (reply, error) {
	if err := v.recordReading(); err != nil {
		return reply{}, err
	}
	if !s.proving.TryLock() {
		return reply{}, errProving
	}
	defer s.proving.Unlock()
	out := &download{v: v, name: "helpdesk-log.zip"}
	err := s.Proof.Export(v.ctx(), out)
	switch {
	case err != nil && out.begun:
		s.Log.LogAttrs(v.ctx(), slog.LevelWarn, "a download was cut off", slog.String("request_id", v.ID), slog.Any("error", err))
		panic(http.ErrAbortHandler) // so that nobody takes it for whole
	case err == nil:
		return reply{sent: true}, nil
	}
	if f := faultOf(err); f != nil {
		return s.proof(v, f)
	}
	return reply{}, err
}

// download is the body of a file that is sent as it comes.
type download struct {
	v     *Visit
	name  string
	begun bool
}

func (d *download) Write(part []byte) (int, error) {
	if !d.begun {
		d.begun = true
		d.v.header.Set("Content-Type", "application/zip")
		d.v.header.Set("Content-Disposition", `attachment; filename="`+d.name+`"`)
		d.v.g.Writer.WriteHeader(http.StatusOK)
	}
	d.v.goOn()
	return d.v.g.Writer.Write(part)
}

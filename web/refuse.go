package web

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strconv"

	"helpdesk/domain"
	"helpdesk/edge"
)

// Refusals of the site itself, before any rule is asked.
var (
	errMethod      = &failure{http.StatusMethodNotAllowed, "This address is not to be used so", "It is a form's address. Go back and send the form again."}
	errTooLarge    = &failure{http.StatusRequestEntityTooLarge, "That is too much at once", "A form may hold a megabyte. Go back and send less."}
	errForm        = &failure{http.StatusBadRequest, "This form cannot be read", "It may be out of date, or was cut off on its way. Go back, load the page again and send it once more."}
	errCrossOrigin = &failure{http.StatusForbidden, "This came from another site", "For your safety nothing was done. If you meant it, do it from a page of this helpdesk."}
	unforeseen     = &failure{http.StatusInternalServerError, "Something went wrong here", "It is not your fault, and it is in our log. Try again in a moment."}
	unavailable    = &failure{http.StatusServiceUnavailable, "The helpdesk cannot answer right now", "It is busy or starting. What you wanted was not done; try again in a moment."}
)

// failure is a refusal that gets a page of its own, in words for people.
type failure struct {
	status int
	title  string
	advice string
}

func (f *failure) Error() string { return f.title }

func (f *failure) number() string { return strconv.Itoa(f.status) }

// refuse returns the page that err stands for, and logs one that nobody foresaw.
func (s *Site) refuse(v *Visit, err error) {
	if f := failureOf(err); f != nil {
		s.sendFailure(v, f)
		return
	}
	s.Log.LogAttrs(v.ctx(), slog.LevelError, "request failed",
		slog.String("request_id", v.ID), slog.String("route", v.g.FullPath()), slog.Any("error", err))
	s.sendFailure(v, unforeseen)
}

// failureOf returns the page for an error, nil for one that nobody foresaw.
func failureOf(err error) *failure {
	var f *failure
	if errors.As(err, &f) {
		return f
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return unavailable
	}
	var beyond *edge.TooMany
	if errors.As(err, &beyond) {
		return &failure{http.StatusTooManyRequests, "Too many tries", "Wait " + strconv.Itoa(max(edge.Seconds(beyond.Retry), 1)) + " seconds, then try again."}
	}
	var rule *domain.Error
	if !errors.As(err, &rule) {
		return nil
	}
	switch rule.Kind {
	case domain.KindNotFound:
		return &failure{http.StatusNotFound, "There is nothing here", "The address may be wrong, or it leads to something that was deleted or that you may not see."}
	case domain.KindForbidden:
		return &failure{http.StatusForbidden, "You may not do this", sentence(rule.Message)}
	case domain.KindUnavailable:
		return unavailable
	}
	return &failure{edge.StatusOf[rule.Kind], "This cannot be done", sentence(rule.Message)}
}

func (s *Site) sendFailure(v *Visit, f *failure) {
	if f.status == http.StatusServiceUnavailable {
		v.header.Set("Retry-After", "1")
	}
	s.send(v, reply{status: f.status, title: f.title, body: failurePage(f, v.ID)})
}

// fault is what is wrong with a form that was sent: the page shows it beside
// the form.
type fault struct {
	status  int
	field   string // of the form, "" when none is at fault
	message string // a sentence
	code    string
}

// faultOf returns what a form's sender is told of an error, nil for one that is
// not about the form: that gets a page of its own.
func faultOf(err error) *fault {
	var beyond *edge.TooMany
	if errors.As(err, &beyond) {
		wait := strconv.Itoa(max(edge.Seconds(beyond.Retry), 1))
		return &fault{status: http.StatusTooManyRequests, code: beyond.Code, message: sentence(beyond.Detail) + " It may be tried again in " + wait + " seconds."}
	}
	var rule *domain.Error
	if !errors.As(err, &rule) {
		return nil
	}
	switch rule.Kind {
	case domain.KindInvalid, domain.KindRejected, domain.KindConflict, domain.KindStale, domain.KindUnauthenticated:
		return &fault{status: edge.StatusOf[rule.Kind], field: rule.Field, message: sentence(rule.Message), code: rule.Code}
	}
	return nil
}

// on reports what is wrong with a field, "" for nothing.
func (f *fault) on(field string) string {
	if f == nil || f.field != field {
		return ""
	}
	return f.message
}

// sentence begins a message with a capital and ends it with a full stop.
func sentence(message string) string {
	if message == "" {
		return ""
	}
	first := message[0]
	if first >= 'a' && first <= 'z' {
		message = string(first-'a'+'A') + message[1:]
	}
	if last := message[len(message)-1]; last != '.' && last != '?' && last != '!' {
		message += "."
	}
	return message
}

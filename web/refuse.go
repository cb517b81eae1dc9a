package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"

	"helpdesk/domain"
	"helpdesk/edge"
)

// Refusals of the site itself, before any rule is asked.
var (
	errMethod       = &Failure{http.StatusMethodNotAllowed, "This page cannot be opened directly", "It is the address of a form. Go back and submit the form again."}
	ErrForm         = &Failure{http.StatusBadRequest, "The form could not be read", "It may be out of date or incomplete. Go back, reload the page and submit it again."}
	errCrossOrigin  = &Failure{http.StatusForbidden, "The request came from another site", "For your safety, nothing was changed. If this was you, do it from a page of this helpdesk."}
	errRewritten    = &Failure{http.StatusForbidden, errCrossOrigin.Title, errCrossOrigin.Advice + " If you did, the address in your browser is not the one that the helpdesk knows, as behind a proxy that changes Host: its operator sets HELPDESK_PUBLIC_URL to the address in your browser, or has the proxy pass Host on."}
	ErrNoSuchFilter = &Failure{http.StatusBadRequest, "Unknown filter", "The address has a filter that this page does not have. Start again from the navigation."}
	ErrNoVersion    = &Failure{http.StatusBadRequest, "No such version", "The version in the address must be a whole number from 1 on."}
	ErrTwoMoments   = &Failure{http.StatusBadRequest, "Two times at once", "The address may have either a version or a time (as_of), not both."}
	ErrNoInstant    = &Failure{http.StatusBadRequest, "No such time", "The time in the address (as_of) must have passed and be written like 2026-01-31T12:00:00Z."}
	unforeseen      = &Failure{http.StatusInternalServerError, "Something went wrong", "The error has been logged. Try again in a moment."}
	ErrUnavailable  = &Failure{http.StatusServiceUnavailable, "The helpdesk is unavailable", "It is busy or starting, and nothing was changed. Try again in a moment."}
)

// Failure is a refusal that gets a page of its own, in words for people.
type Failure struct {
	Status int
	Title  string
	Advice string
}

// NewFailure makes a refusal with a status, a title and what to do about it.
func NewFailure(status int, title, advice string) *Failure {
	return &Failure{status, title, advice}
}

func (f *Failure) Error() string { return f.Title }

// formTooLarge refuses a form of more bytes than a form here may have. cut says that what
// is shown of it is not all.
func formTooLarge(most int64, cut bool) *Failure {
	advice := fmt.Sprintf("A form can hold up to %d kB here, and nothing was changed. Go back and shorten it.", most>>10)
	if cut {
		advice += " Of what you entered the end is missing below."
	}
	return &Failure{http.StatusRequestEntityTooLarge, "The form is too large", advice}
}

func (f *Failure) number() string { return strconv.Itoa(f.Status) }

// refuse sends the page that err stands for, and logs one that nobody foresaw.
func (s *Site) refuse(v *Visit, err error) {
	if f := failureOf(s.Front.Explain(err)); f != nil {
		s.sendFailure(v, f)
		return
	}
	s.Log.LogAttrs(v.Context(), slog.LevelError, "request failed",
		slog.String("request_id", v.ID), slog.String("route", v.g.FullPath()), slog.Any("error", err))
	s.sendFailure(v, unforeseen)
}

// failureOf returns the page for an error, nil for one that nobody foresaw.
func failureOf(err error) *Failure {
	var f *Failure
	if errors.As(err, &f) {
		return f
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return ErrUnavailable
	}
	var beyond *edge.TooMany
	if errors.As(err, &beyond) {
		return &Failure{http.StatusTooManyRequests, "Too many requests", "Wait " + strconv.Itoa(max(edge.Seconds(beyond.Retry), 1)) + " seconds, then try again."}
	}
	var rule *domain.Error
	if !errors.As(err, &rule) {
		return nil
	}
	switch rule.Kind {
	case domain.KindNotFound:
		return &Failure{http.StatusNotFound, "Page not found", "The address may be wrong, or the page may have been deleted or be restricted."}
	case domain.KindForbidden:
		return &Failure{http.StatusForbidden, "Access denied", Sentence(rule.Message)}
	case domain.KindUnavailable:
		switch rule.Code {
		case "log_unavailable":
			return &Failure{http.StatusServiceUnavailable, ErrUnavailable.Title, Sentence(rule.Message) + " Send the form again in a moment: what it asks for is done once."}
		case "scanner_unavailable":
			return &Failure{http.StatusServiceUnavailable, ErrUnavailable.Title, Sentence(rule.Message) + " Or send the form without the file."}
		case "disk_full", "log_locked", "table_locked", "read_only":
			return &Failure{http.StatusServiceUnavailable, ErrUnavailable.Title, Sentence(rule.Message) + " Tell whoever runs the helpdesk."}
		}
		return ErrUnavailable
	}
	return &Failure{edge.StatusOf[rule.Kind], "This action is not possible", Sentence(rule.Message)}
}

func (s *Site) sendFailure(v *Visit, f *Failure) {
	if f.Status == http.StatusServiceUnavailable {
		v.Header().Set("Retry-After", "1")
	}
	s.send(v, Reply{status: f.Status, title: f.Title, body: failurePage(f, v.ID, typed(v.Form))})
}

// Fault is what is wrong with a form that was sent: the page shows it beside the
// form.
type Fault struct {
	Status  int
	Field   string // of the form, "" when none is at fault
	Message string // a sentence
	Code    string
}

// FaultOf returns what a form's sender is told of an error, nil for one that is
// not about the form: that gets a page of its own.
func FaultOf(err error) *Fault {
	var beyond *edge.TooMany
	if errors.As(err, &beyond) {
		wait := strconv.Itoa(max(edge.Seconds(beyond.Retry), 1))
		return &Fault{Status: http.StatusTooManyRequests, Code: beyond.Code, Message: Sentence(beyond.Detail) + " Try again in " + wait + " seconds."}
	}
	var rule *domain.Error
	if !errors.As(err, &rule) {
		return nil
	}
	switch rule.Kind {
	case domain.KindTooMany:
		return &Fault{Status: http.StatusTooManyRequests, Code: rule.Code, Message: Sentence(rule.Message) + " Try again in " + Plural(edge.Minutes(rule.Wait), "minute", "minutes") + "."}
	case domain.KindInvalid, domain.KindRejected, domain.KindConflict, domain.KindStale, domain.KindUnauthenticated:
		return &Fault{Status: edge.StatusOf[rule.Kind], Field: rule.Field, Message: Sentence(rule.Message), Code: rule.Code}
	}
	return nil
}

// On returns what is wrong with a field, "" for nothing.
func (f *Fault) On(field string) string {
	if f == nil || f.Field != field {
		return ""
	}
	return f.Message
}

// Sentence begins a message with a capital and ends it with a full stop.
func Sentence(message string) string {
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

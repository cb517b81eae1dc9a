package program

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"helpdesk/domain"
)

// Explain returns one line for people: a refusal's own words without what led
// to it, or the whole error.
func Explain(err error) string {
	var refusal *domain.Error
	if errors.As(err, &refusal) && refusal.Kind != domain.KindUnavailable {
		if refusal.Field != "" {
			return refusal.Field + ": " + refusal.Message
		}
		return refusal.Message
	}
	return err.Error()
}

// Counted writes a number with its noun, of which it is given the plural: "1 event",
// "2 events".
func Counted(n int, many string) string {
	if n == 1 {
		many = strings.TrimSuffix(many, "s")
	}
	return strconv.Itoa(n) + " " + many
}

// ParseIDs reads ids as they are given on a command line.
func ParseIDs(args []string) ([]uuid.UUID, error) {
	ids := make([]uuid.UUID, len(args))
	for i, arg := range args {
		var err error
		if ids[i], err = uuid.Parse(arg); err != nil {
			return nil, fmt.Errorf("%q is not an id", arg)
		}
	}
	return ids, nil
}

// Quiet returns a log that passes on errors alone.
func Quiet(log *slog.Logger) *slog.Logger {
	if log.Enabled(context.Background(), slog.LevelDebug) {
		return log
	}
	return slog.New(levelHandler{log.Handler()})
}

type levelHandler struct{ slog.Handler }

// Enabled implements [slog.Handler].
func (levelHandler) Enabled(_ context.Context, l slog.Level) bool { return l >= slog.LevelError }

// exit is an error with which the program ends with a status of its own.
type exit struct {
	status int
	error
}

func (e exit) Unwrap() error { return e.error }

// Exit returns err as one with which the program ends with a status.
func Exit(status int, err error) error { return exit{status, err} }

// Status returns the status that the program ends with after an error.
func Status(err error) int {
	var e exit
	if errors.As(err, &e) {
		return e.status
	}
	return 1
}

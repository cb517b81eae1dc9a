package web

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"time"

	"github.com/google/uuid"

	"helpdesk/commands"
)

// NewCommand makes the command id of a form.
func NewCommand() string { return uuid.NewString() }

// commandNamespace keeps the ids of commands from forms apart from all others.
var commandNamespace = uuid.MustParse("6f0a8a2e-52de-4f0b-9b8e-1c1f3f9a7d54")

// CommandID returns the id of the command that the form asks for: a form sent
// twice is one command. part tells the commands of one form apart.
func (v *Visit) CommandID(part string) (uuid.UUID, error) {
	given, err := uuid.Parse(v.Form.Get("command"))
	if err != nil {
		return uuid.Nil, ErrForm
	}
	scope := strings.Join([]string{v.Actor.ID.String(), v.Request.URL.Path, given.String(), part}, "\x00")
	return uuid.NewSHA1(commandNamespace, []byte(scope)), nil
}

// CarryOut runs the form's command and waits until the read side shows it. One
// that was carried out before counts as done now.
func (v *Visit) CarryOut(do func(commands.Request) (commands.Outcome, error)) (commands.Outcome, error) {
	id, err := v.CommandID("")
	if err != nil {
		return commands.Outcome{}, err
	}
	out, err := v.Once(commands.Request{ID: id, IfMatch: v.Form.Version()}, do)
	if err != nil {
		return out, err
	}
	v.Arrive(out.Position)
	return out, nil
}

// Once runs a command, or returns what it led to when it was carried out before.
func (v *Visit) Once(r commands.Request, do func(commands.Request) (commands.Outcome, error)) (commands.Outcome, error) {
	r.CorrelationID = v.ID
	out, err := do(r)
	if errors.Is(err, commands.ErrRepeated) {
		return v.site.Earlier.Outcome(v.Context(), r.ID)
	}
	return out, err
}

// FreshnessWait is how long a request waits for the read side, as the API's does.
const FreshnessWait = 2 * time.Second

// Arrive waits until the read side has reached a position. It is written:
// whatever keeps the read side, the write is a success.
func (v *Visit) Arrive(position int64) {
	v.position = max(v.position, position)
	ctx, cancel := context.WithTimeout(v.Context(), FreshnessWait)
	defer cancel()
	if err := v.site.Freshness.Wait(ctx, position); err != nil {
		v.site.Log.LogAttrs(v.Context(), slog.LevelWarn, "written, but not readable",
			slog.String("request_id", v.ID), slog.Int64("event_position", position), slog.Any("error", err))
	}
}

package web

import (
	"strings"

	"github.com/google/uuid"

	"helpdesk/commands"
	"helpdesk/domain"
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

// CarryOut runs the form's command. One that was carried out before counts as done
// now.
func (v *Visit) CarryOut(do commands.Do) (commands.Outcome, error) {
	return v.Execute("", v.Form.Version(), do)
}

// Execute runs one of the commands of a form, told apart by part, on the version
// that is expected; 0: any.
func (v *Visit) Execute(part string, version int, do commands.Do) (commands.Outcome, error) {
	id, err := v.CommandID(part)
	if err != nil {
		return commands.Outcome{}, err
	}
	request := commands.Request{ID: id, CorrelationID: v.ID, IfMatch: version}
	out, err := v.site.App.Execute(v.Context(), commands.Execution{Request: request}, do)
	v.Wrote(out.Position)
	return out, err
}

// Wrote notes how far the visit wrote: what it reads from now on has that.
func (v *Visit) Wrote(position int64) {
	v.position = max(v.position, position)
	v.AtLeast(position)
}

// AtLeast has what the visit reads from now on be no older than a position of the
// log.
func (v *Visit) AtLeast(position int64) { v.arrival.AtLeast(position) }

// NoUser returns the refusal of a form in whose field somebody is named who does
// not exist.
func NoUser(name, field string) error {
	return domain.ErrUnknown.With("there is no user %s", strings.TrimSpace(name)).On(field)
}

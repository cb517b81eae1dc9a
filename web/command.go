package web

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"maps"
	"net/url"
	"strings"

	"github.com/google/uuid"

	"helpdesk/commands"
	"helpdesk/domain"
)

// NewCommand makes the command id of a form.
func NewCommand() string { return uuid.NewString() }

// ErrReused refuses a form that was sent before with other content.
var ErrReused = &domain.Error{
	Kind: domain.KindConflict, Code: "form_reused",
	Message: "this form was submitted before with other content, and that was saved; review it, then submit again",
}

// What the bytes of a command's id are made of: the form that was sent, what was
// entered into it, and which of its commands it is. The id is a UUID of version 8,
// whose meaning is its maker's own (RFC 9562 §5.8).
const (
	formBytes    = 8
	contentBytes = 11
)

// CommandID returns the id of the command that the form asks for: a form sent twice
// is one command. part tells the commands of one form apart. It returns [ErrReused]
// where the form was sent before with other content, and carried out.
func (v *Visit) CommandID(part string) (uuid.UUID, error) {
	given, err := uuid.Parse(v.Form.Get("command"))
	if err != nil {
		return uuid.Nil, ErrForm
	}
	var id uuid.UUID
	hash(id[:formBytes], v.Actor.ID.String(), v.Request.URL.Path, given.String())
	hash(id[formBytes:contentBytes], entered(v.Form).Encode())
	hash(id[contentBytes:], part)
	id[6], id[8] = id[6]&0x0f|0x80, id[8]&0x3f|0x80
	if !v.unrepeated {
		if err := v.sentBefore(id); err != nil {
			return uuid.Nil, err
		}
		v.unrepeated = true
	}
	return id, nil
}

// hash fills a part of an id with the hash of texts.
func hash(into []byte, texts ...string) {
	sum := sha256.Sum256([]byte(strings.Join(texts, "\x00")))
	copy(into, sum[:])
}

// entered returns what a form asks for, without the moment it was made at, and
// without secrets.
func entered(f Form) url.Values {
	content := maps.Clone(f.Values)
	maps.DeleteFunc(content, func(name string, _ []string) bool {
		return name == "command" || name == "version" || name == "loaded" || name == "ticket" || name == attachedField || strings.Contains(name, "password")
	})
	return content
}

// sentBefore returns [ErrReused] where a command was carried out that the same form
// asked for with other content.
func (v *Visit) sentBefore(id uuid.UUID) error {
	from, to := id, id
	for i := formBytes; i < len(id); i++ {
		from[i], to[i] = 0, 0xff
	}
	earlier, err := v.site.Memory.CarriedBetween(v.Context(), from, to)
	switch {
	case errors.Is(err, domain.ErrNotFound):
		return nil
	case err != nil:
		return err
	case !bytes.Equal(earlier[formBytes:contentBytes], id[formBytes:contentBytes]):
		return ErrReused
	}
	return nil
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

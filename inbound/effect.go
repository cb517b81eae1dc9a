package inbound

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"helpdesk/attachments"
	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/domain/message"
	"helpdesk/domain/ticket"
	"helpdesk/domain/user"
	"helpdesk/inbound/eml"
)

// What stands where a message says nothing.
const (
	noSubject = "(no subject)"
	noText    = "(no text)"
)

// reply makes a comment of a message. What the ticket does not take any more opens another
// that goes on from it.
func (j *Judge) reply(ctx context.Context, m *incoming, c conversation) (message.Judged, error) {
	if m.when().Before(c.newest) {
		m.history = false // it would turn the ticket's time back
	}
	reopens := []ticket.Status{ticket.StatusResolved}
	if late := m.At.Sub(c.closed) > time.Duration(m.box.ReopenDays)*24*time.Hour; !late && !m.history {
		reopens = append(reopens, ticket.StatusClosed)
	}
	if m.history {
		reopens = nil
	}
	actor := j.actor(m)
	text, files, err := j.content(ctx, m, actor.ID)
	if err != nil {
		return unreadable(err)
	}
	add := ticket.AddComment{
		By: ticket.By{Actor: actor}, CommentID: ticket.CommentID{UUID: m.derived("comment")}, Text: text, Reopens: reopens, Now: m.when(), Attachments: files,
	}
	_, err = j.tickets.Do(ctx, m.carrying(message.Reply), c.id, add)
	switch {
	case err == nil || errors.Is(err, commands.ErrRepeated) || errors.Is(err, ticket.ErrDuplicate):
		v := c.why
		v.Ticket, v.Comment = c.id.UUID, add.CommentID.UUID
		return v, nil
	case errors.Is(err, ticket.ErrClosed):
		return j.open(ctx, m, message.FollowUp, verdict(message.FollowUp, message.ReasonClosed,
			"%s But it was closed more than %d days before.", c.why.Detail, m.box.ReopenDays), c.state.Number)
	case errors.Is(err, ticket.ErrFull):
		return j.open(ctx, m, message.FollowUp, verdict(message.FollowUp, message.ReasonFull, "%s But it takes no more.", c.why.Detail), c.state.Number)
	}
	return refused(err)
}

// open makes a ticket of a message; from are the numbers of those that it goes on from.
func (j *Judge) open(ctx context.Context, m *incoming, as message.Verdict, why message.Judged, from ...int64) (message.Judged, error) {
	if err := j.contact(ctx, m); err != nil {
		return refused(err)
	}
	actor := j.actor(m)
	text, files, err := j.content(ctx, m, actor.ID)
	if err != nil {
		return unreadable(err)
	}
	for _, number := range from {
		text = shortened(fmt.Sprintf("Goes on from ticket #%d.\n\n%s", number, text), ticket.DescriptionMax)
	}
	id := ticket.ID{UUID: m.derived("ticket")}
	_, err = j.tickets.Open(ctx, m.carrying(as), id, ticket.OpenTicket{
		By: ticket.By{Actor: actor}, Title: title(m.header.Get("Subject")), Description: text,
		Priority: ticket.Priority(m.box.DefaultPriority), Attachments: files, Now: m.when(),
	})
	if err != nil && !errors.Is(err, commands.ErrRepeated) && !errors.Is(err, ticket.ErrDuplicate) {
		return refused(err)
	}
	why.Verdict, why.Ticket = as, id.UUID
	return why, nil
}

// carrying returns the request of the command that a verdict has carried out.
func (m *incoming) carrying(v message.Verdict) commands.Request {
	q := m.request
	q.ID = m.effect(v)
	if m.history {
		q.OccurredAt = m.when()
	}
	return q
}

// refused is the verdict on a message whose effect the rules of tickets refuse.
func refused(err error) (message.Judged, error) {
	refusal, ok := errors.AsType[*domain.Error](err)
	if !ok || refusal.Kind == domain.KindUnavailable {
		return message.Judged{}, err
	}
	return verdict(message.Quarantined, message.ReasonForbidden, "Its author may not: %s.", refusal.Message), nil
}

// unreadable is the verdict on a message whose parts cannot be read.
func unreadable(err error) (message.Judged, error) {
	if !errors.Is(err, eml.ErrMalformed) {
		return message.Judged{}, err
	}
	return verdict(message.Unreadable, message.ReasonMalformed, "Its parts cannot be read (MIME)."), nil
}

// contact makes a contact of the author of a message whom nobody knows: a user without a
// password.
func (j *Judge) contact(ctx context.Context, m *incoming) error {
	if m.known {
		return nil
	}
	from := m.header.From()
	id := m.Sender
	if id.UUID == m.id.UUID { // it looked like the report of a server
		var err error
		if id, err = j.sender(ctx, m.id, from.Address); err != nil {
			return err
		}
	}
	if _, err := j.accounts.Find(ctx, id.String()); err == nil { // they have another address by now
		id = user.ID{UUID: m.derived("contact")}
	} else if !errors.Is(err, domain.ErrNotFound) {
		return err
	}
	first, last := names(from.Name)
	var err error
	for _, by := range []uuid.UUID{id.UUID, m.derived("username")} {
		_, err = j.people.Register(ctx, m.request, id, user.Register{
			By: user.By{Actor: domain.System()}, Username: username(from.Address, by), Email: from.Address, FirstName: first, LastName: last,
		}, j.noPassword)
		if !errors.Is(err, user.ErrUsernameTaken) {
			break
		}
	}
	var found error
	m.author, found = j.accounts.Find(ctx, from.Address)
	switch {
	case err == nil:
		m.known = found == nil
		return found
	case found == nil:
		return stalled{"another message has just made its author a contact"}
	}
	return err
}

// handle is what usernames may be made of: letters of one script.
var handle = regexp.MustCompile(`[^a-z0-9._-]+`)

// username returns what a contact is called: by their address, and like nobody else.
func username(address string, by uuid.UUID) string {
	local, _, _ := strings.Cut(strings.ToLower(address), "@")
	local = strings.Trim(handle.ReplaceAllString(local, ""), "._-")
	if len(local) > 60 {
		local = local[:60]
	}
	if local == "" {
		local = "contact"
	}
	plain := strings.ReplaceAll(by.String(), "-", "")
	return local + "-" + plain[len(plain)-8:]
}

// names returns the first and the last name in a display name, as people have them.
func names(display string) (first, last string) {
	display = strings.TrimSpace(display)
	if utf8.RuneCountInString(display) > user.NameMax || strings.Contains(display, "@") || !domain.Visible(display) {
		return "", ""
	}
	if i := strings.LastIndex(display, " "); i > 0 {
		return strings.TrimSpace(display[:i]), display[i+1:]
	}
	return display, ""
}

// title returns the title of the ticket that a subject opens.
func title(subject string) string {
	if !domain.Visible(subject) {
		return noSubject
	}
	if runes := []rune(subject); len(runes) > ticket.TitleMax {
		subject = strings.TrimSpace(string(runes[:ticket.TitleMax-1])) + "…"
	}
	return subject
}

// notesMost is how many files that were not taken are named.
const notesMost = 20

// content returns what a message says, and its files, as uploads of somebody's. What is
// quoted is marked, and files that are not taken are named.
func (j *Judge) content(ctx context.Context, m *incoming, by domain.UserID) (text string, files []ticket.Attachment, err error) {
	c, err := eml.Read(m.raw)
	if err != nil {
		return "", nil, err
	}
	var notes []string
	left := 0
	for i, f := range c.Files {
		a, err := j.file(ctx, m, i, by, f, len(files))
		if refusal, ok := errors.AsType[*domain.Error](err); ok && refusal.Kind != domain.KindUnavailable {
			if left++; left <= notesMost {
				notes = append(notes, fmt.Sprintf("[The file %s was not taken: %s.]", ticket.Filename(f.Name), refusal.Message))
			}
			continue
		}
		if err != nil {
			return "", nil, err
		}
		files = append(files, a)
	}
	if text = c.Text; !domain.Visible(text) {
		text = noText
	}
	if c.Quoted != "" {
		text += "\n\n" + eml.Marked(c.Quoted)
	}
	end := ""
	if left > notesMost {
		notes = append(notes, fmt.Sprintf("[Nor were %d more.]", left-notesMost))
	}
	if notes != nil {
		end = "\n\n" + strings.Join(notes, "\n")
	}
	return shortened(text, ticket.CommentMax-utf8.RuneCountInString(end)) + end, files, nil
}

// shortening is what stands at the end of a text that is too long.
const shortening = "\n\n[The message is longer.]"

// shortened returns the beginning of a text that is too long.
func shortened(text string, most int) string {
	runes := []rune(text)
	if len(runes) <= most {
		return text
	}
	return strings.TrimSpace(string(runes[:max(0, most-len(shortening))])) + shortening
}

// Refusals of files of messages.
var (
	errManyFiles = ticket.ErrAttachments.With("a message has at most %d files", ticket.AttachmentsMax)
	errLost      = attachments.ErrEmpty.With("its bytes cannot be read")
)

// file keeps the nth file of a message as an upload, once.
func (j *Judge) file(ctx context.Context, m *incoming, nth int, by domain.UserID, f eml.File, taken int) (ticket.Attachment, error) {
	switch {
	case taken >= ticket.AttachmentsMax:
		return ticket.Attachment{}, errManyFiles
	case f.Lost:
		return ticket.Attachment{}, errLost
	}
	id := m.derived(fmt.Sprintf("file %d", nth))
	found, err := j.files.Find(ctx, id)
	if err != nil {
		return ticket.Attachment{}, err
	}
	if u, there := found[id]; there {
		return u.Attachment, nil
	}
	return j.files.Take(ctx, id, by, f.Name, declared(f.Type), bytes.NewReader(f.Bytes))
}

// declaredMost bounds what is kept of how a sender calls the type of a file.
const declaredMost = 100

func declared(kind string) string {
	if len(kind) > declaredMost {
		return ""
	}
	return kind
}

package saga

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"helpdesk/domain"
	"helpdesk/domain/email"
	"helpdesk/domain/message"
	"helpdesk/domain/ticket"
	"helpdesk/domain/user"
	"helpdesk/eventstore"
)

// draft is an email with all that it is made of.
type draft struct {
	id    email.ID
	state email.State // as the log has it
	email email.Queued
	to    user.State // its recipient
	names map[uuid.UUID]string

	inReplyTo string // Message-ID of the message that it acknowledges
	told
}

// told is a ticket as it is, the event that an email tells of, and those since.
type told struct {
	ticket ticket.State
	cause  eventstore.Envelope
	since  []eventstore.Envelope
	from   domain.UserID // its assignee before that
}

// gather returns the email of a command with what it is made of.
func (m *Sender) gather(ctx context.Context, c SendEmail) (draft, error) {
	d := draft{id: email.ID{UUID: c.Email}}
	found, err := m.load(ctx, c.Email, c.TicketID, c.Recipient.UUID, c.Actor.UUID, c.Message)
	if err != nil {
		return d, err
	}
	if d.state = emailOf(found[c.Email]); d.state.Exists {
		d.email = d.state.Queued
		c.TicketID, c.CauseVersion, c.Recipient, c.Message = d.email.TicketID, d.email.CauseVersion, d.email.Recipient, d.email.Message
	}
	if len(found[c.TicketID]) == 0 { // an email that is sent again
		if found, err = m.load(ctx, c.TicketID, c.Recipient.UUID, c.Message); err != nil {
			return d, err
		}
	}
	d.to = personOf(found[c.Recipient.UUID])
	for _, e := range found[c.Message] {
		if came, ok := e.Event.(message.Received); ok {
			d.inReplyTo = came.MessageID
		}
	}
	if c.Kind == email.Digest || d.email.Kind == email.Digest {
		if !d.state.Exists {
			d.email = email.Queued{Kind: email.Digest, Recipient: c.Recipient, At: m.clock()}
		}
		d.email.Address = d.to.Email
		return d, nil
	}
	d.names = map[uuid.UUID]string{uuid.Nil: "", c.Recipient.UUID: d.to.Username, c.Actor.UUID: personOf(found[c.Actor.UUID]).Username}
	events, err := m.withTexts(ctx, c, found[c.TicketID])
	if err != nil {
		return d, err
	}
	if d.told, err = tell(c, events); err != nil {
		return d, err
	}
	if !d.state.Exists {
		d.email = email.Queued{
			Kind: c.Kind, TicketID: c.TicketID, TicketNumber: d.ticket.Number, CauseVersion: c.CauseVersion,
			Recipient: c.Recipient, At: m.clock(), Message: c.Message,
		}
	}
	d.email.Address = d.to.Email
	return d, nil
}

// streams are the events of streams, by their ids.
type streams map[uuid.UUID][]eventstore.Envelope

// load returns the events of streams, and maybe of others. Emails that are sent at the
// same time are read together, and what they have in common once.
func (m *Sender) load(ctx context.Context, ids ...uuid.UUID) (streams, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	found, err := m.streams.Ask(ctx, ids)
	if err == nil || errors.Is(err, eventstore.ErrUnavailable) || ctx.Err() != nil {
		return found, err
	}
	return m.loadAll(ctx, ids) // it may be another's stream that cannot be read
}

// loadTogether reads the streams of several emails.
func (m *Sender) loadTogether(ctx context.Context, wanted [][]uuid.UUID) ([]streams, error) {
	found, err := m.loadAll(ctx, slices.Concat(wanted...))
	return slices.Repeat([]streams{found}, len(wanted)), err
}

func (m *Sender) loadAll(ctx context.Context, ids []uuid.UUID) (streams, error) {
	events, err := loadWhole(ctx, m.history, ids...)
	found := streams{}
	for _, e := range events {
		found[e.StreamID] = append(found[e.StreamID], e)
	}
	return found, err
}

// loadWhole returns the events of streams, but for tickets their outlines.
func loadWhole(ctx context.Context, history History, ids ...uuid.UUID) ([]eventstore.Envelope, error) {
	events, err := history.Outline(ctx, ids...)
	if err != nil {
		return nil, err
	}
	var others []int
	for i, e := range events {
		if e.Brief && e.StreamType != domain.TicketStream {
			others = append(others, i)
		}
	}
	return history.InFull(ctx, events, others)
}

func emailOf(events []eventstore.Envelope) (s email.State) {
	for _, e := range events {
		s = email.Evolve(s, e.Event)
	}
	return s
}

func personOf(events []eventstore.Envelope) (s user.State) {
	for _, e := range events {
		s = user.Evolve(s, e.Event)
	}
	return s
}

// withTexts returns the events of a ticket with the texts that an email shows.
func (m *Sender) withTexts(ctx context.Context, c SendEmail, events []eventstore.Envelope) ([]eventstore.Envelope, error) {
	of := ticket.Texts()[:1] // the title
	for i, e := range events {
		if e.Version != c.CauseVersion {
			continue
		}
		if said, ok := e.Event.(ticket.CommentAdded); ok {
			of = append(of, ticket.Subject{Field: ticket.FieldComment, CommentID: said.CommentID})
		}
		places := append(ticket.LastGiving(eventstore.Said(events), of...), i)
		return m.history.InFull(ctx, events, append(places, filesOf(e, events)...))
	}
	return events, nil
}

// filesOf returns the places among a ticket's events of those that add the files of the
// comment that one of them adds.
func filesOf(comment eventstore.Envelope, events []eventstore.Envelope) (places []int) {
	said, ok := comment.Event.(ticket.CommentAdded)
	for i, e := range events {
		if added, is := e.Event.(ticket.AttachmentAdded); ok && is && added.CommentID == said.CommentID {
			places = append(places, i)
		}
	}
	return places
}

func tell(c SendEmail, events []eventstore.Envelope) (t told, err error) {
	for i, e := range events {
		if e.Version == c.CauseVersion {
			t.cause, t.since, t.from = e, events[i+1:], ticketOf(events[:i]).AssignedTo
		}
	}
	if t.cause.Version == 0 {
		return t, fmt.Errorf("ticket %s has no version %d", c.TicketID, c.CauseVersion)
	}
	t.ticket = ticketOf(events)
	return t, nil
}

// waits reports whether the email is to be tried.
func (d draft) waits() bool { return !d.state.Exists || d.state.Waits() }

// content returns what an email says.
func (m *Sender) content(ctx context.Context, d draft) (c email.Content, err error) {
	q := d.email
	if q.Kind == email.Digest {
		c = email.Content{ID: d.id, Kind: q.Kind, To: email.Addressee{Name: d.to.Name(), Address: q.Address}, At: q.At}
		c.Told, err = m.told(ctx, d)
		return c, err
	}
	c = email.Content{
		ID: d.id, Kind: q.Kind, To: email.Addressee{Name: d.to.Name(), Address: q.Address},
		ToAdmin: toAdmin(q, d.ticket),
		Ticket: email.Ticket{
			ID: q.TicketID, Number: q.TicketNumber, Title: d.ticket.Title,
			Priority: string(d.ticket.Priority), Status: string(d.ticket.Status),
		},
		At: d.cause.OccurredAt, InReplyTo: d.inReplyTo,
	}
	switch e := d.cause.Event.(type) {
	case ticket.CommentAdded:
		c.Text = d.ticket.Comments[e.CommentID].Text
		if c.Files, err = m.enclosed(ctx, d.told); err != nil {
			return c, err
		}
	case ticket.Resolved:
		c.Text = e.Reason
	case ticket.Escalated:
		c.Text = e.Reason
	case ticket.Reopened:
		c.Text = e.Reason
	}
	requester, assignee, actor := d.ticket.CreatedBy.UUID, d.ticket.AssignedTo.UUID, d.cause.ActorID.UUID
	if q.Kind == email.TakenBack {
		actor = d.from.UUID // it came of their leaving
	}
	if err := m.name(ctx, d.names, requester, assignee, actor); err != nil {
		return c, err
	}
	c.Ticket.Requester, c.Ticket.Assignee, c.Actor = d.names[requester], d.names[assignee], d.names[actor]
	return c, nil
}

// enclosed returns the files of the comment that an email tells of: those that go with it,
// and those that do not, with the reason.
func (m *Sender) enclosed(ctx context.Context, t told) ([]email.File, error) {
	var files []email.File
	var ids []uuid.UUID
	for _, place := range filesOf(t.cause, t.since) {
		added := t.since[place].Event.(ticket.AttachmentAdded)
		files = append(files, email.File{ID: added.AttachmentID.UUID, Name: added.Filename, ContentType: added.ContentType, Size: added.Size})
		ids = append(ids, added.AttachmentID.UUID)
	}
	if len(ids) == 0 {
		return nil, nil
	}
	there, err := m.files.Readable(ctx, ids)
	if err != nil {
		return nil, err
	}
	for i, f := range files {
		if !there[f.ID] {
			files[i].Left = email.Destroyed
		}
	}
	return email.Enclose(files), nil
}

// toAdmin reports whether somebody gets an email as an admin.
func toAdmin(q email.Queued, t ticket.State) bool {
	switch q.Kind {
	case email.Escalated:
		return q.Recipient != t.CreatedBy
	case email.Replied, email.Reopened:
		return q.Recipient != t.AssignedTo
	}
	return q.Kind == email.TakenBack
}

// name adds to names how people are called of whom it is not known.
func (m *Sender) name(ctx context.Context, names map[uuid.UUID]string, ids ...uuid.UUID) error {
	var others []uuid.UUID
	for _, id := range ids {
		if _, known := names[id]; !known {
			others = append(others, id)
		}
	}
	found, err := m.load(ctx, others...)
	for _, id := range others {
		names[id] = personOf(found[id]).Username
	}
	return err
}

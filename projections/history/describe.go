package history

import (
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"helpdesk/domain"
	"helpdesk/domain/email"
	"helpdesk/domain/message"
	"helpdesk/domain/ticket"
	"helpdesk/eventstore"
	"helpdesk/projections/view"
)

// describer turns the events of a ticket and its emails into entries.
type describer struct {
	viewer    domain.Actor
	names     view.Names
	ticket    ticket.State
	version   int // as the viewer counts
	emails    map[uuid.UUID]email.State
	messages  map[uuid.UUID]message.State
	files     map[ticket.AttachmentID]string // what they are called
	positions map[uuid.UUID]int64            // of the events told of, by id
	timers    map[uuid.UUID]int64            // by id, the positions of the events that set them
	leavings  map[uuid.UUID]leaving
	// only are the positions of the events whose entries have words, changes and effects;
	// nil: all.
	only map[int64]bool
}

// newDescriber makes a describer for a viewer. timers are those of the ticket, with the
// positions of the events that set them.
func newDescriber(viewer domain.Actor, names view.Names, timers map[uuid.UUID]int64) *describer {
	return &describer{viewer: viewer, names: names, timers: timers, emails: map[uuid.UUID]email.State{}, messages: map[uuid.UUID]message.State{}, positions: map[uuid.UUID]int64{}, files: map[ticket.AttachmentID]string{}}
}

func (t *describer) describe(events []eventstore.Envelope) []Entry {
	entries := make([]Entry, 0, len(events))
	for _, e := range events {
		entry, inWords := t.entry(e), t.inWords(e.Position)
		if e.StreamType == domain.EmailStream {
			before := t.emails[e.StreamID]
			after := email.Evolve(before, e.Event)
			t.emails[e.StreamID] = after
			if inWords {
				entry.Changes, entry.Summary = changed(nil, "email", status(before), status(after)), t.emailSummary(after, e)
			}
		} else if e.StreamType == domain.MessageStream {
			if !t.autoReply(&entry, e) {
				continue
			}
		} else {
			before := t.ticket // but for its comments and files, which are those of after at once
			said, there := before.Comments[commentOf(e.Event)]
			if d, ok := e.Event.(ticket.AttachmentAdded); ok {
				t.files[d.AttachmentID] = d.Filename
			}
			t.ticket = ticket.Advance(before, e.Event)
			if ticket.SeesInternal(t.viewer) || !ticket.AboutNote(e.Event) {
				t.version++
			}
			entry.Version = t.version
			if inWords {
				entry.Changes, entry.Summary = t.changes(before, said.Text, there, e.Event), t.name(entry.Actor)+" "+t.did(before, e.Event)+"."
				if l := t.leavings[e.CausationID.UUID]; l.why != "" {
					entry.Summary = strings.TrimSuffix(entry.Summary, ".") + ", who " + l.why + "."
				}
			}
		}
		t.positions[e.EventID] = e.Position
		if !t.hidden(e.Event) {
			entries = append(entries, entry)
		}
	}
	t.addEffects(entries)
	return entries
}

// inWords reports whether the event at a position is put into words.
func (t *describer) inWords(position int64) bool { return t.only == nil || t.only[position] }

// entry returns what every entry has of its event.
func (t *describer) entry(e eventstore.Envelope) Entry {
	return Entry{
		Position: e.Position, Version: e.Version, Type: e.Type, Actor: t.actor(e), Cause: t.cause(e),
		OccurredAt: e.OccurredAt, RecordedAt: e.RecordedAt, EventID: e.EventID,
	}
}

// addEffects turns the causes of entries round.
func (t *describer) addEffects(entries []Entry) {
	at := map[int64]*Entry{}
	for i := range entries {
		if t.inWords(entries[i].Position) {
			at[entries[i].Position] = &entries[i]
		}
	}
	if len(at) == 0 {
		return
	}
	fired := map[uuid.UUID]bool{}
	for _, e := range entries {
		if e.Cause == nil || e.Cause.Position == nil {
			continue
		}
		effect := Effect{Kind: e.Cause.Kind, ID: e.EventID, Position: &e.Position}
		if effect.Kind == causeTimer {
			effect.ID = e.Cause.ID
			fired[effect.ID] = true
		}
		if cause := at[*e.Cause.Position]; cause != nil {
			cause.Effects = append(cause.Effects, effect)
		}
	}
	for id, position := range t.timers {
		if cause := at[position]; cause != nil && !fired[id] {
			cause.Effects = append(cause.Effects, Effect{Kind: causeTimer, ID: id})
		}
	}
}

// hidden reports whether the viewer is not to know of the event: of a note among
// staff.
func (t *describer) hidden(e domain.Event) bool {
	if ticket.SeesInternal(t.viewer) {
		return false
	}
	switch d := e.(type) {
	case ticket.CommentAdded:
		return d.Internal
	case ticket.CommentEdited:
		return t.ticket.Comments[d.CommentID].Internal
	case ticket.CommentRemoved:
		return d.Internal
	case ticket.TextRedacted:
		return d.Internal
	case ticket.AttachmentAdded:
		return d.Internal
	case ticket.AttachmentRemoved:
		return d.Internal
	}
	return false
}

// redactedWhat names the text that was redacted.
func redactedWhat(d ticket.TextRedacted) string {
	switch {
	case d.Internal:
		return "an internal note"
	case d.Field == ticket.FieldComment:
		return "a comment"
	}
	return "the " + string(d.Field)
}

func (t *describer) actor(e eventstore.Envelope) view.Actor {
	a := view.Actor{Kind: e.ActorKind}
	if e.ActorID.Valid {
		id, name := e.ActorID.UUID, t.names[e.ActorID.UUID]
		a.ID, a.Username = &id, &name
	}
	return a
}

func (t *describer) cause(e eventstore.Envelope) *Cause {
	if !e.CausationID.Valid {
		return nil
	}
	c := &Cause{Kind: causeEvent, ID: e.CausationID.UUID}
	from := t.positions
	if e.ActorKind == domain.ActorTimer {
		c.Kind, from = causeTimer, t.timers
	}
	if position, ok := from[c.ID]; ok {
		c.Position = &position
	} else if l := t.leavings[c.ID]; l.position > 0 {
		c.Position = &l.position
	}
	return c
}

// name returns how the actor is called in a sentence.
func (t *describer) name(a view.Actor) string {
	switch {
	case a.Username != nil && *a.Username != "":
		return *a.Username
	case a.Kind == domain.ActorTimer:
		return "A timer"
	case a.Kind == domain.ActorImport:
		return "An import"
	}
	return "The service"
}

// did returns what happened, without who did it.
func (t *describer) did(before ticket.State, e domain.Event) string {
	switch d := e.(type) {
	case ticket.Opened:
		if d.CreatedBy != d.OpenedBy {
			return fmt.Sprintf("opened the ticket for %s", t.person(d.CreatedBy))
		}
		return "opened the ticket"
	case ticket.Started:
		return because("started work", d.Reason)
	case ticket.Resolved:
		return because("resolved the ticket", d.Reason)
	case ticket.Closed:
		return because("closed the ticket", d.Reason)
	case ticket.Reopened:
		if d.Consequence() {
			return "reopened the ticket with a comment"
		}
		return because("reopened the ticket", d.Reason)
	case ticket.Returned:
		return "returned the ticket to open, for it has no assignee"
	case ticket.Escalated:
		return because("escalated the ticket", d.Reason)
	case ticket.Exempted:
		return "exempted the ticket from escalation"
	case ticket.CommentAdded:
		if d.Internal {
			return "added an internal note"
		}
		return "added a comment"
	case ticket.CommentEdited:
		return "edited a comment"
	case ticket.CommentRemoved:
		return "removed a comment"
	case ticket.TextRedacted:
		return because("redacted "+redactedWhat(d), d.Reason)
	case ticket.AttachmentAdded:
		return "attached " + d.Filename
	case ticket.AttachmentRemoved:
		return "removed the file " + t.files[d.AttachmentID]
	case ticket.Deleted:
		return "deleted the ticket"
	case ticket.Restored:
		return "restored the ticket"
	}
	return t.changed(before, e)
}

// memberOf names the member that an event gives a value, for events after which it
// is what it was: both texts were erased, or an import repeats itself.
var memberOf = map[string]string{
	ticket.Retitled{}.EventType():    "title",
	ticket.Described{}.EventType():   "description",
	ticket.Prioritised{}.EventType(): "priority",
	ticket.Assigned{}.EventType():    "assigned_to",
	ticket.Unassigned{}.EventType():  "assigned_to",
}

// changed returns, in words, which members of the ticket an event changed, by [ticket.Members].
func (t *describer) changed(before ticket.State, e domain.Event) string {
	members := ticket.Changed(before, t.ticket)
	if len(members) == 0 {
		members = slices.DeleteFunc(ticket.Members(), func(m ticket.Member) bool { return m.Name != memberOf[e.EventType()] })
	}
	var did []string
	for _, m := range members {
		did = append(did, m.Said(before, t.ticket, t.person))
	}
	if len(did) == 0 {
		return "did " + e.EventType()
	}
	return strings.Join(did, " and ")
}

func because(did, reason string) string {
	if reason == "" {
		return did
	}
	return did + ": " + strings.TrimSuffix(reason, ".")
}

func (t *describer) person(id domain.UserID) string {
	if name := t.names[id.UUID]; name != "" {
		return name
	}
	return "somebody"
}

// changes returns the members that an event changed from before to the state
// after it, and the comment that it is about, which was said before if it was there.
func (t *describer) changes(before ticket.State, said string, there bool, e domain.Event) []Change {
	switch d := e.(type) {
	case ticket.Deleted:
		return []Change{{Field: "deleted", Before: false, After: true}}
	case ticket.Restored:
		return []Change{{Field: "deleted", Before: true, After: false}}
	case ticket.CommentAdded:
		return changed(nil, "comment", nil, &d.Text)
	case ticket.CommentEdited:
		if said == d.Text { // both are withheld: that it changed is no secret
			return []Change{{Field: "comment", Before: said, After: d.Text}}
		}
		return changed(nil, "comment", &said, &d.Text)
	case ticket.CommentRemoved:
		return changed(nil, "comment", &said, nil)
	case ticket.AttachmentAdded:
		return changed(nil, "attachment", nil, &d.Filename)
	case ticket.AttachmentRemoved:
		return changed(nil, "attachment", new(t.files[d.AttachmentID]), nil)
	case ticket.TextRedacted:
		if there {
			return changed(nil, "comment", &said, &d.Text)
		}
	}
	if all := changedMembers(before, t.ticket, t.person); len(all) > 0 {
		return all
	}
	return t.withheld(before, e)
}

// withheld returns the change of a text that the viewer is shown neither of, before nor
// after: that it changed is no secret.
func (t *describer) withheld(before ticket.State, e domain.Event) []Change {
	for _, m := range ticket.Members() {
		if text := m.Shown(t.ticket, t.person); m.Name == memberOf[e.EventType()] && isOneOf(text, domain.Withdrawn, domain.Redacted, domain.Erased) {
			return []Change{{Field: m.Name, Before: m.Shown(before, t.person), After: text}}
		}
	}
	return nil
}

// isOneOf reports whether a value that is shown is one of the texts.
func isOneOf(value any, texts ...string) bool { return slices.Contains(texts, fmt.Sprint(value)) }

// commentOf returns the comment that an event is about.
func commentOf(e domain.Event) ticket.CommentID {
	of, _ := subjectsOf(e)
	if len(of) == 0 {
		return ticket.CommentID{}
	}
	return of[0].CommentID
}

// changedMembers returns the members of a ticket that are others in one state than
// in another, with people by name.
func changedMembers(before, after ticket.State, names ticket.Names) (all []Change) {
	for _, m := range ticket.Changed(before, after) {
		all = append(all, Change{Field: m.Name, Before: m.Shown(before, names), After: m.Shown(after, names)})
	}
	return all
}

// changed adds the change of a value, unless it is the same; nil is one that was
// not there.
func changed[V comparable](all []Change, field string, before, after *V) []Change {
	if before == after || (before != nil && after != nil && *before == *after) {
		return all
	}
	return append(all, Change{Field: field, Before: orNil(before), After: orNil(after)})
}

// orNil returns the value, nil for none.
func orNil[V any](v *V) any {
	if v == nil {
		return nil
	}
	return *v
}

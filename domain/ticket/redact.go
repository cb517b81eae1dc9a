package ticket

import (
	"iter"
	"slices"
	"unicode/utf8"

	"github.com/google/uuid"

	"helpdesk/domain"
)

// Field is what of a ticket has a text that can be redacted.
type Field string

// The fields with texts. Each but that of a comment is called as its member.
const (
	FieldTitle       Field = "title"
	FieldDescription Field = "description"
	FieldComment     Field = "comment"
)

// Subject is a text of a ticket with all that it read before. CommentID is that of
// a comment alone.
type Subject struct {
	Field     Field
	CommentID CommentID
}

// Span is the characters of a text from From on, up to before To.
type Span struct{ From, To int }

// RedactText destroys a text for good, with all that it read before: of a ticket
// that was deleted and of a comment that was removed too.
type RedactText struct {
	By
	Subject
	Span   *Span // which goes from what it reads now, the rest stays; nil: all of it
	Reason string
}

// TextRedacted means that a text was destroyed for good, with all that it read
// before. Their events stay, and read [domain.Redacted].
type TextRedacted struct {
	Field     Field     `json:"field"`
	CommentID CommentID `json:"comment_id,omitzero"`
	Internal  bool      `json:"internal,omitempty"` // as that comment when it was added
	Text      string    `json:"text"`               // what it reads now
	Reason    string    `json:"reason"`
}

// EventType returns the stored name of the event.
func (TextRedacted) EventType() string { return "ticket.text_redacted" }

// ErasedIn returns the stream to be read again, which is the event's own; see
// [helpdesk/eventstore/follow.Follower].
func (TextRedacted) ErasedIn(own uuid.UUID) []uuid.UUID { return []uuid.UUID{own} }

// Gives returns which text an event gives and the member that holds it: for an
// opening that of the field asked for. ok is false for an event that gives none.
func Gives(e domain.Event, field Field) (s Subject, member string, ok bool) {
	switch e := e.(type) {
	case Opened:
		return Subject{Field: field}, string(field), field != FieldComment
	case Retitled:
		return Subject{Field: FieldTitle}, "title", true
	case Described:
		return Subject{Field: FieldDescription}, "description", true
	case CommentAdded:
		return Subject{FieldComment, e.CommentID}, "text", true
	case CommentEdited:
		return Subject{FieldComment, e.CommentID}, "text", true
	case TextRedacted:
		return Subject{e.Field, e.CommentID}, "text", true
	}
	return Subject{}, "", false
}

// LastGiving returns the places among a ticket's events of those that gave texts last.
func LastGiving(events iter.Seq[domain.Event], of ...Subject) (places []int) {
	last := slices.Repeat([]int{-1}, len(of))
	give := func(given Subject, at int) {
		for i, subject := range of {
			if subject == given {
				last[i] = at
			}
		}
	}
	at := 0
	for e := range events {
		if _, opens := e.(Opened); opens {
			for _, own := range Texts() {
				give(own, at)
			}
		} else if given, _, ok := Gives(e, ""); ok {
			give(given, at)
		}
		at++
	}
	for _, place := range last {
		if place >= 0 {
			places = append(places, place)
		}
	}
	return places
}

// Texts returns the subjects that are a ticket's own: its title and its description.
func Texts() []Subject { return []Subject{{Field: FieldTitle}, {Field: FieldDescription}} }

// redact decides on tickets that were deleted too: their events stay.
func redact(s State, c RedactText) ([]domain.Event, error) {
	if !s.VisibleTo(c.Actor) && !(s.Deleted && c.Actor.Admin()) {
		return nil, domain.ErrNotFound
	}
	now, max, ok := s.text(c.Subject)
	if !ok || (now.Internal && !SeesInternal(c.Actor)) {
		return nil, domain.ErrNotFound
	}
	if !c.Actor.Admin() {
		return nil, domain.ErrForbidden
	}
	reason, err := domain.Text("reason", c.Reason, ReasonMax)
	if err != nil {
		return nil, err
	}
	text := domain.Redacted
	if c.Span != nil {
		if text, err = c.Span.redacted(now.Text, max); err != nil {
			return nil, err
		}
	}
	if s.Redacted[c.Subject] && text == now.Text {
		return nil, nil
	}
	return []domain.Event{TextRedacted{
		Field: c.Field, CommentID: c.CommentID, Internal: now.Internal, Text: text, Reason: reason,
	}}, nil
}

// text returns a text as it reads now, and how long it may be; ok is false for one
// that never was. Of a comment that is what the rules know of it, removed or not.
func (s State) text(of Subject) (now Comment, max int, ok bool) {
	switch of.Field {
	case FieldTitle:
		return Comment{Text: s.Title}, TitleMax, true
	case FieldDescription:
		return Comment{Text: s.Description}, DescriptionMax, true
	case FieldComment:
		if now, ok = s.Comments[of.CommentID]; !ok {
			now, ok = s.Removed[of.CommentID]
		}
		return now, CommentMax, ok
	}
	return now, 0, false
}

// AuthorOf returns whose a text is: the requester's but for a comment.
func (s State) AuthorOf(of Subject) domain.UserID {
	if of.Field == FieldComment {
		now, _, _ := s.text(of)
		return now.Author
	}
	return s.CreatedBy
}

// redacted returns a text with [domain.Redacted] in the place of the span.
func (p Span) redacted(text string, max int) (string, error) {
	runes := []rune(text)
	if p.From < 0 || p.To <= p.From || p.To > len(runes) {
		return "", ErrSpan.With("from must be less than to, and to at most %d", len(runes)).On("to")
	}
	if p.within(runes) {
		return text, nil
	}
	text = string(runes[:p.From]) + domain.Redacted + string(runes[p.To:])
	if utf8.RuneCountInString(text) > max {
		return "", domain.ErrTooLong.With("with %s in its place the text would be longer than %d characters: redact more of it", domain.Redacted, max).On("to")
	}
	return text, nil
}

// within reports whether the span is part of what was redacted already.
func (p Span) within(runes []rune) bool {
	size := len(domain.Redacted)
	for at := p.To - size; at <= p.From; at++ {
		if at >= 0 && at+size <= len(runes) && string(runes[at:at+size]) == domain.Redacted {
			return true
		}
	}
	return false
}

// afterRedaction returns the state after a text was redacted.
func (s State) afterRedaction(e TextRedacted, own bool) State {
	switch e.Field {
	case FieldTitle:
		s.Title = e.Text
	case FieldDescription:
		s.Description = e.Text
	case FieldComment:
		s.Comments = withText(s.Comments, e.CommentID, e.Text, own)
		s.Removed = withText(s.Removed, e.CommentID, e.Text, own)
	}
	s.Redacted = writable(s.Redacted, own)
	s.Redacted[Subject{e.Field, e.CommentID}] = true
	return s
}

// rewritten returns the state after an event gave a text that is not a redacted one.
func (s State) rewritten(e domain.Event, own bool) State {
	if of, _, ok := Gives(e, ""); ok && s.Redacted[of] {
		s.Redacted = writable(s.Redacted, own)
		delete(s.Redacted, of)
	}
	return s
}

// withText returns comments in which one, if it is there, has another text.
func withText(comments map[CommentID]Comment, id CommentID, text string, own bool) map[CommentID]Comment {
	c, ok := comments[id]
	if !ok {
		return comments
	}
	comments, c.Text = writable(comments, own), text
	comments[id] = c
	return comments
}

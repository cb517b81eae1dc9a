package ticket

import "helpdesk/domain"

// SeesWithdrawn reports whether the actor is shown texts that were removed, and
// those from before an edit (API.md, "see a removed text").
func SeesWithdrawn(a domain.Actor) bool { return SeesInternal(a) }

// Standing returns e as those are shown it who do not see withdrawn texts: a text
// of e that does not stand in s, the ticket as it is now, is [domain.Withdrawn].
func (s State) Standing(e domain.Event) domain.Event {
	switch e := e.(type) {
	case Opened:
		e.Title, e.Description = standing(e.Title, s.Title), standing(e.Description, s.Description)
		return e
	case Retitled:
		e.Title = standing(e.Title, s.Title)
		return e
	case Described:
		e.Description = standing(e.Description, s.Description)
		return e
	case CommentAdded:
		e.Text = standing(e.Text, s.Comments[e.CommentID].Text)
		return e
	case CommentEdited:
		e.Text = standing(e.Text, s.Comments[e.CommentID].Text)
		return e
	case AttachmentAdded:
		e.Filename = standing(e.Filename, s.Attachments[e.AttachmentID].Filename)
		return e
	case TextRedacted:
		now, _, _ := s.text(Subject{e.Field, e.CommentID})
		e.Text = standing(e.Text, now.Text)
		return e
	}
	return e
}

func standing(text, now string) string {
	if text == now || text == domain.Erased || text == domain.Redacted {
		return text
	}
	return domain.Withdrawn
}

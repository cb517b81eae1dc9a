package operations

import (
	"strings"

	"helpdesk/domain/email"
	"helpdesk/domain/ticket"
	"helpdesk/web"
)

// emailWord returns what an email is about.
func emailWord(k email.Kind) string {
	switch k {
	case email.Escalated:
		return "ticket escalated"
	case email.Assigned:
		return "ticket assigned"
	case email.Commented:
		return "new comment"
	case email.Resolved:
		return "ticket resolved"
	case email.Replied:
		return "requester replied"
	case email.Reopened:
		return "ticket reopened"
	case email.TakenBack:
		return "assignee left"
	}
	return string(k)
}

// emailGlyph is the sign beside the word of an email's status.
func emailGlyph(s email.Status) string {
	switch s {
	case email.StatusSent:
		return "resolved"
	case email.StatusFailed, email.StatusUncertain, email.StatusBlocked, email.StatusBounced:
		return "escalated"
	case email.StatusSending, email.StatusDelayed:
		return "in-progress"
	case email.StatusCancelled:
		return "closed"
	}
	return "open"
}

// statusWords lists statuses as people read them.
func statusWords(all []ticket.Status) string {
	words := make([]string, len(all))
	for i, s := range all {
		words[i] = web.StatusWord(s)
	}
	return strings.Join(words, ", ")
}

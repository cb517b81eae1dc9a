package operations

import (
	"strconv"
	"strings"

	"helpdesk/domain/email"
	"helpdesk/domain/ticket"
	"helpdesk/projections/emails"
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
	case email.Acknowledged:
		return "message came in"
	case email.Digest:
		return "digest"
	}
	return string(k)
}

// aboutOf returns which ticket an email is about.
func aboutOf(e emails.Email) string {
	if e.Kind == email.Digest {
		return "several tickets"
	}
	return "#" + strconv.FormatInt(e.TicketNumber, 10)
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
	case email.StatusCancelled, email.StatusDigested:
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

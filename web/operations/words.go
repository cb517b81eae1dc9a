package operations

import (
	"strings"

	"helpdesk/domain/letter"
	"helpdesk/domain/ticket"
	"helpdesk/web"
)

// letterWord says what a letter tells its recipient.
func letterWord(k letter.Kind) string {
	switch k {
	case letter.Escalated:
		return "the ticket escalated"
	case letter.Assigned:
		return "the ticket is assigned to you"
	case letter.Commented:
		return "somebody commented"
	case letter.Resolved:
		return "the ticket is resolved"
	}
	return string(k)
}

// letterGlyph is the sign beside the word of a letter's status.
func letterGlyph(s letter.Status) string {
	switch s {
	case letter.StatusSent:
		return "resolved"
	case letter.StatusFailed, letter.StatusUncertain:
		return "escalated"
	case letter.StatusSending:
		return "in-progress"
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

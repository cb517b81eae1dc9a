package tickets

import (
	"slices"
	"strings"

	"helpdesk/projections/history"
)

// listed writes names as a sentence does.
func listed(names []string) string {
	switch n := len(names); n {
	case 0:
		return ""
	case 1:
		return names[0]
	default:
		return strings.Join(names[:n-1], ", ") + " and " + names[n-1]
	}
}

func isOrAre(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

// textOf is what the form to edit a comment holds.
func (t ticketView) textOf(c commentView) string {
	if t.edited(c) != nil {
		return t.Sent.Text("text")
	}
	return c.Text
}

// reply is what the box for replies and notes holds.
func (t ticketView) reply() string {
	if t.Form == "commented" || t.Form == "noted" {
		return t.Sent.Text("text")
	}
	return ""
}

// shownVersion is where the slider of a ticket's page stands.
func shownVersion(t ticketView) int {
	if t.Past != nil {
		return t.Past.Version
	}
	return t.Version
}

// shortChange reports whether a change is worth a line of the history: texts are
// read in the conversation, and with the opening everything is new.
func shortChange(c history.Change) bool {
	return c.Before != nil && c.Field != "comment" && c.Field != "description" && c.Field != "deleted" ||
		c.Before == nil && c.Field == "assigned_to"
}

// fieldWord is a member of a ticket as people read it.
func fieldWord(field string) string {
	if field == "assigned_to" {
		return "assignee"
	}
	return field
}

func hasEmails(entries []history.Entry) bool { return slices.ContainsFunc(entries, isEmail) }

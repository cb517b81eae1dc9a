package projections

import (
	"strings"

	"helpdesk/domain"
)

// VisibleTickets adds the condition that the ticket of alias t is visible to
// the viewer: the SQL of [ticket.State.VisibleTo].
func (w *Where) VisibleTickets(viewer domain.Actor) {
	switch {
	case viewer.SeesAll():
	case viewer.Role == domain.RoleUser:
		w.Add("t.created_by = ?", viewer.ID)
	case viewer.Role == domain.RoleAgent && viewer.Visibility == domain.VisibleQueue:
		w.Add("(t.assigned_to = ? OR t.created_by = ? OR t.opened_by = ? OR t.assigned_to IS NULL)", viewer.ID, viewer.ID, viewer.ID)
	case viewer.Role == domain.RoleAgent:
		w.Add("(t.assigned_to = ? OR t.created_by = ? OR t.opened_by = ?)", viewer.ID, viewer.ID, viewer.ID)
	default:
		w.Add("false")
	}
}

// Reasons is [Where.VisibleTickets] for a list: it returns the reasons for which a
// ticket is in it, if there are several. For an agent who does not see all these
// exclude each other, and each has an index by which it finds the few that are
// theirs; one condition with OR would have Postgres walk all tickets of a status in
// search of them.
func (w *Where) Reasons(viewer domain.Actor) (reasons []string) {
	if viewer.Role != domain.RoleAgent || viewer.SeesAll() {
		w.VisibleTickets(viewer)
		return nil
	}
	me, others := w.Arg(viewer.ID), " AND t.assigned_to IS DISTINCT FROM $me"
	reasons = []string{"t.assigned_to = $me"}
	if viewer.Visibility == domain.VisibleQueue {
		reasons, others = append(reasons, "t.assigned_to IS NULL"), " AND t.assigned_to <> $me"
	}
	reasons = append(reasons, "t.created_by = $me"+others, "t.opened_by = $me AND t.opened_by <> t.created_by"+others)
	for i, reason := range reasons {
		reasons[i] = strings.ReplaceAll(reason, "$me", me)
	}
	return reasons
}

// PresentTickets is every ticket as it is now.
const PresentTickets = "read.tickets AS t"

// TicketsOf returns the tickets the viewer sees, as a table of alias t.
func (w *Where) TicketsOf(viewer domain.Actor) (from string) {
	if reasons := w.Reasons(viewer); reasons != nil {
		return either("SELECT * FROM "+PresentTickets, reasons, "")
	}
	return PresentTickets
}

// From returns the rows of a table that fulfil the conditions, and one of reasons
// where there are any: then as a table of alias t with these columns, and with rest
// after each reason.
func (w Where) From(from string, reasons []string, columns, rest string) string {
	if reasons == nil {
		return from + w.String()
	}
	return either("SELECT "+columns+" FROM "+from, reasons, w.and()+rest)
}

// either returns, as a table of alias t, what a query returns for one of reasons
// that exclude each other. rest is what follows the reason: more conditions, an
// order, a limit, which Postgres does not move into the branches by itself.
func either(query string, reasons []string, rest string) string {
	branches := make([]string, len(reasons))
	for i, reason := range reasons {
		branches[i] = "(" + query + " WHERE " + reason + rest + ")"
	}
	return "(" + strings.Join(branches, " UNION ALL ") + ") AS t"
}

package projections

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"helpdesk/domain"
	"helpdesk/domain/ticket"
)

// Where collects the conditions of a query and their arguments.
type Where struct {
	conditions []string
	Args       []any
	// Once is for a query that is planned once: it has the planner know nothing of the
	// arguments that are added from then on. Where it knows them, it may find a plan
	// for some that looks better than that for any, and plan anew for good.
	Once bool
}

// Add adds a condition in which each ? stands for the next of args.
func (w *Where) Add(condition string, args ...any) {
	for _, a := range args {
		condition = strings.Replace(condition, "?", w.Arg(a), 1)
	}
	w.conditions = append(w.conditions, condition)
}

// Arg adds an argument and returns what stands for it.
func (w *Where) Arg(a any) string {
	switch id := a.(type) { // pgx would have ids of ours written as text, and read again
	case domain.UserID:
		a = id.UUID
	case ticket.ID:
		a = id.UUID
	case ticket.CommentID:
		a = id.UUID
	}
	w.Args = append(w.Args, a)
	arg := "$" + strconv.Itoa(len(w.Args))
	if !w.Once {
		return arg
	}
	switch a.(type) {
	case uuid.UUID:
		return "(SELECT " + arg + "::uuid)"
	case time.Time:
		return "(SELECT " + arg + "::timestamptz)"
	case string:
		return "(SELECT " + arg + "::text)"
	}
	return arg
}

func (w Where) String() string {
	if len(w.conditions) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(w.conditions, " AND ")
}

// and returns the conditions as they go on after others.
func (w Where) and() string {
	var b strings.Builder
	for _, c := range w.conditions {
		b.WriteString(" AND " + c)
	}
	return b.String()
}

// clone returns a copy that can be added to without changing w.
func (w Where) clone() Where {
	return Where{conditions: slices.Clone(w.conditions), Args: slices.Clone(w.Args), Once: w.Once}
}

// Within adds the bounds of an instant, where they are given: from, and before.
func (w *Where) Within(column string, from, before *time.Time) {
	if from != nil {
		w.Add(column+" >= ?", *from)
	}
	if before != nil {
		w.Add(column+" < ?", *before)
	}
}

package tickets

import (
	"context"
	"strings"
	"time"

	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/domain/user"
	"helpdesk/httpapi"
	"helpdesk/httpapi/bind"
	"helpdesk/httpapi/problem"
	"helpdesk/projections"
)

// TicketQuery is the parameters of the list of tickets.
type TicketQuery struct {
	httpapi.Listing
	httpapi.AsFile
	Status        []ticket.Status          `query:"status" description:"Repeated or separated by commas."`
	Priority      []ticket.Priority        `query:"priority" description:"Repeated or separated by commas."`
	AssignedTo    string                   `query:"assigned_to" minLength:"1" maxLength:"150" description:"An id, a username, me or none."`
	CreatedBy     string                   `query:"created_by" minLength:"1" maxLength:"150" description:"An id, a username or me."`
	Title         string                   `query:"title" maxLength:"200" description:"Part of the title, without regard to case."`
	Search        string                   `query:"q" maxLength:"2000" description:"Words in title, description and comments, as in a web search: all of them, \"a phrase\", or, -without, without regard to case and accents. The last word stands for all that begin with it, unless punctuation follows. Whatever is copied from a text finds it, also by its parts, as 00417 of INV-00417. A number, as 452 or #452, puts the ticket that has it first. The first 32 words count. Without an ordering the best matches come first; of words that more than 500 tickets have, the best of the newest 1,000, then of the 4,000 before them, and so on."`
	CreatedAfter  bind.Optional[time.Time] `query:"created_after" description:"At this instant or later."`
	CreatedBefore bind.Optional[time.Time] `query:"created_before" description:"Before this instant."`
	UpdatedAfter  bind.Optional[time.Time] `query:"updated_after" description:"At this instant or later."`
	UpdatedBefore bind.Optional[time.Time] `query:"updated_before" description:"Before this instant."`
	AsOf          bind.Optional[time.Time] `query:"as_of" description:"The list as it was known at this instant, filtered and ordered by what tickets were then; not together with q."`
	Ordering      string                   `query:"ordering" enum:"created_at,-created_at,updated_at,-updated_at,priority,-priority,number,-number" default:"-created_at" description:"With - the largest first. With q and without an ordering by how well it matches."`
}

// newestFirst is the order of a list of tickets that asks for none.
const newestFirst = "-created_at"

func (r Resource) filter(ctx context.Context, viewer domain.Actor, in TicketQuery) (projections.TicketFilter, error) {
	if in.AsOf.Set && in.Search != "" {
		return projections.TicketFilter{}, problem.Invalid(problem.Violation{
			Pointer: "?q", Code: "excluded", Detail: "not allowed together with as_of; title is",
		})
	}
	ordering := in.Ordering
	switch {
	case ordering == "" && in.Search != "":
		ordering = string(projections.ByRank)
	case ordering == "":
		ordering = newestFirst
	}
	f := projections.TicketFilter{
		Statuses: in.Status, Priorities: in.Priority, Title: in.Title, Search: in.Search, Unassigned: in.AssignedTo == "none",
		CreatedAfter: in.CreatedAfter.Ptr(), CreatedBefore: in.CreatedBefore.Ptr(),
		UpdatedAfter: in.UpdatedAfter.Ptr(), UpdatedBefore: in.UpdatedBefore.Ptr(),
		OrderBy:    projections.TicketOrder(strings.TrimPrefix(ordering, "-")),
		Descending: strings.HasPrefix(ordering, "-"),
	}
	var err error
	if !f.Unassigned {
		if f.AssignedTo, err = r.personFilter(ctx, viewer, "assigned_to", in.AssignedTo); err != nil {
			return f, err
		}
	}
	f.CreatedBy, err = r.personFilter(ctx, viewer, "created_by", in.CreatedBy)
	return f, err
}

// personFilter returns the id of the person a filter names, nil for no filter.
// A name that nobody has is refused to those who see people; others can't tell
// it from somebody without a ticket they see.
func (r Resource) personFilter(ctx context.Context, viewer domain.Actor, param, name string) (*user.ID, error) {
	switch name {
	case "":
		return nil, nil
	case "me":
		return &viewer.ID, nil
	}
	if id, err := bind.ParseUUID(name); err == nil {
		return &user.ID{UUID: id}, nil
	}
	account, known, err := r.App.PersonNamed(ctx, name)
	if err != nil {
		return nil, err
	}
	if !known && viewer.Role != domain.RoleUser {
		return nil, problem.Invalid(problem.Violation{Pointer: "?" + param, Code: "unknown", Detail: "unknown user"})
	}
	return &account.ID, nil
}

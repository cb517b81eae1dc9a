package tickets

import (
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/projections"
	"helpdesk/projections/comments"
	"helpdesk/projections/history"
	"helpdesk/projections/view"
	"helpdesk/web"
)

// fillComments reads the newest comments, or those that the address names, as many as a
// page has room for. They have a projection of their own that may be behind the ticket's.
func (s *Section) fillComments(v *web.Visit, t *ticketView) error {
	v.AtLeast(t.Position)
	some, whole, err := commentsOf(s, v, *t)
	if err != nil {
		return err
	}
	if err := giveFiles(v, s.Read, t, some.Items); err != nil {
		return err
	}
	loaded, err := time.Parse(time.RFC3339, v.Form.Get("loaded"))
	state := stateOf(t.Ticket, some.Items)
	for _, c := range some.Items {
		t.Comments = append(t.Comments, commentView{
			Comment:  c,
			Changes:  state.MayChangeComment(v.Actor, ticket.CommentID{UUID: c.ID}, v.Now()),
			Fresh:    err == nil && c.CreatedAt.After(loaded),
			ByAuthor: c.Author.ID == t.CreatedBy.ID,
		})
	}
	t.Options = state.Options(v.Actor)
	t.Options.Delete = t.Options.Delete && (whole || v.Actor.Admin()) // others may have commented before
	t.Reopens = t.Options.Reply || state.CreatedBy == v.Actor.ID && slices.Contains(s.ReplyReopens, state.Status)
	t.Before, t.After, err = v.Around(threadOf(t.Ticket), some.Previous, some.Next, func(cursor string) string { return t.commentsAt(nil, cursor) })
	return err
}

// giveFiles gives a ticket and comments on it the files that they have.
func giveFiles(v *web.Visit, read Reader, t *ticketView, comments []view.Comment) error {
	if !t.HadFiles {
		return nil
	}
	files, err := read.Attachments(v.Context(), v.Actor, ticket.ID{UUID: t.ID})
	t.Attachments, t.Removable = view.AttachmentsAt(files, nil), map[uuid.UUID]bool{}
	for _, f := range files {
		brought := ticket.Attachment{By: domain.UserID{UUID: f.CreatedBy.ID}, AddedAt: f.CreatedAt}
		t.Removable[f.ID] = !f.Gone && brought.MayRemove(v.Actor, v.Now())
	}
	for i, c := range comments {
		comments[i].Attachments = view.AttachmentsAt(files, &c.ID)
	}
	return err
}

// commentsOf returns the comments to show of a ticket, and whether they are all.
func commentsOf(s *Section, v *web.Visit, t ticketView) (some projections.Slice[view.Comment], whole bool, err error) {
	query := v.Request.URL.Query()
	id := ticket.ID{UUID: t.ID}
	if cursor := query.Get("comments"); cursor != "" {
		at, err := v.PageAt(threadOf(t.Ticket), cursor, 1)
		if err != nil {
			return some, false, err
		}
		some, err = s.Read.Thread(v.Context(), v.Actor, id, at.Cursor)
		return some, false, err
	}
	some, err = s.Read.Thread(v.Context(), v.Actor, id, comments.End())
	some.Next = nil
	one := t.Comment // whose form was refused
	if one == "" {
		one = query.Get("comment")
	}
	wanted, malformed := uuid.Parse(one)
	here := slices.ContainsFunc(some.Items, func(c view.Comment) bool { return c.ID == wanted })
	if err != nil || malformed != nil || here || some.Previous == nil {
		return some, some.Previous == nil, err
	}
	c, err := s.Read.Comment(v.Context(), v.Actor, ticket.CommentID{UUID: wanted})
	if err != nil || c.Ticket != t.ID {
		return some, false, nil // it is nowhere
	}
	some, err = s.Read.Thread(v.Context(), v.Actor, id, comments.Upto(c))
	return some, false, err
}

// fillPastComments takes the comments of a past version: the first of them, or those that
// the address names.
func fillPastComments(s *Section, v *web.Visit, t *ticketView, was history.PastTicket) error {
	some := projections.Slice[view.Comment]{Items: was.Comments, Next: was.Next}
	if cursor := v.Request.URL.Query().Get("comments"); cursor != "" {
		page, err := v.PageAt(threadOf(was.Ticket), cursor, historyPage)
		if err != nil {
			return err
		}
		of := ticket.Ref{ID: ticket.ID{UUID: was.ID}}
		if some, err = s.Past.Comments(v.Context(), v.Actor, was.RecordedAt, &of, page); err != nil {
			return err
		}
	}
	for _, c := range some.Items {
		t.Comments = append(t.Comments, commentView{Comment: c, ByAuthor: c.Author.ID == t.CreatedBy.ID})
	}
	version := url.Values{"version": {strconv.Itoa(t.Past.Version)}}
	var err error
	t.Before, t.After, err = v.Around(threadOf(was.Ticket), some.Previous, some.Next, func(cursor string) string { return t.commentsAt(version, cursor) })
	return err
}

// threadOf names the list of a ticket's comments, for links that lead into it.
func threadOf(t view.Ticket) string { return "comments of " + t.ID.String() }

// commentsAt returns the address of the page with other comments.
func (t ticketView) commentsAt(query url.Values, cursor string) string {
	all := url.Values{"comments": {cursor}}
	for name, values := range query {
		all[name] = values
	}
	return t.address() + "?" + all.Encode() + "#conversation"
}

// stateOf is what the rules need to know of a ticket that is seen, for what they
// offer. Who opened it for another is not known here: it is seen, that is enough.
func stateOf(t view.Ticket, comments []view.Comment) ticket.State {
	s, _ := t.State()
	s.Comments = map[ticket.CommentID]ticket.Comment{}
	for _, c := range comments {
		s.Comments[ticket.CommentID{UUID: c.ID}] = ticket.Comment{
			Author: domain.UserID{UUID: c.Author.ID}, Text: c.Text, Internal: c.Internal, AddedAt: c.CreatedAt,
		}
	}
	return s
}

package view

import (
	"time"

	"github.com/google/uuid"

	"helpdesk/domain/ticket"
	"helpdesk/eventstore"
)

// Comment is a comment as API.md shows it.
type Comment struct {
	ID           uuid.UUID  `json:"id"`
	Ticket       uuid.UUID  `json:"ticket"`
	TicketNumber int64      `json:"ticket_number"`
	Author       Person     `json:"author"`
	Text         string     `json:"text"`
	Internal     bool       `json:"internal"`
	CreatedAt    time.Time  `json:"created_at"`
	EditedAt     *time.Time `json:"edited_at"`

	Attachments []Attachment `json:"attachments,omitempty"` // where they were asked for
}

// CommentRow is a comment without the names around it: a row of read.comments,
// whose columns its tags declare.
type CommentRow struct {
	ID        uuid.UUID  `db:"id,key"`
	TicketID  uuid.UUID  `db:"ticket_id,fixed"`
	AuthorID  uuid.UUID  `db:"author_id,fixed"`
	Text      string     `db:"text"`
	Internal  bool       `db:"internal,fixed"`
	CreatedAt time.Time  `db:"created_at,fixed"`
	EditedAt  *time.Time `db:"edited_at"`
}

// Added returns the comment that e, which has d, adds.
func Added(e eventstore.Envelope, d ticket.CommentAdded) CommentRow {
	return CommentRow{
		ID: d.CommentID.UUID, TicketID: e.StreamID, AuthorID: d.Author.UUID,
		Text: d.Text, Internal: d.Internal, CreatedAt: e.OccurredAt,
	}
}

// Edit folds the event e, which has d. Of a comment that is not known it keeps
// what an edit says.
func (r *CommentRow) Edit(e eventstore.Envelope, d ticket.CommentEdited) {
	at := e.OccurredAt
	r.ID, r.Text, r.EditedAt = d.CommentID.UUID, d.Text, &at
}

// Redact folds the event e, which has d.
func (r *CommentRow) Redact(e eventstore.Envelope, d ticket.TextRedacted) {
	r.Edit(e, ticket.CommentEdited{CommentID: d.CommentID, Text: d.Text})
}

// Show returns the comment, given the number of its ticket and the username of
// its author.
func (r CommentRow) Show(number int64, author string) Comment {
	return Comment{
		ID: r.ID, Ticket: r.TicketID, TicketNumber: number,
		Author: Person{ID: r.AuthorID, Username: author}, Text: r.Text, Internal: r.Internal,
		CreatedAt: r.CreatedAt, EditedAt: r.EditedAt,
	}
}

// Thread is the comments of one ticket. The zero Thread has none.
type Thread struct {
	rows []CommentRow      // in the order in which they were added, with those that were removed
	at   map[uuid.UUID]int // of those that are there, their places in rows
	gone map[uuid.UUID]int // of those that were removed
}

// Apply folds one event of the ticket.
func (t *Thread) Apply(e eventstore.Envelope) {
	switch d := e.Event.(type) {
	case ticket.CommentAdded:
		if t.at == nil {
			t.at, t.gone = map[uuid.UUID]int{}, map[uuid.UUID]int{}
		}
		t.at[d.CommentID.UUID] = len(t.rows)
		t.rows = append(t.rows, Added(e, d))
	case ticket.CommentEdited:
		if i, ok := t.at[d.CommentID.UUID]; ok {
			t.rows[i].Edit(e, d)
		}
	case ticket.CommentRemoved:
		if i, ok := t.at[d.CommentID.UUID]; ok {
			t.gone[d.CommentID.UUID] = i
		}
		delete(t.at, d.CommentID.UUID)
	case ticket.TextRedacted:
		if i, ok := t.find(d.CommentID); ok {
			t.rows[i].Redact(e, d)
		}
	}
}

// find returns the place of a comment, removed or not.
func (t *Thread) find(id ticket.CommentID) (at int, ok bool) {
	if at, ok = t.at[id.UUID]; !ok {
		at, ok = t.gone[id.UUID]
	}
	return at, ok
}

// Rows returns the comments that are there, in the order in which they were added.
func (t *Thread) Rows() []CommentRow {
	rows := make([]CommentRow, 0, len(t.at))
	for i, row := range t.rows {
		if at, ok := t.at[row.ID]; ok && at == i {
			rows = append(rows, row)
		}
	}
	return rows
}

// AuthorOf returns the author of a comment, made of the events of its ticket; none
// where there is no such comment.
func AuthorOf(events []eventstore.Envelope, id ticket.CommentID) []uuid.UUID {
	for _, e := range events {
		if d, ok := e.Event.(ticket.CommentAdded); ok && d.CommentID == id {
			return []uuid.UUID{d.Author.UUID}
		}
	}
	return nil
}

// CommentOf returns a comment of the ticket with these events, as it was last where
// it was removed; ok is false when it was never added.
func CommentOf(events []eventstore.Envelope, id ticket.CommentID, names Names) (c Comment, ok bool) {
	var number int64
	var thread Thread
	for _, e := range events {
		if d, opened := e.Event.(ticket.Opened); opened {
			number = d.Number
		}
		thread.Apply(e)
	}
	i, ok := thread.find(id)
	if !ok {
		return Comment{}, false
	}
	row := thread.rows[i]
	return row.Show(number, names[row.AuthorID]), true
}

package readmodels

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"helpdesk/domain"
	"helpdesk/domain/email"
	"helpdesk/domain/ticket"
	"helpdesk/eventstore"
	"helpdesk/eventstore/follow"
	"helpdesk/projections/emails"
	"helpdesk/projections/view"
	"helpdesk/test/keys"
	"helpdesk/test/kit"
)

// tables are the read models as rows, each in the order of its key.
type tables struct {
	tickets   []view.TicketRow
	history   []intervalRow
	comments  []view.CommentRow
	files     []view.AttachmentRow
	users     []view.UserRow
	emails    []emails.Email
	mailboxes []view.Mailbox
	messages  []view.Message
	reported
}

// fold works out the read models from the log the plainest way: stream by
// stream, each column by what it is said to mean.
func fold(log []eventstore.Envelope) (tables, map[uuid.UUID]ticket.State) {
	var all tables
	states := map[uuid.UUID]ticket.State{}
	streams := map[uuid.UUID][]eventstore.Envelope{}
	for _, e := range log {
		streams[e.StreamID] = append(streams[e.StreamID], e)
	}
	for id, events := range streams {
		switch events[0].StreamType {
		case domain.UserStream:
			all.users = append(all.users, foldOneUser(id, events))
			continue
		case domain.EmailStream:
			all.emails = append(all.emails, foldOneEmail(id, events))
			continue
		case domain.MailboxStream:
			all.mailboxes = append(all.mailboxes, foldOneMailbox(id, events))
			continue
		case domain.MessageStream:
			all.messages = append(all.messages, foldOneMessage(id, events))
			continue
		}
		var s ticket.State
		for _, e := range events {
			s = ticket.Evolve(s, e.Event)
		}
		states[id] = s
		all.measures = append(all.measures, foldMeasures(id, events))
		all.facts = append(all.facts, foldFacts(events)...)
		all.history = append(all.history, foldIntervals(id, events)...)
		if s.Exists {
			all.tickets = append(all.tickets, foldOneTicket(id, s, events))
			all.comments = append(all.comments, foldComments(id, s, events)...)
			all.files = append(all.files, foldFiles(id, s, events)...)
		}
	}
	all.sum()
	slices.SortFunc(all.mailboxes, func(a, b view.Mailbox) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	slices.SortFunc(all.messages, func(a, b view.Message) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	slices.SortFunc(all.tickets, func(a, b view.TicketRow) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	slices.SortFunc(all.history, func(a, b intervalRow) int { return cmp.Compare(a.Position, b.Position) })
	slices.SortFunc(all.comments, func(a, b view.CommentRow) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	slices.SortFunc(all.files, func(a, b view.AttachmentRow) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	slices.SortFunc(all.emails, func(a, b emails.Email) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	slices.SortFunc(all.users, func(a, b view.UserRow) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	return all, states
}

// last returns when the newest event of that type occurred, nil when none did
// or one of the undoing types came after it.
func last(events []eventstore.Envelope, name string, undone ...string) *time.Time {
	var at *time.Time
	for _, e := range events {
		if e.Type == name {
			at = ptr(e.OccurredAt)
		} else if slices.Contains(undone, e.Type) {
			at = nil
		}
	}
	return at
}

func foldOneTicket(id uuid.UUID, s ticket.State, events []eventstore.Envelope) view.TicketRow {
	newest := events[len(events)-1]
	row := view.TicketRow{
		ID: id, Number: s.Number, Title: s.Title, Description: s.Description,
		Priority: s.Priority, PriorityRank: s.Priority.Rank(), Status: s.Status,
		CreatedBy: s.CreatedBy.UUID, OpenedBy: s.OpenedBy.UUID,
		CreatedAt: events[0].OccurredAt, UpdatedAt: newest.OccurredAt, Version: len(events), Position: newest.Position,
		ResolvedAt:  last(events, "ticket.resolved", "ticket.reopened"),
		ClosedAt:    last(events, "ticket.closed", "ticket.reopened"),
		EscalatedAt: last(events, "ticket.escalated"),
	}
	if !s.AssignedTo.IsZero() {
		row.AssignedTo = &s.AssignedTo.UUID
	}
	for _, f := range s.Attachments {
		if f.Internal {
			row.InternalFiles++
		} else {
			row.PublicFiles++
		}
	}
	row.Attached = last(events, "ticket.attachment_added") != nil
	for _, c := range s.Comments {
		if c.Internal {
			row.InternalComments++
		} else {
			row.PublicComments++
		}
	}
	for _, e := range events {
		c, ok := e.Event.(ticket.CommentAdded)
		if ok && !c.Internal && c.Author != s.CreatedBy && row.FirstResponseAt == nil {
			row.FirstResponseAt = ptr(e.OccurredAt)
		}
	}
	row.Reply = unanswered(s.CreatedBy, events)
	row.NoteEvents, row.PublicUpdatedAt = noteEvents(events), publicUpdate(events)
	return row
}

// publicUpdate returns when the newest event occurred that is about no note, nil where
// that is the newest of all.
func publicUpdate(events []eventstore.Envelope) *time.Time {
	for i, e := range slices.Backward(events) {
		if noteEvents(events[:i+1]) > noteEvents(events[:i]) {
			continue
		}
		if i == len(events)-1 {
			return nil
		}
		return ptr(e.OccurredAt)
	}
	return nil
}

// unanswered returns the newest public comment of the requester, nil where it was
// removed or something was done about it.
func unanswered(requester domain.UserID, events []eventstore.Envelope) *uuid.UUID {
	for _, e := range slices.Backward(events) {
		switch d := e.Event.(type) {
		case ticket.Resolved, ticket.Closed:
			return nil
		case ticket.CommentAdded:
			removed := func(e eventstore.Envelope) bool {
				r, ok := e.Event.(ticket.CommentRemoved)
				return ok && r.CommentID == d.CommentID
			}
			switch {
			case d.Internal:
			case d.Author == requester && !slices.ContainsFunc(events, removed):
				return &d.CommentID.UUID
			default:
				return nil
			}
		}
	}
	return nil
}

// noteEvents counts the events that are about internal notes.
func noteEvents(events []eventstore.Envelope) (n int) {
	notes, of := map[ticket.CommentID]bool{}, map[ticket.AttachmentID]ticket.CommentID{}
	for _, e := range events {
		switch d := e.Event.(type) {
		case ticket.CommentAdded:
			if notes[d.CommentID] = d.Internal; d.Internal {
				n++
			}
		case ticket.CommentEdited:
			if notes[d.CommentID] && d.Internal { // one that was stored before says nothing
				n++
			}
		case ticket.CommentRemoved:
			if notes[d.CommentID] {
				n++
			}
		case ticket.AttachmentAdded:
			of[d.AttachmentID] = d.CommentID
			if notes[d.CommentID] {
				n++
			}
		case ticket.AttachmentRemoved:
			if notes[of[d.AttachmentID]] {
				n++
			}
		}
	}
	return n
}

func foldComments(id uuid.UUID, s ticket.State, events []eventstore.Envelope) (rows []view.CommentRow) {
	for commentID, c := range s.Comments {
		row := view.CommentRow{ID: commentID.UUID, TicketID: id, AuthorID: c.Author.UUID, Text: c.Text, Internal: c.Internal}
		for _, e := range events {
			switch d := e.Event.(type) {
			case ticket.CommentAdded:
				if d.CommentID == commentID {
					row.CreatedAt = e.OccurredAt
				}
			case ticket.CommentEdited:
				if d.CommentID == commentID {
					row.EditedAt = ptr(e.OccurredAt)
				}
			}
		}
		rows = append(rows, row)
	}
	return rows
}

// foldFiles returns the files of a ticket, but for those of comments that are not there.
func foldFiles(id uuid.UUID, s ticket.State, events []eventstore.Envelope) (rows []view.AttachmentRow) {
	for i, e := range events {
		d, ok := e.Event.(ticket.AttachmentAdded)
		if _, there := s.Comments[d.CommentID]; !ok || (!there && d.CommentID != ticket.CommentID{}) {
			continue
		}
		row := view.AttachmentRow{
			ID: d.AttachmentID.UUID, TicketID: id, Filename: d.Filename, ContentType: d.ContentType, DeclaredType: d.DeclaredType,
			Size: d.Size, Digest: d.Digest, AddedBy: d.AddedBy.UUID, Internal: d.Internal, Scanned: d.Scanned, CreatedAt: e.OccurredAt,
		}
		if (d.CommentID != ticket.CommentID{}) {
			row.CommentID = &d.CommentID.UUID
		}
		for _, later := range events[i:] {
			if gone, ok := later.Event.(ticket.AttachmentRemoved); ok && gone.AttachmentID == d.AttachmentID {
				row.RemovedAt = ptr(later.OccurredAt)
			}
		}
		rows = append(rows, row)
	}
	return rows
}

func foldOneEmail(id uuid.UUID, events []eventstore.Envelope) emails.Email {
	var s email.State
	for _, e := range events {
		s = email.Evolve(s, e.Event)
	}
	newest := events[len(events)-1]
	row := emails.Email{
		ID: id, Kind: s.Kind, TicketID: s.TicketID, TicketNumber: s.TicketNumber, CauseVersion: s.CauseVersion,
		RecipientID: s.Recipient.UUID, Address: s.Address, Status: s.Status, Attempts: s.Attempts,
		QueuedAt: events[0].OccurredAt, SentAt: last(events, "email.sent"), UpdatedAt: newest.OccurredAt, Version: len(events), Position: newest.Position,
	}
	switch e := newest.Event.(type) {
	case email.Postponed:
		row.Error, row.RetryAt = &e.Error, &e.RetryAt
	case email.Failed:
		row.Error = &e.Error
	case email.Doubted:
		row.Error = &e.Error
	case email.Digested:
		row.DigestID = &e.Digest.UUID
	case email.Cancelled:
		row.Error = ptr(e.Reason.String())
	}
	return row
}

// tables returns the read models as they stand.
func (d *models) tables(t testing.TB) tables {
	t.Helper()
	return tables{
		tickets:   all[view.TicketRow](t, d, `SELECT * FROM read.tickets ORDER BY id`),
		history:   all[intervalRow](t, d, `SELECT * FROM read.ticket_history ORDER BY position`),
		comments:  all[view.CommentRow](t, d, `SELECT * FROM read.comments ORDER BY id`),
		files:     all[view.AttachmentRow](t, d, `SELECT * FROM read.attachments ORDER BY id`),
		users:     all[view.UserRow](t, d, `SELECT * FROM read.users ORDER BY id`),
		emails:    all[emails.Email](t, d, `SELECT * FROM read.emails ORDER BY id`),
		mailboxes: all[view.Mailbox](t, d, `SELECT * FROM read.mailboxes ORDER BY id`),
		messages:  all[view.Message](t, d, `SELECT * FROM read.inbound_messages ORDER BY id`),
		reported:  d.reported(t),
	}
}

func all[R any](t testing.TB, d *models, q string) []R {
	t.Helper()
	rows, _ := d.Pool.Query(kit.Context(t), q) // CollectRows returns its error
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[R])
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func (d *models) checkTables(t *testing.T) {
	t.Helper()
	want, _ := fold(d.log(t))
	got := d.tables(t)
	for name, diff := range map[string]string{
		"tickets":         gocmp.Diff(want.tickets, got.tickets, cmpopts.EquateEmpty()),
		"ticket_history":  gocmp.Diff(want.history, got.history, cmpopts.EquateEmpty()),
		"comments":        gocmp.Diff(want.comments, got.comments, cmpopts.EquateEmpty()),
		"attachments":     gocmp.Diff(want.files, got.files, cmpopts.EquateEmpty()),
		"users":           gocmp.Diff(want.users, got.users, cmpopts.EquateEmpty()),
		"emails":          gocmp.Diff(want.emails, got.emails, cmpopts.EquateEmpty()),
		"mailboxes":       gocmp.Diff(want.mailboxes, got.mailboxes, cmpopts.EquateEmpty()),
		"messages":        gocmp.Diff(want.messages, got.messages, cmpopts.EquateEmpty()),
		"ticket_facts":    gocmp.Diff(want.facts, got.facts, cmpopts.EquateEmpty()),
		"ticket_measures": gocmp.Diff(want.measures, got.measures, cmpopts.EquateEmpty()),
		"ticket_counts":   gocmp.Diff(want.counts, got.counts, cmpopts.EquateEmpty(), gocmp.AllowUnexported(ticketCount{}, ticketCountKey{})),
		"wait_counts":     gocmp.Diff(want.waits, got.waits, cmpopts.EquateEmpty(), gocmp.AllowUnexported(waitCount{}, waitCountKey{})),
		"agent_counts":    gocmp.Diff(want.agents, got.agents, cmpopts.EquateEmpty(), gocmp.AllowUnexported(agentCount{})),
	} {
		if diff != "" {
			t.Errorf("read.%s (-fold of the log +table):\n%s", name, diff)
		}
	}
	d.checkSearched(t, want)
}

func TestReadModelsEqualAFoldOfTheLog(t *testing.T) {
	t.Parallel()
	for _, pageSize := range []int{1, 7, 1000} {
		for _, when := range []string{"while it grows", "once it is there"} {
			t.Run(fmt.Sprintf("pages of %d, %s", pageSize, when), func(t *testing.T) {
				t.Parallel()
				d := newModels(t)
				d.register(t)
				c := newCrowd(d, uint64(pageSize)+uint64(len(when)))
				var fresh *follow.Freshness
				if when == "while it grows" {
					fresh = d.follow(t, pageSize)
				}
				for range 400 {
					c.act(t)
				}
				if c.written < 150 || c.restored == 0 {
					t.Fatalf("only %d commands changed anything, %d tickets were restored", c.written, c.restored)
				}
				if fresh == nil {
					fresh = d.follow(t, pageSize)
				}
				d.project(t, fresh)
				d.checkTables(t)
			})
		}
	}
}

func TestEveryEventTypeHasAProjector(t *testing.T) {
	t.Parallel()
	wanted := map[string]bool{}
	var names []string
	for _, f := range projected() {
		names = append(names, f.Name)
		for _, name := range f.Types {
			wanted[name] = true
		}
	}
	for name := range keys.Plain().Types() {
		// Who came in is read from the log: nobody is to wait for a record of it.
		if of := strings.HasPrefix(name, string(domain.AccessStream)+"."); wanted[name] == of {
			t.Errorf("%s: wanted by a projection: %t", name, wanted[name])
		}
	}
	if len(names) != len(slices.Compact(slices.SortedFunc(slices.Values(names), cmp.Compare[string]))) {
		t.Errorf("two projections have one name: %v", names)
	}
}

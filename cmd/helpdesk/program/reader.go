package program

import (
	"github.com/jackc/pgx/v5/pgxpool"

	"helpdesk/projections/attachments"
	"helpdesk/projections/comments"
	"helpdesk/projections/emails"
	"helpdesk/projections/mailboxes"
	"helpdesk/projections/messages"
	"helpdesk/projections/people"
	"helpdesk/projections/reports"
	"helpdesk/projections/tickets"
)

// Reader is the queries on all projections of what is there now: each resource and
// each section declares which of them it needs.
type Reader struct {
	*ticketReader
	*commentReader
	*attachmentReader
	*peopleReader
	*emailReader
	*mailboxReader
	*messageReader
	*reportReader
}

type (
	ticketReader     = tickets.Reader
	commentReader    = comments.Reader
	attachmentReader = attachments.Reader
	peopleReader     = people.Reader
	emailReader      = emails.Reader
	mailboxReader    = mailboxes.Reader
	messageReader    = messages.Reader
	reportReader     = reports.Reader
)

// NewReader makes the queries on a pool.
func NewReader(pool *pgxpool.Pool) Reader {
	return Reader{
		tickets.NewReader(pool), comments.NewReader(pool), attachments.NewReader(pool), people.NewReader(pool), emails.NewReader(pool),
		mailboxes.NewReader(pool), messages.NewReader(pool), reports.NewReader(pool),
	}
}

package serve

import (
	"github.com/jackc/pgx/v5/pgxpool"

	"helpdesk/projections/comments"
	"helpdesk/projections/emails"
	"helpdesk/projections/people"
	"helpdesk/projections/reports"
	"helpdesk/projections/tickets"
)

// reader is the queries of all projections of what is there now.
type reader struct {
	*ticketReader
	*commentReader
	*peopleReader
	*emailReader
	*reportReader
}

type (
	ticketReader  = tickets.Reader
	commentReader = comments.Reader
	peopleReader  = people.Reader
	emailReader   = emails.Reader
	reportReader  = reports.Reader
)

func newReader(pool *pgxpool.Pool) reader {
	return reader{
		tickets.NewReader(pool), comments.NewReader(pool), people.NewReader(pool), emails.NewReader(pool), reports.NewReader(pool),
	}
}

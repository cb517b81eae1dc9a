// Package inbound is email that comes in: the ledger of messages, where admins act and
// auditors look, and the mailboxes, which admins configure.
package inbound

import (
	"context"

	"github.com/google/uuid"

	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/domain/mailbox"
	"helpdesk/projections"
	"helpdesk/projections/messages"
	"helpdesk/projections/view"
	"helpdesk/web"
)

// Reader reads messages, mailboxes and the tickets that messages are in; see
// [projections.Reader].
type Reader interface {
	Messages(ctx context.Context, f messages.Filter, p projections.Page) (projections.Slice[view.Message], error)
	Mailboxes(ctx context.Context, active *bool, p projections.Page) (projections.Slice[view.Mailbox], error)
	Mailbox(ctx context.Context, id mailbox.ID) (view.Mailbox, error)
	TicketsByID(ctx context.Context, viewer domain.Actor, ids []uuid.UUID) (map[uuid.UUID]view.Ticket, error)
}

// Passwords seals the passwords of mailboxes; see [inbound.Passwords].
type Passwords interface {
	Seal(ctx context.Context, id mailbox.ID, password string) ([]byte, error)
}

// Section is the pages of this package. All fields are needed.
type Section struct {
	App       *commands.App
	Read      Reader
	Passwords Passwords
	// Check looks at the folder of a mailbox on its server, and returns how many messages
	// are in it; see [imap.Check].
	Check func(ctx context.Context, id mailbox.ID) (messages uint32, err error)
}

// Where the pages are.
const (
	messagesPath  = web.Root + "inbound/"
	mailboxesPath = web.Root + "mailboxes/"
)

// Pages returns the pages and forms of the section.
func (s *Section) Pages() []web.Page {
	return []web.Page{
		web.Get("inbound", web.Overseers, s.showMessages).InMenu(35, "Inbound mail"),
		web.Post("inbound/:id/:verb", web.Admins, s.decide),
		web.Get("mailboxes", web.Admins, s.showMailboxes),
		web.Post("mailboxes", web.Admins, s.add),
		web.Get("mailboxes/:id", web.Admins, s.showMailbox),
		web.Post("mailboxes/:id", web.Admins, s.change),
		web.Post("mailboxes/:id/activity", web.Admins, s.changeActivity),
		web.Post("mailboxes/:id/imap", web.Admins, s.changeIMAP),
		web.Post("mailboxes/:id/check", web.Admins, s.check),
	}
}

package tickets

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/domain/ticket"
	"helpdesk/projections"
	"helpdesk/projections/view"
	"helpdesk/web"
)

// deletedView is what the page of a deleted ticket says of that.
type deletedView struct {
	Summary  string
	At       time.Time
	Version  int
	Newest   int  // version of the ticket
	Restores bool // the visitor may
}

func (s *Section) deleteTicket(v *web.Visit) (web.Reply, error) {
	r, err := s.change(v, "deleted", func(t view.Ticket) error {
		out, err := v.CarryOut(func(r commands.Request) (commands.Outcome, error) {
			return s.App.Tickets.Do(v.Context(), r, ticket.ID{UUID: t.ID}, ticket.DeleteTicket{By: ticket.By{Actor: v.Actor}})
		})
		var undo []string
		if v.Actor.Admin() {
			undo = append(undo, fmt.Sprintf("%d:%d", t.Number, out.Version))
		}
		if err == nil {
			v.Tell("Ticket deleted.", undo...)
		}
		return err
	})
	if err != nil || r.IsPage() {
		return r, err
	}
	return web.Redirect(web.QueuePath), nil
}

// deletedPage shows a ticket that was deleted, as it was last or at the version that the
// address names, to those who see its history.
func deletedPage(s *Section, v *web.Visit) (web.Reply, error) {
	id, err := s.App.TicketNamed(v.Context(), v.Param("ticket"))
	if err != nil {
		return web.Reply{}, err
	}
	deleted, err := deletion(s, v, id)
	if err != nil {
		return web.Reply{}, err
	}
	page := ticketView{Command: web.NewCommand(), Loaded: web.Stamp(v.Now()), Staff: true, Deleted: &deleted}
	page.ID, page.Version = id.UUID, deleted.Newest
	version := page.Deleted.Version - 1
	if text := v.Request.URL.Query().Get("version"); text != "" {
		asked, err := parseVersion(text)
		if err != nil {
			return web.Reply{}, err
		}
		version = min(version, asked)
	}
	return s.pastPage(v, page, version)
}

// deletion returns how a ticket was deleted that is so, to those who see its history.
func deletion(s *Section, v *web.Visit, id ticket.ID) (d deletedView, err error) {
	newest := projections.Page{Size: historyPage, Cursor: &projections.Cursor{Key: strconv.FormatInt(math.MaxInt64, 10), Back: true}}
	history, err := s.History.Ticket(v.Context(), v.Actor, id, newest)
	if err != nil {
		return d, err
	}
	for _, e := range history.Items {
		if isEmail(e) {
			continue
		}
		d.Newest = e.Version
		if e.Type == (ticket.Deleted{}).EventType() {
			d.Summary, d.At, d.Version, d.Restores = e.Summary, e.OccurredAt, e.Version, v.Actor.Admin()
		}
	}
	if d.Version == 0 {
		return d, domain.ErrNotFound
	}
	return d, nil
}

// restore takes a deleted ticket back. Its page says what became of that.
func (s *Section) restore(v *web.Visit) (web.Reply, error) {
	id, err := s.App.TicketNamed(v.Context(), v.Param("ticket"))
	if err != nil {
		return web.Reply{}, err
	}
	_, err = v.CarryOut(func(r commands.Request) (commands.Outcome, error) {
		return s.App.Tickets.Do(v.Context(), r, id, ticket.RestoreTicket{By: ticket.By{Actor: v.Actor}})
	})
	switch f := web.FaultOf(err); {
	case err == nil:
		v.Tell("Ticket restored.")
	case f == nil:
		return web.Reply{}, err
	default:
		v.Tell(f.Message)
	}
	return web.Redirect(web.QueuePath + v.Param("ticket") + "/"), nil
}

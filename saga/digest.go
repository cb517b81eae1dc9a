package saga

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/google/uuid"

	"helpdesk/domain/email"
)

// ticketsAtOnce is how many tickets a digest reads at a time, which may be long.
const ticketsAtOnce = 16

// await has a digest that finds no room wait for it, seen in the log.
func (m *Sender) await(ctx context.Context, t attempt, p place) error {
	if err := m.queue(ctx, t); err != nil {
		return err
	}
	return &postponed{wait: p.Wait, why: errors.New("the recipient has had as many emails within the hour as they may")}
}

// digest ends an email that is too many, of which a digest tells.
func (m *Sender) digest(ctx context.Context, t attempt, in uuid.UUID) error {
	_, err := m.log(t)(ctx, t.request, t.id, email.Gather{By: by(), Email: t.email, Digest: email.ID{UUID: in}})
	return err
}

// told returns what a digest tells of: of each ticket once, what holds of it now. An email
// that ended otherwise after it was noted is not among it.
func (m *Sender) told(ctx context.Context, d draft) ([]email.Told, error) {
	gathered, err := m.room.gathered(ctx, d.id.UUID)
	if err != nil {
		return nil, err
	}
	ids := make([]uuid.UUID, len(gathered))
	for i, n := range gathered {
		ids[i] = n.id
	}
	found, err := m.load(ctx, ids...)
	if err != nil {
		return nil, err
	}
	of := map[uuid.UUID][]draft{} // by ticket
	var tickets []uuid.UUID
	for _, n := range gathered {
		s := emailOf(found[n.id])
		if !s.Exists {
			s = email.Evolve(s, n.email)
		}
		if !s.Waits() && s.Status != email.StatusDigested {
			continue
		}
		if of[s.TicketID] == nil {
			tickets = append(tickets, s.TicketID)
		}
		of[s.TicketID] = append(of[s.TicketID], draft{id: email.ID{UUID: n.id}, state: s, email: s.Queued, to: d.to})
	}
	var all []email.Told
	for some := range slices.Chunk(tickets, ticketsAtOnce) {
		found, err := m.load(ctx, some...)
		if err != nil {
			return nil, err
		}
		for _, id := range some {
			told, err := toldOf(of[id], found)
			if err != nil {
				return nil, err
			}
			if len(told.News) > 0 {
				all = append(all, told)
			}
		}
	}
	slices.SortFunc(all, func(a, b email.Told) int { return cmp.Compare(a.Ticket.Number, b.Ticket.Number) })
	return all, nil
}

// toldOf returns what a digest tells of a ticket, by the emails that would have; no news
// where none of them holds.
func toldOf(emails []draft, found streams) (told email.Told, err error) {
	slices.SortFunc(emails, func(a, b draft) int { return cmp.Compare(a.email.CauseVersion, b.email.CauseVersion) })
	for _, d := range emails {
		c := SendEmail{TicketID: d.email.TicketID, CauseVersion: d.email.CauseVersion}
		if d.told, err = tell(c, found[d.email.TicketID]); err != nil {
			return told, err
		}
		if d.moot() == "" && !slices.Contains(told.News, d.email.Kind) {
			told.News = append(told.News, d.email.Kind)
		}
		told.Ticket = email.Ticket{ID: d.email.TicketID, Number: d.ticket.Number, Title: d.ticket.Title, Status: string(d.ticket.Status)}
	}
	return told, nil
}

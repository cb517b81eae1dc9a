package inbound

import (
	"slices"

	"github.com/google/uuid"

	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/domain/message"
	"helpdesk/projections"
	"helpdesk/projections/messages"
	"helpdesk/projections/view"
	"helpdesk/web"
)

// messagesPage is how many messages a page lists.
const messagesPage = 50

// attention are the verdicts on messages that somebody should look at.
var attention = []message.Verdict{message.Quarantined, message.Unreadable, message.TooLarge, message.Loop}

// set is the verdicts that one link of the ledger stands for.
type set struct {
	key, label string
	verdicts   []message.Verdict
}

func sets() []set {
	all := []set{{"", "needs attention", attention}}
	for _, v := range message.Verdicts() {
		all = append(all, set{string(v), verdictWord(v), []message.Verdict{v}})
	}
	return append(all, set{"all", "all", nil})
}

// messagesView is the ledger of messages.
type messagesView struct {
	Sets           []web.Tab
	Shown          string // key of the set
	Messages       []view.Message
	Tickets        map[uuid.UUID]view.Ticket
	MayDecide      bool
	Command        string
	Previous, Next string // addresses; "" for none
	Fault          *web.Fault
}

func (s *Section) showMessages(v *web.Visit) (web.Reply, error) { return s.messages(v, nil) }

func (s *Section) messages(v *web.Visit, wrong *web.Fault) (web.Reply, error) {
	params := v.Request.URL.Query()
	out := messagesView{Shown: params.Get("verdict"), MayDecide: v.Actor.Admin(), Command: web.NewCommand(), Fault: wrong}
	all := sets()
	at := slices.IndexFunc(all, func(one set) bool { return one.key == out.Shown })
	if at < 0 {
		return web.Reply{}, web.ErrNoSuchFilter
	}
	for _, one := range all {
		out.Sets = append(out.Sets, web.Tab{Label: one.label, To: web.Address(messagesPath, "verdict", one.key), Current: one.key == out.Shown})
	}
	scope := "messages\x00" + out.Shown
	page, err := v.PageAt(scope, params.Get("cursor"), messagesPage)
	if err != nil {
		return web.Reply{}, err
	}
	slice, err := s.Read.Messages(v.Context(), messages.Filter{Verdicts: all[at].verdicts}, page)
	if err != nil {
		return web.Reply{}, err
	}
	out.Messages = slice.Items
	if out.Tickets, err = s.Read.TicketsByID(v.Context(), v.Actor, ticketsOf(slice)); err != nil {
		return web.Reply{}, err
	}
	out.Previous, out.Next, err = v.Around(scope, slice.Previous, slice.Next, func(cursor string) string {
		return web.Address(messagesPath, "verdict", out.Shown, "cursor", cursor)
	})
	return web.Show("Inbound mail", messagesPageOf(out)).With(wrong), err
}

// ticketsOf returns the tickets that messages are in, each once.
func ticketsOf(slice projections.Slice[view.Message]) (ids []uuid.UUID) {
	for _, m := range slice.Items {
		if m.Ticket != nil && !slices.Contains(ids, *m.Ticket) {
			ids = append(ids, *m.Ticket)
		}
	}
	return ids
}

// decide carries out what an admin decides of a message.
func (s *Section) decide(v *web.Visit) (web.Reply, error) {
	id, err := v.PathID()
	if err != nil {
		return web.Reply{}, err
	}
	by := message.By{Actor: v.Actor}
	var command message.Command
	done := "The message will be judged in a moment."
	switch v.Param("verb") {
	case "release":
		command = message.Release{By: by}
	case "reprocess":
		command = message.Reprocess{By: by}
	case "discard":
		command, done = message.Discard{By: by, Reason: v.Form.Text("reason")}, "The message is set aside."
	default:
		return web.Reply{}, domain.ErrNotFound
	}
	_, err = v.CarryOut(func(r commands.Request) (commands.Outcome, error) {
		return s.App.Messages.Do(v.Context(), r, message.ID{UUID: id}, command)
	})
	if f := web.FaultOf(err); f != nil {
		return s.messages(v, f)
	}
	if err != nil {
		return web.Reply{}, err
	}
	v.Tell(done)
	return web.Redirect(web.Address(messagesPath, "verdict", v.Request.URL.Query().Get("verdict"))), nil
}

// verdictWord returns a verdict as people read it.
func verdictWord(v message.Verdict) string {
	switch v {
	case "":
		return "not judged yet"
	case message.NewTicket:
		return "new ticket"
	case message.FollowUp:
		return "follow-up"
	case message.AutoReply:
		return "automatic reply"
	case message.DelayNotice:
		return "delay notice"
	case message.Quarantined:
		return "in quarantine"
	case message.TooLarge:
		return "too large"
	}
	return string(v)
}

// glyph returns the sign of a verdict.
func glyph(v message.Verdict) string {
	switch {
	case slices.Contains(attention, v):
		return "escalated"
	case v == "":
		return "in-progress"
	case (message.Judged{Verdict: v}).Joins():
		return "resolved"
	}
	return "closed"
}

// decidable reports whether nothing came of a message, so that an admin may set it aside or
// have it judged once more.
func decidable(m view.Message) bool {
	return m.Verdict != "" && m.Email == nil && !(message.Judged{Verdict: m.Verdict}).Joins()
}

// fromOf returns whom a message is from, or what stands for nobody.
func fromOf(m view.Message) string {
	if m.From == "" {
		return "(no address)"
	}
	return m.From
}

package demo

import (
	"encoding/binary"
	"iter"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/google/uuid"

	"helpdesk/commands"
	"helpdesk/domain"
	"helpdesk/domain/ticket"
)

// Ticket is the whole history of a ticket, in order of time.
type Ticket struct {
	ID   ticket.ID
	Past []commands.Past
}

// waiting returns how many of the newest of n tickets nobody has taken up yet.
func waiting(n int) int { return min(12, n/4) }

// Tickets makes up n tickets of the year that ends at end, in the order they
// were opened. people are those that [People] returns. The newest wait for somebody,
// and of those before them each agent has one in hand, as far as half of them go, and the
// admin. Of both the first requester has one.
func Tickets(end time.Time, people []Person, n int) iter.Seq[Ticket] {
	var staff, others []Person
	for _, p := range people {
		switch p.Role {
		case domain.RoleAgent:
			staff = append(staff, p)
		case domain.RoleUser:
			others = append(others, p)
		}
	}
	workers := slices.Concat(staff[:1], people[:1], staff[1:])
	return func(yield func(Ticket) bool) {
		for i, at := range openings(end, n) {
			s := &story{
				Rand: rand.New(rand.NewPCG(seed, uint64(i)+2)), end: end, now: at, admin: people[0], agents: staff, requesters: others,
			}
			told, newer := s.tell, n-1-i
			switch inHand := newer - waiting(n); {
			case newer >= n/2:
			case inHand < 0:
				told = s.tellWaiting
			case inHand < len(workers):
				told = func() Ticket { return s.tellInHand(workers[inHand]) }
			}
			if inHand := newer - waiting(n); newer < n/2 && (inHand == -1 || inHand == 0) {
				s.asks = &others[0]
			}
			if !yield(told()) {
				return
			}
		}
	}
}

// waits is how long a ticket of a priority waits before it escalates (seed
// README), pickedUp how long it takes an agent to take it, and solved how long
// then to solve it, in office time.
var (
	waits    = map[ticket.Priority]time.Duration{ticket.High: time.Hour, ticket.Medium: 4 * time.Hour, ticket.Low: 24 * time.Hour}
	pickedUp = map[ticket.Priority]time.Duration{ticket.High: 12 * time.Minute, ticket.Medium: 70 * time.Minute, ticket.Low: 4 * time.Hour}
	solved   = map[ticket.Priority]time.Duration{ticket.High: 2 * time.Hour, ticket.Medium: 6 * time.Hour, ticket.Low: 14 * time.Hour}
)

// story is what becomes of one ticket. Its time only goes forward.
type story struct {
	*rand.Rand
	end        time.Time
	now        time.Time
	admin      Person
	agents     []Person
	requesters []Person
	asks       *Person // the requester; nil: whoever comes

	matter    matter
	priority  ticket.Priority
	requester Person
	agent     Person
	past      []commands.Past
}

// tell makes the whole story, and cuts off what would be after the end.
func (s *story) tell() Ticket {
	id := ticket.ID{UUID: s.id()}
	s.open()
	if s.chance(0.004) {
		s.later(about(s.Rand, time.Hour))
		s.do(s.admin, func(by ticket.By) ticket.Command { return ticket.DeleteTicket{By: by} })
		return s.ticket(id)
	}
	s.takeUp(s.someAgent())
	if s.chance(0.006) { // it was forgotten
		return s.ticket(id)
	}
	s.work()
	for s.chance(0.07) {
		s.comeBack()
		s.work()
	}
	s.close()
	return s.ticket(id)
}

func (s *story) ticket(id ticket.ID) Ticket {
	past := s.past
	for len(past) > 1 && past[len(past)-1].At.After(s.end) {
		past = past[:len(past)-1]
	}
	return Ticket{ID: id, Past: past}
}

func (s *story) open() {
	s.requester, s.matter, s.priority = pick(s.Rand, s.requesters), pick(s.Rand, matters), s.somePriority()
	if s.asks != nil {
		s.requester = *s.asks
	}
	s.do(s.requester, func(by ticket.By) ticket.Command {
		return ticket.OpenTicket{
			By: by, Title: s.fill(pick(s.Rand, s.matter.titles)), Priority: s.priority,
			Description: s.fill(pick(s.Rand, s.matter.details) + " " + pick(s.Rand, effects)),
		}
	})
}

func (s *story) somePriority() ticket.Priority {
	switch x := s.Float64(); {
	case x < 0.13:
		return ticket.High
	case x < 0.45:
		return ticket.Medium
	}
	return ticket.Low
}

// tellWaiting makes the story of a ticket that nobody has taken up yet.
func (s *story) tellWaiting() Ticket {
	id := ticket.ID{UUID: s.id()}
	s.open()
	s.waitUntil(s.end)
	return s.ticket(id)
}

// tellInHand makes the story of a ticket that an agent works on at the end.
func (s *story) tellInHand(agent Person) Ticket {
	id := ticket.ID{UUID: s.id()}
	s.open()
	s.takeUp(agent)
	s.working(solved[s.priority] / 6)
	s.comment(s.agent, pick(s.Rand, questions), false)
	return s.ticket(id)
}

// takeUp gives the ticket to an agent, before the end.
func (s *story) takeUp(agent Person) {
	s.agent = agent
	at := atWork(s.now, about(s.Rand, pickedUp[s.priority]))
	if at.After(s.end) && !s.now.After(s.end) {
		at = s.now.Add(s.end.Sub(s.now) / 2)
	}
	s.waitUntil(at)
	s.assign(s.agent)
	s.later(about(s.Rand, 4*time.Minute))
	s.change(s.agent, ticket.StatusInProgress, "")
}

// waitUntil lets time pass without anybody, so that a ticket escalates where that
// takes too long.
func (s *story) waitUntil(at time.Time) {
	if late := s.now.Add(waits[s.priority]); late.Before(at) {
		s.now = late
		s.do(Person{}, func(by ticket.By) ticket.Command {
			return ticket.ChangeStatus{By: by, To: ticket.StatusEscalated, Reason: "nobody began work in time"}
		})
	}
	s.now = at
}

// someAgent prefers the first of the agents: some are on the desk every day,
// others now and then.
func (s *story) someAgent() Person {
	return s.agents[min(s.IntN(len(s.agents)), s.IntN(len(s.agents)))]
}

// work is what agent and requester say to each other until it is solved.
func (s *story) work() {
	mean := solved[s.priority] / 3
	s.working(mean / 2)
	s.comment(s.agent, pick(s.Rand, questions), false)
	if s.chance(0.55) {
		s.working(mean / 2)
		s.comment(s.requester, pick(s.Rand, replies), false)
	}
	if s.chance(0.2) {
		s.working(mean / 4)
		s.comment(s.agent, pick(s.Rand, notes), true)
	}
	if s.chance(0.06) {
		s.reprioritise()
	}
	if s.chance(0.09) {
		s.handOver()
	}
	s.working(mean)
	s.comment(s.agent, pick(s.Rand, s.matter.answers), false)
	s.later(about(s.Rand, 2*time.Minute))
	s.change(s.agent, ticket.StatusResolved, pick(s.Rand, s.matter.reasons))
}

func (s *story) reprioritise() {
	other := pick(s.Rand, []ticket.Priority{ticket.Low, ticket.Medium, ticket.High})
	if other == s.priority {
		return
	}
	s.priority = other
	s.do(s.agent, func(by ticket.By) ticket.Command { return ticket.EditTicket{By: by, Priority: &other} })
}

func (s *story) handOver() {
	next := s.someAgent()
	if next.ID == s.agent.ID {
		return
	}
	s.comment(s.agent, "Handing this over to "+next.FirstName+", who knows "+s.matter.name+" better.", true)
	s.later(about(s.Rand, time.Minute))
	s.assign(next)
	s.agent = next
}

// comeBack opens the ticket again.
func (s *story) comeBack() {
	s.now = atWork(s.now, about(s.Rand, 6*time.Hour))
	s.comment(s.requester, pick(s.Rand, complaints), false)
	s.later(about(s.Rand, time.Minute))
	s.change(s.requester, ticket.StatusOpen, "")
	s.later(about(s.Rand, 20*time.Minute))
	s.change(s.agent, ticket.StatusInProgress, "")
}

// close is by the requester, or by the agent after some days, or left undone.
func (s *story) close() {
	switch x := s.Float64(); {
	case x < 0.5:
		s.working(3 * time.Hour)
		if s.chance(0.4) {
			s.comment(s.requester, pick(s.Rand, thanks), false)
			s.later(about(s.Rand, time.Minute))
		}
		s.change(s.requester, ticket.StatusClosed, "")
	case x < 0.92:
		s.working(30 * time.Hour)
		s.change(s.agent, ticket.StatusClosed, "no answer for some days")
	}
}

// later and working let time pass, working in office hours alone.
func (s *story) later(d time.Duration)      { s.now = s.now.Add(d) }
func (s *story) working(mean time.Duration) { s.now = atWork(s.now, about(s.Rand, mean)) }

func (s *story) chance(p float64) bool { return s.Float64() < p }

// do has somebody give a command now.
func (s *story) do(who Person, command func(ticket.By) ticket.Command) {
	by := ticket.By{Actor: domain.Actor{Kind: domain.ActorImport, ID: who.ID}}
	s.past = append(s.past, commands.Past{At: s.now, Command: command(by)})
}

func (s *story) assign(to Person) {
	s.do(to, func(by ticket.By) ticket.Command {
		return ticket.AssignTicket{By: by, To: ticket.Assignee{ID: to.ID, ActiveStaff: true}}
	})
}

func (s *story) change(who Person, to ticket.Status, reason string) {
	s.do(who, func(by ticket.By) ticket.Command { return ticket.ChangeStatus{By: by, To: to, Reason: reason} })
}

func (s *story) comment(who Person, text string, internal bool) {
	s.do(who, func(by ticket.By) ticket.Command {
		return ticket.AddComment{By: by, CommentID: ticket.CommentID{UUID: s.id()}, Text: s.fill(text), Internal: internal, Now: s.now}
	})
}

// id makes a UUIDv7 of now (RFC 9562 §5.7), the same in each telling.
func (s *story) id() (id uuid.UUID) {
	binary.BigEndian.PutUint64(id[:], uint64(s.now.UnixMilli())<<16|s.Uint64()&0xfff)
	binary.BigEndian.PutUint64(id[8:], s.Uint64())
	id[6] = id[6]&0x0f | 0x70
	id[8] = id[8]&0x3f | 0x80
	return id
}

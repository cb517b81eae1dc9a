package saga

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"

	"helpdesk/domain"
	"helpdesk/domain/email"
	"helpdesk/domain/message"
	"helpdesk/domain/ticket"
	"helpdesk/domain/user"
	"helpdesk/eventstore"
)

func TestWhoGetsAnEmail(t *testing.T) {
	all := user.AllNotifications()
	but := func(change func(*user.Notifications)) user.Notifications {
		n := all
		change(&n)
		return n
	}
	sam := domain.UserID{UUID: uuid.UUID{15: 6}} // another admin
	known := func(change func(map[domain.UserID]Person)) Directory {
		d := Directory{
			People: map[domain.UserID]Person{
				ann: {Role: domain.RoleUser, Active: true, Wants: all}, eve: {Role: domain.RoleAgent, Active: true, Wants: all},
				rob: {Role: domain.RoleAdmin, Active: true, Wants: user.Notifications{}}, sam: {Role: domain.RoleAdmin, Active: true, Wants: all},
			},
			Tickets: map[ticket.ID]Concerned{{UUID: tom}: {Requester: ann, Assignee: eve, Answered: true}},
		}
		if change != nil {
			change(d.People)
		}
		return d
	}
	wants := func(id domain.UserID, n user.Notifications) func(map[domain.UserID]Person) {
		return func(people map[domain.UserID]Person) {
			p := people[id]
			p.Wants = n
			people[id] = p
		}
	}
	gone := func(id domain.UserID) func(map[domain.UserID]Person) {
		return func(people map[domain.UserID]Person) {
			p := people[id]
			p.Active = false
			people[id] = p
		}
	}
	unclaimed := func(d Directory) Directory {
		d.Tickets[ticket.ID{UUID: tom}] = Concerned{Requester: ann, Answered: true}
		return d
	}
	untouched := func(d Directory) Directory {
		d.Tickets[ticket.ID{UUID: tom}] = Concerned{Requester: ann}
		return d
	}
	type to = []domain.UserID
	for _, c := range []struct {
		name  string
		who   Directory
		actor domain.UserID
		event domain.Event
		kind  email.Kind
		then  to
	}{
		{"an escalation: the requester and every admin", known(nil), domain.UserID{}, ticket.Escalated{}, email.Escalated, to{ann, rob, sam}},
		{"an admin who did it as well", known(nil), rob, ticket.Escalated{}, email.Escalated, to{ann, rob, sam}},
		{"a requester who does not want to hear of it", known(wants(ann, but(func(n *user.Notifications) { n.Escalated = false }))), domain.UserID{},
			ticket.Escalated{}, email.Escalated, to{rob, sam}},
		{"an admin who is gone", known(gone(sam)), domain.UserID{}, ticket.Escalated{}, email.Escalated, to{ann, rob}},
		{"an assignment: the assignee", known(nil), rob, ticket.Assigned{AssignedTo: eve}, email.Assigned, to{eve}},
		{"who took it themselves", known(nil), eve, ticket.Assigned{AssignedTo: eve}, email.Assigned, nil},
		{"who does not want to hear of it", known(wants(eve, but(func(n *user.Notifications) { n.Assigned = false }))), rob,
			ticket.Assigned{AssignedTo: eve}, email.Assigned, nil},
		{"a comment: the requester", known(nil), eve, ticket.CommentAdded{Author: eve}, email.Commented, to{ann}},
		{"a reply of theirs: the assignee", known(nil), ann, ticket.CommentAdded{Author: ann}, email.Replied, to{eve}},
		{"who does not want to hear of comments", known(wants(eve, but(func(n *user.Notifications) { n.Commented = false }))), ann,
			ticket.CommentAdded{Author: ann}, email.Replied, nil},
		{"or the admins, where the assignee is gone", known(gone(eve)), ann, ticket.CommentAdded{Author: ann}, email.Replied, to{sam}},
		{"or nobody works on it", unclaimed(known(nil)), ann, ticket.CommentAdded{Author: ann}, email.Replied, to{sam}},
		{"nobody, before the first answer", untouched(known(nil)), ann, ticket.CommentAdded{Author: ann}, email.Replied, nil},
		{"but the admins, when it reopened what nobody had answered", untouched(known(nil)), ann, ticket.Reopened{CommentID: ticket.CommentID{UUID: tom}}, email.Reopened, to{sam}},
		{"a reopening by the requester: the assignee", known(nil), ann, ticket.Reopened{}, email.Reopened, to{eve}},
		{"not once more after the comment that did it", known(nil), ann, ticket.Reopened{CommentID: ticket.CommentID{UUID: tom}}, email.Reopened, nil},
		{"or the admins, too", unclaimed(known(nil)), ann, ticket.Reopened{}, email.Reopened, to{sam}},
		{"by somebody else: the assignee", known(nil), rob, ticket.Reopened{}, email.Reopened, to{eve}},
		{"but not the admins", unclaimed(known(nil)), rob, ticket.Reopened{}, email.Reopened, nil},
		{"nor themselves", known(nil), eve, ticket.Reopened{}, email.Reopened, nil},
		{"what an admin takes off is no news", known(nil), rob, ticket.Unassigned{}, email.TakenBack, nil},
		{"nor of an internal note", known(nil), eve, ticket.CommentAdded{Author: eve, Internal: true}, email.Commented, nil},
		{"who does not want to hear of it either", known(wants(ann, but(func(n *user.Notifications) { n.Commented = false }))), eve,
			ticket.CommentAdded{Author: eve}, email.Commented, nil},
		{"a resolution: the requester", known(nil), eve, ticket.Resolved{}, email.Resolved, to{ann}},
		{"who is gone", known(gone(ann)), eve, ticket.Resolved{}, email.Resolved, nil},
		{"who switched it off", known(wants(ann, but(func(n *user.Notifications) { n.Resolved = false }))), eve, ticket.Resolved{}, email.Resolved, nil},
		{"nobody of the rest", known(nil), eve, ticket.Closed{}, "", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := eventstore.Envelope{Event: c.event, Recorded: eventstore.Recorded{
				StreamID: tom, EventID: uuid.New(), Version: 4, ActorKind: domain.ActorUser,
				ActorID: uuid.NullUUID{UUID: c.actor.UUID, Valid: !c.actor.IsZero()},
			}}
			var got to
			for _, effect := range c.who.React(e) {
				issue := effect.(Issue)
				send := issue.Command.(SendEmail)
				got = append(got, send.Recipient)
				want := SendEmail{Email: issue.ID, Kind: c.kind, TicketID: tom, CauseVersion: 4, Recipient: send.Recipient, Actor: c.actor}
				if diff := cmp.Diff(want, send); diff != "" {
					t.Errorf("command (-want +got):\n%s", diff)
				}
			}
			if diff := cmp.Diff(c.then, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("recipients (-want +got):\n%s", diff)
			}
			e.ActorKind = domain.ActorImport
			if imported := c.who.React(e); len(imported) != 0 {
				t.Errorf("of what was imported: got %v, want no email", imported)
			}
		})
	}
}

// judged is what became of a message of ann's, at so many hours.
func judged(hours int, j message.Judged) eventstore.Envelope {
	j.Ticket = tom
	return eventstore.Envelope{Event: j, Recorded: eventstore.Recorded{
		StreamID: uuid.New(), EventID: uuid.New(), Version: 2, ActorKind: domain.ActorSystem, OccurredAt: time.Date(2026, 3, 4, hours, 0, 0, 0, time.UTC),
	}}
}

func TestWhoIsSentThatTheirMessageCame(t *testing.T) {
	asked := message.Judged{Verdict: message.NewTicket, Acknowledge: true}
	for name, c := range map[string]struct {
		who    Person
		events []eventstore.Envelope
		then   []int // which of the events
	}{
		"an author, once a day": {
			Person{Role: domain.RoleUser, Active: true},
			[]eventstore.Envelope{judged(0, asked), judged(0, asked), judged(23, asked), judged(24, asked), judged(25, asked)}, []int{0, 3},
		},
		"whatever they want of other emails": {Person{Role: domain.RoleUser, Active: true, Wants: user.AllNotifications()}, []eventstore.Envelope{judged(0, asked)}, []int{0}},
		"not where it is not asked for":      {Person{Role: domain.RoleUser, Active: true}, []eventstore.Envelope{judged(0, message.Judged{Verdict: message.NewTicket})}, nil},
		"not staff":                          {Person{Role: domain.RoleAgent, Active: true}, []eventstore.Envelope{judged(0, asked)}, nil},
		"not who is gone":                    {Person{Role: domain.RoleUser}, []eventstore.Envelope{judged(0, asked)}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			d := Directory{
				People:  map[domain.UserID]Person{ann: c.who},
				Tickets: map[ticket.ID]Concerned{{UUID: tom}: {Requester: ann}},
			}
			var got, want []SendEmail
			for i, e := range c.events {
				d.fold(e)
				for _, effect := range d.React(e) {
					got = append(got, effect.(Issue).Command.(SendEmail))
				}
				if slices.Contains(c.then, i) {
					want = append(want, SendEmail{
						Email: uuid.NewSHA1(e.EventID, ann.UUID[:]), Kind: email.Acknowledged, TicketID: tom, CauseVersion: 1, Recipient: ann, Actor: ann, Message: e.StreamID,
					})
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("commands (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAdminsHearOnceThatSomebodyLeft(t *testing.T) {
	d := Directory{
		People:  map[domain.UserID]Person{rob: {Role: domain.RoleAdmin, Active: true}, eve: {Role: domain.RoleAgent}},
		Tickets: map[ticket.ID]Concerned{{UUID: tom}: {Requester: ann}},
	}
	leaving := uuid.New()
	var got []SendEmail
	for version := range 2 { // of two tickets
		e := eventstore.Envelope{Event: ticket.Unassigned{}, Recorded: eventstore.Recorded{
			StreamID: tom, EventID: uuid.New(), Version: 3 + version, ActorKind: domain.ActorSystem,
			CausationID: uuid.NullUUID{UUID: leaving, Valid: true},
		}}
		for _, x := range d.React(e) {
			got = append(got, x.(Issue).Command.(SendEmail))
		}
	}
	if len(got) != 2 || got[0].Email != got[1].Email || got[0].Recipient != rob || got[0].Kind != email.TakenBack {
		t.Errorf("got %+v, want the same email twice", got)
	}
}

func TestWhatComesBackForGoodSuppressesItsAddress(t *testing.T) {
	for status, want := range map[string]int{"5.1.1": 1, "": 1, "4.4.1": 0} {
		e := eventstore.Envelope{Event: email.Bounced{Status: status}, Recorded: eventstore.Recorded{StreamID: tom, EventID: uuid.New(), ActorKind: domain.ActorSystem}}
		got := Directory{}.React(e)
		if len(got) != want {
			t.Fatalf("of status %q came %v, want %d effects", status, got, want)
		}
		if want == 1 && got[0].(Issue).Command != (SuppressAddress{Email: tom}) {
			t.Errorf("of status %q came %v", status, got)
		}
	}
}

package saga

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"

	"helpdesk/domain"
	"helpdesk/domain/email"
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
			Requesters: map[ticket.ID]domain.UserID{{UUID: tom}: ann},
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
		{"not of their own", known(nil), ann, ticket.CommentAdded{Author: ann}, email.Commented, nil},
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

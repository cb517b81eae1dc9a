package mailbox

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"

	"helpdesk/domain"
)

var (
	admin   = By{domain.Actor{Kind: domain.ActorUser, ID: domain.UserID{UUID: uuid.UUID{15: 1}}, Role: domain.RoleAdmin}}
	agent   = By{domain.Actor{Kind: domain.ActorUser, ID: domain.UserID{UUID: uuid.UUID{15: 2}}, Role: domain.RoleAgent}}
	auditor = By{domain.Actor{Kind: domain.ActorUser, ID: domain.UserID{UUID: uuid.UUID{15: 3}}, Role: domain.RoleAuditor}}
	noon    = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
)

// support are settings that are in order.
func support(change ...func(*Settings)) Settings {
	s := Settings{Name: "Support", Address: "support@example.com", DefaultPriority: "low", Strangers: Accept, ReopenDays: 14}
	for _, c := range change {
		c(&s)
	}
	return s
}

func fold(events []domain.Event) (s State) {
	for _, e := range events {
		s = Evolve(s, e)
	}
	return s
}

func TestAMailbox(t *testing.T) {
	there := []domain.Event{Added(support())}
	gone := []domain.Event{Added(support()), Archived{}}
	medium := support(func(s *Settings) { s.DefaultPriority = "medium" })
	since := support(func(s *Settings) { s.ImportBefore = noon })
	box, sealed := IMAP{"imaps://desk@mail.example.com", "seen"}, []byte("sealed")
	fetched := support(func(s *Settings) { s.IMAP = box })
	known := []domain.Event{Added(fetched), PasswordSet{}}
	for _, r := range []struct {
		name    string
		given   []domain.Event
		when    Command
		then    []domain.Event
		refused error
		again   bool // it happens each time
	}{
		{name: "an admin adds one", when: Add{By: admin, Settings: support()}, then: there},
		{name: "its name is trimmed", when: Add{By: admin, Settings: support(func(s *Settings) { s.Name = " Support\t" })}, then: there},
		{name: "an agent adds none", when: Add{By: agent, Settings: support()}, refused: domain.ErrForbidden},
		{name: "nor does an auditor", when: Add{By: auditor, Settings: support()}, refused: domain.ErrForbidden},
		{name: "there is one of an id", given: there, when: Add{By: admin, Settings: support()}, refused: ErrDuplicate},
		{name: "it has a name", when: Add{By: admin, Settings: support(func(s *Settings) { s.Name = " " })}, refused: domain.ErrRequired},
		{name: "of bounded length", when: Add{By: admin, Settings: support(func(s *Settings) { s.Name = strings.Repeat("x", NameMax+1) })}, refused: domain.ErrTooLong},
		{name: "on one line", when: Add{By: admin, Settings: support(func(s *Settings) { s.Name = "a\nb" })}, refused: domain.ErrCharacter},
		{name: "and an address", when: Add{By: admin, Settings: support(func(s *Settings) { s.Address = "support" })}, refused: ErrAddress},
		{name: "without a name in it", when: Add{By: admin, Settings: support(func(s *Settings) { s.Address = "Desk <support@example.com>" })}, refused: ErrAddress},
		{name: "a priority that there is", when: Add{By: admin, Settings: support(func(s *Settings) { s.DefaultPriority = "urgent" })}, refused: domain.ErrEnum},
		{name: "strangers are one of three", when: Add{By: admin, Settings: support(func(s *Settings) { s.Strangers = "maybe" })}, refused: domain.ErrEnum},
		{name: "days are not negative", when: Add{By: admin, Settings: support(func(s *Settings) { s.ReopenDays = -1 })}, refused: ErrReopenDays},
		{name: "nor beyond ten years", when: Add{By: admin, Settings: support(func(s *Settings) { s.ReopenDays = 3651 })}, refused: ErrReopenDays},
		{name: "a setting is changed", given: there, when: Edit{By: admin, DefaultPriority: new("medium")}, then: []domain.Event{Changed(medium)}},
		{name: "onto what it is, nothing happens", given: there, when: Edit{By: admin, DefaultPriority: new("low"), Active: new(true)}},
		{name: "nobody is sent that their message came", given: there, when: Edit{By: admin, Acknowledge: new(false)},
			then: []domain.Event{Changed(support(func(s *Settings) { s.NoAcknowledgement = true }))}},
		{name: "which they are as long as nothing else is said", given: there, when: Edit{By: admin, Acknowledge: new(true)}},
		{name: "history begins", given: there, when: Edit{By: admin, ImportBefore: &noon, Now: noon}, then: []domain.Event{Changed(since)}},
		{name: "the same instant is no change", given: []domain.Event{Added(since)}, when: Edit{By: admin, ImportBefore: new(noon.In(time.FixedZone("", 3600))), Now: noon}},
		{name: "not in the future", given: there, when: Edit{By: admin, ImportBefore: &noon, Now: noon.Add(-time.Second)}, refused: ErrImportBefore},
		{name: "nor from the first on", when: Add{By: admin, Settings: since, Now: noon.Add(-time.Second)}, refused: ErrImportBefore},
		{name: "and ends", given: []domain.Event{Added(since)}, when: Edit{By: admin, ImportBefore: new(time.Time{})}, then: []domain.Event{Changed(support())}},
		{name: "it is archived", given: there, when: Edit{By: admin, Active: new(false)}, then: []domain.Event{Archived{}}},
		{name: "once", given: gone, when: Edit{By: admin, Active: new(false)}},
		{name: "and taken into use again, otherwise", given: gone, when: Edit{By: admin, Active: new(true), DefaultPriority: new("medium")},
			then: []domain.Event{Changed(medium), Restored{}}},
		{name: "an agent changes none", given: there, when: Edit{By: agent, Active: new(false)}, refused: domain.ErrForbidden},
		{name: "what is wrong is refused in a change", given: there, when: Edit{By: admin, Address: new("x")}, refused: ErrAddress},
		{name: "messages are fetched, with a password", given: there, when: Edit{By: admin, IMAP: &box, Password: sealed}, then: []domain.Event{Changed(fetched), PasswordSet{}}, again: true},
		{name: "from the first on", when: Add{By: admin, Settings: fetched, Password: sealed}, then: []domain.Event{Added(fetched), PasswordSet{}}},
		{name: "not without one", given: there, when: Edit{By: admin, IMAP: &box}, refused: ErrPassword},
		{name: "nor one without a server", given: there, when: Edit{By: admin, Password: sealed}, refused: ErrNoServer},
		{name: "which is asked for once", given: known, when: Edit{By: admin, IMAP: &IMAP{"imaps://desk@mail.example.com/Desk", "move:Done"}},
			then: []domain.Event{Changed(support(func(s *Settings) { s.IMAP = IMAP{"imaps://desk@mail.example.com/Desk", "move:Done"} }))}},
		{name: "and again for another server", given: known, when: Edit{By: admin, IMAP: &IMAP{"imaps://desk@elsewhere.example.com", "seen"}}, refused: ErrPassword},
		{name: "or where it would be sent in the clear", given: known, when: Edit{By: admin, IMAP: &IMAP{"imap://desk@mail.example.com:993?tls=none", "seen"}}, refused: ErrPassword},
		{name: "nothing is fetched any more", given: known, when: Edit{By: admin, IMAP: new(IMAP{})}, then: []domain.Event{Changed(support())}},
		{name: "a URL has a user", given: there, when: Edit{By: admin, IMAP: &IMAP{"imaps://mail.example.com", "seen"}, Password: sealed}, refused: ErrIMAP},
		{name: "and no password", given: there, when: Edit{By: admin, IMAP: &IMAP{"imaps://desk:secret@mail.example.com", "seen"}, Password: sealed}, refused: ErrIMAP},
		{name: "and a scheme that is known", given: there, when: Edit{By: admin, IMAP: &IMAP{"https://desk@mail.example.com", "seen"}, Password: sealed}, refused: ErrIMAP},
		{name: "what was fetched has an end", given: there, when: Edit{By: admin, IMAP: &IMAP{box.URL, "move:"}, Password: sealed}, refused: ErrAfter},
		{name: "one that is not there", when: Edit{By: admin, Active: new(false)}, refused: domain.ErrNotFound},
	} {
		t.Run(r.name, func(t *testing.T) {
			got, err := Decide(fold(r.given), r.when)
			if !errors.Is(err, r.refused) {
				t.Fatalf("got %v, %v, want %v", got, err, r.refused)
			}
			if diff := cmp.Diff(r.then, got, cmpopts.EquateEmpty()); diff != "" {
				t.Fatalf("events (-want +got):\n%s", diff)
			}
			if _, adds := r.when.(Add); err != nil || adds || r.again {
				return
			}
			if again, err := Decide(fold(append(r.given, got...)), r.when); err != nil || len(again) > 0 {
				t.Errorf("once more: got %v, %v, want no events", again, err)
			}
		})
	}
}

func TestWhatAServerIs(t *testing.T) {
	for url, want := range map[string]Server{
		"imaps://desk@mail.example.com":                   {"mail.example.com:993", "desk", "INBOX", Implicit},
		"imap://desk@mail.example.com/":                   {"mail.example.com:143", "desk", "INBOX", StartTLS},
		"imap://desk@127.0.0.1:1143/Desk?tls=none":        {"127.0.0.1:1143", "desk", "Desk", NoTLS},
		"imaps://desk%40example.com@[::1]/Desk%2FSupport": {"[::1]:993", "desk@example.com", "Desk/Support", Implicit},
	} {
		if got, err := (IMAP{URL: url}).Server(); err != nil || got != want {
			t.Errorf("%s: got %+v, %v, want %+v", url, got, err, want)
		}
	}
}

func TestAddressesAreComparedWithoutCase(t *testing.T) {
	if !Same("Support@Example.com", "support@example.COM") || Same("support@example.com", "sales@example.com") {
		t.Error("got it wrong")
	}
}

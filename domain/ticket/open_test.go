package ticket

import (
	"strings"
	"testing"

	"helpdesk/domain"
)

func TestOpenTicket(t *testing.T) {
	with := func(change func(*OpenTicket)) OpenTicket {
		c := OpenTicket{By: by(ann), Number: 7, Title: "Printer", Description: "It smokes."}
		change(&c)
		return c
	}
	then := func(change func(*Opened)) []domain.Event {
		e := opened()
		change(&e)
		return []domain.Event{e}
	}
	checkRules(t, []rule{
		{
			name: "a user opens a ticket of low priority for themselves",
			when: with(func(*OpenTicket) {}),
			then: then(func(*Opened) {}),
		},
		{
			name: "a priority is taken as it is named",
			when: with(func(c *OpenTicket) { c.Priority = High }),
			then: then(func(e *Opened) { e.Priority = High }),
		},
		{
			name: "naming oneself as the requester is naming nobody",
			when: with(func(c *OpenTicket) { c.CreatedBy = ann.ID }),
			then: then(func(*Opened) {}),
		},
		{
			name:    "a user does not open a ticket for somebody else",
			when:    with(func(c *OpenTicket) { c.CreatedBy = bob.ID }),
			refused: domain.ErrForbidden, field: "created_by",
		},
		{
			name: "an agent opens a ticket for another requester",
			when: with(func(c *OpenTicket) { c.By, c.CreatedBy = by(eve), ann.ID }),
			then: then(func(e *Opened) { e.OpenedBy = eve.ID }),
		},
		{
			name: "an admin opens a ticket for another requester",
			when: with(func(c *OpenTicket) { c.By, c.CreatedBy = by(rob), ann.ID }),
			then: then(func(e *Opened) { e.OpenedBy = rob.ID }),
		},
		{
			name: "an agent opens a ticket of their own",
			when: with(func(c *OpenTicket) { c.By = by(eve) }),
			then: then(func(e *Opened) { e.CreatedBy, e.OpenedBy = eve.ID, eve.ID }),
		},
		{
			name: "an import opens a ticket that nobody typed in",
			when: with(func(c *OpenTicket) { c.By, c.CreatedBy = by(domain.Actor{Kind: domain.ActorImport}), ann.ID }),
			then: then(func(e *Opened) { e.OpenedBy = domain.UserID{} }),
		},
		{
			name:    "an auditor opens no ticket",
			when:    with(func(c *OpenTicket) { c.By = by(ida) }),
			refused: domain.ErrForbidden,
		},
		{
			name:    "somebody without a role opens no ticket",
			when:    with(func(c *OpenTicket) { c.By = by(domain.Actor{Kind: domain.ActorUser, ID: person(9)}) }),
			refused: domain.ErrForbidden,
		},
		{
			name:    "an id is used once",
			given:   given(),
			when:    with(func(*OpenTicket) {}),
			refused: ErrDuplicate,
		},
		{
			name:    "the id of a deleted ticket stays used",
			given:   given(Deleted{}),
			when:    with(func(*OpenTicket) {}),
			refused: ErrDuplicate,
		},
		{
			name:    "a priority there is not is refused",
			when:    with(func(c *OpenTicket) { c.Priority = "urgent" }),
			refused: domain.ErrEnum, field: "priority",
		},
		{
			name:    "a priority is spelled in lower case",
			when:    with(func(c *OpenTicket) { c.Priority = "Low" }),
			refused: domain.ErrEnum, field: "priority",
		},
	})
}

// texts are the rules every text keeps, with max its longest in characters.
func texts(max int, lines bool) []struct {
	name, text, want string
	refused          *domain.Error
} {
	longest := strings.Repeat("a", max)
	cases := []struct {
		name, text, want string
		refused          *domain.Error
	}{
		{"one character", "x", "x", nil},
		{"as long as can be", longest, longest, nil},
		{"one character longer", longest + "a", "", domain.ErrTooLong},
		{"as many emails of two bytes as can be", strings.Repeat("ü", max), strings.Repeat("ü", max), nil},
		{"one email of two bytes too many", strings.Repeat("ü", max+1), "", domain.ErrTooLong},
		{"as many faces of four bytes as can be", strings.Repeat("😀", max), strings.Repeat("😀", max), nil},
		{"one face of four bytes too many", strings.Repeat("😀", max+1), "", domain.ErrTooLong},
		{"spaces around the longest do not count", " \t\n" + longest + "\r\n ", longest, nil},
		{"nothing", "", "", domain.ErrRequired},
		{"only spaces", " \t\r\n \u00a0\u2003", "", domain.ErrRequired},
		{"only what cannot be seen", "\u200b\u2060\ufeff\u00ad", "", domain.ErrRequired},
		{"only fillers of Hangul", "\u3164\u115f\uffa0", "", domain.ErrRequired},
		{"only braille without a dot", "\u2800", "", domain.ErrRequired},
		{"only marks that combine with nothing", "\u0301\ufe0f\u034f", "", domain.ErrRequired},
		{"only directions", "\u202e\u200f\u2066\U000e0041", "", domain.ErrRequired},
		{"what can be seen among it", "\u200ba", "\u200ba", nil},
		{"trimmed also of spaces beyond ASCII", "\u00a0\u3000 a b \u2003", "a b", nil},
		{"spaces within stay", "a  b", "a  b", nil},
		{"a NUL within", "a\x00b", "", domain.ErrCharacter},
		{"a NUL at the end", "a\x00", "", domain.ErrCharacter},
		{"an escape", "a\x1b[31mb", "", domain.ErrCharacter},
		{"a DEL", "a\x7fb", "", domain.ErrCharacter},
		{"a C1 control", "a\u009bb", "", domain.ErrCharacter},
		{"bytes that are no UTF-8", "a\xffb", "", domain.ErrCharacter},
		{"half a surrogate pair", "a\xed\xa0\x80b", "", domain.ErrCharacter},
		{"right to left, joined and combined", "שלום 👩‍👩‍👧 e\u0301", "שלום 👩‍👩‍👧 e\u0301", nil},
		{"markup is text", `<b>"&'`, `<b>"&'`, nil},
	}
	for _, c := range []struct{ name, text string }{
		{"a line break", "a\nb"}, {"a carriage return and line break", "a\r\nb"}, {"a tab", "a\tb"},
	} {
		if lines {
			cases = append(cases, struct {
				name, text, want string
				refused          *domain.Error
			}{c.name, c.text, c.text, nil})
			continue
		}
		cases = append(cases, struct {
			name, text, want string
			refused          *domain.Error
		}{c.name, c.text, "", domain.ErrCharacter})
	}
	return cases
}

func TestTextsKeepTheirBounds(t *testing.T) {
	opening := func(title, description string) OpenTicket {
		return OpenTicket{By: by(ann), Number: 7, Title: title, Description: description}
	}
	for _, member := range []struct {
		name  string
		max   int
		lines bool
		given []domain.Event
		when  func(text string) Command
		then  func(text string) domain.Event
	}{
		{
			name: "title", max: 200,
			when: func(text string) Command { return opening(text, "It smokes.") },
			then: func(text string) domain.Event { e := opened(); e.Title = text; return e },
		},
		{
			name: "description", max: 20_000, lines: true,
			when: func(text string) Command { return opening("Printer", text) },
			then: func(text string) domain.Event { e := opened(); e.Description = text; return e },
		},
		{
			name: "title", max: 200, given: given(),
			when: func(text string) Command { return EditTicket{By: by(ann), Title: &text} },
			then: func(text string) domain.Event { return Retitled{Title: text} },
		},
		{
			name: "description", max: 20_000, lines: true, given: given(),
			when: func(text string) Command { return EditTicket{By: by(ann), Description: &text} },
			then: func(text string) domain.Event { return Described{Description: text} },
		},
		{
			name: "text", max: 20_000, lines: true, given: given(),
			when: func(text string) Command {
				return AddComment{By: by(ann), CommentID: first, Text: text, Now: noon}
			},
			then: func(text string) domain.Event { return said(first, ann, text) },
		},
		{
			name: "text", max: 20_000, lines: true, given: given(said(first, ann, "before")),
			when: func(text string) Command {
				return EditComment{By: by(ann), CommentID: first, Text: text, Now: noon}
			},
			then: func(text string) domain.Event { return CommentEdited{CommentID: first, Text: text} },
		},
		{
			name: "reason", max: 1_000, lines: true, given: given(),
			when: func(text string) Command {
				return ChangeStatus{By: by(eve), To: StatusEscalated, Reason: text}
			},
			then: func(text string) domain.Event { return Escalated{Reason: text} },
		},
	} {
		for _, c := range texts(member.max, member.lines) {
			r := rule{
				name: member.name + ": " + c.name, given: member.given, when: member.when(c.text),
				refused: c.refused, field: member.name,
			}
			if member.name == "reason" && c.refused == domain.ErrRequired {
				r.refused = nil // it is optional
			}
			if r.refused == nil {
				r.then = []domain.Event{member.then(c.want)}
			}
			t.Run(r.name, r.check)
		}
	}
}

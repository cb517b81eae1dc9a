package ticket

import (
	"strings"
	"testing"

	"helpdesk/domain"
)

func TestRedactText(t *testing.T) {
	title, text := Subject{Field: FieldTitle}, Subject{FieldComment, first}
	redact := func(a domain.Actor, of Subject, span ...int) RedactText {
		c := RedactText{By: by(a), Subject: of, Reason: " a name "}
		if span != nil {
			c.Span = &Span{span[0], span[1]}
		}
		return c
	}
	then := func(of Subject, text string) []domain.Event {
		return []domain.Event{TextRedacted{Field: of.Field, CommentID: of.CommentID, Text: text, Reason: "a name"}}
	}
	note := []domain.Event{TextRedacted{Field: FieldComment, CommentID: first, Internal: true, Text: domain.Redacted, Reason: "a name"}}
	so, gone := said(first, eve, "so, Bob"), CommentRemoved{CommentID: first}
	checkRules(t, []rule{
		{name: "an admin redacts a title", given: given(), when: redact(rob, title), then: then(title, "[redacted]")},
		{name: "an admin redacts a description", given: given(), when: redact(rob, Subject{Field: FieldDescription}), then: then(Subject{Field: FieldDescription}, "[redacted]")},
		{name: "an admin redacts a comment", given: given(so), when: redact(rob, text), then: then(text, "[redacted]")},
		{name: "an admin redacts an internal note", given: given(noted(first, eve, "so")), when: redact(rob, text), then: note},
		{name: "an admin redacts a comment that was removed", given: given(so, gone), when: redact(rob, text), then: then(text, "[redacted]")},
		{name: "an admin redacts on a deleted ticket", given: given(so, Deleted{}), when: redact(rob, text), then: then(text, "[redacted]")},
		{name: "characters are redacted, the rest stays", given: given(so), when: redact(rob, text, 4, 7), then: then(text, "so, [redacted]")},
		{name: "characters count, not bytes", given: given(said(first, eve, "ßo, Bob!")), when: redact(rob, text, 4, 7), then: then(text, "ßo, [redacted]!")},
		{name: "a text that was given anew is redacted again", given: given(TextRedacted{Field: FieldTitle, Text: "[redacted]"}, Retitled{Title: "new"}),
			when: redact(rob, title), then: then(title, "[redacted]")},
		{name: "a text that was made to read so is not redacted yet", given: given(Retitled{Title: "[redacted]"}), when: redact(rob, title), then: then(title, "[redacted]")},
		{name: "what is redacted stays so", given: given(TextRedacted{Field: FieldTitle, Text: "[redacted]"}), when: redact(rob, title), then: nil},
		{name: "a span beyond the end", given: given(so), when: redact(rob, text, 4, 8), refused: ErrSpan, field: "to"},
		{name: "a span of nothing", given: given(so), when: redact(rob, text, 4, 4), refused: ErrSpan},
		{name: "a title that the mark would make too long", given: given(Retitled{Title: strings.Repeat("a", TitleMax)}), when: redact(rob, title, 0, 1), refused: domain.ErrTooLong},
		{name: "a reason is wanted", given: given(), when: RedactText{By: by(rob), Subject: title, Reason: " "}, refused: domain.ErrRequired, field: "reason"},
		{name: "an agent does not redact", given: given(so), when: redact(eve, text), refused: domain.ErrForbidden},
		{name: "an author does not redact", given: given(said(first, ann, "so")), when: redact(ann, text), refused: domain.ErrForbidden},
		{name: "an auditor does not redact", given: given(), when: redact(ida, title), refused: domain.ErrForbidden},
		{name: "a requester learns of no note", given: given(noted(first, eve, "so")), when: redact(ann, text), refused: domain.ErrNotFound},
		{name: "an agent sees no deleted ticket", given: given(Deleted{}), when: redact(eve, title), refused: domain.ErrNotFound},
		{name: "there is no such comment", given: given(so), when: redact(rob, Subject{FieldComment, second}), refused: domain.ErrNotFound},
		{name: "nothing else has a text", given: given(), when: redact(rob, Subject{Field: "priority"}), refused: domain.ErrNotFound},
		{name: "there is no ticket", given: nil, when: redact(rob, title), refused: domain.ErrNotFound},
	})
}

package eventstore

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"helpdesk/domain/ticket"
)

func TestASelectionOfTheLog(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	one, other := newID(t), newID(t)
	l.mustAppend(t, opening(one))                                        // 1
	l.mustAppend(t, opening(other))                                      // 2
	l.mustAppend(t, appending(one, 1, ticket.Started{}))                 // 3
	l.mustAppend(t, appending(other, 1, ticket.Started{}))               // 4
	l.mustAppend(t, appending(one, 2, ticket.Resolved{Reason: "Done."})) // 5
	for name, c := range map[string]struct {
		Selection
		limit int
		want  []int64
	}{
		"all":                    {Selection{Upto: 5}, 9, []int64{1, 2, 3, 4, 5}},
		"the first of all":       {Selection{Upto: 5}, 2, []int64{1, 2}},
		"the rest":               {Selection{After: 2, Upto: 5}, 9, []int64{3, 4, 5}},
		"up to a position":       {Selection{After: 1, Upto: 3}, 9, []int64{2, 3}},
		"beyond the head":        {Selection{After: 7, Upto: 5}, 9, nil},
		"of a type":              {Selection{Upto: 5, Types: []string{"ticket.started"}}, 9, []int64{3, 4}},
		"of several types":       {Selection{Upto: 5, Types: []string{"ticket.started", "ticket.resolved"}}, 9, []int64{3, 4, 5}},
		"of a stream":            {Selection{Upto: 5, Stream: one}, 9, []int64{1, 3, 5}},
		"the rest of a stream":   {Selection{After: 1, Upto: 4, Stream: one}, 9, []int64{3}},
		"of a stream and a type": {Selection{Upto: 5, Stream: other, Types: []string{"ticket.started"}}, 9, []int64{4}},
		"the last":               {Selection{Upto: 5, Last: true}, 2, []int64{4, 5}},
		"the last of a stream":   {Selection{Upto: 4, Stream: one, Last: true}, 1, []int64{3}},
		"of no stream":           {Selection{Upto: 5, Stream: uuid.New()}, 9, nil},
	} {
		t.Run(name, func(t *testing.T) {
			recorded, err := l.Select(testContext(t), c.Selection, c.limit)
			if err != nil {
				t.Fatal(err)
			}
			var got []int64
			for _, r := range recorded {
				got = append(got, r.Position)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestNothingIsWithheldThatCannotBeRead(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	keys := l.sealing(t)
	id := newID(t)
	said := func(text string) ticket.CommentAdded {
		return ticket.CommentAdded{CommentID: comment, Author: bob, Text: text, AddedAt: instant}
	}
	l.mustAppend(t, appending(id, 0, ticket.Opened{Number: 1, Title: "Printer", Description: "It smokes.", CreatedBy: ann, OpenedBy: ann},
		said("Which model?"), said("This one is altered."), said("And this is of a type to come.")))
	recorded, err := l.Read(testContext(t), 0, 9)
	if err != nil {
		t.Fatal(err)
	}
	altered := []byte(recorded[2].Data)
	altered[strings.Index(string(altered), `"text":"`)+20] ^= 1
	recorded[3].Type = "ticket.commented_in_verse"
	keys.Destroy(ann.UUID)

	shown, err := l.Codec().Show(testContext(t), recorded...)
	if err != nil || len(shown) != 4 {
		t.Fatalf("%d shown, %v", len(shown), err)
	}
	for i, want := range []string{`"title":"[erased]","description":"[erased]"`, `"text":"Which model?"`, `"text":"`, `"text":"`} {
		if !strings.Contains(string(shown[i].Data), want) || shown[i].SchemaVersion != 1 {
			t.Errorf("event %d is shown as %s", i+1, shown[i].Data)
		}
		if got, want := shown[i].Unreadable != nil, i >= 2; got != want {
			t.Errorf("event %d: %v", i+1, shown[i].Unreadable)
		}
	}
	if diff := cmp.Diff(string(altered), string(shown[2].Data)); diff != "" {
		t.Errorf("what was altered is not shown as it is stored:\n%s", diff)
	}
}

package readmodels

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"helpdesk/domain/ticket"
	"helpdesk/eventstore"
	"helpdesk/eventstore/follow"
	"helpdesk/projections/feed"
	"helpdesk/test/kit"
)

// toldOf returns what somebody is told after a position, as "number type".
func toldOf(t *testing.T, f *feed.Feed, who string, after int64) (all []string) {
	t.Helper()
	for {
		told, err := f.After(kit.Context(t), everybody[who], after)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range told.Events {
			if !strings.HasPrefix(string(o.Data), "{") || o.OccurredAt.IsZero() {
				t.Errorf("told %+v", o)
			}
			all = append(all, fmt.Sprint(o.TicketNumber, " ", strings.TrimPrefix(o.Type, "ticket.")))
		}
		if told.Upto == after {
			return all
		}
		after = told.Upto
	}
}

func TestAFeedTellsEachWhatTheySee(t *testing.T) {
	t.Parallel()
	d := newModels(t)
	d.register(t)
	applied := eventstore.NewNotifier()
	fresh := d.follow(t, 50)
	feed := feed.NewFeed(d.Pool, d.Store, d.Notifier, follow.NewFreshness(d.Pool, applied, projected()...))
	before, err := d.Store.Head(kit.Context(t))
	if err != nil {
		t.Fatal(err)
	}
	ann, eve := everybody["ann"].ID, everybody["eve"].ID
	comment := func(n byte) ticket.CommentID { return ticket.CommentID{UUID: uuid.UUID{0: 1, 15: n}} }
	opened := func(number int64) ticket.Opened {
		return ticket.Opened{Number: number, Title: "x", Description: "y", Priority: ticket.Low, CreatedBy: ann, OpenedBy: ann}
	}
	d.append(t, kit.NewID(), 0, time.Time{}, opened(1), ticket.Assigned{AssignedTo: eve},
		ticket.CommentAdded{CommentID: comment(1), Author: eve, Text: "public"},
		ticket.CommentAdded{CommentID: comment(2), Author: eve, Text: "a note", Internal: true},
		ticket.CommentEdited{CommentID: comment(1), Text: "public still"},
		ticket.CommentEdited{CommentID: comment(2), Text: "a note still"},
		ticket.CommentRemoved{CommentID: comment(2), Internal: true},
	)
	d.append(t, kit.NewID(), 0, time.Time{}, opened(2), ticket.Assigned{AssignedTo: eve}, ticket.Unassigned{})
	d.append(t, kit.NewID(), 0, time.Time{}, opened(3), ticket.Assigned{AssignedTo: eve}, ticket.Deleted{})
	d.project(t, fresh)
	whole := []string{"1 opened", "1 assigned", "1 comment_added", "1 comment_added", "1 comment_edited", "1 comment_edited", "1 comment_removed"}
	second := []string{"2 opened", "2 assigned", "2 unassigned"}
	all := append(append(whole[:7:7], second...), "3 deleted")
	for who, want := range map[string][]string{
		"rob": all, "ida": all, "zoe": all,
		"ann":  append(append([]string{"1 opened", "1 assigned", "1 comment_added", "1 comment_edited"}, second...), "3 deleted"),
		"bob":  nil,
		"eve":  append(whole[:7:7], "3 deleted"), // the second was taken from them
		"max":  second,
		"nemo": nil,
	} {
		t.Run(who, func(t *testing.T) {
			if diff := cmp.Diff(want, toldOf(t, feed, who, before)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	if head, err := feed.Head(kit.Context(t)); err != nil || toldOf(t, feed, "rob", head) != nil {
		t.Errorf("after the head %d, %v: told again", head, err)
	}
}

func TestAFeedTellsRequestersNoWithdrawnText(t *testing.T) {
	t.Parallel()
	d := newModels(t)
	d.register(t)
	fresh := d.follow(t, 50)
	feed := feed.NewFeed(d.Pool, d.Store, d.Notifier, follow.NewFreshness(d.Pool, eventstore.NewNotifier(), projected()...))
	before, err := d.Store.Head(kit.Context(t))
	if err != nil {
		t.Fatal(err)
	}
	ann, eve := everybody["ann"].ID, everybody["eve"].ID
	edited, removed := ticket.CommentID{UUID: kit.NewID()}, ticket.CommentID{UUID: kit.NewID()}
	d.append(t, kit.NewID(), 0, time.Time{},
		ticket.Opened{Number: 1, Title: "title 1", Description: "description 1", Priority: ticket.Low, CreatedBy: ann, OpenedBy: ann}, ticket.Assigned{AssignedTo: eve},
		ticket.Retitled{Title: "title 2"}, ticket.Described{Description: "description 2"},
		ticket.CommentAdded{CommentID: edited, Author: eve, Text: "comment 1"}, ticket.CommentEdited{CommentID: edited, Text: "comment 2"},
		ticket.CommentAdded{CommentID: removed, Author: eve, Text: "salary 1"}, ticket.CommentRemoved{CommentID: removed},
	)
	d.project(t, fresh)
	withdrawn := []string{"title 1", "description 1", "comment 1", "salary 1"}
	for who, want := range map[string]bool{"ann": false, "eve": true, "rob": true, "ida": true} {
		page, err := feed.After(kit.Context(t), everybody[who], before)
		if err != nil || len(page.Events) < 7 {
			t.Fatalf("%s is told %v, %v", who, page, err)
		}
		var told strings.Builder
		for _, o := range page.Events {
			told.Write(o.Data)
		}
		for _, text := range withdrawn {
			if got := strings.Contains(told.String(), text); got != want {
				t.Errorf("%s reads %q: %v, want %v", who, text, got, want)
			}
		}
		for _, text := range []string{"title 2", "description 2", "comment 2"} {
			if !strings.Contains(told.String(), text) {
				t.Errorf("%s does not read %q, which stands", who, text)
			}
		}
	}
}

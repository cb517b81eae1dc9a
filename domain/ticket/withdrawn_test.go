package ticket

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"helpdesk/domain"
)

func TestATextStandsWhileItIsThatOfTheTicket(t *testing.T) {
	said, gone := CommentID{UUID: uuid.UUID{15: 1}}, CommentID{UUID: uuid.UUID{15: 2}}
	now := State{Title: "t2", Description: "d2", Comments: map[CommentID]Comment{said: {Text: "c2"}}}
	for name, c := range map[string]struct{ e, want domain.Event }{
		"an opening":                   {Opened{Title: "t1", Description: "d2", Number: 7}, Opened{Title: domain.Withdrawn, Description: "d2", Number: 7}},
		"a title from before":          {Retitled{Title: "t1"}, Retitled{Title: domain.Withdrawn}},
		"the title that stands":        {Retitled{Title: "t2"}, Retitled{Title: "t2"}},
		"a description from before":    {Described{Description: "d1"}, Described{Description: domain.Withdrawn}},
		"a comment as it read":         {CommentAdded{CommentID: said, Text: "c1"}, CommentAdded{CommentID: said, Text: domain.Withdrawn}},
		"a comment as it reads":        {CommentEdited{CommentID: said, Text: "c2"}, CommentEdited{CommentID: said, Text: "c2"}},
		"a comment that was removed":   {CommentAdded{CommentID: gone, Text: "c3"}, CommentAdded{CommentID: gone, Text: domain.Withdrawn}},
		"an edit of one, which is too": {CommentEdited{CommentID: gone, Text: "c3"}, CommentEdited{CommentID: gone, Text: domain.Withdrawn}},
		"what has no such text":        {Resolved{Reason: "why"}, Resolved{Reason: "why"}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, now.Standing(c.e)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
